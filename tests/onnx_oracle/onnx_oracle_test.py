"""`convert` against ONNX Runtime: every network exported, and graphs of other programs read."""

import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "contract"))
sys.path[1:1] = map(str, ROOT.glob("build/python-tools/lib/python3*/site-packages"))

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}; tools/setup installs onnx and onnxruntime into build/python-tools")
    sys.exit(77)  # CTest: skipped

import oracle  # noqa: E402
from checks import (AVERAGE, CLASSES, RELU, SOFTMAX, Check, conv, dropout, leaky, main, network,
                    picture, pool, save)  # noqa: E402

MOST_ERROR = 1e-5  # of logits, of the largest one
NETWORKS = [f"{family}-{letter}" for letter in "abc"
            for family in ("model", "strided-cnn", "convpool-cnn", "all-cnn")]
NETWORKS.append("all-cnn-b-imagenet")
if "ALLCONV_LARGE" in os.environ:
    NETWORKS.append("large-all-cnn")  # 200 MB

# Uneven strides and paddings, two leaks, overlapping pools that reach into the padding.
UNEVEN = network(
    dropout(0.1), conv("first", 9, (5, 3), (2, 2), (0, 1, 1, 0)), leaky(0.25),
    conv("second", 6, (2, 3), (1, 2), (1, 2, 0, 1)), RELU, pool((3, 2), (2, 1), (1, 0, 1, 1)),
    conv("pooled", 8), pool((2, 2), (1, 1), (1, 1, 0, 0)), dropout(0.5), RELU,
    conv("third", 3, stride=(2, 1), padding=(1, 0, 0, 2)), leaky(0.333), AVERAGE, SOFTMAX,
    size=(23, 30))


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # that whitening's tensors are used by no node is no news
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def numbers(seed, *shape):
    fan = max(1, int(np.prod(shape[1:])))
    return np.random.default_rng(seed).normal(0, (2 / fan) ** 0.5, shape).astype("f4")


class OnnxCheck(Check):

    def compare(self, model, graph, net, prepare=None):
        """Scores two pictures by the program and by ONNX Runtime. Returns the largest error."""
        prepare = prepare or oracle.plain_prepare(net)
        height, width = net["input"][1:]
        paths = [save(self.folder / f"{seed}.png", seed, height, width) for seed in (1, 2)]
        rows = self.rows(model, *paths, flags=("--logits", "--threads", 1))
        values = np.stack([oracle.prepared(picture(seed, height, width), prepare)
                           for seed in (1, 2)])
        values = oracle.transformed(values, prepare, oracle.read_model(model)[1]).astype("f4")
        outputs = self.run_graph(graph, values)
        found = np.array([row["logits"] for row in rows])
        worst = 0
        if "logits" in outputs:
            scale = np.abs(outputs["logits"]).max()
            worst = np.abs(found - outputs["logits"]).max() / scale
            self.assertLess(worst, MOST_ERROR)
        if "probabilities" in outputs:
            np.testing.assert_allclose(oracle.softmax(found), outputs["probabilities"], rtol=2e-3,
                                       atol=1e-6)
            self.assertEqual([row["top"][0]["index"] for row in rows],
                             list(outputs["probabilities"].argmax(1)))
        return worst

    @staticmethod
    def run_graph(graph, values):
        runner = session(graph)
        names = [output.name for output in runner.get_outputs()]
        return dict(zip(names, (output.reshape(len(values), -1) for output in
                                runner.run(None, {runner.get_inputs()[0].name: values}))))


