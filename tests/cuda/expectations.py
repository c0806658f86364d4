"""expectations.txt: what each CUDA kernel must be made of. Lines are

    kernel warps hmma/ldsm instructions...

of which the first that matches a kernel's name counts. `warps`: at least so many on a
multiprocessor of sm_80 and sm_90; `hmma/ldsm`: tensor-core instructions for each ldmatrix in every
innermost loop that has them, at least; - for no such promise. An instruction is an opcode and the
modifiers that it has among others: LDG.128 is found in LDG.E.128.CONSTANT.
"""

import dataclasses
import fnmatch
import pathlib


@dataclasses.dataclass(frozen=True)
class Expectation:
    pattern: str
    warps: int
    hmma_per_ldsm: float
    instructions: tuple


def read_expectations(path):
    found = []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        pattern, warps, ratio, *instructions = words
        found.append(Expectation(pattern, 0 if warps == "-" else int(warps),
                                 0.0 if ratio == "-" else float(ratio),
                                 tuple(word for word in instructions if word != "-")))
    return found


def expectation_of(name, expectations):
    """The first that matches; None where nothing is said of the kernel."""
    return next((one for one in expectations if fnmatch.fnmatchcase(name, one.pattern)), None)
