"""What the checks of the Python package share: the package of the build tree, a folder of their
own, tiny networks, and their scores by NumPy alone."""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    from PIL import Image
except ImportError as missing:
    print(f"skipped: {missing}; install Debian's python3-numpy and python3-pil")
    sys.exit(77)  # CTest: skipped

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "models" / "all-cnn-c-cifar10.safetensors"
TIMEOUT = 300  # seconds, of one program


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--package", type=pathlib.Path, required=True)  # a folder named allconv
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    known, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    return known


PLACES = parse_arguments()
sys.path.insert(0, str(PLACES.package.parent))

import allconv  # noqa: E402  # from the build tree

CLASSES = ["blue", "green", "red"]


def conv(name, filters, kernel=3, stride=1, padding=1):
    return {"op": "conv2d", "name": name, "filters": filters, "kernel": [kernel] * 2,
            "stride": [stride] * 2, "padding": [padding] * 4}


def network(size=8, width=8):
    """Of three classes: two convolutions."""
    return {"name": "tiny", "input": [3, size, size], "layers": [
        conv("conv1", width, stride=2), {"op": "relu"}, conv("conv2", 3, kernel=1, padding=0),
        {"op": "global_average_pool"}, {"op": "softmax"}]}


def tiny(seed=1, **parts):
    return allconv.Model(network(), CLASSES, seed=seed, **parts)


def pixels(count, seed=0, size=8):
    """(count,size,size,3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def colours(count, seed=0):
    """Images of the three classes that are easy to tell apart, and their labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    images = random.integers(0, 100, (count, 8, 8, 3))
    images[np.arange(count), :, :, 2 - labels] += 150  # blue is the last channel
    return images.astype(np.uint8), labels


def reference_logits(model, images):
    """Of `network()` for images (count,h,w,3) uint8, in double, by nothing but sums."""
    tensors = {name: tensor.astype(np.float64) for name, tensor in model.state_dict().items()}
    x = images.astype(np.float64).transpose(0, 3, 1, 2) / 255
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    weight, bias = tensors["conv1.weight"], tensors["conv1.bias"]
    rows, columns = (x.shape[2] - 3) // 2 + 1, (x.shape[3] - 3) // 2 + 1
    y = np.empty((len(x), len(weight), rows, columns))
    for p in range(rows):
        for q in range(columns):
            window = x[:, :, 2 * p:2 * p + 3, 2 * q:2 * q + 3]
            y[:, :, p, q] = np.einsum("ncrs,kcrs->nk", window, weight) + bias
    y = np.maximum(y, 0)
    y = np.einsum("nchw,kc->nkhw", y, tensors["conv2.weight"][:, :, 0, 0])
    return y.mean((2, 3)) + tensors["conv2.bias"]


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


class Check(unittest.TestCase):
    """Each check works in a folder of its own and leaves nothing."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="allconv-python-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def picture(self, name, seed=0, size=8):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(1, seed, size)[0]).save(path)
        return path

    def broken(self, name):
        path = self.folder / name
        path.write_bytes(b"no image")
        return path

    def raises(self, kind, *words):
        """Wants the exception, and the words in its one sentence."""
        return Raises(self, kind, words)

    def python(self, code, *arguments, **options):
        """Runs a program that finds the package; returns it done."""
        return subprocess.run([sys.executable, "-B", *([] if code is None else ["-c", code]),
                               *map(os.fspath, arguments)],
                              env=environment(), text=True, capture_output=True, timeout=TIMEOUT,
                              check=False, **options)

    def program(self, *arguments):
        result = subprocess.run([PLACES.program, *map(os.fspath, arguments)], text=True,
                                capture_output=True, timeout=TIMEOUT, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout


class Raises:
    def __init__(self, check, kind, words):
        self.check, self.kind, self.words = check, kind, words

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.check.assertIs(kind, self.kind, error)
        for word in self.words:
            self.check.assertIn(word, str(error))
        self.check.assertNotIn("\n", str(error))
        return True


def environment():
    return {**os.environ, "PYTHONPATH": str(PLACES.package.parent)}


def rows_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def main():
    unittest.main(verbosity=1)
