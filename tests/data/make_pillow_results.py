#!/usr/bin/env python3
"""Writes tests/data/images: small synthetic images and what Pillow makes of them.

cases.txt has a line a case: FILE HEIGHT WIDTH FIT EXPECTED. HEIGHT 0 means "decoded only"; EXPECTED
is a raw file of (height, width, 3) bytes. Needs python3-pil and python3-numpy; run it only to
change the cases, the results are checked in.
"""
import pathlib

import numpy as np
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent / "images"
RANDOM = np.random.default_rng(7)


def picture(height, width, channels=3):
    """Waves, a hard edge and noise: smooth, sharp and rough areas in one image."""
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for channel in range(channels):
        wave = 127 + 90 * np.sin((channel + 2) * x / 9.0 + y / (5.0 + channel))
        edge = np.where(x + 2 * y > width, 60, 0)
        planes.append(wave + edge + RANDOM.integers(-25, 26, (height, width)))
    return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def over_white(image):
    """Alpha over white with exact rounding; sixteen bits are cut to eight before."""
    rgba = np.asarray(image.convert("RGBA")).astype(int)
    alpha = rgba[..., 3:]
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def sources():
    """Name -> how to write the file -> the RGB pixels that decoding must give."""
    rgb = Image.fromarray(picture(47, 61))
    grey = Image.fromarray(picture(20, 30, 1)[..., 0])
    rgba = Image.fromarray(picture(19, 23, 4))
    palette = rgb.crop((0, 0, 29, 31)).quantize(13)
    grey_alpha = Image.merge("LA", (grey, grey.rotate(180)))
    deep = picture(15, 17, 1)[..., 0].astype(np.uint16) * 256 + 201
    rotated = Image.fromarray(picture(24, 33))
    exif = Image.Exif()
    plain = {
        "rgb.png": (rgb, {}), "grey.png": (grey, {}), "palette.png": (palette, {}),
        "bit.png": (grey.convert("1"), {}), "strip.png": (rgb.crop((0, 9, 61, 10)), {}),
        "pixel.png": (rgb.crop((5, 5, 6, 6)), {}),
        "colour.jpg": (rgb, {"quality": 85}),
        "full_chroma.jpg": (rgb, {"quality": 95, "subsampling": 0}),
        "progressive.jpg": (rgb, {"quality": 80, "progressive": True}),
        "grey.jpg": (grey, {"quality": 90}),
    }
    for name, (image, options) in plain.items():
        image.save(FOLDER / name, **options)
        yield name, np.asarray(Image.open(FOLDER / name).convert("RGB"))
    for name, image, options in (("alpha.png", rgba, {}), ("grey_alpha.png", grey_alpha, {}),
                                 ("transparent_palette.png", palette, {"transparency": 3})):
        image.save(FOLDER / name, **options)
        yield name, over_white(Image.open(FOLDER / name))
    Image.fromarray(deep).save(FOLDER / "sixteen_bit.png")
    yield "sixteen_bit.png", np.repeat((deep >> 8).astype(np.uint8)[..., None], 3, -1)
    for orientation in range(2, 9):
        exif[0x0112] = orientation
        name = f"turned_{orientation}.jpg"
        rotated.save(FOLDER / name, quality=90, subsampling=0, exif=exif)
        stored = np.asarray(Image.open(FOLDER / name).convert("RGB"))
        yield name, upright(stored, orientation)
    rgb.convert("CMYK").save(FOLDER / "cmyk.jpg")
    yield "cmyk.jpg", np.asarray(Image.open(FOLDER / "cmyk.jpg").convert("RGB"))


def upright(stored, orientation):
    """The EXIF standard's eight positions, by numpy's own turns."""
    return {2: stored[:, ::-1], 3: np.rot90(stored, 2), 4: stored[::-1],
            5: stored.transpose(1, 0, 2), 6: np.rot90(stored, -1),
            7: np.rot90(stored, 2).transpose(1, 0, 2), 8: np.rot90(stored, 1)}[orientation]


def cover(pixels, height, width):
    """The smallest stretch of the same shape that covers the size, cut at its centre."""
    src_height, src_width = pixels.shape[:2]
    if src_width * height >= width * src_height:
        new_height, new_width = height, max(width, src_width * height // src_height)
    else:
        new_height, new_width = max(height, src_height * width // src_width), width
    resized = Image.fromarray(pixels).resize((new_width, new_height), Image.BILINEAR)
    top, left = (new_height - height) // 2, (new_width - width) // 2
    return np.asarray(resized)[top:top + height, left:left + width]


SIZES = {
    "rgb.png": [(32, 32), (7, 5), (90, 80), (1, 1), (47, 20), (20, 61), (46, 62)],
    "strip.png": [(5, 9), (1, 200)], "pixel.png": [(4, 6)], "colour.jpg": [(32, 32), (13, 64)],
}
COVERS = {"rgb.png": [(32, 32), (20, 50), (50, 11)], "strip.png": [(8, 8)], "grey.png": [(33, 33)]}


def main():
    FOLDER.mkdir(exist_ok=True)
    lines = []

    def add(name, fit, pixels):
        expected = f"{len(lines):03d}.rgb"
        (FOLDER / expected).write_bytes(np.ascontiguousarray(pixels).tobytes())
        height, width = (0, 0) if fit == "none" else pixels.shape[:2]
        lines.append(f"{name} {height} {width} {fit} {expected}\n")

    for name, pixels in sources():
        add(name, "none", pixels)
        for height, width in SIZES.get(name, []):
            add(name, "stretch", np.asarray(
                Image.fromarray(pixels).resize((width, height), Image.BILINEAR)))
        for height, width in COVERS.get(name, []):
            add(name, "cover", cover(pixels, height, width))
    (FOLDER / "cases.txt").write_text("".join(lines))


main()
