"""Preparations beyond colours: contrast normalisation, a mean per pixel and whitening, fitted and
applied, against NumPy on photographs of clothes (Debian's dataset-fashion-mnist)."""

import gzip
import json
import pathlib

from checks import (AVERAGE, RELU, SOFTMAX, TINY, Check, Image, conv, main, network, np, oracle,
                    save)

PHOTOGRAPHS = pathlib.Path("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz")
COUNT = 300
VALUES = 192  # of an image
GCN = {"scale": 55, "epsilon": 1e-8}
NET = network(conv("conv1", 8), RELU, conv("conv2", 2, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX)


def photographs():
    """(COUNT,8,8,3) bytes; random ones on a machine without the package."""
    random = np.random.default_rng(5)
    if not PHOTOGRAPHS.exists():
        return random.integers(0, 256, (COUNT, 8, 8, 3), np.uint8)
    with gzip.open(PHOTOGRAPHS) as file:
        grey = np.frombuffer(file.read(16 + COUNT * 784)[16:], np.uint8).reshape(COUNT, 28, 28)
    small = np.stack([np.asarray(Image.fromarray(one).resize((8, 8))) for one in grey])
    return (small[..., None] * random.uniform(0.5, 1, (COUNT, 1, 1, 3))).astype(np.uint8)


def planes(pixels):
    """(N,C,H,W) numbers from 0 to 1."""
    return pixels.transpose(0, 3, 1, 2) / 255


def whitening(values):
    """(mean, matrix) of the (N,D) normalised images, as the paper's source has them."""
    mean = values.mean(0)
    covariance = (values - mean).T @ (values - mean) / len(values) + 0.1 * np.eye(VALUES)
    lengths, directions = np.linalg.eigh(covariance)
    return mean, (directions / np.sqrt(lengths)) @ directions.T


class Applied(Check):
    """Models with such a preparation score as NumPy says, the same bits in every batch."""

    def scores(self, prepare, tensors):
        model = self.model(prepare=oracle.plain_prepare(TINY, **prepare), tensors=tensors)
        paths = [save(self.folder / "in" / f"{seed:02}.png", seed) for seed in range(11)]
        files = [(self.folder / "in", ["--logits", "--batch-size", size, "--threads", threads])
                 for size, threads in ((1, 1), (4, 2), (64, 1), (64, 2))]
        rows = [self.rows(model, data, flags=flags) for data, flags in files]
        for other in rows[1:]:
            self.assertEqual(other, rows[0])
        _, all_tensors, net, _, found = oracle.read_model(model)
        scaled = np.stack([oracle.prepared(oracle.decode(path), found) for path in paths])
        values = oracle.transformed(scaled, found, all_tensors)
        logits = oracle.forward(net, all_tensors, values)[0]
        np.testing.assert_allclose([row["logits"] for row in rows[0]], logits, rtol=2e-4,
                                   atol=2e-4 * np.abs(logits).max())

    def test_contrast(self):
        self.scores({"gcn": GCN}, {})

    def test_mean_of_each_pixel(self):
        self.scores({"mean": [0.1, 0.2, 0.3], "std": [0.5, 1, 2]},
                    {"prepare.mean": np.random.default_rng(1).uniform(0, 1, VALUES)})

    def test_whitening(self):
        random = np.random.default_rng(2)
        tensors = {"prepare.mean": random.uniform(-0.1, 0.1, VALUES),
                   "prepare.whiten": random.normal(0, 0.1, (VALUES, VALUES))}
        self.scores({"gcn": GCN, "zca": True}, tensors)
        self.scores({"zca": True}, tensors)

    def test_a_grey_picture_has_no_contrast(self):
        Image.fromarray(np.full((8, 8, 3), 77, np.uint8)).save(self.folder / "grey.png")
        model = self.model(prepare=oracle.plain_prepare(TINY, gcn=GCN))
        logits = self.rows(model, self.folder / "grey.png", flags=["--logits"])[0]["logits"]
        _, tensors, net, _, _ = oracle.read_model(model)
        wanted = oracle.forward(net, tensors, np.zeros((1, 3, 8, 8)))[0][0]
        np.testing.assert_allclose(logits, wanted, rtol=1e-5, atol=1e-6)


class Fitted(Check):
    """train --prepare."""

    def setUp(self):
        super().setUp()
        self.pixels = photographs()
        for place, one in enumerate(self.pixels):
            path = self.folder / "data" / "ab"[place % 2] / f"{place:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(one).save(path)
        self.net = self.network_file(NET)

    def train(self, name, *flags, epochs=1):
        out = self.folder / name
        self.succeed("train", self.folder / "data", "-o", out, "--network", self.net, "--epochs",
                     epochs, "--learning-rate", 0.01, "--batch-size", 32, *flags)
        return out

    def test_whitening(self):
        model = self.train("w.safetensors", "--prepare", "gcn-zca")
        _, tensors, net, _, prepare = oracle.read_model(model)
        self.assertEqual((prepare["gcn"], prepare["zca"]), (GCN, True))
        self.assertEqual((prepare["mean"], prepare["std"]), ([0] * 3, [1] * 3))
        values = oracle.normalised(planes(self.pixels).reshape(COUNT, -1), GCN)
        mean, matrix = whitening(values)
        np.testing.assert_allclose(tensors["prepare.mean"], mean, rtol=0, atol=1e-6)
        np.testing.assert_allclose(tensors["prepare.whiten"], matrix, rtol=0, atol=1e-5)
        self.assertEqual(tensors["prepare.whiten"].shape, (VALUES, VALUES))
        result = self.succeed("evaluate", model, self.folder / "data", "--results-format", "json")
        whitened = ((values - mean) @ matrix).reshape(COUNT, 3, 8, 8)
        right = oracle.forward(net, tensors, whitened)[0].argmax(1) == np.arange(COUNT) % 2
        self.assertAlmostEqual(json.loads(result.stdout)["top1"], right.mean(), delta=1.5 / COUNT)

    def test_mean_image(self):
        _, tensors, _, _, prepare = oracle.read_model(
            self.train("m.safetensors", "--prepare", "pixel-mean"))
        self.assertEqual((prepare["gcn"], prepare["zca"]), (None, False))
        np.testing.assert_allclose(tensors["prepare.mean"],
                                   planes(self.pixels).mean(0).reshape(-1), rtol=0, atol=1e-6)

    def test_the_same_bits_on_any_threads_and_after_a_break(self):
        flags = ["--prepare", "gcn-zca", "--augment", "flip,shift:1"]
        whole = self.train("a.safetensors", *flags, "--threads", 1, epochs=3).read_bytes()
        self.assertEqual(self.train("b.safetensors", *flags, "--threads", 2, epochs=3).read_bytes(),
                         whole)
        kept = [*flags, "--checkpoint", self.folder / "kept", "--resume"]
        self.train("c.safetensors", *kept, epochs=1)
        self.assertEqual(self.train("c.safetensors", *kept, epochs=3).read_bytes(), whole)

    def test_a_break_and_another_preparation(self):
        for kind, others in (("gcn-zca", ("standardize", "pixel-mean")),
                             ("pixel-mean", ("none", "gcn-zca"))):
            kept = ["--checkpoint", self.folder / kind, "--resume"]
            self.train("c.safetensors", *kept, "--prepare", kind)
            for other in others:
                with self.subTest(f"{kind}, then {other}"):
                    self.refuse(2, "train", self.folder / "data", "-o", self.folder / "c",
                                "--network", self.net, "--learning-rate", 0.01, "--batch-size", 32,
                                *kept, "--prepare", other, "--epochs", 3, words=["prepare"])

    def test_a_model_of_init_brings_its_whitening(self):
        first = self.train("first.safetensors", "--prepare", "gcn-zca")
        second = self.folder / "second.safetensors"
        self.succeed("train", self.folder / "data", "-o", second, "--init", first, "--epochs", 1,
                     "--learning-rate", 0)
        self.assertEqual(second.read_bytes(), first.read_bytes())
        self.refuse(2, "train", self.folder / "data", "-o", second, "--init", first, "--fit",
                    "cover", words=["--fit"])
        larger = self.network_file(network(*NET["layers"], size=(9, 9)), "larger.json")
        self.refuse(2, "train", self.folder / "data", "-o", second, "--init", first, "--network",
                    larger, words=["prepare.mean", "192", "243"])

    def test_crops_are_whitened_as_the_centre_is(self):
        net = self.network_file(network(*NET["layers"], size=(6, 6)))
        model = self.folder / "crops.safetensors"
        self.succeed("train", self.folder / "data", "-o", model, "--network", net, "--epochs", 1,
                     "--prepare", "pixel-mean", "--augment", "crop:2")
        centres = planes(self.pixels[:, 1:7, 1:7])
        np.testing.assert_allclose(oracle.read_model(model)[1]["prepare.mean"],
                                   centres.mean(0).reshape(-1), rtol=0, atol=1e-6)
        self.refuse(2, "train", self.folder / "data", "-o", model, "--network", net, "--prepare",
                    "pixel-mean", "--augment", "heavy", words=["--augment", "heavy"])

    def test_images_too_large(self):
        large = self.network_file(network(*NET["layers"], size=(64, 64)), "large.json")
        self.refuse(2, "train", self.folder / "data", "-o", self.folder / "x", "--network", large,
                    "--prepare", "gcn-zca", words=["gcn-zca", "12288"])



if __name__ == "__main__":
    main()
