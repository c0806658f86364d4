#!/usr/bin/env python3
"""Checks what nvcc made of the CUDA kernels, without a GPU.

Every object holds machine code for every architecture asked for, and the kernels that promise
vectors of 16 bytes load and store 16 bytes at once: in the machine code where cuobjdump is there,
else in nvcc's PTX.
"""

import argparse
import pathlib
import re
import struct
import subprocess
import sys

FATBIN_MAGIC = struct.pack("<I", 0xBA55ED50)
MACHINE_CODE = 2  # the kind of a fat binary's entry that is an ELF file


def machine_code_architectures(data):
    """The architectures (80, 90...) of the machine code in an object's fat binaries.

    A fat binary is a header (magic u32, version u16, header size u16, size u64) and entries, each
    with a header (kind u16, version u16, header size u32, size u64, 12 bytes, architecture u32).
    """
    found = set()
    start = data.find(FATBIN_MAGIC)
    while start >= 0:
        header_size, size = struct.unpack_from("<HQ", data, start + 6)
        entry, end = start + header_size, start + header_size + size
        while entry < end:
            kind, entry_header, entry_size = struct.unpack_from("<HxxIQ", data, entry)
            (architecture,) = struct.unpack_from("<I", data, entry + 28)
            if kind == MACHINE_CODE:
                found.add(architecture)
            entry += entry_header + entry_size
        start = data.find(FATBIN_MAGIC, end)
    return found


def asked_architectures(entries):
    """Those of CMAKE_CUDA_ARCHITECTURES that promise machine code; none for names as 'native'."""
    return {int(re.match(r"\d+", entry).group())
            for entry in entries if entry[:1].isdigit() and not entry.endswith("-virtual")}


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def wide_access_faults(source, object_file, arguments):
    """Says for which architecture a kernel lacks a 16-byte load or store."""
    if arguments.cuobjdump:
        listing = run([arguments.cuobjdump, "-sass", object_file])
        pieces = re.split(r"\n\s*arch = (sm_\w+)\n", listing)
        codes = {}
        for name, code in zip(pieces[1::2], pieces[2::2]):
            codes[name] = codes.get(name, "") + code
        patterns = {"load": r"\bLDG\.E[.\w]*\.128\b", "store": r"\bSTG\.E[.\w]*\.128\b"}
    else:
        least = min(asked_architectures(arguments.architectures), default=80)
        command = [arguments.nvcc, "--ptx", "-std=c++20", "--expt-relaxed-constexpr",
                   f"-arch=compute_{least}", "-I", arguments.include, source, "-o", "-"]
        codes = {"PTX": run(command)}
        patterns = {"load": r"\bld\.global(\.nc)?\.v4\.", "store": r"\bst\.global\.v4\."}
    return [f"{source}: no 16-byte {what} in {name}"
            for name, code in codes.items()
            for what, pattern in patterns.items() if not re.search(pattern, code)] or (
                [] if codes else [f"{object_file}: holds no machine code"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architectures", nargs="+", required=True)
    parser.add_argument("--nvcc", required=True)
    parser.add_argument("--cuobjdump")
    parser.add_argument("--include", required=True)
    parser.add_argument("--wide", nargs="+", required=True, help="sources that promise vectors")
    parser.add_argument("--objects", nargs="+", required=True, help="also of the host's side")
    arguments = parser.parse_args()

    faults = []
    asked = asked_architectures(arguments.architectures)
    kernel_objects = [path for path in arguments.objects if path.endswith(".cu.o")]
    for object_file in kernel_objects:
        found = machine_code_architectures(pathlib.Path(object_file).read_bytes())
        missing = asked - found
        if missing or not found:
            faults.append(f"{object_file}: machine code for {sorted(found)}, asked {sorted(asked)}")
    for source in arguments.wide:
        name = "/".join(pathlib.Path(source).parts[-2:]) + ".o"
        object_file = next((path for path in arguments.objects if path.endswith(name)), None)
        if object_file is None:
            faults.append(f"{source}: was not compiled")
        else:
            faults += wide_access_faults(source, object_file, arguments)

    print("\n".join(faults) or f"{len(kernel_objects)} objects, {sorted(asked)}: as promised")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
