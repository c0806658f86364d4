"""A page to draw on, in units that are two pixels wide so that it stays sharp on fine screens."""

import base64

from PIL import Image, ImageDraw, ImageFont

from results import Unusable

SCALE = 2  # pixels a unit
FONTS = "/usr/share/fonts/truetype/dejavu"

# Okabe and Ito's colours, which colour-blind people tell apart.
BLUE, ORANGE, RED = (0, 114, 178), (230, 159, 0), (213, 94, 0)
INK, GREY, LINE, WHITE = (34, 34, 34), (110, 110, 110), (218, 218, 218), (255, 255, 255)


def blend(low, high, share):
    """The colour at `share` (0 to 1) of the way from low to high."""
    return tuple(round(a + (b - a) * share) for a, b in zip(low, high))


def font(size, bold=False):
    path = f"{FONTS}/DejaVuSans{'-Bold' if bold else ''}.ttf"
    try:
        return ImageFont.truetype(path, round(size * SCALE))
    except OSError as error:
        raise Unusable(f"cannot read the font {path}: install fonts-dejavu-core") from error


class Canvas:
    """Draws in units from the upper left corner; colours are (red, green, blue)."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self._image = Image.new("RGB", (round(width * SCALE), round(height * SCALE)), WHITE)
        self._draw = ImageDraw.Draw(self._image)

    def text(self, at, words, size=12, color=INK, anchor="lm", bold=False):
        """`anchor` as Pillow has it: l, m or r across, then t, m or b down."""
        self._draw.text(_scaled(at), words, color, font(size, bold), anchor=anchor)

    def text_width(self, words, size, bold=False):
        return self._draw.textlength(words, font(size, bold)) / SCALE

    def upright_text(self, at, words, size=12, color=INK):
        """Bold text that reads from below, centred."""
        own = Canvas(self.text_width(words, size, True) + 4, size * 1.6)
        own.text((own.width / 2, own.height / 2), words, size, color, "mm", True)
        turned = own._image.transpose(Image.Transpose.ROTATE_90)
        self._image.paste(turned, _scaled((at[0] - own.height / 2, at[1] - own.width / 2)))

    def line(self, points, color=LINE, width=1.0):
        self._draw.line([_scaled(point) for point in points], color, round(width * SCALE),
                        joint="curve")

    def dashes(self, start, end, color=GREY, dash=5.0):
        """A dashed line, upright or level."""
        length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
        place = 0.0
        while place < length:
            stop = min(place + dash, length)
            ends = [tuple(a + (b - a) * at / length for a, b in zip(start, end))
                    for at in (place, stop)]
            self.line(ends, color)
            place += 2 * dash

    def box(self, corners, fill=None, outline=None):
        """`corners` are (left, top, right, bottom)."""
        self._draw.rectangle(_scaled(corners), fill, outline, SCALE // 2)

    def dot(self, at, radius, color):
        around = (at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius)
        self._draw.ellipse(_scaled(around), color)

    def paste(self, image, at, size):
        """A picture as a square of `size` units, its pixels seen."""
        side = round(size * SCALE)
        self._image.paste(image.convert("RGB").resize((side, side), Image.Resampling.NEAREST),
                          _scaled(at))

    def save(self, path):
        self._image.save(path, optimize=True)


def _scaled(numbers):
    return tuple(round(number * SCALE) for number in numbers)


def units_wide(path):
    """The width of a saved canvas."""
    with Image.open(path) as image:
        return image.width / SCALE


def data_uri(path):
    """The PNG as an address that holds it."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
