#!/usr/bin/env python3
"""Writes network_oracle.json: a small network computed by NumPy in double precision.

Usage: make_network_oracle.py > network_oracle.json

Convolutions and pools are computed window by window with einsum and argmax, gradients by their own
transposed loops; nothing here shares a formula with the program under test. The network has
stride 2, padding that differs on all sides, a leaky ReLU, a max pool, and an odd number of
channels.
"""
import json
import sys

import numpy as np

CONV = [
    dict(name="conv1", filters=5, kernel=[3, 2], stride=[1, 1], padding=[1, 0, 2, 1]),
    dict(name="conv2", filters=7, kernel=[3, 3], stride=[2, 1], padding=[0, 1, 1, 2]),
    dict(name="conv3", filters=4, kernel=[1, 1], stride=[1, 1], padding=[0, 0, 0, 0]),
]
POOL = dict(kernel=[3, 3], stride=[2, 2], padding=[0, 0, 1, 1])
SLOPE = 0.333


def windows(size, kernel, stride, before, after):
    return (size + before + after - kernel) // stride + 1


def pad(x, padding, value):
    top, left, bottom, right = padding
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def conv_forward(x, w, b, conv):
    (kr, ks), (sr, ss) = conv["kernel"], conv["stride"]
    padded = pad(x, conv["padding"], 0.0)
    rows = (padded.shape[2] - kr) // sr + 1
    columns = (padded.shape[3] - ks) // ss + 1
    y = np.empty((x.shape[0], w.shape[0], rows, columns))
    for i in range(rows):
        for j in range(columns):
            patch = padded[:, :, i * sr:i * sr + kr, j * ss:j * ss + ks]
            y[:, :, i, j] = np.einsum("ncij,kcij->nk", patch, w) + b
    return y


def conv_backward(x, w, conv, d_y):
    (kr, ks), (sr, ss) = conv["kernel"], conv["stride"]
    padded = pad(x, conv["padding"], 0.0)
    d_padded, d_w = np.zeros_like(padded), np.zeros_like(w)
    for i in range(d_y.shape[2]):
        for j in range(d_y.shape[3]):
            at = np.s_[:, :, i * sr:i * sr + kr, j * ss:j * ss + ks]
            d_w += np.einsum("nk,ncij->kcij", d_y[:, :, i, j], padded[at])
            d_padded[at] += np.einsum("nk,kcij->ncij", d_y[:, :, i, j], w)
    top, left, _, _ = conv["padding"]
    d_x = d_padded[:, :, top:top + x.shape[2], left:left + x.shape[3]]
    return d_x, d_w, d_y.sum((0, 2, 3))


def pool_forward(x):
    (kr, ks), (sr, ss) = POOL["kernel"], POOL["stride"]
    padded = pad(x, POOL["padding"], -np.inf)
    rows, columns = (padded.shape[2] - kr) // sr + 1, (padded.shape[3] - ks) // ss + 1
    y = np.empty(x.shape[:2] + (rows, columns))
    winner = np.empty(y.shape, int)
    for i in range(rows):
        for j in range(columns):
            patch = padded[:, :, i * sr:i * sr + kr, j * ss:j * ss + ks]
            patch = patch.reshape(*x.shape[:2], -1)
            y[:, :, i, j], winner[:, :, i, j] = patch.max(-1), patch.argmax(-1)
    return y, winner


def pool_backward(x, winner, d_y):
    (kr, ks), (sr, ss) = POOL["kernel"], POOL["stride"]
    top, left, _, _ = POOL["padding"]
    d_padded = np.zeros_like(pad(x, POOL["padding"], 0.0))
    for n, c, i, j in np.ndindex(d_y.shape):
        r, s = divmod(winner[n, c, i, j], ks)
        d_padded[n, c, i * sr + r, j * ss + s] += d_y[n, c, i, j]
    return d_padded[:, :, top:top + x.shape[2], left:left + x.shape[3]]


def relu(x, slope):
    return np.where(x > 0, x, slope * x)


