"""`explain` against NumPy: every network and layer, all methods, units, classes, ties, batches."""

import json

from explain_checks import (AVERAGE, EXACT, METHODS, RELU, RELUS, SOFTMAX, TINY, ExplainCheck,
                            Forward, Image, Model, Unit, conv, dropout, flags_of, leaky, main,
                            narrow, network, np, pool)
from numpy_explain import attribution

SMALL = [f"{family}-{letter}" for letter in "abc"
         for family in ("model", "strided-cnn", "convpool-cnn", "all-cnn")]
LARGE_WIDTHS = {320: 4, 640: 6, 960: 8, 1280: 9, 1600: 10, 1920: 12}

# Uneven strides and paddings, two leaks, a convolution that a pool follows and one without ReLU.
UNEVEN = network(
    dropout(0.1), conv("first", 9, (5, 3), (2, 2), (0, 1, 1, 0)), leaky(0.25),
    conv("second", 6, (2, 3), (1, 2), (1, 2, 0, 1)), RELU, pool((3, 2), (2, 1), (1, 0, 1, 1)),
    conv("pooled", 8), pool((2, 2), (1, 1), (1, 1, 0, 0)), dropout(0.5), RELU,
    conv("third", 7, stride=(2, 1), padding=(1, 0, 0, 2)), leaky(0.333),
    conv("last", 4, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(23, 30))
# Pools whose windows overlap, reach into the padding and hold equals all the time.
TIES = network(
    pool((2, 2), (1, 1), (1, 0, 0, 1)), conv("conv1", 10), RELU, pool((3, 3), (2, 2), (1, 1, 1, 1)),
    conv("conv2", 9), leaky(0.5), pool((3, 3), (1, 1), (2, 1, 0, 1)), conv("conv3", 6, (1, 1),
                                                                           padding=(0,) * 4),
    RELU, pool((2, 3), (2, 3), (0, 0, 1, 1)), conv("conv4", 4), RELU, AVERAGE, SOFTMAX,
    size=(16, 13))


def unstrided(model):
    """The model with a stride of 1 and a 2x2 max-pool for each stride of 2, and for each of its
    layers the one that has its place there."""
    layers, outputs, due, size = [], [], None, model.network["input"][1:]
    for place, layer in enumerate(model.layers):
        if layer.get("stride") == [2, 2]:
            top, left, bottom, right = layer["padding"]
            full = (size[0] + top + bottom - layer["kernel"][0] + 1,
                    size[1] + left + right - layer["kernel"][1] + 1)
            behind = [extent % 2 for extent in full]  # the last window reaches beyond the map
            due = place + (model.layers[place + 1]["op"] in RELUS)
            layer = {**layer, "stride": [1, 1]}
            size = [(extent + 1) // 2 for extent in full]
        layers.append(layer)
        if place == due:
            layers.append(pool((2, 2), (2, 2), (0, 0, *behind)))
        outputs.append(len(layers) - 1)
    model.layers = layers
    return model, outputs


class Explain(ExplainCheck):

    def described(self, name, *flags):
        return json.loads(self.succeed("networks", name, *flags).stdout)

    def layers_of(self, path, forward, images, flags=()):
        """The class predicted and every convolution, a few channels in turn. Returns the share of
        maps that are not zero."""
        count, maps = self.compare(path, forward, images, flags=flags), 1
        for place, name in enumerate(forward.model.convolutions()):
            channels, height, width = forward.output(name).shape[1:]
            position = (height // 2, width // 3) if place % 3 == 2 else None
            unit = Unit(layer=name, channel=(3 * place + 2) % channels, position=position)
            count += self.compare(path, forward, images, unit, flags)
            maps += 1
        return count / (maps * len(METHODS) * len(images))

    def test_networks_of_the_paper(self):
        images = self.images(2, (32, 32))
        for place, name in enumerate(SMALL):
            with self.subTest(name):
                options = ["head=valid", "head=same", "last-relu=off"][place % 3]
                net = narrow(self.described(name, "--network-options", options))
                self.assertGreater(self.layers_of(*self.separated(net, images), images), 0.6)

    def test_larger_networks(self):
        for name, widths in (("all-cnn-b-imagenet", None), ("large-all-cnn", LARGE_WIDTHS)):
            with self.subTest(name):
                net = narrow(self.described(name, "--classes", 7), widths)
                images = self.images(2, net["input"][1:])
                path, forward = self.separated(net, images)
                self.assertGreater(self.compare(path, forward, images), 0)
                for layer in forward.model.convolutions()[1::5]:
                    unit = Unit(layer=layer, channel=2)
                    self.assertGreater(self.compare(path, forward, images, unit), 0)

    def test_full_width(self):
        net, images = self.described("all-cnn-c"), self.images(1, (32, 32))
        path, forward = self.separated(net, images)
        for unit in (Unit(), Unit(layer="conv6", channel=191), Unit(layer="conv3", channel=50)):
            self.assertEqual(self.compare(path, forward, images, unit), len(METHODS))

    def test_uneven_strides_paddings_and_leaks(self):
        images = self.images(2, UNEVEN["input"][1:])
        path, forward = self.separated(UNEVEN, images)
        for name in forward.model.convolutions():
            for channel in range(forward.output(name).shape[1])[::2]:
                count = self.compare(path, forward, images, Unit(layer=name, channel=channel))
                self.assertGreater(count, 0)

    def test_a_convolution_behind_the_average(self):
        net = network(conv("conv1", 8), RELU, AVERAGE, conv("conv2", 6), RELU,
                      conv("conv3", 3, (1, 1), padding=(0,) * 4), RELU, SOFTMAX)
        images = self.images(3, (8, 8))
        self.assertGreater(self.layers_of(*self.separated(net, images), images), 0.3)

    def test_ties_in_pools(self):
        """Arithmetic is exact here, so equals are equals, and the first of them gets the signal."""
        images = self.images(4, TIES["input"][1:], levels=4)
        for seed in (1, 2):
            path, forward = self.exact(TIES, images, seed)
            self.assertGreater(self.layers_of(path, forward, images, EXACT), 0.4)
            for channel in range(4):
                self.compare(path, forward, images, Unit(layer="conv4", channel=channel), EXACT)

    def test_exact_networks(self):
        images = self.images(2, (32, 32), levels=4)
        for name in ("convpool-cnn-b", "model-c", "strided-cnn-c"):
            path, forward = self.exact(narrow(self.described(name)), images)
            self.assertGreater(self.layers_of(path, forward, images, EXACT), 0.2)

    def test_units_of_a_layer(self):
        """At positions given, active or not; without any, the largest unit of the layer."""
        images = self.images(3, (16, 13), levels=4)
        path, forward = self.exact(TIES, images)
        maps = forward.output("conv2")
        for row, column in ((0, 0), (0, maps.shape[3] - 1), (maps.shape[2] - 1, 0), (2, 3)):
            for channel in (0, 8):
                unit = Unit(layer="conv2", channel=channel, position=(row, column))
                self.compare(path, forward, images, unit, EXACT)
        images = self.images(3, UNEVEN["input"][1:])
        path, forward = self.separated(UNEVEN, images)
        for name in forward.model.convolutions():
            self.compare(path, forward, images, Unit(layer=name))

    def test_the_unstrided_network(self):
        """From the class predicted by the network as it is, and from the same unit of a layer,
        which of a strided convolution is the pool's."""
        net = network(conv("conv1", 8, stride=(2, 2)), RELU, conv("conv2", 6), RELU,
                      conv("conv3", 6, stride=(2, 2)), leaky(0.5), conv("bare", 5, stride=(2, 2)),
                      conv("last", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(29, 26))
        images = self.images(3, net["input"][1:], levels=4)
        path, forward = self.exact(net, images)
        model, outputs = unstrided(Model(path))
        other = Forward(model, forward.maps[0])
        for unit in (Unit(), Unit(layer="conv1", channel=3), Unit(layer="conv2", channel=1),
                     Unit(layer="conv3"), Unit(layer="bare", channel=2)):
            tensors, _, _ = self.explain(path, *images,
                                         flags=[*flags_of(unit), *EXACT, "--unstride"])
            place, signal = unit.signal(forward)
            self.assertEqual(other.maps[outputs[place] + 1].shape, signal.shape)
            for method in METHODS:
                self.assert_close(tensors[f"attribution.{method}"],
                                  attribution(forward, unit, method), f"{unit} {method}")
                self.assert_close(tensors[f"attribution.unstrided.{method}"],
                                  other.backward(outputs[place], signal, method),
                                  f"{unit} unstrided {method}")

    def test_an_inactive_unit(self):
        """Nothing goes back from it but by deconvnet; a note says why, the exit code is 0."""
        images = self.images(1, (32, 32))
        path, forward = self.separated(narrow(self.described("all-cnn-a")), images)
        channel, row, column = np.argwhere(forward.output("conv3")[0] == 0)[5]
        unit = Unit(layer="conv3", channel=channel, position=(row, column))
        self.assertEqual(self.compare(path, forward, images, unit), 1)
        self.assertEqual(self.compare(path, forward, images, unit, methods=("guided",)), 0)

    def test_a_channel_that_is_zero_everywhere(self):
        net, images = narrow(self.described("all-cnn-a")), self.images(2, (32, 32))
        path, forward = self.separated(net, images)
        tensors = forward.model.tensors
        tensors["conv2.bias"][3] = -1e4
        path = self.write(net, tensors, forward.model.prepare)
        forward = Forward(Model(path), forward.maps[0])
        self.assertFalse(forward.output("conv2")[:, 3].any())
        unit = Unit(layer="conv2", channel=3)  # all are equal: the first position
        self.assertGreater(self.compare(path, forward, images, unit), 0)

    def test_classes(self):
        images = self.images(3, (32, 32))
        path, forward = self.separated(narrow(self.described("all-cnn-c", "--classes", 4)), images)
        for place in range(4):
            self.compare(path, forward, images, Unit(of_class=place))
        by_index = self.explain(path, *images, flags=["--class", 2])[0]
        by_name = self.explain(path, *images, flags=["--class", "class 2"])[0]
        self.assertEqual(bits(by_index), bits(by_name))

    def test_a_class_name_wins_over_an_index(self):
        images = self.images(1, (8, 8))
        _, forward = self.separated(TINY, images)
        path = self.write(TINY, forward.model.tensors, forward.model.prepare, ["1", "x", "0"])
        for text, place in (("1", 0), ("0", 2), ("x", 1), ("2", 2)):
            flags = ["--class", text, "--method", "gradient"]
            tensors = self.explain(path, *images, flags=flags)[0]
            wanted = attribution(forward, Unit(of_class=place), "gradient")
            self.assert_close(tensors["attribution"], wanted, text)

    def test_methods(self):
        images = self.images(1, (32, 32))
        path, forward = self.separated(narrow(self.described("model-b")), images)
        for methods in (("gradient",), ("deconvnet",), ("guided",), ("guided", "gradient")):
            self.compare(path, forward, images, methods=methods)

    def test_preparation(self):
        """The maps are those of what the network sees, contrast normalised and less the mean."""
        net, images = narrow(self.described("all-cnn-a")), self.images(2, (32, 32))
        mean = np.random.default_rng(3).normal(0, 0.1, 3 * 32 * 32)
        path, forward = self.separated(net, images, {"prepare.mean": mean},
                                       gcn={"scale": 55, "epsilon": 1e-8})
        self.assertGreater(self.compare(path, forward, images), 0)

    def test_another_size(self):
        """Of one colour, so that resizing is exact."""
        images = self.images(1, (8, 8))
        for number, size in enumerate(((30, 9), (5, 7))):
            images.append(self.folder / f"flat{number}.png")
            Image.new("RGB", size, (200, 90 * number, 33)).save(images[-1])
        path, forward = self.separated(TINY, images)
        self.compare(path, forward, images)

    def test_images_that_fail_are_left_out(self):
        images = self.images(4, (32, 32))
        path, forward = self.separated(narrow(self.described("all-cnn-b")), images)
        images[1].write_bytes(images[1].read_bytes()[:99])
        images[3].unlink()
        tensors, metadata, said = self.explain(path, *images, code=4)
        self.assertEqual(json.loads(metadata["allconv.images"]), [str(images[0]), str(images[2])])
        for name in ("image01.png", "image03.png"):
            self.assertIn(name, said)
        whole = self.images(4, (32, 32))
        alone = self.explain(path, whole[0], whole[2])[0]
        self.assertEqual(bits(tensors), bits(alone))

    def test_bits_depend_on_nothing_but_image_and_model(self):
        images = self.images(11, (32, 32))
        path, _ = self.separated(narrow(self.described("convpool-cnn-c")), images[:2])
        for flags in ([], ["--layer", "conv6", "--unit", 4]):
            flags = [*flags, "--device", "cpu"]
            all_of_them = self.explain(path, *images, flags=[*flags, "--threads", 1])[0]
            self.assertEqual(bits(all_of_them), bits(
                self.explain(path, *images, flags=[*flags, "--threads", 2])[0]))
            for some in (images[2:3], images[::3]):
                found = self.explain(path, *some, flags=flags)[0]
                for name, tensor in all_of_them.items():
                    rows = [images.index(image) for image in some]
                    self.assertEqual(tensor[rows].tobytes(), found[name].tobytes(), name)

    def test_files_are_replaced_and_others_stay(self):
        images = self.images(2, (8, 8))
        path, _ = self.separated(TINY, images)
        out, mine = self.folder / "out", self.folder / "out" / "mine.txt"
        out.mkdir()
        mine.write_text("mine")
        (self.folder / "maps.safetensors").write_text("old")
        first = self.explain(path, *images, pictures=True)[0]
        files = files_below(out)
        self.assertGreater(len(files), 1 + len(images))
        second = self.explain(path, *images, flags=["--class", 1], pictures=True)[0]
        self.assertNotEqual(bits(first), bits(second))
        self.assertEqual(set(files), set(files_below(out)))
        self.assertNotEqual(files, files_below(out))
        self.assertEqual(mine.read_text(), "mine")
        plain = self.explain(path, *images, flags=["--class", 1])[0]
        self.assertEqual(bits(plain), bits(second))


def bits(tensors):
    return {name: tensor.tobytes() for name, tensor in tensors.items()}


def files_below(folder):
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


if __name__ == "__main__":
    main()
