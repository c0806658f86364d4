"""The files of the project, and the frame in which each check runs."""

import argparse
import pathlib
import sys

from cpp_source import Source

SOURCE_SUFFIXES = {".cpp", ".hpp", ".cu", ".cuh", ".c", ".h"}
PRODUCT_FOLDERS = ("include", "kernels", "engine", "python", "tools", "bench")
TEST_FOLDERS = ("tests",)


class Tree:
    """The project below `root`. Paths are relative, with forward slashes."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self._sources = {}

    def files(self, folders, suffixes):
        """Paths below the folders, in order, whose suffix is among the given ones."""
        found = []
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts:
                    found.append(path.relative_to(self.root).as_posix())
        return found

    def product_sources(self):
        return self.files(PRODUCT_FOLDERS, SOURCE_SUFFIXES)

    def all_sources(self):
        return self.files(PRODUCT_FOLDERS + TEST_FOLDERS, SOURCE_SUFFIXES)

    def exists(self, path):
        return (self.root / path).exists()

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    def source(self, path):
        if path not in self._sources:
            self._sources[path] = Source(self.text(path))
        return self._sources[path]


def run_check(find_faults, description):
    """The main function of a check: prints the faults found; exit code 1 where there are any."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("root", help="the folder of README.md")
    faults = find_faults(Tree(parser.parse_args().root))
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults")
    sys.exit(1 if faults else 0)
