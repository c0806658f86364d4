"""Shards and CSV: what several runs write is, put together, what one run writes."""

import base64
import json
import os
import resource
import unittest

from checks import Check, main, save
from results import COLUMNS, read_csv, read_jsonl


class Csv(Check):

    def odd_pictures(self):
        root = self.folder / "odd"
        for seed, name in enumerate(('a "quoted"', "two\nlines", "com,ma", "carriage\rreturn",
                                     "\u00e9", " spaces ", "semi;colon", "'single'")):
            save(root / f"{name}.png", seed)
        os.rename(root / "'single'.png", os.fsencode(root) + b"/\xff,\n\xfe.png")
        (root / "bro\"ken\n.png").write_text("broken")
        return root

    def test_says_what_the_json_says(self):
        data, model = self.odd_pictures(), self.model()
        for flags in ([], ["--top-k", 1], ["--top-k", 3]):
            for suffix in ("csv", "jsonl"):
                self.succeed("score", model, data, "-o", self.folder / f"out.{suffix}",
                             "--overwrite", *flags, code=4)
            rows = read_csv(self.folder / "out.csv")
            self.assertEqual(rows, read_jsonl(self.folder / "out.jsonl"))
            self.assertEqual(len(rows), 9)
            self.assertEqual(sum(row["error"] is not None for row in rows), 1)

    def test_the_lines_themselves(self):
        data, model, out = self.odd_pictures(), self.model(classes=['"r"', "g,b", "é"]), \
            self.folder / "out.csv"
        self.succeed("score", model, data / "com,ma.png", data / " spaces .png", "-o", out,
                     "--top-k", 1)
        text = out.read_text("utf-8")
        self.assertTrue(text.startswith(",".join(COLUMNS) + "\n"))
        self.assertEqual(text.count("\n"), 3)
        self.assertNotIn("\r", text)
        self.assertIn(f'\n"{data}/com,ma.png",1,', text)
        self.assertIn(f"\n{data}/ spaces .png,1,", text)
        self.assertTrue(any(name in text for name in ('"""r"""', '"g,b"', "é")))
        for line in text.splitlines()[1:]:
            self.assertTrue(line.endswith(",,,"), line)

    def test_paths_that_are_not_text(self):
        out = self.folder / "out.csv"
        self.succeed("score", self.model(), self.odd_pictures(), "-o", out, code=4)
        # What stands behind the newline in the name.
        lines = [line for line in out.read_text("utf-8").split("\n")
                 if line.startswith("\ufffd.png")]
        self.assertEqual(len(lines), 3)
        names = {base64.b64decode(line.rsplit(",", 1)[1]) for line in lines}
        self.assertEqual(names, {os.fsencode(self.folder) + b"/odd/\xff,\n\xfe.png"})

    def test_decoding_that_is_not_exact_is_told(self):
        data, model = self.odd_pictures(), self.model()
        plain, fast = self.folder / "plain.jsonl", self.folder / "fast.jsonl"
        self.succeed("score", model, data, "-o", plain, code=4)
        self.succeed("score", model, data, "-o", fast, "--decode", "fast", code=4)
        rows = [json.loads(line, object_pairs_hook=list) for line in fast.read_text().splitlines()]
        self.assertEqual([row[-1] for row in rows], [("decode", "fast")] * 9)
        # PNG has no other way to be decoded.
        wanted = [json.loads(line, object_pairs_hook=list)
                  for line in plain.read_text().splitlines()]
        self.assertEqual([row[:-1] for row in rows], wanted)
        self.succeed("score", model, data, "-o", self.folder / "same.jsonl", "--decode", "exact",
                     code=4)
        self.assertEqual((self.folder / "same.jsonl").read_bytes(), plain.read_bytes())
        table = self.folder / "fast.csv"
        self.succeed("score", model, data / "com,ma.png", "-o", table, "--decode", "fast")
        lines = table.read_text().splitlines()
        self.assertEqual(lines[0], ",".join(COLUMNS + ["decode"]))
        self.assertTrue(all(line.endswith(",,,,fast") for line in lines[1:]))


