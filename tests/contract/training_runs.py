"""Small trainings that stop and go on: what the checks of checkpoints share."""

import hashlib
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import time

from checks import AVERAGE, RELU, SOFTMAX, Check, conv, dropout, network

WAIT = 120  # seconds
CLASSES = 10  # of every IDX set
NET = network(dropout(0.2), conv("conv1", 12), RELU, dropout(0.3),
              conv("conv2", CLASSES, (3, 3), (2, 2)), AVERAGE, SOFTMAX)
# Half a second and more an epoch of 400 images, so that a signal always comes in time.
SLOW = network(conv("conv1", 48), RELU, dropout(0.4),
               conv("conv2", 48, (5, 5), padding=(2,) * 4), RELU,
               conv("conv3", CLASSES, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(32, 32))
TIMES = ("seconds", "images_per_second")
HISTORY = "history.jsonl"


def timeless(path):
    """The objects of a file of JSON lines without what a clock says."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: value for key, value in row.items() if key not in TIMES} for row in rows]


class TrainingRuns(Check):
    """Each check trains in its folder; `train` begins with the flags that all of them share."""

    flags = ["--batch-size", 8, "--augment", "flip,shift:1", "--schedule", "step:3", "--seed", 3]

    def setUp(self):
        super().setUp()
        self.net = self.network_file(NET)
        self.data = self.idx_set("data", 100)
        self.out, self.metrics = self.folder / "out.safetensors", self.folder / "metrics.jsonl"
        self.checkpoints = self.folder / "checkpoints"

    def idx_set(self, name, count, side=8, seed=1):
        """Random grey pictures, the same for training and test."""
        folder, chance = self.folder / name, random.Random(seed)
        folder.mkdir()
        for split in ("train", "t10k"):
            (folder / f"{split}-images-idx3-ubyte").write_bytes(
                struct.pack(">4I", 0x803, count, side, side) + chance.randbytes(count * side**2))
            (folder / f"{split}-labels-idx1-ubyte").write_bytes(
                struct.pack(">2I", 0x801, count) + bytes(place % CLASSES for place in range(count)))
        return folder

    def command(self, epochs, *more):
        return ["train", self.data, "-o", self.out, "--network", self.net, "--epochs", epochs,
                *self.flags, *more]

    def kept(self, *more, resume=True):
        """The flags that keep checkpoints and metrics."""
        return ["--checkpoint", self.checkpoints, "--metrics", self.metrics,
                *(["--resume"] if resume else []), *more]

    def figures(self):
        """The metrics without what a clock says."""
        return timeless(self.metrics)

    def history(self):
        """The header and the rows of the history, these without what a clock says."""
        header, *rows = timeless(self.checkpoints / HISTORY)
        return header, rows

    def whole(self, epochs, *more):
        """The result of a run without a break, without a checkpoint."""
        self.succeed(*self.command(epochs, "--metrics", self.metrics, *more))
        result = self.result()
        self.out.unlink()
        self.metrics.unlink()
        return result

    def result(self):
        """A hash of the model's bytes, and the metrics."""
        return hashlib.sha256(self.out.read_bytes()).hexdigest(), self.figures()

    def begin_anew(self):
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        self.out.unlink(missing_ok=True)
        self.metrics.unlink(missing_ok=True)

    def names(self):
        """Of all in the folder of checkpoints but the history."""
        return sorted(set(os.listdir(self.checkpoints)) - {HISTORY})

    def newest(self):
        return self.checkpoints / self.names()[-1]

    def start(self, *arguments):
        process = subprocess.Popen([self.program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        return process

    def stop(self, process, number):
        """Signals; returns the exit code and what was said."""
        process.send_signal(number)
        said = process.communicate(timeout=WAIT)[1]
        return process.returncode, said

    def wait_until(self, process, ready):
        """Until `ready` says so; the process is to be running then."""
        deadline = time.monotonic() + WAIT
        while not ready():
            self.assertIsNone(process.poll(), "it ended too early")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def kill_after(self, seconds, *arguments):
        process = self.start(*arguments)
        time.sleep(seconds)
        return self.stop(process, signal.SIGKILL)
