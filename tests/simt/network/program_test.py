"""The program on an emulated GPU: train, evaluate, score, bench and plan, as on a real one."""

import json
import subprocess
import time

import program
from program import ProgramTest, read_header


class GpuTest(ProgramTest):
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
                                  stderr=subprocess.DEVNULL) as process:
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

    def test_plan_of_the_gpu_at_hand(self):
        result = self.succeed("plan", self.model, "--batch-size", 4, "--device", "cuda")
        self.assertIn("launches on sm_80 in fp32", result.stdout)
        self.assertEqual(read_header(self.model)["conv1.weight"]["shape"], [8, 3, 3, 3])


if __name__ == "__main__":
    program.main()