def relu_backward(rule, f, d, slope):
    by_output, by_signal = np.where(f > 0, 1.0, slope), np.where(d > 0, 1.0, slope)
    factors = {"gradient": by_output, "deconvnet": by_signal, "guided": by_output * by_signal}
    return d * factors[rule]


def forward(x, parameters):
    (w1, b1), (w2, b2), (w3, b3) = parameters
    state = {"x": x}
    state["f1"] = relu(conv_forward(x, w1, b1, CONV[0]), 0.0)
    state["p"], state["winner"] = pool_forward(state["f1"])
    state["f2"] = relu(conv_forward(state["p"], w2, b2, CONV[1]), SLOPE)
    state["f3"] = relu(conv_forward(state["f2"], w3, b3, CONV[2]), 0.0)
    state["logits"] = state["f3"].mean((2, 3))
    e = np.exp(state["logits"] - state["logits"].max(1, keepdims=True))
    state["probabilities"] = e / e.sum(1, keepdims=True)
    return state


def backward(state, parameters, d_logits, rule):
    weights = [w for w, _ in parameters]
    area = state["f3"].shape[2] * state["f3"].shape[3]
    d = np.broadcast_to(d_logits[:, :, None, None] / area, state["f3"].shape)
    d = relu_backward(rule, state["f3"], d, 0.0)
    d, d_w3, d_b3 = conv_backward(state["f2"], weights[2], CONV[2], d)
    d = relu_backward(rule, state["f2"], d, SLOPE)
    d, d_w2, d_b2 = conv_backward(state["p"], weights[1], CONV[1], d)
    d = pool_backward(state["f1"], state["winner"], d)
    d = relu_backward(rule, state["f1"], d, 0.0)
    d, d_w1, d_b1 = conv_backward(state["x"], weights[0], CONV[0], d)
    return d, [(d_w1, d_b1), (d_w2, d_b2), (d_w3, d_b3)]


def network():
    conv = [dict(op="conv2d", **c) for c in CONV]
    layers = [conv[0], {"op": "relu"}, dict(op="max_pool", **POOL), conv[1],
              {"op": "leaky_relu", "slope": SLOPE}, conv[2], {"op": "relu"},
              {"op": "global_average_pool"}, {"op": "softmax"}]
    return {"name": "oracle", "input": [3, 9, 10], "layers": layers}


def values(array):
    return [float(f"{v:.9g}") for v in np.asarray(array).ravel()]


def main():
    rng = np.random.default_rng(7)
    images, channels = 3, 3
    parameters = []
    for conv in CONV:
        shape = (conv["filters"], channels, *conv["kernel"])
        # Rounded to single precision, so that both sides start from the same numbers.
        parameters.append((rng.normal(0, 0.5, shape).astype(np.float32).astype(float),
                           rng.normal(0.3, 0.3, conv["filters"]).astype(np.float32).astype(float)))
        channels = conv["filters"]
    x = rng.normal(0, 1, (images, 3, 9, 10)).astype(np.float32).astype(float)
    labels = np.array([2, 0, 3])
    state = forward(x, parameters)
    p = state["probabilities"]
    d_logits = (p - np.eye(p.shape[1])[labels]) / images
    _, gradients = backward(state, parameters, d_logits, "gradient")
    signal = np.eye(p.shape[1])[state["logits"].argmax(1)]
    nhwc = lambda a: values(a.transpose(0, 2, 3, 1))
    json.dump({
        "network": network(),
        "weights": [values(w) for w, _ in parameters],
        "bias": [values(b) for _, b in parameters],
        "input": nhwc(x),
        "labels": labels.tolist(),
        "logits": values(state["logits"]),
        "probabilities": values(p),
        "losses": values(-np.log(p[np.arange(images), labels])),
        "d_weights": [values(w) for w, _ in gradients],
        "d_bias": [values(b) for _, b in gradients],
        "attribution": {rule: nhwc(backward(state, parameters, signal, rule)[0])
                        for rule in ("gradient", "deconvnet", "guided")},
    }, sys.stdout)


main()
