"""Where this is run: in a clone, which is built, or in a bundle, which has been."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess

from execution import Unusable

MANIFEST = "bundle.json"
TARGETS = ("allconv_program", "device_tests")


class Site:
    def __init__(self, root):
        self.root = root
        manifest = root / MANIFEST
        self.manifest = json.loads(manifest.read_text()) if manifest.exists() else None

    def results_folder(self):
        return self.root / "results" if self.manifest else self.root / "build/gpu-check"

    def commit(self):
        """A name for these sources: with a sum over what is not committed."""
        if self.manifest:
            return self.manifest["commit"]
        commit = self._git("rev-parse", "HEAD").strip()
        changes = self._git("diff", "HEAD")
        if not commit:
            return "unknown"
        return commit + ("-" + hashlib.sha256(changes.encode()).hexdigest()[:8] if changes else "")

    def built_programs(self, preset="release"):
        """The folder of the programs; in a clone they are built before."""
        if self.manifest:
            return self.root / "bin"
        if not shutil.which("cmake"):
            raise Unusable("there is no cmake: run tools/setup, or use a bundle (--bundle), which "
                           "needs nothing built")
        folder = self.root / "build" / preset
        if not (folder / "CMakeCache.txt").exists():
            self._build("--preset", preset)
        try:
            self._build("--build", folder, "--parallel", str(os.cpu_count()), "--target", *TARGETS)
        except Unusable as error:
            raise Unusable(f"{error}: it needs nvcc of CUDA 13 or newer and what tools/setup "
                           "installs") from error
        return folder

    def _build(self, *arguments):
        done = subprocess.run(["cmake", *map(str, arguments)], cwd=self.root, check=False,
                              stdout=2)  # results alone go to stdout
        if done.returncode != 0:
            raise Unusable(f"cmake {' '.join(map(str, arguments))} failed")

    def _git(self, *arguments):
        try:
            return subprocess.run(["git", "-C", str(self.root), *arguments], check=False,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                  text=True).stdout
        except OSError:
            return ""


def folder_bytes(folder):
    return sum(path.lstat().st_size for path in pathlib.Path(folder).rglob("*")
               if path.is_file() or path.is_symlink())
