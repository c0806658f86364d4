#!/usr/bin/env python3
"""Writes oracle.json: convolution, pooling, softmax and image warping as NumPy computes them.

A second opinion on the references: written from the definitions with padding made explicit and
windows cut out as slices, sharing neither formula nor index arithmetic with the C++ code. Gradients
are scattered back through the same slices. All in float64; arrays are flat, in the C++ layouts
(activations NHWC, weights KCRS).

    python3 tests/operations/oracle/make_oracle.py > tests/operations/oracle/oracle.json
"""
import json

import numpy as np

random = np.random.default_rng(1412)


def numbers(*shape):
    """Multiples of 1/64: short in JSON, exact in float32."""
    return random.integers(-64, 65, shape) / 64.0


def window(array, p, q, case):
    """The (n,r,s,c) slice that output position p,q sees."""
    top, left = p * case["stride"][0], q * case["stride"][1]
    return array[:, top : top + case["kernel"][0], left : left + case["kernel"][1], :]


def padded(array, case, value):
    top, left, bottom, right = case["padding"]
    return np.pad(array, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=value)


def unpadded(array, shape, case):
    top, left = case["padding"][:2]
    return array[:, top : top + shape[1], left : left + shape[2], :]


def positions(array, case):
    return [(array.shape[1 + i] - case["kernel"][i]) // case["stride"][i] + 1 for i in (0, 1)]


def flat(array):
    return [float(value) for value in np.asarray(array).ravel()]


def conv2d(shape, filters, **case):
    src = numbers(*shape)
    weights = numbers(filters, shape[3], *case["kernel"])
    bias = numbers(filters)
    wide = padded(src, case, 0.0)
    rows, columns = positions(wide, case)
    d_dst = numbers(shape[0], rows, columns, filters)
    dst = np.zeros_like(d_dst)
    d_wide, d_weights = np.zeros_like(wide), np.zeros_like(weights)
    for p in range(rows):
        for q in range(columns):
            seen = window(wide, p, q, case)
            dst[:, p, q, :] = np.einsum("nrsc,kcrs->nk", seen, weights) + bias
            d_weights += np.einsum("nk,nrsc->kcrs", d_dst[:, p, q, :], seen)
            d_seen = np.einsum("nk,kcrs->nrsc", d_dst[:, p, q, :], weights)
            window(d_wide, p, q, case)[...] += d_seen
    results = {"dst": dst, "d_src": unpadded(d_wide, shape, case), "d_weights": d_weights,
               "d_bias": d_dst.sum(axis=(0, 1, 2))}
    inputs = {"src": src, "weights": weights, "bias": bias, "d_dst": d_dst}
    return case | {"shape": shape, "filters": filters} | {
        name: flat(array) for name, array in (inputs | results).items()}


def max_pool(shape, **case):
    src = random.integers(-3, 4, shape).astype(float)  # small integers: many ties
    wide = padded(src, case, -np.inf)
    rows, columns = positions(wide, case)
    d_dst = numbers(shape[0], rows, columns, shape[3])
    dst, switches = np.zeros_like(d_dst), np.zeros_like(d_dst, dtype=int)
    d_wide = np.zeros_like(wide)
    for n, p, q, c in np.ndindex(*dst.shape):
        seen = window(wide, p, q, case)[n, :, :, c].ravel()
        winner = int(np.argmax(seen))  # the first of equals
        dst[n, p, q, c], switches[n, p, q, c] = seen[winner], winner
        row, column = divmod(winner, case["kernel"][1])
        window(d_wide, p, q, case)[n, row, column, c] += d_dst[n, p, q, c]
    return case | {"shape": shape} | {
        "src": flat(src), "d_dst": flat(d_dst), "dst": flat(dst), "switches": flat(switches),
        "d_src": flat(unpadded(d_wide, shape, case))}


def softmax(images, classes, spread):
    src = numbers(images, classes) * spread
    labels = random.integers(0, classes, images)
    shifted = src - np.logaddexp.reduce(src, axis=1, keepdims=True)
    one_hot = np.eye(classes)[labels]
    return {"n": images, "c": classes, "src": flat(src), "labels": [int(l) for l in labels],
            "dst": flat(np.exp(shifted)), "loss": flat(-(shifted * one_hot).sum(axis=1)),
            "d_src": flat(np.exp(shifted) - one_hot)}


def image_warp(height, width, matrix, gain, offset):
    """Bilinear sampling as two products with hat functions, which are zero a pixel away."""
    image = random.integers(0, 256, (height, width, 3))
    scale, mean, std = 0.25, np.array([0.5, 1.0, 0.25]), np.array([2.0, 0.5, 4.0])
    values = (np.clip(image * np.array(gain) + offset, 0, 255) * scale - mean) / std
    dst = np.zeros_like(values)
    for row, column in np.ndindex(height, width):
        x, y = np.array(matrix) @ (column, row, 1)
        hats = [np.maximum(0, 1 - np.abs(np.arange(count) - place))
                for count, place in ((height, y), (width, x))]
        dst[row, column] = np.einsum("h,w,hwc->c", *hats, values)
    return {"h": height, "w": width, "map": flat(matrix), "gain": gain, "offset": offset,
            "scale": scale, "mean": flat(mean), "std": flat(std),
            "image": [int(level) for level in image.ravel()], "dst": flat(dst)}


def oracle():
    return {
        "conv2d": [
            conv2d((2, 7, 6, 3), 4, kernel=(3, 3), stride=(2, 2), padding=(0, 0, 1, 1)),
            conv2d((1, 9, 8, 2), 3, kernel=(5, 3), stride=(1, 2), padding=(2, 1, 1, 0)),
            conv2d((2, 5, 8, 3), 2, kernel=(2, 4), stride=(3, 1), padding=(1, 0, 0, 3)),
        ],
        "max_pool": [
            max_pool((2, 6, 7, 3), kernel=(3, 3), stride=(2, 2), padding=(0, 0, 1, 1)),
            max_pool((1, 5, 6, 2), kernel=(2, 3), stride=(1, 2), padding=(1, 1, 0, 2)),
        ],
        "softmax": [softmax(3, 10, 1.0), softmax(2, 7, 100.0)],
        "image_warp": [  # numbers that float32 has exactly
            image_warp(5, 7, [[0.875, 0.25, -0.5], [-0.125, 1.25, 0.75]], [1, 1, 1], [0, 0, 0]),
            image_warp(6, 4, [[-1.125, 0, 3.25], [0.25, 0.75, -1.0]], [1.25, 0.75, 0.875],
                       [25, -20, 4]),
            image_warp(4, 4, [[1, 0, 1], [0, 1, -2]], [1.5, 1, 0.5], [-30, 0, 60]),
        ],
    }


if __name__ == "__main__":
    text = json.dumps(oracle(), indent=1)
    print(text.replace(",\n    ", ", ").replace("[\n    ", "[").replace("\n   ]", "]"))
