"""Models: made, saved, loaded, looked into; and what each mistake is answered with."""

import gc
import json
import pathlib
import struct
import unittest

import numpy as np

from checks import CLASSES, SHIPPED, Check, allconv, main, network, pixels, tiny


class ModelTest(Check):
    def test_properties(self):
        model = tiny()
        self.assertEqual(model.classes, CLASSES)
        self.assertEqual(model.input_shape, (3, 8, 8))
        self.assertEqual(model.network, network())
        self.assertEqual(model.preparation["resize"], [8, 8])
        self.assertIn("tiny", repr(model))
        self.assertEqual(allconv.Model("all-cnn-c", 4).classes, ["0", "1", "2", "3"])
        self.assertEqual(allconv.Model(json.dumps(network())).classes, ["0", "1", "2"])

    def test_saved_and_loaded(self):
        path = self.folder / "model.safetensors"
        model = tiny()
        model.save(path)
        for loaded in (allconv.load(path), allconv.load(str(path))):
            np.testing.assert_array_equal(loaded.score(pixels(2)), model.score(pixels(2)))
            self.assertEqual(loaded.preparation, model.preparation)
        header = path.read_bytes()
        size = struct.unpack("<Q", header[:8])[0]
        metadata = json.loads(header[8:8 + size])["__metadata__"]
        self.assertEqual(json.loads(metadata["allconv.network"]), model.network)

    def test_state_dict_is_the_models_memory(self):
        model = tiny()
        tensors = model.state_dict()
        self.assertEqual({name: tensor.shape for name, tensor in tensors.items()},
                         {"conv1.weight": (8, 3, 3, 3), "conv1.bias": (8,),
                          "conv2.weight": (3, 8, 1, 1), "conv2.bias": (3,)})
        weight = tensors["conv1.weight"]
        self.assertEqual(weight.ctypes.data, model.state_dict()["conv1.weight"].ctypes.data)
        self.assertFalse(weight.flags.writeable)
        copy = weight.copy()
        del model, tensors
        gc.collect()
        np.testing.assert_array_equal(weight, copy)

    def test_made_of_tensors(self):
        model = tiny()
        same = allconv.Model(model.network, model.classes, model.preparation, model.state_dict())
        np.testing.assert_array_equal(same.score(pixels(2)), model.score(pixels(2)))
        doubled = {name: 2 * tensor.astype(np.float64)
                   for name, tensor in model.state_dict().items()}
        twice = allconv.Model(model.network, CLASSES, tensors=doubled)
        np.testing.assert_array_equal(twice.state_dict()["conv1.weight"],
                                      2 * model.state_dict()["conv1.weight"])

    def test_seeds(self):
        weights = [tiny(seed).state_dict()["conv1.weight"] for seed in (1, 1, 2)]
        np.testing.assert_array_equal(weights[0], weights[1])
        self.assertFalse(np.array_equal(weights[0], weights[2]))

    def test_other_classes(self):
        model = tiny()
        same = model.with_classes(["a", "b", "c"])
        np.testing.assert_array_equal(same.score(pixels(2)), model.score(pixels(2)))
        more = model.with_classes(["a", "b", "c", "d"], seed=3)
        self.assertEqual(more.score(pixels(2)).shape, (2, 4))
        np.testing.assert_array_equal(more.state_dict()["conv1.weight"],
                                      model.state_dict()["conv1.weight"])

    def test_shipped_model(self):
        model = allconv.load(SHIPPED)
        self.assertEqual((model.input_shape, len(model.classes)), ((3, 32, 32), 10))
        self.assertEqual(model.network["name"], "all-cnn-c")

    def test_version(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        self.assertIn(f"project(allconv VERSION {allconv.__version__} ",
                      (root / "CMakeLists.txt").read_text())


class ErrorsTest(Check):
    def test_classes(self):
        for kind, other in ((allconv.UsageError, ValueError), (allconv.InputOutputError, OSError),
                            (allconv.ModelError, RuntimeError), (allconv.DeviceError, RuntimeError),
                            (allconv.TrainingError, RuntimeError)):
            self.assertTrue(issubclass(kind, allconv.Error) and issubclass(kind, other))

    def test_files(self):
        missing, folder = self.folder / "missing.safetensors", self.folder / "none" / "model"
        with self.raises(allconv.InputOutputError, "missing.safetensors"):
            allconv.load(missing)
        with self.raises(allconv.ModelError, "image.png"):
            allconv.load(self.picture("image.png"))
        with self.raises(allconv.InputOutputError, f"{self.folder / 'none'}: "):
            tiny().save(folder)
        with self.raises(allconv.InputOutputError, "absent"):
            tiny().score(self.folder / "absent.tar")
        with self.raises(allconv.UsageError, "zero byte"):
            allconv.load("a\0b")

    def test_arrays(self):
        model = tiny()
        for images, words in (
                (pixels(2).astype(np.float64), ["float64", "uint8", "float32"]),
                (pixels(2).astype(np.int64), ["int64"]),
                (pixels(2) > 3, ["bool"]),
                (pixels(2)[..., :2], ["(2,8,8,2)", "3 channels"]),
                (pixels(2)[0, 0], ["(8,3)", "2 axes"]),
                (pixels(2)[None], ["5 axes"]),
                (np.zeros((1, 3, 7, 7), np.float32), ["7"]),
                ([[1, 2], [3, 4]], ["list", "__dlpack__"]),
                (7, ["int"]), (None, ["None"]),
                (pixels(2).astype(object), ["ndarray of object", "array"])):
            with self.subTest(words=words), self.raises(allconv.UsageError, *words[:1]) as wanted:
                wanted.words = words
                model.score(images)
        with self.raises(allconv.UsageError, "'NHW'", "'NHWC'"):
            model.score(pixels(2), layout="NHW")
        with self.raises(allconv.UsageError, "(2,8,8,3)", "'NCHW'"):
            model.score(pixels(2), layout="NCHW")

    def test_options(self):
        model, images = tiny(), pixels(2)
        with self.raises(allconv.DeviceError, "device"):
            model.score(images, device="cuda:99")
        with self.raises(allconv.UsageError, "device"):
            model.score(images, device="toaster")
        with self.raises(allconv.UsageError, "int4"):
            model.score(images, precision="int4")
        with self.raises(allconv.UsageError, "batch_size"):
            model.score(images, batch_size=-1)
        with self.raises(allconv.UsageError, "'warn', 'raise'"):
            model.score(images, errors="ignore")
        with self.raises(allconv.UsageError, "'training'"):
            allconv.Session(model, "swimming")
        with self.raises(TypeError, "batchsize"):
            allconv.Session(model, batchsize=3)
        with self.raises(allconv.UsageError, "float64"):
            allconv.Session(model, dtype="float64")

    def test_model_parts(self):
        for parts, word in (({"network": "all-cnn-z"}, "all-cnn-z"), ({"network": "{"}, ""),
                            ({"network": network(), "classes": ["a"]}, "3"),
                            ({"network": network(), "preparation": {"resize": 3}}, ""),
                            ({"network": network(), "tensors": {"conv1.weight": [1.0]}}, "conv1")):
            with self.subTest(parts=parts), self.raises(allconv.UsageError, word):
                allconv.Model(**parts)


class SessionTest(Check):
    def test_purposes(self):
        session = allconv.Session(tiny(), ["scores", "guided"], threads=1, device="cpu")
        self.assertIn("cpu", session.device)
        self.assertEqual(session.score(pixels(3)).shape, (3, 3))
        self.assertEqual(session.explain(pixels(3)).maps.shape, (3, 8, 8, 3))
        with self.raises(allconv.UsageError):
            session.train_step(pixels(3), [0, 1, 2], 0.1)
        with self.raises(allconv.UsageError):
            session.score(pixels(3).astype(np.float32))

    def test_memory(self):
        small = allconv.Session.memory(tiny(), batch_size=1, device="cpu")
        large = allconv.Session.memory(tiny(), "training", batch_size=512, device="cpu")
        self.assertGreater(large.host, small.host)
        self.assertEqual(small.device, 0)

    def test_diagnostics_are_called_or_warn(self):
        told = []
        options = {"tuning_file": str(self.folder / "none.json"), "device": "cpu"}
        try:
            allconv.Session(tiny(), diagnostics=lambda *note: told.append(note), **options)
        except allconv.InputOutputError as error:
            self.assertIn("none.json", str(error))
        for severity, sentence in told:
            self.assertIn(severity, ("note", "warning"))
            self.assertTrue(sentence)


class StubsTest(Check):
    """What the modules offer is what their stubs say."""

    def test_modules(self):
        import ast

        from allconv import _core, _decoders

        for module in (_core, _decoders):
            path = pathlib.Path(allconv.__file__).parent / f"{module.__name__.split('.')[1]}.pyi"
            stub = {node.name: node for node in ast.parse(path.read_text()).body
                    if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
            self.assertEqual(set(stub), {name for name in dir(module) if name[0] != "_"})
            for name, node in stub.items():
                if isinstance(node, ast.ClassDef):
                    said = {each.target.id if isinstance(each, ast.AnnAssign) else each.name
                            for each in node.body}
                    there = {each for each in vars(getattr(module, name)) if each[0] != "_"}
                    self.assertEqual({each for each in said if each[0] != "_"}, there, name)

    def test_what_is_typed_is_marked(self):
        self.assertTrue((pathlib.Path(allconv.__file__).parent / "py.typed").exists())

    def test_everything_public_is_described(self):
        for name in allconv.__all__:
            thing = getattr(allconv, name)
            self.assertTrue(thing.__doc__, name)
            if isinstance(thing, type):
                for member, value in vars(thing).items():
                    if member[0] != "_" and (callable(value) or isinstance(value, property)) \
                            and thing.__module__.startswith("allconv") \
                            and not hasattr(thing, "_fields"):
                        self.assertTrue(value.__doc__, f"{name}.{member}")


if __name__ == "__main__":
    main()
