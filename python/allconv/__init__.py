"""All-convolutional networks (Springenberg et al. 2014): load, score, explain and train.

    import allconv

    model = allconv.load("model.safetensors")
    probabilities = model.score(images)          # uint8 (count,height,width,3) -> (count,classes)
    maps = model.explain(images, "guided").maps  # (count,height,width,3)
"""

# First, since the extension module asks for its classes.
from ._errors import (AllconvWarning, DeviceError, Error, ImageWarning, InputOutputError,
                      ModelError, TrainingError, UsageError)
from . import _core
from ._explanations import Explanations
from ._images import ImageBatch, ImageFailure, ImageSet
from ._model import Model, load
from ._session import Memory, Session, Step
from ._torch import from_torch, to_torch_state_dict
from ._training import Epoch, Trainer, train

__version__: str = _core.version()

__all__ = [
    "AllconvWarning", "DeviceError", "Epoch", "Error", "Explanations", "ImageBatch", "ImageFailure",
    "ImageSet", "ImageWarning", "InputOutputError", "Memory", "Model", "ModelError", "Session",
    "Step", "Trainer", "TrainingError", "UsageError", "from_torch", "load", "to_torch_state_dict",
    "train",
]
