"""Networks of PyTorch become models, and weights go back. PyTorch is imported only when asked."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ._errors import UsageError
from ._model import Model

Layer = Dict[str, Any]
Modules = Iterator[Tuple[str, Any]]
TAKEN = ("Conv2d, ReLU, LeakyReLU, MaxPool2d, AdaptiveAvgPool2d(1), Flatten, Softmax, Dropout and "
         "Identity, in Sequential")


def leaves(module: Any, prefix: str = "") -> Modules:
    """(name, module) of what Sequential modules hold, in order."""
    from torch import nn

    if not isinstance(module, nn.Sequential):
        yield prefix, module
        return
    # named_children() would leave out a module that stands here twice.
    for name, child in module._modules.items():
        yield from leaves(child, f"{prefix}.{name}" if prefix else name)


def pair(value: Any) -> List[int]:
    return [int(value)] * 2 if isinstance(value, int) else [int(each) for each in value]


def refuse(name: str, module: Any, mend: str) -> None:
    raise UsageError(f"{name or 'module'}: {module} has no equal here; {mend}")


def padding_of(name: str, conv: Any) -> List[int]:
    """Top, left, bottom, right."""
    if conv.padding == "valid":
        return [0, 0, 0, 0]
    if conv.padding == "same":
        total = [extent - 1 for extent in conv.kernel_size]
        return [total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2]
    vertical, horizontal = pair(conv.padding)
    return [vertical, horizontal, vertical, horizontal]


def conv2d(name: str, conv: Any, index: int) -> Layer:
    if conv.groups != 1 or pair(conv.dilation) != [1, 1] or conv.padding_mode != "zeros":
        refuse(name, conv, "give one group, dilation 1 and padding by zeros")
    return {"op": "conv2d", "name": f"conv{index}", "filters": conv.out_channels,
            "kernel": pair(conv.kernel_size), "stride": pair(conv.stride),
            "padding": padding_of(name, conv)}


def max_pool(name: str, pool: Any) -> Layer:
    if pair(pool.dilation) != [1, 1] or pool.ceil_mode or pool.return_indices:
        refuse(name, pool, "give dilation 1, sizes rounded down, and no indices")
    vertical, horizontal = pair(pool.padding)
    return {"op": "max_pool", "kernel": pair(pool.kernel_size), "stride": pair(pool.stride),
            "padding": [vertical, horizontal, vertical, horizontal]}


def average_pool(name: str, pool: Any) -> Layer:
    if pool.output_size not in (1, (1, 1), [1, 1]):
        refuse(name, pool, "give AdaptiveAvgPool2d(1), the mean of the whole map")
    return {"op": "global_average_pool"}


def softmax(name: str, module: Any) -> Layer:
    if module.dim not in (1, -1):
        refuse(name, module, "give Softmax(dim=1)")
    return {"op": "softmax"}


def simple_layer(name: str, module: Any) -> Optional[Layer]:
    """Of a module without weights; None: it changes nothing."""
    from torch import nn

    if isinstance(module, nn.Identity):
        return None
    if isinstance(module, nn.Flatten) and module.start_dim == 1 and module.end_dim == -1:
        return None
    if isinstance(module, nn.ReLU):
        return {"op": "relu"}
    if isinstance(module, nn.LeakyReLU):
        return {"op": "leaky_relu", "slope": float(module.negative_slope)}
    if isinstance(module, nn.Dropout):
        return {"op": "dropout", "rate": float(module.p)}
    for kind, make in ((nn.MaxPool2d, max_pool), (nn.AdaptiveAvgPool2d, average_pool),
                       (nn.Softmax, softmax)):
        if isinstance(module, kind):
            return make(name, module)
    refuse(name, module, f"give {TAKEN}")
    return None


def check_order(name: str, module: Any, ended: str) -> None:
    """After Flatten there are no maps, and after Softmax nothing."""
    from torch import nn

    maps = (nn.Conv2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d)
    if ended == "Softmax" or (ended == "Flatten" and isinstance(module, maps)):
        refuse(name, module, f"give it before the {ended}")


def layers_of(module: Any) -> List[Layer]:
    from torch import nn

    layers: List[Layer] = []
    convolutions, ended = 0, ""
    for name, leaf in leaves(module):
        check_order(name, leaf, ended)
        if isinstance(leaf, (nn.Flatten, nn.Softmax)):
            ended = type(leaf).__name__
        if isinstance(leaf, nn.Conv2d):
            convolutions += 1
            layers.append(conv2d(name, leaf, convolutions))
        else:
            layer = simple_layer(name, leaf)
            layers += [] if layer is None else [layer]
    return layers if ended == "Softmax" else layers + [{"op": "softmax"}]


def convolutions_of(module: Any) -> Modules:
    """(name in the module, convolution): the model's are conv1, conv2, ... in this order."""
    from torch import nn

    return ((name, leaf) for name, leaf in leaves(module) if isinstance(leaf, nn.Conv2d))


