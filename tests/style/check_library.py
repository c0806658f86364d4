#!/usr/bin/env python3
"""The library never prints, never ends the process and keeps no global state: its archives refer to
no function that would, and define no variable that can be written.
"""

import argparse
import re
import subprocess
import sys

# What prints, and what ends the process. A failed assert() calls __assert_fail, in debug builds.
_FORBIDDEN = {
    "abort", "exit", "_exit", "_Exit", "quick_exit", "raise", "kill",
    "printf", "vprintf", "__printf_chk", "puts", "putchar", "perror", "psignal", "syslog",
    "stdout", "stderr", "std::cout", "std::cerr", "std::clog",
}
_WRITABLE = re.compile(r"\.(data|bss|tdata|tbss)(\.|$)")
# Constants that the loader relocates, and addresses that exceptions need, are never written after.
_CONSTANT = re.compile(r"\.data\.rel\.ro|\.data\.rel\.local\.DW\.ref\.")
# Not ours (nvcc registers kernels by variables of its own; the header of NVTX keeps the process's
# link to a profiler), or a handle that nothing changes once it is made. Of each thread's own is the
# sentence that allconv_last_error() tells.
_ALLOWED = re.compile(
    r"std::|.*allconv::api::.*last_error\(\)::sentence$"
    r"|nvtxGlobals_v\d+$|InitializeInjectionNvtx2_fnptr$"
    r"|__cudaFatCubinHandle$|(guard variable for )?__device_stub__"
    r"|(guard variable for )?allconv::kernels::onednn::cpu_engine\(\)::engine$")


def forbidden_symbols(listing):
    """Functions and streams of an `nm -C --undefined-only` listing that a library must not use.

    The code that nvcc adds to each of its objects names `exit`.
    """
    found = set()
    by_nvcc = False
    for line in listing.splitlines():
        if line.endswith(":"):
            by_nvcc = line.endswith(".cu.o:")
        name = line.strip().partition(" ")[2].strip()
        if name in _FORBIDDEN and not (by_nvcc and name == "exit"):
            found.add(name)
    return sorted(found)


def variables(listing):
    """Symbols of an `nm -C -f sysv --defined-only` listing that lie in writable memory."""
    found = []
    for line in listing.splitlines():
        columns = line.split("|")
        if len(columns) < 7:
            continue
        section = columns[-1].strip()
        name = columns[0].strip()
        writable = _WRITABLE.match(section) and not _CONSTANT.match(section)
        if writable and not _ALLOWED.match(name):
            found.append(name)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("archives", nargs="+")
    arguments = parser.parse_args()

    def listing(*options):
        return subprocess.run([arguments.nm, "-C", *options], capture_output=True, text=True,
                              check=True).stdout

    faults = []
    for path in arguments.archives:
        faults += [f"{path}: uses {name}: report through Error or Diagnostics"
                   for name in forbidden_symbols(listing("--undefined-only", path))]
        faults += [f"{path}: the variable {name} outlives its call: make it a constant or a member"
                   for name in variables(listing("-f", "sysv", "--defined-only", path))]
    print("\n".join(faults) or f"{len(arguments.archives)} archives: none")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
