"""A network as an ONNX file with two results: `logits` and `probabilities`."""

import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


def _window(layer):
    # Paddings stand in the same order in both: above, left, below, right.
    return {"kernel_shape": layer["kernel"], "strides": layer["stride"], "pads": layer["padding"]}


def _node(layer, source, result):
    kind = layer["op"]
    if kind == "conv2d":
        names = [source, f"{layer['name']}.weight", f"{layer['name']}.bias"]
        return helper.make_node("Conv", names, [result], **_window(layer))
    if kind == "leaky_relu":
        return helper.make_node("LeakyRelu", [source], [result], alpha=layer["slope"])
    if kind == "max_pool":
        return helper.make_node("MaxPool", [source], [result], **_window(layer))
    operators = {"relu": "Relu", "global_average_pool": "GlobalAveragePool"}
    return helper.make_node(operators[kind], [source], [result])


def make_model(network, batch_size):
    nodes, value = [], "images"
    for index, layer in enumerate(network.layers):
        if layer["op"] in ("dropout", "softmax"):
            continue
        nodes.append(_node(layer, value, f"value{index}"))
        value = f"value{index}"
    nodes.append(helper.make_node("Flatten", [value], ["logits"]))
    nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1))
    constants = [numpy_helper.from_array(array, f"{name}.{part}")
                 for name, arrays in network.weights.items()
                 for part, array in zip(("weight", "bias"), arrays)]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT,
                                           [batch_size, *network.input])
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT,
                                             [batch_size, network.classes()])
               for name in ("logits", "probabilities")]
    graph = helper.make_graph(nodes, network.name, [images], results, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                             ir_version=IR_VERSION)


def make_bytes(network, batch_size):
    model = make_model(network, batch_size)
    onnx.checker.check_model(model)
    return model.SerializeToString()
