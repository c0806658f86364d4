"""The rows of `score`: one an input, in order, with the keys and the paths of the contract."""

import base64
import gzip
import json
import os
import pathlib
import struct
import subprocess
import zlib

from checks import TINY, Check, Image, main, np, oracle, picture, save


def paths(rows):
    return [row["path"] for row in rows]


class Rows(Check):

    def test_keys_and_their_order(self):
        image = save(self.folder / "a.png", 1)
        model, out = self.model(), self.folder / "out.jsonl"
        for flags, keys in (([], ["path", "top"]), (["--logits"], ["path", "top", "logits"])):
            self.succeed("score", model, image, "-o", out, "--overwrite", *flags)
            row = json.loads(out.read_text(), object_pairs_hook=list)
            self.assertEqual([key for key, _ in row], keys)
            entries = dict(row)["top"]
            self.assertEqual(len(entries), 3)  # five asked for, three there
            for entry in entries:
                self.assertEqual([key for key, _ in entry], ["class", "index", "probability"])
        self.assertEqual(len(self.rows(model, image, flags=["--top-k", 1])[0]["top"]), 1)

    def test_three_stages_of_failure(self):
        good = save(self.folder / "good.png", 1)
        cut, text = self.folder / "cut.png", self.folder / "text.jpg"
        cut.write_bytes(good.read_bytes()[:-40])
        text.write_text("not an image")
        damaged = bytearray(good.read_bytes())
        damaged[-20] ^= 1
        (self.folder / "sum.png").write_bytes(damaged)
        data = [good, self.folder / "absent.png", cut, text, self.folder / "sum.png", good]
        rows = self.rows(self.model(), *data, code=4)
        self.assertEqual(paths(rows), list(map(str, data)))
        self.assertEqual([row.get("error", {}).get("stage") for row in rows],
                         [None, "open", "decode", "decode", "decode", None])
        for row in rows[1:5]:
            self.assertEqual((list(row), list(row["error"])),
                             (["path", "error"], ["stage", "message"]))
            self.assertTrue(row["error"]["message"])

    def test_infinite_logits_are_a_row_of_their_own(self):
        weights = oracle.random_tensors(TINY)
        huge = {name: np.full_like(tensor, 3e38) for name, tensor in weights.items()
                if name.endswith("weight")}
        white = self.folder / "white.png"
        Image.new("RGB", (8, 8), "white").save(white)
        rows = self.rows(self.model(tensors=huge), white, code=4)
        self.assertEqual(rows[0]["error"]["stage"], "network")

    def test_folders_are_walked_bytewise(self):
        root = self.folder / "pictures"
        names = ["B.PNG", "a.jpg", "a/z.png", "a-b.png", "a/b/c.jpeg", "a0.JPEG", "\u00e9.png"]
        for seed, name in enumerate(names):
            save(root / name, seed)
        (root / "zz.txt").write_text("counted")
        (root / "also.gz").write_text("counted")
        os.symlink(root / "a.jpg", root / "link.jpg")
        out = self.folder / "rows.jsonl"
        result = self.succeed("score", self.model(), root, "-o", out)
        rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
        wanted = sorted((os.fsencode(root / name) for name in names + ["link.jpg"]))
        self.assertEqual(paths(rows), [os.fsdecode(path) for path in wanted])
        self.assertRegex(result.stderr, r"\b2 (other )?files")
        by_path = {row["path"]: row["top"] for row in rows}
        self.assertEqual(by_path[str(root / "link.jpg")], by_path[str(root / "a.jpg")])

    def test_what_lies_in_folders_and_is_no_image(self):
        """None of them may hang the program, cost memory, or cost more than its own row."""
        root = self.folder / "odd"
        good = save(root / 'a "quoted"\nname.png', 1)
        save(root / ".hidden.png", 2)
        os.mkfifo(root / "pipe.png")
        (root / "zeros.png").symlink_to("/dev/zero")
        (root / "loop.png").symlink_to("loop.png")
        (root / "nowhere.png").symlink_to("absent")
        (root / "folder.png").mkdir()
        huge = bytearray(good.read_bytes())
        huge[16:24] = struct.pack(">2I", 60_000, 60_000)  # width and height of the header
        huge[29:33] = struct.pack(">I", zlib.crc32(huge[12:29]))
        (root / "huge.png").write_bytes(huge)
        rows = self.rows(self.model(), root, code=4)
        stages = {row["path"].rsplit("/", 1)[1]: row.get("error", {}).get("stage") for row in rows}
        self.assertEqual(stages, {
            ".hidden.png": None, 'a "quoted"\nname.png': None, "huge.png": "decode",
            "loop.png": "open", "nowhere.png": "open", "pipe.png": "open", "zeros.png": "open"})

    def test_messages_never_end_up_in_results(self):
        """A program started without stdout and stderr must not write messages into its files."""
        image, model = save(self.folder / "a.png", 1), self.model()
        command = [self.program, "score", model, image, "-o", self.folder / "out.jsonl"]
        closed = subprocess.run(["/bin/sh", "-c", '"$@" <&- >&- 2>&-', "sh", *command], check=False)
        self.assertEqual(closed.returncode, 0)
        row, = (self.folder / "out.jsonl").read_text().splitlines()
        self.assertEqual(json.loads(row)["path"], str(image))

    def test_several_data_in_the_order_given(self):
        one, two = save(self.folder / "z/1.png", 1), save(self.folder / "y/2.png", 2)
        alone = save(self.folder / "alone.png", 3)
        rows = self.rows(self.model(), self.folder / "z", alone, self.folder / "y", alone)
        self.assertEqual(paths(rows), list(map(str, [one, alone, two, alone])))

    def test_path_as_given(self):
        save(self.folder / "d/x.png", 1)
        model, out = self.model(), self.folder / "o.jsonl"
        self.succeed("score", model, "d", "./d/x.png", "-o", out, cwd=self.folder)
        self.assertEqual([json.loads(line)["path"] for line in out.read_text().splitlines()],
                         ["d/x.png", "./d/x.png"])

    def test_name_that_is_not_utf8(self):
        root = self.folder / "names"
        image = save(root / "x.png", 1)
        name = os.fsencode(root) + b"/\xff\xe9a.png"
        os.rename(image, name)
        row = self.rows(self.model(), root)[0]
        self.assertEqual(row["path"], str(root) + "/\ufffd\ufffda.png")
        self.assertEqual(base64.b64decode(row["path_base64"]), name)
        # An image given by itself, and one that fails, tell their names alike.
        self.assertEqual(self.rows(self.model(), pathlib.Path(os.fsdecode(name)))[0], row)
        pathlib.Path(os.fsdecode(name)).write_text("broken")
        row = self.rows(self.model(), root, code=4)[0]
        self.assertEqual(base64.b64decode(row["path_base64"]), name)

    def test_cifar_names(self):
        root = self.folder / "cifar"
        root.mkdir()
        images = np.stack([picture(seed, 32, 32) for seed in range(5)])
        records = b"".join(bytes([seed]) + image.transpose(2, 0, 1).tobytes()
                           for seed, image in enumerate(images))
        (root / "test_batch.bin").write_bytes(records)
        (root / "data_batch_2.bin").write_bytes(records[:2 * 3073])
        (root / "data_batch_1.bin").write_bytes(records[:3073])
        model = self.model()
        self.assertEqual(paths(self.rows(model, root, flags=["--split", "test"])),
                         [f"test_batch.bin#{number}" for number in range(5)])
        rows = self.rows(model, root, flags=["--split", "train", "--logits"])
        self.assertEqual(paths(rows), ["data_batch_1.bin#0", "data_batch_2.bin#0",
                                       "data_batch_2.bin#1"])
        prepare = oracle.plain_prepare(TINY)
        wanted = oracle.forward(TINY, oracle.random_tensors(TINY),
                                np.stack([oracle.prepared(images[place], prepare)
                                          for place in (0, 0, 1)]))[0]
        # Resizing may be off by one level.
        np.testing.assert_allclose([row["logits"] for row in rows], wanted, atol=0.02)
        self.assertEqual(len(self.rows(model, root)), 8)

    def test_idx_names(self):
        for suffix, pack in (("", bytes), (".gz", gzip.compress)):
            root = self.folder / f"idx{suffix}"
            root.mkdir()
            images = np.stack([picture(seed, 8, 8)[:, :, 0] for seed in range(3)])
            (root / f"t10k-images-idx3-ubyte{suffix}").write_bytes(
                pack(struct.pack(">4I", 0x803, 3, 8, 8) + images.tobytes()))
            (root / f"t10k-labels-idx1-ubyte{suffix}").write_bytes(
                pack(struct.pack(">2I", 0x801, 3) + bytes([2, 0, 1])))
            rows = self.rows(self.model(), root, flags=["--logits"])
            self.assertEqual(paths(rows), [f"t10k-images-idx3-ubyte{suffix}#{number}"
                                           for number in range(3)])
            values = np.stack([image / 255 for image in images])[:, None].repeat(3, 1)
            wanted = oracle.forward(TINY, oracle.random_tensors(TINY), values)[0]
            np.testing.assert_allclose([row["logits"] for row in rows], wanted, rtol=1e-4,
                                       atol=1e-5)

    def test_existing_results_and_the_part_file(self):
        image, model = save(self.folder / "a.png", 1), self.model()
        out = self.folder / "out.jsonl"
        self.succeed("score", model, image, "-o", out)
        before = out.read_bytes()
        self.refuse(2, "score", model, image, "-o", out, words=["--overwrite", str(out)])
        self.assertEqual(out.read_bytes(), before)
        self.succeed("score", model, image, image, "-o", out, "--overwrite")
        self.assertEqual(len(out.read_text().splitlines()), 2)
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["a.png", "model.safetensors", "out.jsonl"])


if __name__ == "__main__":
    main()
