"""The installed package: of the build tree into an environment of its own, and, with ALLCONV_PIP=1,
by pip from nothing, which takes minutes and PyPI."""

import os
import pathlib
import subprocess
import sys
import unittest

from checks import PLACES, ROOT, SHIPPED, TIMEOUT, Check, allconv, main

SCORE = ("import sys, allconv; model = allconv.load(sys.argv[1]);"
         "print(allconv.__file__); print(model.score(sys.argv[2], device='cpu')[0].argmax())")
VERSION = ".".join(allconv.__version__.split(".")[:2])
LIBRARY, IMAGES = f"liballconv.so.{VERSION}", f"liballconv_images.so.{VERSION}"
PIP_TIMEOUT = 1800  # seconds


class InstallTest(Check):
    def environment(self, *options):
        """Makes one. Returns its Python and the folder of its packages."""
        folder = self.folder / "environment"
        subprocess.run([sys.executable, "-m", "venv", *options, folder], check=True,
                       timeout=TIMEOUT)
        python = folder / "bin" / "python"
        code = "import sysconfig; print(sysconfig.get_path('purelib'))"
        where = subprocess.run([python, "-c", code], check=True, capture_output=True,
                               text=True).stdout
        return python, pathlib.Path(where.strip())

    def score(self, python, packages):
        """Scores a picture by the installed package, which is not the build tree's."""
        path = self.picture("a.png", 3, 32)
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        result = subprocess.run([python, "-c", SCORE, SHIPPED, path], cwd=self.folder, env=clean,
                                capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        place, best = result.stdout.split()
        self.assertEqual(pathlib.Path(place).resolve().parent, (packages / "allconv").resolve())
        self.assertEqual(int(best), allconv.load(SHIPPED).score(path, device="cpu")[0].argmax())

    def test_component(self):
        python, packages = self.environment("--without-pip", "--system-site-packages")
        subprocess.run(["cmake", "--install", PLACES.build, "--component", "python", "--prefix",
                        packages], check=True, capture_output=True, timeout=TIMEOUT)
        files = {path.name for path in (packages / "allconv").iterdir()}
        self.assertLessEqual({"__init__.py", "_core.pyi", "py.typed", LIBRARY, IMAGES}, files)
        self.score(python, packages)

    @unittest.skipUnless("ALLCONV_PIP" in os.environ, "takes minutes: ALLCONV_PIP=1")
    def test_pip(self):
        python, packages = self.environment()
        pip = [python, "-m", "pip", "--disable-pip-version-check"]
        reach = subprocess.run([*pip, "download", "--no-deps", "-d", self.folder, "nanobind"],
                               check=False, capture_output=True, timeout=TIMEOUT)
        if reach.returncode != 0:
            print("skipped: no PyPI here")
            sys.exit(77)  # CTest: skipped
        build = self.folder / "build"
        result = subprocess.run([*pip, "install", ROOT,
                                 "--config-settings=cmake.define.ALLCONV_CUDA=OFF",
                                 f"--config-settings=build-dir={build}"],
                                check=False, capture_output=True, text=True, timeout=PIP_TIMEOUT)
        self.assertEqual(result.returncode, 0, result.stderr)
        files = list((packages / "allconv").iterdir())
        self.assertEqual(sorted(path.name for path in files if ".so." in path.name),
                         [LIBRARY, IMAGES])
        self.assertLess(sum(path.stat().st_size for path in files if path.is_file()), 10 << 20)
        self.score(python, packages)


if __name__ == "__main__":
    main()
