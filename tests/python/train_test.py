"""Training: one step by NumPy's numbers, whole runs that learn, the same bits whenever repeated."""

import unittest
import warnings

import numpy as np
from PIL import Image

from checks import CLASSES, Check, allconv, colours, main, pixels, reference_logits, softmax, tiny

OPTIONS = {"epochs": 6, "batch_size": 32, "learning_rate": 0.1}


class StepTest(Check):
    def test_the_last_layers_bias_by_hand(self):
        """The slope of the mean cross-entropy in a bias of the last layer is the mean difference
        between probability and truth."""
        model, images, labels = tiny(), pixels(6), np.array([0, 1, 2, 2, 1, 0])
        logits = reference_logits(model, images)
        truth = np.eye(3)[labels]
        trainer = allconv.Trainer(model, batch_size=6, learning_rate=0.5)
        loss, correct = trainer.step(images, labels)
        self.assertAlmostEqual(loss, -np.log((softmax(logits) * truth).sum(1)).mean(), places=5)
        self.assertEqual(correct, (logits.argmax(1) == labels).sum())
        change = trainer.model.state_dict()["conv2.bias"] - model.state_dict()["conv2.bias"]
        np.testing.assert_allclose(change, -0.5 * (softmax(logits) - truth).mean(0), atol=1e-5)

    def test_rates(self):
        images, labels = colours(16)
        still = allconv.Trainer(tiny(), learning_rate=0.5)
        still.step(images, labels, learning_rate=0)
        np.testing.assert_array_equal(still.model.state_dict()["conv1.weight"],
                                      tiny().state_dict()["conv1.weight"])
        self.assertIn("fp32", still.device)

    def test_refusals(self):
        images, labels = colours(4)
        trainer = allconv.Trainer(tiny(), batch_size=4)
        for wrong, word in ((labels[:3], "labels"), (labels / 2, "float64"), (labels + 7, ""),
                            (labels[:, None], "(4, 1)"), (labels + (1 << 40), "32-bit")):
            with self.subTest(word=word), self.raises(allconv.UsageError, word):
                trainer.step(images, wrong)
        with self.raises(allconv.UsageError):
            trainer.step(*colours(5))
        with self.raises(allconv.TrainingError):
            for _ in range(50):
                trainer.step(images, labels, learning_rate=1e30)


class TrainTest(Check):
    def test_learns_and_leaves_the_model(self):
        model = tiny()
        before = model.state_dict()["conv1.weight"].copy()
        images, labels = colours(128)
        epochs = []
        trained = model.train(images, labels, callback=epochs.append, **OPTIONS)
        self.assertEqual([each.epoch for each in epochs], list(range(6)))
        self.assertLess(epochs[-1].loss, epochs[0].loss / 2)
        self.assertGreater((trained.score(images).argmax(1) == labels).mean(), 0.9)
        np.testing.assert_array_equal(model.state_dict()["conv1.weight"], before)

    def test_same_bits(self):
        images, labels = colours(100)
        runs = [tiny().train(images, labels, threads=threads, seed=seed, **OPTIONS)
                for threads, seed in ((1, 0), (2, 0), (1, 1))]
        for name, tensor in runs[0].state_dict().items():
            np.testing.assert_array_equal(tensor, runs[1].state_dict()[name])
        self.assertFalse(np.array_equal(runs[0].state_dict()["conv1.weight"],
                                        runs[2].state_dict()["conv1.weight"]))

    def test_layouts_and_floats(self):
        images, labels = colours(40)
        wanted = tiny().train(images, labels, epochs=1).state_dict()
        planes = tiny().train(images.transpose(0, 3, 1, 2), labels.tolist(), epochs=1).state_dict()
        floats = tiny().train(images.astype(np.float32) / 255, labels, epochs=1).state_dict()
        for name, tensor in wanted.items():
            np.testing.assert_array_equal(planes[name], tensor)
            np.testing.assert_allclose(floats[name], tensor, atol=1e-5)

    def test_schedule_and_early_end(self):
        images, labels = colours(20)
        rates = []
        tiny().train(images, labels, epochs=9, learning_rate=lambda epoch: 0.1 / (1 + epoch),
                     callback=lambda each: rates.append(each.learning_rate) or len(rates) == 3)
        self.assertEqual(rates, [0.1, 0.05, 0.1 / 3])

    def test_folder_of_classes(self):
        images, labels = colours(12)
        for index, (image, label) in enumerate(zip(images, labels)):
            path = self.folder / "data" / CLASSES[label] / f"{index:02}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
        self.broken("data/red/99.png")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            trained = tiny().train(self.folder / "data", epochs=2, shuffle=False)
        self.assertEqual([each.category for each in told], [allconv.ImageWarning])
        self.assertEqual(told[0].filename, __file__)
        order = np.argsort(labels, kind="stable")
        wanted = tiny().train(images[order], labels[order], epochs=2, shuffle=False)
        np.testing.assert_array_equal(trained.state_dict()["conv1.weight"],
                                      wanted.state_dict()["conv1.weight"])
        with self.raises(allconv.UsageError, "with_classes"):
            tiny().with_classes(["a", "b", "c"]).train(self.folder / "data")

    def test_refusals(self):
        images, labels = colours(4)
        with self.raises(allconv.UsageError, "labels"):
            tiny().train(images)
        with self.raises(allconv.UsageError, "3 axes"):
            tiny().train(images[0], [0])
        with self.raises(allconv.UsageError, "none"):
            tiny().train(images[:0], labels[:0])


if __name__ == "__main__":
    main()
