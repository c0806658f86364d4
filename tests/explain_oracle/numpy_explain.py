"""What `explain` and `patches` compute, from a model file alone: NumPy in double.

Nothing here looks at the engine's code. Maps are (N,C,H,W); a place is a layer's index.
"""

import dataclasses

import numpy as np

import oracle

METHODS = ("gradient", "deconvnet", "guided")
RELUS = ("relu", "leaky_relu")


# --- The layers, forward and back ----------------------------------------------------------------

def conv2d(values, weights, bias, layer):
    """Cross-correlation: every window a row of a matrix, every filter a column."""
    view = np.lib.stride_tricks.sliding_window_view(oracle.pad(values, layer["padding"]),
                                                    layer["kernel"], axis=(2, 3))
    view = view[:, :, ::layer["stride"][0], ::layer["stride"][1]].transpose(0, 2, 3, 1, 4, 5)
    rows = view.reshape(-1, weights[0].size)  # (N P Q, C R S)
    sums = rows @ weights.reshape(len(weights), -1).T + bias
    return sums.reshape(*view.shape[:3], -1).transpose(0, 3, 1, 2)


def conv2d_transposed(signal, shape, weights, layer):
    """The signal on the input, which has this shape: every tap carries it back along its weight."""
    taps = signal.transpose(0, 2, 3, 1) @ weights.reshape(len(weights), -1)
    taps = taps.reshape(*taps.shape[:3], *weights.shape[1:]).transpose(4, 5, 0, 3, 1, 2)
    below = oracle.pad(np.zeros(shape), layer["padding"])
    for r, s, view in oracle.windows(below, layer):
        view += taps[r, s]
    return oracle.cropped(below, layer["padding"])


def relu_factor(method, inputs, signal, slope):
    """What a ReLU multiplies the signal with on its way down."""
    active = np.where(inputs > 0, 1.0, slope)
    positive = np.where(signal > 0, 1.0, slope)
    return {"gradient": active, "deconvnet": positive, "guided": active * positive}[method]


# --- A model and what it does to images ----------------------------------------------------------

class Model:
    """A model file, its tensors in double."""

    def __init__(self, path):
        _, tensors, self.network, self.classes, self.prepare = oracle.read_model(path)
        self.tensors = {name: tensor.astype(float) for name, tensor in tensors.items()}
        self.layers = self.network["layers"]

    def input(self, paths):
        """What the network sees of the images, (N,3,H,W)."""
        images = [oracle.prepared(oracle.decode(path), self.prepare) for path in paths]
        return oracle.transformed(np.stack(images), self.prepare, self.tensors)

    def parameters(self, layer):
        return self.tensors[layer["name"] + ".weight"], self.tensors[layer["name"] + ".bias"]

    def convolutions(self):
        return [layer["name"] for layer in self.layers if layer["op"] == "conv2d"]

    def place_of_output(self, name):
        """The last layer that belongs to a convolution's output: its ReLU where it has one."""
        place = next(place for place, layer in enumerate(self.layers) if layer.get("name") == name)
        return place + (self.layers[place + 1]["op"] in RELUS)


class Forward:
    """All maps of a batch: maps[i] is what layer i reads, maps[i + 1] what it writes."""

    def __init__(self, model, values):
        self.model, self.maps, self.switches = model, [values], {}
        for place in range(len(model.layers) - 1):  # the last is the softmax
            self.maps.append(self._write(place, self.maps[place]))

    def _write(self, place, values):
        layer = self.model.layers[place]
        if layer["op"] == "conv2d":
            return conv2d(values, *self.model.parameters(layer), layer)
        if layer["op"] in RELUS:
            return np.where(values > 0, values, oracle.slope(layer) * values)
        if layer["op"] == "max_pool":
            values, self.switches[place] = oracle.max_pool(values, layer)
        if layer["op"] == "global_average_pool":
            return values.mean((2, 3), keepdims=True)
        return values

    def logits(self):
        return self.maps[-1].reshape(len(self.maps[-1]), -1)

    def output(self, name):
        """Maps of a convolution after its ReLU."""
        return self.maps[self.model.place_of_output(name) + 1]

    def receptive_field(self, name, row, column):
        """[top, left, height, width] in input pixels of a unit; padding belongs to it."""
        begin, size = [row, column], [1, 1]
        for place in reversed(range(self.model.place_of_output(name) + 1)):
            layer = self.model.layers[place]
            if layer["op"] == "global_average_pool":
                begin, size = [0, 0], list(self.maps[place].shape[2:])
            for axis in (0, 1) if "kernel" in layer else ():
                begin[axis] = begin[axis] * layer["stride"][axis] - layer["padding"][axis]
                size[axis] = (size[axis] - 1) * layer["stride"][axis] + layer["kernel"][axis]
        return begin + size

    def backward(self, place, signal, method):
        """From what layer `place` writes down to the input."""
        for below in reversed(range(place + 1)):
            layer, values = self.model.layers[below], self.maps[below]
            if layer["op"] == "conv2d":
                signal = conv2d_transposed(signal, values.shape, self.model.parameters(layer)[0],
                                           layer)
            elif layer["op"] in RELUS:
                signal = signal * relu_factor(method, values, signal, oracle.slope(layer))
            elif layer["op"] == "max_pool":
                signal = oracle.max_pool_backward(signal, values, self.switches[below], layer)
            elif layer["op"] == "global_average_pool":
                signal = np.broadcast_to(signal / values[0, 0].size, values.shape)
        return signal


# --- Units ---------------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Unit:
    """A class's logit, by default that of the class predicted; or a channel of a layer, by default
    the one that is largest, where it is largest."""
    of_class: int = None
    layer: str = None
    channel: int = None
    position: tuple = None  # (row, column)

    def signal(self, forward):
        """(place, what it writes: 1 at the unit, 0 elsewhere)."""
        if self.layer is None:
            place, maps = len(forward.maps) - 2, forward.maps[-1]
            channels = forward.logits().argmax(1) if self.of_class is None else self.of_class
            rows = columns = 0
        else:
            place, maps = forward.model.place_of_output(self.layer), forward.output(self.layer)
            channels = self.channel
            if channels is None:
                channels = maps.max((2, 3)).argmax(1)
            rows, columns = self.position or strongest(maps[np.arange(len(maps)), channels])
        signal = np.zeros(maps.shape)
        signal[np.arange(len(maps)), channels, rows, columns] = 1
        return place, signal


def strongest(maps):
    """(rows, columns) where (N,H,W) maps are largest; of equals the first in row-major order."""
    return np.divmod(maps.reshape(len(maps), -1).argmax(1), maps.shape[2])


def attribution(forward, unit, method):
    """(N,3,H,W): how the unit looks at the network's input."""
    return forward.backward(*unit.signal(forward), method)


def strongest_patches(forward, name, count):
    """By filter: (image, value, row, column) of the images where it is largest, strongest first."""
    found = []
    for maps in forward.output(name).transpose(1, 0, 2, 3):
        rows, columns = strongest(maps)
        values = maps.max((1, 2))
        order = np.argsort(-values, kind="stable")[:count]
        found.append([(image, values[image], rows[image], columns[image]) for image in order])
    return found
