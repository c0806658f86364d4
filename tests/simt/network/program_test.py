"""The program on an emulated GPU: train, evaluate, score, bench, plan and tune, as on a GPU."""

import json
import os
import subprocess
import time

import program
from program import ProgramTest, read_header


class GpuTest(ProgramTest):
    """Kernels are timed at first use, on a budget that does for a choice if not for a good one."""

    @classmethod
    def run_program(cls, *arguments, **options):
        uses_gpu = arguments[0] in ("train", "score", "evaluate", "explain", "patches", "bench",
                                    "tune")
        budget = ("--tuning-budget", 0.2) if uses_gpu else ()
        return super().run_program(*arguments, *budget, **options)

    def rows(self, name, *flags):
        out = self.folder / name
        result = self.succeed("score", self.model, self.pictures, "-o", out, "--logits", *flags)
        return [json.loads(line) for line in out.read_text().splitlines()], result.stderr

    def train(self, name, *more):
        model = self.folder / name
        result = self.succeed("train", self.pictures, "-o", model, "--network", self.network,
                              "--epochs", 2, "--batch-size", 8, *more)
        return model.read_bytes(), result.stderr

    def weights(self, data):
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8:8 + size])
        first, last = header["conv1.weight"]["data_offsets"]
        return memoryview(data[8 + size + first:8 + size + last]).cast("f").tolist()

    def test_auto_takes_the_gpu_and_says_so(self):
        _, told = self.rows("auto.jsonl")
        self.assertRegex(told, r"device cuda \(.*, sm_80\), \d+ threads?, fp32")
        _, told = self.rows("cpu.jsonl", "--device", "cpu")
        self.assertIn("device cpu", told)

    def test_a_gpu_that_is_not_there(self):
        result = self.run_program("score", self.model, self.pictures, "-o", self.folder / "no.csv",
                                  "--device", "cuda:7")
        self.assertEqual(result.returncode, 5)
        self.assertIn("--device cuda:7: there is no GPU 7 among 1", result.stderr)

    def test_scores_are_those_of_the_cpu(self):
        cpu, _ = self.rows("cpu.jsonl", "--device", "cpu")
        for precision, places in (("fp32", 4), ("tf32", 2), ("fp16", 2), ("bf16", 1)):
            # Batches of 5 in 36 pictures: the last one is filled up.
            gpu, _ = self.rows(f"{precision}.jsonl", "--device", "cuda", "--precision", precision,
                               "--batch-size", 5)
            self.assertEqual([row["path"] for row in gpu], [row["path"] for row in cpu])
            for one, other in zip(gpu, cpu):
                for logit, expected in zip(one["logits"], other["logits"]):
                    self.assertAlmostEqual(logit, expected, places)

    def test_evaluation(self):
        figures = {}
        for device in ("cpu", "cuda"):
            result = self.succeed("evaluate", self.model, self.pictures, "--device", device,
                                  "--results-format", "json")
            figures[device] = json.loads(result.stdout)
        self.assertEqual(figures["cuda"]["confusion"], figures["cpu"]["confusion"])
        self.assertAlmostEqual(figures["cuda"]["loss"], figures["cpu"]["loss"], 5)

    def test_training_goes_the_way_of_the_cpu(self):
        augment = ("--augment", "flip,shift:2", "--learning-rate", 0.01)
        cpu, _ = self.train("cpu", *augment, "--device", "cpu")
        gpu, told = self.train("gpu", *augment, "--device", "cuda")
        self.assertIn("device cuda", told)
        for one, other in zip(self.weights(gpu), self.weights(cpu)):
            self.assertAlmostEqual(one, other, 4)
        again, _ = self.train("again", *augment, "--device", "cuda", "--threads", 1)
        self.assertEqual(again, gpu)

    def test_heavy_augmentation_and_whitening(self):
        for flags in (("--augment", "heavy"), ("--prepare", "gcn-zca")):
            cpu, _ = self.train("cpu", *flags, "--device", "cpu", "--learning-rate", 0.01)
            gpu, _ = self.train("gpu", *flags, "--device", "cuda", "--learning-rate", 0.01)
            for one, other in zip(self.weights(gpu), self.weights(cpu)):
                self.assertAlmostEqual(one, other, 4)

    def test_an_interrupted_training_goes_on_to_the_same_bits(self):
        for precision in ("fp32", "fp16"):
            flags = ("--device", "cuda", "--precision", precision, "--learning-rate", 0.01)
            whole, _ = self.train("whole", *flags)
            folder = self.folder / precision
            resumed = ("train", self.pictures, "-o", self.folder / "resumed", "--network",
                       self.network, "--epochs", 2, "--batch-size", 8, *flags, "--checkpoint",
                       folder, "--resume")
            with subprocess.Popen([self.program, *map(str, resumed)], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, env=self.environment()) as process:
                time.sleep(0.1)
                process.terminate()
            self.succeed(*resumed)
            self.assertEqual((self.folder / "resumed").read_bytes(), whole)

    def test_bench_tells_device_precision_and_layers(self):
        for mode in ("inference", "training", "explain"):
            result = self.succeed("bench", self.model, "--device", "cuda", "--precision", "bf16",
                                  "--mode", mode, "--batch-size", 2, "--warmup", 0,
                                  "--iterations", 2, "--results-format", "json")
            figures = json.loads(result.stdout)
            self.assertEqual(figures["precision"], "bf16")
            self.assertIn("sm_80", figures["device"])
            self.assertGreater(figures["images_per_second"]["median"], 0)
            kernels = [layer["kernel"] for layer in figures["layers"]]
            self.assertTrue(all("cuda" in kernel for kernel in kernels if kernel != "executor"))
            self.assertTrue(any("conv2d" in kernel for kernel in kernels))

    def explain(self, device, *flags):
        """The tensors of the first three pictures, as one list of floats each."""
        tensors = self.folder / f"{device}.safetensors"
        pictures = sorted(self.pictures.glob("*/*"))[:3]
        self.succeed("explain", self.model, *pictures, "-o", self.folder / device, "--device",
                     device, "--save-tensors", tensors, *flags)
        header, data = read_header(tensors), tensors.read_bytes()
        first = 8 + int.from_bytes(data[:8], "little")
        return {name: memoryview(data[first + begin:first + end]).cast("f").tolist()
                for name, entry in header.items() if name != "__metadata__"
                for begin, end in [entry["data_offsets"]]}

    def test_explanations_are_those_of_the_cpu(self):
        for flags in ((), ("--layer", "conv1", "--unit", 1), ("--unstride", "--class", 1)):
            cpu, gpu = self.explain("cpu", *flags), self.explain("cuda", *flags)
            self.assertEqual(list(gpu), list(cpu))
            for name, expected in cpu.items():
                largest = max(map(abs, expected))
                for value, other in zip(gpu[name], expected):
                    self.assertLessEqual(abs(value - other), 1e-3 * largest, (flags, name))

    def test_patches_are_those_of_the_cpu(self):
        def found(device):
            out = self.folder / f"patches-{device}"
            self.succeed("patches", self.model, self.pictures, "-o", out, "--layer", "conv1",
                         "--top-k", 3, "--device", device)
            filters = json.loads((out / "patches.json").read_text())["filters"]
            return [(patch["index"], patch["row"], patch["column"]) for one in filters
                    for patch in one["patches"]]
        self.assertEqual(found("cuda"), found("cpu"))

    def test_plan_of_the_gpu_at_hand(self):
        result = self.succeed("plan", self.model, "--batch-size", 4, "--device", "cuda")
        self.assertIn("launches on sm_80 in fp32", result.stdout)
        self.assertEqual(read_header(self.model)["conv1.weight"]["shape"], [8, 3, 3, 3])


