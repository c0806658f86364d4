"""Sets of image files: folders, tars, lists, CIFAR and IDX files, single images."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Iterable, Iterator, List, NamedTuple, Optional
from typing import Sequence, Tuple, Union

import numpy as np

from . import _core
from ._errors import ImageWarning, InputOutputError, UsageError, warn
from ._options import choice

if TYPE_CHECKING:
    from ._model import Model

SPLITS = ("all", "train", "test")  # by their number in images.h
CHUNK = 256  # images read together

PathLike = Union[str, bytes, "os.PathLike[Any]"]


def path_bytes(path: PathLike) -> bytes:
    name = os.fsencode(path)
    if b"\0" in name:
        raise UsageError(f"{path!r}: a path has no zero byte; give another")
    return name


def is_path(images: Any) -> bool:
    return isinstance(images, (str, bytes, os.PathLike))


def are_paths(images: Any) -> bool:
    """Whether these are what an ImageSet is opened by."""
    return is_path(images) or (isinstance(images, (list, tuple)) and len(images) > 0
                               and all(map(is_path, images)))


class ImageFailure(NamedTuple):
    """Why an image was not read."""

    image: int  # its index in the set
    path: str
    stage: str  # "open" or "decode"
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ImageBatch(NamedTuple):
    """Images at a model's size; the pixels of those that failed are zero."""

    pixels: np.ndarray  # (count,height,width,3) uint8
    failures: List[ImageFailure]


class ImageSet:
    """The images of a folder, a .tar (also .gz, .xz, .zst), a list, a folder of CIFAR or IDX files,
    of one image file, or of a sequence of these, one after another.

    They are decoded, turned upright and resized for the model, as the program `allconv` does, and
    come in its order. `split` is "all", "train" or "test"; with `labelled`, a set without labels is
    refused. `threads` decode, 0: all that the process may use. Any number of threads may use a set;
    their reads come one after another. Raises InputOutputError, where something cannot be opened,
    and UsageError.
    """

    def __init__(self, path: Union[PathLike, Sequence[PathLike]], model: "Model",
                 split: str = "all", *, labelled: bool = False, threads: int = 0,
                 pixel_limit: int = 0):
        from . import _decoders  # which loads the decoders

        self._size = model.input_shape[1:]
        options = _decoders.ImageSetOptions()
        options.split = SPLITS.index(choice("split", split, SPLITS))
        options.labelled = labelled
        options.threads = threads
        options.pixel_limit = pixel_limit
        paths = [path] if isinstance(path, (str, bytes, os.PathLike)) else path
        names = [path_bytes(each) for each in paths]
        self._native = _decoders.open(names, model._native, options)

    def __len__(self) -> int:
        return len(self._native)

    def __repr__(self) -> str:
        return f"<allconv.ImageSet of {len(self)} images>"

    @property
    def paths(self) -> List[str]:
        """Of each image, as the program's results show it."""
        return self._paths(0, len(self))

    @property
    def labels(self) -> np.ndarray:
        """(count) int32: of each image the index into `classes`, -1 without labels."""
        labels = np.empty(len(self), np.int32)
        self._native.labels(labels)
        return labels

    @property
    def classes(self) -> List[str]:
        """Names of a set with labels; else empty."""
        return self._native.classes

    def read(self, first: int = 0, count: Optional[int] = None) -> ImageBatch:
        """Reads images [first, first + count), by default all that follow.

        Reading in ascending order is fastest. An image that cannot be read is one of the failures.
        Raises UsageError, for images that the set has not.
        """
        if count is None:
            count = max(0, len(self) - first)
        if first < 0 or count < 0 or first + count > len(self):
            raise UsageError(f"images {first} to {first + count}: the set has {len(self)}; "
                             "give a range inside it")
        pixels = np.empty((count, *self._size, 3), np.uint8)
        failures = []
        for index, unopened, reason in self._native.read(first, pixels):
            failures.append(ImageFailure(index, self._paths(index, 1)[0],
                                         "open" if unopened else "decode", reason))
        return ImageBatch(pixels, failures)

    def _paths(self, first: int, count: int) -> List[str]:
        return list(map(os.fsdecode, self._native.paths(first, count)))


class Part(NamedTuple):
    """Images of what a call was given, from number `first` on."""

    first: int
    view: _core.View
    failures: Sequence[ImageFailure]  # their pixels are zero


# Layout, errors, threads and device of a call.
Settings = Tuple[Optional[str], str, int, str]


class Inputs(NamedTuple):
    """What a call was given."""

    total: int
    is_float: bool
    device: str  # where they are computed
    parts: Iterable[Part]


def read_parts(images: ImageSet, errors: str) -> Iterator[Part]:
    """Reads a set part by part; an image that fails is a warning, or an exception."""
    for first in range(0, len(images), CHUNK):
        pixels, failures = images.read(first, min(CHUNK, len(images) - first))
        for failure in failures:
            if errors == "raise":
                raise InputOutputError(str(failure))
            warn(str(failure), ImageWarning)
        yield Part(first, _core.View(pixels, "NHWC"), failures)


def device_of(view: _core.View, device: str) -> str:
    """Images on a GPU are computed there."""
    if view.gpu < 0:
        return device
    there = f"cuda:{view.gpu}"
    if device not in ("auto", there) and (device, view.gpu) != ("cuda", 0):
        raise UsageError(f"device: the images lie on {there}, and {device!r} was asked for; give "
                         "'auto', or copy the images")
    return there


def inputs_of(images: Any, model: "Model", settings: Settings) -> Inputs:
    """Of an array, of an ImageSet, or of what one is opened by."""
    layout, errors, threads, device = settings
    choice("errors", errors, ("warn", "raise"))
    if are_paths(images):
        images = ImageSet(images, model, threads=threads)
    if isinstance(images, ImageSet):
        return Inputs(len(images), False, device, read_parts(images, errors))
    view = _core.View(images, layout or "")
    whole = Part(0, view, ())
    return Inputs(view.count, view.is_float, device_of(view, device), (whole,))
