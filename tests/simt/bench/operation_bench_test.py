"""`allconv bench --operation` on an emulated GPU: what it says, with an NVML and without one."""

import json
import os

import program
from program import ProgramTest


class OperationBenchTest(ProgramTest):
    def bench(self, *words, nvml=None):
        environment = dict(os.environ)
        if nvml:
            environment["LD_LIBRARY_PATH"] = os.environ[nvml]
        return self.succeed("bench", "--operation", "conv2d_forward", "--iterations", 2,
                            "--warmup", 1, *words, env=environment)

    def figures(self, *words, **options):
        return json.loads(self.bench(*words, "--results-format", "json", **options).stdout)

    PROBLEM = ("--problem", "n2h9w9c16k16r3s3u2p1")

    def test_rows_of_the_gpu_in_a_precision(self):
        for precision in ("fp32", "bf16"):
            figures = self.figures(*self.PROBLEM, "--device", "cuda", "--precision", precision,
                                   "--cache", "cold")
            self.assertEqual(figures["precision"], precision)
            self.assertEqual(figures["cache"], "cold")
            self.assertIn("sm_80", figures["device"])
            self.assertIn("data sheet", figures["limits_from"])
            self.assertNotIn("threads", figures)
            timed = [row for row in figures["kernels"] if "refused" not in row]
            for row in figures["kernels"]:
                self.assertRegex(row["name"], "_cuda|_cudnn|_cublaslt")
            for row in timed:
                times = row["milliseconds"]
                self.assertLessEqual(0, times["min"])
                self.assertLessEqual(times["min"], times["median"])
                self.assertLessEqual(times["median"], times["p90"])
                self.assertIn("ratio_to_cudnn", row)
                self.assertLess(row["largest_error"], 0.05 * figures["largest_value"])
            self.assertTrue(timed)

    def test_the_cpu_is_measured_as_before(self):
        figures = self.figures(*self.PROBLEM, "--device", "cpu", "--kernels",
                               "conv2d_forward_reference")
        self.assertEqual(figures["threads"], 1)
        self.assertIn("ratio_to_onednn", figures["kernels"][0])

    def test_without_nvml_there_is_a_note(self):
        told = self.bench(*self.PROBLEM, "--device", "cuda", nvml="NVML_FAILING").stdout
        self.assertIn("note: clocks, power and throttling are not known: NVML: Driver Not Loaded",
                      told)

    def test_clocks_power_and_throttling(self):
        figures = self.figures(*self.PROBLEM, "--device", "cuda", nvml="NVML_WHOLE")
        gpu = figures["gpu"]
        self.assertLess(gpu["sm_mhz"]["after"], gpu["sm_mhz"]["before"])
        self.assertEqual(gpu["watts"]["after"], 250.5)
        self.assertIn("software power cap", gpu["slowed_by"])
        # Of libraries that do not start on an emulated GPU there may be notes.
        self.assertEqual([note for note in gpu["notes"] if "is not used" not in note], [])
        told = self.bench(*self.PROBLEM, "--device", "cuda", nvml="NVML_WHOLE").stdout
        self.assertIn("SM clock 1410 MHz before", told)
        self.assertIn("clocks held down by: software power cap, hardware thermal slowdown", told)

    def test_one_problem_a_line(self):
        file = self.folder / "problems"
        file.write_text("# small\nn1h5w5c8k8r3s3p1\n\nn1h4w4c8k8r1s1\n")
        told = self.bench("--problem-file", file, "--device", "cuda", "--data", "integers",
                          "--kernels", "conv2d_forward_cuda_simt").stdout
        self.assertEqual(told.count("  kernel\n"), 2)
        self.assertEqual(told.count("0.00e+00  conv2d_forward_cuda_simt"), 2)

    def test_an_unknown_row_is_refused_by_the_names_there_are(self):
        self.refuse(2, ["conv2d_forward_cuda_simt"], "bench", "--operation", "conv2d_forward",
                    *self.PROBLEM, "--device", "cuda", "--kernels", "conv2d_forward_reference")


if __name__ == "__main__":
    program.main()
