#!/usr/bin/env python3
"""Makes the seeds in tests/fuzz/corpus anew: small valid files of every kind that targets read.

Files named regression_* are inputs that once broke a promise; they are kept as they are. One
function a target, named after it, yields (name, bytes).
"""

import gzip
import io
import json
import lzma
import pathlib
import struct
import subprocess
import sys
import tarfile

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "contract"))

import oracle  # noqa: E402  (the written contract in NumPy)


def conv(name, filters, kernel=(1, 1), stride=(1, 1), padding=(0, 0, 0, 0)):
    return {"op": "conv2d", "name": name, "filters": filters, "kernel": list(kernel),
            "stride": list(stride), "padding": list(padding)}


AVERAGE, SOFTMAX = {"op": "global_average_pool"}, {"op": "softmax"}
SMALL = {"name": "small", "input": [3, 2, 2], "layers": [conv("c", 2), AVERAGE, SOFTMAX]}
EVERY_LAYER = {"name": "every", "input": [3, 9, 8], "layers": [
    {"op": "dropout", "rate": 0.2}, conv("conv1", 4, (3, 3), (2, 2), (1, 0, 1, 2)), {"op": "relu"},
    {"op": "max_pool", "kernel": [2, 2], "stride": [2, 1], "padding": [0, 0, 1, 1]},
    conv("conv2", 3), {"op": "leaky_relu", "slope": 0.333}, AVERAGE, SOFTMAX]}


def picture(height, width, channels, seed=7):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def smooth(height, width):
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 9, columns * 9, rows * columns], 2).astype(np.uint8)


def encoded(image, kind, **options):
    """The bytes of a Pillow image, or of an array, in a file format."""
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


# --- Texts -------------------------------------------------------------------------------------

def json_():
    yield "values", b'{"a": [1, -2, 3.5e-3, true, false, null], "b": {"c": "\\u00e9\\n\xc3\xa9"}}'
    yield "nested", b"[[[[[[0]]]]]]"
    yield "nested_too_deep", b"[[[[[[[0]]]]]]]"
    yield "too_many", b"[" + b",".join([b"0"] * 64) + b"]"
    yield "text", b' "text" '


def network_json():
    for network in (SMALL, EVERY_LAYER):
        yield network["name"], json.dumps(network).encode()


def recipe():
    for path in sorted((HERE.parent.parent / "recipes").glob("*c*100.json")):
        yield path.stem, path.read_bytes()
    yield "own", json.dumps({"settings": {"epochs": 3, "learning-rate": 1e-3, "augment": "heavy"},
                             "results": [{"error": 9.5, "of": "a set", "notes": "once"}],
                             "paper_error": None, "notes": []}).encode()


def history():
    header = {"data": "/a", "validate": None, "epochs": 3, "network": "tiny", "batch_size": 8,
              "learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.001, "schedule": "step:3",
              "warm_up": 0, "augment": "flip", "seed": 3}
    row = {"epoch": 1, "train_loss": 1.5, "train_error": 0.5, "validation_error": None,
           "learning_rate": 0.05, "seconds": 1.25, "images_per_second": 800.0,
           "layers": [{"name": "conv1", "weight_norm": 2.5, "gradient_norm": None, "units": 8,
                       "dead": 1},
                      {"name": "conv2", "weight_norm": 0, "gradient_norm": 1e-9, "units": 2,
                       "dead": None}]}
    lines = [header, row, {**row, "epoch": 2, "device_changed": True},
             {**row, "epoch": 1, "dead_start": True, "seed": 3}]
    yield "whole", "".join(json.dumps(line) + "\n" for line in lines).encode()
    yield "torn", "".join(json.dumps(line) + "\n" for line in lines).encode()[:-40]


def preparation_json():
    plain = oracle.plain_prepare({"input": [3, 8, 9]})
    yield "plain", json.dumps(plain).encode()
    yield "all", json.dumps({**plain, "fit": "cover", "zca": True, "mean": [0.5, 1e-3, 0],
                             "gcn": {"scale": 55, "epsilon": 1e-8}}).encode()


