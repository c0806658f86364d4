"""Every wrong use gives one sentence, the right exit code, and nothing half-written."""

import json
import os
import pathlib
import resource
import shutil

import program
from program import NETWORK, ProgramTest, write_pictures

NOBODY = 65534  # a user without rights


def limit_file_size(size):
    """What a child does before it runs the program: the disk is full after `size` bytes."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class UsageTest(ProgramTest):
    def train_words(self, *more):
        return ("train", self.pictures, "-o", self.folder / "model", "--network", self.network,
                *more)

    def test_command_line(self):
        for words, arguments in (
                (["no command"], ()),
                (["paint", "no such command"], ("paint",)),
                (["--colour", "no such option"], self.train_words("--colour", "red")),
                (["too many", "more"], self.train_words("more")),
                (["DATA", "missing"], ("train", "-o", "model")),
                (["--output", "missing"], ("train", self.pictures)),
                (["--epochs", "value"], self.train_words("--epochs")),
                (["--batch-size", "missing"], ("plan", "all-cnn-c")),
        ):
            with self.subTest(arguments=arguments):
                self.refuse(2, words, *arguments)
        self.assertEqual(self.left(), [])

    def test_values(self):
        for option, value in (
                ("--epochs", "ten"), ("--epochs", "0"), ("--epochs", "1.5"), ("--batch-size", "-4"),
                ("--threads", "0"), ("--threads", "99999999999999999999"), ("--seed", "-1"),
                ("--learning-rate", "nan"), ("--learning-rate", "-1"), ("--momentum", "2"),
                ("--weight-decay", "x"), ("--dropout", "0.5;0.5"), ("--dropout", "1"),
                ("--schedule", "step:5,3"), ("--schedule", "linear"),
                ("--prepare", "whiten"), ("--augment", "spin"), ("--augment", "shift:0"),
                ("--augment", "crop:0"), ("--augment", "crop:1025"), ("--augment", "heavy,crop:4"),
                ("--augment", "flip,heavy"), ("--augment", "crop:2,crop:2"),
                ("--device", "gpu"), ("--device", "cuda:x"), ("--precision", "fp8"),
                ("--workspace-limit", "1G"), ("--network-options", "head=valid"),
                ("--classes", "1"),
        ):
            with self.subTest(option=option, value=value):
                self.refuse(2, [option], *self.train_words(option, value))
        self.refuse(2, ["4 classes", "tiny"], *self.train_words("--classes", "4"))
        self.refuse(2, ["2 dropout rates"], *self.train_words("--dropout", "0.1,0.2"))
        self.assertEqual(self.left(), [])

    def test_devices(self):
        self.refuse(5, ["--device cuda:99"], *self.train_words("--device", "cuda:99"))
        for precision in ("tf32", "fp16"):
            self.refuse(5, ["--precision", precision],
                        *self.train_words("--precision", precision, "--device", "cpu"))
        self.refuse(2, ["--target", "sm_75"], "plan", "all-cnn-c", "--batch-size", 1, "--target",
                    "sm_75")

    def test_options_that_contradict_each_other(self):
        self.refuse(2, ["--prepare"], "train", self.pictures, "-o", self.folder / "model", "--init",
                    self.model, "--prepare", "none")
        self.refuse(2, ["--explain", "--training"], "plan", "all-cnn-c", "--batch-size", 1,
                    "--explain", "--training")
        self.refuse(2, ["--network"], "plan", "all-cnn-c", "--batch-size", 1, "--network",
                    "all-cnn-a")
        self.refuse(2, ["--classes"], "plan", self.model, "--batch-size", 1, "--classes", 10)
        self.refuse(2, ["--metrics"], *self.train_words("--metrics", self.folder / "model"))
        self.refuse(2, ["workspace"], "plan", "all-cnn-c", "--batch-size", 1,
                    "--workspace-limit", 0)

    def test_networks(self):
        self.refuse(2, ["all-cnn-z", "all-cnn-c"], "networks", "all-cnn-z")
        self.refuse(2, ["all-cnn-z"], "plan", "all-cnn-z", "--batch-size", 1)
        self.refuse(2, [], "networks", "all-cnn-c", "--network-options", "head=round")
        self.refuse(2, ["model.safetensors"], "networks", "--network", self.model)
        wrong = self.folder / "wrong.json"
        changed = json.loads(json.dumps(NETWORK))
        changed["layers"][3]["stride"] = [0, 1]
        for text, word in (("{", "wrong.json"), (json.dumps(changed), "layer 4")):
            wrong.write_text(text)
            self.refuse(2, [word], "train", self.pictures, "-o", self.folder / "model", "--network",
                        wrong)
        self.refuse(6, ["missing.json"], "networks", "--network", self.folder / "missing.json")


class DataTest(ProgramTest):
    def refuse_data(self, code, words, data):
        self.refuse(code, words, "train", data, "-o", self.folder / "model", "--network",
                    self.network)
        self.assertFalse((self.folder / "model").exists())

    def test_missing(self):
        self.refuse_data(6, ["missing"], self.folder / "missing")

    def test_empty(self):
        (self.folder / "empty").mkdir()
        self.refuse_data(2, ["empty", "no images"], self.folder / "empty")
        self.refuse(2, ["empty"], "score", self.model, self.folder / "empty", "-o",
                    self.folder / "out.jsonl")

    def test_one_class_only(self):
        write_pictures(self.folder / "data", ("red",), 2)
        self.refuse_data(2, ["one class"], self.folder / "data")

    def test_no_picture_that_can_be_decoded(self):
        for name in ("a", "b", "c"):
            (self.folder / "data" / name).mkdir(parents=True)
            (self.folder / "data" / name / "x.png").write_text("no picture")
        self.refuse_data(2, ["decoded"], self.folder / "data")

    def test_another_number_of_classes_than_the_network_file(self):
        write_pictures(self.folder / "data", ("a", "b"), 2)
        self.refuse_data(2, ["3 classes", "2"], self.folder / "data")

    def test_labels_that_the_model_does_not_know(self):
        write_pictures(self.folder / "data", ("green", "pink", "red"), 2)
        data = self.folder / "data"
        self.refuse(2, ["pink"], "evaluate", self.model, data)
        self.refuse(2, ["pink"], "train", data, "-o", self.folder / "model", "--init", self.model)
        self.refuse(2, ["pink"], "train", self.pictures, "-o", self.folder / "model", "--network",
                    self.network, "--validate", data)

    def test_unreadable_folder(self):
        data = self.folder / "data"
        write_pictures(data, count=2)
        copy = shutil.copy(self.program, self.folder / "allconv")
        for path in (self.folder, pathlib.Path(copy)):
            path.chmod(0o755)
        (data / "red").chmod(0)
        self.addCleanup((data / "red").chmod, 0o755)
        # Root may read everything, so the program runs as somebody else.
        user = {"user": NOBODY} if os.geteuid() == 0 else {}
        here, type(self).program = type(self).program, copy
        self.addCleanup(setattr, type(self), "program", here)
        (self.folder / "tiny.json").write_text(self.network.read_text())
        out = self.folder / "out"
        out.mkdir()
        out.chmod(0o777)
        sentence = self.refuse(6, ["red"], "train", data, "-o", out / "model", "--network",
                               self.folder / "tiny.json", **user)
        self.assertIn("ermission", sentence)
        self.assertEqual(os.listdir(out), [])
        out.chmod(0o555)
        self.refuse(6, ["out"], "train", data, "-o", out / "model", **user)


class ModelTest(ProgramTest):
    def test_missing_and_invalid_files(self):
        commands = (lambda model: ("inspect", model),
                    lambda model: ("evaluate", model, self.pictures),
                    lambda model: ("plan", model, "--batch-size", 1),
                    lambda model: ("train", self.pictures, "-o", self.folder / "out", "--init",
                                   model),
                    lambda model: ("score", model, self.pictures, "-o",
                                   self.folder / "out.jsonl"))
        torn = self.folder / "torn.safetensors"
        torn.write_bytes(self.model.read_bytes()[:-4])
        for command in commands:
            with self.subTest(command=command(torn)[0]):
                self.refuse(6, ["missing.safetensors"],
                            *command(self.folder / "missing.safetensors"))
                self.refuse(3, ["torn.safetensors"], *command(torn))
        self.assertEqual(self.left(), ["torn.safetensors"])

    def test_a_model_of_another_network(self):
        self.refuse(2, ["--init"], "train", self.pictures, "-o", self.folder / "model", "--init",
                    self.model, "--network", "all-cnn-c")
        self.assertEqual(self.left(), [])

    def test_tuning_files(self):
        tuning = self.folder / "tuning.json"
        plan = ("plan", self.network, "--batch-size", 1, "--tuning-file", tuning)
        self.refuse(6, ["tuning.json"], *plan)
        tuning.write_text("{}")
        self.refuse(2, ["tuning.json"], *plan)
        tuning.write_text(json.dumps({"format": "allconv-tuning-1", "device": "abacus",
                                      "entries": []}))
        result = self.succeed(*plan)
        self.assertEqual(result.stderr.count("warning"), 1)
        self.assertIn("abacus", result.stderr)


class OutputTest(ProgramTest):
    def train(self, output):
        return ("train", self.pictures, "-o", output, "--network", self.network, "--epochs", 1)

    def test_folders_that_cannot_be_written(self):
        self.refuse(6, ["nowhere"], *self.train(self.folder / "nowhere/model"))
        self.refuse(6, [str(self.folder)], *self.train(self.folder))
        self.refuse(6, ["/dev/full"], *self.train("/dev/full"))
        self.refuse(6, ["nowhere"], *self.train(self.folder / "model"), "--metrics",
                    self.folder / "nowhere/metrics.jsonl")
        self.refuse(6, ["nowhere"], "score", self.model, self.pictures, "-o",
                    self.folder / "nowhere/out.jsonl")
        self.assertEqual(self.left(), [])

    def test_the_name_of_results_tells_their_format(self):
        for name in ("out", "out.txt", "out.safetensors"):
            self.refuse(2, [name, ".jsonl"], "score", self.model, self.pictures, "-o",
                        self.folder / name)
        self.assertEqual(self.left(), [])

    def test_a_full_disk_leaves_the_old_model(self):
        model = self.folder / "model"
        model.write_text("old")
        self.refuse(6, ["model", "cannot write"], *self.train(model),
                    preexec_fn=limit_file_size(512))
        self.assertEqual(model.read_text(), "old")
        self.assertEqual(self.left(), ["model"])

    def test_a_full_disk_ends_metrics_and_results(self):
        self.refuse(6, ["metrics.jsonl"], *self.train(self.folder / "model"), "--metrics",
                    self.folder / "metrics.jsonl", preexec_fn=limit_file_size(20))
        self.assertFalse((self.folder / "model").exists())
        out = self.folder / "out.jsonl"
        self.refuse(6, ["out.jsonl"], "score", self.model, self.pictures, "-o", out,
                    preexec_fn=limit_file_size(1000))
        self.assertFalse(out.exists())
        rows = (self.folder / "out.jsonl.part").read_text().splitlines()
        self.assertTrue(all(json.loads(row)["top"] for row in rows))

    def test_a_full_stdout(self):
        for command in (("networks",), ("inspect", self.model),
                        ("evaluate", self.model, self.pictures)):
            with open("/dev/full", "w", encoding="utf-8") as full:
                self.refuse(6, ["stdout"], *command, stdout=full)


if __name__ == "__main__":
    program.main()
