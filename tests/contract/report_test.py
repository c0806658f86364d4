"""The page about a training has all its parts, and they say what checkpoint and history say."""

import base64
import html.parser
import io
import json
import os
import re
import signal

from checks import Image, main, np, oracle
from training_runs import CLASSES, HISTORY, SLOW, TrainingRuns

NAMES = ["<script>alert(1)</script>", "dog & \"co\"", "c'at", "日本", "e", "f", "g", "h", "i", "j"]
PICTURES = ["confusion.png", "filters.png", "mistakes.png"]
PARTS = ["settings", "learning", "norms", "layers", "filters", "confusion", "mistakes"]
VOID = {"meta", "img", "br"}


class Page(html.parser.HTMLParser):
    """What a browser sees: the ids of sections, and their text as lists of words."""

    def __init__(self, text):
        super().__init__()
        self.open, self.sections, self.rows, self.counts = [], {}, {}, []
        self.charts, self.series, self.tags = [], 0, set()
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.add(tag)
        assert not [name for name in attributes if name.startswith("on")], attributes
        if tag not in VOID:
            self.open.append((tag, attributes))
        if tag == "section":
            self.sections[attributes["id"]] = ""
            self.rows[attributes["id"]] = []
        if tag == "tr":
            self.rows[[*self.rows][-1]].append([])
        if tag in ("td", "th"):
            self.rows[[*self.rows][-1]][-1].append("")
        self.series += attributes.get("class") == "series"

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop()[0] == tag, tag

    def handle_data(self, data):
        if not self.open:
            return
        tag, attributes = self.open[-1]
        if self.sections:
            self.sections[[*self.sections][-1]] += data
        if tag in ("td", "th"):
            self.rows[[*self.rows][-1]][-1][-1] += data
        if tag == "text" and attributes.get("class", "").startswith("count"):
            self.counts.append(int(data))
        if tag == "figcaption" and "mistakes" not in self.sections:
            self.charts.append(data)


