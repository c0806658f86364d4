"""Sets of image files over the library's C++ header: see python/src/decoders.cpp."""

from typing import List, Sequence, Tuple

import numpy as np

from ._core import Model

def open(paths: Sequence[bytes], model: Model, options: ImageSetOptions) -> ImageSet: ...

class ImageSetOptions:
    split: int
    labelled: bool
    threads: int
    pixel_limit: int
    def __init__(self) -> None: ...

class ImageSet:
    def __len__(self) -> int: ...
    @property
    def classes(self) -> List[str]: ...
    def paths(self, first: int, count: int) -> List[bytes]: ...
    def labels(self, labels: np.ndarray) -> None: ...
    def read(self, first: int, pixels: np.ndarray) -> List[Tuple[int, bool, str]]: ...
