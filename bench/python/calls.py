#!/usr/bin/env python3
"""What the Python package costs: a call for one image of a network that is nearly nothing, and the
time from a fresh process to the first score of a model file.

Usage: PYTHONPATH=build/release/python bench/python/calls.py MODEL
"""

import os
import statistics
import subprocess
import sys
import time

import numpy as np

import allconv

FIRST = ("import time; start = time.perf_counter(); import numpy; middle = time.perf_counter();"
         "import sys, allconv; scores = allconv.load(sys.argv[1])"
         ".score(numpy.zeros((1, 32, 32, 3), numpy.uint8)); end = time.perf_counter();"
         "print(middle - start, end - middle)")


def microseconds(call, repeats=7, calls=2000):
    """The median of the mean time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(calls):
            call()
        times.append((time.perf_counter() - start) / calls * 1e6)
    return statistics.median(times)


def main(model_path):
    model = allconv.Model({"name": "least", "input": [3, 1, 1], "layers": [
        {"op": "conv2d", "name": "conv1", "filters": 2, "kernel": [1, 1], "stride": [1, 1],
         "padding": [0, 0, 0, 0]}, {"op": "softmax"}]})
    image = np.zeros((1, 1, 1, 3), np.float32)
    session = allconv.Session(model, dtype="float32", batch_size=1, threads=1)
    view, scores = allconv._core.View(image, ""), np.empty((1, 2), np.float32)
    print(f"Model.score      {microseconds(lambda: model.score(image, threads=1)):.2f} us a call")
    print(f"Session.score    {microseconds(lambda: session.score(image)):.2f} us a call")
    native = microseconds(lambda: session._native.score(view, scores, None))
    print(f"the module alone {native:.2f} us a call")
    # As installed, with bytecode, which the first run writes.
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    runs = [tuple(map(float, subprocess.run([sys.executable, "-c", FIRST, model_path], check=True,
                                            env=bare, capture_output=True,
                                            text=True).stdout.split()))
            for _ in range(9)]
    for name, times in zip(("import numpy", "import allconv, load, first score"), zip(*runs)):
        print(f"{name}: median {statistics.median(times) * 1e3:.1f} ms, "
              f"least {min(times) * 1e3:.1f} ms")


if __name__ == "__main__":
    main(*sys.argv[1:])
