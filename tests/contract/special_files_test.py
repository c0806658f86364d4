"""Pipes, devices, sockets, folders and links in circles in place of files: refused, never waited
for; and names that are not UTF-8."""

import base64
import json
import os
import pathlib
import socket

from checks import Check, main, save

SECONDS = 10  # of one run, against hangs


class SpecialFiles(Check):

    def specials(self):
        """{title: path} of things that are no regular files."""
        place = self.folder / "special"
        place.mkdir(exist_ok=True)
        made = {name: place / (name + ".jsonl") for name in  # as outputs are named
                ("pipe", "device", "endless", "loop", "nowhere", "socket", "folder")}
        if not made["folder"].exists():
            os.mkfifo(made["pipe"])
            made["device"].symlink_to("/dev/null")
            made["endless"].symlink_to("/dev/zero")
            made["loop"].symlink_to(made["loop"])
            made["nowhere"].symlink_to(place / "absent")
            made["folder"].mkdir()
            with socket.socket(socket.AF_UNIX) as end:
                end.bind(os.path.relpath(made["socket"]))
        return made

    def link(self, name, target):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)
        return path

    def refused(self, code, *arguments):
        found, text = self.guarded(*arguments, seconds=SECONDS)
        self.assertEqual(found, code, (arguments, text))
        sentence = text.splitlines()[-1]
        self.assertTrue(sentence.startswith("allconv: ") and "; " in sentence, text)

    def test_files_that_commands_take(self):
        image, out = save(self.folder / "image.png", 1), self.folder / "out.jsonl"
        model = self.model()
        for title, special in self.specials().items():
            with self.subTest(title):
                network = self.link("network.json", special)
                self.refused(6, "inspect", special)
                self.refused(6, "score", special, image, "-o", out)
                self.refused(6, "evaluate", special, self.folder)
                self.refused(6, "plan", "--network", network, "--batch-size", 1)
                self.refused(6, "plan", model, "--batch-size", 1, "--tuning-file", special)
                self.refused(6, "bench", "--operation", "relu_forward", "--problem-file", special)
                self.assertFalse(out.exists())

    def test_outputs(self):
        image, model = save(self.folder / "image.png", 1), self.model()
        for title, special in self.specials().items():
            if title in ("nowhere", "loop"):
                continue  # a link whose target is free, or cannot be looked at
            with self.subTest(title):
                before = os.lstat(special)
                self.refused(6, "score", model, image, "-o", special, "--overwrite")
                self.refused(6, "tune", model, "-o", special)
                after = os.lstat(special)
                self.assertEqual((before.st_ino, before.st_mode), (after.st_ino, after.st_mode))

    def test_images(self):
        model, out = self.model(), self.folder / "out.jsonl"
        sound = save(self.folder / "images" / "a.png", 1)
        wanted = [str(sound)]
        for title, special in self.specials().items():
            path = self.link(f"images/{title}.png", special)
            if title != "folder":  # links to folders are not followed
                wanted.append(str(path))
        code, text = self.guarded("score", model, self.folder / "images", "-o", out,
                                  seconds=SECONDS)
        self.assertEqual(code, 4, text)
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        self.assertEqual([row["path"] for row in rows], sorted(wanted))
        for row in rows[1:]:
            self.assertEqual(row["error"]["stage"], "open", row)
        self.assertIn("top", rows[0])

    def test_sets(self):
        model, out = self.model(), self.folder / "out.jsonl"
        names = ["test_batch.bin", "batches.meta.txt", "t10k-images-idx3-ubyte",
                 "train-images-idx3-ubyte.gz"]
        for title, special in self.specials().items():
            for name in names:
                if title == "folder":
                    continue
                with self.subTest(title, name=name):
                    folder = self.folder / f"{title}-{name}"
                    folder.mkdir()
                    (folder / name).symlink_to(special)
                    if name == "batches.meta.txt":
                        (folder / "test_batch.bin").write_bytes(bytes(3073))
                    self.refused(6, "score", model, folder, "-o", out)

    def test_links_in_circles_end(self):
        model = self.model()
        folder = self.folder / "images"
        save(folder / "a.png", 1)
        (folder / "again").symlink_to(folder)
        (folder / "up").symlink_to("..")
        rows = self.rows(model, folder)
        self.assertEqual([row["path"] for row in rows], [str(folder / "a.png")])

    def test_names_that_are_not_text(self):
        model = self.model()
        folder = os.fsencode(self.folder / "images")
        os.mkdir(folder)
        good = save(self.folder / "image.png", 1).read_bytes()
        names = [b"\xff.png", b"\xc3\x28.png", b"new\nline.png", b"\x1b[2J.png", b"tab\t.png",
                 b"quote\".png", b"back\\slash.png", b"\xed\xa0\x80.png"]
        for number, name in enumerate(sorted(names)):
            with open(folder + b"/" + name, "wb") as file:
                file.write(good if number % 2 else b"broken")
        rows = self.rows(model, self.folder / "images", code=4)
        self.assertEqual(len(rows), len(names))
        for number, (row, name) in enumerate(zip(rows, sorted(names))):
            with self.subTest(name):
                path = folder + b"/" + name
                self.assertEqual("error" in row, number % 2 == 0)
                try:
                    self.assertEqual(row["path"], path.decode("utf-8"))
                    self.assertNotIn("path_base64", row)
                except UnicodeDecodeError:
                    self.assertIn("\ufffd", row["path"])
                    self.assertEqual(base64.b64decode(row["path_base64"]), path)

    def test_a_model_whose_name_is_not_text(self):
        image = save(self.folder / "image.png", 1)
        sound = self.model().read_bytes()
        for name in (b"\xff", b"new\nline"):
            path = pathlib.Path(os.fsdecode(os.fsencode(self.folder) + b"/" + name))
            path.write_bytes(sound)
            self.rows(path, image)
            path.write_bytes(sound[:100])
            code, text = self.guarded("inspect", path, seconds=SECONDS)
            self.assertEqual((code, len(text.splitlines())), (3, 1), text)


if __name__ == "__main__":
    main()
