"""The model that comes with the project is what the documents say: its network, classes and
preparation, and the same logits as in NumPy."""

import json
import pathlib

from checks import Check, main, np, oracle, save

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / "models/all-cnn-c-cifar10.safetensors"
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


class ShippedModel(Check):

    def test_is_of_its_recipe(self):
        recipe = json.loads((ROOT / "recipes/fast-cifar10.json").read_text())
        settings = recipe["settings"]
        _, tensors, net, classes, prepare = oracle.read_model(MODEL)
        self.assertEqual(classes, CLASSES)
        self.assertEqual(prepare["resize"], [32, 32])
        self.assertEqual((prepare["gcn"], prepare["zca"]), (None, False))
        named = json.loads(self.succeed("networks", settings["network"], "--network-options",
                                        settings["network-options"]).stdout)
        rates = iter([0, 0.3, 0.3])  # of its second part
        for layer in named["layers"]:
            if layer["op"] == "dropout":
                layer["rate"] = next(rates)
        self.assertEqual(net, named)
        self.assertEqual(sum(tensor.size for tensor in tensors.values()), 1369738)
        epochs = [json.loads(line) for line in
                  MODEL.with_suffix(".metrics.jsonl").read_text().splitlines()]
        self.assertEqual([row["epoch"] for row in epochs],
                         [*range(1, settings["epochs"] + 1), *range(1, 46)])
        error = f"{recipe['results'][-1]['error']:.2f}%"
        for document in ("README.md", "models/README.md"):
            self.assertIn(error, (ROOT / document).read_text())

    def test_scores_as_numpy_does(self):
        paths = [save(self.folder / "in" / f"{seed}.png", seed, 32, 32) for seed in range(3)]
        rows = self.rows(MODEL, self.folder / "in", flags=["--logits"])
        _, tensors, net, _, prepare = oracle.read_model(MODEL)
        values = np.stack([oracle.prepared(oracle.decode(path), prepare) for path in paths])
        np.testing.assert_allclose([row["logits"] for row in rows],
                                   oracle.forward(net, tensors, values)[0], rtol=1e-4, atol=1e-4)


if __name__ == "__main__":
    main()
