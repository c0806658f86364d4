"""The metadata of a model suffice to rebuild its input and its network: logits by NumPy."""

import re

from checks import (AVERAGE, RELU, SOFTMAX, Check, Image, conv, dropout, leaky, main, network, np,
                    oracle, picture, pool, save)

# Every operation; odd sizes, uneven strides, padding on four different sides.
EVERYTHING = network(
    conv("first", 5, (5, 3), (1, 2), (2, 0, 1, 3)), leaky(0.333), dropout(0.2),
    pool((3, 2), (2, 1), (0, 1, 1, 0)),
    conv("second", 7, (2, 2), (2, 1), (0, 1, 0, 0)), RELU, dropout(0.5),
    pool((2, 2), (1, 1), (1, 1, 1, 1)),
    conv("third", 3, (1, 1), (1, 1), (0, 0, 0, 0)), RELU, AVERAGE, SOFTMAX, size=(13, 10))
PREPARE = {"resize": [13, 10], "scale": 0.0078125, "mean": [0.9, 1.1, 0.5], "std": [0.5, 0.7, 1.3],
           "gcn": None, "zca": False}


class Forward(Check):

    def compare(self, model, images):
        """Logits, probabilities and order of every row against NumPy."""
        _, tensors, net, classes, prepare = oracle.read_model(model)
        rows = self.rows(model, *images, flags=["--logits"])
        self.assertEqual([row["path"] for row in rows], [str(image) for image in images])
        for row, image in zip(rows, images):
            values = oracle.prepared(oracle.decode(image), prepare)[None]
            wanted = oracle.forward(net, tensors, values)[0][0]
            tolerance = 1e-4 * np.abs(wanted).max()
            np.testing.assert_allclose(row["logits"], wanted, rtol=0, atol=tolerance,
                                       err_msg=str(image))
            shares = oracle.softmax(np.array(row["logits"]))
            self.assertEqual([entry["index"] for entry in row["top"]],
                             list(np.argsort(-shares, kind="stable")))
            for entry in row["top"]:
                self.assertEqual(entry["class"], classes[entry["index"]])
                self.assertAlmostEqual(entry["probability"], shares[entry["index"]], 5)

    def test_every_operation(self):
        images = [save(self.folder / f"{seed}.png", seed, 13, 10) for seed in range(5)]
        self.compare(self.model(EVERYTHING, prepare=PREPARE), images)

    def test_network_without_average(self):
        net = network(conv("conv1", 4, (8, 8), padding=(0,) * 4), RELU,
                      conv("conv2", 3, (1, 1), padding=(0,) * 4), SOFTMAX)
        self.compare(self.model(net), [save(self.folder / "a.png", 1)])

    def test_strides_of_single_taps_move_up(self):
        """What a 1x1 convolution with a stride does not read is not computed before it; behind a
        pool, or with padding, it keeps its stride."""
        one = {"kernel": (1, 1), "padding": (0,) * 4}
        net = network(conv("conv1", 5, (5, 3), (1, 2), (2, 0, 1, 3)), leaky(0.333), dropout(0.2),
                      conv("conv2", 4, stride=(2, 2), **one), RELU,
                      conv("conv3", 4, stride=(1, 2), **one), RELU, conv("conv4", 4), RELU,
                      pool((2, 2), (1, 1), (1, 1, 1, 1)), conv("conv5", 4, stride=(2, 1), **one),
                      conv("conv6", 3, (1, 1), (2, 1), (1, 1, 1, 1)), AVERAGE, SOFTMAX,
                      size=(19, 27))
        model = self.model(net)
        self.compare(model, [save(self.folder / f"{seed}.png", seed, 19, 27) for seed in (1, 2)])
        plan = self.succeed("plan", model, "--batch-size", 1).stdout
        self.assertEqual(re.findall(r"conv2d_forward\S+ .* n\d\S*(u\d)(v\d)", plan),
                         [("u2", "v4"), ("u1", "v2"), ("u1", "v1"), ("u1", "v1"), ("u2", "v1"),
                          ("u2", "v1")])

    def test_strides_that_are_too_large_to_move(self):
        for stride in (300, 1 << 16):
            net = network(conv("conv1", 5, stride=(stride,) * 2), RELU,
                          conv("conv2", 3, (1, 1), (stride,) * 2, (0,) * 4), AVERAGE, SOFTMAX)
            self.compare(self.model(net), [save(self.folder / "a.png", 1)])

    def test_trained_model(self):
        for seed in range(9):
            save(self.folder / "data" / "abc"[seed % 3] / f"{seed}.png", seed, 13, 10)
        model = self.folder / "trained.safetensors"
        self.succeed("train", self.folder / "data", "-o", model, "--network",
                     self.network_file(EVERYTHING), "--epochs", 2, "--batch-size", 4)
        self.compare(model, sorted(self.folder.glob("data/*/*.png")))

    def test_preparation_is_that_of_pillow(self):
        """One level of 255 is allowed for resizing, so the network passes pixels on as they are."""
        net = network(conv("conv1", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(1, 1))
        model = self.model(net, tensors={"conv1.weight": np.eye(3)[:, :, None, None],
                                         "conv1.bias": np.zeros(3)},
                           prepare=oracle.plain_prepare(net, scale=1.0))
        images = self.odd_images()
        for row in self.rows(model, *images, flags=["--logits"]):
            pixels = Image.fromarray(oracle.decode(row["path"])).resize((1, 1), Image.BILINEAR)
            np.testing.assert_allclose(row["logits"], np.asarray(pixels)[0, 0], atol=1.001,
                                       err_msg=row["path"])

    def odd_images(self):
        colours = Image.fromarray(picture(3, 9, 14))
        alpha = Image.fromarray(np.dstack([picture(4, 9, 14), picture(5, 9, 14)[:, :, 0]]), "RGBA")
        wide = Image.fromarray(np.arange(9 * 14, dtype=np.uint16).reshape(9, 14) * 500)
        turned = Image.Exif()
        turned[0x0112] = 6
        made = {"grey.png": colours.convert("L"), "palette.png": colours.quantize(7),
                "bits.png": colours.convert("1"), "alpha.png": alpha, "wide.png": wide,
                "grey_alpha.png": alpha.convert("LA"), "grey.jpg": colours.convert("L"),
                "print.jpg": colours.convert("CMYK"), "colour.JPEG": colours}
        for name, image in made.items():
            image.save(self.folder / name)
        colours.save(self.folder / "turned.jpg", exif=turned)
        return sorted(self.folder.glob("*.[pjJ]*"))


if __name__ == "__main__":
    main()
