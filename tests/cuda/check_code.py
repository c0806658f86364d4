#!/usr/bin/env python3
"""Looks for what expectations.txt promises in the machine code of the CUDA kernels, without a GPU:
tensor cores, asynchronous copies, vectors of 16 bytes; and for accesses to local memory, which no
kernel may have."""

import argparse
import dataclasses
import re
import subprocess
import sys
import tempfile

import cubin
from expectations import expectation_of, read_expectations

LOCAL_MEMORY = ("LDL", "STL")

_KERNEL = re.compile(r"^\.text\.(\S+):$")
_LABEL = re.compile(r"^(\.L_\w+):$")
_INSTRUCTION = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/\s+(?:\{\s*)?(?:@(!?U?P\w+)\s+)?"
                          r"([A-Z][\w.]*)(.*)")
_NEVER = "!PT"  # the predicate of what fills a gap, as the loads that nvcc sets before LDGSTS
_TARGET = re.compile(r"`\((\.L_\w+)\)")


@dataclasses.dataclass
class Code:
    opcodes: list = dataclasses.field(default_factory=list)    # LDG.E.128, in order
    labels: dict = dataclasses.field(default_factory=dict)     # {name: index of an opcode}
    branches: list = dataclasses.field(default_factory=list)   # (index, label)

    def loops(self):
        """(first, last) indices of the opcodes between a label and a branch back to it."""
        return [(self.labels[label], index) for index, label in self.branches
                if label in self.labels and self.labels[label] <= index]

    def count(self, opcode, first=0, last=None):
        part = self.opcodes[first:None if last is None else last + 1]
        return sum(1 for one in part if one.split(".")[0] == opcode)

    def innermost_loops_with(self, opcode):
        loops = [loop for loop in self.loops() if self.count(opcode, *loop)]
        return [(first, last) for first, last in loops
                if not any((first, last) != other and first <= other[0] and other[1] <= last
                           for other in loops)]


def codes_of(listing):
    """{symbol: Code} of what nvdisasm prints."""
    codes, code = {}, Code()
    for line in listing.splitlines():
        if match := _KERNEL.match(line):
            code = codes.setdefault(match.group(1), Code())
        elif match := _LABEL.match(line):
            code.labels[match.group(1)] = len(code.opcodes)
        elif match := _INSTRUCTION.match(line):
            predicate, opcode, operands = match.groups()
            target = _TARGET.search(operands)
            if opcode.split(".")[0] == "BRA" and target:
                code.branches.append((len(code.opcodes), target.group(1)))
            code.opcodes.append("NOP" if predicate == _NEVER else opcode)
    return codes


def has_instruction(code, wanted):
    opcode, *modifiers = wanted.split(".")
    for one in code.opcodes:
        found, *parts = one.split(".")
        if found == opcode and set(modifiers) <= set(parts):
            return True
    return False


def ratio_faults(code, least):
    loops = code.innermost_loops_with("HMMA")
    if not loops:
        return ["has no loop with HMMA"]
    faults = []
    for loop in loops:
        hmma, ldsm = code.count("HMMA", *loop), code.count("LDSM", *loop)
        if hmma < least * ldsm:
            faults.append(f"has {hmma} HMMA for {ldsm} LDSM in a loop, {least} for one wanted")
    return faults


def code_faults(code, expectation):
    """What a kernel's machine code lacks, or has and should not."""
    faults = [f"has {code.count(opcode)} {opcode}, accesses to local memory"
              for opcode in LOCAL_MEMORY if code.count(opcode)]
    if not code.opcodes:
        faults.append("has no machine code")
    if expectation is None:
        return faults + ["is not in expectations.txt"]
    faults += [f"has no {wanted}" for wanted in expectation.instructions
               if not has_instruction(code, wanted)]
    if expectation.hmma_per_ldsm:
        faults += ratio_faults(code, expectation.hmma_per_ldsm)
    return faults


def disassembled(nvdisasm, image):
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(image.cubin)
        file.flush()
        done = subprocess.run([nvdisasm, "-c", file.name], capture_output=True, text=True,
                              check=False)
    if done.returncode != 0:
        sys.exit(f"nvdisasm of {image.source} for sm_{image.architecture} failed:\n{done.stderr}")
    return codes_of(done.stdout)


def loop_line(code):
    """The counts of a tensor-core kernel's main loop, for people."""
    words = []
    for loop in code.innermost_loops_with("HMMA"):
        counts = {one: code.count(one, *loop) for one in ("HMMA", "LDSM", "LDS", "LDGSTS")}
        words.append(f"{loop[1] - loop[0] + 1} instructions, "
                     + ", ".join(f"{count} {one}" for one, count in counts.items()))
    return "; ".join(words)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help="objects and cubins")
    parser.add_argument("--nvdisasm", required=True)
    parser.add_argument("--expectations", required=True)
    parser.add_argument("--loops", action="store_true", help="also print the loops with HMMA")
    arguments = parser.parse_args()

    expectations = read_expectations(arguments.expectations)
    unused = {one.pattern for one in expectations}
    faults, kernels = [], 0
    for image in [image for path in arguments.files for image in cubin.images_of(path)]:
        codes = disassembled(arguments.nvdisasm, image)
        names = cubin.readable_names(codes) if codes else {}
        for symbol, code in codes.items():
            kernels += 1
            where = f"{names[symbol]} on sm_{image.architecture}"
            expectation = expectation_of(names[symbol], expectations)
            faults += [f"{where} {fault}" for fault in code_faults(code, expectation)]
            unused -= {expectation.pattern} if expectation else set()
            if arguments.loops and code.innermost_loops_with("HMMA"):
                print(f"{where}: {loop_line(code)}")
    faults += [f"expectations.txt: no kernel matches {pattern}" for pattern in sorted(unused)]
    print("\n".join(faults) or f"{kernels} kernels are made of what they promise")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
