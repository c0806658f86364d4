#!/usr/bin/env python3
"""Every table of numbers in README.md, DESIGN.md and docs/ says where its numbers come from.

The next line of text after such a table reads

    Measured: `command`, machine: AMD EPYC 9555 (2 cores), commit: 1a2b3c4

where the machine is `any` for figures that do not depend on one. A table is one of numbers when two
of its cells outside the first column are numbers.
"""

import re
import subprocess

from tree import Tree, run_check

_NUMBER_CELL = re.compile(r"[~<>±+-]?\d[\d,. ]*(?:%|x|[A-Za-zµ/]+)?(?: ?/ ?\d[\d,.]*)*")
_TRACE = re.compile(r"Measured: `[^`]+`, machine: \S.*, commit: ([0-9a-f]{7,40})\.?")


def tables(text):
    """(line number, rows, next line of text) of each table outside code blocks."""
    lines = text.splitlines()
    at, in_code = 0, False
    while at < len(lines):
        in_code ^= lines[at].lstrip().startswith("```")
        start = at
        while at < len(lines) and not in_code and lines[at].lstrip().startswith("|"):
            at += 1
        if at > start:
            following = next((line for line in lines[at:] if line.strip()), "")
            yield start + 1, lines[start:at], following.strip()
        at = max(at, start + 1)


def is_of_numbers(rows):
    cells = [cell.strip(" *`")
             for row in rows[2:] for cell in row.strip().strip("|").split("|")[1:]]
    return sum(1 for cell in cells if _NUMBER_CELL.fullmatch(cell)) >= 2


def git(tree, *words):
    return subprocess.run(["git", "-C", str(tree.root), *words],
                          capture_output=True, text=True, check=False)


def commits_are_known(tree):
    """Whether the whole history is here: not in an archive nor a shallow clone."""
    try:
        return git(tree, "rev-parse", "--is-shallow-repository").stdout.strip() == "false"
    except FileNotFoundError:
        return False


def find_faults(tree: Tree):
    faults, commits = [], {}
    papers = [path for path in ("README.md", "DESIGN.md") if tree.exists(path)]
    for path in papers + tree.files(("docs",), {".md"}):
        for number, rows, following in tables(tree.text(path)):
            if not is_of_numbers(rows):
                continue
            trace = _TRACE.fullmatch(following)
            if trace:
                commits.setdefault(trace.group(1), f"{path}:{number}")
            else:
                faults.append(f"{path}:{number}: numbers without a line "
                              "'Measured: `command`, machine: ..., commit: ...' below the table")
    if commits and commits_are_known(tree):
        faults += [f"{place}: commit {commit} is not in this repository"
                   for commit, place in commits.items()
                   if git(tree, "cat-file", "-e", commit + "^{commit}").returncode != 0]
    return faults


if __name__ == "__main__":
    run_check(find_faults, __doc__)
