"""What the checks of `explain` and `patches` share: weights that rounding cannot fool, runs."""

import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "contract"))

# Some of these are for the checks, which import them from here.
from checks import (AVERAGE, RELU, SOFTMAX, Check, Image, conv, dropout, leaky, main,
                    network, np, oracle, pool)
import numpy_explain
from numpy_explain import METHODS, RELUS, Forward, Model, Unit

TOLERANCE = 1e-5  # of the largest number of an image's map
# Direct sums alone: whatever is a small multiple of a power of two stays exact.
EXACT = ("--exact", "--device", "cpu")
PREPARE = {"mean": [0.5, 0.45, 0.55], "std": [0.25, 0.3, 0.2]}
NARROW = {96: 8, 192: 12, 256: 10, 384: 12, 1024: 14}  # filters of the paper's networks, and ours

# Eight by eight pixels in, three classes out; 8 and 3 channels.
TINY = network(conv("conv1", 8), RELU, conv("conv2", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX)

# Least distances, as shares of a map's largest number, that no rounding of fp32 bridges.
RELU_MARGIN, MAXIMUM_MARGIN = 4e-5, 1e-5


# --- Weights -------------------------------------------------------------------------------------

class SeparatedForward(Forward):
    """Sets every bias so that no input of a ReLU is close to zero, and about half are positive."""

    def _write(self, place, values):
        layer, layers = self.model.layers[place], self.model.layers
        if layer["op"] == "conv2d" and layers[place + 1]["op"] in RELUS:
            bias = self.model.tensors[layer["name"] + ".bias"]
            bias[:] = 0
            sums = super()._write(place, values)
            for channel, numbers in enumerate(sums.transpose(1, 0, 2, 3)):
                bias[channel] = np.float32(-middle_of_gap(numbers))
        return super()._write(place, values)


def middle_of_gap(numbers):
    """Of the widest gap between neighbours in the middle of all numbers."""
    ordered = np.sort(numbers, axis=None)
    begin, end = int(0.3 * (ordered.size - 1)), int(0.7 * (ordered.size - 1)) + 2
    middle = ordered[begin:end]
    widest = np.diff(middle).argmax()
    return middle[widest:widest + 2].mean()


def gap_below_maximum(numbers):
    """Along the first axis: least distance of the two largest where these differ, over the largest
    of all. Equals are the same sums of the same numbers or zeros, and stay equal."""
    upper = np.partition(numbers, -2, axis=0)[-2:]
    gaps = np.where(np.isfinite(upper[0]), upper[1] - upper[0], 0)
    scale = np.abs(numbers[np.isfinite(numbers)]).max()
    return gaps[gaps > 0].min(initial=np.inf) / scale


def relu_margin(forward):
    margins = [np.inf]
    for layer, values in zip(forward.model.layers, forward.maps):
        if layer["op"] in RELUS:
            margins.append(np.abs(values).min() / np.abs(values).max())
    return min(margins)


def maximum_margin(forward):
    """Of all windows, of the positions where channels are largest, and of the classes."""
    margins = [gap_below_maximum(forward.logits().T)]
    for layer, values in zip(forward.model.layers, forward.maps):
        if layer["op"] == "max_pool":
            padded = oracle.pad(values, layer["padding"], -np.inf)
            margins.append(gap_below_maximum(
                np.stack([view for _, _, view in oracle.windows(padded, layer)])))
    for name in forward.model.convolutions():
        maps = forward.output(name)
        if maps[0, 0].size > 1:
            margins.append(gap_below_maximum(maps.reshape(-1, maps[0, 0].size).T))
    return min(margins)


def exact_tensors(net, seed=1):
    """Three taps of +-1 a filter, and biases that make every input of a ReLU an odd multiple of a
    power of two: never zero, and exact in fp32 for images of small integers."""
    random, channels, quantum, tensors = np.random.default_rng(seed), net["input"][0], 1.0, {}
    layers = net["layers"]
    for layer, after in zip(layers, layers[1:]):
        if layer["op"] != "conv2d":
            continue
        shape = (layer["filters"], channels, *layer["kernel"])
        weights = np.zeros((shape[0], np.prod(shape[1:])))
        for row in weights:
            taps = random.choice(row.size, min(3, row.size), replace=False)
            row[taps] = random.choice([-1, 1], taps.size)
        quantum /= 2
        tensors[layer["name"] + ".weight"] = weights.reshape(shape)
        tensors[layer["name"] + ".bias"] = quantum * (2 * random.integers(-2, 3, shape[0]) + 1)
        quantum *= oracle.slope(after) or 1
        channels = layer["filters"]
    return tensors


# --- Runs ----------------------------------------------------------------------------------------

def read_tensors(path):
    """(tensors by name, metadata) of any safetensors file."""
    data = path.read_bytes()
    begin = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:begin])
    metadata = header.pop("__metadata__", {})
    for entry in header.values():
        assert entry["dtype"] == "F32", entry
    return {name: np.frombuffer(data[begin:][slice(*entry["data_offsets"])], "<f4").reshape(
        entry["shape"]) for name, entry in header.items()}, metadata