class Shards(Check):

    def setUp(self):
        super().setUp()
        self.data = self.folder / "data"
        for seed in range(21):
            save(self.data / f"{seed:02}.png", seed)
        (self.data / "13.png").write_text("broken")
        self.scorer = self.model()

    def shards(self, count, suffix="jsonl"):
        outs = [self.folder / f"{index}-of-{count}.{suffix}" for index in range(count)]
        for index, out in enumerate(outs):
            code = 4 if index == 13 % count else 0
            self.succeed("score", self.scorer, self.data, "-o", out, "--shard", f"{index}/{count}",
                         code=code)
        return outs

    def test_each_takes_the_inputs_of_its_turn(self):
        for index, out in enumerate(self.shards(3)):
            self.assertEqual([row["path"] for row in read_jsonl(out)],
                             [os.fsencode(self.data / f"{seed:02}.png")
                              for seed in range(index, 21, 3)])

    def test_merged_they_are_one_run(self):
        for suffix in ("jsonl", "csv"):
            whole = self.folder / f"whole.{suffix}"
            self.succeed("score", self.scorer, self.data, "-o", whole, code=4)
            for count in (1, 2, 7, 24):
                merged = self.folder / f"merged.{suffix}"
                result = self.succeed("merge", *self.shards(count, suffix), "-o", merged,
                                      "--overwrite", code=4)
                self.assertIn("21 rows", result.stderr)
                self.assertEqual(result.stdout, "")
                self.assertEqual(merged.read_bytes(), whole.read_bytes())

    def test_a_shard_may_be_empty(self):
        for suffix, content in (("jsonl", ""), ("csv", ",".join(COLUMNS) + "\n")):
            out = self.folder / f"out.{suffix}"
            self.succeed("score", self.scorer, self.data, "-o", out, "--shard", "21/22")
            self.assertEqual(out.read_text(), content)

    def test_without_failures_the_exit_code_is_0(self):
        (self.data / "13.png").unlink()
        outs = [self.folder / f"{index}.jsonl" for index in range(2)]
        for index, out in enumerate(outs):
            self.succeed("score", self.scorer, self.data, "-o", out, "--shard", f"{index}/2")
        self.succeed("merge", *outs, "-o", self.folder / "all.jsonl")

    def test_what_is_missing_is_named(self):
        merged = self.folder / "merged.jsonl"
        outs = self.shards(3)
        kept = outs[1].read_bytes()
        outs[1].rename(outs[1].with_name("elsewhere"))
        self.refuse(6, "merge", *outs, "-o", merged, words=[
            str(outs[1]), "missing", "1, 4, 7, ... (at least 7)", "--shard 1/3 --resume"])
        part = outs[1].with_name(outs[1].name + ".part")
        part.write_bytes(kept[:100])
        self.refuse(6, "merge", *outs, "-o", merged, words=[str(part), "unfinished"])
        part.unlink()
        outs[1].write_bytes(kept[:-3])
        self.refuse(6, "merge", *outs, "-o", merged, words=["torn", "19", "--shard 1/3 --resume"])
        lines = kept.splitlines(keepends=True)
        outs[1].write_bytes(b"".join(lines[:-2]))
        self.refuse(6, "merge", *outs, "-o", merged, words=["16, 19", "--shard 1/3 --resume"])
        self.assertFalse(merged.exists())
        outs[1].write_bytes(kept)
        merged.write_text("old")
        self.refuse(2, "merge", *outs, "-o", merged, words=["--overwrite"])
        self.assertEqual(merged.read_text(), "old")
        self.succeed("merge", *outs, "-o", merged, "--overwrite", code=4)
        self.assertEqual(len(read_jsonl(merged)), 21)

    def test_files_that_do_not_belong_together(self):
        outs, other = self.shards(2), self.shards(2, "csv")
        merged = self.folder / "merged.jsonl"
        for words, shards in ((["format"], [outs[0], other[1]]), (["twice"], [outs[0], outs[0]]),
                              (["format"], other), ([".jsonl"], [self.scorer, outs[0]])):
            self.refuse(2, "merge", *shards, "-o", merged, words=words)
        self.refuse(2, "merge", *outs, "-o", outs[0], "--overwrite", words=["twice"])
        self.refuse(6, "merge", *outs, "-o", self.folder / "no" / "merged.jsonl")
        self.assertFalse(merged.exists())

    @unittest.skipIf("ALLCONV_SANITIZED" in os.environ, "sanitizers take memory of their own")
    def test_memory_does_not_grow_with_the_files(self):
        """Files of 24 MB each are merged and counted in 16 MB."""
        shards = [self.folder / f"{index}.jsonl" for index in range(2)]
        for shard in shards:
            with open(shard, "wb") as file:
                for number in range(300_000):
                    file.write(b'{"path": "%d.png", "top": [{"class": "red", "index": 2, '
                               b'"probability": 0.5}]}\n' % number)
        merged = self.folder / "merged.jsonl"
        limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_DATA, (16 << 20,) * 2)}
        self.succeed("merge", *shards, "-o", merged, **limit)
        self.assertEqual(merged.stat().st_size, 2 * shards[0].stat().st_size)
        self.succeed("score", self.scorer, self.data, "-o", merged, "--resume", **limit)


if __name__ == "__main__":
    main()
