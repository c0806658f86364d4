"""The written contract in NumPy: model files, preparation, networks and the training step.

Nothing here looks at the engine's code; images and resizing are Pillow's, arithmetic is double.
"""

import json
import math
import pathlib
import struct

import numpy as np
from PIL import Image, ImageOps


# --- Model files: safetensors, float32 ---------------------------------------------------------

def read_model(path):
    """(header, tensors by name in the file's order, network, classes, prepare) of a model file."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    tensors, covered = {}, 0
    for name, entry in sorted(((name, entry) for name, entry in header.items()
                               if name != "__metadata__"),
                              key=lambda item: item[1]["data_offsets"]):
        begin, end = entry["data_offsets"]
        assert begin == covered, f"{name} leaves a gap or overlaps"
        assert entry["dtype"] == "F32", f"{name} is {entry['dtype']}"
        covered = end
        tensors[name] = np.frombuffer(data[8 + size + begin:8 + size + end], "<f4").reshape(
            entry["shape"])
    assert len(data) == 8 + size + covered, "bytes after the last tensor"
    metadata = header["__metadata__"]
    return (header, tensors) + tuple(json.loads(metadata[f"allconv.{key}"])
                                     for key in ("network", "classes", "prepare"))


def model_bytes(tensors, network, classes, prepare, metadata=None):
    """A model file's bytes. Texts are taken as metadata as they stand, all else becomes JSON."""
    header, data = {}, b""
    values = {"allconv.network": network, "allconv.classes": classes, "allconv.prepare": prepare}
    values.update(metadata or {})
    header["__metadata__"] = {key: value if isinstance(value, str) else json.dumps(value)
                              for key, value in values.items() if value is not None}
    for name, tensor in tensors.items():
        raw = np.ascontiguousarray(tensor, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def random_tensors(network, seed=1):
    """Weights after He and small biases for every convolution of a network."""
    random, channels, tensors = np.random.default_rng(seed), network["input"][0], {}
    for layer in network["layers"]:
        if layer["op"] != "conv2d":
            continue
        shape = (layer["filters"], channels, *layer["kernel"])
        scale = math.sqrt(2 / (channels * layer["kernel"][0] * layer["kernel"][1]))
        tensors[layer["name"] + ".weight"] = random.normal(0, scale, shape).astype("f4")
        tensors[layer["name"] + ".bias"] = random.normal(0, 0.1, shape[0]).astype("f4")
        channels = layer["filters"]
    return tensors


def plain_prepare(network, **changes):
    """Preparation that leaves numbers from 0 to 1."""
    return {"resize": network["input"][1:], "scale": 1 / 255, "mean": [0.0] * 3, "std": [1.0] * 3,
            "gcn": None, "zca": False, **changes}


# --- Preparation: Pillow decodes and resizes ---------------------------------------------------

def decode(path):
    """An (H,W,3) image of bytes: upright, grey repeated, alpha over white, 16 bit >> 8."""
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode.startswith("I"):
        values = (np.asarray(image).astype(np.int64) >> 8).astype(np.uint8)
        return np.repeat(values[:, :, None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    return np.asarray(image.convert("RGB"))


def normalised(values, gcn):
    """Global contrast normalisation of (N,D) images: minus their mean, over their norm."""
    values = values - values.mean(1, keepdims=True)
    divisors = np.linalg.norm(values, axis=1, keepdims=True) / gcn["scale"]
    return values / np.where(divisors < gcn["epsilon"], 1, divisors)


def transformed(values, prepare, tensors):
    """(N,C,H,W) scaled images after contrast normalisation, a mean per pixel and whitening."""
    flat = values.reshape(len(values), -1)
    if prepare["gcn"]:
        flat = normalised(flat, prepare["gcn"])
    if "prepare.mean" in tensors:
        flat = flat - tensors["prepare.mean"].astype(float)
    if prepare["zca"]:
        flat = flat @ tensors["prepare.whiten"].astype(float)
    return flat.reshape(values.shape)


def prepared(pixels, prepare):
    """(C,H,W): resized by Pillow, scaled, less the mean, over the deviation."""
    height, width = prepare["resize"]
    resized = np.asarray(Image.fromarray(pixels).resize((width, height), Image.BILINEAR))
    values = (resized * float(prepare["scale"]) - np.array(prepare["mean"])) / prepare["std"]
    return values.transpose(2, 0, 1)


# --- Networks: forward and backward in double --------------------------------------------------

def pad(values, padding, fill=0.0):
    top, left, bottom, right = padding
    return np.pad(values, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill)


def windows(padded, layer):
    """Yields (r, s, view) of every tap of a kernel: view is (N,C,P,Q)."""
    kernel, stride = layer["kernel"], layer["stride"]
    size = [(padded.shape[2 + axis] - kernel[axis]) // stride[axis] + 1 for axis in (0, 1)]
    for r in range(kernel[0]):
        for s in range(kernel[1]):
            yield r, s, padded[:, :, r:r + stride[0] * (size[0] - 1) + 1:stride[0],
                               s:s + stride[1] * (size[1] - 1) + 1:stride[1]]


def cropped(values, padding):
    top, left, bottom, right = padding
    return values[:, :, top:values.shape[2] - bottom, left:values.shape[3] - right]


def conv2d(values, weights, bias, layer):
    terms = (np.einsum("nchw,kc->nkhw", view, weights[:, :, r, s])
             for r, s, view in windows(pad(values, layer["padding"]), layer))
    return sum(terms) + bias[None, :, None, None]


def conv2d_backward(d_dst, values, weights, layer):
    """(gradient of the input, of the weights, of the bias)."""
    padded = pad(values, layer["padding"])
    d_padded, d_weights = np.zeros_like(padded), np.zeros_like(weights)
    for (r, s, view), (_, _, d_view) in zip(windows(padded, layer), windows(d_padded, layer)):
        d_weights[:, :, r, s] = np.einsum("nkhw,nchw->kc", d_dst, view)
        d_view += np.einsum("nkhw,kc->nchw", d_dst, weights[:, :, r, s])
    return cropped(d_padded, layer["padding"]), d_weights, d_dst.sum((0, 2, 3))


def max_pool(values, layer):
    """(maxima, number of the tap each came from); the first of equals wins, padding never."""
    taps = np.stack([view for _, _, view in windows(pad(values, layer["padding"], -np.inf), layer)])
    return taps.max(0), taps.argmax(0)


def max_pool_backward(d_dst, values, switches, layer):
    d_padded = np.zeros_like(pad(values, layer["padding"]))
    for tap, (_, _, d_view) in enumerate(windows(d_padded, layer)):
        d_view += d_dst * (switches == tap)
    return cropped(d_padded, layer["padding"])


def slope(layer):
    return layer.get("slope", 0.0)


def forward(network, tensors, values):
    """Logits (N,classes), and what every layer read and chose. Dropout does nothing."""
    read, switches = [], {}
    for place, layer in enumerate(network["layers"]):
        read.append(values)
        op = layer["op"]
        if op == "conv2d":
            values = conv2d(values, tensors[layer["name"] + ".weight"].astype(float),
                            tensors[layer["name"] + ".bias"].astype(float), layer)
        elif op in ("relu", "leaky_relu"):
            values = np.where(values > 0, values, slope(layer) * values)
        elif op == "max_pool":
            values, switches[place] = max_pool(values, layer)
        elif op == "global_average_pool":
            values = values.mean((2, 3), keepdims=True)
    return values.reshape(values.shape[0], -1), read, switches


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def gradients(network, tensors, values, labels):
    """(mean cross-entropy, its gradient by tensor name)."""
    logits, read, switches = forward(network, tensors, values)
    shares, rows = softmax(logits), np.arange(len(labels))
    loss = -np.log(shares[rows, labels]).mean()
    shares[rows, labels] -= 1
    signal, found = (shares / len(labels)).reshape(len(labels), -1, 1, 1), {}
    for place in reversed(range(len(network["layers"]))):
        layer, values = network["layers"][place], read[place]
        op = layer["op"]
        if op == "conv2d":
            name = layer["name"]
            signal, found[name + ".weight"], found[name + ".bias"] = conv2d_backward(
                signal, values, tensors[name + ".weight"].astype(float), layer)
        elif op in ("relu", "leaky_relu"):
            signal = signal * np.where(values > 0, 1.0, slope(layer))
        elif op == "max_pool":
            signal = max_pool_backward(signal, values, switches[place], layer)
        elif op == "global_average_pool":
            signal = np.broadcast_to(signal / values[0, 0].size, values.shape)
    return loss, found


class Sgd:
    """v = momentum * v + gradient + decay * w (weights only); w = w - rate * v."""

    def __init__(self, tensors, momentum, decay):
        self.tensors = {name: tensor.astype(float) for name, tensor in tensors.items()}
        self.velocity = {name: 0.0 for name in tensors}
        self.momentum, self.decay = momentum, decay

    def step(self, network, values, labels, rate):
        loss, found = gradients(network, self.tensors, values, labels)
        for name, gradient in found.items():
            if name.endswith(".weight"):
                gradient = gradient + self.decay * self.tensors[name]
            self.velocity[name] = self.momentum * self.velocity[name] + gradient
            self.tensors[name] = self.tensors[name] - rate * self.velocity[name]
        return loss
