"""What the checks of the contract share: a folder of their own, the program, small inputs."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

try:
    import numpy as np
    from PIL import Image
except ImportError as missing:
    print(f"skipped: {missing}; install Debian's python3-numpy and python3-pil")
    sys.exit(77)  # CTest: skipped

import oracle

TIMEOUT = 300  # seconds, of one run; sanitizers are slow
SANITIZED = "ALLCONV_SANITIZED" in os.environ


def conv(name, filters, kernel=(3, 3), stride=(1, 1), padding=(1, 1, 1, 1)):
    return {"op": "conv2d", "name": name, "filters": filters, "kernel": list(kernel),
            "stride": list(stride), "padding": list(padding)}


def pool(kernel, stride, padding):
    return {"op": "max_pool", "kernel": list(kernel), "stride": list(stride),
            "padding": list(padding)}


RELU, AVERAGE, SOFTMAX = {"op": "relu"}, {"op": "global_average_pool"}, {"op": "softmax"}


def dropout(rate):
    return {"op": "dropout", "rate": rate}


def leaky(value):
    return {"op": "leaky_relu", "slope": value}


def network(*layers, size=(8, 8)):
    return {"name": "tiny", "input": [3, *size], "layers": list(layers)}


# Eight by eight pixels in, three classes out.
TINY = network(conv("conv1", 8, stride=(2, 2)), RELU, conv("conv2", 3, (1, 1), padding=(0,) * 4),
               AVERAGE, SOFTMAX)
CLASSES = ["blue", "green", "red"]


def picture(seed, height=8, width=8):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def save(path, seed, height=8, width=8):
    """Writes a random picture; the suffix says the format. Returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(seed, height, width)).save(path)
    return path


class Check(unittest.TestCase):
    """Each check works in a folder of its own and leaves nothing."""

    program = None  # absolute path

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="allconv-contract-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def run_program(self, *arguments, **options):
        options = {"text": True, "timeout": TIMEOUT, **options}
        return subprocess.run([self.program, *map(os.fspath, map(as_argument, arguments))],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, **options)

    def succeed(self, *arguments, code=0, **options):
        result = self.run_program(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def guarded(self, *arguments, seconds):
        """Runs the program and returns its exit code and stderr: it must not take longer than the
        guard against hangs, nor, without sanitizers, more memory than 1 GiB."""
        path = self.folder / "stderr"
        with open(path, "wb") as stderr, subprocess.Popen(
                [self.program, *map(os.fspath, map(as_argument, arguments))],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr) as process:
            timer = threading.Timer(seconds * (10 if SANITIZED else 1), process.kill)
            timer.start()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            timer.cancel()
        text = path.read_bytes().decode("utf-8", "replace")
        self.assertNotEqual(process.returncode, -signal.SIGKILL, (arguments, "hangs", text[-2000:]))
        if not SANITIZED:
            self.assertLess(usage.ru_maxrss, 1 << 20, (arguments, text[-2000:]))  # KiB
        return process.returncode, text

    def refuse(self, code, *arguments, words=()):
        """Wants the exit code, an empty stdout, and one sentence with a mend after a semicolon."""
        result = self.run_program(*arguments)
        self.assertEqual(result.returncode, code, (arguments, result.stderr))
        self.assertEqual(result.stdout, "", arguments)
        sentence = result.stderr.splitlines()[-1]
        self.assertTrue(sentence.startswith("allconv: "), result.stderr)
        self.assertIn("; ", sentence)
        for word in words:
            self.assertIn(word, sentence)
        return result

    def model(self, net=None, name="model.safetensors", classes=None, **parts):
        """Writes a model file with random weights; parts replace or join what it is made of."""
        net = net or TINY
        tensors = {**oracle.random_tensors(net), **parts.pop("tensors", {})}
        prepare = parts.pop("prepare", None) or oracle.plain_prepare(net)
        path = self.folder / name
        path.write_bytes(oracle.model_bytes(tensors, net, CLASSES if classes is None else classes,
                                            prepare, parts.pop("metadata", None)))
        return path

    def network_file(self, net, name="network.json"):
        path = self.folder / name
        path.write_text(json.dumps(net))
        return path

    def rows(self, model, *data, flags=(), code=0, out="out.jsonl"):
        """The rows of `score`."""
        path = self.folder / out
        self.succeed("score", model, *data, "-o", path, "--overwrite", *flags, code=code)
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def as_argument(value):
    return value if isinstance(value, (os.PathLike, bytes)) else str(value)


def main():
    Check.program = os.path.abspath(sys.argv.pop(1))
    unittest.main()
