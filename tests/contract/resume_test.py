"""Results survive: a run that is stopped, at whatever moment, resumes to the same bytes."""

import os
import random
import resource
import shutil
import signal
import subprocess
import tarfile
import time

from checks import AVERAGE, RELU, SOFTMAX, Check, conv, main, network, save
from results import read_csv, read_rows

KILLS = int(os.environ.get("ALLCONV_KILLS", "20"))
WAIT = 120  # seconds
# About half a millisecond an image, so that every moment of a run can be met.
SLOW = network(conv("conv1", 32), RELU, conv("conv2", 32, (7, 7), padding=(3,) * 4), RELU,
               conv("conv3", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(24, 24))
SLOWEST = network(conv("conv1", 64), RELU, conv("conv2", 64), RELU,
                  conv("conv3", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(64, 64))


class Resume(Check):

    def pictures(self, count=120):
        """A folder with names that are hard to write, and some inputs that are broken."""
        folder = self.folder / "pictures"
        for seed in range(count):
            name = ("plain", 'quote"d', "com,ma", "two\nlines", "\u00e9")[seed % 5]
            image = save(folder / f"{seed:03}-{name}.png", seed)
            if seed % 40 == 7:
                image.write_bytes(image.read_bytes()[:60])
        os.rename(folder / "001-quote\"d.png", os.fsencode(folder) + b"/001-\xff.png")
        return folder

    def part(self, out):
        return out.with_name(out.name + ".part")

    def start(self, *arguments):
        process = subprocess.Popen([self.program, *map(os.fspath, map(str, arguments))],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    def wait_for_bytes(self, process, out, size):
        """Until the part file has so many bytes, or the process has ended."""
        deadline = time.monotonic() + WAIT
        while process.poll() is None:
            self.assertLess(time.monotonic(), deadline)
            try:
                if self.part(out).stat().st_size >= size:
                    return
            except FileNotFoundError:
                pass
            time.sleep(0.0005)

    def stop(self, number, out, size, *arguments):
        """Runs `score` until OUT.part has so many bytes, sends the signal; the exit code."""
        process = self.start(*arguments, "-o", out)
        if size < 0:  # at the very beginning
            time.sleep(-size)
        else:
            self.wait_for_bytes(process, out, size)
        process.send_signal(number)
        self.said = process.communicate(timeout=WAIT)[1]
        return process.returncode

    def damage(self, out, chance):
        """What a power cut may do beside: lose the last bytes, or keep zeros in their place."""
        part = self.part(out)
        begun = part.with_name(part.name + ".json").exists()  # rows come after it only
        if not begun or not part.exists() or chance.random() < 0.5:
            return
        rows = part.read_bytes()
        lost = rows[:max(0, len(rows) - chance.randrange(200))]
        part.write_bytes(lost + bytes(chance.choice((0, 1, 4096))))

    def kill_and_resume(self, chance, kills, out, wanted, *arguments):
        """Kills `score` that often, each time further on, and wants the bytes of a whole run."""
        size, met = len(wanted), 0
        while met < kills or not out.exists():
            if out.exists():  # it came to its end before it could be killed: once more
                self.assertEqual(out.read_bytes(), wanted)
                out.unlink()
            there = self.part(out).stat().st_size if self.part(out).exists() else 0
            target = there + chance.uniform(-0.05, 0.6) * size if met < kills else 2 * size
            if target < there:
                target = -chance.uniform(0, 0.03)
            code = self.stop(signal.SIGKILL, out, target, *arguments, "--resume",
                             "--threads", chance.choice((1, 2, 3)),
                             "--batch-size", chance.choice((1, 3, 16, 64)))
            self.assertIn(code, (-signal.SIGKILL, 0, 4), self.said)
            met += code == -signal.SIGKILL
            self.damage(out, chance)
        # A kill right behind the last renaming leaves the identity: a finished run removes it.
        result = self.run_program(*arguments, "-o", out, "--resume")
        self.assertIn(result.returncode, (0, 4), result.stderr)
        self.assertEqual(out.read_bytes(), wanted)
        self.assertFalse(self.part(out).exists())

    def test_killed_at_any_moment(self):
        """Folder, tar and list; JSONL and CSV; in one piece and in three."""
        chance = random.Random(1)
        data, archive, names = self.pictures(80), self.folder / "set.tar.gz", self.folder / "names"
        with tarfile.open(archive, "w:gz") as file:
            file.add(data, "set")
        names.write_text("".join(f"pictures/{path.name}\n" for path in data.glob("*plain.png")))
        command = ["score", self.model(SLOW), data, archive, names]
        for suffix in (".jsonl", ".csv"):
            whole = self.folder / ("whole" + suffix)
            self.succeed(*command, "-o", whole, code=4)
            self.kill_and_resume(chance, KILLS // 4, self.folder / ("out" + suffix),
                                 whole.read_bytes(), *command)
            outs = [self.folder / f"{index}{suffix}" for index in range(3)]
            for index, out in enumerate(outs):
                shard = [*command, "--shard", f"{index}/3"]
                self.succeed(*shard, "-o", out, code=4)
                wanted = out.read_bytes()
                out.unlink()
                self.kill_and_resume(chance, -(-KILLS // 12), out, wanted, *shard)
            merged = self.folder / ("merged" + suffix)
            self.succeed("merge", *outs, "-o", merged, code=4)
            self.assertEqual(merged.read_bytes(), whole.read_bytes())
        # Nothing is left behind.
        self.assertEqual([file.name for file in self.folder.iterdir()
                          if ".part" in file.name or file.name.startswith(".")], [])

    def test_interrupted(self):
        data, model = self.pictures(), self.model(SLOW)
        wanted, out = self.folder / "wanted.csv", self.folder / "out.csv"
        self.succeed("score", model, data, data, "-o", wanted, code=4)
        for number in (signal.SIGINT, signal.SIGTERM):
            code = 4
            while code == 4:  # it came to its end before the signal
                out.unlink(missing_ok=True)
                code = self.stop(number, out, 3000, "score", model, data, data, "--batch-size", 4)
            self.assertEqual(code, 130)
            self.assertFalse(out.exists())
            there = len(read_csv(self.part(out)))
            self.assertGreater(there, 1)
            self.assertIn(f"after {there} rows; go on with --resume", self.said.decode())
            result = self.succeed("score", model, data, data, "-o", out, "--resume", code=4)
            self.assertIn(f"{there} rows", result.stderr)
            self.assertIn("already there", result.stderr)
            self.assertEqual(out.read_bytes(), wanted.read_bytes())
            out.unlink()

    def test_a_second_writer_is_refused(self):
        data, model, out = self.pictures(), self.model(SLOWEST), self.folder / "out.jsonl"
        arguments = ["score", model, data, data, "-o", out]
        first = self.start(*arguments, "--batch-size", 4)
        self.wait_for_bytes(first, out, 1000)
        first.send_signal(signal.SIGSTOP)
        self.assertIsNone(first.poll(), "the first run was to be at work")
        for flags in ([], ["--overwrite"], ["--resume"]):
            self.refuse(6, *arguments, *flags, words=[str(out), "another process"])
        first.send_signal(signal.SIGCONT)
        first.communicate(timeout=WAIT)
        self.assertEqual(first.returncode, 4)
        self.assertEqual(len(read_rows(out)), 240)
        again = self.folder / "again.jsonl"
        self.succeed("score", model, data, data, "-o", again, code=4)
        self.assertEqual(out.read_bytes(), again.read_bytes())

    def unfinished(self, *arguments):
        """A full disk ends a run; returns what is in the part file and beside it."""
        full = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))}
        self.succeed(*arguments, code=6, **full)
        return {file: file.read_bytes() for file in self.folder.glob("*.part*")}

    def test_another_run_is_refused_and_says_what_differs(self):
        data, model, out = self.pictures(), self.model(SLOW), self.folder / "out.jsonl"
        tuning = self.folder / "tuning.json"
        self.succeed("tune", model, "-o", tuning)
        files = self.unfinished("score", model, data, data, "-o", out)
        self.assertEqual(len(files), 2)
        other = self.model(SLOW, name="other.safetensors", classes=["a", "b", "c"])
        two = [data, data]
        for code_words, name, inputs, flags in (
                (["the model"], other, two, []),
                (["number of inputs"], model, [data], []),
                (["order"], model, [data / "000-plain.png", data, *[data / "000-plain.png"] * 119],
                 []),
                (["--top-k"], model, two, ["--top-k", 2]),
                (["--logits"], model, two, ["--logits"]),
                (["--split"], model, two, ["--split", "test"]),
                (["--decode"], model, two, ["--decode", "fast"]),
                (["--max-pixels"], model, two, ["--max-pixels", 100]),
                (["--shard"], model, two, ["--shard", "0/2"]),
                (["--tuning-file"], model, two, ["--tuning-file", tuning]),
                (["--top-k", "--logits", "the model"], other, two, ["--top-k", 2, "--logits"])):
            with self.subTest(code_words):
                self.refuse(2, "score", name, *inputs, "-o", out, "--resume", *flags,
                            words=[*code_words, "was", "is"])
                self.assertEqual({file: file.read_bytes() for file in files}, files)
                self.assertFalse(out.exists())
        # What does not change rows may change; so may the model's name.
        shutil.copy(model, self.folder / "copy.safetensors")
        self.succeed("score", self.folder / "copy.safetensors", *two, "-o", out, "--resume",
                     "--threads", 1, "--batch-size", 7, "--deterministic", code=4)
        self.assertEqual(len(read_rows(out)), 240)

    def test_damaged_part_files(self):
        data, model, out = self.pictures(), self.model(SLOW), self.folder / "out.csv"
        arguments = ["score", model, data, data, "-o", out]
        wanted = self.folder / "wanted.csv"
        self.succeed(*arguments[:-1], wanted, code=4)
        self.unfinished(*arguments)
        part = self.part(out)
        beside = part.with_name(part.name + ".json")
        rows, text = part.read_bytes(), beside.read_bytes()
        for damaged in (b"", b"{", b"[]", b"\xff", b"[" * 100_000, text[:40],
                        text.replace(b":", b"")):
            beside.write_bytes(damaged)
            self.refuse(2, *arguments, "--resume", words=[str(beside)])
        beside.unlink()
        self.refuse(2, *arguments, "--resume", words=[str(part), "not known"])
        self.assertEqual(part.read_bytes(), rows)
        beside.write_bytes(text)
        part.write_bytes(rows + b"something else\n" * 2)
        self.refuse(2, *arguments, "--resume", words=[f"byte {len(rows)}"])
        part.write_bytes(wanted.read_bytes() + b"a.png,,,,,open,gone,\n")
        self.refuse(2, *arguments, "--resume", words=["241 rows"])
        part.write_bytes(wanted.read_bytes())  # stopped just before the end
        self.succeed(*arguments, "--resume", code=4)
        self.assertEqual(out.read_bytes(), wanted.read_bytes())

    def test_without_a_part_file(self):
        image, out = save(self.folder / "a.png", 1), self.folder / "out.jsonl"
        broken = self.folder / "broken.png"
        broken.write_text("broken")
        model = self.model()
        self.succeed("score", model, image, "-o", out, "--resume")  # starts anew
        # A crash between the last two steps leaves an identity that belongs to no rows.
        (self.folder / "out.jsonl.part.json").write_text("{}")
        before = (out.read_bytes(), out.stat().st_mtime_ns)
        for flags in (["--resume"], ["--resume", "--overwrite"]):
            result = self.succeed("score", model, image, "-o", out, *flags)
            self.assertIn("is finished", result.stderr)
            self.assertEqual((out.read_bytes(), out.stat().st_mtime_ns), before)
            self.assertEqual(list(self.folder.glob("*.part*")), [])
        # The exit code is of the rows that are there.
        failed = self.folder / "failed.csv"
        for _ in range(2):
            self.succeed("score", model, image, broken, "-o", failed, "--resume", code=4)
        out.write_text("not rows")
        self.refuse(2, "score", model, image, "-o", out, "--resume", words=[str(out)])
        stale = self.folder / "new.jsonl.part.json"
        stale.write_text("{}")
        self.succeed("score", model, image, "-o", self.folder / "new.jsonl", "--resume")
        self.assertFalse(stale.exists())

    def test_a_link_stays_a_link(self):
        data, model = self.pictures(), self.model(SLOW)
        place = self.folder / "place"
        place.mkdir()
        link, target = self.folder / "out.jsonl", place / "results"  # no suffix
        self.succeed("score", model, data, "-o", link, code=4)
        expected = link.read_bytes()
        link.unlink()
        target.write_text("old")
        link.symlink_to(target)
        self.refuse(2, "score", model, data, "-o", link)
        process = self.start("score", model, data, "-o", link, "--overwrite")
        self.wait_for_bytes(process, target, 1)
        process.kill()
        process.communicate()
        self.assertEqual(target.read_text(), "old")
        self.succeed("score", model, data, "-o", link, "--resume", code=4)
        self.assertTrue(link.is_symlink())
        self.assertEqual(target.read_bytes(), expected)
        self.assertEqual(list(place.iterdir()), [target])

    def test_a_part_file_comes_before_an_old_result(self):
        data, model, out = self.pictures(), self.model(SLOW), self.folder / "out.jsonl"
        self.succeed("score", model, data, "-o", out, code=4)
        old = out.read_bytes()
        self.unfinished("score", model, data, data, "-o", out, "--overwrite")
        self.assertEqual(out.read_bytes(), old)
        self.succeed("score", model, data, data, "-o", out, "--resume", code=4)
        self.assertEqual(out.read_bytes(), old + old)

    def test_a_new_start_says_what_it_gives_up(self):
        data, model, out = self.pictures(), self.model(SLOW), self.folder / "out.jsonl"
        files = self.unfinished("score", model, data, data, "-o", out)
        size = len(files[self.part(out)])
        result = self.succeed("score", model, data, "-o", out, code=4)
        self.assertIn(f"{size} bytes", result.stderr)

    def test_the_failures_of_before_count(self):
        data = self.folder / "data"
        for seed in range(400):
            save(data / f"{seed:03}.png", seed)
        (data / "000.png").write_text("broken")
        model, out = self.model(SLOW), self.folder / "out.jsonl"
        self.unfinished("score", model, data, "-o", out)
        self.succeed("score", model, data, "-o", out, "--resume", code=4)
        self.assertEqual([row["error"] is not None for row in read_rows(out)],
                         [True] + [False] * 399)

    def test_one_broken_image_among_a_thousand(self):
        data, model = self.folder / "data", self.model()
        for seed in range(1000):
            save(data / f"{seed:03}.png", seed)
        broken = data / "500.png"
        kept = broken.read_bytes()
        broken.write_bytes(kept[:50] + bytes([kept[50] ^ 255]) + kept[51:])
        out, without = self.folder / "out.jsonl", self.folder / "without.jsonl"
        self.succeed("score", model, data, "-o", out, "--logits", code=4)
        broken.unlink()
        self.succeed("score", model, data, "-o", without, "--logits", "--threads", 1,
                     "--batch-size", 13)
        lines = out.read_bytes().splitlines(keepends=True)
        self.assertIn(b'"error"', lines[500])
        self.assertEqual(b"".join(lines[:500] + lines[501:]), without.read_bytes())
        self.assertEqual(len(lines), 1000)


if __name__ == "__main__":
    main()