def tensors_of(module: Any) -> Dict[str, np.ndarray]:
    tensors = {}
    for index, (_, conv) in enumerate(convolutions_of(module), 1):
        bias = np.zeros(conv.out_channels, np.float32)
        if conv.bias is not None:
            bias = conv.bias.detach().cpu().float().numpy()
        tensors[f"conv{index}.weight"] = conv.weight.detach().cpu().float().numpy()
        tensors[f"conv{index}.bias"] = bias
    return tensors


def from_torch(module: Any, input_shape: Tuple[int, int, int] = (3, 32, 32),
               classes: Optional[Sequence[str]] = None, preparation: Any = None) -> Model:
    """A model of a torch.nn.Sequential, in evaluation mode.

    module: of Conv2d, ReLU, LeakyReLU, MaxPool2d, AdaptiveAvgPool2d(1), Flatten, Softmax, Dropout,
        Identity and Sequential, with one value a class at its end; Softmax is added where there is
        none. Weights are copied, as float32.
    input_shape: (3,height,width). classes, preparation: see Model.

    Raises UsageError: what has no equal here is refused by name.
    """
    from torch import nn

    if not isinstance(module, nn.Sequential):
        refuse("", type(module).__name__, f"give {TAKEN}")
    network = {"name": type(module).__name__.lower(), "input": list(input_shape),
               "layers": layers_of(module)}
    return Model(network, classes=classes, preparation=preparation, tensors=tensors_of(module))


def to_torch_state_dict(model: Model, module: Any) -> Dict[str, Any]:
    """The model's weights under the names of a module of the same convolutions:

        module.load_state_dict(allconv.to_torch_state_dict(model, module))

    The tensors are copies. Raises UsageError, where the shapes are others, or where a bias that is
    not zero has no place.
    """
    import torch

    tensors = model.state_dict()
    names = [name[:-len(".weight")] for name in tensors if name.endswith(".weight")]
    convolutions = list(convolutions_of(module))
    if len(names) != len(convolutions):
        raise UsageError(f"module: it has {len(convolutions)} convolutions, the model "
                         f"{len(names)}; give one with as many")
    state: Dict[str, Any] = {}
    for name, (target, conv) in zip(names, convolutions):
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        if tuple(conv.weight.shape) != weight.shape:
            raise UsageError(f"module: {target}.weight is {tuple(conv.weight.shape)}, the model's "
                             f"{name}.weight {weight.shape}; give one of the same convolutions")
        state[f"{target}.weight"] = torch.from_numpy(weight.copy())
        if conv.bias is not None:
            state[f"{target}.bias"] = torch.from_numpy(bias.copy())
        elif bias.any():
            raise UsageError(f"module: {target} has no bias, {name} of the model has; give "
                             "Conv2d(..., bias=True)")
    return state