def class_names():
    yield "words", b'["cat", "dog", "\xc3\xa9"]'
    yield "escapes", b'["", "\\ud83d\\ude00", "a\\tb"]'


def tuning_file():
    entry = {"operation": "conv2d_forward", "problem": "h8w8c3k4r3s3p1", "candidates": [
        {"kernel": "conv2d_forward_cpu_simd", "milliseconds": 0.25},
        {"kernel": "conv2d_forward_reference", "milliseconds": 3}]}
    file = {"format": "allconv-tuning-1", "device": "a CPU, avx2", "entries": [entry]}
    yield "one", json.dumps(file).encode()
    other = {**entry, "problem": "h1w1", "candidates": []}
    yield "two", json.dumps({**file, "entries": [entry, other]}, indent=2).encode()
    way = {"kernel": "conv2d_forward_cudnn", "milliseconds": 0.5, "way": "engine 34",
           "workspace_bytes": 4096, "plan": "{\"engine\": 34, \"knobs\": [1, \"\u00e9\"]}"}
    timed = {**entry, "problem": "n8h8w8c8k16r3s3u1v1p1", "precision": "bf16", "mask": True,
             "exact": False, "clock_mhz": 1410.5, "candidates": [way, *entry["candidates"]]}
    yield "gpu", json.dumps({**file, "device": "a GPU, sm_90",
                             "versions": {"allconv": "1", "cudnn": "9.19.0", "driver": "13.0"},
                             "entries": [timed, {**timed, "mask": False}]}, indent=2).encode()


def problem_text():
    yield "conv2d", b"n128h32w32c96k96r3s3u2v2p1"
    yield "padding", b"n1h3w3c1r2s2pt1pl2pb0pr1"
    yield "fraction", b"n2h3w4c5a0.333"


# --- Models ------------------------------------------------------------------------------------

def model(network, classes, prepare=None, metadata=None, **tensors):
    tensors = {**oracle.random_tensors(network), **tensors}
    prepare = {**oracle.plain_prepare(network), **(prepare or {})}
    return oracle.model_bytes(tensors, network, classes, prepare, metadata)


def model_file():
    yield "small", model(SMALL, ["a", "b"])
    size = 3 * 2 * 2
    yield "whitened", model(SMALL, ["a", "b"], {"zca": True}, **{
        "prepare.mean": np.zeros(size), "prepare.whiten": np.eye(size)})
    yield "more", model(EVERY_LAYER, ["a", "b", "c"], {"gcn": {"scale": 1, "epsilon": 0}},
                        {"author": "someone"}, other=np.ones((2, 3)))


def safetensors():
    def file(header, data=b""):
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data
    yield "empty", file({})
    yield "metadata", file({"__metadata__": {"key": "value"}})
    kinds = {"a": ("F64", [1], 8), "b": ("I32", [2, 1], 8), "c": ("BF16", [], 2),
             "d": ("U8", [3], 3), "e": ("F4", [2], 1), "f": ("F32", [0, 7], 0)}
    header, end = {}, 0
    for name, (dtype, shape, size) in kinds.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    yield "types", file(header, bytes(range(end)))


# --- Images ------------------------------------------------------------------------------------

def png():
    yield "rgb", encoded(picture(3, 4, 3), "PNG")
    yield "smooth", encoded(smooth(16, 17), "PNG")
    yield "grey", encoded(picture(3, 4, 1), "PNG")
    yield "alpha", encoded(picture(3, 4, 4), "PNG")
    yield "grey_alpha", encoded(picture(3, 4, 2), "PNG")
    yield "bit", encoded(Image.fromarray(picture(3, 9, 1)).convert("1"), "PNG")
    palette = Image.fromarray(picture(3, 4, 1) % 16, "P")
    palette.putpalette(bytes(range(48)))
    yield "palette", encoded(palette, "PNG")
    yield "transparent_palette", encoded(palette, "PNG", transparency=bytes([0, 128]))
    yield "sixteen_bit", encoded(picture(2, 3, 1).astype(np.uint16) * 257, "PNG")
    yield "interlaced", interlaced_png()
    exif = Image.Exif()
    exif[0x0112] = 6
    yield "turned", encoded(picture(2, 3, 3), "PNG", exif=exif)


