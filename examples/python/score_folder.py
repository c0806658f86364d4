"""Prints the best class of each image of a folder (or tar, or list): path, class, probability."""

import sys

import numpy as np

import allconv


def main(model_path, data):
    model = allconv.load(model_path)
    images = allconv.ImageSet(data, model)
    scores = model.score(images)  # of an image that cannot be read: a warning, and a row of NaN
    for path, row in zip(images.paths, scores):
        if not np.isnan(row).any():
            best = row.argmax()
            print(f"{path}\t{model.classes[best]}\t{row[best]:.4f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
