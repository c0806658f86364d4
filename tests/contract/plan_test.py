"""`plan` and what it promises: its sums recomputed from its own lines, memory as it says."""

import os
import re
import subprocess

from checks import Check, main, save
from networks_test import FIGURES

NETWORKS = [*FIGURES, "all-cnn-b-imagenet", "large-all-cnn"]
PASSES = ([], ["--training"], ["--explain"])
SUMS = ("weights", "packed weights", "arena per worker", "workspace", "sum without sharing",
        "lower bound")
MEBIBYTE = 1 << 20


class Plan:
    """A plan's text, taken apart."""

    def __init__(self, text):
        self.sums = {name: int(count) for name, count in
                     re.findall(r"^([a-z ]+?) +(\d+) bytes", text, re.MULTILINE)}
        self.text = text
        workers = re.search(r"arena per worker .* (\d+) worker", text)
        self.workers = int(workers[1]) if workers else 0
        # A value's name, bytes, offset, first and last stage.
        self.values = [(name, *map(int, numbers)) for name, *numbers in
                       re.findall(r"^(\S+) +(\d+) +(\d+) +(\d+)-(\d+)$", text, re.MULTILINE)]
        self.kernels = re.findall(r"^\d+ .*? ((?:[a-z0-9]+_)+(?:cpu|reference)\S*)", text,
                                  re.MULTILINE)

    def arena(self):
        return self.sums.get("arena per worker", self.sums.get("arena"))

    def lower_bound(self):
        last = max(value[4] for value in self.values)
        return max(sum(size for _, size, _, begin, end in self.values if begin <= stage <= end)
                   for stage in range(last + 1))


class PlanCheck(Check):

    def plan(self, *arguments):
        return Plan(self.succeed("plan", *arguments).stdout)

    def test_sums_and_offsets_of_all_networks(self):
        for name in NETWORKS:
            for flags in PASSES:
                with self.subTest(name, flags=flags):
                    plan = self.plan(name, "--batch-size", 8, *flags)
                    sums = plan.sums
                    for key in SUMS:
                        self.assertIn(key, sums)
                    if name in FIGURES:
                        self.assertEqual(sums["weights"], 4 * FIGURES[name][0])
                    self.assertEqual(sums["sum without sharing"],
                                     sum(value[1] for value in plan.values))
                    self.assertEqual(sums["lower bound"], plan.lower_bound())
                    self.assertLessEqual(sums["arena per worker"], 1.05 * sums["lower bound"])
                    self.check_offsets(plan)

    def test_plans_for_gpus(self):
        """They are made without a GPU, where the program was built with CUDA."""
        flags = ("--batch-size", 8, "--target", "sm_90", "--precision", "fp16")
        if self.run_program("plan", "all-cnn-c", *flags).returncode == 5:
            self.refuse(5, "plan", "all-cnn-c", *flags, words=["CUDA"])
            self.skipTest("built without CUDA")
        for name in NETWORKS:
            for passes in PASSES:
                with self.subTest(name, flags=passes):
                    plan = self.plan(name, *flags, *passes)
                    self.assertIn("launches on sm_90 in fp16", plan.text)
                    self.assertEqual(plan.sums["lower bound"], plan.lower_bound())
                    self.assertLessEqual(plan.sums["arena"], 1.05 * plan.sums["lower bound"])
                    self.check_offsets(plan)

    def test_an_explanation_hands_masks_back(self):
        flags = ("--batch-size", 8, "--target", "sm_80", "--explain", "--rule", "guided")
        if self.run_program("plan", "all-cnn-c", *flags).returncode == 5:
            self.skipTest("built without CUDA")
        sizes = {name: size for name, size, *_ in self.plan("all-cnn-c", *flags).values}
        masked = [name.removesuffix("_mask") for name in sizes if name.endswith("_mask")]
        self.assertEqual(len(masked), 8)  # all ReLUs but the last, behind which nothing is masked
        for name in masked:
            self.assertEqual(sizes[name], 32 * sizes[f"{name}_mask"])

    def test_all_cnn_c_takes_nine_launches_on_a_gpu(self):
        flags = ("--batch-size", 8, "--target", "sm_80")
        if self.run_program("plan", "all-cnn-c", *flags).returncode == 5:
            self.skipTest("built without CUDA")
        for more in ([], ["--precision", "bf16"], ["--network-options", "last-relu=off"]):
            self.assertIn(" 9 launches", self.plan("all-cnn-c", *flags, *more).text)

    def check_offsets(self, plan):
        """Values that live at the same time lie apart, and inside the arena."""
        for place, (name, size, offset, begin, end) in enumerate(plan.values):
            self.assertLessEqual(offset + size, plan.arena())
            for other, its_size, its_offset, its_begin, its_end in plan.values[:place]:
                apart = (end < its_begin or its_end < begin or offset + size <= its_offset or
                         its_offset + its_size <= offset)
                self.assertTrue(apart, f"{name} and {other} share memory")

    def test_choice_does_not_depend_on_the_batch(self):
        for name in ("all-cnn-c", "model-a"):
            chosen = {tuple(self.plan(name, "--batch-size", batch, "--threads", threads).kernels)
                      for batch in (1, 7, 64, 500) for threads in (1, 2, 8)}
            self.assertEqual(len(chosen), 1)
            self.assertTrue(all(chosen))

    def test_workspace_limit_is_hard(self):
        for flags in PASSES:
            sums = self.plan("all-cnn-c", "--batch-size", 32, "--threads", 1, *flags).sums
            need = sums["packed weights"] + sums["workspace"]
            for limit in (need, need - 1):
                kept = self.plan("all-cnn-c", "--batch-size", 32, "--threads", 1, *flags,
                                 "--workspace-limit", limit).sums
                self.assertLessEqual(kept["packed weights"] + kept["workspace"], limit)
            self.refuse(2, "plan", "all-cnn-c", "--batch-size", 32, "--threads", 1, *flags,
                        "--workspace-limit", need // 10, words=["--workspace-limit"])

    def resident(self, *arguments):
        """Peak memory of a command in bytes."""
        with subprocess.Popen([self.program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return usage.ru_maxrss * 1024

    def test_resident_memory(self):
        if os.environ.get("ALLCONV_SANITIZED"):
            self.skipTest("sanitizers take memory of their own")
        data, trained = self.folder / "data", self.folder / "trained.safetensors"
        for seed in range(64):
            save(data / f"{seed % 10}" / f"{seed}.png", seed, 32, 32)
        common = ["--batch-size", 32, "--threads", 2]

        # Beside what a plan counts: a sum of gradients for each of eight lanes, and the momentum.
        plan = self.plan("all-cnn-c", "--training", *common)
        used = self.resident("train", data, "-o", trained, "--epochs", 1, *common)
        extra = 8 * plan.sums["gradient lane"] + plan.sums["weights"]
        self.assertLessEqual(used, self.limit(plan, extra))

        plan = self.plan(trained, *common)
        used = self.resident("score", trained, data, "-o", self.folder / "out.jsonl", *common)
        self.assertLessEqual(used, self.limit(plan))
        used = self.resident("evaluate", trained, data, *common)
        self.assertLessEqual(used, self.limit(plan))

    @staticmethod
    def limit(plan, extra=0):
        sums = plan.sums
        return 1.25 * (sums["weights"] + sums["packed weights"] + extra +
                       plan.workers * sums["lower bound"]) + 64 * MEBIBYTE


if __name__ == "__main__":
    main()
