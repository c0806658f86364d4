"""The commands at work: train, evaluate and score small pictures; plan, inspect and networks."""

import json
import os
import pty
import signal
import struct
import subprocess

import program
from program import NETWORK, ProgramTest, read_header, write_pictures


class TrainTest(ProgramTest):
    def train(self, name, *more, **options):
        model = self.folder / name
        self.succeed("train", self.pictures, "-o", model, "--network", self.network, "--epochs", 2,
                     "--batch-size", 8, *more, **options)
        return model.read_bytes()

    def test_model_file_holds_network_classes_and_preparation(self):
        header = read_header(self.model)
        self.assertEqual(header["conv1.weight"]["shape"], [8, 3, 3, 3])
        metadata = header["__metadata__"]
        self.assertEqual(json.loads(metadata["allconv.classes"]), ["blue", "green", "red"])
        self.assertEqual(json.loads(metadata["allconv.network"]), NETWORK)
        self.assertEqual(json.loads(metadata["allconv.prepare"])["resize"], [8, 8])

    def test_bits_do_not_depend_on_threads_but_on_the_seed(self):
        augment = ("--augment", "flip,shift:2")
        one = self.train("one", *augment, "--threads", 1)
        for threads in (2, 3):
            self.assertEqual(one, self.train("other", *augment, "--threads", threads))
        self.assertNotEqual(one, self.train("seed", *augment, "--seed", 7))

    def test_metrics_have_a_line_an_epoch(self):
        metrics = self.folder / "metrics.jsonl"
        self.train("model", "--metrics", metrics, "--schedule", "step:1")
        rows = [json.loads(line) for line in metrics.read_text().splitlines()]
        self.assertEqual([row["epoch"] for row in rows], [1, 2])
        self.assertEqual([row["validation_error"] for row in rows], [None, None])
        self.assertAlmostEqual(rows[1]["learning_rate"], 0.005)
        self.train("model", "--metrics", metrics, "--validate", self.pictures)
        rows = [json.loads(line) for line in metrics.read_text().splitlines()]
        self.assertTrue(all(0 <= row["validation_error"] <= 1 for row in rows))

    def test_dropout_rates_and_no_preparation(self):
        self.train("model", "--dropout", "0.4", "--prepare", "none")
        metadata = read_header(self.folder / "model")["__metadata__"]
        self.assertEqual(json.loads(metadata["allconv.network"])["layers"][2]["rate"], 0.4)
        self.assertEqual(json.loads(metadata["allconv.prepare"])["std"], [1, 1, 1])

    def test_a_model_as_the_start(self):
        start = ("--init", self.model, "--epochs", 1, "--learning-rate", 0)
        again = self.folder / "again"
        self.succeed("train", self.pictures, "-o", again, *start)
        self.assertEqual(again.read_bytes(), self.model.read_bytes())
        write_pictures(self.folder / "birds", ("crow", "duck", "gull", "wren"), 3)
        result = self.succeed("train", self.folder / "birds", "-o", again, *start)
        self.assertIn("fine-tuning", result.stderr)
        self.assertEqual(read_header(again)["conv2.weight"]["shape"], [4, 8, 1, 1])

    def test_a_broken_picture_is_left_out_and_counted(self):
        write_pictures(self.folder / "data", count=2)
        broken = self.folder / "data/red/01.png"
        broken.write_bytes(broken.read_bytes()[:60])
        result = self.succeed("train", self.folder / "data", "-o", self.folder / "model",
                              "--network", self.network, "--epochs", 2, code=4)
        self.assertEqual(result.stderr.count(str(broken)), 1)
        self.assertTrue((self.folder / "model").exists())

    def interrupt(self, number):
        command = [self.program, "train", self.pictures, "-o", self.folder / "model", "--network",
                   self.network, "--epochs", "1000000"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
            while "epoch 1/" not in running.stderr.readline():
                self.assertIsNone(running.poll())
            running.send_signal(number)
            rest = running.stderr.read()
            self.assertEqual(running.wait(program.TIMEOUT), 130)
        self.assertIn("interrupted", rest)

    def test_an_interrupt_leaves_the_old_model(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.interrupt(number)
            self.assertEqual(self.left(), [])
        (self.folder / "model").write_text("old")
        self.interrupt(signal.SIGINT)
        self.assertEqual((self.folder / "model").read_text(), "old")
        self.assertEqual(self.left(), ["model"])

    def test_a_terminal_sees_a_bar(self):
        try:
            master, terminal = pty.openpty()
        except OSError as error:  # a bare chroot has no pseudo-terminals
            self.skipTest(str(error))
        self.addCleanup(os.close, master)
        command = [self.program, "train", self.pictures, "-o", self.folder / "model", "--network",
                   self.network, "--epochs", "1"]
        with subprocess.Popen(command, stderr=terminal) as running:
            os.close(terminal)
            seen = b""
            while b"wrote" not in seen:
                seen += os.read(master, 4096)
            self.assertEqual(running.wait(program.TIMEOUT), 0)
        self.assertRegex(
            seen, rb"epoch 1/1 \[[#.]{24}\] \d+/36  \d+ images/s  loss [\d.]+  .*left")

    def test_divergence(self):
        sentence = self.refuse(7, ["--learning-rate"], "train", self.pictures, "-o",
                               self.folder / "model", "--network", self.network,
                               "--learning-rate", 1e6, "--momentum", 1, "--epochs", 50)
        self.assertIn("diverged", sentence)
        self.assertEqual(self.left(), [])


class ScoreTest(ProgramTest):
    def score(self, *arguments, code=0):
        out = self.folder / "out.jsonl"
        result = self.succeed("score", self.model, *arguments, "-o", out, "--overwrite", code=code)
        self.assertEqual(result.stdout, "")
        self.assertIn("bottleneck", result.stderr)
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertNotIn("out.jsonl.part", self.left())
        return rows

    def test_one_row_an_input_in_order(self):
        rows = self.score(self.pictures, self.pictures / "red/03.png")
        paths = sorted(str(path) for path in self.pictures.glob("*/*.png"))
        self.assertEqual([row["path"] for row in rows], paths + [str(self.pictures / "red/03.png")])
        right = sum(row["top"][0]["class"] in row["path"] for row in rows)
        self.assertGreater(right, 0.9 * len(rows))
        for row in rows:
            shares = [guess["probability"] for guess in row["top"]]
            self.assertEqual(len(shares), 3)
            self.assertEqual(shares, sorted(shares, reverse=True))
            self.assertAlmostEqual(sum(shares), 1, places=5)

    def test_rows_do_not_depend_on_threads_batches_and_neighbours(self):
        rows = self.score(self.pictures, "--logits")
        self.assertEqual(len(rows[0]["logits"]), 3)
        for options in (("--threads", 1), ("--threads", 3), ("--batch-size", 5)):
            self.assertEqual(rows, self.score(self.pictures, "--logits", *options))
        self.assertEqual(rows[3:4], self.score(rows[3]["path"], "--logits"))

    def test_top_k(self):
        rows = self.score(self.pictures, "--top-k", 1)
        self.assertEqual({len(row["top"]) for row in rows}, {1})

    def test_a_broken_input_costs_its_own_row_only(self):
        broken = self.folder / "broken.png"
        broken.write_bytes((self.pictures / "red/00.png").read_bytes()[:70])
        missing = self.folder / "missing.png"
        rows = self.score(broken, self.pictures / "red/01.png", missing, code=4)
        self.assertEqual([row.get("error", {}).get("stage") for row in rows],
                         ["decode", None, "open"])

    def test_results_that_exist_are_kept(self):
        out = self.folder / "out.jsonl"
        out.write_text("old")
        self.refuse(2, ["--overwrite", str(out)], "score", self.model, self.pictures, "-o", out)
        self.assertEqual(out.read_text(), "old")


class EvaluateTest(ProgramTest):
    def test_json(self):
        result = self.succeed("evaluate", self.model, self.pictures, "--results-format", "json")
        figures = json.loads(result.stdout)
        self.assertEqual(list(figures), ["images", "top1", "top5", "loss", "confusion", "failed"])
        self.assertEqual((figures["images"], figures["failed"], figures["top5"]), (36, 0, None))
        confusion = figures["confusion"]
        self.assertEqual([sum(row) for row in confusion], [12, 12, 12])
        self.assertAlmostEqual(figures["top1"], sum(confusion[i][i] for i in range(3)) / 36)
        self.assertGreater(figures["top1"], 0.9)
        self.assertLess(figures["loss"], 0.7)

    def test_text(self):
        text = self.succeed("evaluate", self.model, self.pictures).stdout
        for word in ("images  36", "top-1", "nats", "green"):
            self.assertIn(word, text)

    def test_a_subset_of_the_classes_in_another_place(self):
        write_pictures(self.folder / "data", ("green",), 2)
        result = self.succeed("evaluate", self.model, self.folder / "data", "--results-format",
                              "json")
        self.assertEqual([sum(row) for row in json.loads(result.stdout)["confusion"]], [0, 2, 0])

    def test_broken_pictures_are_named(self):
        write_pictures(self.folder / "data", count=2)
        broken = self.folder / "data/green/00.png"
        broken.write_bytes(b"no picture")
        result = self.succeed("evaluate", self.model, self.folder / "data", "--results-format",
                              "json", code=4)
        self.assertEqual(json.loads(result.stdout)["failed"], 1)
        self.assertIn(str(broken), result.stderr)


class ShowTest(ProgramTest):
    def test_networks(self):
        table = self.succeed("networks").stdout
        row = next(line for line in table.splitlines() if line.startswith("all-cnn-c"))
        self.assertEqual(row.split()[1:6], ["10", "1369738", "270798336", "27", "9.08"])

    def test_a_network_as_json_is_a_network_file(self):
        text = self.succeed("networks", "all-cnn-a", "--classes", 7, "--network-options",
                            "last-relu=off").stdout
        (self.folder / "mine.json").write_text(text)
        self.assertEqual(json.loads(text)["name"], "all-cnn-a")
        again = self.succeed("networks", "--network", self.folder / "mine.json").stdout
        self.assertEqual(text, again)

    def test_plan_of_a_name_a_file_and_a_model(self):
        for network in ("all-cnn-c", self.network, self.model):
            for mode in ((), ("--training",), ("--explain", "--rule", "guided")):
                text = self.succeed("plan", network, "--batch-size", 4, *mode).stdout
                self.assertIn("arena per worker", text)
                self.assertIn("conv2d_forward", text)

    def test_inspect(self):
        text = self.succeed("inspect", self.model).stdout
        for word in ("tiny", "blue, green, red", "conv1 8 filters", "8x4x4", "parameters 251",
                     f"{self.model.stat().st_size} bytes"):
            self.assertIn(word, text)

    def test_inspect_draws_weights(self):
        folder = self.folder / "weights"
        plain = self.succeed("inspect", self.model).stdout
        for _ in range(2):  # over its own files too
            result = self.succeed("inspect", self.model, "--pictures", folder)
            self.assertEqual(result.stdout, plain)
            self.assertIn(f"wrote {folder}/01-conv1.png: 8 filters as colour tiles", result.stderr)
            self.assertIn(f"wrote {folder}/02-conv2.png: 3 filters as rows, 8 input channels as "
                          "columns", result.stderr)
            self.assertEqual(sorted(os.listdir(folder)), ["01-conv1.png", "02-conv2.png"])
        image = (folder / "02-conv2.png").read_bytes()
        self.assertEqual(image[:8], b"\x89PNG\r\n\x1a\n")
        self.assertEqual(struct.unpack(">II", image[16:24]), (64, 24))
        self.refuse(6, ["cannot make the folder"], "inspect", self.model, "--pictures",
                    self.folder / "none" / "weights")

    def test_help_teaches_by_examples(self):
        for command in ("train", "score", "evaluate", "plan", "inspect", "networks"):
            result = self.succeed(command, "--help")
            self.assertIn(f"    allconv {command}" if command != "inspect"
                          else "  allconv inspect", result.stdout)
            self.assertEqual(result.stderr, "")
        self.assertIn("train", self.succeed("--help").stdout)

    def test_auto_says_what_it_took(self):
        result = self.succeed("plan", self.network, "--batch-size", 1, "--threads", 2)
        self.assertRegex(result.stderr, r"device cpu \(.+, \w+\), 2 threads, fp32")


if __name__ == "__main__":
    program.main()
