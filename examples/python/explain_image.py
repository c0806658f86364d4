"""Writes what in an image speaks for its class, by guided backpropagation, as an array of NumPy:
(height,width,3), the signal at the network's input."""

import sys

import numpy as np

import allconv


def main(model_path, image, out):
    model = allconv.load(model_path)
    result = model.explain(image, "guided", errors="raise")
    channel = result.units[0, 0]
    np.save(out, result.maps[0])
    print(f"{model.classes[channel]}\t{result.values[0]:.4f}\t{np.abs(result.maps[0]).max():.4g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
