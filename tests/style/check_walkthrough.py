#!/usr/bin/env python3
"""CONTRIBUTING.md walks through adding a kernel, an operation and a network, naming few files.

Each walk-through is a section with a numbered list; each item opens with the path of a file in
backticks, <placeholders> in it standing for names. Files of every path's kind exist in the tree.
"""

import re

from tree import Tree, run_check

MOST_FILES = {"Add a kernel": 2, "Add an operation": 6, "Add a network": 2}


def section(text, title):
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return match.group(1) if match else ""


def named_paths(text):
    """(paths that open the items of the numbered list, items without one)."""
    items = re.findall(r"^\d+\. (.*)$", text, re.MULTILINE)
    matches = [re.match(r"`([\w./<>-]+)`", item) for item in items]
    return ([match.group(1) for match in matches if match],
            [item for item, match in zip(items, matches) if not match])


def find_faults(tree: Tree):
    faults = []
    text = tree.text("CONTRIBUTING.md") if tree.exists("CONTRIBUTING.md") else ""
    for title, most in MOST_FILES.items():
        paths, nameless = named_paths(section(text, title))
        faults += [f"CONTRIBUTING.md: '{title}': the step '{item[:40]}' opens with no file"
                   for item in nameless]
        if not 1 <= len(set(paths)) <= most:
            faults.append(f"CONTRIBUTING.md: '{title}' names {len(set(paths))} files, 1 to {most}")
        for path in paths:
            pattern = re.sub(r"<[\w-]+>", "*", path)
            if not any(tree.root.glob(pattern)):
                faults.append(f"CONTRIBUTING.md: '{title}': nothing in the tree looks like {path}")
    return faults


if __name__ == "__main__":
    run_check(find_faults, __doc__)
