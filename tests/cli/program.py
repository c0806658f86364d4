"""What the tests of the command line share: running the program, and small inputs for it."""

import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

TIMEOUT = 300  # seconds, of one run; sanitizers are slow

# Eight by eight pixels in, three classes out.
NETWORK = {
    "name": "tiny",
    "input": [3, 8, 8],
    "layers": [
        {"op": "conv2d", "name": "conv1", "filters": 8, "kernel": [3, 3], "stride": [2, 2],
         "padding": [1, 1, 1, 1]},
        {"op": "relu"},
        {"op": "dropout", "rate": 0.1},
        {"op": "conv2d", "name": "conv2", "filters": 3, "kernel": [1, 1], "stride": [1, 1],
         "padding": [0, 0, 0, 0]},
        {"op": "global_average_pool"},
        {"op": "softmax"},
    ],
}


def png(width, height, pixels):
    """The bytes of an 8-bit RGB PNG; `pixels` holds rows of (r, g, b)."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + bytes(channel for pixel in row for channel in pixel) for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))


def write_pictures(folder, classes=("blue", "green", "red"), count=12):
    """Class folders of noisy pictures; the class's place tells which colour is bright."""
    noise = random.Random(1)
    for place, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            rows = [[tuple(noise.randrange(160, 256) if channel == 2 - place % 3
                           else noise.randrange(96) for channel in range(3))
                     for _ in range(9)] for _ in range(10)]
            (folder / name / f"{number:02}.png").write_bytes(png(9, 10, rows))


def read_header(model):
    """The JSON header of a safetensors file."""
    data = pathlib.Path(model).read_bytes()
    return json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])


class ProgramTest(unittest.TestCase):
    """A folder with inputs, made once a class; each test works in a folder of its own."""

    program = None  # absolute path

    @classmethod
    def setUpClass(cls):
        cls.inputs = pathlib.Path(tempfile.mkdtemp(prefix="allconv-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.inputs)
        cls.pictures = cls.inputs / "pictures"
        write_pictures(cls.pictures)
        cls.network = cls.inputs / "tiny.json"
        cls.network.write_text(json.dumps(NETWORK))
        cls.model = cls.inputs / "model.safetensors"
        result = cls.run_program("train", cls.pictures, "-o", cls.model, "--network", cls.network,
                                 "--epochs", 20, "--batch-size", 8)
        assert result.returncode == 0, result.stderr

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="allconv-cli-"))
        self.addCleanup(shutil.rmtree, self.folder)

    @classmethod
    def environment(cls):
        """What is learned of a GPU is kept beside the inputs, not in the user's folder."""
        return {**os.environ, "XDG_CACHE_HOME": str(cls.inputs / "cache")}

    @classmethod
    def run_program(cls, *arguments, **options):
        options = {"stdout": subprocess.PIPE, "env": cls.environment(), **options}
        return subprocess.run([cls.program, *map(str, arguments)], stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT, text=True, check=False,
                              **options)

    def succeed(self, *arguments, code=0, **options):
        """Runs, wants the exit code, and returns what was said."""
        result = self.run_program(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def refuse(self, code, words, *arguments, **options):
        """Wants the exit code, nothing on stdout, and one last sentence that has all the words."""
        result = self.run_program(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertFalse(result.stdout)
        sentence = result.stderr.splitlines()[-1]
        self.assertTrue(sentence.startswith("allconv: "), result.stderr)
        for word in words:
            self.assertIn(word, sentence)
        # Who only reads the sentence finds there what to do.
        self.assertIn("; ", sentence)
        return sentence

    def left(self):
        """Names in the test's folder."""
        return sorted(os.listdir(self.folder))


def main():
    ProgramTest.program = os.path.abspath(sys.argv.pop(1))
    unittest.main()
