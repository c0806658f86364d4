"""Fashion-MNIST's IDX files, and some of its test images as files that people can open."""

import gzip
import struct

import numpy as np
from PIL import Image

from results import Unusable

# The classes in the data set's order; the files hold their numbers alone.
NAMES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
         "Ankle boot")
JPEG_QUALITY = 95


def read_idx(path):
    """The array of an IDX file of unsigned bytes: dimensions big-endian, then the values."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (EOFError, gzip.BadGzipFile) as error:
        raise Unusable(f"{path}: {error}: install dataset-fashion-mnist anew") from error
    zero, kind, dimensions = struct.unpack_from(">HBB", content)
    sizes = struct.unpack_from(f">{dimensions}I", content, 4)
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    if (zero, kind) != (0, 8) or values.size != np.prod(sizes):
        raise Unusable(f"{path} is not an IDX file of bytes: install dataset-fashion-mnist anew")
    return values.reshape(sizes)


def first_of_each(labels, count):
    """Indices of the first images of each class, equally many, `count` in all, in order."""
    of_class = [np.flatnonzero(labels == label)[:count // len(NAMES)]
                for label in range(len(NAMES))]
    return np.sort(np.concatenate(of_class))


def write_class_folders(data, folder, count):
    """Writes `count` test images below folder/0 to folder/9, every other one as JPEG and as PNG.

    One JPEG of the last class ends half-way, as a download that broke off does. Returns its path.
    The folders have the numbers that the model knows its classes by, so that `evaluate` takes them.
    """
    images = read_idx(data / "t10k-images-idx3-ubyte.gz")
    labels = read_idx(data / "t10k-labels-idx1-ubyte.gz")
    last_jpeg = None
    for place, index in enumerate(first_of_each(labels, count)):
        suffix, options = (".png", {}) if place % 2 else (".jpg", {"quality": JPEG_QUALITY})
        path = folder / str(labels[index]) / f"{index:05}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images[index]).save(path, **options)
        if suffix == ".jpg" and labels[index] == len(NAMES) - 1:
            last_jpeg = path
    content = last_jpeg.read_bytes()
    last_jpeg.write_bytes(content[:len(content) // 2])
    return last_jpeg
