"""The fourteen networks, rebuilt from the paper's tables and compared layer by layer."""

import json

from checks import AVERAGE, RELU, SOFTMAX, Check, conv, dropout, leaky, main, pool

FIRST = {"a": [5], "b": [5, 1], "c": [3, 3]}  # kernels before a stage's size is halved
# Parameters and millions of multiply-accumulates with a valid and a padded head: the paper's table.
FIGURES = {
    "model-a": (839_242, 138.7, 149.1), "strided-cnn-a": (839_242, 44.7, 55.0),
    "convpool-cnn-a": (1_254_250, 308.5, 318.9), "all-cnn-a": (1_254_250, 181.1, 191.5),
    "model-b": (885_610, 157.6, 167.9), "strided-cnn-b": (885_610, 143.4, 153.8),
    "convpool-cnn-b": (1_300_618, 327.4, 337.8), "all-cnn-b": (1_300_618, 200.0, 210.4),
    "model-c": (954_730, 228.3, 238.7), "strided-cnn-c": (954_730, 100.9, 111.3),
    "convpool-cnn-c": (1_369_738, 398.2, 408.6), "all-cnn-c": (1_369_738, 270.8, 281.2)}


def numbered(layers):
    """Names convolutions conv1, conv2, ... in order."""
    count = 0
    for layer in layers:
        if layer["op"] == "conv2d":
            count += 1
            layer["name"] = f"conv{count}"
    return layers


def square(filters, size, stride=1, padding=None):
    padding = (size - 1) // 2 if padding is None else padding
    return conv("", filters, (size, size), (stride, stride), (padding,) * 4)


def stage(family, letter, filters):
    sizes = list(FIRST[letter])
    if family in ("convpool-cnn", "all-cnn"):
        sizes.append(3)
    strided = family in ("strided-cnn", "all-cnn")
    layers = []
    for place, size in enumerate(sizes):
        last = place == len(sizes) - 1
        layers += [square(filters, size, 2 if strided and last else 1), RELU]
    if not strided:
        layers.append(pool((3, 3), (2, 2), (0, 0, 1, 1)))
    return layers + [dropout(0.5)]


def small(name, classes=10, head="valid", last_relu=True):
    family, letter = name.rsplit("-", 1)
    layers = [dropout(0.2)] + stage(family, letter, 96) + stage(family, letter, 192)
    layers += [square(192, 3, padding=0 if head == "valid" else 1), RELU, square(192, 1), RELU,
               square(classes, 1)] + [RELU] * last_relu + [AVERAGE, SOFTMAX]
    return {"name": name, "input": [3, 32, 32], "layers": numbered(layers)}


def imagenet(ladder):
    first, halving, five = {27: (2, 0, 2), 23: (1, 1, 0)}[ladder]
    layers = [square(96, 11, 4, first), RELU, square(96, 1), RELU, square(96, 3, 2, halving), RELU]
    layers += [square(256, 5, 1, five), RELU, square(256, 1), RELU]
    layers += [square(256, 3, 2, halving), RELU]
    layers += [square(384, 3), RELU, square(384, 1), RELU, square(384, 3, 2, halving), RELU,
               dropout(0.5), square(1024, 3), RELU, square(1024, 1), RELU, square(1000, 1), RELU,
               AVERAGE, SOFTMAX]
    return {"name": "all-cnn-b-imagenet", "input": [3, 224, 224], "layers": numbered(layers)}


def large(classes=10):
    layers = []
    for filters, rate in zip((320, 640, 960, 1280, 1600), (0.0, 0.1, 0.2, 0.3, 0.4)):
        for stride in (1, 1, 2):
            layers += [square(filters, 2, stride, 0), leaky(0.333)]
        layers.append(dropout(rate))
    layers += [square(1920, 2, 1, 0), leaky(0.333), dropout(0.5), square(1920, 1), leaky(0.333),
               dropout(0.5), square(classes, 1), leaky(0.333), SOFTMAX]
    return {"name": "large-all-cnn", "input": [3, 126, 126], "layers": numbered(layers)}


def figures(net):
    """(parameters, multiply-accumulates, sizes of the maps) of a network."""
    channels, height, width = net["input"]
    parameters, products, maps = 0, 0, []
    for layer in net["layers"]:
        if layer["op"] in ("conv2d", "max_pool"):
            (top, left, bottom, right), (r, s) = layer["padding"], layer["kernel"]
            height = (height + top + bottom - r) // layer["stride"][0] + 1
            width = (width + left + right - s) // layer["stride"][1] + 1
        if layer["op"] == "conv2d":
            taps = channels * r * s * layer["filters"]
            parameters += taps + layer["filters"]
            products += taps * height * width
            channels = layer["filters"]
            maps.append(height)
    return parameters, products, maps


class Networks(Check):

    def printed(self, *arguments):
        return json.loads(self.succeed("networks", *arguments).stdout)

    def test_small_networks(self):
        for name, (parameters, valid, same) in FIGURES.items():
            with self.subTest(name):
                net = self.printed(name)
                self.assertEqual(net, small(name))
                padded = self.printed(name, "--network-options", "head=same,last-relu=off",
                                      "--classes", 100)
                self.assertEqual(padded, small(name, 100, "same", False))
                self.assertEqual(figures(net)[0], parameters)
                self.assertEqual(figures(padded)[0], parameters + 17_370)
                wide = figures(small(name, head="same"))
                self.assertAlmostEqual(figures(net)[1] / 1e6, valid, delta=0.051)
                self.assertAlmostEqual(wide[1] / 1e6, same, delta=0.051)

    def test_imagenet(self):
        for ladder, products, maps in ((27, 1213, [55, 27, 27, 13, 13, 6]),
                                       (23, 1032, [54, 27, 23, 12, 12, 6])):
            net = self.printed("all-cnn-b-imagenet", "--network-options", f"ladder={ladder}")
            self.assertEqual(net, imagenet(ladder))
            parameters, found, sizes = figures(net)
            self.assertEqual(parameters, 9_372_840)
            self.assertAlmostEqual(found / 1e6, products, delta=0.51)
            self.assertEqual([sizes[place] for place in (0, 2, 3, 5, 6, 8)], maps)
        self.assertEqual(self.printed("all-cnn-b-imagenet"), imagenet(27))

    def test_large(self):
        net = self.printed("large-all-cnn")
        self.assertEqual(net, large())
        self.assertEqual(figures(net)[2], [125, 124, 62, 61, 60, 30, 29, 28, 14, 13, 12, 6, 5, 4, 2,
                                           1, 1, 1])

    def test_what_is_printed_can_be_given_back(self):
        for name in [*FIGURES, "all-cnn-b-imagenet", "large-all-cnn"]:
            printed = self.succeed("networks", name).stdout
            path = self.folder / "printed.json"
            path.write_text(printed)
            self.assertEqual(self.succeed("networks", "--network", path).stdout, printed)

    def test_the_list(self):
        listed = self.succeed("networks").stdout
        for name, (parameters, _, _) in FIGURES.items():
            row = next(line.split() for line in listed.splitlines() if line.split()[:1] == [name])
            self.assertIn(str(parameters), row)
            self.assertIn(str(figures(small(name))[1]), row)
        for name in ("all-cnn-b-imagenet", "large-all-cnn"):
            self.assertIn(name, listed)


if __name__ == "__main__":
    main()
