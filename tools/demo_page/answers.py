"""Scored pictures with their three most probable classes, drawn as cards."""

import dataclasses
import pathlib
import textwrap

from PIL import Image

from canvas import BLUE, GREY, INK, LINE, RED, WHITE, Canvas
from pictures import NAMES

CARD_WIDTH, CARD_HEIGHT, CARDS_A_ROW = 262, 108, 4
PICTURE = 84  # units: three a pixel
MISTAKES = 11  # beside the broken picture


@dataclasses.dataclass(frozen=True)
class Answer:
    path: pathlib.Path
    truth: str
    row: dict  # of the scores
    tops: list  # (name, probability), the most probable first; none for a broken picture

    @property
    def is_wrong(self):
        return bool(self.tops) and self.tops[0][0] != self.truth


def _tops(row, name):
    return [(name(top["class"]), top["probability"]) for top in row.get("top", [])]


def read_answers(rows):
    """Of Fashion-MNIST: the picture's folder is its true class, and classes are numbers."""
    paths = [pathlib.Path(row["path"]) for row in rows]
    return [Answer(path, NAMES[int(path.parent.name)], row,
                   _tops(row, lambda number: NAMES[int(number)]))
            for path, row in zip(paths, rows)]


def read_photographs(rows):
    """The file's name begins with its true class."""
    paths = [pathlib.Path(row["path"]) for row in rows]
    return [Answer(path, path.name.split("-")[0], row, _tops(row, str))
            for path, row in zip(paths, rows)]


def first_two_of_each(answers):
    chosen = []
    for name in NAMES:
        chosen += [answer for answer in answers if answer.truth == name and answer.tops][:2]
    return chosen


def surest_mistakes_and_broken(answers):
    """The wrong answers with the highest probability, then the pictures without an answer."""
    wrong = sorted((answer for answer in answers if answer.is_wrong),
                   key=lambda answer: -answer.tops[0][1])
    return wrong[:MISTAKES] + [answer for answer in answers if not answer.tops]


def _card_of_error(canvas, x, y, answer):
    canvas.box((x, y + 8, x + PICTURE, y + 8 + PICTURE), (246, 246, 246), LINE)
    canvas.line([(x, y + 8), (x + PICTURE, y + 8 + PICTURE)])
    canvas.line([(x, y + 8 + PICTURE), (x + PICTURE, y + 8)])
    left = x + PICTURE + 10
    canvas.text((left, y + 16), "no answer", 12, RED, "lm", True)
    error = answer.row["error"]
    words = f"{answer.path.name}, stage {error['stage']}: {error['message']}"
    lines = textwrap.wrap(words, 25, max_lines=5, placeholder=" ...")
    for number, line in enumerate(lines):
        canvas.text((left, y + 34 + 14 * number), line, 10)


def _card(canvas, x, y, answer):
    canvas.paste(Image.open(answer.path), (x, y + 8), PICTURE)
    left = x + PICTURE + 10
    mark, color = ("is", GREY) if not answer.is_wrong else ("wrong: is", RED)
    canvas.text((left, y + 15), f"{mark} {answer.truth}", 11, color, "lm", answer.is_wrong)
    for rank, (name, probability) in enumerate(answer.tops[:3]):
        middle = y + 36 + 21 * rank
        hit = name == answer.truth
        canvas.text((left, middle), name, 11, INK, "lm", hit)
        canvas.text((left + 148, middle), f"{probability:.1%}", 11, INK, "rm")
        end = left + 148 * max(0.004, probability)
        canvas.box((left, middle + 9, left + 148, middle + 11), LINE)
        canvas.box((left, middle + 9, end, middle + 11), BLUE if hit else RED if rank == 0
                   else GREY)


def grid(answers, path):
    """Cards in rows."""
    lines = -(-len(answers) // CARDS_A_ROW)
    canvas = Canvas(CARD_WIDTH * CARDS_A_ROW, CARD_HEIGHT * lines)
    canvas.box((0, 0, canvas.width, canvas.height), WHITE)
    for number, answer in enumerate(answers):
        line, column = divmod(number, CARDS_A_ROW)
        draw = _card if answer.tops else _card_of_error
        draw(canvas, CARD_WIDTH * column + 8, CARD_HEIGHT * line, answer)
    canvas.save(path)
