"""Sessions: one plan and its memory, as the C++ library has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from . import _core
from ._errors import UsageError
from ._explanations import Explanations, empty_explanations, units_of
from ._model import Model
from ._options import ELEMENTS, METHODS, PURPOSES, Diagnostics, Key, choice, native_options, tell

if TYPE_CHECKING:
    import os


class Step(NamedTuple):
    """One step of stochastic gradient descent."""

    loss: float  # mean cross-entropy of the batch before the step, nats
    correct: int  # images whose largest probability was their label's


class Memory(NamedTuple):
    """Bytes that a session takes, beside the model."""

    host: int
    device: int  # of a GPU


def labels_of(labels: Any, count: int) -> np.ndarray:
    """(count) int32."""
    array = np.asarray(labels)
    if array.ndim != 1 or array.dtype.kind not in "iu" or len(array) != count:
        raise UsageError(f"labels: got {array.dtype} of shape {array.shape} for {count} images; "
                         "give indices of classes, one for each image")
    narrow = np.ascontiguousarray(array, np.int32)
    if not np.array_equal(narrow, array):
        raise UsageError("labels: some are no 32-bit integers; give indices of classes")
    return narrow


class Session:
    """One plan, and the memory it needs, for each of its purposes.

    `Model.score`, `Model.explain` and `allconv.Trainer` make sessions by themselves; this is for
    those who want to hold one. Threads may share it, but their calls come one after another;
    sessions of one model run side by side.
    """

    def __init__(self, model: Model, purposes: Union[str, Sequence[str]] = "scores", *,
                 dtype: Any = "uint8", diagnostics: Optional[Diagnostics] = None, **options: Any):
        """Takes the memory. Raises UsageError, DeviceError.

        purposes: of "scores", "training", "gradient", "deconvnet", "guided".
        dtype: of the images that calls will bring, uint8 or float32.
        diagnostics: called with ("note" or "warning", sentence); by default notes are dropped and
            warnings are AllconvWarning.
        options: batch_size=64: images computed together; threads=0: of the CPU, 0: all that the
            process may use; device="auto"; precision="fp32"; deterministic=False; layer="": where
            explanations start, "": at a class; workspace_limit=0: bytes, 0: none; tuning_file="":
            an answer of `allconv tune`; seed=0: of dropout.
        """
        self._key = session_key(purposes, dtype, options)
        self._classes = model.classes
        self._input_shape = model.input_shape
        self._diagnostics = diagnostics
        self._native = _core.Session(model._native, native_options(self._key))
        tell(self._native, diagnostics)

    @staticmethod
    def memory(model: Model, purposes: Union[str, Sequence[str]] = "scores", *,
               dtype: Any = "uint8", **options: Any) -> Memory:
        """Bytes that a session of these options will take. Raises UsageError, DeviceError."""
        key = session_key(purposes, dtype, options)
        return Memory(*_core.memory(model._native, native_options(key)))

    def __repr__(self) -> str:
        return f"<allconv.Session on {self.device}>"

    @property
    def device(self) -> str:
        """What it runs on: "cpu (AMD EPYC 9654, avx512), 8 threads, fp32"."""
        return self._native.device

    @property
    def model(self) -> Model:
        """A model of the session's weights as trained so far. Raises TrainingError."""
        return Model._of(self._native.model())

    def score(self, images: Any, *, logits: bool = False,
              layout: Optional[str] = None) -> np.ndarray:
        """(count,classes) float32 of an array: see Model.score. Raises UsageError, DeviceError."""
        view = _core.View(images, layout or "")
        scores = np.empty((view.count, len(self._classes)), np.float32)
        self._native.score(view, None if logits else scores, scores if logits else None)
        tell(self._native, self._diagnostics)
        return scores

    def explain(self, images: Any, method: str = "guided", target: Any = None, *,
                layout: Optional[str] = None) -> Explanations:
        """Of an array: see Model.explain. The session was made for the method."""
        choice("method", method, METHODS)
        view = _core.View(images, layout or "")
        units = units_of(target, view.count, self._classes, self._key.layer or None)
        result = empty_explanations(view.count, self._input_shape)
        self._native.explain(view, METHODS.index(method), units, result.native(slice(None)))
        tell(self._native, self._diagnostics)
        return result

    def train_step(self, images: Any, labels: Any, learning_rate: float, *, momentum: float = 0.9,
                   weight_decay: float = 0.001, layout: Optional[str] = None) -> Step:
        """One step by at most `batch_size` images; `labels` (count) are indices of classes.

        g = gradient of the batch's mean cross-entropy + weight_decay * w (weights, not biases);
        v = momentum * v + g;  w = w - learning_rate * v. Scores and explanations of the session
        follow the weights. Raises UsageError, DeviceError; TrainingError, where the loss is not a
        number.
        """
        view = _core.View(images, layout or "")
        step = self._native.train_step(view, labels_of(labels, view.count),
                                       (learning_rate, (momentum, weight_decay)))
        tell(self._native, self._diagnostics)
        return Step(*step)


def session_key(purposes: Union[str, Sequence[str]], dtype: Any, options: Any) -> Key:
    names = [purposes] if isinstance(purposes, str) else purposes
    bits = 0
    for name in names:
        bits |= PURPOSES[choice("purposes", name, PURPOSES)]
    unknown = set(options) - set(Key._fields[2:])
    if unknown:
        raise TypeError(f"Session has no option {', '.join(sorted(unknown))}")
    element = choice("dtype", str(np.dtype(dtype)), ELEMENTS)
    return Key(bits, element == "float32", **options)
