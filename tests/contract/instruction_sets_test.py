"""--isa and --exact: every instruction set computes what NumPy computes, with its own kernels and
those below; CPUs without AVX-512 are QEMU's."""

import json
import os
import pathlib
import resource
import shutil
import unittest

from checks import (AVERAGE, RELU, SANITIZED, SOFTMAX, Check, conv, dropout, main, network, np,
                    oracle, save)

ISAS = ["portable", "avx2", "avx512"]  # each runs those before it
QEMU = shutil.which("qemu-x86_64")
# QEMU's CPU by the best instruction set that it has.
CPUS = {"avx2": "max,-avx512f", "portable": "core2duo"}
# Maps of odd size, channels that fill no vector; convolutions of both strides for Winograd.
NET = network(conv("conv1", 18), RELU, dropout(0.3), conv("conv2", 21, stride=(2, 2)), RELU,
              conv("conv3", 19), RELU, conv("conv4", 3, (1, 1), padding=(0,) * 4), RELU, AVERAGE,
              SOFTMAX, size=(13, 18))


def limit_file_size():
    """What a child does before it runs the program: the disk is full after so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))


class Helpers(Check):

    def setUp(self):
        super().setUp()
        self.net = self.network_file(NET)
        self.data = self.folder / "data"
        for seed in range(9):
            save(self.data / "abc"[seed % 3] / f"{seed}.png", seed, 13, 18)

    def allowed(self):
        """The instruction sets of this CPU, the best last."""
        line = self.succeed("plan", self.net, "--batch-size", 1).stderr
        best = next(isa for isa in reversed(ISAS) if f", {isa})" in line)
        return ISAS[:ISAS.index(best) + 1]

    def kernels(self, *flags):
        """The kernels of a training step, by a plan's text; and the text."""
        text = self.succeed("plan", self.net, "--batch-size", 4, "--training", *flags).stdout
        steps = [line for line in text.splitlines() if line[:1].isdigit()]
        return [word for line in steps for word in line.split() if "_cpu_" in word], text

    def compare(self, *flags, within=1e-5):
        """Logits of all images against NumPy; they must not depend on batch and threads. Returns
        the largest distance."""
        model = self.model(NET)
        images = sorted(self.data.glob("*/*.png"))
        rows = [self.rows(model, *images, flags=["--logits", *flags, "--batch-size", batch,
                                                 "--threads", threads])
                for batch, threads in ((1, 1), (4, 2), (9, 3))]
        self.assertEqual(rows[0], rows[1])
        self.assertEqual(rows[0], rows[2])
        _, tensors, net, _, prepare = oracle.read_model(model)
        largest = 0
        for row, image in zip(rows[0], images):
            values = oracle.prepared(oracle.decode(image), prepare)[None]
            wanted = oracle.forward(net, tensors, values)[0][0]
            distance = np.linalg.norm(row["logits"] - wanted) / np.linalg.norm(wanted)
            self.assertLess(distance, within, image)
            largest = max(largest, distance)
        return largest

    def trained(self, name, *flags):
        model = self.folder / name
        self.succeed("train", self.data, "-o", model, "--network", self.net, "--epochs", 2,
                     "--batch-size", 5, *flags)
        return model.read_bytes()


