"""Sets made to do harm: small files that unpack to gigabytes, lines and names without end. Each is
refused, or its rows say why, within bounds of time and memory."""

import gzip
import json
import lzma
import struct
import tarfile

from checks import Check, main, save

SECONDS = 30  # of one run, against hangs: a gigabyte is inflated before it is refused
PIECE = 16 << 20


def tar_head(name, size, kind=tarfile.REGTYPE):
    entry = tarfile.TarInfo(name)
    entry.size, entry.type = size, kind
    return entry.tobuf(tarfile.GNU_FORMAT)


class HostileSets(Check):

    def refused(self, data):
        code, text = self.guarded("score", self.model(), data, "-o", self.folder / "out.jsonl",
                                  seconds=SECONDS)
        self.assertEqual(code, 6, text)
        sentence = text.splitlines()[-1]
        self.assertTrue(sentence.startswith("allconv: ") and "; " in sentence, text)
        return sentence

    def failed_rows(self, data):
        out = self.folder / "out.jsonl"
        code, text = self.guarded("score", self.model(), data, "-o", out, "--overwrite",
                                  seconds=SECONDS)
        self.assertEqual(code, 4, text)
        return [json.loads(line) for line in out.read_text("utf-8").splitlines()]

    def test_archives_that_inflate_without_end(self):
        # Many members, as both formats allow: a file of two megabytes of two gigabytes.
        for suffix, pack, head in ((".tar.gz", gzip.compress, bytes(512)),
                                   (".tar.xz", lzma.compress, tar_head("a.png", 1 << 31))):
            with self.subTest(suffix):
                path = self.folder / ("bomb" + suffix)
                path.write_bytes(pack(head) + pack(bytes(PIECE)) * 128)
                self.assertIn("inflates", self.refused(path))

    def test_an_archive_of_names(self):
        # A hundred million inputs would take gigabytes of names.
        heads = b"".join(tar_head("x" * 90 + f"{number:06}.png", 0) for number in range(1 << 14))
        path = self.folder / "names.tar.xz"
        path.write_bytes(lzma.compress(heads) * 150)
        self.refused(path)

    def test_members_that_claim_more_than_there_is(self):
        path = self.folder / "set.tar"
        for size in (1000, 1 << 33, (1 << 62)):
            with self.subTest(size=size):
                path.write_bytes(tar_head("a.png", size) + bytes(512))
                self.refused(path)

    def test_index_files_that_inflate_without_end(self):
        folder = self.folder / "set"
        folder.mkdir()
        for count in (1, 2**32 - 1, (1 << 31) // 784):
            with self.subTest(count=count):
                head = struct.pack(">4I", 0x803, count, 28, 28)
                (folder / "t10k-images-idx3-ubyte.gz").write_bytes(
                    gzip.compress(head) + gzip.compress(bytes(PIECE)) * 128)
                self.refused(folder)

    def test_a_list_of_one_line_without_end(self):
        path = self.folder / "list.txt"
        path.write_bytes(b"x" * (300 << 20))
        code, text = self.guarded("score", self.model(), path, "-o", self.folder / "out.jsonl",
                                  seconds=SECONDS)
        self.assertIn(code, (4, 6), text[-300:])

    def test_a_list_of_places_that_are_no_images(self):
        save(self.folder / "a.png", 1)
        lines = [b"a.png", b"/dev/zero", b"/dev/null", b"/proc/self/mem", b"/proc/self/environ",
                 b".", b"..", b"a.png/", b"\xff\xfe", b"x" * 5000, b"list.txt"]
        path = self.folder / "list.txt"
        path.write_bytes(b"\n".join(lines) + b"\n")
        rows = self.failed_rows(path)
        self.assertEqual(len(rows), len(lines))
        self.assertEqual(["top" in row for row in rows], [True] + [False] * (len(lines) - 1))
        for row in rows[1:]:
            self.assertIn(row["error"]["stage"], ("open", "decode"))

    def test_deep_folders(self):
        deep = self.folder / "set"
        for _ in range(60):
            deep = deep / ("d" * 60)
        deep.mkdir(parents=True)
        image = save(deep / "a.png", 1)
        rows = self.rows(self.model(), self.folder / "set")
        self.assertEqual([row["path"] for row in rows], [str(image)])


if __name__ == "__main__":
    main()
