"""Tars and lists: the same rows as the files would have, and nothing worse than a row or a refusal
from those that are odd, damaged, or made to do harm."""

import base64
import gzip
import io
import json
import lzma
import os
import struct
import subprocess
import tarfile

from checks import CLASSES, TINY, Check, main, picture, save

SUFFIXES = [".tar", ".tar.gz", ".tar.xz", ".tar.zst"]


def zstd(data):
    """A zstd frame (RFC 8878) of blocks that are not compressed."""
    blocks = [data[at:at + 0x10000] for at in range(0, len(data), 0x10000)]
    frame = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data))
    for number, block in enumerate(blocks, 1):
        frame += struct.pack("<I", (number == len(blocks)) | len(block) << 3)[:3] + block
    return frame


PACK = {".tar": bytes, ".tar.gz": gzip.compress, ".tar.xz": lzma.compress, ".tar.zst": zstd}


def tar_bytes(members, form=tarfile.PAX_FORMAT):
    """A tar of (name, content) or of TarInfo objects."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return stream.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def outcomes(rows):
    return [{key: row[key] for key in row if key != "path"} for row in rows]


class Sets(Check):

    def pictures(self):
        """Class folders in splits, one image broken; and the names of the images, bytewise."""
        root = self.folder / "pictures"
        for part in ("train", "test"):
            for place, name in enumerate(CLASSES):
                for number in range(3):
                    suffix = ("png", "jpg", "bmp")[number]
                    save(root / part / name / f"{number}.{suffix}", 7 * place + number)
        (root / "train/blue/1.jpg").write_bytes((root / "train/blue/1.jpg").read_bytes()[:-30])
        (root / "train/red/notes.txt").write_text("no image")
        files = sorted(os.fsencode(path.relative_to(root)) for path in root.rglob("*.*"))
        return root, [os.fsdecode(name) for name in files if not name.endswith(b"txt")]

    def write_tar(self, suffix, members, name="set"):
        path = self.folder / (name + suffix)
        path.write_bytes(PACK[suffix](tar_bytes(members)))
        return path

    def test_rows_of_a_tar_are_those_of_the_folder(self):
        root, names = self.pictures()
        model = self.model()
        wanted = {row["path"]: row for row in self.rows(model, root, code=4, flags=["--logits"])}
        order = names[1::2] + names[::2]  # a tar keeps its own
        for suffix in SUFFIXES:
            members = [(name, (root / name).read_bytes())
                       for name in order + ["train/red/notes.txt"]]
            path = self.write_tar(suffix, members)
            for threads in (1, 3):
                rows = self.rows(model, path, code=4, flags=["--logits", "--threads", threads])
                self.assertEqual([row["path"] for row in rows],
                                 [f"{path}:{name}" for name in order])
                self.assertEqual(outcomes(rows),
                                 outcomes(wanted[str(root / name)] for name in order))
            for shard in range(3):
                wanted_rows = rows[shard::3]
                code = 4 if any("error" in row for row in wanted_rows) else 0
                flags = ["--logits", "--shard", f"{shard}/3"]
                self.assertEqual(self.rows(model, path, code=code, flags=flags), wanted_rows)

    def test_labels_and_splits_of_a_tar_are_those_of_the_folder(self):
        root, _ = self.pictures()
        model = self.model()

        def evaluated(data, split, code):
            return json.loads(self.succeed("evaluate", model, data, "--results-format", "json",
                                           "--split", split, code=code).stdout)

        for top in ("pictures", "./pictures", "."):
            path = self.folder / "set.tar"
            with tarfile.open(path, "w") as archive:
                archive.add(root, top)
            for split, code in (("test", 0), ("train", 4), ("all", 4)):
                self.assertEqual(evaluated(path, split, code), evaluated(root, split, code))
            rows = self.rows(model, path, flags=["--split", "test"])
            self.assertEqual(len(rows), 9)
            self.assertTrue(all("/test/" in row["path"] for row in rows))
        self.refuse(2, "evaluate", model, self.write_tar(".tar", [("a/1.png", b"")], "one"),
                    words=['"a"'])
        self.refuse(2, "evaluate", model, self.write_tar(".tar", [("1.png", b"")], "flat"),
                    words=["no label"])

    def test_training_on_a_tar_gives_the_weights_of_the_folder(self):
        root, names = self.pictures()
        names = [name for name in names if name.startswith("train/")]
        path = self.write_tar(".tar.gz", [(name, (root / name).read_bytes()) for name in names])
        lines = [f"pictures/{name}\t{name.split('/')[1]}\n" for name in names]
        (self.folder / "list.txt").write_text("".join(lines))
        models = []
        for data in (root, path, self.folder / "list.txt"):
            models.append(self.folder / "trained")
            self.succeed("train", data, "-o", models[-1], "--epochs", 1, "--network",
                         self.network_file(TINY), code=4)
            models[-1] = models[-1].read_bytes()
        self.assertEqual(models[0], models[1])
        self.assertEqual(models[0], models[2])

    def test_members_that_are_no_files(self):
        good = save(self.folder / "a.png", 1).read_bytes()
        path = self.write_tar(".tar", [
            special("folder.png", tarfile.DIRTYPE), ("folder.png/a.png", good),
            special("hard.png", tarfile.LNKTYPE, "folder.png/a.png"),
            special("link.png", tarfile.SYMTYPE, "a.png"), special("pipe.png", tarfile.FIFOTYPE),
            special("device.png", tarfile.CHRTYPE), ("inner.tar", tar_bytes([("b.png", good)])),
            ("../../etc/b.png", good), ("/c.png", good), ("empty.png", b"")])
        rows = self.rows(self.model(), path, code=4)
        stages = {row["path"].split(":", 1)[1]: row.get("error", {}).get("stage") for row in rows}
        self.assertEqual(stages, {
            "folder.png/a.png": None, "hard.png": "open", "link.png": "open", "pipe.png": "open",
            "device.png": "open", "../../etc/b.png": None, "/c.png": None, "empty.png": "decode"})

    def test_names_that_are_not_utf8(self):
        good = save(self.folder / "a.png", 1).read_bytes()
        name = b"caf\xe9/\xff.png"
        for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT):
            path = self.folder / "set.tar"
            path.write_bytes(tar_bytes([(os.fsdecode(name), good), ("\u65e5/1.png", good)], form))
            for locale in ("C", "C.UTF-8"):
                rows = self.rows_in(locale, path)
                self.assertEqual(rows[0]["path"], f"{path}:caf\ufffd/\ufffd.png")
                self.assertEqual(base64.b64decode(rows[0]["path_base64"]),
                                 os.fsencode(path) + b":" + name)
                self.assertEqual(rows[1]["path"], f"{path}:\u65e5/1.png")

    def rows_in(self, locale, data):
        out = self.folder / "rows.jsonl"
        self.succeed("score", self.model(), data, "-o", out, "--overwrite",
                     env={**os.environ, "LC_ALL": locale})
        return [json.loads(line) for line in out.read_text("utf-8").splitlines()]

    def test_damaged_tars_leave_no_results(self):
        content = tar_bytes([(f"{number}.png", picture(number, 16, 16).tobytes())
                             for number in range(20)])
        end = len(content.rstrip(b"\0")) // 512 * 512 + 512
        out = self.folder / "out.jsonl"
        for suffix in SUFFIXES:
            path = self.folder / f"set{suffix}"
            cuts = [0, 100, 512, 1536, 5120, end - 512, end]
            for cut in cuts:
                whole = PACK[suffix](content)
                path.write_bytes(whole[:min(cut, len(whole) - 9 if suffix != ".tar" else end)])
                self.refuse(6, "score", self.model(), path, "-o", out, words=[path.name])
        (self.folder / "sum.tar.gz").write_bytes(gzip.compress(content)[:-8] + bytes(8))
        self.refuse(6, "score", self.model(), self.folder / "sum.tar.gz", "-o", out)
        self.refuse(6, "score", self.model(), self.folder / "absent.tar", "-o", out)
        self.assertFalse(out.exists())

    def test_tar_bomb(self):
        zeros = lzma.compress(bytes(16 << 20))
        path = self.folder / "bomb.tar.xz"
        head = tarfile.TarInfo("a.png")
        head.size = 1 << 40
        path.write_bytes(lzma.compress(head.tobuf(tarfile.GNU_FORMAT)) + zeros * 400)
        self.refuse(6, "score", self.model(), path, "-o", self.folder / "o.jsonl",
                    words=["inflates", "bomb.tar.xz"])

    def test_rows_of_a_list_are_those_of_the_files(self):
        root, names = self.pictures()
        model = self.model()
        wanted = {row["path"]: row for row in self.rows(model, root, code=4, flags=["--logits"])}
        path = root / "list"
        lines = names + names[:3] + [str(root / names[0])]
        path.write_bytes("\r\n".join([lines[0], "", *lines[1:]]).encode())
        rows = self.rows(model, path, code=4, flags=["--logits"])
        self.assertEqual([row["path"] for row in rows], lines)
        self.assertEqual(outcomes(rows),
                         outcomes(wanted[str(root / line)] for line in lines))

    def test_labels_of_a_list(self):
        root, names = self.pictures()
        model, path = self.model(), root / "list.tsv"
        names = [name for name in names if name.startswith("test/")]
        path.write_text("".join(f"{name}\t{name.split('/')[1]}\n" for name in names))
        for data in (root, path):
            result = self.succeed("evaluate", model, data, "--results-format", "json").stdout
            self.assertEqual(json.loads(result)["images"], 9)
        self.assertEqual(result, self.succeed("evaluate", model, root, "--results-format",
                                              "json").stdout)
        path.write_text("test/red/0.png\tred\ntest/red/1.jpg\n")
        self.refuse(2, "evaluate", model, path, words=["line 2 has no label"])
        self.assertEqual(len(self.rows(model, path)), 2)

    def test_lines_that_name_no_files(self):
        save(self.folder / "good.png", 1)
        os.mkfifo(self.folder / "pipe.png")
        (self.folder / "loop.png").symlink_to("loop.png")
        (self.folder / "link.png").symlink_to("good.png")
        path = self.folder / "list.txt"
        lines = ["absent.png", ".", "/", "/dev/zero", "pipe.png", "loop.png", "list.txt",
                 "good.png", "link.png", " good.png"]
        path.write_text("\n".join(lines))
        rows = self.rows(self.model(), path, code=4)
        self.assertEqual([row["path"] for row in rows], lines)
        self.assertEqual([row.get("error", {}).get("stage") for row in rows],
                         ["open"] * 6 + ["decode", None, None, "open"])

    def test_what_is_no_list(self):
        out = self.folder / "out.jsonl"
        picture_file = save(self.folder / "picture.png", 1)
        for name, content in (("picture.gif", picture_file.read_bytes()), ("zero", b"a\0b.png\n"),
                              ("long", b"x" * 70_000), ("model", self.model().read_bytes())):
            (self.folder / name).write_bytes(content)
            self.refuse(6, "score", self.model(), self.folder / name, "-o", out,
                        words=[name, "no list"])
        (self.folder / "empty").write_bytes(b"\n\n")
        self.refuse(2, "score", self.model(), self.folder / "empty", "-o", out, words=["no images"])
        self.refuse(6, "score", self.model(), self.folder / "absent", "-o", out, words=["absent"])

    def test_several_kinds_together(self):
        root, names = self.pictures()
        good = save(self.folder / "a.png", 1)
        (self.folder / "list").write_text("a.png\nb.png\n")
        tar = self.write_tar(".tar.gz", [("x/b.png", good.read_bytes()), ("a.png", b"broken")])
        rows = self.rows(self.model(), tar, self.folder / "list", good, root, tar, code=4)
        of_tar = [f"{tar}:x/b.png", f"{tar}:a.png"]
        self.assertEqual([row["path"] for row in rows],
                         of_tar + ["a.png", "b.png", str(good)] +
                         [str(root / name) for name in names] + of_tar)
        self.assertEqual([row["path"] for row in rows if "error" in row],
                         [of_tar[1], "b.png", str(root / "train/blue/1.jpg"), of_tar[1]])

    def test_memory_does_not_grow_with_a_list(self):
        save(self.folder / "a.png", 1)
        model, path = self.model(), self.folder / "list"

        def peak(lines):
            """Of the program's memory, in MiB."""
            path.write_text("a.png\n" * lines)
            process = subprocess.Popen(
                [self.program, "score", model, path, "-o", self.folder / "o.jsonl", "--overwrite"],
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            with open(self.folder / "o.jsonl", "rb") as rows:
                self.assertEqual(sum(1 for _ in rows), lines)
            return usage.ru_maxrss / 1024

        few, many = peak(1000), peak(100_000)
        if "ALLCONV_SANITIZED" not in os.environ:
            self.assertLess(many, few + 8)


if __name__ == "__main__":
    main()