def interlaced_png():
    """Grey, 3 by 3; Pillow writes none of these."""
    import zlib

    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body
                + struct.pack(">I", zlib.crc32(kind + body)))
    # Of Adam7's passes 1, 4, 5, 6 and 7 hold pixels: columns by rows 1x1, 1x1, 2x1, 1x2, 3x1.
    rows = [[1], [2], [3, 4], [5], [6], [7, 8, 9]]
    data = b"".join(b"\0" + bytes(row) for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 3, 8, 0, 0, 0, 1))
            + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


def jpeg():
    yield "colour", encoded(smooth(9, 10), "JPEG", quality=50)
    yield "full_chroma", encoded(smooth(8, 8), "JPEG", quality=90, subsampling=0)
    yield "grey", encoded(smooth(8, 8)[:, :, 0], "JPEG")
    yield "progressive", encoded(smooth(16, 16), "JPEG", progressive=True)
    yield "cmyk", encoded(Image.fromarray(smooth(8, 8)).convert("CMYK"), "JPEG")
    yield "restarts", encoded(smooth(24, 16), "JPEG", restart_marker_blocks=1)
    exif = Image.Exif()
    exif[0x0112] = 8
    yield "turned", encoded(smooth(8, 5), "JPEG", exif=exif)


def webp():
    yield "lossy", encoded(smooth(9, 10), "WEBP", quality=20)
    yield "lossless", encoded(smooth(9, 10), "WEBP", lossless=True)
    yield "palette", encoded(Image.fromarray(smooth(8, 8)).quantize(4), "WEBP", lossless=True)
    alpha = np.dstack([smooth(8, 8), smooth(8, 8)[:, :, 0] * 4])
    yield "alpha", encoded(alpha, "WEBP", quality=20)
    tags = Image.Exif()
    tags[0x0112] = 5
    yield "turned", encoded(smooth(5, 8), "WEBP", exif=tags.tobytes())
    yield "animated", encoded(smooth(4, 4), "WEBP", save_all=True,
                              append_images=[Image.fromarray(smooth(4, 4)[::-1])])


def bmp():
    image = Image.fromarray(smooth(5, 6))
    yield "rgb", encoded(image, "BMP")
    yield "alpha", encoded(np.dstack([smooth(3, 4), smooth(3, 4)[:, :, 0]]), "BMP")
    yield "grey", encoded(image.convert("L"), "BMP")
    yield "bit", encoded(image.convert("1"), "BMP")
    rgb = encoded(image, "BMP")
    yield "downwards", rgb[:22] + struct.pack("<i", -5) + rgb[26:]

    def indexed(bits, compression, data):
        colours = b"".join(bytes((i * 40 % 256, i * 90 % 256, i * 7 % 256, 0)) for i in range(4))
        start = 14 + 40 + len(colours)
        return (b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start)
                + struct.pack("<IiiHHIIiiII", 40, 4, 3, 1, bits, compression, len(data), 0, 0, 4, 0)
                + colours + data)
    yield "palette", indexed(4, 0, b"\x01\x23\0\0" * 3)
    yield "runs_8", indexed(8, 1, b"\x04\x01\0\0\0\x03\1\2\3\0\0\0\0\2\1\0\2\2\0\1")
    yield "runs_4", indexed(4, 2, b"\x04\x12\0\0\0\x03\x12\x30\0\0\4\x21\0\1")
    header = struct.pack("<IiiHHIIiiIIIII", 40, 2, 2, 1, 16, 3, 8, 0, 0, 0, 0,
                         0xF800, 0x07E0, 0x001F)
    yield "fields_16", (b"BM" + struct.pack("<IHHI", 14 + len(header) + 8, 0, 0, 14 + len(header))
                        + header + bytes(range(8)))


