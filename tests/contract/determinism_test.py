"""The same bits for any number of threads, batch size and neighbours."""

from checks import (AVERAGE, RELU, SOFTMAX, Check, conv, dropout, main, network, pool, save)

NET = network(
    dropout(0.2), conv("conv1", 24), RELU, pool((3, 3), (2, 2), (0, 0, 1, 1)), dropout(0.5),
    conv("conv2", 40, (5, 5), (2, 2)), RELU, conv("conv3", 3, (1, 1), padding=(0,) * 4), AVERAGE,
    SOFTMAX, size=(17, 16))
THREADS = (1, 2, 3, 8)


class Determinism(Check):

    def pictures(self, count):
        for seed in range(count):
            save(self.folder / "data" / "abc"[seed % 3] / f"{seed:02}.png", seed, 19, 18)
        return self.folder / "data"

    def test_training(self):
        """37 images by 13: full and smaller batches that no number of threads divides."""
        data, out, augmented = self.pictures(37), self.folder / "model.safetensors", set()
        for augment in ("crop:4,flip", "heavy", "flip,shift:3"):
            models = set()
            for threads in THREADS:
                self.succeed("train", data, "-o", out, "--network", self.network_file(NET),
                             "--epochs", 2, "--batch-size", 13, "--augment", augment, "--seed", 5,
                             "--threads", threads)
                models.add(out.read_bytes())
            self.assertEqual(len(models), 1, augment)
            augmented |= models
        self.assertEqual(len(augmented), 3)
        self.succeed("train", data, "-o", out, "--network", self.network_file(NET), "--epochs", 2,
                     "--batch-size", 13, "--augment", "flip,shift:3", "--seed", 6)
        self.assertNotIn(out.read_bytes(), models)

    def test_scores(self):
        data, model, answers = self.pictures(11), self.model(NET), set()
        for threads in THREADS:
            for batch in (1, 2, 5, 64):
                rows = self.rows(model, data, flags=["--logits", "--threads", threads,
                                                     "--batch-size", batch])
                answers.add(repr(rows))
        # Alone, and among other neighbours in another order.
        images = sorted(data.glob("*/*.png"))
        answers.add(repr([self.rows(model, image, flags=["--logits"])[0] for image in images]))
        answers.add(repr(self.rows(model, *images[::-1], flags=["--logits"])[::-1]))
        self.assertEqual(len(answers), 1)

    def test_evaluation(self):
        data, model = self.pictures(11), self.model(NET, classes=list("abc"))
        answers = {self.succeed("evaluate", model, data, "--results-format", "json", "--threads",
                                threads, "--batch-size", batch).stdout
                   for threads in THREADS for batch in (1, 5, 64)}
        self.assertEqual(len(answers), 1)


if __name__ == "__main__":
    main()