class Export(OnnxCheck):

    def export(self, model):
        """The ONNX file of a model, which ONNX's own checker takes, and which converts back."""
        graph = self.folder / "model.onnx"
        again = self.folder / "again.safetensors"
        self.assertIn("wrote", self.succeed("convert", model, graph).stderr)
        onnx.checker.check_model(str(graph), full_check=True)
        self.succeed("convert", graph, again)
        header, tensors, *texts = oracle.read_model(model)
        other_header, other_tensors, *other_texts = oracle.read_model(again)
        self.assertEqual(texts, other_texts)
        self.assertEqual(header["__metadata__"].keys(), other_header["__metadata__"].keys())
        self.assertEqual(list(tensors), list(other_tensors))
        for name, tensor in tensors.items():
            self.assertEqual(tensor.tobytes(), other_tensors[name].tobytes(), name)
        return graph

    def test_every_network(self):
        for name in NETWORKS:
            with self.subTest(name):
                net = json.loads(self.succeed("networks", name).stdout)
                count = [layer for layer in net["layers"] if layer["op"] == "conv2d"][-1]["filters"]
                prepare = oracle.plain_prepare(net, mean=[0.5, 0.4, 0.3], std=[0.25, 0.2, 0.3])
                model = self.model(net, classes=[str(i) for i in range(count)], prepare=prepare)
                worst = self.compare(model, self.export(model), net, prepare)
                print(f"{name}: largest error of a logit {worst:.1e}", file=sys.stderr, flush=True)

    def test_every_layer(self):
        model = self.model(UNEVEN)
        self.compare(model, self.export(model), UNEVEN)

    def test_whitening_travels_beside_the_graph(self):
        net = network(conv("conv1", 3), AVERAGE, SOFTMAX, size=(4, 5))
        prepare = oracle.plain_prepare(net, gcn={"scale": 55, "epsilon": 1e-8}, zca=True)
        model = self.model(net, prepare=prepare, tensors={
            "prepare.mean": numbers(3, 60), "prepare.whiten": numbers(4, 60, 60)},
            metadata={"author": "d\u00f6g"})
        self.compare(model, self.export(model), net, prepare)


