#!/usr/bin/env python3
"""Compares what a block of each CUDA kernel takes with resources.txt, without a GPU.

Fails where a kernel has more registers or shared memory, or fits a multiprocessor fewer times, than
the table says; where it has local memory, which spills use; and where it has fewer warps than
expectations.txt asks for. `cmake --build build/release --target cuda_resources` writes the table
anew.
"""

import argparse
import dataclasses
import pathlib
import re
import subprocess
import sys

import cubin
from expectations import expectation_of, read_expectations

WARPS_ON = (80, 90)  # where expectations.txt promises warps
HEADER = """\
# What a block of each CUDA kernel takes, and how many fit a multiprocessor, by check_resources.py:
# threads, bytes of static and dynamic shared memory, and for every architecture
# registers/blocks/warps. Written by: cmake --build build/release --target cuda_resources
"""
SHAPE_COLUMNS = ("threads", "static", "dynamic")


@dataclasses.dataclass
class Row:
    source: str
    threads: int
    static: int
    dynamic: int
    fits: dict  # {architecture: (registers, blocks)}

    def warps(self, architecture):
        return self.fits[architecture][1] * self.threads // 32


class Sources:
    """Which source a kernel stands in, also where several were compiled as one."""

    def __init__(self, kernels):
        self._texts = {path.relative_to(kernels).as_posix(): path.read_text(encoding="utf-8")
                       for path in sorted(kernels.glob("*/*.cu"))}

    def of(self, compiled, name):
        if compiled in self._texts:
            return compiled
        function = re.compile(rf"\b{re.escape(name.partition('<')[0])}_kernel\(")
        return next((source for source, text in self._texts.items() if function.search(text)),
                    compiled)


def compiled_kernels(files, sources):
    """(source, architecture, name, Kernel) of all kernels."""
    found = [(image, kernel) for path in files for image in cubin.images_of(path)
             for kernel in cubin.kernels_of(image.cubin)]
    names = cubin.readable_names(kernel.symbol for _, kernel in found)
    return [(sources.of(image.source, names[kernel.symbol]), image.architecture,
             names[kernel.symbol], kernel) for image, kernel in found]


def shape_faults(compiled):
    faults = []
    for source, architecture, name, kernel in compiled:
        where = f"{source}: {name} on sm_{architecture}"
        if kernel.stack:
            faults.append(f"{where} has {kernel.stack} bytes of local memory a thread")
        if not kernel.threads:
            faults.append(f"{where} has no __launch_bounds__, from which its threads are known")
    return faults


def occupancies(compiled, program):
    """(dynamic shared memory or None, blocks) of every kernel, by program.cpp."""
    lines = [f"{name} {architecture} {kernel.threads} {kernel.registers} {kernel.static_shared}"
             for _, architecture, name, kernel in compiled]
    done = subprocess.run([program], input="\n".join(lines), capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"{program}: {done.stderr}")
    pairs = [line.split() for line in done.stdout.splitlines()]
    return [(None if dynamic == "-" else int(dynamic), int(blocks)) for dynamic, blocks in pairs]


def rows_of(compiled, fits):
    """{name: Row} of the compiled kernels, and the faults of their names."""
    rows, faults = {}, []
    for (source, architecture, name, kernel), (dynamic, blocks) in zip(compiled, fits, strict=True):
        row = rows.setdefault(name, Row(source, kernel.threads, 0, dynamic or 0, {}))
        if architecture in row.fits:
            faults.append(f"{source}: {row.source} has a kernel {name} too: rename one")
        row.static = max(row.static, kernel.static_shared)
        row.fits[architecture] = kernel.registers, blocks
    return rows, faults


def unlisted_faults(compiled, fits, kernels):
    """Kernels whose dynamic shared memory occupancy/launches.cpp does not know."""
    faults = []
    for (source, _, name, _), (dynamic, _) in zip(compiled, fits, strict=True):
        has_some = "dynamic_shared_memory<" in (kernels / source).read_text(encoding="utf-8")
        if has_some != (dynamic is not None):
            faults.append(f"{source}: {name} is not in tests/cuda/occupancy/launches.cpp, or should"
                          f" not be")
    return sorted(set(faults))


