"""Captum's guided backpropagation on PyTorch: the class's logit down to the images.

The predicted classes are found beforehand and not timed, which spares Captum a forward pass.
"""

import captum
import torch
from captum.attr import GuidedBackprop

from peer_pytorch import make_module

NAME = "Captum"


def version():
    return f"{captum.__version__} (PyTorch {torch.__version__})"


class _Explain:
    def __init__(self, job, form):
        self._threads = job.threads
        torch.set_num_threads(job.threads)
        self._module = make_module(job).eval().requires_grad_(False)
        self._module = self._module.to(memory_format=form)
        self._images = torch.from_numpy(job.images).contiguous(memory_format=form)
        self._images.requires_grad_(True)
        self._explain = GuidedBackprop(self._module)
        with torch.inference_mode():
            self._logits = self._module(self._images).numpy()
        self._classes = torch.from_numpy(self._logits.argmax(1))

    def iterate(self):
        torch.set_num_threads(self._threads)
        return self._explain.attribute(self._images, target=self._classes)

    def logits(self):
        return self._logits

    def gradient(self):
        """Of the images, in this project's order: (batch, rows, columns, channels)."""
        return self.iterate().detach().numpy().transpose(0, 2, 3, 1)

    def close(self):
        self._explain = self._module = self._images = None


def arrangements(job):
    """{what it is called: what makes it}."""
    return {"channels last": lambda: _Explain(job, torch.channels_last),
            "channels first": lambda: _Explain(job, torch.contiguous_format)}
