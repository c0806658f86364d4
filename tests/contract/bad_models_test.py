"""A model file can be wrong in any way: exit 3, one sentence, nothing written."""

import copy
import json
import struct

from checks import (AVERAGE, CLASSES, SOFTMAX, TINY, Check, conv, dropout, main, network, np,
                    oracle, pool, save)


def changed(*path, value):
    """TINY with one entry of its layers replaced (or, for value KeyError, left out)."""
    net = copy.deepcopy(TINY)
    place = net
    for step in path[:-1]:
        place = place[step]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return net


def layers(*items, size=(8, 8)):
    return network(*items, size=size)


LAST = [conv("conv2", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX]
WRONG_NETWORKS = {
    "no name": changed("name", value=KeyError),
    "no input": changed("input", value=KeyError),
    "two sizes": changed("input", value=[3, 8]),
    "one channel": changed("input", value=[1, 8, 8]),
    "size 0": changed("input", value=[3, 0, 8]),
    "size below 0": changed("input", value=[3, -8, 8]),
    "broken size": changed("input", value=[3, 8.5, 8]),
    "size past every integer": changed("input", value=[3, 10**40, 8]),
    "product past every integer": changed("input", value=[3, 2**31 - 1, 2**31 - 1]),
    "no layers": changed("layers", value=[]),
    "layers are a text": changed("layers", value="conv"),
    "unknown operation": changed("layers", 1, value={"op": "gelu"}),
    "no operation": changed("layers", 1, value={}),
    "layer is a number": changed("layers", 1, value=7),
    "no filters": changed("layers", 0, "filters", value=KeyError),
    "filters 0": changed("layers", 0, "filters", value=0),
    "filters a text": changed("layers", 0, "filters", value="8"),
    "filters beyond memory": changed("layers", 0, "filters", value=2**40),
    "no kernel": changed("layers", 0, "kernel", value=KeyError),
    "kernel a number": changed("layers", 0, "kernel", value=3),
    "kernel 0": changed("layers", 0, "kernel", value=[0, 3]),
    "kernel larger than the map": changed("layers", 0, "kernel", value=[11, 3]),
    "no stride": changed("layers", 0, "stride", value=KeyError),
    "stride 0": changed("layers", 0, "stride", value=[1, 0]),
    "no padding": changed("layers", 0, "padding", value=KeyError),
    "padding below 0": changed("layers", 0, "padding", value=[1, 1, 1, -1]),
    "two paddings": changed("layers", 0, "padding", value=[1, 1]),
    "padding beyond memory": changed("layers", 0, "padding", value=[2**30] * 4),
    "no convolution's name": changed("layers", 0, "name", value=KeyError),
    "twice the same name": changed("layers", 2, "name", value="conv1"),
    "no slope": layers(conv("conv1", 8), {"op": "leaky_relu"}, *LAST),
    "no rate": layers({"op": "dropout"}, conv("conv1", 8), *LAST),
    "rate 1": layers(dropout(1.0), conv("conv1", 8), *LAST),
    "rate below 0": layers(dropout(-0.1), conv("conv1", 8), *LAST),
    "window beside the map": layers(conv("conv1", 8), pool((2, 2), (1, 1), (2, 0, 0, 0)), *LAST),
    "softmax is not last": layers(conv("conv1", 8), SOFTMAX, *LAST),
    "no softmax": layers(*TINY["layers"][:-1]),
    "a map enters the softmax": layers(*LAST[:1], SOFTMAX),
}
WRONG_PREPARATIONS = {
    **{f"no {key}": {key: KeyError} for key in ("resize", "scale", "mean", "std", "gcn", "zca")},
    "deviation 0": {"std": [1, 0, 1]}, "deviation below 0": {"std": [1, -1, 1]},
    "two means": {"mean": [0, 0]}, "mean a text": {"mean": "0"}, "scale a text": {"scale": "1"},
    "another size": {"resize": [9, 8]}, "one size": {"resize": [8]},
    "gcn a number": {"gcn": 3}, "zca a number": {"zca": 1}, "unknown fit": {"fit": "squeeze"},
    "whitening that is not there": {"zca": True},
}


class BadModels(Check):

    def refuse_model(self, model, words=()):
        """Every command that reads models wants exit 3 and leaves nothing."""
        image, out = save(self.folder / "image.png", 1), self.folder / "out.jsonl"
        self.refuse(3, "score", model, image, "-o", out, words=[str(model), *words])
        self.assertFalse(out.exists() or (self.folder / "out.jsonl.part").exists())

    def test_networks(self):
        for title, net in WRONG_NETWORKS.items():
            with self.subTest(title):
                tensors = oracle.random_tensors(TINY)
                path = self.folder / "model.safetensors"
                path.write_bytes(oracle.model_bytes(tensors, net, CLASSES,
                                                    oracle.plain_prepare(TINY)))
                self.refuse_model(path)

    def test_network_files_are_read_with_the_same_care(self):
        for title, net in WRONG_NETWORKS.items():
            if title == "one channel":
                continue  # of a model only: its preparation makes three
            with self.subTest(title):
                self.refuse(2, "plan", "--network", self.network_file(net), "--batch-size", 1,
                            words=["network.json"])

    def test_preparations(self):
        for title, change in WRONG_PREPARATIONS.items():
            with self.subTest(title):
                prepare = {**oracle.plain_prepare(TINY), **change}
                prepare = {key: value for key, value in prepare.items() if value is not KeyError}
                self.refuse_model(self.model(prepare=prepare))

    def test_metadata(self):
        good = {"allconv.network": json.dumps(TINY), "allconv.classes": json.dumps(CLASSES),
                "allconv.prepare": json.dumps(oracle.plain_prepare(TINY))}
        for key in good:
            for title, text in (("absent", None), ("no JSON", "{"), ("deep", "[" * 200_000),
                                ("a number", "1e999"), ("NaN", "NaN")):
                with self.subTest(key + ": " + title):
                    self.refuse_model(self.model(metadata={key: text}))
        for classes in (["a", "b"], ["a", "b", "c", "d"], [1, 2, 3], {"a": 1}, []):
            with self.subTest(classes=classes):
                self.refuse_model(self.model(classes=classes))

    def test_tensors(self):
        random = oracle.random_tensors(TINY)
        weight = random["conv1.weight"]
        for title, value in (("NaN", np.nan), ("infinite", np.inf)):
            with self.subTest(title):
                broken = weight.copy()
                broken[3, 1, 2, 0] = value
                self.refuse_model(self.model(tensors={"conv1.weight": broken}), ["conv1.weight"])
        for title, tensor in (("shape", weight[:, :, :, :2]), ("flat", weight.ravel()),
                              ("order", weight.transpose(1, 0, 2, 3))):
            with self.subTest(title):
                self.refuse_model(self.model(tensors={"conv1.weight": tensor}))
        del random["conv2.bias"]
        path = self.folder / "absent.safetensors"
        path.write_bytes(oracle.model_bytes(random, TINY, CLASSES, oracle.plain_prepare(TINY)))
        self.refuse_model(path)

    def test_bytes(self):
        good = self.model().read_bytes()
        size = struct.unpack("<Q", good[:8])[0]
        bad = self.folder / "bad.safetensors"
        cases = [good[:length] for length in (0, 4, 8, 9, 8 + size // 2, 8 + size, len(good) - 1)]
        cases += [struct.pack("<Q", number) + good[8:] for number in (0, 1, size - 1, size + 8,
                                                                      2**40, 2**64 - 1)]
        cases += [good + b"\0", b"PK\3\4" + good, b"\x89PNG\r\n\x1a\n" * 10]
        for old, new in ((b'"F32"', b'"F16"'), (b'"shape"', b'"shame"'),
                         (b'"data_offsets": [0', b'"data_offsets": [4')):
            cases.append(good.replace(old, new, 1))
        for number, data in enumerate(cases):
            with self.subTest(number=number):
                bad.write_bytes(data)
                self.refuse_model(bad)

    def test_no_fault_at_all(self):
        image = save(self.folder / "image.png", 1)
        plain = self.rows(self.model(), image, flags=["--logits"])
        extra = self.model(tensors={"other.tensor": np.ones((2, 3))}, name="extra.safetensors",
                           metadata={"author": "someone", "allconv.later": "1"})
        self.assertEqual(self.rows(extra, image, flags=["--logits"]), plain)

    def test_files_that_cannot_be_opened(self):
        image = save(self.folder / "image.png", 1)
        self.refuse(6, "score", self.folder / "absent", image, "-o", self.folder / "o.jsonl",
                    words=["absent"])
        for command in ("inspect", "evaluate"):
            self.refuse(6, command, self.folder, *[image] * (command == "evaluate"))
        self.assertFalse((self.folder / "o.jsonl").exists())


if __name__ == "__main__":
    main()