def read_table(path):
    """(nvcc's version, {name: Row}) of a table."""
    version, source, columns, rows = "", "", [], {}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        words = line.split()
        if words[:2] == ["#", "nvcc"]:
            version = words[2]
        elif words[:2] == ["#", "kernels"]:
            source = words[2]
        elif words[:1] == ["kernel"]:
            columns = [int(word.removeprefix("sm_")) for word in words[1 + len(SHAPE_COLUMNS):]]
        elif words and words[0] != "#":
            fits = [tuple(map(int, word.split("/")[:2])) for word in words[4:]]
            rows[words[0]] = Row(source, *map(int, words[1:4]),
                                 dict(zip(columns, fits, strict=True)))
    return version, rows


def table_text(version, rows):
    architectures = sorted(next(iter(rows.values())).fits)
    width = max(map(len, rows)) + 1
    lines = [f"# nvcc {version}",
             "kernel".ljust(width) + "".join(word.rjust(8) for word in SHAPE_COLUMNS)
             + "".join(f"sm_{one}".rjust(11) for one in architectures)]
    source = None
    for name, row in sorted(rows.items(), key=lambda item: (item[1].source, item[0])):
        if row.source != source:
            source = row.source
            lines.append(f"# kernels {source}")
        fits = [f"{row.fits[one][0]}/{row.fits[one][1]}/{row.warps(one)}" for one in architectures]
        lines.append(name.ljust(width)
                     + "".join(f"{word:8}" for word in (row.threads, row.static, row.dynamic))
                     + "".join(word.rjust(11) for word in fits))
    return HEADER + "\n".join(lines) + "\n"


def table_faults(rows, table):
    faults = [f"{name} is in the table but no longer compiled"
              for name in sorted(table.keys() - rows)]
    for name, row in rows.items():
        if name not in table:
            faults.append(f"{row.source}: {name} is not in the table")
            continue
        known = table[name]
        for what in SHAPE_COLUMNS:
            now, then = getattr(row, what), getattr(known, what)
            if now > then:
                faults.append(f"{row.source}: {name} has {what} {now}, the table says {then}")
        for architecture, (registers, blocks) in row.fits.items():
            where = f"{row.source}: {name} on sm_{architecture}"
            known_registers, known_blocks = known.fits[architecture]
            if registers > known_registers:
                faults.append(f"{where} has {registers} registers, the table says "
                              f"{known_registers}")
            if blocks < known_blocks:
                faults.append(f"{where} fits {blocks} times, the table says {known_blocks}")
    return faults


def warp_faults(rows, expectations):
    faults = []
    for name, row in rows.items():
        wanted = expectation_of(name, expectations)
        if wanted is None:
            faults.append(f"{row.source}: expectations.txt says nothing of {name}")
            continue
        for architecture in row.fits:
            warps = row.warps(architecture)
            if architecture in WARPS_ON and warps < wanted.warps:
                faults.append(f"{row.source}: {name} has {warps} warps on a multiprocessor of "
                              f"sm_{architecture}, {wanted.warps} wanted")
    return faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help="objects and cubins")
    parser.add_argument("--kernels", type=pathlib.Path, required=True, help="folder of the sources")
    parser.add_argument("--occupancy", required=True, help="the program of occupancy/program.cpp")
    parser.add_argument("--expectations", required=True)
    parser.add_argument("--table", type=pathlib.Path, required=True)
    parser.add_argument("--nvcc-version", required=True)
    parser.add_argument("--write", action="store_true", help="write the table instead")
    arguments = parser.parse_args()

    compiled = compiled_kernels(arguments.files, Sources(arguments.kernels))
    fits = occupancies(compiled, arguments.occupancy)
    rows, faults = rows_of(compiled, fits)
    faults += shape_faults(compiled) + unlisted_faults(compiled, fits, arguments.kernels)
    faults += warp_faults(rows, read_expectations(arguments.expectations))
    if arguments.write and not faults:
        arguments.table.write_text(table_text(arguments.nvcc_version, rows), encoding="utf-8")
        print(f"{arguments.table}: {len(rows)} kernels")
        return 0
    version, table = read_table(arguments.table)
    if version == arguments.nvcc_version:
        faults += table_faults(rows, table)
    else:
        print(f"the table is nvcc {version}'s, this is {arguments.nvcc_version}: its numbers were "
              "not compared")
    print("\n".join(faults) or f"{len(rows)} kernels take no more than the table says")
    if faults:
        print("If that is as it should be, write the table anew:\n"
              "    cmake --build build/release --target cuda_resources")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
