"""PyTorch: eager, traced and frozen, or compiled; training steps with its own SGD."""

import numpy
import torch
from torch import nn

from side_by_side import SideBySide, can_share

NAME = "PyTorch"
RATE = 1e-4  # as this project's benchmark: weights stay finite however often a batch is repeated
MOMENTUM, DECAY = 0.9, 1e-3


def version():
    return torch.__version__


def _padded(layer, module, fill):
    """The window's module; what the module cannot pad itself is padded before it."""
    above, left, below, right = layer["padding"]
    if (above, left) == (below, right):
        module.padding = (above, left)
        return [module]
    return [nn.ConstantPad2d((left, right, above, below), fill), module]


def _convolution(layer, weights, bias):
    module = nn.Conv2d(weights.shape[1], weights.shape[0], layer["kernel"], layer["stride"])
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weights))
        module.bias.copy_(torch.from_numpy(bias))
    return _padded(layer, module, 0.0)


class _Bf16(nn.Module):
    """What PyTorch does in bf16 where it may; logits are fp32 again."""

    def __init__(self, module):
        super().__init__()
        self._module = module

    def forward(self, images):
        with torch.autocast("cpu", torch.bfloat16):
            return self._module(images).float()


def make_module(job):
    """Images to logits."""
    module = _make_layers(job.network)
    return _Bf16(module) if job.precision == "bf16" else module


def _make_layers(network):
    modules = []
    for layer in network.layers:
        if layer["op"] == "conv2d":
            modules += _convolution(layer, *network.weights[layer["name"]])
        elif layer["op"] == "relu":
            modules.append(nn.ReLU())
        elif layer["op"] == "leaky_relu":
            modules.append(nn.LeakyReLU(layer["slope"]))
        elif layer["op"] == "max_pool":
            pool = nn.MaxPool2d(layer["kernel"], layer["stride"])
            modules += _padded(layer, pool, float("-inf"))
        elif layer["op"] == "global_average_pool":
            modules += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*modules)


def _frozen(module, images):
    with torch.inference_mode():
        traced = torch.jit.freeze(torch.jit.trace(module.eval(), images))
        for _ in range(3):  # the executor of traced modules optimises in its first runs
            traced(images)
    return traced


def _compiled(module, _):
    return torch.compile(module)


def _compiled_frozen(module, _):
    return torch.compile(module, options={"freezing": True})


def _eager(module, _):
    return module


class _Inference:
    def __init__(self, job, form, prepare):
        torch.set_num_threads(job.threads)
        self._threads = job.threads
        self._images = torch.from_numpy(job.images).contiguous(memory_format=form)
        module = make_module(job).eval().requires_grad_(False).to(memory_format=form)
        self._run = prepare(module, self._images)

    def iterate(self):
        torch.set_num_threads(self._threads)
        with torch.inference_mode():
            return torch.softmax(self._run(self._images), 1)

    def logits(self):
        torch.set_num_threads(self._threads)
        with torch.inference_mode():
            return self._run(self._images).numpy()

    def close(self):
        self._run = self._images = None


class _Training:
    """Forward, backward and SGD; biases are not decayed."""

    def __init__(self, job, form, prepare):
        torch.set_num_threads(job.threads)
        self._threads = job.threads
        self._images = torch.from_numpy(job.images).contiguous(memory_format=form)
        self._labels = torch.from_numpy(job.labels)
        module = make_module(job).train().to(memory_format=form)
        weights = [values for values in module.parameters() if values.dim() > 1]
        biases = [values for values in module.parameters() if values.dim() == 1]
        self._optimiser = torch.optim.SGD(
            [{"params": weights, "weight_decay": DECAY}, {"params": biases, "weight_decay": 0.0}],
            lr=RATE, momentum=MOMENTUM)
        self._parameters = list(module.parameters())
        self._run = prepare(module, self._images)

    def _backward(self):
        torch.set_num_threads(self._threads)
        self._optimiser.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(self._run(self._images), self._labels).backward()

    def iterate(self):
        self._backward()
        self._optimiser.step()

    def logits(self):
        torch.set_num_threads(self._threads)
        return self._run(self._images).detach().numpy()

    def gradient(self):
        """Of weights and biases in a row, layer after layer."""
        self._backward()
        return numpy.concatenate([values.grad.contiguous().numpy().ravel()
                                  for values in self._parameters])

    def close(self):
        self._run = self._images = self._optimiser = self._parameters = None


def arrangements(job):
    """{what it is called: what makes it}."""
    last, plain = torch.channels_last, torch.contiguous_format
    if job.mode == "training":
        return {
            "eager, channels last": lambda: _Training(job, last, _eager),
            "eager, channels first": lambda: _Training(job, plain, _eager),
            "compiled, channels last": lambda: _Training(job, last, _compiled),
            "compiled, channels first": lambda: _Training(job, plain, _compiled)}
    ways = {
        "eager, channels last": lambda: _Inference(job, last, _eager),
        "traced and frozen, channels last": lambda: _Inference(job, last, _frozen),
        "traced and frozen, channels first": lambda: _Inference(job, plain, _frozen),
        "compiled and frozen, channels last": lambda: _Inference(job, last, _compiled_frozen)}
    if can_share(job):
        ways["eager, channels last, a worker a thread"] = (
            lambda: SideBySide(job, lambda part: _Inference(part, last, _eager)))
        ways["traced and frozen, channels last, a worker a thread"] = (
            lambda: SideBySide(job, lambda part: _Inference(part, last, _frozen)))
    return ways
