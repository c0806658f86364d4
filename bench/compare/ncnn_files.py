"""A network as ncnn's pair of files: the text that names the layers, and the weights in a row.

ReLU and leaky ReLU are written into the convolution before them, as ncnn's own optimiser does.
"""

import struct

RAW_FLOATS = struct.pack("<I", 0)  # before each tensor of weights: neither packed nor quantised


def _window(layer):
    (rows, columns), (down, across) = layer["kernel"], layer["stride"]
    return columns, rows, across, down, *layer["padding"]


def _convolution(layer, weights, activation):
    columns, rows, across, down, above, left, below, right = _window(layer)
    text = (f"0={layer['filters']} 1={columns} 11={rows} 3={across} 13={down} "
            f"4={left} 15={right} 14={above} 16={below} 5=1 6={weights.size}")
    if activation is not None and activation["op"] == "relu":
        text += " 9=1"
    elif activation is not None:
        text += f" 9=2 -23310=1,{activation['slope']}"
    return "Convolution", text


def _max_pool(layer):
    columns, rows, across, down, above, left, below, right = _window(layer)
    return "Pooling", (f"0=0 1={columns} 11={rows} 2={across} 12={down} "
                       f"3={left} 14={right} 13={above} 15={below} 5=1")


def _steps(network):
    """(ncnn's type, its settings) of each layer, in order."""
    layers = [layer for layer in network.layers if layer["op"] != "dropout"]
    for index, layer in enumerate(layers):
        if layer["op"] == "conv2d":
            behind = layers[index + 1]
            activation = behind if behind["op"] in ("relu", "leaky_relu") else None
            yield _convolution(layer, network.weights[layer["name"]][0], activation)
        elif layer["op"] == "max_pool":
            yield _max_pool(layer)
        elif layer["op"] == "global_average_pool":
            yield "Pooling", "0=1 4=1"


def make_param(network):
    channels, rows, columns = network.input
    lines = [f"Input input 0 1 images 0={columns} 1={rows} 2={channels}"]
    steps, value = list(_steps(network)), "images"
    for index, (kind, settings) in enumerate(steps):
        result = "logits" if index == len(steps) - 1 else f"value{index}"
        lines.append(f"{kind} layer{index} 1 1 {value} {result} {settings}")
        value = result
    lines += ["Split split 1 2 logits logits_out logits_in",
              "Softmax softmax 1 1 logits_in probabilities 0=0 1=1"]
    # One value a layer, and the split's second.
    return "\n".join(["7767517", f"{len(lines)} {len(lines) + 1}", *lines]) + "\n"


def make_bin(network):
    parts = []
    for weights, bias in network.weights.values():
        parts += [RAW_FLOATS, weights.astype("<f4").tobytes(), bias.astype("<f4").tobytes()]
    return b"".join(parts)
