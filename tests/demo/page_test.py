#!/usr/bin/env python3
"""The demo's pictures and page, from files as the program writes them; and tools/demo's flags."""

import gzip
import html.parser
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy as np
from PIL import Image

ROOT, PROGRAM = map(pathlib.Path, sys.argv[1:3])
sys.path.insert(0, str(ROOT / "tools/demo_page"))

import answers  # noqa: E402
import canvas  # noqa: E402
import charts  # noqa: E402
import page  # noqa: E402
import pictures  # noqa: E402
import results  # noqa: E402

PLAN = """allconv: device cpu (Some <CPU>, avx2), 2 threads, fp32
net training, 4 images a micro-batch, 4 steps in 4 stages

stage layer          kernel                        parts     MFLOP      packed   workspace  problem
0     input          image_prepare_reference           1      0.03           0           0  n4h8w8
1     conv1 + relu2  conv2d_forward_reference          4      5.42        3456        8192  n4h8w8c3
2     conv1          conv2d_data_gradient_reference    4      5.42        3456        8192  n4h8w8c3

value                       bytes       offset       stages
input                       40960            0         0-3
relu2                       20480        40960         1-2
d_conv1                     40960        61440         2-3

arena per worker                   102400 bytes  2 workers
sum without sharing                204800 bytes  if every value had memory of its own
lower bound                        100000 bytes  largest live set; the arena is 2.4% above it
"""
METRICS = [{"epoch": epoch, "train_loss": 1 / epoch, "train_error": 0.3 / epoch,
            "validation_error": 0.25 / epoch, "learning_rate": 0.05 if epoch < 3 else 0.005,
            "seconds": 10.0, "images_per_second": 6000.0} for epoch in (1, 2, 3)]


def write_idx(path, values):
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    path.write_bytes(gzip.compress(header + values.tobytes()))


def row(index, label, *tops):
    return {"path": f"demo/pictures/{label}/{index:05}.png",
            "top": [{"class": str(top), "index": top, "probability": share}
                    for top, share in tops]}


class FolderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write_data(self, a_class=6):
        labels = np.arange(10 * a_class, dtype=np.uint8) % 10
        images = np.random.default_rng(3).integers(0, 256, (labels.size, 28, 28), np.uint8)
        write_idx(self.folder / "t10k-labels-idx1-ubyte.gz", labels)
        write_idx(self.folder / "t10k-images-idx3-ubyte.gz", images)
        return images, labels


class PicturesTest(FolderTest):
    def test_class_folders_hold_the_images_and_one_is_broken(self):
        images, labels = self.write_data()
        folder = self.folder / "pictures"
        broken = pictures.write_class_folders(self.folder, folder, 40)
        paths = sorted(folder.glob("*/*"))
        self.assertEqual(len(paths), 40)
        self.assertEqual(sum(path.suffix == ".jpg" for path in paths), 20)
        self.assertEqual(broken.parent.name, "9")
        for path in paths:
            if path == broken:
                with Image.open(path) as image:
                    self.assertRaises(OSError, image.load)
                continue
            pixels = np.asarray(Image.open(path)).astype(int)
            self.assertEqual(labels[int(path.stem)], int(path.parent.name))
            error = np.abs(pixels - images[int(path.stem)]).max()
            self.assertLessEqual(error, 0 if path.suffix == ".png" else 40, path)

    def test_files_that_are_not_idx_are_refused_by_name(self):
        path = self.folder / "labels.gz"
        too_short = gzip.compress(b"\0\0\x08\x01\0\0\0\x05abc")
        of_floats = gzip.compress(b"\0\0\x0d\x01\0\0\0\x03abc")
        for content in (b"nothing", too_short, of_floats, gzip.compress(b"abc" * 90)[:-9]):
            path.write_bytes(content)
            with self.assertRaisesRegex(results.Unusable, re.escape(str(path))):
                pictures.read_idx(path)


