"""A training step, the schedule, the last smaller batch and the metrics, recomputed by NumPy."""

import json

from checks import (AVERAGE, RELU, SOFTMAX, Check, conv, dropout, leaky, main, network, np, oracle,
                    pool, save)

NET = network(
    dropout(0.3), conv("conv1", 6, (3, 2), (2, 1), (1, 0, 0, 1)), leaky(0.2),
    pool((3, 3), (2, 2), (0, 0, 1, 1)), dropout(0.5),
    conv("conv2", 5, (2, 3), (1, 1), (1, 1, 0, 1)), RELU,
    conv("conv3", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(9, 8))
PREPARE = oracle.plain_prepare(NET, mean=[0.5, 0.4, 0.6], std=[0.3, 0.25, 0.35])
SETTINGS = ["--momentum", 0.8, "--weight-decay", 0.05, "--learning-rate", 0.2]
METRICS = {"epoch", "train_loss", "train_error", "validation_error", "learning_rate", "seconds",
           "images_per_second"}


class TrainingStep(Check):

    def setUp(self):
        super().setUp()
        self.start = self.model(NET, "start.safetensors", list("abc"), prepare=PREPARE)
        self.data = self.folder / "data"
        paths = [save(self.data / "abc"[seed % 3] / f"{seed}.png", seed, 9, 8) for seed in range(7)]
        self.values = np.stack([oracle.prepared(oracle.decode(path), PREPARE) for path in paths])
        self.labels = np.arange(7) % 3
        self.weights = oracle.read_model(self.start)[1]

    def train(self, *flags, rates="0,0"):
        """The model and the metrics of a run that starts at the prepared model."""
        out, metrics = self.folder / "out.safetensors", self.folder / "metrics.jsonl"
        self.succeed("train", self.data, "-o", out, "--init", self.start, "--metrics", metrics,
                     *SETTINGS, "--dropout", rates, *flags)
        return oracle.read_model(out), [json.loads(line)
                                        for line in metrics.read_text().splitlines()]

    def distance(self, tensors, wanted):
        """The largest difference of any tensor, as a share of how far training moved it."""
        return max(np.abs(tensors[name] - value).max() / np.abs(value - self.weights[name]).max()
                   for name, value in wanted.items())

    def test_steps_with_momentum_decay_and_schedule(self):
        (_, tensors, net, classes, prepare), metrics = self.train(
            "--epochs", 4, "--batch-size", 7, "--schedule", "step:2,3")
        wanted = oracle.Sgd(self.weights, 0.8, 0.05)
        rates = [0.2, 0.2, 0.02, 0.002]
        losses = [wanted.step(NET, self.values, self.labels, rate) for rate in rates]
        self.assertLess(self.distance(tensors, wanted.tensors), 1e-4)
        self.assertEqual((classes, prepare), (list("abc"), PREPARE))
        for layer in net["layers"]:
            self.assertEqual(layer.get("rate", 0), 0)

        self.assertEqual([row["epoch"] for row in metrics], [1, 2, 3, 4])
        for row, loss, rate in zip(metrics, losses, rates):
            self.assertEqual(set(row), METRICS)
            self.assertAlmostEqual(row["train_loss"], loss, 4)
            self.assertAlmostEqual(row["learning_rate"], rate, 9)
            self.assertIsNone(row["validation_error"])
            self.assertGreater(row["seconds"], 0)
            self.assertGreater(row["images_per_second"], 0)
        logits = oracle.forward(NET, self.weights, self.values)[0]
        self.assertAlmostEqual(metrics[0]["train_error"],
                               (logits.argmax(1) != self.labels).mean(), 6)

    def test_rates_by_warm_up_and_cosine(self):
        """One step an epoch: rising to the whole rate, then half a cosine to the end."""
        (_, tensors, *_), metrics = self.train("--epochs", 5, "--batch-size", 7, "--schedule",
                                               "cosine", "--warm-up", 2)
        wanted = oracle.Sgd(self.weights, 0.8, 0.05)
        rates = [0.1, 0.2, 0.2, 0.15, 0.05]
        for rate in rates:
            wanted.step(NET, self.values, self.labels, rate)
        self.assertLess(self.distance(tensors, wanted.tensors), 1e-4)
        for row, rate in zip(metrics, rates):
            self.assertAlmostEqual(row["learning_rate"], rate, 9)

    def test_last_smaller_batch_is_used(self):
        """Seven images by sixes: one of seven ways to take the last alone must be the answer."""
        (_, tensors, *_), _ = self.train("--epochs", 1, "--batch-size", 6)
        distances = []
        for alone in range(7):
            wanted, others = oracle.Sgd(self.weights, 0.8, 0.05), np.arange(7) != alone
            wanted.step(NET, self.values[others], self.labels[others], 0.2)
            wanted.step(NET, self.values[~others], self.labels[~others], 0.2)
            distances.append(self.distance(tensors, wanted.tensors))
        self.assertLess(min(distances), 1e-4, distances)

    def test_dropout_is_used_in_training(self):
        (_, plain, *_), _ = self.train("--epochs", 1)
        (_, dropped, *_), _ = self.train("--epochs", 1, rates="0.3,0.5")
        self.assertFalse(np.array_equal(plain["conv1.weight"], dropped["conv1.weight"]))

    def test_validation_error(self):
        (_, tensors, net, *_), metrics = self.train("--epochs", 1, "--validate", self.data)
        logits = oracle.forward(net, tensors, self.values)[0]
        self.assertAlmostEqual(metrics[0]["validation_error"],
                               (logits.argmax(1) != self.labels).mean(), 6)

    def test_fine_tuning_keeps_all_but_the_last_layer(self):
        for seed in range(4):
            save(self.data / "d" / f"{seed}.png", seed, 9, 8)
        out = self.folder / "out.safetensors"
        result = self.succeed("train", self.data, "-o", out, "--init", self.start, "--epochs", 1,
                              "--learning-rate", 0)
        self.assertIn("fine-tuning", result.stderr)
        _, tensors, net, classes, prepare = oracle.read_model(out)
        self.assertEqual((classes, prepare), (list("abcd"), PREPARE))
        self.assertEqual(net["layers"][-3]["filters"], 4)
        self.assertEqual(tensors["conv3.weight"].shape, (4, 5, 1, 1))
        for name in ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"):
            np.testing.assert_array_equal(tensors[name], self.weights[name])


if __name__ == "__main__":
    main()