class Report(TrainingRuns):

    def setUp(self):
        super().setUp()
        self.report = self.folder / "report"

    def cifar_set(self, name="cifar", count=60):
        """Random colours under ten names that a page must not take for its own."""
        folder, chance = self.folder / name, np.random.default_rng(5)
        folder.mkdir()
        for file in ("data_batch_1.bin", "test_batch.bin"):
            records = chance.integers(0, 256, (count, 3073), np.uint8)
            records[:, 0] = np.arange(count) % CLASSES
            (folder / file).write_bytes(records.tobytes())
        (folder / "batches.meta.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
        return folder

    def page(self, *flags, code=0):
        """Writes the report; returns the page, its bytes, and what the program said."""
        result = self.succeed("report", self.checkpoints, "-o", self.report, *flags, code=code)
        self.assertEqual(result.stdout, "")
        text = (self.report / "index.html").read_text(encoding="utf-8")
        for outside in ("http:", "https:", "//", "@import"):
            self.assertNotIn(outside, re.sub(r"data:image/png;base64,[\w+/=]+", "", text))
        page = Page(text)
        self.assertFalse({"script", "link", "iframe", "object"} & page.tags)
        return page, text, result.stderr

    def embedded(self, text):
        """The bytes of all pictures in the page."""
        return [base64.b64decode(found) for found in
                re.findall(r"data:image/png;base64,([\w+/=]+)", text)]

    def size(self, name):
        with Image.open(self.report / name) as image:
            image.load()
            self.assertEqual((image.format, image.mode), ("PNG", "RGB"))
            return image.size

    def evaluated(self, data):
        return json.loads(self.succeed("evaluate", self.newest(), data, "--results-format",
                                       "json").stdout)

    def check_layers(self, page):
        header, *rows = page.rows["layers"]
        self.assertEqual(len(header), 6)
        tensors = oracle.read_model(self.newest())[1]
        last = self.history()[1][-1]["layers"]
        self.assertEqual(len(rows), len(last))
        for row, layer in zip(rows, last):
            name = layer["name"]
            weights = tensors[f"{name}.weight"].astype(float)
            self.assertEqual(row[0], name)
            self.assertEqual(row[1], str(weights.shape[0]))
            self.assertAlmostEqual(float(row[3]) / np.linalg.norm(weights), 1, 5)
            self.assertAlmostEqual(float(row[4]) / layer["gradient_norm"], 1, 5)
            dead = layer["dead"]
            self.assertEqual(row[5], "–" if dead is None else f"{dead} of {layer['units']}")

    def test_all_parts(self):
        data = self.data = self.cifar_set()
        self.succeed(*self.command(3, *self.kept("--validate", data)))
        page, text, said = self.page()
        self.assertIn(f"{self.report}/index.html", said)
        self.assertEqual(list(page.sections), PARTS)
        self.assertEqual(page.charts, ["Training loss", "Share of wrong answers", "Learning rate",
                                       "Norm of the weights", "Norm of the gradient", "Dead units"])
        self.assertEqual(page.series, 1 + 2 + 1 + 2 + 2 + 1)
        self.assertEqual(sorted(os.listdir(self.report)), sorted([*PICTURES, "index.html"]))
        self.assertEqual(sorted(self.embedded(text)),
                         sorted((self.report / name).read_bytes() for name in PICTURES))
        self.check_layers(page)

        evaluation = self.evaluated(data)
        self.assertEqual(np.reshape(page.counts, (CLASSES, CLASSES)).tolist(),
                         evaluation["confusion"])
        self.assertIn(f"{100 * (1 - evaluation['top1']):.2f} %", text)
        self.assertIn(str(data), page.sections["settings"])
        for name in NAMES:
            self.assertIn(name, page.sections["confusion"])
        self.assertEqual(self.size("confusion.png"), (400, 400))
        # The same report gives the same bytes.
        before = {name: (self.report / name).read_bytes() for name in os.listdir(self.report)}
        self.page("--threads", 1, "--batch-size", 7)
        self.assertEqual({name: (self.report / name).read_bytes()
                          for name in os.listdir(self.report)}, before)

    def test_filters(self):
        self.succeed(*self.command(1, *self.kept()))
        self.page()
        weights = oracle.read_model(self.newest())[1]["conv1.weight"].astype(float)
        with Image.open(self.report / "filters.png") as image:
            pixels = np.asarray(image)
        # Twelve filters of 3x3 in five columns, twelve pixels a weight, eight between tiles.
        self.assertEqual(pixels.shape, (3 * 44 + 8, 5 * 44 + 8, 3))
        for number, weight in enumerate(weights):
            top, left = 8 + number // 5 * 44, 8 + number % 5 * 44
            tile = pixels[top + 6:top + 36:12, left + 6:left + 36:12]
            scaled = 255 * (weight - weight.min()) / (weight.max() - weight.min())
            self.assertLessEqual(np.abs(tile - scaled.transpose(1, 2, 0)).max(), 0.5 + 1e-9)

    def test_mistakes_are_the_surest(self):
        data = self.data = self.cifar_set()
        self.succeed(*self.command(2, *self.kept("--validate", data)))
        page, text, _ = self.page()
        rows = self.rows(self.newest(), data, flags=["--split", "test"])
        wrong = []
        for number, row in enumerate(rows):
            best = row["top"][0]
            if best["index"] != number % CLASSES:
                wrong.append((-best["probability"], number, best["class"], row["path"]))
        self.assertGreater(len(wrong), 24)
        wanted = sorted(wrong)[:24]
        shown = re.findall(r'<figure title="([^"]+)">.*?background-position: ?(-?\d+)px (-?\d+)px'
                           r".*?<b>(.*?)</b>.*?<b>(.*?)</b><br>([\d.]+) %", text, re.S)
        self.assertEqual(len(shown), 24)
        with Image.open(self.report / "mistakes.png") as image:
            sheet = np.asarray(image)
        self.assertEqual(sheet.shape, (3 * 96, 8 * 96, 3))
        records = np.frombuffer((data / "test_batch.bin").read_bytes(), np.uint8)
        records = records.reshape(-1, 3073)[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        for (minus, number, answer, path), figure in zip(wanted, shown):
            name, across, down, true, predicted, probability = map(html.unescape, figure)
            self.assertEqual((name, true, predicted), (path, NAMES[number % CLASSES], answer))
            self.assertAlmostEqual(float(probability), -100 * minus, delta=0.051)
            left, top = -int(across), -int(down)
            small = Image.fromarray(records[number]).resize((8, 8), Image.BILINEAR)
            tile = sheet[top + 6:top + 96:12, left + 6:left + 96:12]
            self.assertLessEqual(np.abs(tile.astype(int) - np.asarray(small)).max(), 1)

    def test_other_data_or_none(self):
        data = self.data = self.cifar_set()
        self.succeed(*self.command(1, *self.kept()))
        page, _, said = self.page()
        self.assertIn("no validation data", page.sections["confusion"])
        self.assertEqual(page.counts, [])
        self.assertEqual(sorted(os.listdir(self.report)), ["filters.png", "index.html"])
        page, text, _ = self.page("--data", data)
        self.assertEqual(np.reshape(page.counts, (CLASSES, CLASSES)).tolist(),
                         self.evaluated(data)["confusion"])
        # Pictures that a report does not have are not left from the one before.
        self.page()
        self.assertEqual(sorted(os.listdir(self.report)), ["filters.png", "index.html"])
        self.succeed(*self.command(2, *self.kept("--validate", data)))
        data.rename(self.folder / "moved")
        page, _, said = self.page()
        self.assertIn("warning", said)
        self.assertIn(str(data), page.sections["confusion"])
        self.refuse(6, "report", self.checkpoints, "-o", self.report, "--data", data,
                    words=[str(data)])

    def test_a_picture_that_cannot_be_decoded_is_left_out(self):
        self.flags, folder = [*TrainingRuns.flags], self.folder / "pictures"
        for number in range(20):
            path = folder / NAMES[2 + number % CLASSES % 8] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8, 3), 12 * number, np.uint8)).save(path)
        self.data, self.net = folder, self.network_file({
            **json.loads(self.net.read_text()), "layers": [
                {**layer, "filters": 8} if layer.get("name") == "conv2" else layer
                for layer in json.loads(self.net.read_text())["layers"]]})
        self.succeed(*self.command(1, *self.kept("--validate", folder)))
        broken = next(folder.rglob("*.png"))
        broken.write_bytes(broken.read_bytes()[:40])
        page, _, said = self.page(code=4)
        self.assertIn(str(broken), said)
        self.assertEqual(sum(page.counts), 19)
        self.assertIn("1 could not be decoded", page.sections["confusion"])

    def test_while_the_training_runs(self):
        self.net, self.data = self.network_file(SLOW), self.idx_set("slow", 400)
        process = self.start(*self.command(30, *self.kept("--validate", self.data)))
        history = self.checkpoints / HISTORY
        self.wait_until(process, lambda: history.exists()
                        and len(history.read_text().splitlines()) > 2)
        process.send_signal(signal.SIGSTOP)
        before = {path.name: path.read_bytes() for path in self.checkpoints.iterdir()}
        with open(history, "ab") as file:
            file.write(b'{"epoch": 99, "train_l')  # as if it were writing
        page, text, said = self.page()
        history.write_bytes(before[HISTORY])
        self.assertNotIn("warning", said)
        self.assertEqual(list(page.sections), PARTS)
        self.assertIn("of 30", text)
        self.assertEqual(sum(page.counts), 400)
        self.assertIn(".lock", before)
        self.assertEqual({path.name: path.read_bytes() for path in self.checkpoints.iterdir()},
                         before)
        process.send_signal(signal.SIGCONT)
        self.wait_until(process, lambda: history.read_bytes() != before[HISTORY])
        self.assertEqual(self.stop(process, signal.SIGKILL)[0], -signal.SIGKILL)
        self.assertEqual(list(self.page()[0].sections), PARTS)

    def test_damage(self):
        self.succeed(*self.command(3, *self.kept()))
        history = self.checkpoints / HISTORY
        lines = history.read_text().splitlines(keepends=True)
        history.write_text("".join([lines[0], lines[1], lines[2].replace("{", "", 1), lines[3]]))
        page, text, said = self.page()
        self.assertEqual(said.count("warning"), 1, said)
        self.assertIn("line 3", said)
        self.assertIn("3 of 3", text)
        history.write_text("")
        page, _, said = self.page()
        self.assertNotIn("warning", said)
        self.assertIn("no history", page.sections["learning"])
        self.assertIn("filters", page.sections)
        history.unlink()
        self.page()
        older, newer = (self.checkpoints / name for name in self.names())
        newer.write_bytes(newer.read_bytes()[:-1])
        _, text, said = self.page()
        self.assertIn(newer.name, said)
        self.assertIn(older.name, text)
        self.assertIn("2, 13 steps", text)

    def test_refusals(self):
        run, out = self.folder / "run", ["-o", self.report]
        self.refuse(6, "report", run, *out, words=[str(run)])
        self.refuse(6, "report", self.net, *out, words=[str(self.net)])
        run.mkdir()
        self.refuse(2, "report", run, *out, words=[str(run), "checkpoint", "train --checkpoint"])
        self.assertFalse(self.report.exists())
        self.succeed(*self.command(1, *self.kept()))
        for path in (self.net, self.folder / "no" / "deeper"):
            self.refuse(6, "report", self.checkpoints, "-o", path, words=[str(path)])
        (self.report / "index.html").mkdir(parents=True)
        self.refuse(6, "report", self.checkpoints, *out, words=["index.html"])
        other = self.folder / "other"
        for name in NAMES[4:6]:
            (other / ("not-" + name)).mkdir(parents=True)
            Image.new("RGB", (8, 8)).save(other / ("not-" + name) / "1.png")
        self.refuse(2, "report", self.checkpoints, *out, "--data", other, words=["not-e"])


if __name__ == "__main__":
    main()
