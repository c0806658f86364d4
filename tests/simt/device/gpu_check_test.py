"""tools/gpu-check without a GPU.

Usage: gpu_check_test.py PROJECT DEVICE_TESTS_SIMT ALLCONV_SIMT
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import program
import stand_ins

PROJECT, DEVICE_TESTS, ALLCONV = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
SYSTEM_PATH = "/usr/bin:/bin"


class GpuCheckTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="allconv-gpu-check-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        self.tools = self.folder / "tools"  # on PATH
        self.tools.mkdir()
        self.out = self.folder / "out"
        self.libraries = None  # a folder

    def command(self, *flags):
        return [PROJECT / "tools/gpu-check", "-o", self.out, "--programs", self.programs, *flags]

    def environment(self):
        python = pathlib.Path(sys.executable).parent
        libraries = {"LD_LIBRARY_PATH": self.libraries} if self.libraries else {}
        return {**os.environ, "PATH": f"{self.tools}:{python}:{SYSTEM_PATH}",
                "XDG_CACHE_HOME": str(self.folder / "cache"), **libraries}

    def check(self, *flags, code=0):
        done = subprocess.run([str(word) for word in self.command(*flags)], check=False, text=True,
                              capture_output=True, timeout=600, env=self.environment())
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def stage(self, name):
        return json.loads((self.out / f"{name}.json").read_text())

    def statuses(self, name):
        return {part["name"]: part["status"] for part in self.stage(name)["parts"]}

    def page(self):
        return (self.out / "index.html").read_text()


class OnStandIns(GpuCheckTest):
    def setUp(self):
        super().setUp()
        stand_ins.write_program(self.programs / "device_tests", stand_ins.DEVICE_TESTS)
        self.faults("")

    def faults(self, text):
        (self.programs / "faults").write_text(text)

    def ran(self):
        """Names of the tests that ran since the last call."""
        file = self.programs / "ran"
        names = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return [name for name in names if name != "Device.Facts"]

    def test_what_has_passed_is_not_run_again(self):
        done = self.check("--stages", "operations")
        self.assertEqual(done.stdout.strip(), str(self.out / "index.html"))
        stage = self.stage("operations")
        self.assertEqual(stage["status"], "PASS")
        self.assertEqual(stage["device"], "Stand-in, sm_80, driver for CUDA 13.0")
        self.assertEqual(list(self.statuses("operations")), ["details", "alpha", "beta", "gamma"])
        self.assertEqual(len(self.ran()), 5)
        self.check("--stages", "operations")
        self.assertEqual(self.ran(), [])
        self.check("--stages", "operations", "--again", "--parts", "beta", code=4)
        self.assertEqual(self.ran(), ["beta.a/n1/fp32/reals"])

    def test_results_of_another_commit_do_not_count(self):
        self.check("--stages", "operations")
        stage = self.stage("operations")
        stage["commit"] = "0" * 40
        (self.out / "operations.json").write_text(json.dumps(stage))
        self.ran()
        self.check("--stages", "operations")
        self.assertEqual(len(self.ran()), 5)

    def test_a_torn_result_does_not_count(self):
        self.check("--stages", "operations")
        text = (self.out / "operations.json").read_text()
        (self.out / "operations.json").write_text(text[:len(text) // 2])
        self.ran()
        self.check("--stages", "operations")
        self.assertEqual(len(self.ran()), 5)

    def test_a_failing_case_is_named(self):
        self.faults("alpha.b/n1/fp32/reals fails\n")
        self.check("--stages", "operations", code=1)
        self.assertEqual(self.statuses("operations"),
                         {"details": "PASS", "alpha": "FAIL", "beta": "PASS", "gamma": "PASS"})
        self.assertIn("alpha.b/n1/fp32/reals", self.page())
        self.assertIn("dst differs &lt;here&gt;", self.page())
        self.ran()
        self.faults("")
        self.check("--stages", "operations")
        self.assertEqual(self.ran(), ["alpha.a/n1/fp32/reals", "alpha.b/n1/fp32/reals"])

    def test_a_missing_library_is_said_and_is_no_failure(self):
        self.faults("alpha.a/n1/fp32/reals lacks\nalpha.b/n1/fp32/reals lacks\n"
                    "Device.Facts lacks\n")
        self.check("--stages", "device,operations")
        self.assertEqual(self.stage("operations")["status"], "PASS")
        said = "<p>device, operations: cuBLASLt is not used: no &lt;file&gt;</p>"
        self.assertEqual(self.page().count(said), 1)

    def test_a_crash_fails_its_part_alone(self):
        self.faults("beta.a/n1/fp32/reals crashes\n")
        self.check("--stages", "operations", code=1)
        self.assertEqual(self.statuses("operations")["gamma"], "PASS")
        self.assertIn("was ended by SIGSEGV in beta.a/n1/fp32/reals", self.page())

    def test_a_part_that_takes_too_long(self):
        self.faults("alpha.a/n1/fp32/reals hangs\n")
        # Cut short by the stage's end: left for the next time, when it comes first and fails.
        self.check("--stages", "operations", "--stage-seconds", 5, code=4)
        self.assertEqual(self.statuses("operations"), {"details": "PASS"})
        self.assertEqual(self.stage("operations")["missing"], ["alpha", "beta", "gamma"])
        self.check("--stages", "operations", "--stage-seconds", 5, code=1)
        self.assertEqual(self.statuses("operations")["alpha"], "FAIL")
        self.assertIn("took longer than its limit in alpha.a/n1/fp32/reals", self.page())

    def test_an_interrupted_stage_goes_on(self):
        self.faults("beta.a/n1/fp32/reals hangs\n")
        with subprocess.Popen([str(word) for word in self.command("--stages", "operations")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              env=self.environment()) as process:
            ran = self.programs / "ran"
            until = time.monotonic() + 60
            while not (ran.exists() and "beta" in ran.read_text()):
                self.assertLess(time.monotonic(), until)
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            said = process.communicate()[1]
        self.assertEqual(process.returncode, 130, said)
        self.assertIn("goes on from here", said)
        self.assertEqual(self.statuses("operations"), {"details": "PASS", "alpha": "PASS"})
        self.ran()
        self.faults("")
        self.check("--stages", "operations")
        self.assertEqual(self.ran(), ["beta.a/n1/fp32/reals", "gamma.a/n1/fp16/reals"])

    def test_no_gpu(self):
        self.faults("gpu missing\n")
        done = self.check(code=5)
        self.assertEqual(done.stderr.strip().splitlines(),
                         ["tools/gpu-check: device_tests: there is no CUDA GPU; "
                          "use another machine"])

    def test_sanitizers(self):
        self.check("--stages", "memcheck,racecheck", "--parts", "a", code=4)
        self.assertEqual(self.stage("memcheck")["parts"][0]["status"], "NOT AVAILABLE")
        self.assertIn("compute-sanitizer is not installed", self.page())
        stand_ins.write_program(self.tools / "compute-sanitizer", stand_ins.SANITIZER)
        self.check("--stages", "memcheck,racecheck", "--parts", "a", code=1)
        self.assertEqual(self.statuses("memcheck"),
                         {"alpha": "PASS", "beta": "PASS", "gamma": "PASS"})
        self.assertEqual(self.statuses("racecheck")["alpha"], "FAIL")
        self.assertEqual(self.statuses("racecheck")["beta"], "PASS")
        self.assertIn("RACECHECK SUMMARY: 1 hazard", self.page())

    def test_usage(self):
        self.assertIn("there is no stage speed", self.check("--stages", "speed", code=2).stderr)
        self.assertIn("full-operations", self.check("--list").stdout)


class OnTheEmulation(GpuCheckTest):
    """The stages with the project's own programs, on an emulated GPU."""

    def setUp(self):
        super().setUp()
        (self.programs / "device_tests").symlink_to(DEVICE_TESTS)
        (self.programs / "allconv").symlink_to(ALLCONV)
        stand_ins.write_program(self.tools / "nvidia-smi", stand_ins.NVIDIA_SMI)
        program.write_pictures(self.folder / "pictures", count=3)
        (self.folder / "tiny.json").write_text(json.dumps(program.NETWORK))
        self.model = self.folder / "tiny.safetensors"
        subprocess.run([ALLCONV, "train", self.folder / "pictures", "-o", self.model, "--network",
                        self.folder / "tiny.json", "--epochs", "2", "--device", "cpu"],
                       check=True, capture_output=True)

    def check(self, *flags, code=0):
        return super().check("--model", self.model, "--images", self.folder / "pictures",
                             "--batch-sizes", 2, *flags, code=code)

    def test_device(self):
        self.check("--stages", "device")
        part = self.stage("device")["parts"][0]
        self.assertEqual(part["properties"]["Device.Facts"]["capability"], "80")
        self.assertEqual(part["nvidia_smi"]["clocks.max.sm"], "1")
        self.assertIn("A100 SXM 80 GB", self.page())

    def test_operations(self):
        self.check("--stages", "operations", "--parts", "top_k", code=4)
        (part,) = self.stage("operations")["parts"]
        self.assertEqual(part["status"], "PASS")
        self.assertGreater(part["cases"]["passed"], 5)
        self.assertIn("conv2d_forward", self.stage("operations")["missing"])
        self.check("--stages", "full-operations", "--parts", "top_k", code=4)
        self.assertEqual(set(self.statuses("full-operations").values()), {"PASS"})

    def test_networks(self):
        self.check("--stages", "networks", "--parts", "fp32", code=4)
        self.assertEqual(self.statuses("networks"), {"narrow_fp32": "PASS", "scores fp32": "PASS"})
        figures = self.stage("networks")["parts"][1]["figures"]
        self.assertEqual(figures["pictures"], 9)
        self.assertLess(figures["share"], 1e-4)

    def test_overlap(self):
        self.check("--stages", "overlap", "--parts", "Slots", code=4)
        (part,) = self.stage("overlap")["parts"]
        (facts,) = part["properties"].values()
        self.assertGreater(float(facts["microseconds_in_all_slots"]), 0)
        self.assertIn("ThreeSlotsAndOne/fp16", self.page())

    def tune(self, *flags, code=4):
        self.check("--stages", "tune", "--tuning-batch-size", 2, "--tuning-budget", 0.2, *flags,
                   code=code)
        return {part["name"]: part for part in self.stage("tune")["parts"]}

    def test_tune_with_libraries(self):
        self.libraries = os.environ["STAND_INS"]
        parts = self.tune("--parts", "fp16")
        self.assertEqual(self.statuses("tune"), {"tune fp16": "PASS", "again fp16": "PASS"})
        self.assertNotIn("note", parts["tune fp16"])
        figures = parts["tune fp16"]["figures"]
        self.assertGreater(figures["seconds"], 0)
        self.assertLessEqual({"cudnn", "cublaslt"}, set(figures["versions"]))
        content = json.loads((self.out / "tuning-fp16.json").read_text())
        self.assertEqual(len(figures["convolutions"]), len(content["entries"]))
        by_libraries = [one for one in figures["convolutions"] if one["library"]]
        self.assertTrue(by_libraries)
        for one in by_libraries:
            self.assertIn(one["won"], (one["ours"], one["library"]))
            self.assertAlmostEqual(one["ratio"] * one["ours"]["milliseconds"],
                                   one["library"]["milliseconds"])
            self.assertIn(one["library"]["kernel"], self.page())
        self.assertEqual(parts["again fp16"]["cases"], {"passed": 3, "failed": 0, "skipped": 0})
        self.assertEqual(self.tune("--parts", "fp16"), parts)  # nothing ran
        # A file that knows less than is asked: kernels are timed again, and that is told.
        content["entries"].pop()
        (self.out / "tuning-fp16.json").write_text(json.dumps(content))
        self.assertEqual(self.tune("--parts", "again fp16", "--again", code=1)
                         ["again fp16"]["status"], "FAIL")
        self.assertIn("kernels were timed, or the file was changed", self.page())

    def test_tune_without_libraries(self):
        parts = self.tune("--parts", "tune fp16")
        self.assertEqual(self.statuses("tune"), {"tune fp16": "PASS"})
        self.assertRegex(parts["tune fp16"]["note"], r"^cuDNN is not used: \w+")
        self.assertIn("<p>tune: cuDNN is not used: ", self.page())
        for one in parts["tune fp16"]["figures"]["convolutions"]:
            self.assertIsNone(one["library"])
        (self.out / "tuning-fp16.json").unlink()
        self.tune("--parts", "again fp16", code=1)
        self.assertIn("--stages tune --again", self.page())

    def test_rows_of_libraries(self):
        self.libraries = os.environ["STAND_INS"]
        self.check("--stages", "operations", "--parts", "libraries", code=4)
        (part,) = self.stage("operations")["parts"]
        self.assertEqual((part["status"], part["cases"]["skipped"]), ("PASS", 0))
        self.assertNotIn("note", part)
        self.libraries = None
        self.check("--stages", "operations", "--parts", "libraries", "--again", code=4)
        (part,) = self.stage("operations")["parts"]
        self.assertEqual(part["status"], "PASS")
        self.assertGreater(part["cases"]["skipped"], 0)
        self.assertIn("<p>operations: cuDNN is not used: ", self.page())

    def test_convolutions(self):
        problem = "n2h4w4c8k8r1s1"
        flags = ("--stages", "convolutions", "--problems", problem + ",n1h5w5c8k8r3s3p1",
                 "--iterations", 1, "--parts")
        self.libraries = os.environ["STAND_INS"]
        self.check(*flags, "bf16 " + problem, code=4)
        names = [f"{operation} bf16 {problem}" for operation in
                 ("conv2d_forward", "conv2d_data_gradient", "conv2d_weight_gradient")]
        self.assertEqual(self.statuses("convolutions"), dict.fromkeys(names, "PASS"))
        self.assertEqual(len(self.stage("convolutions")["missing"]), 21)
        for part in self.stage("convolutions")["parts"]:
            for cache, figures in part["figures"].items():
                self.assertEqual(figures["cache"], cache)
                timed = [row["name"] for row in figures["kernels"] if "milliseconds" in row]
                self.assertTrue(any("_cudnn, " in name for name in timed), timed)
                self.assertTrue(any("_simt" in name for name in timed), timed)
        self.assertIn("conv2d_forward_cublaslt, ", self.page())
        self.libraries = None
        self.check(*flags, names[0], "--again", code=4)
        self.assertEqual(self.statuses("convolutions"), {names[0]: "PASS"})
        self.assertIn("<p>convolutions: cuDNN is not used: ", self.page())

    def test_bench(self):
        self.check("--stages", "bench", "--parts", "training fp16", code=4)
        (part,) = self.stage("bench")["parts"]
        figures = part["figures"]
        self.assertEqual((figures["mode"], figures["precision"], figures["batch_size"]),
                         ("training", "fp16", 2))
        flops = figures["tflops"] * 1e12
        self.assertAlmostEqual(figures["share_of_peak"], flops / 312e12)
        sampled = part["while_running"]
        self.assertEqual(sampled["watts"], {"least": 250.5, "median": 250.5, "most": 250.5})
        self.assertEqual(sampled["throttled_by"], ["power cap"])  # and idle, which is none
        self.assertNotIn("busy_percent", sampled)
        self.assertIn("1410-1410 MHz", self.page())

    def test_a_model_that_scores_otherwise_is_found(self):
        # A program whose GPU's logits are not the CPU's.
        (self.programs / "allconv").unlink()
        stand_ins.write_program(self.programs / "allconv", f"""
import json, pathlib, subprocess, sys
code = subprocess.run([{str(ALLCONV)!r}, *sys.argv[1:]]).returncode
if "cuda" in sys.argv:
    file = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    rows[4]["logits"][0] += 1
    file.write_text("".join(json.dumps(row) + "\\n" for row in rows))
sys.exit(code)
""")
        self.check("--stages", "networks", "--parts", "scores tf32", code=1)
        self.assertIn("of the largest away", self.page())


if __name__ == "__main__":
    del sys.argv[1:4]
    unittest.main()
