#!/usr/bin/env python3
"""Checks that every object of CUDA kernels holds machine code for every architecture asked for."""

import argparse
import re
import sys

import cubin


def asked_architectures(entries):
    """Those of CMAKE_CUDA_ARCHITECTURES that promise machine code; none for names as 'native'."""
    return {int(re.match(r"\d+", entry).group())
            for entry in entries if entry[:1].isdigit() and not entry.endswith("-virtual")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("objects", nargs="+")
    parser.add_argument("--architectures", nargs="+", required=True)
    arguments = parser.parse_args()

    faults = []
    asked = asked_architectures(arguments.architectures)
    for path in arguments.objects:
        found = {image.architecture for image in cubin.images_of(path)}
        if asked - found or not found:
            faults.append(f"{path}: machine code for {sorted(found)}, asked {sorted(asked)}")
    print("\n".join(faults) or f"{len(arguments.objects)} objects, {sorted(asked)}: as promised")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
