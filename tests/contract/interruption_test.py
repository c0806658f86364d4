"""SIGINT and SIGTERM end a command with 130; results so far stay beside."""

import os
import signal
import struct
import subprocess
import time

from checks import AVERAGE, RELU, SOFTMAX, Check, conv, main, network, save

# Slow enough that a signal always comes in time: 0.3 G multiply-accumulates an image.
SLOW = network(conv("conv1", 96), RELU, conv("conv2", 96, (5, 5), padding=(2,) * 4), RELU,
               conv("conv3", 96), RELU,
               conv("conv4", 10, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(42, 42))
WAIT = 60  # seconds


class Interruption(Check):

    def interrupt(self, number, ready, *arguments):
        """Starts a command, waits until it is at work, signals it and returns the exit code."""
        with subprocess.Popen([self.program, *map(str, arguments), "--threads", "2"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE) as process:
            self.addCleanup(process.kill)
            deadline = time.monotonic() + WAIT
            while not ready() and process.poll() is None:
                self.assertLess(time.monotonic(), deadline, "the command does not get to work")
                time.sleep(0.02)
            self.during()
            process.send_signal(number)
            process.communicate(timeout=WAIT)
        return process.returncode

    def during(self):
        """What a test looks at while its command runs."""

    def model_of_ten(self):
        return self.model(SLOW, classes=list("0123456789"))

    def pictures(self, count=6000):
        """An IDX set that takes the network ten seconds and more."""
        folder = self.folder / "data"
        folder.mkdir()
        (folder / "train-images-idx3-ubyte").write_bytes(
            struct.pack(">4I", 0x803, count, 2, 2) + bytes(4 * count))
        (folder / "train-labels-idx1-ubyte").write_bytes(
            struct.pack(">2I", 0x801, count) + bytes(place % 10 for place in range(count)))
        return folder

    def test_scoring(self):
        data, model, out = self.pictures(), self.model_of_ten(), self.folder / "out.jsonl"
        image = save(self.folder / "image.png", 1)
        part, beside = (out.with_name(out.name + suffix) for suffix in (".part", ".part.json"))

        def second():
            self.assertTrue(beside.exists() and not out.exists())
            self.refuse(6, "score", model, image, "-o", out, words=[str(out)])

        for number in (signal.SIGINT, signal.SIGTERM):
            self.during = second
            part.unlink(missing_ok=True)
            code = self.interrupt(number, lambda: part.exists() and beside.exists(), "score",
                                  model, data, "-o", out)
            self.assertEqual(code, 130)
            self.assertTrue(part.exists() and not out.exists())
        # What is left does not stand in the way of a new start.
        self.succeed("score", model, image, "-o", out)
        self.assertEqual(len(out.read_text().splitlines()), 1)
        self.assertFalse(part.exists() or beside.exists())

    def test_training_leaves_the_old_model(self):
        data, out, metrics = self.pictures(60), self.folder / "model", self.folder / "metrics"
        out.write_text("old")
        code = self.interrupt(signal.SIGTERM, lambda: metrics.exists() and metrics.stat().st_size,
                              "train", data, "-o", out, "--network", self.network_file(SLOW),
                              "--metrics", metrics)
        self.assertEqual((code, out.read_text()), (130, "old"))
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["data", "metrics", "model", "network.json"])

    def test_others(self):
        data, model, start = self.pictures(), self.model_of_ten(), []

        def half_a_second():
            start.append(time.monotonic())
            return start[-1] - start[0] > 0.5

        for command in (["evaluate", model, data, "--split", "train"],
                        ["tune", model, "-o", self.folder / "tuned"],
                        ["bench", model, "--iterations", 100_000]):
            with self.subTest(command[0]):
                start.clear()
                self.assertEqual(self.interrupt(signal.SIGINT, half_a_second, *command), 130)
        self.assertFalse((self.folder / "tuned").exists())


if __name__ == "__main__":
    main()
