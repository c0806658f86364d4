"""`evaluate`: JSON to the letter, its figures recomputed by NumPy."""

import json

from checks import (AVERAGE, SOFTMAX, Check, conv, main, network, np, oracle, save)


class Evaluate(Check):

    def evaluate(self, classes, broken=0):
        """(JSON of the program, logits and labels by NumPy) of two random images a class."""
        net = network(conv("conv1", classes), AVERAGE, SOFTMAX)
        names = [f"class {number}" for number in range(classes)]
        model = self.model(net, classes=names)
        images = [save(self.folder / "data" / name / f"{number}.png", 2 * place + number)
                  for place, name in enumerate(names) for number in range(2)]
        for number in range(broken):
            (self.folder / "data" / names[0] / f"z{number}.png").write_text("broken")
        result = self.succeed("evaluate", model, self.folder / "data", "--results-format", "json",
                              code=4 if broken else 0)
        prepare = oracle.plain_prepare(net)
        values = np.stack([oracle.prepared(oracle.decode(image), prepare) for image in images])
        logits = oracle.forward(net, oracle.random_tensors(net), values)[0]
        return json.loads(result.stdout), logits, np.repeat(np.arange(classes), 2)

    def compare(self, answer, logits, labels):
        images, classes = logits.shape
        self.assertEqual(list(answer), ["images", "top1", "top5", "loss", "confusion", "failed"])
        self.assertEqual(answer["images"], images)
        rows = np.arange(images)
        self.assertAlmostEqual(answer["top1"], (logits.argmax(1) == labels).mean(), 6)
        loss = -np.log(oracle.softmax(logits)[rows, labels]).mean()
        self.assertAlmostEqual(answer["loss"], loss, 4)
        confusion = np.zeros((classes, classes), int)
        np.add.at(confusion, (labels, logits.argmax(1)), 1)
        self.assertEqual(answer["confusion"], confusion.tolist())
        better = (logits > logits[rows, labels][:, None]).sum(1)
        return (better < 5).mean()

    def test_ten_classes(self):
        answer, logits, labels = self.evaluate(10)
        self.assertAlmostEqual(answer["top5"], self.compare(answer, logits, labels), 6)
        self.assertEqual(answer["failed"], 0)

    def test_no_top5_under_six_classes(self):
        answer, logits, labels = self.evaluate(5)
        self.compare(answer, logits, labels)
        self.assertIsNone(answer["top5"])

    def test_six_classes_have_a_top5(self):
        answer, logits, labels = self.evaluate(6)
        self.assertAlmostEqual(answer["top5"], self.compare(answer, logits, labels), 6)

    def test_broken_images_are_counted_apart(self):
        answer, logits, labels = self.evaluate(6, broken=3)
        self.compare(answer, logits, labels)
        self.assertEqual(answer["failed"], 3)

    def test_larger_images_than_allowed_fail(self):
        net = network(conv("conv1", 3), AVERAGE, SOFTMAX)
        model = self.model(net, classes=list("abc"))
        for seed, name in enumerate("abc"):
            save(self.folder / "data" / name / "small.png", seed, 30, 30)
        save(self.folder / "data" / "a" / "large.png", 7, 40, 40)
        flags = ["evaluate", model, self.folder / "data", "--results-format", "json"]
        self.assertEqual(json.loads(self.succeed(*flags).stdout)["failed"], 0)
        result = self.succeed(*flags, "--max-pixels", 0.001, code=4)
        self.assertEqual(json.loads(result.stdout)["failed"], 1)
        self.assertIn("large.png", result.stderr)
        self.assertIn("--max-pixels", result.stderr)
        training = ["train", self.folder / "data", "-o", self.folder / "m.safetensors", "--network",
                    self.network_file(net), "--epochs", 1]
        result = self.succeed(*training, "--max-pixels", 0.001, code=4)
        self.assertIn("large.png", result.stderr)


if __name__ == "__main__":
    main()
