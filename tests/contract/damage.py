"""Files that are wrong in many ways, made from sound ones; the same ones on every run."""

import io
import random
import struct
import zlib

import numpy as np
from PIL import Image

from checks import picture


def encoded(image, kind, **options):
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


def sound_images():
    """[(suffix, bytes)]: every format, and the kinds of each that differ for a decoder."""
    rgb = picture(1, 20, 30)
    grey = Image.fromarray(rgb[:, :, 0])
    images = [("png", encoded(rgb, "PNG")), ("png", encoded(grey, "PNG")),
              ("png", encoded(grey.convert("1"), "PNG")),
              ("png", encoded(Image.fromarray(rgb).quantize(50), "PNG")),
              ("png", encoded(Image.fromarray(rgb).convert("RGBA"), "PNG")),
              ("png", encoded(rgb[:, :, 0].astype(np.uint16) * 257, "PNG")),
              ("jpg", encoded(rgb, "JPEG")), ("jpg", encoded(grey, "JPEG")),
              ("jpg", encoded(rgb, "JPEG", progressive=True)),
              ("jpg", encoded(Image.fromarray(rgb).convert("CMYK"), "JPEG")),
              ("jpg", encoded(rgb, "JPEG", exif=turned(6))),
              ("bmp", encoded(rgb, "BMP")), ("bmp", encoded(grey.convert("1"), "BMP")),
              ("bmp", encoded(Image.fromarray(rgb).quantize(50), "BMP")),
              ("ppm", encoded(rgb, "PPM")), ("pgm", encoded(grey, "PPM")),
              ("ppm", b"P3\n2 1\n255\n0 1 2 3 4 5\n")]
    Image.init()
    if "WEBP" in Image.SAVE:
        images += [("webp", encoded(rgb, "WEBP")), ("webp", encoded(rgb, "WEBP", lossless=True)),
                   ("webp", encoded(Image.fromarray(rgb).convert("RGBA"), "WEBP"))]
    return images


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def png_of(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks)


def png_header(height, width, depth=8, colour=2, interlaced=0):
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)


def bombs():
    """[(suffix, bytes)]: small files that claim, or unpack to, much more than they are."""
    nothing = (b"IDAT", zlib.compress(b"\0" * 64))
    end = (b"IEND", b"")
    zeros = zlib.compress(bytes(64 << 20), 9)
    images = [("png", png_of(png_header(*size), nothing, end))
              for size in ((14_000, 14_000), (1, 2**31 - 1), (2**31 - 1, 1), (0, 5), (2**16, 2**16),
                           (2**32 - 1, 2**32 - 1))]
    images.append(("png", png_of(png_header(14_000, 14_000, interlaced=1), nothing, end)))
    # All pixels are there: 196 million of a bit each, in 24 KB.
    bits = zlib.compress(b"\0" * (14_000 * (1 + 14_000 // 8)), 9)
    images += [("png", png_of(png_header(14_000, 14_000, 1, 0), (b"IDAT", bits), end))] * 2
    images.append(("png", png_of(png_header(2, 2), (b"zTXt", b"note\0\0" + zeros), nothing, end)))
    images.append(("png", png_of(png_header(2, 2), (b"iCCP", b"icc\0\0" + zeros), nothing, end)))
    images.append(("png", png_of(png_header(2, 2), (b"IDAT", zeros), end)))
    jpeg = encoded(picture(1, 8, 8), "JPEG")
    start = jpeg.index(b"\xff\xc0") + 5
    for height, width in ((65_500, 65_500), (65_500, 3_000), (0, 8), (8, 0)):
        images.append(("jpg", jpeg[:start] + struct.pack(">HH", height, width) + jpeg[start + 4:]))
    scans = encoded(picture(1, 64, 64), "JPEG", progressive=True)
    last = scans.rindex(b"\xff\xda")
    images.append(("jpg", scans[:last] + scans[last:-2] * 3000 + scans[-2:]))
    bmp = encoded(picture(1, 8, 8), "BMP")
    for height, width in ((14_000, 14_000), (-2**31, 1), (2**31 - 1, 2**31 - 1), (1, -1)):
        images.append(("bmp", bmp[:18] + struct.pack("<ii", width, height) + bmp[26:]))
    for text in (b"P6\n14000 14000\n255\n", b"P6\n99999999999999999999 1\n255\n",
                 b"P6\n-1 -1\n255\n", b"P3\n9000 9000\n255\n0 0", b"P5\n9 9\n65535\n",
                 b"P6\n#" + b"x" * 100_000):
        images.append(("ppm", text))
    images += [("webp", b"RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\xff/\xff\xff\xff\xff"
                + b"\0" * 64),
               ("webp", b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0\xff\xff\xff\xff\xff\xff")]
    return images


_NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]


def damaged(data, noise: random.Random):
    """`data` with one to three changes; `noise` decides which."""
    data = bytearray(data)
    for _ in range(noise.randint(1, 3)):
        place = noise.randrange(len(data) + 1)
        span = noise.randint(1, 40)
        kind = noise.randrange(7)
        if kind == 0:
            del data[place:]
        elif kind == 1:
            del data[place:place + span]
        elif kind == 2:
            data[place:place] = data[place:place + span]
        elif kind == 3:
            data[place:place] = noise.randbytes(span)
        elif kind == 4:
            data[place:place + 4] = struct.pack(noise.choice("<>") + "I", noise.choice(_NUMBERS))
        elif place < len(data):
            flipped = data[place] ^ 1 << noise.randrange(8)
            data[place] = noise.randrange(256) if kind == 5 else flipped
    return bytes(data)
