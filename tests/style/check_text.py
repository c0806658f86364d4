#!/usr/bin/env python3
"""Comments, columns, conditional compilation, and what must not be left behind in sources."""

import re

from tree import PRODUCT_FOLDERS, SOURCE_SUFFIXES, TEST_FOLDERS, Tree, run_check

COMMENT_SHARE = (0.12, 0.22)  # lines with a comment among the lines that are not blank
MAX_COLUMNS = 100
CONDITIONALS_PER_THOUSAND_LINES = 0.7
WRITTEN_BY_HAND = SOURCE_SUFFIXES | {".py", ".cmake", ".txt", ""}

_MARKER = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_DEAD = re.compile(r"^\s*#\s*if\s+(0|false)\b|\bif\s*\(\s*(false|0)\s*\)")
_CODE_IN_COMMENT = re.compile(r"""^\s?(?=\S)(
    \#\s*(if|ifdef|ifndef|include|define|endif|pragma)\b.*
  | (return|break|continue|throw)\b[^.]*;
  | (if|for|while|switch)\ \(.*[{;]
  | [\w:.<>\[\]-]+\([^\s)][^.]*\);
  | [\w:.\[\]-]+\(\);
  | [\w:<>,*&\ .\[\]-]+\ [-+*/|&]?=\ .*;
  | \}(\ else\ \{)?;?
)$""", re.VERBOSE)


def comment_body_lines(token):
    """(line, text) of a comment without its slashes and stars."""
    for offset, text in enumerate(token.text.split("\n")):
        text = re.sub(r"^\s*(//+|/\*+|\*(?!/))", "", text)
        yield token.line + offset, re.sub(r"\*+/$", "", text).rstrip()


def is_commented_out_code(text):
    """Whether a comment's line reads as a statement. Examples and formulas are indented instead."""
    return _CODE_IN_COMMENT.match(text) is not None


def source_faults(path, source):
    faults = []
    for token in source.comments:
        for line, text in comment_body_lines(token):
            if _MARKER.search(text):
                faults.append(f"{path}:{line}: a note to finish something: finish it instead")
            if is_commented_out_code(text):
                faults.append(f"{path}:{line}: code in a comment: remove it, or indent an example")
    for number, line in enumerate(source.lines, 1):
        if _DEAD.search(line):
            faults.append(f"{path}:{number}: code that never runs")
    return faults


def column_faults(tree):
    faults = []
    paths = tree.files(PRODUCT_FOLDERS + TEST_FOLDERS + ("cmake",), WRITTEN_BY_HAND)
    for path in paths:
        name = path.rsplit("/", 1)[-1]
        is_data = name.endswith(".txt") and name != "CMakeLists.txt"
        if is_data or "." not in name and not path.startswith("tools/"):
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if len(line) > MAX_COLUMNS:
                faults.append(f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}")
    return faults


def find_faults(tree: Tree):
    faults = column_faults(tree)
    lines = comments = conditionals = total = 0
    for path in tree.all_sources():
        faults += source_faults(path, tree.source(path))
    for path in tree.product_sources():
        source = tree.source(path)
        total += len(source.lines)
        lines += sum(1 for line in source.lines if line.strip())
        comments += len(source.comment_lines())
        conditionals += sum(1 for token in source.directives
                            if re.match(r"\s*#\s*if", token.text))
    share = comments / max(1, lines)
    if lines and not COMMENT_SHARE[0] <= share <= COMMENT_SHARE[1]:
        faults.append(f"{share:.1%} of the lines hold a comment, "
                      f"{COMMENT_SHARE[0]:.0%} to {COMMENT_SHARE[1]:.0%} wanted")
    if 1000 * conditionals > CONDITIONALS_PER_THOUSAND_LINES * total:
        faults.append(f"{conditionals} conditional directives in {total} lines, at most "
                      f"{CONDITIONALS_PER_THOUSAND_LINES} in 1,000")
    print(f"{share:.1%} of {lines} lines hold a comment; {conditionals} conditional directives")
    return faults


if __name__ == "__main__":
    run_check(find_faults, __doc__)