class ResultsTest(FolderTest):
    def test_the_printed_plan(self):
        plan = results.parse_plan(PLAN)
        self.assertEqual(plan.device, "cpu (Some <CPU>, avx2), 2 threads, fp32")
        self.assertEqual(plan.values[2], results.Value("d_conv1", 40960, 61440, 2, 3))
        self.assertEqual((len(plan.values), plan.first_backward), (3, 2))
        self.assertEqual(plan.sums["lower bound"], 100000)

    def test_a_plan_without_its_parts_is_refused(self):
        for part, name in (("lower bound", "lower bound"), ("_gradient", "steps"), ("-", "values")):
            with self.assertRaisesRegex(results.Unusable, name):
                results.parse_plan(PLAN.replace(part, "?"))

    def test_the_program_prints_such_plans(self):
        printed = subprocess.run(
            [PROGRAM, "plan", ROOT / "models/small-all-cnn.json", "--batch-size", "128",
             "--training"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
        plan = results.parse_plan(printed.stdout)
        self.assertRegex(plan.device, r"cpu \(.*\), \d+ threads?, fp32")
        names = [value.name for value in plan.values]
        self.assertIn("input", names)
        self.assertTrue({"d_conv1", "d_conv2"} <= set(names), names)
        arena = plan.sums["arena per worker"]
        self.assertTrue(all(value.offset + value.size <= arena for value in plan.values))
        self.assertGreater(arena, max(value.size for value in plan.values))

    def test_scores_with_another_number_of_rows_or_errors_are_refused(self):
        path = self.folder / "scores.jsonl"
        rows = [row(1, 2, (2, 0.9)), {"path": "a", "error": {"stage": "decode", "message": "m"}}]
        path.write_text("\n".join(map(json.dumps, rows)))
        self.assertEqual(results.read_scores(path, 2, 1), rows)
        for count, broken in ((3, 1), (2, 0), (2, 2)):
            self.assertRaises(results.Unusable, results.read_scores, path, count, broken)


class DrawingTest(FolderTest):
    """Colours at the places where the data put them."""

    def pixel(self, path, x, y):
        return Image.open(path).getpixel((round(x * canvas.SCALE), round(y * canvas.SCALE)))

    def test_round_steps(self):
        self.assertEqual(charts.round_steps(30, 6), [0, 5, 10, 15, 20, 25, 30])
        self.assertEqual(charts.round_steps(968, 5), [0, 200, 400, 600, 800])

    def test_memory_has_a_box_at_each_values_bytes_and_stages(self):
        path = self.folder / "memory.png"
        charts.memory(results.parse_plan(PLAN), path)
        left, top, right, bottom = charts.MEMORY_FRAME
        high = 102400 * charts.HEADROOM

        def at(stage, offset):
            return self.pixel(path, left + stage / 4 * (right - left),
                              bottom - offset / high * (bottom - top))
        self.assertEqual(at(1.3, 10000), charts.PALE[canvas.BLUE])
        self.assertEqual(at(3.7, 90000), charts.PALE[canvas.ORANGE])
        self.assertEqual(at(0.5, 50000), canvas.WHITE)
        self.assertEqual(at(0.5, 100000), canvas.RED)

    def test_fuller_fields_of_the_confusion_matrix_are_darker(self):
        path = self.folder / "confusion.png"
        confusion = np.full((10, 10), 1)
        confusion[3, 3], confusion[3, 4] = 900, 91
        charts.confusion_matrix(confusion.tolist(), path)
        brightness = []
        for answer in (3, 4, 5):
            x = charts.MATRIX_LEFT + charts.CELL * answer
            y = charts.MATRIX_TOP + charts.CELL * 3
            brightness.append(sum(self.pixel(path, x + 6, y + 6)))
        self.assertEqual(brightness, sorted(set(brightness)))

    def test_the_surest_mistakes_come_first_and_the_broken_picture_last(self):
        rows = [row(1, 0, (0, 0.99)), row(2, 1, (3, 0.6)), row(3, 2, (4, 0.8)),
                {"path": "demo/pictures/9/00004.jpg", "error": {"stage": "decode", "message": "m"}}]
        chosen = answers.surest_mistakes_and_broken(answers.read_answers(rows))
        self.assertEqual([answer.path.stem for answer in chosen], ["00003", "00002", "00004"])


class PageReader(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.sources, self.open = [], []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


class PageTest(FolderTest):
    COUNT = 40

    def write_demo(self):
        """What a run of tools/demo leaves before it draws the page."""
        self.write_data()
        pictures.write_class_folders(self.folder, self.folder / "pictures", self.COUNT)
        rows = []
        for number, path in enumerate(sorted((self.folder / "pictures").glob("*/*"))):
            label = int(path.parent.name)
            order = (label, (label + 1) % 10, (label + 2) % 10)
            tops = zip(order if number % 7 else order[::-1], (0.8, 0.15, 0.05))
            rows.append({**row(0, label, *tops), "path": str(path)})
        broken = next(row for row in rows[::-1] if row["path"].endswith(".jpg"))
        del broken["top"]
        broken["error"] = {"stage": "decode", "message": "ends <early>"}
        confusion = (np.eye(10, dtype=int) * 95).tolist()
        evaluation = {"images": 950, "top1": 0.9512, "top5": 0.99, "loss": 0.25,
                      "confusion": confusion, "failed": 0}
        (self.folder / "metrics.jsonl").write_text("\n".join(map(json.dumps, METRICS)))
        (self.folder / "evaluation.json").write_text(json.dumps(evaluation))
        (self.folder / "scores.jsonl").write_text("\n".join(map(json.dumps, rows)))
        (self.folder / "plan.txt").write_text(PLAN)
        (self.folder / "commands.txt").write_text("allconv train data\n")

    def test_the_page_holds_everything_and_asks_for_nothing(self):
        self.write_demo()
        page.write(self.folder, self.COUNT)
        reader = PageReader((self.folder / "index.html").read_text(encoding="utf-8"))
        self.assertEqual(reader.open, [])
        self.assertEqual(len(reader.sources), 5)
        for source in reader.sources:
            self.assertTrue(source.startswith("data:image/png;base64,iVBORw0KGgo"), source[:40])
        for words in ("95.12%", "Some <CPU>", "ends <early>", "allconv train data", "30 s",
                      "2.4% more"):
            self.assertIn(words, reader.words)
        drawn = sorted(path.name for path in self.folder.glob("*.png"))
        self.assertEqual(drawn, ["answers.png", "confusion.png", "curve.png", "memory.png",
                                 "mistakes.png"])

    def write_photographs(self):
        rows = []
        for name, tops in (("cat-black.png", (("cat", 0.7), ("dog", 0.2))),
                           ("dog-white.png", (("cat", 0.6), ("dog", 0.4)))):
            Image.new("RGB", (60, 40)).save(self.folder / name)
            rows.append({"path": str(self.folder / name),
                         "top": [{"class": top, "index": 0, "probability": share}
                                 for top, share in tops]})
        (self.folder / "photographs.jsonl").write_text("\n".join(map(json.dumps, rows)))

    def test_photographs_come_first_where_there_are_some(self):
        self.write_demo()
        self.write_photographs()
        page.write(self.folder, self.COUNT)
        reader = PageReader((self.folder / "index.html").read_text(encoding="utf-8"))
        self.assertEqual(len(reader.sources), 6)
        self.assertIn("Right: 1 of 2.", reader.words)
        self.assertLess(reader.words.index("Photographs"), reader.words.index("Learning curve"))
        told = self.run_page("photographs", self.folder)
        self.assertEqual([line.split() for line in told.stdout.splitlines()],
                         [["cat-black.png", "cat", "70%,", "dog", "20%"],
                          ["dog-white.png", "cat", "60%,", "dog", "40%"]])

    def test_explanations_are_shown_where_a_picture_is(self):
        self.write_demo()
        self.write_photographs()
        images = self.folder / "cat <1>.png", self.folder / "dog-white.png"
        for image in images:
            Image.new("RGB", (32, 32)).save(image)
        completed = subprocess.run(
            [PROGRAM, "explain", ROOT / "models/all-cnn-c-cifar10.safetensors", *images,
             self.folder / "missing.png", "-o", self.folder / "explained"],
            capture_output=True, text=True, check=False)
        self.assertEqual(completed.returncode, 4, completed.stderr)
        page.write(self.folder, self.COUNT)
        reader = PageReader((self.folder / "index.html").read_text(encoding="utf-8"))
        self.assertEqual(reader.open, [])
        self.assertEqual(len(reader.sources), 6 + len(images))
        self.assertIn("What the model looks at", reader.words)

    def run_page(self, *words):
        return subprocess.run([sys.executable, "-B", ROOT / "tools/demo_page", *words],
                              capture_output=True, text=True, check=False)

    def test_accuracy_below_what_is_expected_is_one_sentence(self):
        self.write_demo()
        enough = self.run_page("accuracy", "--least", "95", self.folder)
        self.assertEqual((enough.returncode, enough.stdout), (0, "95.12%\n"))
        low = self.run_page("accuracy", "--least", "96", self.folder)
        self.assertEqual(low.returncode, 1)
        self.assertRegex(low.stderr, r"\Atools/demo: .*95.12%.*96%.*\n\Z")

    def test_a_missing_file_is_one_sentence(self):
        result = self.run_page("page", self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, r"\Atools/demo: .*metrics.jsonl.*\n\Z")


class FlagsTest(unittest.TestCase):
    def run_demo(self, *words):
        return subprocess.run([ROOT / "tools/demo", *words], capture_output=True, text=True,
                              check=False)

    def test_help_and_unknown_arguments(self):
        shown = self.run_demo("--help")
        self.assertEqual(shown.returncode, 0)
        self.assertIn("Usage: tools/demo", shown.stdout)
        refused = self.run_demo("--fast")
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertIn("'--fast'", refused.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])