class InstructionSets(Helpers):

    def test_scores_are_those_of_numpy(self):
        for isa in self.allowed():
            for exact in ([], ["--exact"]):
                with self.subTest(isa=isa, exact=exact):
                    self.compare("--isa", isa, *exact)

    def test_kernels_keep_to_the_instruction_set(self):
        allowed = self.allowed()
        for place, isa in enumerate(allowed):
            with self.subTest(isa=isa):
                kernels, text = self.kernels("--isa", isa)
                self.assertTrue(kernels)
                for kernel in kernels:
                    self.assertIn(kernel.rsplit("_", 1)[1], allowed[:place + 1])
                self.assertIn(isa, {kernel.rsplit("_", 1)[1] for kernel in kernels})
                self.assertIn("winograd", " ".join(kernels))
                kernels, text = self.kernels("--isa", isa, "--exact")
                self.assertNotIn("winograd", " ".join(kernels))
                self.assertIn("exact ones are asked for", text)

    def test_training(self):
        for isa in self.allowed():
            with self.subTest(isa=isa):
                flags = ["--isa", isa]
                one = self.trained("one", *flags, "--threads", 1)
                self.assertEqual(one, self.trained("three", *flags, "--threads", 3))
                self.assertNotEqual(one, self.trained("exact", *flags, "--exact"))

    def test_a_tuning_file_belongs_to_its_instruction_set(self):
        tuning = self.folder / "tuning.json"
        self.succeed("tune", self.net, "-o", tuning, "--isa", "portable", "--exact")
        entries = json.loads(tuning.read_text())["entries"]
        names = " ".join(candidate["kernel"] for entry in entries
                         for candidate in entry["candidates"])
        for word in ("avx", "winograd", "onednn") if len(self.allowed()) > 1 else ("winograd",):
            self.assertNotIn(word, names)
        for isa in self.allowed():
            result = self.succeed("plan", self.net, "--batch-size", 1, "--isa", isa,
                                  "--tuning-file", tuning)
            self.assertEqual(result.stderr.count("warning"), int(isa != "portable"), result.stderr)

    def test_both_flags_change_rows(self):
        score = ["score", self.model(NET), self.data, "-o", self.folder / "out.jsonl", "--logits"]
        *lesser, best = self.allowed()
        for flags in (*(["--isa", isa] for isa in lesser), ["--exact"]):
            self.succeed(*score, *flags, code=6, preexec_fn=limit_file_size)
            self.refuse(2, *score, "--resume", words=[flags[0], "not given"])
            self.succeed(*score, *flags, "--resume")
            (self.folder / "out.jsonl").unlink()
        self.succeed(*score, code=6, preexec_fn=limit_file_size)
        self.succeed(*score, "--isa", best, "--resume")

    def test_a_checkpoint_names_them(self):
        metrics = self.folder / "metrics.jsonl"
        kept = ["--checkpoint", self.folder / "checkpoints", "--resume", "--metrics", metrics]
        self.trained("model", *kept, "--exact")
        result = self.succeed("train", self.data, "-o", self.folder / "model", "--network",
                              self.net, "--epochs", 3, "--batch-size", 5, *kept)
        self.assertIn(", exact", result.stderr)
        self.assertEqual([json.loads(line).get("device_changed")
                          for line in metrics.read_text().splitlines()], [None, None, True])

    def test_more_threads_than_cores(self):
        cores = len(os.sched_getaffinity(0))
        plan = ["plan", self.net, "--batch-size", 1, "--threads"]
        for threads, notes in ((cores, 0), (cores + 1, 1)):
            result = self.succeed(*plan, threads)
            self.assertEqual(result.stderr.count("note: "), notes, result.stderr)
        self.refuse(2, *plan, 0, words=["--threads"])
        self.refuse(2, "plan", self.net, "--batch-size", 1, "--isa", "sse", words=["--isa", "avx2"])