def netpbm():
    yield "ppm", encoded(smooth(3, 4), "PPM")
    yield "pgm", encoded(smooth(3, 4)[:, :, 0], "PPM")
    yield "text_ppm", b"P3 # colours\n2 2\n255\n0 1 2  3 4 5\n6 7 8 9 10 255\n"
    yield "text_pgm", b"P2\n3 1\n15\n0 7 15\n"
    yield "sixteen_bit", b"P5\n2 1\n65535\n\x01\x02\xff\xff"
    yield "small_maximum", b"P6 1 1 100\n\x00\x32\x64"


def exif():
    for order, mark in (("<", b"II"), (">", b"MM")):
        entries = [(0x010F, 2, 4, 0x61626300), (0x0112, 3, 1, None)]
        block = mark + struct.pack(order + "HIH", 42, 8, len(entries))
        for tag, kind, count, value in entries:
            field = (struct.pack(order + "HH", 5, 0) if value is None
                     else struct.pack(order + "I", value))
            block += struct.pack(order + "HHI", tag, kind, count) + field
        yield mark.decode().lower(), block + struct.pack(order + "I", 0)


# --- Sets --------------------------------------------------------------------------------------

def cifar():
    pixels = bytes(i % 251 for i in range(3072))
    yield "ten", b"\x03" + pixels
    yield "hundred", b"\x0b\x63" + pixels
    yield "wrong_label", b"\x0a" + pixels


def cifar_names():
    yield "names", b"".join(b"name%d\n" % i for i in range(10)) + b"\n"
    yield "line_ends", b"".join(b"%d\r\n" % i for i in range(10))


def idx_images(count, height, width):
    return struct.pack(">IIII", 0x0803, count, height, width) + bytes(range(count * height * width))


def idx():
    labels = struct.pack(">II", 0x0801, 3) + bytes([0, 9, 4])
    yield "three", struct.pack("<H", len(labels)) + labels + idx_images(3, 4, 5)


def idx_gz():
    yield "two", gzip.compress(idx_images(2, 3, 3), mtime=0)
    yield "stored", gzip.compress(idx_images(2, 3, 3), compresslevel=0, mtime=0)
    yield "plain", idx_images(1, 2, 2)
    yield "two_members", (gzip.compress(idx_images(2, 3, 3)[:20], mtime=0)
                          + gzip.compress(idx_images(2, 3, 3)[20:], mtime=0))


