"""Scoring, merging, training and tuning end in an error of the contract or as if nothing had been,
whichever call on a file fails; never leave half a file under an output's name; and go on after it.
"""

import json
import os
import shutil
import sys
import unittest

from program_walk import Walk

OLD = b"what stood there before\n"
# No fault of these may be passed over, whatever the file.
NEVER_PASSED_OVER = {"open", "read", "write", "sync", "close", "rename", "truncate", "lock", "list",
                     "unlink", "make"}


class OutputWalk(Walk):
    """Commands that write one file, which is there already."""

    name = None  # of the output

    def prepare(self):
        super().prepare()
        self.out = self.folder / self.name
        self.out.write_bytes(OLD)

    def expected(self, *command):
        """What the command writes undisturbed."""
        self.prepare()
        self.succeed(*command)
        found = self.out.read_bytes()
        self.assertNotEqual(found, OLD)
        return found

    def check_output(self, result, expected):
        """The old file or the new one; the new one where nothing is said to be wrong."""
        found = self.out.read_bytes()
        if result.returncode == 0:
            self.assertEqual(found, expected)
        elif result.returncode != 4:
            self.assertIn(found, (OLD, expected))

    def walk_output(self, command):
        """Of a command that leaves nothing beside its output."""
        expected = self.expected(*command)

        def check(point, result):
            self.check_output(result, expected)
            self.check_told(point, result)
            if not point.is_death():
                self.assertEqual(self.left(), [self.name])

        self.walk(command, check)

    def state(self):
        """Bytes by path of all that is in the folder; temporary files of the dead do not count."""
        return {path: path.read_bytes() for path in self.folder.rglob("*")
                if path.is_file() and path.suffix != ".tmp"}

    def check_told(self, point, result):
        """A fault has its exit code: 4 where it costs one picture, else 6."""
        if point.is_invisible() or point.is_death() or point.kind not in NEVER_PASSED_OVER:
            return
        is_picture = point.path.endswith(".png") and point.kind in ("open", "read")
        self.assertEqual(result.returncode, 4 if is_picture else 6, result.stderr)


class ScoreWalk(OutputWalk):

    name = "out.jsonl"

    def command(self, *how):
        return ["score", self.model, self.pictures, "-o", self.folder / self.name, "--threads", 1,
                *how]

    def check_rows(self, point, expected):
        """All rows but the picture's own are those of an undisturbed run."""
        rows, expected = self.out.read_bytes().splitlines(), expected.splitlines()
        self.assertEqual(len(rows), len(expected))
        others = [json.loads(row) for row, sound in zip(rows, expected) if row != sound]
        self.assertTrue(others)
        for row in others:
            self.assertEqual((row["path"], row["error"]["stage"]), (point.path, "open"))

    def check_left(self):
        """What a failure has left beside the old output."""

    def walk_score(self, command, expected):
        self.prepare()
        untouched = self.state()

        def check(point, result):
            self.check_output(result, expected)
            self.check_told(point, result)
            if result.returncode == 4:
                self.check_rows(point, expected)
                return
            if self.state() == untouched:
                return
            if self.out.read_bytes() == OLD:
                self.check_left()
                self.out.unlink()
            # Whatever was left, resuming ends in the bytes of an undisturbed run.
            if result.returncode != 0:
                self.succeed(*self.command("--resume"))
            self.assertEqual(self.state(), {self.out: expected})

        return self.walk(command, check)


class Score(ScoreWalk):

    def test_walk(self):
        expected = self.expected(*self.command("--overwrite"))
        kinds = self.walk_score(self.command("--overwrite"), expected)
        self.assertEqual(NEVER_PASSED_OVER - kinds, {"make"})

    def test_refusal_to_replace(self):

        def check(_, result):
            self.assertIn(result.returncode, (2, 6))
            self.assertEqual((self.out.read_bytes(), self.left()), (OLD, [self.name]))

        self.walk(self.command(), check, code=2)


class Resume(ScoreWalk):
    """Beside the old output stands the part of a run that was killed within its second row."""

    part = {}  # bytes by name
    first_row = b""

    def prepare(self):
        super().prepare()
        for name, content in self.part.items():
            (self.folder / name).write_bytes(content)

    def check_left(self):
        part = self.folder / (self.name + ".part")
        self.assertTrue(part.read_bytes().startswith(self.first_row))

    def test_walk(self):
        command = self.command("--overwrite")
        expected = self.expected(*command)
        rows = [at for at, (kind, path) in enumerate(self.calls(command), 1)
                if kind == "write" and path.endswith(".part")]
        self.prepare()
        self.run_at(rows[1], "kill", command)
        self.part = {name: (self.folder / name).read_bytes() for name in self.left()
                     if name != self.name}
        self.first_row = expected.splitlines(keepends=True)[0]
        kept = self.part[self.name + ".part"]
        self.assertTrue(expected.startswith(kept))
        self.assertGreater(len(kept), len(self.first_row))
        self.walk_score(self.command("--resume"), expected)


class Merge(OutputWalk):

    name = "all.jsonl"

    def test_walk(self):
        shards = [self.inputs / f"{shard}.jsonl" for shard in range(2)]
        for shard, path in enumerate(shards):
            self.succeed("score", self.model, self.pictures, "-o", path, "--shard", f"{shard}/2")
        command = ["merge", *shards, "-o", self.folder / self.name, "--overwrite"]
        self.walk_output(command)


class ConvertWalk(OutputWalk):

    def walk_convert(self, source):
        command = ["convert", source, self.folder / self.name]
        self.walk_output(command)