def narrow(net, widths=None):
    """A network with fewer filters; the classes stay."""
    widths = widths or NARROW
    layers = [{**layer, "filters": widths.get(layer["filters"], layer["filters"])}
              if layer["op"] == "conv2d" else layer for layer in net["layers"]]
    return {**net, "layers": layers}


def flags_of(unit):
    if unit.layer is None:
        return [] if unit.of_class is None else ["--class", unit.of_class]
    numbers = () if unit.channel is None else (unit.channel, *(unit.position or ()))
    unit_flags = ["--unit", ",".join(map(str, numbers))] if numbers else []
    return ["--layer", unit.layer, *unit_flags]


class ExplainCheck(Check):

    def images(self, count, size, levels=256, seed=1):
        """Paths of random pictures whose pixels are below `levels`."""
        random, paths = np.random.default_rng(seed), []
        for number in range(count):
            pixels = random.integers(0, levels, (*size, 3)).astype(np.uint8)
            paths.append(self.folder / f"image{number:02}.png")
            Image.fromarray(pixels).save(paths[-1])
        return paths

    def write(self, net, tensors, prepare, classes=None):
        classes = classes or [f"class {place}" for place in range(filters_of_last(net))]
        path = self.folder / "model.safetensors"
        path.write_bytes(oracle.model_bytes(tensors, net, classes, prepare))
        return path

    def separated(self, net, images, more_tensors=None, **changes):
        """(path, forward pass) of a model with random weights that rounding cannot fool. Changes
        are those of its preparation."""
        prepare = oracle.plain_prepare(net, **{**PREPARE, **changes})
        for seed in range(50):
            tensors = {**oracle.random_tensors(net, seed), **(more_tensors or {})}
            model = Model(self.write(net, tensors, prepare))
            SeparatedForward(model, model.input(images))
            path = self.write(net, model.tensors, prepare)
            forward = Forward(Model(path), model.input(images))
            if relu_margin(forward) >= RELU_MARGIN and maximum_margin(forward) >= MAXIMUM_MARGIN:
                return path, forward
        raise AssertionError(f"no weights of {net['name']} keep their distance")

    def exact(self, net, images, seed=1):
        """(path, forward pass) of a model whose maps are exact in fp32, for images of integers."""
        path = self.write(net, exact_tensors(net, seed), oracle.plain_prepare(net, scale=1.0))
        model = Model(path)
        forward = Forward(model, model.input(images))
        self.assertGreater(relu_margin(forward), 0)
        for maps in forward.maps[:-1]:  # the last are averages
            np.testing.assert_array_equal(maps, maps.astype("f4"))
        return path, forward

    def explain(self, model, *images, flags=(), code=0, pictures=False):
        """(tensors, metadata, what was said) of a run. Pictures take most of its time."""
        path = self.folder / "maps.safetensors"
        flags = [*flags, *([] if pictures else ["--no-pictures"])]
        result = self.succeed("explain", model, *images, "-o", self.folder / "out",
                              "--save-tensors", path, *flags, code=code)
        return *read_tensors(path), result.stderr

    def compare(self, path, forward, images, unit=Unit(), flags=(), methods=METHODS):
        """One run against NumPy. Returns how many maps are not zero."""
        if methods != METHODS:
            flags = [*flags, "--method", ",".join(methods)]
        tensors, metadata, said = self.explain(path, *images, flags=[*flags_of(unit), *flags])
        self.assertEqual(json.loads(metadata["allconv.images"]), [str(image) for image in images])
        names = [f"attribution.{method}" for method in methods]
        names = ["attribution"] if len(names) == 1 else names
        self.assertEqual(sorted(tensors), sorted(["input", *names]))
        self.assert_close(tensors["input"], forward.maps[0], "input")
        count = 0
        for name, method in zip(names, methods):
            wanted = numpy_explain.attribution(forward, unit, method)
            self.assert_close(tensors[name], wanted, f"{unit} {method}")
            count += sum(bool(image.any()) for image in wanted)
        if count < len(methods) * len(images):
            self.assertIn("zero", said, unit)
        return count

    def assert_close(self, found, wanted, name):
        self.assertEqual(found.shape, wanted.shape, name)
        for image, (mine, its) in enumerate(zip(found, wanted)):
            error = np.abs(mine - its).max() / (np.abs(its).max() or 1e-30)
            self.assertLessEqual(error, TOLERANCE, f"{name} of image {image}")


def filters_of_last(net):
    return [layer for layer in net["layers"] if layer["op"] == "conv2d"][-1]["filters"]
