"""Training: a step at a time, or whole."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple, Union

import numpy as np

from ._errors import ImageWarning, UsageError, warn
from ._images import ImageSet, are_paths
from ._model import Model
from ._session import Session, Step, labels_of

LearningRate = Union[float, Callable[[int], float]]


class Trainer:
    """Trains a copy of a model's weights by stochastic gradient descent.

        trainer = allconv.Trainer(model, learning_rate=0.01)
        for images, labels in batches:
            loss, correct = trainer.step(images, labels)
        trainer.model.save("trained.safetensors")

    g = gradient of the batch's mean cross-entropy + weight_decay * w (weights, not biases);
    v = momentum * v + g;  w = w - learning_rate * v.
    """

    def __init__(self, model: Model, *, batch_size: int = 128, learning_rate: float = 0.05,
                 momentum: float = 0.9, weight_decay: float = 0.001, **options: Any):
        """Memory is taken at the first step, for images of its dtype.

        batch_size: the most images that a step takes.
        options: seed=0 (of dropout), threads=0, device="auto", precision="fp32",
            deterministic=False, workspace_limit=0, tuning_file="", diagnostics=None: see Session.
        """
        self._start = model
        self._options = {"batch_size": batch_size, **options}
        self._learning_rate = learning_rate
        self._rates = {"momentum": momentum, "weight_decay": weight_decay}
        self._session: Optional[Session] = None

    def step(self, images: Any, labels: Any, *, learning_rate: Optional[float] = None,
             layout: Optional[str] = None) -> Step:
        """One step by a batch: (loss, correct), before it.

        images: an array, as in Model.score. labels: (count) indices of classes.

        Raises UsageError, DeviceError; TrainingError, where the loss is not a number.
        """
        if self._session is None:
            self._session = Session(self._start, "training", dtype=dtype_of(images),
                                    **self._options)
        rate = self._learning_rate if learning_rate is None else learning_rate
        return self._session.train_step(images, labels, rate, layout=layout, **self._rates)

    @property
    def model(self) -> Model:
        """A model of the weights as trained so far. Raises TrainingError, where one is not a
        number."""
        return self._start if self._session is None else self._session.model

    @property
    def device(self) -> Optional[str]:
        """What training runs on; None before the first step."""
        return None if self._session is None else self._session.device


class Epoch(NamedTuple):
    """What `train` tells after each epoch."""

    epoch: int  # from 0
    loss: float  # mean cross-entropy of the images, each before its step, nats
    accuracy: float  # share of the images whose largest probability was their label's
    learning_rate: float
    seconds: float
    trainer: Trainer


def dtype_of(images: Any) -> str:
    """Of an array of whatever library: "torch.uint8" is "uint8"."""
    name = str(getattr(images, "dtype", "uint8")).rpartition(".")[2]
    return "float32" if name == "float32" else "uint8"


def array_of(images: Any) -> np.ndarray:
    """The same memory as an array of NumPy, whose rows can be taken in any order."""
    if isinstance(images, np.ndarray) or not hasattr(images, "__dlpack__"):
        return np.asarray(images)
    return np.from_dlpack(images)


def read_labelled(images: ImageSet, model: Model) -> Tuple[np.ndarray, np.ndarray]:
    """All images of a set that can be read, and the model's labels of them."""
    unknown = [name for name in images.classes if name not in model.classes]
    if unknown or not images.classes:
        raise UsageError(f"labels: the set has classes {', '.join(images.classes) or 'none'}; give "
                         "one with labels, and a model of its classes (Model.with_classes)")
    indices = np.array([model.classes.index(name) for name in images.classes], np.int32)
    pixels, failures = images.read()
    for failure in failures:
        warn(f"{failure}; training goes on without", ImageWarning)
    kept = np.ones(len(images), bool)
    kept[[failure.image for failure in failures]] = False
    return (pixels if kept.all() else pixels[kept]), indices[images.labels[kept]]


def prepare(model: Model, images: Any, labels: Any) -> Tuple[np.ndarray, np.ndarray]:
    """Images (count,...) and labels (count) of what `train` was given."""
    if are_paths(images):
        images = ImageSet(images, model, "train", labelled=labels is None)
    if isinstance(images, ImageSet):
        if labels is not None:
            raise UsageError("labels: a set of image files has its own; give None")
        return read_labelled(images, model)
    if labels is None:
        raise UsageError("labels: there are none; give one for each image")
    array = array_of(images)
    if array.ndim != 4:
        raise UsageError(f"images: shape {array.shape} has {array.ndim} axes; give "
                         "(count,height,width,3) or (count,3,height,width)")
    return array, labels_of(array_of(labels), len(array))


def run_epoch(trainer: Trainer, images: np.ndarray, labels: np.ndarray,
              settings: Dict[str, Any]) -> Tuple[float, float]:
    """Mean loss and accuracy of the images, taken in the order of settings["order"]."""
    loss, correct, size = 0.0, 0, settings["batch_size"]
    for first in range(0, len(images), size):
        rows = settings["order"][first:first + size]
        step = trainer.step(images[rows], labels[rows], learning_rate=settings["rate"],
                            layout=settings["layout"])
        loss += step.loss * len(rows)
        correct += step.correct
    return loss / len(images), correct / len(images)


def train(model: Model, images: Any, labels: Any = None, *, epochs: int = 10,
          batch_size: int = 128, learning_rate: LearningRate = 0.05, momentum: float = 0.9,
          weight_decay: float = 0.001, seed: int = 0, shuffle: bool = True,
          callback: Optional[Callable[[Epoch], Any]] = None, layout: Optional[str] = None,
          **options: Any) -> Model:
    """A new model, trained by stochastic gradient descent from the weights of `model`.

    images, labels: an array of images, as in Model.score, and (count) indices of classes; or a
        folder of class folders or what else ImageSet opens, without labels: the classes are the
        model's (Model.with_classes makes a model for them).
    learning_rate: a number, or a function of the epoch, from 0.
    seed: of the order of images and of dropout; `shuffle=False` takes them as they come. The same
        images, options and seed give the same weights with any number of threads.
    callback: called with an Epoch after each of them; where it returns True, training ends.
    options: see Trainer.

    Raises UsageError, DeviceError, InputOutputError; TrainingError, where the loss is not a number.
    """
    if batch_size < 1 or epochs < 0:
        raise UsageError(f"batch_size={batch_size}, epochs={epochs}: give at least 1 and 0")
    array, indices = prepare(model, images, labels)
    if len(array) == 0:
        raise UsageError("images: there are none; give at least one")
    trainer = Trainer(model, batch_size=batch_size, momentum=momentum, weight_decay=weight_decay,
                      seed=seed, **options)
    settings: Dict[str, Any] = {"batch_size": batch_size, "layout": layout}
    for epoch in range(epochs):
        start = time.monotonic()
        settings["rate"] = learning_rate(epoch) if callable(learning_rate) else learning_rate
        settings["order"] = (np.random.default_rng([seed, epoch]).permutation(len(array))
                             if shuffle else np.arange(len(array)))
        loss, accuracy = run_epoch(trainer, array, indices, settings)
        told = Epoch(epoch, loss, accuracy, settings["rate"], time.monotonic() - start, trainer)
        if callback is not None and callback(told) is True:
            break
    return trainer.model
