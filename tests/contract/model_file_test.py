"""What `train` writes: a safetensors file whose tensors and metadata other programs can rely on."""

import json
import struct

from checks import (AVERAGE, RELU, SOFTMAX, TINY, Check, Image, conv, dropout, main, network, np,
                    oracle, save)


class ModelFile(Check):

    def train(self, *flags, net=TINY, classes=("Zebra", "apple", "zebra"), size=(8, 8)):
        for place, name in enumerate(classes):
            for number in range(2):
                save(self.folder / "data" / name / f"{number}.png", 2 * place + number, *size)
        out = self.folder / "model.safetensors"
        self.succeed("train", self.folder / "data", "-o", out, "--network", self.network_file(net),
                     "--epochs", 1, *flags)
        return out

    def test_layout(self):
        net = network(dropout(0.25), conv("b", 4), RELU, conv("a", 5, (1, 3)), RELU,
                      conv("c", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX)
        path = self.train(net=net)
        data = path.read_bytes()
        size = struct.unpack("<Q", data[:8])[0]
        self.assertEqual((size + 8) % 8, 0)
        order = [key for key, _ in json.loads(data[8:8 + size], object_pairs_hook=list)]
        header, tensors, found, classes, prepare = oracle.read_model(path)
        names = [f"{layer}.{kind}" for layer in "bac" for kind in ("weight", "bias")]
        self.assertEqual([key for key in order if key != "__metadata__"], names)
        self.assertEqual(list(tensors), names)
        self.assertEqual([tensors[name].shape for name in names],
                         [(4, 3, 3, 3), (4,), (5, 4, 1, 3), (5,), (3, 5, 1, 1), (3,)])
        self.assertLessEqual({"allconv.network", "allconv.classes", "allconv.prepare"},
                             set(header["__metadata__"]))
        self.assertTrue(all(isinstance(text, str) for text in header["__metadata__"].values()))
        self.assertEqual(found, net)
        self.assertEqual(classes, ["Zebra", "apple", "zebra"])  # bytewise
        self.assertEqual(set(prepare), {"resize", "scale", "mean", "std", "gcn", "zca"})
        self.assertEqual((prepare["gcn"], prepare["zca"], prepare["resize"]), (None, False, [8, 8]))

    def test_dropout_rates_are_replaced_in_order(self):
        net = network(dropout(0.1), conv("a", 4), dropout(0.2), conv("b", 3), dropout(0.3), AVERAGE,
                      SOFTMAX)
        found = oracle.read_model(self.train("--dropout", "0.5,0,0.25", net=net))[2]
        self.assertEqual([layer["rate"] for layer in found["layers"] if "rate" in layer],
                         [0.5, 0, 0.25])

    def test_standardize_is_of_the_resized_training_images(self):
        for flags in ([], ["--prepare", "standardize"]):
            prepare = oracle.read_model(self.train(*flags, size=(11, 9)))[4]
            pixels = np.stack([np.asarray(Image.open(path).resize((8, 8), Image.BILINEAR))
                               for path in self.folder.glob("data/*/*.png")])
            scaled = pixels.reshape(-1, 3) * prepare["scale"]
            # Resizing may be off by one level.
            np.testing.assert_allclose(prepare["mean"], scaled.mean(0), atol=prepare["scale"])
            np.testing.assert_allclose(prepare["std"], scaled.std(0), atol=prepare["scale"])

    def test_no_preparation(self):
        prepare = oracle.read_model(self.train("--prepare", "none"))[4]
        self.assertEqual((prepare["mean"], prepare["std"]), ([0] * 3, [1] * 3))

    def test_one_colour_has_a_deviation_above_zero(self):
        for name in "ab":
            (self.folder / "data" / name).mkdir(parents=True)
            Image.new("RGB", (8, 8), "red").save(self.folder / "data" / name / "1.png")
        path = self.train(net=network(conv("a", 2), AVERAGE, SOFTMAX), classes=())
        self.assertTrue(all(value > 0 for value in oracle.read_model(path)[4]["std"]))

    def test_initial_weights_after_he(self):
        net = network(conv("a", 400), RELU, conv("b", 300, (5, 5)), RELU, conv("c", 3, (1, 1)),
                      AVERAGE, SOFTMAX)
        tensors = oracle.read_model(self.train("--learning-rate", 0, net=net))[1]
        for name, channels in (("a", 3 * 9), ("b", 400 * 25)):
            weights = tensors[f"{name}.weight"].astype(float)
            wanted = np.sqrt(2 / channels)
            self.assertAlmostEqual(weights.std() / wanted, 1, delta=0.02)
            self.assertLess(abs(weights.mean()), 0.05 * wanted)
            # Normal: 4.55% lie beyond two deviations.
            self.assertAlmostEqual((abs(weights) > 2 * wanted).mean(), 0.0455, delta=0.006)
            self.assertFalse(tensors[f"{name}.bias"].any())


if __name__ == "__main__":
    main()
