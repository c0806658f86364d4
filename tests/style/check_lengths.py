#!/usr/bin/env python3
"""Lengths of files and functions, parameters and nesting of the product's sources.

No value exceeds the maximum of its measure, and the percentiles hold for everything together. What
stands in exceptions.txt has a limit of its own, for a reason, and is left out of both.
"""

import dataclasses
import math
import re

from tree import Tree, run_check

EXCEPTIONS = "tests/style/exceptions.txt"


@dataclasses.dataclass(frozen=True)
class Bar:
    maximum: int
    percent: int
    percentile: int


BARS = {
    "file_lines": Bar(maximum=550, percent=90, percentile=340),
    "function_lines": Bar(maximum=120, percent=99, percentile=50),
    "parameters": Bar(maximum=6, percent=90, percentile=3),
    "nesting": Bar(maximum=4, percent=99, percentile=3),
}
HALF_OF_ALL_LINES_UP_TO = 22


def percentile(values, percent):
    """The smallest value that at least `percent` per cent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def half_of_all_lines(lengths):
    """The length of the functions that hold the middle line, functions in order of length."""
    total, seen = sum(lengths), 0
    for length in sorted(lengths):
        seen += length
        if 2 * seen >= total:
            return length
    return 0


def read_exceptions(text):
    """{(measure, place): limit} from lines 'measure place limit reason'; faults of the others."""
    exceptions, faults = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\w+) (\S+) (\d+) (\S+(?: \S+){2,})", line)
        if match is None or match.group(1) not in BARS:
            faults.append(f"{EXCEPTIONS}:{number}: is not 'measure place limit reason in words'")
        else:
            exceptions[match.group(1), match.group(2)] = int(match.group(3))
    return exceptions, faults


def measure(tree):
    """{measure: [(place, value)]}; a place is path or path:function."""
    values = {name: [] for name in BARS}

    def record(name, place, value):
        values[name].append((place, value))

    for path in tree.product_sources():
        source = tree.source(path)
        record("file_lines", path, len(source.lines))
        for function in source.functions():
            place = f"{path}:{function.name}"
            record("function_lines", place, function.lines)
            record("parameters", place, function.parameters)
            record("nesting", place, function.nesting)
    return values


def find_faults(tree: Tree):
    values = measure(tree)
    text = tree.text(EXCEPTIONS) if tree.exists(EXCEPTIONS) else ""
    exceptions, faults = read_exceptions(text)
    for name, bar in BARS.items():
        for place, value in values[name]:
            limit = exceptions.get((name, place), bar.maximum)
            if value > limit:
                faults.append(f"{place}: {name} {value}, at most {limit}")
        usual = [value for place, value in values[name] if (name, place) not in exceptions]
        if usual and percentile(usual, bar.percent) > bar.percentile:
            faults.append(f"{name}: the {bar.percent}th percentile is "
                          f"{percentile(usual, bar.percent)}, at most {bar.percentile}")
    for name, place in exceptions:
        largest = max((value for other, value in values[name] if other == place), default=0)
        if largest <= BARS[name].percentile:
            faults.append(f"{EXCEPTIONS}: {place} needs no exception from {name}")
    half = half_of_all_lines([value for _, value in values["function_lines"]])
    if half > HALF_OF_ALL_LINES_UP_TO:
        faults.append(f"half of all lines stand in functions of up to {half} lines, "
                      f"at most {HALF_OF_ALL_LINES_UP_TO}")
    return faults


if __name__ == "__main__":
    run_check(find_faults, __doc__)
