#!/usr/bin/env python3
"""tools/reproduce: small trainings on random pictures, and what it claims of their errors."""

import importlib.machinery
import importlib.util
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT, PROGRAM = map(pathlib.Path, sys.argv[1:3])
TOOL = ROOT / "tools/reproduce"
NETWORKS, SEEDS = ("model-c", "strided-cnn-c"), (0, 3)


def load_tool():
    loader = importlib.machinery.SourceFileLoader("reproduce", str(TOOL))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("reproduce", loader))
    loader.exec_module(module)
    return module


reproduce = load_tool()


class Trainings(unittest.TestCase):

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="allconv-reproduce-"))
        self.addCleanup(shutil.rmtree, self.folder)
        chance = random.Random(1)
        self.data = self.folder / "data"
        self.data.mkdir()
        for name in ("data_batch_1.bin", "test_batch.bin"):
            (self.data / name).write_bytes(b"".join(
                bytes([label]) + chance.randbytes(3072) for label in range(10)))

    def run_tool(self, *more, code=0):
        result = subprocess.run(
            [TOOL, self.data, "-o", self.folder / "runs", "--networks", ",".join(NETWORKS),
             "--seeds", ",".join(map(str, SEEDS)), "--program", PROGRAM, "--epochs", "2", *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def models(self):
        return {path.name: path.stat().st_mtime_ns
                for path in sorted((self.folder / "runs").glob("*.safetensors"))}

    def error_of(self, model):
        answer = subprocess.run([PROGRAM, "evaluate", model, self.data, "--results-format", "json"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        return 100 * (1 - json.loads(answer.stdout)["top1"])

    def test_trains_what_is_missing_and_tells_the_errors(self):
        table = self.run_tool().stdout
        models = self.models()
        self.assertEqual(list(models), [f"{network}-{seed}.safetensors" for network in NETWORKS
                                        for seed in SEEDS])
        for network, paper in zip(NETWORKS, ("9.74", "10.19")):
            errors = [self.error_of(self.folder / "runs" / f"{network}-{seed}.safetensors")
                      for seed in SEEDS]
            row = next(line for line in table.splitlines() if line.startswith(f"| {network} |"))
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            self.assertEqual(cells[1:6], [f"{sum(errors) / 2:.2f}",
                                          f"{max(errors) - min(errors):.2f}", "2", paper, "2"])
        (self.folder / "runs" / "model-c-3.json").unlink()
        (self.folder / "runs" / "model-c-3.safetensors").unlink()
        again = self.run_tool()
        self.assertEqual(again.stdout, table)
        self.assertEqual([line for line in again.stderr.splitlines() if "tools/reproduce" in line],
                         ["tools/reproduce: model-c, seed 3"])
        changed = {name for name, when in self.models().items() if models[name] != when}
        self.assertEqual(changed, {"model-c-3.safetensors"})
        self.assertIn("give another -o", self.run_tool("--epochs", "3", code=1).stderr)

    def test_what_it_cannot_run_is_told(self):
        result = self.run_tool("--program", self.folder / "none", code=1)
        self.assertIn("tools/reproduce: cannot run", result.stderr)
        self.assertIn("exit code 2", self.run_tool("--recipe", "nothing", code=1).stderr)


class Order(unittest.TestCase):
    PAPER = {"good": 9.0, "bad": 10.0}

    def sentence(self, good, bad, paper=None):
        rows = [reproduce.Row(name, [{"error": error, "hours": 1, "commit": "a"}
                                     for error in errors])
                for name, errors in (("good", good), ("bad", bad))]
        return next(reproduce.order(rows, self.PAPER if paper is None else paper))

    def test_only_beyond_the_spread(self):
        self.assertIn("better by 2.00; the paper agrees", self.sentence([8, 9], [10, 11]))
        self.assertIn("no order, 1.00 between them and 1.00", self.sentence([8, 9], [9, 10]))
        self.assertIn("no order", self.sentence([8], [12]))
        self.assertIn("the other way round", self.sentence([12, 12], [8, 9]))
        self.assertTrue(self.sentence([8, 9], [10, 11], {}).endswith("better by 2.00"))


if __name__ == "__main__":
    sys.argv[1:3] = []
    unittest.main()
