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


def write_class_folders(data, folder, count):
    """Writes `count` test images below folder/0 to folder/9: the first of each class, equally many,
    every other one as JPEG and as PNG.

    One JPEG of the last class ends half-way, as a download that broke off does. Returns its path.
    The folders have the numbers that the model knows its classes by, so that `evaluate` takes them.
    """
    images = read_idx(data / "t10k-images-idx3-ubyte.gz")
    labels = read_idx(data / "t10k-labels-idx1-ubyte.gz")
    for label in range(len(NAMES)):
        (folder / str(label)).mkdir(parents=True)
        indices = np.flatnonzero(labels == label)[:count // len(NAMES)]
        for rank, index in enumerate(indices):
            path = folder / str(label) / f"{index:05}{'.png' if rank % 2 else '.jpg'}"
            # Pillow's PNG writer has no quality and passes over it.
            Image.fromarray(images[index]).save(path, quality=JPEG_QUALITY)
    broken = max(folder.glob(f"{len(NAMES) - 1}/*.jpg"))
    content = broken.read_bytes()
    broken.write_bytes(content[:len(content) // 2])
    return broken