class LostGpuTest(ProgramTest):
    """A GPU that is lost in the middle of the work."""

    def environment_of(self, launch):
        return {**self.environment(), "SIMT_LOST_AT": str(launch)}

    def score(self, out, *flags, code=0, **options):
        return self.succeed("score", self.model, self.pictures, "-o", out, "--batch-size", 5,
                            "--device", "cuda", "--deterministic", *flags, code=code, **options)

    def test_rows_stay_and_a_resume_goes_on(self):
        whole = self.folder / "whole.jsonl"
        self.score(whole)
        kept = set()
        for launch in (1, 8, 15):
            out = self.folder / f"lost-{launch}.jsonl"
            result = self.score(out, code=5, env=self.environment_of(launch))
            sentence = result.stderr.splitlines()[-1]
            self.assertIn("unspecified launch failure", sentence)
            self.assertFalse(out.exists())
            part = out.with_name(out.name + ".part")
            rows = part.read_bytes() if part.exists() else b""
            self.assertTrue(whole.read_bytes().startswith(rows))
            kept.add(len(rows))
            if rows:
                self.assertIn("go on with --resume", sentence)
            self.score(out, "--resume")
            self.assertEqual(out.read_bytes(), whole.read_bytes())
        self.assertGreater(len(kept), 1)  # some before the first row, some after

    def test_bench_names_the_step(self):
        network = ("--device", "cuda", "--deterministic", "--batch-size", 4, "--warmup", 0)
        # Its first runs are whole, the steps come behind them: the last launch is a step's.
        for launch in range(20, 0, -1):
            result = self.run_program("bench", self.model, *network, "--iterations", 1,
                                      env=self.environment_of(launch))
            if result.returncode == 5:
                break
        self.assertEqual(result.returncode, 5)
        self.assertRegex(result.stderr.splitlines()[-1], r"CUDA: .*\(\w+_cuda\w*\): unspecified")

    def test_a_training_goes_on_from_its_checkpoint(self):
        def train(name, epochs, *flags, code=0, **options):
            self.succeed("train", self.pictures, "-o", self.folder / name, "--network",
                         self.network, "--epochs", epochs, "--batch-size", 8, "--device", "cuda",
                         "--deterministic", "--seed", 3, *flags, code=code, **options)

        train("whole", 2)
        checkpoint = ("--checkpoint", self.folder / "checkpoint")
        # An epoch of 36 pictures is 5 steps of more than 10 launches.
        train("lost", 2, *checkpoint, code=5, env=self.environment_of(110))
        self.assertFalse((self.folder / "lost").exists())
        self.assertTrue(any((self.folder / "checkpoint").iterdir()))
        train("lost", 2, *checkpoint, "--resume")
        self.assertEqual(self.weights_of("lost"), self.weights_of("whole"))

    def weights_of(self, name):
        data = (self.folder / name).read_bytes()
        return data[8 + int.from_bytes(data[:8], "little"):]


