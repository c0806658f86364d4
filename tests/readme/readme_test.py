"""The README's commands work as they stand.

Usage: readme_test.py PROJECT PROGRAM [--demo]

Runs every `allconv` line of the section "Use it" in order, in a folder with a few tiny pictures,
and checks that the first command comes early and that every tool named exists and explains itself.
With --demo the first command itself is run, which takes minutes.
"""

import pathlib
import shlex
import struct
import subprocess
import sys
import tempfile
import zlib

FIRST_COMMAND_BY_LINE = 12


def code_lines(readme):
    """(line number, text) of the indented code."""
    lines = readme.read_text().splitlines()
    return [(i, line.strip()) for i, line in enumerate(lines, 1) if line.startswith("    ")]


def write_png(path, colour):
    """An 8x8 picture of one colour, by the format's own chunks."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + bytes(colour) * 8 for _ in range(8))
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def run(arguments, folder, timeout=600):
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"{arguments}: exit {done.returncode}\n{done.stderr}"


def check_tools(project, lines):
    tools = [(number, line) for number, line in lines if line.startswith("tools/")]
    assert tools and tools[0][1] == "tools/demo", "the first command should be tools/demo"
    assert tools[0][0] <= FIRST_COMMAND_BY_LINE, f"first command on line {tools[0][0]}"
    for _, line in tools:
        run([project / line.split()[0], "--help"], project)


def check_commands(program, lines):
    commands = [line.split("  #")[0] for _, line in lines if line.startswith("allconv ")]
    assert len(commands) >= 5, f"only {len(commands)} commands found"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for i, colour in enumerate([(200, 10, 10), (10, 200, 10)] * 2):
            kind = "red" if colour[0] == 200 else "green"
            write_png(folder / "pictures" / kind / f"{i}.png", colour)
            write_png(folder / "photos" / f"{i}.png", colour)
        for command in commands:
            run([program, *shlex.split(command)[1:]], folder)
        rows = (folder / "scores.jsonl").read_text().splitlines()
        assert len(rows) == 4, f"{len(rows)} rows for 4 pictures"


def main():
    project, program = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    lines = code_lines(project / "README.md")
    if "--demo" in sys.argv:
        run([project / "tools/demo"], project, timeout=1800)
        assert (project / "demo/index.html").is_file()
        return
    check_tools(project, lines)
    check_commands(program, lines)


main()
