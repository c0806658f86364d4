"""--trace on an emulated GPU, and the ranges that a profiler is told."""

import json
import os

import program
from program import ProgramTest
from trace_checks import Trace

LAUNCHES, COPIES = "GPU, launches", "GPU, copies to it"


class GpuTraceTest(ProgramTest):
    def trace(self, *words):
        path = self.folder / "trace.json"
        result = self.succeed(*words, "--device", "cuda", "--trace", path)
        return Trace(path), result

    def layers(self, result):
        return {(layer["name"], layer["kernel"]) for layer in json.loads(result.stdout)["layers"]
                if layer["kernel"] != "executor"}

    def test_every_step_of_every_batch_is_there_in_order(self):
        for mode in ("inference", "training", "explain"):
            for precision in ("fp32", "fp16"):
                trace, result = self.trace(
                    "bench", self.model, "--mode", mode, "--precision", precision, "--batch-size",
                    4, "--warmup", 0, "--iterations", 3, "--results-format", "json")
                layers = self.layers(result)
                self.assertEqual(trace.steps(), layers)
                steps = trace.of("step", LAUNCHES)
                self.assertEqual(len(steps) % 3, 0)
                once = len(steps) // 3
                names = [step["name"] for step in steps]
                self.assertEqual(names, 3 * names[:once])
                for step in steps:
                    self.assertGreater(step["args"]["bytes"], 0)
                    self.assertEqual(step["args"]["images"], 4)
                self.assertEqual(len(trace.of("copy", COPIES)), 3)
                self.assertEqual(len(trace.of("copy", LAUNCHES)), 3)
                self.assertEqual(len(trace.of("update")), 6 if mode == "training" else 0)

    def test_a_batch_is_computed_behind_its_copy(self):
        trace, _ = self.trace("score", self.model, self.pictures, "-o", self.folder / "o.jsonl",
                              "--batch-size", 5)
        copies = trace.of("copy", COPIES)
        outputs = trace.of("copy", LAUNCHES)
        self.assertEqual(len(copies), 8)  # 36 images
        self.assertEqual(len(outputs), 8)
        for copy, output in zip(copies, outputs):
            self.assertLessEqual(copy["ts"] + copy["dur"], output["ts"] + 1)
        self.assertEqual(len(trace.of("work", "thread 0")), 8 + 8 + 9)

    def test_results_are_those_of_the_graph(self):
        outputs = []
        for more in ((), ("--trace", self.folder / "trace.json")):
            model = self.folder / f"model{len(more)}"
            self.succeed("train", self.pictures, "-o", model, "--network", self.network,
                         "--epochs", 1, "--batch-size", 8, "--device", "cuda", *more)
            outputs.append(model.read_bytes())
        self.assertEqual(*outputs)

    def ranges(self, *words):
        """What a profiler hears: "push NAME" and "pop"."""
        heard = self.folder / "heard"
        environment = {**os.environ, "NVTX_INJECTION64_PATH": os.environ["NVTX_STAND_IN"],
                       "NVTX_STAND_IN_FILE": str(heard)}
        self.succeed(*words, env=environment)
        return heard.read_text().splitlines()

    def test_a_profiler_is_told_the_steps_once_and_each_batch(self):
        heard = self.ranges("bench", self.model, "--device", "cuda", "--batch-size", 2, "--warmup",
                            0, "--iterations", 3)
        self.assertEqual(heard.count("push batch of tiny"), 3)
        self.assertEqual(heard.count("pop"), len(heard) // 2)
        # Once while the graph was recorded, and in each of the five passes step by step.
        first = "push conv1 + relu2 (conv2d_forward_cuda_simt)"
        self.assertEqual(heard.count(first), 1 + 5)
        self.assertLess(heard.index(first), heard.index("push batch of tiny"))
        depth = 0
        for line in heard:
            depth += 1 if line.startswith("push") else -1
            self.assertGreaterEqual(depth, 0)
        self.assertEqual(depth, 0)


if __name__ == "__main__":
    program.main()