class TuningTest(ProgramTest):
    """What is timed at first use, and where it is kept."""

    PRECISION = ("--device", "cuda", "--precision", "fp16")
    TIMED = "timed the kernels of"

    def setUp(self):
        super().setUp()
        self.cache = self.folder / "cache"
        self.kept = self.cache / "allconv" / "tuning-emulated-sm_80.json"

    def train(self, *flags, cache=None, epochs=1, libraries=None):
        """Of two kernels in fp16 for several of the passes; returns the model and what was said.
        `libraries`: the folder of those that stand in for cuDNN and cuBLASLt."""
        model = self.folder / "model"
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache or self.cache)}
        if libraries:
            environment["LD_LIBRARY_PATH"] = libraries
        result = self.succeed("train", self.pictures, "-o", model, "--network", self.network,
                              "--epochs", epochs, "--batch-size", 4, *self.PRECISION, *flags,
                              env=environment)
        return model.read_bytes(), result.stderr

    def entries(self, path):
        return json.loads(path.read_text())["entries"]

    def test_the_first_run_times_and_the_second_knows(self):
        first, told = self.train()
        self.assertEqual(told.count(self.TIMED), 1, told)
        self.assertIn(str(self.kept), told)
        file = json.loads(self.kept.read_text())
        self.assertEqual(file["device"], "emulated sm_80, sm_80")
        self.assertLessEqual({"allconv", "driver", "runtime"}, set(file["versions"]))
        for entry in file["entries"]:
            self.assertEqual(entry["precision"], "fp16")
            self.assertTrue(entry["problem"].startswith("n4h"), entry)
            times = [candidate["milliseconds"] for candidate in entry["candidates"]]
            self.assertEqual(times, sorted(times))
            self.assertGreater(len(times), 1)
        before = self.kept.read_bytes()
        second, told = self.train()
        self.assertNotIn(self.TIMED, told)
        self.assertEqual(self.kept.read_bytes(), before)
        self.assertEqual(second, first)

    def test_ways_of_libraries_are_timed_and_known(self):
        libraries = os.environ["STAND_INS"]
        first, told = self.train(libraries=libraries)
        self.assertNotIn("is not used", told)
        file = json.loads(self.kept.read_text())
        self.assertLessEqual({"cudnn", "cublaslt"}, set(file["versions"]))
        ways = [candidate for entry in file["entries"] for candidate in entry["candidates"]
                if "way" in candidate]
        self.assertEqual({candidate["kernel"].rpartition("_")[2] for candidate in ways},
                         {"cudnn", "cublaslt"})
        self.assertTrue(all(candidate["plan"] for candidate in ways))
        second, told = self.train(libraries=libraries)
        self.assertNotIn(self.TIMED, told)
        self.assertEqual(second, first)
        for candidate in ways:  # they are of the file's content
            candidate["milliseconds"] = 1e-4
        self.kept.write_text(json.dumps(file))
        by_libraries, told = self.train(libraries=libraries)
        self.assertNotIn("warning", told)
        self.assertNotIn(self.TIMED, told)
        self.assertEqual(self.train(libraries=libraries)[0], by_libraries)

    def test_a_library_that_is_not_used_is_one_sentence(self):
        _, told = self.train()
        (sentence,) = [line for line in told.splitlines() if "cuDNN is not used" in line]
        self.assertRegex(sentence, r"^allconv: cuDNN is not used: \w+")
        self.assertNotIn("cudnn", json.loads(self.kept.read_text())["versions"])

    def test_files_that_do_not_serve_are_replaced_with_one_warning(self):
        self.train()
        good = json.loads(self.kept.read_text())
        old = {**good, "versions": {**good["versions"], "driver": "12.9"}}
        foreign = {**good, "device": "another GPU, sm_90"}
        for text in (self.kept.read_text()[:-40], json.dumps(old), json.dumps(foreign)):
            self.kept.write_text(text)
            _, told = self.train()
            self.assertEqual(told.count("warning"), 1, told)
            self.assertEqual(told.count(self.TIMED), 1, told)
            again = json.loads(self.kept.read_text())
            self.assertEqual((again["device"], again["versions"]),
                             (good["device"], good["versions"]))
            self.assertEqual(len(again["entries"]), len(good["entries"]))

    def test_the_same_bits_touch_no_file(self):
        first, told = self.train("--deterministic")
        self.assertNotIn(self.TIMED, told)
        self.assertFalse(self.cache.exists())
        given = self.folder / "given.json"
        second, told = self.train("--deterministic", "--tuning-file", given)
        self.assertIn("the tuning file is not used", told)
        self.assertFalse(given.exists())
        self.assertEqual(second, first)

    def test_a_cache_that_cannot_be_written_costs_a_note(self):
        nowhere = self.folder / "file"
        nowhere.write_text("")
        _, told = self.train(cache=nowhere)
        self.assertIn("are not kept", told)
        self.assertIn(self.TIMED, told)
        self.assertNotIn("warning", told)

    def test_a_file_of_ones_own_is_made_and_completed(self):
        own = self.folder / "own.json"
        self.train("--tuning-file", own)
        some = len(self.entries(own))
        self.assertGreater(some, 0)
        self.assertFalse(self.cache.exists())
        self.succeed("bench", self.network, "--mode", "training", "--batch-size", 3, "--warmup", 0,
                     "--iterations", 1, *self.PRECISION, "--tuning-file", own)
        more = self.entries(own)
        self.assertGreater(len(more), some)
        self.assertTrue(any(entry["problem"].startswith("n3h") for entry in more))

    def test_another_file_is_not_replaced(self):
        before = self.model.read_bytes()
        self.refuse(2, ["is not a tuning file"], "score", self.model, self.pictures, "-o",
                    self.folder / "rows.jsonl", *self.PRECISION, "--tuning-file", self.model)
        self.assertEqual(self.model.read_bytes(), before)

    def test_the_kernels_found_fastest_are_planned(self):
        own = self.folder / "own.json"
        self.train("--tuning-file", own)
        file = json.loads(own.read_text())
        entry = next(entry for entry in file["entries"]
                     if entry["operation"] == "conv2d_weight_gradient")
        slowest = entry["candidates"][-1]
        slowest["milliseconds"] = 1e-4
        own.write_text(json.dumps(file))
        plan = self.succeed("plan", self.network, "--batch-size", 4, "--training",
                            *self.PRECISION, "--tuning-file", own).stdout
        line = next(line for line in plan.splitlines() if entry["problem"] in line
                    and "weight_gradient" in line)
        self.assertIn(slowest["kernel"], line)

    def test_tune_knows_all_passes_beforehand(self):
        tuned = self.folder / "tuned.json"
        flags = ("--tuning-budget", 0.2, *self.PRECISION)
        self.succeed("tune", self.network, "-o", tuned, "--batch-size", 4, *flags)
        for mode in ("inference", "training", "explain"):
            result = self.succeed("bench", self.network, "--mode", mode, "--batch-size", 4,
                                  "--warmup", 0, "--iterations", 1, "--tuning-file", tuned, *flags)
            self.assertNotIn(self.TIMED, result.stderr)
        self.refuse(2, ["--deterministic"], "tune", self.network, "-o", tuned, "--deterministic",
                    *flags)

    def test_a_resumed_training_has_the_checkpoints_kernels(self):
        flags = ("--checkpoint", self.folder / "checkpoints", "--resume")
        self.train(*flags)
        # Another cache, where everything is faster by another kernel.
        file = json.loads(self.kept.read_text())
        for entry in file["entries"]:
            entry["candidates"][-1]["milliseconds"] = 1e-4
        self.kept.write_text(json.dumps(file))
        _, told = self.train(*flags, epochs=2)
        self.assertNotIn("warning", told)
        self.assertNotIn(self.TIMED, told)


if __name__ == "__main__":
    program.main()
