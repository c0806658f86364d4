"""Reads what the program wrote: metrics, evaluation, rows of scores, and the printed plan."""

import dataclasses
import json
import re


class Unusable(Exception):
    """What went wrong, in one sentence for the user."""


def read_rows(path):
    """The objects of a file with one a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_metrics(path):
    """The metrics' rows, one an epoch."""
    rows = read_rows(path)
    if not rows:
        raise Unusable(f"{path} holds no epoch: run tools/demo again")
    return rows


def read_evaluation(path):
    evaluation = json.loads(path.read_text(encoding="utf-8"))
    classes = len(evaluation["confusion"])
    if any(len(row) != classes for row in evaluation["confusion"]):
        raise Unusable(f"{path}: the confusion matrix is not square: run tools/demo again")
    return evaluation


def read_scores(path, count, broken):
    """The rows of `score`, which must be `count`, of which `broken` say why they have no answer."""
    rows = read_rows(path)
    errors = sum("error" in row for row in rows)
    if (len(rows), errors) != (count, broken):
        raise Unusable(f"{path} has {len(rows)} rows, {errors} of them errors, but {count} "
                       f"pictures were scored, {broken} of them broken: the demo fails here")
    return rows


def read_explanations(path):
    """The records of `explain` that have a picture; none where nothing was explained."""
    if not path.exists():
        return []
    images = json.loads(path.read_text(encoding="utf-8"))["images"]
    return [image for image in images if "strip" in image]


@dataclasses.dataclass(frozen=True)
class Value:
    """One value of the memory plan: bytes at an offset of the arena, from stage to stage."""
    name: str
    size: int
    offset: int
    first: int
    last: int


@dataclasses.dataclass(frozen=True)
class MemoryPlan:
    title: str
    device: str
    values: list
    sums: dict  # name -> bytes
    first_backward: int  # stage


_STEP = re.compile(r"(\d+)\s.*?\s(\w+)\s+\d+\s+[\d.]+\s+\d+\s+\d+\s+\S+")
_VALUE = re.compile(r"(\S+)\s+(\d+)\s+(\d+)\s+(\d+)-(\d+)")
_SUM = re.compile(r"(\S.*?)\s{2,}(\d+) bytes\b.*")
_SUMS = ("arena per worker", "sum without sharing", "lower bound")


def parse_plan(text):
    """Reads what `allconv plan --training` prints: steps, values and sums, one a line."""
    lines = text.splitlines()
    device = next((line for line in lines if line.startswith("allconv: device ")), "")
    title = next((line for line in lines if " training, " in line), "")
    steps = [match for match in map(_STEP.fullmatch, lines) if match]
    backward = [int(step[1]) for step in steps if re.search("backward|gradient", step[2])]
    values = [Value(match[1], *map(int, match.groups()[1:]))
              for match in map(_VALUE.fullmatch, lines) if match]
    sums = {match[1]: int(match[2]) for match in map(_SUM.fullmatch, lines) if match}
    missing = [name for name in _SUMS if name not in sums]
    if not backward or not values or missing:
        lacking = ", ".join(missing) or "steps or values of a training step"
        raise Unusable(f"the printed plan lacks {lacking}: the demo does not fit this program")
    return MemoryPlan(title, device.removeprefix("allconv: device "), values, sums, min(backward))


def read_plan(path):
    return parse_plan(path.read_text(encoding="utf-8"))
