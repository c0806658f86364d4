"""A training that is killed or interrupted, at whatever moment, resumes to the same bytes."""

import os
import random
import signal
import time

from checks import main
from training_runs import SLOW, TrainingRuns

KILLS = int(os.environ.get("ALLCONV_KILLS", "20"))
EPOCHS = 6


class CheckpointKills(TrainingRuns):

    def test_killed_at_any_moment(self):
        """Several kills a training, each at a moment of a whole run."""
        chance, validate = random.Random(4), ["--validate", self.data]
        wanted = self.whole(EPOCHS, *validate)
        begin = time.monotonic()
        self.succeed(*self.command(EPOCHS, *self.kept(*validate)))
        lasts = time.monotonic() - begin
        self.assertEqual(self.result(), wanted)
        history = self.history()
        self.assertEqual(len(history[1]), EPOCHS)
        met = compared = 0
        while met < KILLS:
            self.begin_anew()
            code, longest = None, lasts
            while code != 0:
                command = self.command(EPOCHS, *self.kept(*validate), "--threads",
                                       chance.choice((1, 2, 3)))
                code, said = self.kill_after(chance.uniform(0, longest), *command)
                self.assertIn(code, (-signal.SIGKILL, 0), said)
                self.assertNotIn("warning", said)
                met += code != 0
                longest *= 1.3  # so that it ends, even where the machine has become slower
            self.assertEqual(self.result(), wanted)
            self.assertEqual(self.history(), history)
            self.assertEqual(len(self.names()), 2)
            compared += 1
        self.assertGreater(compared, KILLS // 50)

    def inside_an_epoch(self, number):
        """Interrupts once the first checkpoint is there; returns epoch and step of the newest."""
        process = self.start(*self.command(3, *self.kept()))
        before = self.metrics.read_text() if self.metrics.exists() else ""
        self.wait_until(process, lambda: self.metrics.exists()
                        and self.metrics.read_text() not in ("", before))
        time.sleep(0.1)
        code, said = self.stop(process, number)
        self.assertEqual(code, 130, said)
        self.assertIn("--resume", said.splitlines()[-1])
        self.assertFalse(self.out.exists())
        _, epoch, step = self.newest().stem.split("-")
        return int(epoch), int(step)

    def test_interrupted_inside_an_epoch(self):
        self.net, self.data = self.network_file(SLOW), self.idx_set("slow", 400)
        wanted = self.whole(3)
        steps = []
        for number in (signal.SIGINT, signal.SIGTERM):
            epoch, step = self.inside_an_epoch(number)
            self.assertEqual(epoch, len(steps) + 2)
            self.assertTrue(0 < step <= 50)
            steps.append(step)
        self.assertLess(min(steps), 50, "both signals came between two epochs")
        result = self.succeed(*self.command(3, *self.kept("--threads", 1)))
        self.assertIn(f"epoch 3, {steps[1]} of 50 steps done", result.stderr)
        self.assertEqual(self.result(), wanted)

    def test_two_at_once(self):
        self.net, self.data = self.network_file(SLOW), self.idx_set("slow", 400)
        first = self.start(*self.command(3, *self.kept()))
        self.wait_until(first, (self.checkpoints / ".lock").exists)
        for resume in (False, True):
            self.refuse(6, *self.command(3, *self.kept(resume=resume)),
                        words=[str(self.checkpoints), "another training"])
        self.assertIsNone(first.poll(), "the first was to go on beside the second")
        self.assertEqual(self.stop(first, signal.SIGKILL)[0], -signal.SIGKILL)
        self.assertTrue((self.checkpoints / ".lock").exists())
        code, said = self.kill_after(0.5, *self.command(3, *self.kept()))
        self.assertEqual(code, -signal.SIGKILL, said)


if __name__ == "__main__":
    main()