class ToOnnx(ConvertWalk):

    name = "model.onnx"

    def test_walk(self):
        self.walk_convert(self.model)


class FromOnnx(ConvertWalk):

    name = "model"

    def test_walk(self):
        source = self.inputs / "source.onnx"
        self.succeed("convert", self.model, source)
        self.walk_convert(source)


class TrainWalk(OutputWalk):

    name = "model"

    def command(self, *how, epochs):
        return ["train", self.pictures, "-o", self.folder / self.name, "--network", self.network,
                "--epochs", epochs, "--metrics", self.folder / "metrics", "--threads", 1,
                "--checkpoint", self.folder / "checkpoints", *how]

    def check_told(self, point, result):
        # Every line of the metrics was flushed before they are closed, and a lock is empty.
        name = os.path.basename(point.path)
        appended = point.kind == "close" and name in ("metrics", "history.jsonl")
        if name != ".lock" and not appended:
            super().check_told(point, result)

    def check_whole(self, expected, epochs):
        """As after an undisturbed run."""
        self.assertEqual(self.out.read_bytes(), expected)
        lines = (self.folder / "metrics").read_text().splitlines()
        self.assertEqual([json.loads(line)["epoch"] for line in lines], [*range(1, epochs + 1)])
        _, *rows = (self.folder / "checkpoints" / "history.jsonl").read_text().splitlines()
        self.assertEqual(len(rows), epochs)
        for row, line in zip(map(json.loads, rows), map(json.loads, lines)):
            self.assertEqual(len(row.pop("layers")), 2)
            for key in ("epoch", "train_loss", "train_error", "validation_error"):
                self.assertEqual(row[key], line[key])

    def walk_train(self, epochs, *how):
        expected = self.expected(*self.command(epochs=epochs))
        self.prepare()
        untouched = self.state()

        def check(point, result):
            self.check_output(result, expected)
            self.check_told(point, result)
            if result.returncode == 4:
                self.assertIn(point.path, result.stderr)
                self.succeed("inspect", self.out)
                return
            if self.state() == untouched:
                return
            # Whatever was left, resuming ends with the same bits.
            if result.returncode != 0:
                self.succeed(*self.command("--resume", epochs=epochs))
            self.check_whole(expected, epochs)

        self.walk(self.command(*how, epochs=epochs), check)


class Train(TrainWalk):

    def test_walk(self):
        self.walk_train(1)


class TrainResume(TrainWalk):
    """One of two epochs was trained before."""

    before = None  # the folder as that run has left it
    undisturbed = b""  # the model of both epochs

    def prepare(self):
        super().prepare()
        if self.before:
            shutil.copytree(self.before, self.folder, dirs_exist_ok=True)
            self.out.write_bytes(OLD)

    def expected(self, *command):
        return self.undisturbed

    def codes(self, undisturbed):
        return (*super().codes(undisturbed), 2)

    def check_told(self, point, result):
        # Without one picture the data are others, and resuming is refused.
        if result.returncode == 2:
            self.assertTrue(point.path.endswith(".png"))
            self.assertIn("data", result.stderr)
        else:
            super().check_told(point, result)

    def test_walk(self):
        self.undisturbed = super().expected(*self.command(epochs=2))
        self.prepare()
        self.succeed(*self.command(epochs=1))
        before = self.root / "before"
        shutil.copytree(self.folder, before)
        self.before = before
        self.walk_train(2, "--resume")


class Tune(OutputWalk):

    name = "tuned.json"

    def test_walk(self):

        def check(point, result):
            found = self.out.read_bytes()
            if result.returncode == 0:
                self.assertNotEqual(found, OLD)
            if found != OLD:  # times differ from run to run
                self.assertEqual(json.loads(found)["format"], "allconv-tuning-1")
            if not point.is_death():
                self.assertEqual(self.left(), [self.name])
            self.check_told(point, result)

        self.walk(["tune", self.model, "-o", self.folder / self.name], check)


class Report(OutputWalk):
    """Of a training of one epoch; the page of an earlier report is there."""

    name = "index.html"
    training = None  # its folder

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.training = cls.inputs / "run"
        result = cls.run_program("train", cls.pictures, "-o", cls.root / "model", "--network",
                                 cls.network, "--epochs", 1, "--checkpoint", cls.training)
        assert result.returncode == 0, result.stderr

    def test_walk(self):
        command = ["report", self.training, "-o", self.folder, "--data", self.pictures,
                   "--threads", 1]
        self.expected(*command)
        whole = self.state()
        self.assertEqual({path.name for path in whole},
                         {"index.html", "confusion.png", "filters.png", "mistakes.png"})
        inputs = sorted(self.inputs.rglob("*"))

        def check(point, result):
            is_picture = point.path.startswith(str(self.pictures)) and point.path.endswith(".png")
            found = self.state()
            # A picture that cannot be read any more is grey among the mistakes.
            if result.returncode == 0 and not is_picture:
                self.assertEqual(found, whole)
            for path, content in found.items():
                if result.returncode != 4 and not is_picture:
                    self.assertIn(content, (OLD, whole[path]))
            if not point.is_death():
                self.assertEqual({path.suffix for path in self.folder.iterdir()} - {".png"},
                                 {".html"})
            if not is_picture:
                self.check_told(point, result)
            self.assertEqual(sorted(self.inputs.rglob("*")), inputs)

        self.walk(command, check)


if __name__ == "__main__":
    Walk.program, Walk.shim = map(os.path.abspath, sys.argv[1:3])
    Walk.full = "--full" in sys.argv
    unittest.main(argv=sys.argv[:1] + [name for name in sys.argv[3:] if name != "--full"])