def tar_of(*members, links=(), kind=tarfile.USTAR_FORMAT):
    """An archive of (name, bytes), with as few zeros behind them as may be."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=kind) as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, target, link in links:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = link, target
            archive.addfile(entry)
    return file.getvalue().rstrip(b"\0") + bytes(1024)


def tar():
    ppm = b"P6 1 1 255\n\1\2\3"
    flat = tar_of(("a.ppm", ppm), ("b.png", b"broken"))
    yield "flat", flat
    yield "classes", tar_of(("./set/cat/a.ppm", ppm), ("./set/dog/b.ppm", ppm), ("README", b"-"))
    yield "splits", tar_of(("train/x/a.ppm", ppm), ("test/x/b.ppm", ppm))
    long = "x" * 120 + "/a.ppm"
    yield "gnu", tar_of((long, ppm), kind=tarfile.GNU_FORMAT)
    yield "pax", tar_of((long, ppm), ("\u00e9.ppm", ppm), kind=tarfile.PAX_FORMAT)
    yield "links", tar_of(("a.ppm", ppm), links=[("b.ppm", "a.ppm", tarfile.LNKTYPE),
                                                 ("c.ppm", "/etc/passwd", tarfile.SYMTYPE),
                                                 ("d.ppm", "", tarfile.FIFOTYPE)])
    yield "gzip", gzip.compress(flat, mtime=0)
    yield "xz", lzma.compress(flat, check=lzma.CHECK_CRC32)
    yield "zstd", subprocess.run(["zstd", "-q"], input=flat, capture_output=True,
                                 check=True).stdout


def list_():
    yield "paths", b"a.ppm\n./a.ppm\n\nabsent.png\n"
    yield "labels", b"a.ppm\tcat\r\na.ppm\tdog\nmissing\tcat"


# --- Trainings ---------------------------------------------------------------------------------

def checkpoint():
    zeros = {"c.weight": 24, "c.bias": 8}
    hashes = {name + suffix: xxh64_of_zeros(size) for name, size in zeros.items()
              for suffix in ("", ".velocity")}
    position = {"epoch": 3, "step": 2, "images": 48, "loss_sum": 0.5, "wrong": 7, "seconds": 1.25,
                "order": "00ff00ff00ff00ff"}
    run = {"data": {"images": 2}, "recipe": {"seed": 0}}
    description = {"position": position, "device": "avx2", "device_changed": False, "run": run,
                   "tensors": hashes}
    yield "same", json.dumps({**description, "run": {**run}}).encode()
    yield "other", json.dumps({**description, "run": {"recipe": {"schedule": [1, 2]}}}).encode()


def xxh64_of_zeros(size):
    """Sixteen hexadecimal digits: XXH64, seed 0, of fewer than 32 zeros, a multiple of 8."""
    first, second, third, fourth, fifth = (
        0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5)
    mask, value = 2**64 - 1, fifth + size
    for _ in range(size // 8):
        turned = (value << 27 | value >> 37) & mask
        value = (turned * first + fourth) & mask
    value = (value ^ value >> 33) * second & mask
    value = (value ^ value >> 29) * third & mask
    return f"{value ^ value >> 32:016x}"


# --- Results -----------------------------------------------------------------------------------

JSON_ROWS = [
    b'{"path": "a.png", "top": [{"class": "cat", "index": 0, "probability": 0.75}, '
    b'{"class": "dog", "index": 1, "probability": 0.25}], "logits": [1.5, -2e-05]}\n',
    b'{"path": "b\\"\xef\xbf\xbd.png", "path_base64": "Yv8ucG5n", "error": {"stage": "decode", '
    b'"message": "the data end early"}}\n',
    b'{"path": "c.png", "top": []}\n']
CSV_HEADER = b"path,rank,class,index,probability,error_stage,error_message,path_base64\n"
CSV_ROWS = [
    b'a.png,1,cat,0,0.75,,,\na.png,2,"dog, ""big""",1,0.25,,,\n',
    b'"b\nc.png",,,,,decode,the data end early,\n',
    b"c.png,1,dog,1,0.5,,,\nc.png,2,cat,0,0.5,,,\n"]


def result_rows():
    yield "json", b"".join(JSON_ROWS)
    yield "json_torn", JSON_ROWS[1] + JSON_ROWS[0][:60]
    yield "csv", CSV_HEADER + b"".join(CSV_ROWS)
    yield "csv_torn", CSV_HEADER + CSV_ROWS[1] + CSV_ROWS[0][:24]
    yield "csv_fast", CSV_HEADER[:-1] + b",decode\n"


def merged_rows():
    def shards(first, second):
        return struct.pack("<H", len(first)) + first + second
    yield "json", shards(JSON_ROWS[0] + JSON_ROWS[2], JSON_ROWS[1])
    yield "csv", shards(CSV_HEADER + CSV_ROWS[0] + CSV_ROWS[2], CSV_HEADER + CSV_ROWS[1])
    yield "torn", shards(JSON_ROWS[0], JSON_ROWS[1][:30])


def part_identity():
    run = {"program": "0.1.0", "model": "b2abd7c5a2f6b0a1",
           "inputs": {"count": "3", "paths": "0000000000000007"},
           "flags": {"--top-k": "5", "--decode": "exact"}, "device": "exact"}
    yield "same", json.dumps(run).encode()
    yield "other", json.dumps({**run, "model": "00", "flags": {"--shard": "0/2"}}).encode()


# --- ONNX: protobuf messages -------------------------------------------------------------------

