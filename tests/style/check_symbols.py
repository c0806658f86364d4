#!/usr/bin/env python3
"""Objects compiled for an instruction set define no symbol outside their namespace.

An inline function compiled with AVX-512 must never win at link time over its portable twin: the
program would end on a CPU without it.
"""

import argparse
import re
import subprocess
import sys

# Not code: the reference to the personality routine that every object with exceptions carries.
_HARMLESS = re.compile(r"DW\.ref\.__gxx_personality_v0$")
_DEFINED = re.compile(r"[0-9a-f]* *([A-Za-z]) (.+)$")


def foreign_symbols(listing, namespace):
    """Symbols of an `nm -C --defined-only --extern-only` listing outside `namespace`."""
    found = []
    for line in listing.splitlines():
        match = _DEFINED.match(line.strip())
        if match and namespace + "::" not in match.group(2) and not _HARMLESS.match(match.group(2)):
            found.append(match.group(2))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--namespace", required=True)
    parser.add_argument("objects", nargs="+")
    arguments = parser.parse_args()
    faults = []
    for path in arguments.objects:
        listing = subprocess.run([arguments.nm, "-C", "--defined-only", "--extern-only", path],
                                 capture_output=True, text=True, check=True).stdout
        faults += [f"{path}: defines {symbol}, outside {arguments.namespace}"
                   for symbol in foreign_symbols(listing, arguments.namespace)]
    print("\n".join(faults) or f"{len(arguments.objects)} objects: none")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
