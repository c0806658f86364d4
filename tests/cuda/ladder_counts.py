#!/usr/bin/env python3
"""Prints the tables of docs/ladder.md, without a GPU: what the main loops of bench/ladder are made
of in machine code, and what they move. With --check it compares them with the page instead.

    cmake --build build/release --target cuda_ladder
"""

import argparse
import dataclasses
import pathlib
import subprocess
import sys

import check_code
import cubin
from check_resources import occupancies

ARCHITECTURE = 80
STEPS = ("naive", "tiled", "tensor_core", "pipelined", "swizzled", "fused")
SHIPPED = "gather_sm80<fp16,128x96>"  # what the last step stands for
# Multiply-adds of an instruction of a warp.
MULTIPLY_ADDS = {"FFMA": 32, "HMMA": 16 * 8 * 16}
PAGE_NVCC = "13.0"
SOURCES = pathlib.Path(__file__).parents[2] / "bench/ladder"
HALF, MASK = 2, 1 / 8  # bytes an element
# The columns of the first table.
COLUMNS = {"FFMA, HMMA": tuple(MULTIPLY_ADDS), "LDG": ("LDG",), "LDGSTS": ("LDGSTS",),
           "LDS, LDSM": ("LDS", "LDSM"), "STS": ("STS",),
           "barriers, waits": ("BAR", "DEPBAR", "LDGDEPBAR")}


@dataclasses.dataclass
class Traffic:
    """A line of ladder/counts.cpp, of all blocks."""
    dynamic_shared: int
    src: int      # bytes of global memory
    weights: int
    shared: int   # bytes
    turns: int
    least_turns: int


@dataclasses.dataclass
class Compiled:
    code: check_code.Code
    registers: int  # a thread
    shared: int     # bytes a block
    blocks: int     # on a multiprocessor
    warps: int


def number(value):
    """Three digits that count."""
    return f"{value:.0f}" if value >= 100 or value == 0 else f"{value:#.3g}"


def table(head, rows):
    lines = ["| " + " | ".join(row) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def read_traffic(program):
    """((results, filters, bytes of src, of weights), {step: Traffic})."""
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    head, *lines = [line.split() for line in done.stdout.splitlines()]
    return tuple(map(int, head[1:])), {name: Traffic(*map(int, words)) for name, *words in lines}


def compiled_kernels(arguments, traffic):
    """{name: Compiled} of the steps and of the shipped kernel."""
    found = {}
    for image in [image for path in arguments.files for image in cubin.images_of(path)]:
        if image.architecture != ARCHITECTURE:
            continue
        codes = check_code.disassembled(arguments.nvdisasm, image)
        names = cubin.readable_names(codes)
        for kernel in cubin.kernels_of(image.cubin):
            name = names[kernel.symbol].removeprefix("allconv::ladder::")
            found[name] = kernel, codes[kernel.symbol]
    compiled = {}
    for name in (*STEPS, SHIPPED):
        kernel, code = found[name]
        own = traffic[name].dynamic_shared if name in traffic else 0
        asked = dataclasses.replace(kernel, static_shared=kernel.static_shared + own)
        ((shipped, blocks),) = occupancies([(image.source, ARCHITECTURE, name, asked)],
                                           arguments.occupancy)
        shared = asked.static_shared + (shipped or 0)
        compiled[name] = Compiled(code, kernel.registers, shared, blocks,
                                  blocks * kernel.threads // 32)
    return compiled


def main_loop(code):
    """(first, last) of the innermost loop that multiplies most, and its multiply-adds."""
    best = (0, 0), 0
    for opcode, each in MULTIPLY_ADDS.items():
        for loop in code.innermost_loops_with(opcode):
            best = max(best, (loop, each * code.count(opcode, *loop)), key=lambda found: found[1])
    return best


def code_row(name, compiled):
    loop, multiply_adds = main_loop(compiled.code)
    counts = [sum(compiled.code.count(opcode, *loop) for opcode in opcodes)
              for opcodes in COLUMNS.values()]
    length = loop[1] - loop[0] + 1
    cells = [number(1000 * count / multiply_adds)
             for count in (*counts, length - sum(counts), length)]
    return [name, *cells, str(compiled.registers), number(compiled.shared / 1024),
            str(compiled.blocks), str(compiled.warps)]


def code_table(compiled):
    head = ["step", *COLUMNS, "others", "all", "registers", "shared memory, KiB", "blocks", "warps"]
    return table(head, [code_row(f"`{name}`", one) for name, one in compiled.items()])


def end_cells(name):
    """Launches, and bytes of dst and mask, an element, that are written and that are read again.
    The pass of bias and ReLU, where a step has one, reads dst and writes it once more."""
    (source,) = SOURCES.glob(f"step*_{name}.cu")
    passes = source.read_text(encoding="utf-8").count("bias_relu(")
    return [str(1 + passes), f"{(1 + passes) * HALF + MASK}", f"{passes * HALF}"]


def traffic_table(layer, traffic):
    results, filters, src, weights = layer
    elements = results * filters
    multiply_adds = weights // HALF // filters * elements  # those by padding too
    rows = []
    for name, one in traffic.items():
        turns = [number(1000 * turns / multiply_adds) for turns in (one.turns, one.least_turns)]
        rows.append([f"`{name}`", number(one.src / src), number(one.weights / weights),
                     number((one.src + one.weights) / elements), number(one.shared / elements),
                     *turns, *end_cells(name)])
    head = ["step", "src read, times", "weights read, times", "global memory, bytes",
            "shared memory, bytes", "turns", "least turns", "launches", "dst written, bytes",
            "dst read again, bytes"]
    return table(head, rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help="objects and cubins")
    parser.add_argument("--nvdisasm", required=True)
    parser.add_argument("--nvcc-version", required=True)
    parser.add_argument("--occupancy", required=True, help="the program of occupancy/program.cpp")
    parser.add_argument("--counts", required=True, help="the program of ladder/counts.cpp")
    parser.add_argument("--check", type=pathlib.Path, help="the page that has the tables")
    arguments = parser.parse_args()

    layer, traffic = read_traffic(arguments.counts)
    tables = [traffic_table(layer, traffic)]
    if arguments.nvcc_version == PAGE_NVCC or not arguments.check:
        tables.insert(0, code_table(compiled_kernels(arguments, traffic)))
    else:
        print(f"the page is of nvcc {PAGE_NVCC}, this is {arguments.nvcc_version}: machine code "
              "was not compared")
    page = arguments.check.read_text(encoding="utf-8") if arguments.check else ""
    missing = [text for text in tables if text not in page]
    print("\n\n".join(missing) if missing else f"{arguments.check} has these tables")
    return 1 if arguments.check and missing else 0


if __name__ == "__main__":
    sys.exit(main())
