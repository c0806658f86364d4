"""Writers of image files that Pillow reads but does not write, for make_pillow_results.py."""
import struct
import zlib

import numpy as np


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def packed_rows(samples, depth):
    """(height, width, channels) -> bytes a row, samples of `depth` bits."""
    rows = samples.reshape(samples.shape[0], -1)
    if depth == 16:
        return [row.astype(">u2").tobytes() for row in rows]
    bits = np.unpackbits(rows.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth:]
    return [np.packbits(row.reshape(-1)).tobytes() for row in bits]


def png(samples, depth, colour_type, interlaced=False, chunks=()):
    """PNG of any depth and colour type, without row filters; Adam7 where interlaced."""
    height, width = samples.shape[:2]
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
              (1, 0, 2, 1)] if interlaced else [(0, 0, 1, 1)]
    stream = b""
    for top, left, down, right in passes:
        part = samples[top::down, left::right]
        if part.size:
            stream += b"".join(b"\0" + row for row in packed_rows(part, depth))
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            b"".join(chunk(kind, body) for kind, body in chunks) +
            chunk(b"IDAT", zlib.compress(stream, 9)) + chunk(b"IEND", b""))


def bmp(height, width, bits, pixels, compression=0, palette=b"", masks=b"", header_bytes=40,
        top_down=False):
    """BMP with the given pixel bytes, which begin behind header, masks and palette."""
    if header_bytes == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header_bytes, width, -height if top_down else height, 1,
                           bits, compression, len(pixels), 2835, 2835, len(palette) // 4, 0)
    info += masks  # behind the header of 40 bytes, inside longer ones
    info += b"\0" * (header_bytes - len(info))
    start = 14 + len(info)
    return (b"BM" + struct.pack("<IHHI", start + len(palette) + len(pixels), 0, 0,
                                start + len(palette)) + info + palette + pixels)


def bmp_rows(rows, top_down=False):
    """Rows of bytes, each filled up to whole 32-bit words, the lowest first."""
    ordered = rows if top_down else rows[::-1]
    return b"".join(row + b"\0" * (-len(row) % 4) for row in ordered)


def runs8(indices):
    """RLE8: runs for equal neighbours, literal pixels else."""
    out = b""
    for row in indices[::-1]:
        x = 0
        while x < len(row):
            same = 1
            while x + same < len(row) and row[x + same] == row[x] and same < 255:
                same += 1
            literal = row[x:x + 5]
            if same == 1 and len(literal) >= 3:
                out += bytes([0, len(literal)]) + bytes(literal) + b"\0" * (len(literal) % 2)
                x += len(literal)
            else:
                out += bytes([same, row[x]])
                x += same
        out += b"\0\0"
    return out + b"\0\1"


def runs4(indices):
    """RLE4: pairs of alternating indices."""
    out = b""
    for row in indices[::-1]:
        for x in range(0, len(row), 2):
            pair = list(row[x:x + 2])
            out += bytes([len(pair), pair[0] << 4 | pair[-1]])
        out += b"\0\0"
    return out + b"\0\1"
