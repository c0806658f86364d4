"""What allconv raises and warns of. Every sentence says what, where and how to mend it."""

from __future__ import annotations

import sys
import warnings
from typing import Type


class Error(RuntimeError):
    """The base of all errors of the library; of this class itself: a fault, please report it."""


class UsageError(Error, ValueError):
    """An argument that cannot be meant: a shape, a name, a number."""


class ModelError(Error):
    """A file is not a valid model file."""


class DeviceError(Error):
    """The device asked for is not usable, or memory does not do."""


class InputOutputError(Error, OSError):
    """A file cannot be read or written."""


class TrainingError(Error):
    """The loss, or a weight, is no longer a number."""


class AllconvWarning(UserWarning):
    """A warning of the library."""


class ImageWarning(AllconvWarning):
    """An image that could not be read; the others were."""


# The statuses of allconv/allconv.h.
BY_STATUS = {1: Error, 2: UsageError, 3: ModelError, 5: DeviceError, 6: InputOutputError,
             7: TrainingError}


def warn(sentence: str, category: Type[Warning]) -> None:
    """Warns at the line outside this package that called it."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] == "allconv":
        level, frame = level + 1, frame.f_back
    warnings.warn(sentence, category, stacklevel=level)