class Bf16(Helpers):
    """--precision bf16 on the CPU: where there is AMX, by its tiles; elsewhere refused."""

    FLAGS = ["--device", "cpu", "--precision", "bf16"]

    def setUp(self):
        super().setUp()
        plan = self.run_program("plan", self.net, "--batch-size", 1, *self.FLAGS)
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
        if not {"amx_bf16", "avx512_bf16"} <= set(flags):
            self.assertEqual(plan.returncode, 5)
        if plan.returncode:
            self.refuse(5, "train", self.data, "-o", self.folder / "model", *self.FLAGS,
                        words=["--precision", "AMX alone", "fp32"])
            self.skipTest("this CPU has no AMX, or the system does not give it")

    def test_products_alone_are_rounded(self):
        distance = self.compare(*self.FLAGS, within=2e-2)
        self.assertGreater(distance, 1e-5)
        kernels, _ = self.kernels(*self.FLAGS)
        convolutions = [kernel for kernel in kernels if "conv2d" in kernel]
        self.assertEqual({kernel.split("_cpu_")[1] for kernel in convolutions}, {"bf16_amx"})
        kernels, text = self.kernels("--device", "cpu")
        self.assertNotIn("bf16", " ".join(kernels))
        self.assertIn("multiplies bf16, and fp32 is asked for", text)

    def test_it_needs_the_best_instruction_set(self):
        self.refuse(5, "plan", self.net, "--batch-size", 1, *self.FLAGS, "--isa", "avx2",
                    words=["--precision", "fp32"])
        self.refuse(5, "plan", self.net, "--batch-size", 1, "--precision", "fp16", "--device",
                    "cpu", words=["fp16", "fp32 or bf16"])

    def test_training(self):
        one = self.trained("one", *self.FLAGS, "--threads", 1)
        self.assertEqual(one, self.trained("three", *self.FLAGS, "--threads", 3))
        self.assertNotEqual(one, self.trained("fp32", "--device", "cpu"))

    def test_a_checkpoint_names_it(self):
        kept = ["--checkpoint", self.folder / "checkpoints", "--resume", "--device", "cpu"]
        self.trained("model", *kept)
        result = self.succeed("train", self.data, "-o", self.folder / "model", "--network",
                              self.net, "--epochs", 3, "--batch-size", 5, *kept, "--precision",
                              "bf16")
        self.assertRegex(result.stderr, "warning: training goes on on .*, bf16, not ")

    def test_a_tuning_file_belongs_to_it(self):
        for measured, used in (("fp32", "bf16"), ("bf16", "fp32")):
            tuning = self.folder / f"{measured}.json"
            self.succeed("tune", self.net, "-o", tuning, "--device", "cpu", "--precision",
                         measured)
            self.assertEqual("bf16_amx" in tuning.read_text(), measured == "bf16")
            for precision in (measured, used):
                result = self.succeed("plan", self.net, "--batch-size", 1, "--device",
                                      "cpu", "--precision", precision, "--tuning-file", tuning)
                self.assertEqual(result.stderr.count("warning"), int(precision == used))

    def test_benchmarks_say_so(self):
        result = self.succeed("bench", self.net, *self.FLAGS, "--iterations", 2,
                              "--results-format", "json")
        self.assertEqual(json.loads(result.stdout)["precision"], "bf16")
        result = self.succeed("bench", "--operation", "conv2d_forward", "--problem",
                              "n1h8w8c32k32r3s3p1", *self.FLAGS, "--results-format", "json")
        result = json.loads(result.stdout)
        self.assertEqual(result["precision"], "bf16")
        row = next(row for row in result["kernels"] if row["name"] == "conv2d_forward_cpu_bf16_amx")
        self.assertGreater(row["gflops"], 0)


@unittest.skipIf(SANITIZED or not QEMU, "needs qemu-x86_64 and a program without sanitizers")
class OtherProcessors(Helpers):
    """The program on CPUs that lack what this one may have."""

    def on(self, best):
        """From here on the program runs on the CPU with these instructions."""
        self.program = self.folder / best
        command = f"{QEMU} -cpu {CPUS[best]} {Check.program}"
        self.program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        self.program.chmod(0o755)

    def test_scores_are_those_of_numpy(self):
        for best in CPUS:
            with self.subTest(best):
                self.on(best)
                self.assertEqual(self.allowed()[-1], best)
                self.compare()

    def test_bits_are_those_of_the_forced_instruction_set(self):
        here = self.allowed()
        for best in CPUS:
            if best not in here:
                continue
            with self.subTest(best):
                self.program = Check.program
                wanted = self.trained("model", "--isa", best)
                self.on(best)
                self.assertEqual(self.trained("model"), wanted)

    def test_what_is_not_there_is_refused(self):
        for best in CPUS:
            self.on(best)
            for isa in ISAS[ISAS.index(best) + 1:]:
                for command in (["plan", self.net, "--batch-size", 1],
                                ["bench", "--operation", "sgd", "--problem", "count64"],
                                ["train", self.data, "-o", self.folder / "model"],
                                ["tune", self.net, "-o", self.folder / "tuning.json"]):
                    self.refuse(5, *command, "--isa", isa, words=[isa, "--isa", best])
        self.assertFalse((self.folder / "model").exists())

    def test_a_tuning_file_of_another_processor(self):
        tuning = self.folder / "tuning.json"
        self.succeed("tune", self.net, "-o", tuning)
        for best in CPUS:
            self.on(best)
            result = self.succeed("plan", self.net, "--batch-size", 1, "--tuning-file", tuning)
            self.assertEqual(result.stderr.count("warning"), 1, result.stderr)


if __name__ == "__main__":
    main()