def message(*fields):
    """The bytes of (number, value): whole numbers, floats, and what is written with its length."""
    def varint(value):
        value %= 1 << 64
        low = value & 127
        return bytes([low]) if value < 128 else bytes([low | 128]) + varint(value >> 7)
    data = b""
    for number, value in fields:
        if isinstance(value, int):
            data += varint(number << 3) + varint(value)
        elif isinstance(value, float):
            data += varint(number << 3 | 5) + struct.pack("<f", value)
        else:
            value = value.encode() if isinstance(value, str) else value
            data += varint(number << 3 | 2) + varint(len(value)) + value
    return data


def onnx_node(operation, inputs, output, *attributes):
    """Attributes are (name, value): a list of whole numbers, one, a float, or a text."""
    def attribute(name, value):
        if isinstance(value, list):
            return message((1, name), *((8, number) for number in value), (20, 7))
        number, kind = {int: (3, 2), float: (2, 1), str: (4, 3)}[type(value)]
        return message((1, name), (number, value), (20, kind))
    return (1, message(*((1, name) for name in inputs), (2, output), (3, operation.lower()),
                       (4, operation), *((5, attribute(*pair)) for pair in attributes)))


def onnx_tensor(name, shape, typed=False):
    values = picture(int(np.prod(shape)), 1, 1).astype("<f4").tobytes()
    return (5, message(*((1, extent) for extent in shape), (2, 1), (8, name),
                       (4 if typed else 9, values)))


def onnx_value(number, name, *extents):
    dims = b"".join(message((1, message((2, extent) if isinstance(extent, str) else (1, extent))))
                    for extent in extents)
    return (number, message((1, name), (2, message((1, message((1, 1), (2, dims)))))))


def onnx_file(parts, operation_set, **metadata):
    return message((1, 8), (8, message((1, ""), (2, operation_set))), (7, message(*parts)),
                   *((14, message((1, "allconv." + key), (2, json.dumps(value))))
                     for key, value in metadata.items()))


def onnx():
    ends = [onnx_node("GlobalAveragePool", ["v"], "a"), onnx_node("Flatten", ["a"], "logits"),
            onnx_node("Softmax", ["logits"], "y"), onnx_value(12, "y", "N", 2)]
    small = [(2, "small"), onnx_value(11, "x", "N", 3, 2, 2),
             onnx_tensor("c.weight", (2, 3, 1, 1)), onnx_tensor("c.bias", (2,)),
             onnx_node("Conv", ["x", "c.weight", "c.bias"], "v"), *ends]
    yield "own", onnx_file(small, 13, network=SMALL, classes=["a", "b"],
                           prepare=oracle.plain_prepare(SMALL))
    yield "other", onnx_file([*small, onnx_tensor("more", (3,))], 17)
    every = [(2, "every"), onnx_value(11, "x", 1, 3, 9, 8), onnx_tensor("w", (4, 3, 3, 2), True),
             onnx_tensor("b", (4,), True), onnx_tensor("rate", (1,)),
             onnx_tensor("z", (2, 4, 1, 1)),
             onnx_node("Identity", ["x"], "1"), onnx_node("Dropout", ["1"], "2", ("ratio", 0.25)),
             onnx_node("Conv", ["2", "w", "b"], "3", ("strides", [2, 1]), ("group", 1),
                       ("auto_pad", "SAME_LOWER"), ("dilations", [1, 1])),
             onnx_node("LeakyRelu", ["3"], "4", ("alpha", 0.3)), onnx_node("Relu", ["4"], "5"),
             onnx_node("MaxPool", ["5"], "6", ("kernel_shape", [2, 2]), ("ceil_mode", 0),
                       ("pads", [0, 0, 1, 1])),
             onnx_node("Conv", ["6", "z"], "v", ("pads", [1, 0, 0, 1])), *ends]
    yield "every", onnx_file(every, 9)
    yield "logits", onnx_file([*small[:-2], onnx_value(12, "logits", "N", 2)], 13)


def main():
    targets = sorted(path.stem for path in (HERE / "targets").glob("*.cpp"))
    for target in targets:
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if not old.name.startswith("regression_"):
                old.unlink()
        make = globals()[target + "_" if target in ("json", "list") else target]
        for name, data in make():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
