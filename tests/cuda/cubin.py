"""What nvcc's objects and cubins say of their kernels, read without tools of the toolkit.

A cubin is an ELF file. Section .text.K is the code of kernel K, .nv.shared.K its static shared
memory, .nv.info.K a list of attributes; .nv.info has those attributes that name a symbol. An object
has its cubins in fat binaries.
"""

import dataclasses
import pathlib
import re
import struct
import subprocess

FATBIN_MAGIC = struct.pack("<I", 0xBA55ED50)
MACHINE_CODE = 2  # the kind of a fat binary's entry that is a cubin
ELF_MAGIC = b"\x7fELF"

MAX_THREADS = 0x05  # of __launch_bounds__: x, y, z
STACK = 0x12        # symbol, bytes of local memory a thread: spills, arrays with computed indices
REGISTERS = 0x2F    # symbol, registers a thread
SIZED = 4           # the form of an attribute that has a value of so many bytes behind it


@dataclasses.dataclass(frozen=True)
class Image:
    source: str        # relu/forward_cuda.cu
    architecture: int  # 80
    cubin: bytes


@dataclasses.dataclass(frozen=True)
class Kernel:
    symbol: str
    threads: int        # of a block at most; 0 where no __launch_bounds__ says
    registers: int      # a thread
    static_shared: int  # bytes
    stack: int          # bytes a thread


class _Elf:
    def __init__(self, data):
        if data[:4] != ELF_MAGIC:
            raise ValueError("no ELF file: compressed machine code? compile with --no-compress")
        self.data = data
        (table,) = struct.unpack_from("<Q", data, 0x28)
        count, names = struct.unpack_from("<HH", data, 0x3C)
        headers = [struct.unpack_from("<IIQQQQIIQQ", data, table + 64 * i) for i in range(count)]
        self.sections = {self.text(headers[names][4] + header[0]): header for header in headers}

    def text(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def symbol(self, index):
        symbols, names = self.sections[".symtab"], self.sections[".strtab"]
        (name,) = struct.unpack_from("<I", self.data, symbols[4] + 24 * index)
        return self.text(names[4] + name)

    def attributes(self, section):
        """(code, value) of each sized attribute."""
        _, _, _, _, at, size, *_ = self.sections[section]
        end = at + size
        while at < end:
            form, code, length = struct.unpack_from("<BBH", self.data, at)
            at += 4
            if form == SIZED:
                yield code, self.data[at:at + length]
                at += length

    def of_symbols(self, wanted):
        """{symbol: number} of an attribute that names symbols."""
        pairs = [struct.unpack("<II", value)
                 for code, value in self.attributes(".nv.info") if code == wanted]
        return {self.symbol(index): number for index, number in pairs}


def fatbin_entries(data):
    """(architecture, cubin) of the machine code in an object.

    A fat binary is a header (magic u32, version u16, header size u16, size u64) and entries, each
    with a header (kind u16, version u16, header size u32, size u64, 12 bytes, architecture u32).
    """
    start = data.find(FATBIN_MAGIC)
    while start >= 0:
        header_size, size = struct.unpack_from("<HQ", data, start + 6)
        entry, end = start + header_size, start + header_size + size
        while entry < end:
            kind, entry_header, entry_size = struct.unpack_from("<HxxIQ", data, entry)
            (architecture,) = struct.unpack_from("<I", data, entry + 28)
            if kind == MACHINE_CODE:
                yield architecture, data[entry + entry_header:entry + entry_header + entry_size]
            entry += entry_header + entry_size
        start = data.find(FATBIN_MAGIC, end)


def images_of(path):
    """The cubins in relu/forward_cuda.cu.o, or relu/forward_cuda.cu.sm_80.cubin itself."""
    path = pathlib.Path(path)
    data = path.read_bytes()
    name, suffix = re.fullmatch(r"(.+\.cu)\.(o|sm_\d+\.cubin)", path.name).groups()
    source = f"{path.parent.name}/{name}"
    if suffix == "o":
        return [Image(source, architecture, cubin) for architecture, cubin in fatbin_entries(data)]
    return [Image(source, int(re.search(r"\d+", suffix).group()), data)]


def _bound_threads(elf, symbol):
    for code, value in elf.attributes(".nv.info." + symbol):
        if code == MAX_THREADS:
            x, y, z = struct.unpack("<III", value)
            return x * y * z
    return 0


def kernels_of(data):
    """The kernels of a cubin, in the order of their symbols."""
    elf = _Elf(data)
    if ".nv.info" not in elf.sections:
        return []
    stacks, registers = elf.of_symbols(STACK), elf.of_symbols(REGISTERS)
    return [Kernel(symbol=symbol, threads=_bound_threads(elf, symbol), registers=registers[symbol],
                   static_shared=elf.sections.get(".nv.shared." + symbol, [0] * 6)[5],
                   stack=stacks[symbol])
            for symbol in sorted(stacks)]


def _outermost(name, opening):
    """The place of `opening` outside all brackets."""
    depth = 0
    for place, letter in enumerate(name):
        if letter == opening and depth == 0:
            return place
        depth += letter in "<({"
        depth -= letter in ">)}"
    return len(name)


def readable(demangled):
    """gather_sm80<fp16,128x96> of c++filt's text for the kernel's symbol."""
    name = re.sub(r"\(anonymous namespace\)::|allconv::kernels::|^void ", "", demangled)
    name = name[:_outermost(name, "(")].replace("_kernel", "")
    name = name.replace("__half", "fp16").replace("__nv_bfloat16", "bf16")
    name = re.sub(r"\bfloat\b", "tf32" if "_sm80" in name else "fp32", name)
    name = re.sub(r"\((\w+)\)(\d+)", r"\1=\2", name)  # a value of an enum
    name = re.sub(r"(gather_sm80<\w+), (\d+), (\d+)", r"\1,\2x\3", name)
    special = {"weight_gradient_sm80": "unaligned", "gather_simt": "pixels"}.get(
        name.partition("<")[0], "flat")
    return name.replace(", true", "," + special).replace(", false", "").replace(" ", "")


def readable_names(symbols, filter_program="c++filt"):
    """{symbol: readable name}."""
    symbols = sorted(set(symbols))
    done = subprocess.run([filter_program], input="\n".join(symbols), capture_output=True,
                          text=True, check=True)
    return dict(zip(symbols, map(readable, done.stdout.splitlines()), strict=True))
