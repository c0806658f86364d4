#!/usr/bin/env python3
"""Kernel files: found by their row's name, opened by the block that says what bounds them, and with
shapes in their comments."""

import re

from tree import Tree, run_check

ISAS = ("amx", "avx2", "avx512", "portable")  # rows of these come from one source
SHAPES_PER_THOUSAND_LINES = 30
BLOCK = ("Layout", "Requires", "Bound by")
CUDA_BLOCK = ("Threads", "Shared memory")

_REFERENCE = re.compile(r"kernels/\w+/reference\.cpp$")
_KERNEL_FILE = re.compile(
    r"kernels/(?!libraries/)(\w+)/((?:\w+_)?(?:cpu_\w+|cuda\w*|cudnn|cublaslt))\.(cpp|cu)$")
_ROW_NAME = re.compile(r'"(\w+_(?:reference|cpu_\w+|cuda\w*|cudnn|cublaslt))"')
# A library's row stands where its kernel does.
_ROW_FILE = re.compile(r"/(table|\w+_cudnn|\w+_cublaslt)\.cpp$")
# A dimension: a letter of the shapes, a constant, a count, or one of these with + - * / and more.
_DIMENSION = (r"(?:[nhwckrspqNHWCKRSPQ]|k[A-Z]\w*|\d+|\w*count|classes|elements|width|tiles|points"
              r"|[pq]\(\))")
_EXTENT = rf"{_DIMENSION}(?: ?[-+*/] ?{_DIMENSION})*"
_SHAPE = re.compile(rf"\({_EXTENT}(?:, ?{_EXTENT})*\)")
_VARIANT = re.compile(r"\d+$|_stride2$")  # of one algorithm, in one file
# common_onednn.cpp and the like serve several kernels and have no row; cuda_table.cpp holds rows.
_SHARED = ("common", "absent", "cuda_table")


def kernel_files(tree):
    """{path: (operation folder, stem)} of the files that hold one implementation each."""
    found = {}
    for path in tree.files(("kernels",), {".cpp", ".cu"}):
        match = _KERNEL_FILE.search(path)
        if match and not match.group(2).startswith(_SHARED):
            found[path] = match.group(1), match.group(2)
    return found


def rows(tree):
    """{row name: operation folder} of all tables."""
    found = {}
    for path in tree.files(("kernels",), {".cpp"}):
        if not _ROW_FILE.search(path):
            continue
        for name in _ROW_NAME.findall(tree.text(path)):
            found[name] = path.split("/")[1]
    return found


def stems_of(row, folder):
    """The file stems under which a row's code may stand: its own, or its ISA's shared source."""
    rest = row.removeprefix(folder + "_")
    stems = {rest}
    if rest.endswith("reference"):
        stems.add("reference")
    for isa in ISAS:
        if rest.endswith("cpu_" + isa):
            stems |= {rest.removesuffix(isa) + "simd", "cpu_simd"}
        elif rest.endswith("_" + isa):  # a driver for all instruction sets, in several variants
            driver = rest.removesuffix("_" + isa)
            stems |= {driver, _VARIANT.sub("", driver)}
    return stems


def name_faults(tree):
    faults = []
    names = rows(tree)
    used = set()
    for row, folder in names.items():
        candidates = {f"kernels/{folder}/{stem}.{suffix}"
                      for stem in stems_of(row, folder) for suffix in ("cpp", "cu")}
        there = {path for path in candidates if tree.exists(path)}
        used |= there
        if not there:
            faults.append(f"kernels/{folder}/table.cpp: row {row} has no file named after it "
                          f"({', '.join(sorted(candidates))})")
    for path in kernel_files(tree):
        # One CUDA product serves several rows, and a row may have passes in several files.
        if path not in used and path.endswith(".cpp"):
            faults.append(f"{path}: no row of its table is named after it")
    return faults


def opening_block(source):
    """The text of the comment that starts on the first line."""
    lines = []
    for line in source.lines:
        if not line.startswith("//"):
            break
        lines.append(line[2:].strip())
    return "\n".join(lines)


def block_faults(path, source):
    block = opening_block(source)
    wanted = BLOCK + (CUDA_BLOCK if path.endswith(".cu") else ())
    missing = [word for word in wanted if not re.search(rf"\b{word}\b", block, re.IGNORECASE)]
    return [f"{path}: its opening block does not say '{word}'" for word in missing]


def find_faults(tree: Tree):
    faults = name_faults(tree)
    lines = shapes = 0
    references = [path for path in tree.files(("kernels",), {".cpp"}) if _REFERENCE.match(path)]
    for path in references + list(kernel_files(tree)):
        source = tree.source(path)
        faults += block_faults(path, source)
        lines += len(source.lines)
        shapes += sum(len(_SHAPE.findall(token.text)) for token in source.comments)
    if 1000 * shapes < SHAPES_PER_THOUSAND_LINES * lines:
        faults.append(f"{shapes} shapes in comments of {lines} lines of kernels, at least "
                      f"{SHAPES_PER_THOUSAND_LINES} in 1,000 wanted")
    print(f"{shapes} shapes in comments of {lines} lines of kernels")
    return faults


if __name__ == "__main__":
    run_check(find_faults, __doc__)
