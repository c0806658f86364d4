#!/usr/bin/env python3
"""The installed package, as a stranger meets it: what it holds and needs, and projects of their own
that find it: the examples in C++ by CMake, those in C by pkg-config. Everything is built and run in
a temporary folder, after the package was moved there.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

# The C++ library brings libgcc_s with it.
MAY_NEED = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1",
            "libstdc++.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}
MOST_BYTES = 5_000_000  # of liballconv without CUDA, stripped

options = None


def run(*command, **keywords):
    """The output of a command that must succeed."""
    result = subprocess.run([str(part) for part in command], text=True, capture_output=True,
                            check=False, **keywords)
    if result.returncode != 0:
        raise AssertionError(f"{command}: {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result.stdout


def listed_symbols():
    """{library: its symbols} of symbols.txt."""
    lists = {}
    for line in (pathlib.Path(__file__).parent / "symbols.txt").read_text().split():
        if line.endswith(".so"):
            symbols = lists.setdefault(line, set())
        else:
            symbols.add(line)
    return lists


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="allconv-install-"))
        first = cls.folder / "first"
        run("cmake", "--install", options.build, "--prefix", first, "--component", "library")
        cls.prefix = first.rename(cls.folder / "moved")
        cls.libraries = next(cls.prefix.glob("**/liballconv.so")).parent

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def dynamic(self, library, tag):
        text = run("readelf", "--dynamic", self.libraries / library)
        return re.findall(rf"\({tag}\).*\[(.*)\]", text)

    def test_exports_what_the_list_says(self):
        for library, symbols in listed_symbols().items():
            listing = run("nm", "--dynamic", "--defined-only", self.libraries / library)
            self.assertEqual({line.split()[-1] for line in listing.splitlines()}, symbols, library)

    def test_needs_the_system_alone(self):
        needed = set(self.dynamic("liballconv.so", "NEEDED"))
        self.assertLessEqual(needed, MAY_NEED)
        soname = f"liballconv.so.{options.abi}"
        self.assertEqual(self.dynamic("liballconv.so", "SONAME"), [soname])
        self.assertIn(soname, self.dynamic("liballconv_images.so", "NEEDED"))

    def test_is_small_without_cuda(self):
        if options.cuda:
            self.skipTest("this build has CUDA kernels")
        stripped = self.folder / "stripped.so"
        run("strip", "-o", stripped, self.libraries / "liballconv.so")
        self.assertLess(stripped.stat().st_size, MOST_BYTES)

    def test_serves_a_cmake_project(self):
        build = self.folder / "examples"
        run("cmake", "-S", options.root / "examples/cpp", "-B", build,
            f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Debug")
        run("cmake", "--build", build, "--parallel", os.cpu_count())
        self.check_examples(build)

    def test_serves_a_makefile(self):
        build = self.folder / "c"
        shutil.copytree(options.root / "examples/c", build)
        run("make", "-C", build, f"--jobs={os.cpu_count()}",
            env=os.environ | {"PKG_CONFIG_PATH": str(self.libraries / "pkgconfig"),
                              "CFLAGS": "-std=c11 -O2 -Wall -Wextra -Werror"})
        self.check_examples(build)
        failed = subprocess.run([build / "score_folder", "none.safetensors", build], text=True,
                                capture_output=True, check=False)
        self.assertEqual(failed.returncode, 6)
        self.assertIn("none.safetensors", failed.stderr)

    def check_examples(self, build):
        """The same four programs in each language, with the same output."""
        model = options.root / "models/all-cnn-c-cifar10.safetensors"
        pictures = self.pictures()
        rows = run(build / "score_folder", model, pictures).splitlines()
        self.assertEqual([row.split("\t")[0] for row in rows],
                         sorted(str(path) for path in pictures.rglob("*.ppm")))
        one = next(pictures.rglob("*.ppm"))
        shown = build / "map.pgm"
        best = run(build / "explain_image", model, one, shown).strip()
        self.assertEqual(best, next(row for row in rows if row.startswith(str(one))).split("\t")[1])
        self.assertEqual(shown.stat().st_size, len("P5\n32 32\n255\n") + 32 * 32)
        tuned = build / "tuned.safetensors"
        losses = [float(line.split()[-1]) for line in
                  run(build / "fine_tune", model, pictures, tuned, 4).splitlines()]
        self.assertLess(losses[-1], losses[0])
        self.assertIn("\tdark\t", run(build / "score_folder", tuned, pictures))
        self.assertRegex(run(build / "serve", model, pictures, 40), r"^40 requests by 8 threads")

    def test_finds_no_other_version(self):
        project = self.folder / "other"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.16)\nproject(other CXX)\n"
            "find_package(allconv 99 REQUIRED)\n")
        result = subprocess.run(["cmake", "-S", project, "-B", project / "build",
                                 f"-DCMAKE_PREFIX_PATH={self.prefix}"], check=False,
                                capture_output=True)
        self.assertNotEqual(result.returncode, 0)

    def pictures(self):
        """A folder of two classes, eight pictures each."""
        folder = self.folder / "pictures"
        for name, level in (("bright", 200), ("dark", 20)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            for i in range(8):
                pixels = bytes((level + i, level + 2 * i, level)) * (40 * 36)
                (folder / name / f"{i}.ppm").write_bytes(b"P6\n40 36\n255\n" + pixels)
        return folder


def main():
    global options
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--abi", required=True, help="version in the soname")
    parser.add_argument("--cuda", action="store_true")
    options, rest = parser.parse_known_args()
    unittest.main(argv=["install_test.py", *rest])


if __name__ == "__main__":
    main()
