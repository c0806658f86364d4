#!/usr/bin/env python3
"""Writes tests/data/images: small synthetic images and what Pillow makes of them.

cases.txt has a line a case: FILE HEIGHT WIDTH FIT EXPECTED. HEIGHT 0 means "decoded only"; EXPECTED
is a raw file of (height, width, 3) bytes. Needs python3-pil and python3-numpy; run it only to
change the cases, the results are checked in.
"""
import itertools
import pathlib

import image_writers as write
import numpy as np
from PIL import Image, ImageOps

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


def pillow_rgb(name):
    return np.asarray(ImageOps.exif_transpose(Image.open(FOLDER / name)).convert("RGB"))


def more_sources():
    """The same for the other formats and rarer kinds of PNG and JPEG."""
    yield from webp_sources()
    yield from bmp_sources()
    yield from netpbm_sources()
    yield from rare_png_sources()
    # The same data, told to be YCCK by Adobe's marker instead of CMYK.
    inks = bytearray((FOLDER / "cmyk.jpg").read_bytes())
    adobe = inks.find(b"Adobe")
    inks[adobe + 11] = 2
    (FOLDER / "ycck.jpg").write_bytes(inks)
    yield "ycck.jpg", pillow_rgb("ycck.jpg")


def webp_sources():
    rgb = Image.fromarray(picture(21, 27))
    rgba = Image.fromarray(picture(18, 14, 4))
    small = Image.new("RGBA", (20, 20))
    small.paste(rgba.crop((0, 0, 9, 8)), (6, 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    for name, image, options in (
            ("lossy.webp", rgb, {"quality": 80}), ("lossless.webp", rgb, {"lossless": True}),
            ("turned.webp", rgb, {"quality": 90, "exif": exif})):
        image.save(FOLDER / name, **options)
        yield name, pillow_rgb(name)
    for name, image, options in (
            ("lossy_alpha.webp", rgba, {"quality": 80}),
            ("lossless_alpha.webp", rgba, {"lossless": True, "exact": True}),
            ("animated.webp", small, {"save_all": True, "lossless": True, "exact": True,
                                      "append_images": [small.rotate(90)]})):
        image.save(FOLDER / name, **options)
        yield name, over_white(Image.open(FOLDER / name))


def bmp_sources():
    rgb = picture(13, 19)
    height, width = rgb.shape[:2]
    palette = Image.fromarray(rgb).quantize(16)
    indices = np.asarray(palette)
    colours = np.asarray(palette.getpalette()[:48], np.uint8).reshape(16, 3)
    windows_palette = b"".join(bytes([b, g, r, 0]) for r, g, b in colours)
    old_palette = b"".join(bytes([b, g, r]) for r, g, b in colours)
    alpha = picture(height, width, 1)
    wide = rgb.astype(np.uint16)
    red, green, blue = (wide[..., i] for i in range(3))
    five = ((red >> 3) << 10 | (green >> 3) << 5 | blue >> 3).astype("<u2")
    six = ((red >> 3) << 11 | (green >> 2) << 5 | blue >> 3).astype("<u2")
    rows = {"five": [row.tobytes() for row in five], "six": [row.tobytes() for row in six],
            "bgra": [row.tobytes() for row in np.concatenate([rgb[..., ::-1], alpha], -1)],
            "bgr": [row.tobytes() for row in rgb[..., ::-1]],
            "index4": write.packed_rows(indices[..., None], 4)}
    masks = {"six": np.array([0xF800, 0x7E0, 0x1F], "<u4").tobytes(),
             "bgra": np.array([0xFF0000, 0xFF00, 0xFF, 0xFF000000], "<u4").tobytes()}
    bmp, lines = write.bmp, write.bmp_rows
    made = {
        "index4.bmp": bmp(height, width, 4, lines(rows["index4"]), palette=windows_palette),
        "os2.bmp": bmp(height, width, 4, lines(rows["index4"]), palette=old_palette,
                       header_bytes=12),
        "five.bmp": bmp(height, width, 16, lines(rows["five"])),
        "six.bmp": bmp(height, width, 16, lines(rows["six"]), 3, masks=masks["six"]),
        "top_down.bmp": bmp(height, width, 24, lines(rows["bgr"], True), top_down=True),
        "no_alpha.bmp": bmp(height, width, 32, lines(rows["bgra"])),
        "runs8.bmp": bmp(height, width, 8, write.runs8(indices), 1, palette=windows_palette),
        "runs4.bmp": bmp(height, width, 4, write.runs4(indices), 2, palette=windows_palette),
        "alpha.bmp": bmp(height, width, 32, lines(rows["bgra"]), 3, masks=masks["bgra"],
                         header_bytes=108),
    }
    for name, data in made.items():
        (FOLDER / name).write_bytes(data)
        yield name, over_white(Image.open(FOLDER / name))
    image = Image.fromarray(rgb)
    for name, stored in (("rgb.bmp", image), ("grey.bmp", image.convert("L")),
                         ("bit.bmp", image.convert("1")), ("index8.bmp", image.quantize(200))):
        stored.save(FOLDER / name)
        yield name, pillow_rgb(name)


def netpbm_sources():
    rgb = picture(11, 13)
    grey = rgb[..., 0]
    small = (rgb.astype(int) * 100 // 255).astype(np.uint8)
    deep = rgb.astype(np.uint16) * 256 + 77
    size = b"13 # columns\n11\n"
    words = {name: b" ".join(b"%d" % value for value in array.reshape(-1))
             for name, array in (("rgb", rgb), ("grey", grey), ("bit", grey // 128))}
    made = {
        "bytes.ppm": b"P6\n" + size + b"255\n" + rgb.tobytes(),
        "bytes.pgm": b"P5 # grey\n" + size + b"255\n" + grey.tobytes(),
        "hundred.ppm": b"P6\n" + size + b"100\n" + small.tobytes(),
        "text.ppm": b"P3\n" + size + b"255\n" + words["rgb"] + b"\n",
        "text.pgm": b"P2\n" + size + b"255\n# samples\n" + words["grey"] + b"\n",
        "text.pbm": b"P1\n" + size + words["bit"].replace(b" ", b"") + b"\n",
        "bits.pbm": b"P4\n" + size + np.packbits(grey // 128, axis=1).tobytes(),
    }
    for name, data in made.items():
        (FOLDER / name).write_bytes(data)
        yield name, pillow_rgb(name)
    (FOLDER / "deep.ppm").write_bytes(b"P6\n" + size + b"65535\n" + deep.astype(">u2").tobytes())
    yield "deep.ppm", (deep >> 8).astype(np.uint8)
    (FOLDER / "deep.pgm").write_bytes(b"P5\n" + size + b"65535\n" +
                                      deep[..., 0].astype(">u2").tobytes())
    yield "deep.pgm", np.repeat((deep[..., :1] >> 8).astype(np.uint8), 3, -1)


def rare_png_sources():
    rgba = picture(15, 17, 4)
    deep = rgba.astype(np.uint16) * 256 + 200
    grey = rgba[..., :1]
    key = bytes([0, int(grey[3, 4, 0] >> 4)])
    made = {
        "interlaced.png": write.png(rgba[..., :3], 8, 2, True),
        "interlaced_alpha.png": write.png(rgba, 8, 6, True),
        "interlaced_pixel.png": write.png(rgba[:1, :1, :3], 8, 2, True),
        "interlaced_two.png": write.png(grey >> 6, 2, 0, True),
        "two_bits.png": write.png(grey >> 6, 2, 0), "four_bits.png": write.png(grey >> 4, 4, 0),
        "colour_key.png": write.png(rgba[..., :3], 8, 2, chunks=[
            (b"tRNS", b"".join(bytes([0, value]) for value in rgba[2, 3, :3]))]),
    }
    for name, data in made.items():
        (FOLDER / name).write_bytes(data)
        yield name, over_white(Image.open(FOLDER / name))
    # Pillow compares a key of four bits with samples of eight.
    (FOLDER / "four_bits_key.png").write_bytes(
        write.png(grey >> 4, 4, 0, chunks=[(b"tRNS", key)]))
    levels = (grey >> 4) * 17
    yield "four_bits_key.png", np.repeat(np.where(grey >> 4 == key[1], 255, levels), 3, -1).astype(
        np.uint8)
    # Pillow makes 8 bits of 16 in ways of its own, so the contract's ">> 8" stands here.
    (FOLDER / "deep_rgb.png").write_bytes(write.png(deep[..., :3], 16, 2))
    yield "deep_rgb.png", (deep[..., :3] >> 8).astype(np.uint8)
    (FOLDER / "deep_alpha.png").write_bytes(write.png(deep, 16, 6))
    yield "deep_alpha.png", over_white(Image.fromarray((deep >> 8).astype(np.uint8)))
    exif = Image.Exif()
    exif[0x0112] = 8
    Image.fromarray(rgba[..., :3]).save(FOLDER / "turned.png", exif=exif)
    yield "turned.png", pillow_rgb("turned.png")
    for bits in (1, 2, 4):
        name = f"palette_{bits}.png"
        Image.fromarray(rgba[..., :3]).quantize(1 << bits).save(FOLDER / name, bits=bits)
        yield name, pillow_rgb(name)


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

    for name, pixels in itertools.chain(sources(), more_sources()):
        add(name, "none", pixels)
        for height, width in SIZES.get(name, []):
            add(name, "stretch", np.asarray(
                Image.fromarray(pixels).resize((width, height), Image.BILINEAR)))
        for height, width in COVERS.get(name, []):
            add(name, "cover", cover(pixels, height, width))
    (FOLDER / "cases.txt").write_text("".join(lines))


main()
