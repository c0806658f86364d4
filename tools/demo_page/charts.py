"""The page's drawings: learning curve, confusion matrix, memory of the plan."""

import numpy as np

from canvas import BLUE, GREY, INK, LINE, ORANGE, RED, WHITE, Canvas, blend
from pictures import NAMES

# Units. Frames are (left, top, right, bottom).
CURVE_FRAME = (62, 34, 840, 340)
MATRIX_LEFT, MATRIX_TOP, CELL = 116, 84, 56
MEMORY_FRAME = (84, 60, 900, 440)
HEADROOM = 1.03  # of the memory's axis above the larger of arena and bound

DEEP_BLUE = (8, 48, 107)  # of the fullest field of the confusion matrix
PALE = {BLUE: (205, 228, 242), ORANGE: (252, 232, 190)}


class Axes:
    """A frame on a canvas, and the way from values to places on it."""

    def __init__(self, canvas, frame, across, down):
        """`frame` is (left, top, right, bottom); `across` and `down` are the values' ranges."""
        self._canvas, self._frame = canvas, frame
        self._across, self._down = across, down

    def x(self, value):
        low, high = self._across
        return self._frame[0] + (value - low) / (high - low) * (self._frame[2] - self._frame[0])

    def y(self, value):
        low, high = self._down
        return self._frame[3] - (value - low) / (high - low) * (self._frame[3] - self._frame[1])

    def level_lines(self, values, words):
        for value in values:
            y = self.y(value)
            self._canvas.line([(self._frame[0], y), (self._frame[2], y)])
            self._canvas.text((self._frame[0] - 8, y), words(value), 11, GREY, "rm")

    def ticks(self, values, title):
        for value in values:
            self._canvas.text((self.x(value), self._frame[3] + 12), f"{value:g}", 11, GREY, "mm")
        middle = (self._frame[0] + self._frame[2]) / 2
        self._canvas.text((middle, self._frame[3] + 32), title, 12, GREY, "mm")


def round_steps(highest, about):
    """0, step, 2 step ... up to `highest`, with a step of 1, 2 or 5 times a power of ten."""
    rough = highest / about
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough * 0.999)
    return [step * number for number in range(int(highest / step * 1.001) + 1)]


def _curve(canvas, axes, rows, key, color):
    """Points joined, round or square so that colour is not all that tells the curves apart.

    Returns where the last point is.
    """
    points = [(axes.x(row["epoch"]), axes.y(100 * row[key])) for row in rows]
    canvas.line(points, color, 2)
    for x, y in points:
        if key == "train_error":
            canvas.box((x - 4, y - 4, x + 4, y + 4), color)
        else:
            canvas.dot((x, y), 5, color)
    return points[-1]


def learning_curve(rows, path):
    """Errors by epoch, and where the learning rate fell."""
    canvas = Canvas(1000, 400)
    frame = CURVE_FRAME
    highest = max(max(row["train_error"], row["validation_error"]) for row in rows) * 100
    ceiling = 5 * np.ceil(highest / 5)
    axes = Axes(canvas, frame, (0.6, len(rows) + 0.4), (0, ceiling))
    axes.level_lines(round_steps(ceiling, 6), lambda value: f"{value:g} %")
    axes.ticks([row["epoch"] for row in rows], "epoch")
    canvas.text((frame[0], 12), "Share of wrong answers", 13, INK, "lm", True)
    for before, row in zip([None] + rows, rows):
        if before and before["learning_rate"] == row["learning_rate"]:
            continue
        x = axes.x(row["epoch"] - 0.5) if before else frame[0]
        canvas.dashes((x, frame[1]), (x, frame[3]))
        canvas.text((x + 6, frame[3] - 12), f"rate {row['learning_rate']:g}", 11, GREY)
    ends = [(_curve(canvas, axes, rows, key, color), words, rows[-1][key], color)
            for key, words, color in (("train_error", "training images", RED),
                                      ("validation_error", "test images", BLUE))]
    # The lower label stands below its point's height where both would meet.
    ends.sort(key=lambda end: end[0][1])
    apart = max(0, 38 - (ends[1][0][1] - ends[0][0][1])) / 2
    for (end, words, error, color), shift in zip(ends, (-apart, apart)):
        at = frame[2] + 10, min(end[1] + shift, frame[3] - 12)
        canvas.text((at[0], at[1] - 8), words, 12, color, "lm", True)
        canvas.text((at[0], at[1] + 8), f"{error:.1%} wrong", 12, INK)
    canvas.save(path)


