"""tools/gpu-check --bundle: what it packs starts from elsewhere, with an empty environment.

Usage: bundle_test.py PROJECT
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROJECT = pathlib.Path(sys.argv.pop(1)).resolve()
MOST_BYTES = 60_000_000
NO_DEVICE = 5


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=False, text=True,
                          capture_output=True, **options)


class BundleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="allconv-bundle-")
        cls.addClassCleanup(folder.cleanup)
        cls.bundle = pathlib.Path(folder.name) / "bundle"
        made = run(PROJECT / "tools/gpu-check", "--bundle", cls.bundle)
        assert made.returncode == 0, made.stderr

    def start(self, *words):
        python = pathlib.Path(sys.executable).parent
        return run(*words, cwd="/", env={"PATH": f"{python}:/usr/bin:/bin"})

    def test_size(self):
        size = sum(path.stat().st_size for path in self.bundle.rglob("*") if path.is_file())
        self.assertLess(size, MOST_BYTES)

    def test_it_says_that_there_is_no_gpu(self):
        done = self.start(self.bundle / "tools/gpu-check", "--stages", "device")
        if done.returncode == 0:  # here is a GPU
            return
        self.assertEqual(done.returncode, NO_DEVICE, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1)
        self.assertIn("driver", done.stderr)

    def test_programs_take_no_library_from_the_machine_but_the_c_library(self):
        for name in ("allconv", "device_tests"):
            libraries = self.start("/usr/bin/ldd", self.bundle / "bin" / name).stdout
            own = [line for line in libraries.splitlines() if "=>" in line]
            for line in own:
                if not any(word in line for word in ("libc.so", "libm.so")):
                    self.assertIn(f"{self.bundle}/bin/../lib/", line)

    def test_libraries_for_gpus_are_the_machines_own(self):
        names = [path.name for path in (self.bundle / "lib").rglob("*.so*")]
        self.assertTrue(names)
        self.assertFalse([name for name in names if "cudnn" in name or "cublas" in name])

    def test_the_shipped_model_scores_in_the_bundle(self):
        rows = self.bundle / "rows.jsonl"
        words = (self.bundle / "bin/allconv", "score",
                 self.bundle / "models/all-cnn-c-cifar10.safetensors",
                 self.bundle / "tests/data/images", "-o", rows, "--device", "cpu")
        done = self.start(*words)
        self.assertIn(done.returncode, (0, 4), done.stderr)
        self.assertGreater(len(rows.read_text().splitlines()), 10)

    def test_an_older_c_library_is_made_up_for(self):
        loader = self.bundle / "lib/glibc/ld-linux-x86-64.so.2"
        own = f"{self.bundle}/lib/glibc:{self.bundle}/lib"
        done = self.start(loader, "--library-path", own, self.bundle / "bin/allconv", "recipes")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_manifest_and_sources(self):
        facts = json.loads((self.bundle / "bundle.json").read_text())
        self.assertIn("80", " ".join(facts["architectures"]))
        listed = run("tar", "-tf", self.bundle / "sources.tar.gz").stdout
        for name in ("CMakeLists.txt", "tests/simt/device/machine.cpp", "kernels/relu/table.cpp"):
            self.assertIn(f"allconv/{name}\n", listed)

    def test_packages_to_build_with(self):
        listed = run("tar", "-tf", self.bundle / "packages.tar.xz").stdout.splitlines()
        headers = {name for name in listed if name.startswith("packages/include/")}
        for name in ("gtest/gtest.h", "nlohmann/json.hpp", "CLI/CLI.hpp", "jpeglib.h", "zlib.h"):
            self.assertIn(f"packages/include/{name}", headers)
        archives = {pathlib.PurePath(name).name for name in listed if name.endswith(".a")}
        self.assertLessEqual({"libgtest.a", "libjpeg.a", "libarchive.a", "liblapack.a"}, archives)
        self.assertFalse({"packages/include/stdio.h", "packages/include/stdlib.h"} & headers)

    def test_a_clone_is_not_a_bundle(self):
        done = run(PROJECT / "tools/gpu-check", "--build")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--build is for a bundle", done.stderr)

    def test_a_folder_with_something_in_it_is_left_alone(self):
        done = run(PROJECT / "tools/gpu-check", "--bundle", self.bundle)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not empty", done.stderr)


if __name__ == "__main__":
    unittest.main()