class Import(OnnxCheck):
    """Graphs that the package onnx makes."""

    size = (9, 8)

    def graph(self, nodes, tensors, operation_set=13, outputs=("y",), version=8):
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, *self.size])]
        if version < 4:  # then initializers are inputs too
            inputs += [helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
                       for tensor in tensors]
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        made = helper.make_graph(nodes, "foreign", inputs, ends, tensors)
        model = helper.make_model(made, ir_version=version, producer_name="oracle",
                                  opset_imports=[helper.make_opsetid("", operation_set)])
        path = self.folder / "foreign.onnx"
        onnx.save(model, str(path))
        return path

    def check_graph(self, nodes, tensors, outputs=("y",), **options):
        """Converts a graph whose first output are probabilities or logits, and compares scores.
        Returns the network."""
        path = self.graph(nodes, tensors, outputs=outputs, **options)
        model = self.folder / "foreign.safetensors"
        self.succeed("convert", path, model)
        net = oracle.read_model(model)[2]
        renamed = onnx.load(str(path))
        ends = "probabilities" if any(node.op_type == "Softmax" for node in nodes) else "logits"
        for node in renamed.graph.node:
            node.output[0] = ends if node.output[0] == outputs[0] else node.output[0]
        renamed.graph.output[0].name = ends
        onnx.save(renamed, str(path))
        self.compare(model, path, net)
        return net

    def nodes(self, head=(), **attributes):
        """A convolution of these attributes, ReLU, another convolution, the average, the head."""
        return [helper.make_node("Conv", ["x", "first.weight", "first.bias"], ["1"], **attributes),
                helper.make_node("Relu", ["1"], ["2"]),
                helper.make_node("Conv", ["2", "second.weight"], ["3"]),
                helper.make_node("GlobalAveragePool", ["3"], ["4" if head else "y"]), *head]

    @staticmethod
    def tensors(kernel=(3, 3), typed=False, dtype="f4"):
        values = {"first.weight": numbers(1, 7, 3, *kernel), "first.bias": numbers(2, 7),
                  "second.weight": numbers(3, 4, 7, 1, 1)}
        if typed:
            return [helper.make_tensor(name, TensorProto.FLOAT, value.shape, value.ravel())
                    for name, value in values.items()]
        return [numpy_helper.from_array(value.astype(dtype), name)
                for name, value in values.items()]

    HEAD = (helper.make_node("Flatten", ["4"], ["5"]), helper.make_node("Softmax", ["5"], ["y"]))

    def test_logits_without_a_softmax(self):
        net = self.check_graph(self.nodes(), self.tensors())
        self.assertEqual([layer.get("name") for layer in net["layers"]],
                         ["first", None, "second", None, None])
        self.assertEqual(net["name"], "foreign")

    def test_floats_as_numbers(self):
        self.check_graph(self.nodes(self.HEAD), self.tensors(typed=True))

    def test_automatic_padding(self):
        for padding in ("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"):
            for kernel, stride in (((3, 3), 2), ((4, 2), 1), ((4, 2), 3), ((1, 2), 2)):
                with self.subTest(padding=padding, kernel=kernel, stride=stride):
                    self.check_graph(self.nodes(auto_pad=padding, strides=[stride, stride]),
                                     self.tensors(kernel))

    def test_operation_sets(self):
        for operation_set in (7, 9, 10, 11, 12, 13, 17, 21):
            with self.subTest(operation_set):
                net = self.check_graph(self.nodes(self.HEAD, pads=[1, 0, 2, 1]), self.tensors(),
                                       operation_set=operation_set)
                self.assertEqual(net["layers"][0]["padding"], [1, 0, 2, 1])

    def test_initializers_among_the_inputs(self):
        net = self.check_graph(self.nodes(self.HEAD), self.tensors(), operation_set=9, version=3)
        self.assertEqual(net["input"], [3, *self.size])

    def test_softmax_of_a_map_of_one_place(self):
        self.check_graph(self.nodes([helper.make_node("Softmax", ["4"], ["y"], axis=1)]),
                         self.tensors())
        self.check_graph(self.nodes([helper.make_node("Softmax", ["4"], ["y"])]), self.tensors(),
                         operation_set=9)
        path = self.graph(self.nodes([helper.make_node("Softmax", ["4"], ["y"])]), self.tensors())
        self.refuse(3, "convert", path, self.folder / "no", words=["Softmax", "axis -1"])

    def test_what_passes_values_on(self):
        head = (helper.make_node("Dropout", ["4"], ["5", "mask"], ratio=0.25),
                helper.make_node("Identity", ["5"], ["6"]),
                helper.make_node("Flatten", ["6"], ["7"], axis=1),
                helper.make_node("Identity", ["7"], ["y"]))
        net = self.check_graph(self.nodes(head), self.tensors(), operation_set=9)
        self.assertEqual(net["layers"][-2:], [dropout(0.25), SOFTMAX])
        head = (helper.make_node("Dropout", ["4", "ratio"], ["5"]),
                helper.make_node("Flatten", ["5"], ["y"]))
        ratio = numpy_helper.from_array(np.float32(0.3), "ratio")
        net = self.check_graph(self.nodes(head), [*self.tensors(), ratio])
        self.assertEqual(net["layers"][-2:], [dropout(0.3), SOFTMAX])

    def test_pools_and_leaks(self):
        for attributes in ({"pads": [1, 0, 1, 1]}, {"auto_pad": "SAME_UPPER"},
                           {"auto_pad": "SAME_LOWER"}, {"auto_pad": "VALID"}):
            with self.subTest(attributes):
                nodes = [helper.make_node("Conv", ["x", "first.weight", "first.bias"], ["1"]),
                         helper.make_node("LeakyRelu", ["1"], ["2"], alpha=0.2),
                         helper.make_node("MaxPool", ["2"], ["2b"], kernel_shape=[3, 2],
                                          strides=[2, 2], **attributes),
                         helper.make_node("LeakyRelu", ["2b"], ["2c"]),
                         helper.make_node("Conv", ["2c", "second.weight"], ["3"]),
                         helper.make_node("GlobalAveragePool", ["3"], ["y"])]
                net = self.check_graph(nodes, self.tensors())
                self.assertEqual(net["layers"][1], leaky(0.2))
                self.assertEqual(net["layers"][3], leaky(0.01))

    def test_both_outputs(self):
        path = self.graph(self.nodes(self.HEAD), self.tensors(), outputs=("y", "5"))
        self.succeed("convert", path, self.folder / "both.safetensors")

    def test_weights_of_other_types_are_the_same_numbers(self):
        for dtype in ("f2", "f8"):
            path = self.graph(self.nodes(), self.tensors(dtype=dtype))
            model = self.folder / "typed.safetensors"
            self.succeed("convert", path, model)
            for tensor in self.tensors(dtype=dtype):
                value = numpy_helper.to_array(tensor).astype("f4")
                np.testing.assert_array_equal(oracle.read_model(model)[1][tensor.name], value)

    def test_external_data_are_refused(self):
        path = self.graph(self.nodes(), self.tensors())
        onnx.save_model(onnx.load(str(path)), str(path), save_as_external_data=True,
                        size_threshold=0, location="weights.bin")
        self.refuse(3, "convert", path, self.folder / "no", words=["external data"])
        self.assertFalse((self.folder / "no").exists())

    def test_what_the_file_does_not_tell(self):
        path, names = self.graph(self.nodes(), self.tensors()), self.folder / "names.txt"
        names.write_text("cat\nd\u00f6g\ncow\r\nhen\n", "utf-8")
        model = self.folder / "told.safetensors"
        said = self.succeed("convert", path, model, "--classes", names, "--mean", "0.5,0.25,-1",
                            "--std", "1,2,0.5", "--scale", 1).stderr
        self.assertEqual(len(said.splitlines()), 2, said)  # the softmax, and what was written
        _, _, _, classes, prepare = oracle.read_model(model)
        self.assertEqual(classes, ["cat", "d\u00f6g", "cow", "hen"])
        self.assertEqual(prepare, {"resize": [9, 8], "scale": 1.0, "mean": [0.5, 0.25, -1.0],
                                   "std": [1.0, 2.0, 0.5], "gcn": None, "zca": False})

    def test_command_lines(self):
        path, model = self.graph(self.nodes(), self.tensors()), self.model()
        out = self.folder / "out"
        self.refuse(2, "convert", path, self.folder / "b.ONNX", words=["both"])
        self.refuse(2, "convert", model, out, words=["neither"])
        self.refuse(2, "convert", model, words=["OUT"])
        for flag in ("--mean", "--std"):
            for text in ("1", "1,2", "1,2,3,4", "1,2,x", "1,,2", "nan,1,1", ",1,2", "1,2,"):
                self.refuse(2, "convert", path, out, f"{flag}={text}", words=[flag, text])
        self.refuse(2, "convert", path, out, "--std", "1,0,1", words=["--std"])
        self.refuse(2, "convert", path, out, "--scale", "x", words=["--scale"])
        names = self.folder / "names"
        for text in (b"a\n\nb\n", b"a\nb\n", b"\xff\nb\nc\nd\n", b""):
            names.write_bytes(text)
            self.refuse(2, "convert", path, out, "--classes", names)
        self.refuse(2, "convert", model, self.folder / "m.onnx", "--classes", names,
                    words=["--classes"])
        self.refuse(6, "convert", path, out, "--classes", self.folder / "none", words=["none"])
        self.refuse(6, "convert", self.folder / "none.onnx", out, words=["none.onnx"])
        self.refuse(6, "convert", path, self.folder / "no" / "m", words=["no"])
        path.write_bytes(model.read_bytes())
        self.refuse(3, "convert", path, out, words=["foreign.onnx"])
        self.assertFalse(out.exists())

    def test_an_output_that_exists_is_replaced(self):
        graph = self.folder / "m.OnnX"
        graph.write_text("old")
        model = self.model()
        self.succeed("convert", model, graph)
        onnx.checker.check_model(str(graph))
        before = graph.read_bytes()
        model.write_text("no model")
        self.refuse(3, "convert", model, graph)
        self.assertEqual(graph.read_bytes(), before)


if __name__ == "__main__":
    main()
