"""--trace: what ran when, of bench, score, evaluate and train on the CPU."""

import json
import subprocess
import time

import program
from program import ProgramTest
from trace_checks import Trace, check_nesting


class TraceTest(ProgramTest):
    def trace(self, *words, code=0):
        """The trace, what was said, and the seconds that the whole run took."""
        path = self.folder / "trace.json"
        start = time.monotonic()
        result = self.succeed(*words, "--trace", path, code=code)
        seconds = time.monotonic() - start
        self.assertIn(f"wrote {path}", result.stderr)
        trace = Trace(path)
        self.assertLessEqual(trace.seconds(), seconds)
        self.assertEqual(trace.left_out, 0)
        return trace, result

    def test_every_step_of_a_benchmark_is_there(self):
        for mode in ("inference", "training", "explain"):
            for threads in (1, 3):
                trace, result = self.trace(
                    "bench", self.model, "--device", "cpu", "--mode", mode, "--batch-size", 12,
                    "--warmup", 0, "--iterations", 2, "--threads", threads, "--results-format",
                    "json")
                figures = json.loads(result.stdout)
                layers = {(layer["name"], layer["kernel"]) for layer in figures["layers"]}
                self.assertEqual(trace.steps(), layers)
                self.assertEqual(set(trace.tracks.values()),
                                 {f"thread {i}" for i in range(threads)})
                self.assertEqual(len(trace.of("batch")), 2)
                for step in trace.of("step"):
                    self.assertGreater(step["args"]["bytes"], 0)
                    self.assertRegex(step["args"]["problem"], r"^(n|count)\d+")
                    self.assertGreater(step["args"]["parts"], 0)
                    self.assertGreater(step["args"]["images"], 0)

    def test_every_image_goes_through_every_step_once(self):
        trace, _ = self.trace("bench", self.model, "--device", "cpu", "--batch-size", 30,
                              "--warmup", 0, "--iterations", 1, "--threads", 2)
        batch, = trace.of("batch")
        end = batch["ts"] + batch["dur"]
        inside = [step for step in trace.of("step") if batch["ts"] <= step["ts"] < end]
        for layer, kernel in trace.steps():
            pieces = {(step["args"]["first_image"], step["args"]["first_part"]):
                      step["args"]["images"] for step in inside
                      if (step["args"]["layer"], step["args"]["kernel"]) == (layer, kernel)}
            of_first_parts = [images for (_, part), images in pieces.items() if part == 0]
            self.assertEqual(sum(of_first_parts), 30, layer)

    def test_scoring_waits_computes_and_writes(self):
        rows = self.folder / "rows.jsonl"
        trace, _ = self.trace("score", self.model, self.pictures, "-o", rows, "--device", "cpu",
                              "--batch-size", 8)
        names = [span["name"] for span in trace.of("work", "thread 0")]
        self.assertEqual(names.count("results of a batch"), 5)  # 36 images, 8 at a time
        self.assertEqual(names.count("images of a batch"), 6)   # the last finds none
        self.assertEqual(len(trace.of("batch")), 5)

    def test_evaluation(self):
        trace, _ = self.trace("evaluate", self.model, self.pictures, "--device", "cpu")
        self.assertEqual(len(trace.of("batch")), 1)

    def test_training_updates_weights_behind_each_batch(self):
        model = self.folder / "model"
        trace, _ = self.trace("train", self.pictures, "-o", model, "--network", self.network,
                              "--device", "cpu", "--epochs", 2, "--batch-size", 12, "--validate",
                              self.pictures)
        updates = trace.of("update")
        self.assertEqual(len(updates), 6)
        self.assertEqual(len(trace.of("batch")), 12)  # an epoch: three, and three of validation
        for update in updates:
            before = [batch for batch in trace.of("batch") if batch["ts"] < update["ts"]]
            self.assertLessEqual(before[-1]["ts"] + before[-1]["dur"], update["ts"] + 1e-2)

    def test_an_interrupted_run_leaves_its_trace(self):
        path = self.folder / "trace.json"
        words = ("bench", self.model, "--device", "cpu", "--iterations", 1_000_000, "--trace", path)
        with subprocess.Popen([self.program, *map(str, words)], stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as process:
            time.sleep(0.5)
            process.terminate()
            told = process.communicate()[1]
        self.assertEqual(process.returncode, 130, told)
        self.assertTrue(Trace(path).of("step"))
        self.assertEqual(self.left(), ["trace.json"])

    def test_a_long_run_is_cut_and_says_so(self):
        path = self.folder / "trace.json"
        result = self.succeed("bench", self.model, "--device", "cpu", "--batch-size", 1,
                              "--warmup", 0, "--iterations", 40_000, "--trace", path)
        trace = Trace(path)
        self.assertEqual(len(trace.spans), 200_000)
        self.assertGreater(trace.left_out, 0)
        self.assertIn(f"{trace.left_out} later spans are left out", result.stderr)

    def test_results_are_those_without_a_trace(self):
        outputs = []
        for more in ((), ("--trace", self.folder / "trace.json")):
            rows = self.folder / f"rows{len(more)}.jsonl"
            self.succeed("score", self.model, self.pictures, "-o", rows, "--device", "cpu", *more)
            outputs.append(rows.read_bytes())
        self.assertEqual(*outputs)

    def test_where_there_is_none(self):
        missing = self.folder / "missing" / "trace.json"
        self.refuse(6, ["missing"], "bench", self.model, "--device", "cpu", "--trace", missing)
        self.refuse(2, ["--trace"], "plan", self.model, "--trace", self.folder / "trace.json")
        self.refuse(2, ["--trace", "--operation"], "bench", "--operation", "relu_forward",
                    "--problem", "count8", "--trace", self.folder / "trace.json")
        self.assertEqual(self.left(), [])

    def test_the_check_itself_finds_an_overlap(self):
        check_nesting([{"ts": 0, "dur": 9}, {"ts": 1, "dur": 2}, {"ts": 3, "dur": 6}])
        for wrong in ([{"ts": 0, "dur": 5}, {"ts": 3, "dur": 4}],
                      [{"ts": 3, "dur": 1}, {"ts": 0, "dur": 1}]):
            with self.assertRaises(AssertionError):
                check_nesting(wrong)


if __name__ == "__main__":
    program.main()
