"""What explanations consist of, and the units at which they start."""

from __future__ import annotations

import operator
from typing import Any, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _core
from ._errors import UsageError


class Explanations(NamedTuple):
    """What in images a network's units answer to. Rows of images that failed are NaN, their units
    negative."""

    maps: np.ndarray  # (count,height,width,3) float32: the signal at the network's input
    inputs: np.ndarray  # (count,height,width,3) float32: what the network saw
    units: np.ndarray  # (count,3) int32: channel, row, column of the units taken
    values: np.ndarray  # (count) float32: theirs

    def native(self, rows: slice) -> _core.ExplanationArrays:
        """Where the module writes these rows."""
        return _core.ExplanationArrays(*(array[rows] for array in self))

    def fail(self, row: int) -> None:
        for array in (self.maps, self.inputs, self.values):
            array[row] = np.nan
        self.units[row] = -1


def empty_explanations(count: int, input_shape: Tuple[int, int, int]) -> Explanations:
    images = (count, *input_shape[1:], 3)
    return Explanations(np.empty(images, np.float32), np.empty(images, np.float32),
                        np.empty((count, 3), np.int32), np.empty(count, np.float32))


def class_unit(target: Any, classes: List[str]) -> Tuple[int, int, int]:
    if isinstance(target, str):
        if target not in classes:
            raise UsageError(f"target: the model has no class {target!r}; give one of "
                             f"{', '.join(classes[:20])}{', ...' if len(classes) > 20 else ''}")
        return classes.index(target), 0, 0
    index = operator.index(target)
    if not 0 <= index < len(classes):
        raise UsageError(f"target: the model has no class {index}; give 0 to {len(classes) - 1}")
    return index, 0, 0


def layer_unit(target: Any) -> Tuple[int, ...]:
    if isinstance(target, tuple) and len(target) == 3:
        return tuple(map(operator.index, target))
    if isinstance(target, (tuple, str)):
        raise UsageError(f"target: {target!r} is no unit of a layer; give a channel, or "
                         "(channel,row,column)")
    return operator.index(target), -1, -1


def unit_of(target: Any, classes: List[str], layer: Optional[str]) -> Tuple[int, ...]:
    if target is None:
        return -1, -1, -1
    return class_unit(target, classes) if layer is None else layer_unit(target)


def units_of(target: Any, count: int, classes: List[str],
             layer: Optional[str]) -> Optional[np.ndarray]:
    """(count,3) int32, or None for the largest unit of each image."""
    if target is None:
        return None
    is_one = isinstance(target, str) or not hasattr(target, "__len__")
    if is_one or (layer is not None and isinstance(target, tuple)):
        return np.tile(np.array(unit_of(target, classes, layer), np.int32), (count, 1))
    if len(target) != count:
        raise UsageError(f"target: there are {len(target)} of {count} images; give one for each, "
                         "or one for all")
    units = [unit_of(each, classes, layer) for each in target]
    return np.array(units, np.int32).reshape(count, 3)
