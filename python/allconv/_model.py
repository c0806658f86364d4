"""Models: what users load, score, explain and train with."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from . import _core
from ._errors import UsageError
from ._explanations import Explanations, empty_explanations, units_of
from ._images import PathLike, inputs_of, path_bytes
from ._options import METHODS, PURPOSES, Key, SessionPool, choice, tell

# What may stand for images: an array, paths, or an opened set of image files.
Images = Any
Network = Union[str, Dict[str, Any]]


def json_text(value: Union[str, Dict[str, Any], None]) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def named_tensors(tensors: Optional[Dict[str, Any]]) -> List[Tuple[str, np.ndarray]]:
    return [(name, np.ascontiguousarray(tensor, np.float32))
            for name, tensor in (tensors or {}).items()]


class Model:
    """A network with its weights, its classes' names and its preparation of images.

    Models are immutable: any number of threads may use one at a time, and each runs on a session of
    its own. Sessions stay with the model, for the next call with the same options.
    """

    __slots__ = ("_native", "_pool", "_classes", "__weakref__")

    def __init__(self, network: Network, classes: Union[Sequence[str], int, None] = None,
                 preparation: Union[str, Dict[str, Any], None] = None,
                 tensors: Optional[Dict[str, Any]] = None, seed: int = 0):
        """Makes a model. Raises UsageError.

        network: a name of the paper's ("all-cnn-c"), or what `.network` of a model gives.
        classes: names, or their number; by default as many as the network has, "0", "1", ...
        preparation: what `.preparation` gives; by default levels 0..255 become 0..1.
        tensors: what `.state_dict()` gives, which is copied; by default weights are drawn from
            `seed` (He et al. 2015), and biases are zero.
        """
        count = classes if isinstance(classes, int) else 0
        names = [] if classes is None or isinstance(classes, int) else list(classes)
        self._adopt(_core.Model.create(json_text(network), (names, count), json_text(preparation),
                                       named_tensors(tensors), seed))

    def _adopt(self, native: _core.Model) -> None:
        self._native = native
        self._pool = SessionPool(native)
        self._classes = native.classes

    @classmethod
    def _of(cls, native: _core.Model) -> "Model":
        model = cls.__new__(cls)
        model._adopt(native)
        return model

    def __repr__(self) -> str:
        height, width = self.input_shape[1:]
        return (f"<allconv.Model {self.network.get('name', '')}: images of {height}x{width}, "
                f"{len(self._classes)} classes>")

    def __reduce__(self) -> Tuple[Any, ...]:
        tensors = {name: tensor.copy() for name, tensor in self.state_dict().items()}
        return Model, (self._native.network, self._classes, self._native.preparation, tensors)

    def save(self, path: PathLike) -> None:
        """Writes a model file: the path holds the old file or the whole new one, whatever happens.

        Raises InputOutputError.
        """
        self._native.save(path_bytes(path))

    def with_classes(self, names: Sequence[str], seed: int = 0) -> "Model":
        """The same model for other classes, to be trained.

        Where their number differs, the last layer is drawn anew from `seed`. Raises UsageError.
        """
        return Model._of(self._native.with_classes(list(names), seed))

    @property
    def network(self) -> Dict[str, Any]:
        """The description of the network, as in a model file's `allconv.network`."""
        return json.loads(self._native.network)

    @property
    def preparation(self) -> Dict[str, Any]:
        """How images become the network's input, as in a model file's `allconv.prepare`."""
        return json.loads(self._native.preparation)

    @property
    def classes(self) -> List[str]:
        """The classes' names."""
        return list(self._classes)

    @property
    def input_shape(self) -> Tuple[int, int, int]:
        """(3,height,width) of the network's input, to which images are resized."""
        return 3, self._native.height, self._native.width

    def state_dict(self) -> Dict[str, np.ndarray]:
        """{name: float32 array} of "conv1.weight" (k,c,r,s), "conv1.bias" (k), ..., and of tensors
        of the preparation.

        The arrays are the model's own memory, not to be written, and keep the model alive.
        """
        return dict(self._native.tensors())

    def score(self, images: Images, *, batch_size: Optional[int] = None, threads: int = 0,
              device: str = "auto", precision: str = "fp32", deterministic: bool = False,
              logits: bool = False, layout: Optional[str] = None,
              errors: str = "warn") -> np.ndarray:
        """Probabilities of the classes, (count,classes) float32; with `logits` what enters the
        softmax.

        images: an array of uint8 levels of any size, which the model's preparation resizes and
            scales, or of float32, the network's input itself; (count,height,width,3),
            (count,3,height,width), or one image without the count; of any strides, from NumPy,
            PyTorch, or anything with __dlpack__; it is not copied, and where it lies on a GPU it is
            computed there. Or the path of an image, folder, tar or list, a sequence of paths of
            images, or an ImageSet.
        batch_size: images computed together; by default 1 for one image, else 64.
        threads: of the CPU; 0: all that the process may use. Threads that score side by side
            want 1.
        device: "auto", "cpu", "cuda", "cuda:1".
        precision: "fp32"; on a CPU with AMX also "bf16", on a GPU also "tf32", "bf16", "fp16".
        deterministic: on a GPU the same bits on every run; the CPU's are always.
        layout: "NHWC" or "NCHW"; needed where both fit the shape.
        errors: "warn": an image file that cannot be read is an ImageWarning and a row of NaN;
            "raise": it raises InputOutputError.

        Raises UsageError, DeviceError.
        """
        inputs = inputs_of(images, self, (layout, errors, threads, device))
        key = Key(PURPOSES["scores"], inputs.is_float, batch_of(batch_size, inputs.total), threads,
                  inputs.device, precision, deterministic)
        scores = np.empty((inputs.total, len(self._classes)), np.float32)
        session = self._pool.take(key)
        try:
            for part in inputs.parts:
                rows = scores[part.first:part.first + part.view.count]
                session.score(part.view, None if logits else rows, rows if logits else None)
                for failure in part.failures:
                    scores[failure.image] = np.nan
            tell(session)
        finally:
            self._pool.give(key, session)
        return scores

    def explain(self, images: Images, method: str = "guided", target: Any = None,
                layer: Optional[str] = None, *, batch_size: Optional[int] = None, threads: int = 0,
                device: str = "auto", precision: str = "fp32", deterministic: bool = False,
                layout: Optional[str] = None, errors: str = "warn") -> Explanations:
        """What in the images a unit of the network answers to (Springenberg et al. 2014).

        images, errors and the options: as in `score`.
        method: "gradient", "deconvnet" or "guided" (backpropagation).
        target: a class's name or index; None: the class predicted for each image. With a layer: a
            channel, or a unit (channel,row,column); None: the largest unit, as for a row or column
            that is negative. A list has one target for each image.
        layer: the convolution at whose output the signal starts; None: at a class.

        Raises UsageError, DeviceError.
        """
        choice("method", method, METHODS)
        inputs = inputs_of(images, self, (layout, errors, threads, device))
        units = units_of(target, inputs.total, self._classes, layer)
        key = Key(PURPOSES[method], inputs.is_float, batch_of(batch_size, inputs.total), threads,
                  inputs.device, precision, deterministic, layer or "")
        result = empty_explanations(inputs.total, self.input_shape)
        session = self._pool.take(key)
        try:
            for part in inputs.parts:
                rows = slice(part.first, part.first + part.view.count)
                session.explain(part.view, METHODS.index(method),
                                None if units is None else units[rows], result.native(rows))
                for failure in part.failures:
                    result.fail(failure.image)
            tell(session)
        finally:
            self._pool.give(key, session)
        return result

    def to_torch_state_dict(self, module: Any) -> Dict[str, Any]:
        """The weights for `module.load_state_dict`: see allconv.to_torch_state_dict."""
        from ._torch import to_torch_state_dict

        return to_torch_state_dict(self, module)

    def train(self, images: Images, labels: Any = None, **options: Any) -> "Model":
        """A new model, trained by stochastic gradient descent: see allconv.train."""
        from ._training import train

        return train(self, images, labels, **options)


def batch_of(batch_size: Optional[int], count: int) -> int:
    """By default as many as are fast together, or one alone."""
    if batch_size is None:
        return 1 if count == 1 else 64
    if batch_size < 1:
        raise UsageError(f"batch_size: {batch_size} is none; give 1 or more")
    return batch_size


def load(path: PathLike) -> Model:
    """Reads and checks a model file. Raises InputOutputError, ModelError."""
    return Model._of(_core.Model.load(path_bytes(path)))
