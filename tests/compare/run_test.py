#!/usr/bin/env python3
"""Short runs of this project against oneDNN; engines whose results are wrong, or that end.

Usage: run_test.py PROJECT COMPARE_HOST
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

PROJECT, HOST = map(pathlib.Path, sys.argv[1:3])
del sys.argv[1:3]

# Stands between the comparison and the host, and does some harm after an order was answered.
TROUBLE = """\
    #!{python}
    import array, json, subprocess, sys
    host = subprocess.Popen([{host!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for line in sys.stdin:
        order = json.loads(line)
        host.stdin.write(line)
        host.stdin.flush()
        answer = host.stdout.readline()
        if order["do"] == "open" and order["engine"] == "oneDNN":
            {harm}
        print(answer, end="", flush=True)
    host.stdin.close()
    host.wait()
    """
SPOIL = ("values = array.array('f', open(order['{what}'], 'rb').read()); "
         "values[3] += {share} * max(map(abs, values)); "
         "open(order['{what}'], 'wb').write(values.tobytes())")


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.json, self.table = self.folder / "results.json", self.folder / "table.md"

    def compare(self, *words, host=HOST, networks="strided-cnn-a"):
        return subprocess.run(
            [PROJECT / "tools" / "compare", "--host", host, "--networks", networks,
             "--batch-sizes", "2", "--threads", "1", "--rounds", "3", "--seconds", "0.001",
             "-o", self.json, "--table", self.table, *words],
            capture_output=True, text=True, check=False)

    def results(self, *words, **where):
        done = self.compare(*words, **where)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "")  # the table went to its file
        return json.loads(self.json.read_text(encoding="utf-8")), done.stderr

    def troubled_host(self, harm):
        path = self.folder / "host"
        path.write_text(textwrap.dedent(TROUBLE).format(
            python=sys.executable, host=str(HOST), harm=harm), encoding="utf-8")
        path.chmod(0o755)
        return path

    def check_cell(self, cell, mode):
        self.assertEqual((cell["mode"], cell["batch_size"], cell["threads"]), (mode, 2, 1))
        engines = {engine["name"]: engine for engine in cell["engines"]}
        for engine in engines.values():
            rate = engine["images_per_second"]
            self.assertEqual(len(engine["turns"]), 3)
            self.assertEqual(sorted(engine["turns"]),
                             [rate["least"], rate["median"], rate["most"]])
            self.assertGreater(rate["least"], 0)
            self.assertIn(engine["arrangement"], engine["trials"])
        return engines

    def test_inference_and_training_against_onednn(self):
        results, notes = self.results("--modes", "inference,training")
        self.assertIn("left out, not installed: ONNX Runtime", notes)
        self.assertTrue(results["device"])
        for cell, mode in zip(results["cells"], ("inference", "training"), strict=True):
            engines = self.check_cell(cell, mode)
            self.assertEqual(list(engines), ["allconv", "oneDNN"])
            medians = [engine["images_per_second"]["median"] for engine in engines.values()]
            self.assertEqual(cell["best_peer"], "oneDNN")
            self.assertEqual(cell["ratio_to_best"], medians[0] / medians[1])
            self.assertEqual(cell["ratio_to_onednn"], cell["ratio_to_best"])
            self.assertLess(engines["oneDNN"]["relative_errors"]["logits"], 1e-4)
        lines = self.table.read_text(encoding="utf-8").splitlines()
        self.assertEqual(lines[0].partition("; ")[0],
                         f"{results['device']}, {results['cores']} cores")
        self.assertEqual(len(lines), 2 + 2 + 2)

    def test_pooling_networks_and_separate_processes(self):
        results, _ = self.results("--separate", networks="model-a")
        self.assertEqual(results["processes"], "separate processes")
        engines = self.check_cell(results["cells"][0], "inference")
        self.assertEqual(list(engines), ["allconv", "oneDNN"])

    def test_the_instruction_set_asked_for_is_named(self):
        results, _ = self.results("--isa", "portable")
        self.assertRegex(results["device"], ", portable$")
        done = self.compare("--isa", "sse9")
        self.assertEqual(done.returncode, 1)
        self.assertIn("sse9: there is no such instruction set", done.stderr)

    def test_products_of_bf16_where_there_is_amx(self):
        words = ("--precision", "bf16", "--modes", "inference,training")
        done = self.compare(*words)
        if done.returncode:
            self.assertRegex(done.stderr, "bf16: the CPU computes in bf16 by AMX alone")
            return
        results, _ = self.results(*words)
        self.assertEqual(results["precision"], "bf16")
        for cell, mode in zip(results["cells"], ("inference", "training"), strict=True):
            self.assertEqual(list(self.check_cell(cell, mode)), ["allconv"])

    def test_explanations_have_no_onednn(self):
        results, _ = self.results("--modes", "explain")
        self.assertEqual(list(self.check_cell(results["cells"][0], "explain")), ["allconv"])
        self.assertIsNone(results["cells"][0]["best_peer"])

    def test_wrong_results_are_refused_before_anything_is_timed(self):
        for what, share in (("logits", "1e-3"), ("logits", "float('nan')"), ("gradient", "1.0")):
            with self.subTest(what=what, share=share):
                host = self.troubled_host(SPOIL.format(what=what, share=share))
                done = self.compare("--modes", "training", host=host)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"oneDNN's {what} differ from ours", done.stderr)
                self.assertFalse(self.json.exists())

    def test_an_engine_that_fails_is_left_out_and_said(self):
        host = self.troubled_host("answer = json.dumps({'error': 'no such thing'}) + '\\n'")
        results, notes = self.results(host=host)
        self.assertEqual(results["cells"][0]["left_out"], {"oneDNN": "no such thing"})
        self.assertIn("without oneDNN: no such thing", notes)

    def test_a_host_that_ends_is_one_sentence(self):
        done = self.compare(host=self.troubled_host("sys.exit(3)"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.splitlines()[-1], "^tools/compare: host ended with 3")
        self.assertNotIn("Traceback", done.stderr)

    def test_help_has_examples_and_needs_no_build(self):
        done = self.compare("--help", host=self.folder / "nothing")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("tools/compare --make-venv", done.stdout)

    def test_bad_words_are_refused(self):
        for words in (("--modes", "sleep"), ("--batch-sizes", "0"), ("--engines", "TensorRT")):
            self.assertEqual(self.compare(*words).returncode, 2, words)
        for where in ({"networks": "all-cnn-z"}, {"host": self.folder / "nothing"}):
            done = self.compare(**where)
            self.assertEqual(done.returncode, 1, where)
            self.assertTrue(done.stderr.splitlines()[-1].startswith("tools/compare: "), where)
            self.assertNotIn("Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