def confusion_matrix(confusion, path):
    """Shares of each true class, with counts; the scale is that of the square root, so that the
    few mistakes are seen beside the many right answers."""
    cell, left, top = CELL, MATRIX_LEFT, MATRIX_TOP
    canvas = Canvas(left + cell * len(NAMES) + 20, top + cell * len(NAMES) + 20)
    canvas.text((left + cell * len(NAMES) / 2, 14), "the model's answer", 13, INK, "mm", True)
    canvas.upright_text((14, top + cell * len(NAMES) / 2), "what it is", 13)
    for true, row in enumerate(confusion):
        middle = top + cell * (true + 0.5)
        canvas.text((left - 8, middle), NAMES[true], 12, INK, "rm")
        words = NAMES[true].split()
        for line, word in enumerate(words):
            y = top - 12 - 15 * (len(words) - 1 - line)
            canvas.text((left + cell * (true + 0.5), y), word, 11, INK, "mm")
        for answer, count in enumerate(row):
            share = (count / max(1, sum(row))) ** 0.5
            x, y = left + cell * answer, top + cell * true
            color = blend((244, 248, 252), DEEP_BLUE, share)
            canvas.box((x, y, x + cell, y + cell), color, WHITE)
            canvas.text((x + cell / 2, middle), str(count), 12,
                        WHITE if share > 0.5 else INK if count else LINE, "mm", answer == true)
    canvas.save(path)


def value_color(name):
    """Gradients are named after what they are the gradient of."""
    return ORANGE if name.startswith("d_") else BLUE


def kibibytes(size):
    return f"{size / 1024:,.0f} KiB"


def _legend(canvas, at):
    x, y = at
    for words, color in (("activations", BLUE), ("gradients", ORANGE)):
        canvas.box((x, y - 6, x + 12, y + 6), PALE[color], color)
        canvas.text((x + 18, y), words, 12)
        x += 34 + canvas.text_width(words, 12)


def _value_boxes(canvas, axes, values):
    for value in sorted(values, key=lambda value: -value.size):
        color = value_color(value.name)
        left, right = axes.x(value.first), axes.x(value.last + 1)
        top, bottom = axes.y(value.offset + value.size), axes.y(value.offset)
        canvas.box((left, top, right, bottom), PALE[color], color)
        size = min(12, right - left, bottom - top - 1)
        while size >= 8 and canvas.text_width(value.name, size) > right - left - 6:
            size -= 1
        if size >= 8:
            canvas.text((left + 4, (top + bottom) / 2), value.name, size)


def _bars(canvas, top, sums, worker_bytes):
    """Three sums as bars below each other."""
    rows = (("every value its own memory", sums["sum without sharing"], GREY),
            ("the plan's arena", worker_bytes, BLUE),
            ("lower bound: most alive at once", sums["lower bound"], RED))
    longest = max(size for _, size, _ in rows)
    for number, (words, size, color) in enumerate(rows):
        y = top + 26 * number
        end = 250 + 560 * size / longest
        canvas.text((238, y), words, 12, INK, "rm")
        canvas.box((250, y - 8, end, y + 8), color)
        canvas.text((end + 8, y), kibibytes(size), 12, INK, "lm", True)


def memory(plan, path):
    """The arena of one worker: each value a box from its first stage to its last, at its bytes."""
    canvas = Canvas(1000, 600)
    frame = MEMORY_FRAME
    arena, bound = plan.sums["arena per worker"], plan.sums["lower bound"]
    stages = 1 + max(value.last for value in plan.values)
    axes = Axes(canvas, frame, (0, stages), (0, max(arena, bound) * HEADROOM))
    canvas.text((8, 14), "Bytes of the arena, by stage of a training step", 13, INK, "lm", True)
    _legend(canvas, (700, 14))
    axes.level_lines([1024 * step for step in round_steps(arena / 1024, 5)], kibibytes)
    _value_boxes(canvas, axes, plan.values)
    axes.ticks(range(0, stages, 2), "stage")
    turn = axes.x(plan.first_backward)
    canvas.dashes((turn, frame[1] - 14), (turn, frame[3]))
    canvas.text((turn - 8, frame[1] - 8), "forward", 11, GREY, "rm")
    canvas.text((turn + 8, frame[1] - 8), "backward", 11, GREY, "lm")
    canvas.line([(frame[0], axes.y(bound)), (frame[2], axes.y(bound))], RED, 2)
    canvas.text((frame[2] + 8, axes.y(bound)), "lower bound", 12, RED)
    _bars(canvas, 520, plan.sums, arena)
    canvas.save(path)
