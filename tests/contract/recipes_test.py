"""Recipes: settings under a name, which options on the command line override."""

import json

from checks import AVERAGE, RELU, SOFTMAX, TINY, Check, conv, dropout, main, network, save

NAMES = ["paper-cifar10", "paper-cifar10-augmented", "paper-cifar100", "paper-imagenet",
         "deepobs-cifar100", "fast-cifar10"]
SETTINGS = {"epochs": 2, "batch-size": 4, "learning-rate": 0.02, "momentum": 0.8,
            "weight-decay": 0.003, "schedule": "cosine", "warm-up": 1, "prepare": "pixel-mean",
            "augment": "flip,shift:2", "init": "xavier", "initial-bias": 0.1, "seed": 4}


class Recipes(Check):

    def setUp(self):
        super().setUp()
        for seed in range(9):
            save(self.folder / "data" / "abc"[seed % 3] / f"{seed}.png", seed)
        self.data, self.out = self.folder / "data", self.folder / "out.safetensors"

    def recipe(self, settings, **parts):
        path = self.folder / "mine.json"
        path.write_text(json.dumps({"settings": settings, **parts}))
        return path

    def trained(self, *flags):
        self.succeed("train", self.data, "-o", self.out, *flags)
        return self.out.read_bytes()

    def test_all_are_listed_and_printed(self):
        listed = self.succeed("recipes").stdout
        for name in NAMES:
            self.assertIn(f"{name}\n", listed)
            printed = json.loads(self.succeed("recipes", name).stdout)
            self.assertIn(printed["summary"], listed)
            for result in printed["results"]:
                self.assertIn(f"{result['error']:.2f} %", listed)
        self.refuse(2, "recipes", "nothing", words=["nothing", *NAMES])

    def test_each_can_be_trained_by(self):
        """Its settings are accepted: what the command line adds makes them small."""
        for name in NAMES:
            with self.subTest(name):
                size = 224 if "imagenet" in name else 32
                small = self.network_file(network(conv("conv1", 3, stride=(4, 4)), AVERAGE, SOFTMAX,
                                                  size=(size, size)))
                self.small(name, small)

    def small(self, name, net):
        settings = json.loads(self.succeed("recipes", name).stdout)["settings"]
        for key in ("network", "network-options", "dropout"):
            settings.pop(key, None)
        if settings["prepare"] == "gcn-zca":
            settings["prepare"] = "standardize"  # its matrix takes a while
        self.trained("--recipe", self.recipe(settings), "--network", net, "--epochs", 1,
                     "--warm-up", 0, "--schedule", "step:1", "--on-dead-start", "ignore")

    def test_a_built_in_one_by_its_name(self):
        net = self.network_file(network(dropout(0.5), conv("conv1", 4, stride=(2, 2)), RELU,
                                        dropout(0.5), conv("conv2", 3), dropout(0.5), AVERAGE,
                                        SOFTMAX))
        settings = json.loads(self.succeed("recipes", "fast-cifar10").stdout)["settings"]
        del settings["network"], settings["network-options"]
        more = ["--network", net, "--epochs", 2, "--batch-size", 4]
        self.assertEqual(self.trained("--recipe", self.recipe(settings), *more),
                         self.trained("--recipe", "fast-cifar10", *more))

    def test_it_is_the_training_that_its_options_are(self):
        net = self.network_file(TINY)
        flags = [part for key, value in SETTINGS.items() for part in (f"--{key}", value)]
        by_hand = self.trained("--network", net, *flags)
        self.assertEqual(self.trained("--recipe", self.recipe({**SETTINGS, "network": TINY})),
                         by_hand)
        self.assertEqual(self.trained("--network", net, "--recipe", self.recipe(SETTINGS)), by_hand)

    def test_options_go_before_it(self):
        net = self.network_file(TINY)
        wanted = self.trained("--network", net, "--recipe",
                              self.recipe({**SETTINGS, "epochs": 3, "seed": 1}))
        path = self.recipe({**SETTINGS, "network": network(conv("other", 3), AVERAGE, SOFTMAX)})
        flags = ["--seed", 1, "--network", net, "--epochs", 3]
        self.assertEqual(self.trained("--recipe", path, *flags), wanted)

    def test_its_network_takes_the_classes_of_the_data(self):
        small = network(conv("conv1", 7), RELU, conv("conv2", 100), AVERAGE, SOFTMAX)
        self.trained("--recipe", self.recipe({"network": small, "epochs": 1}))
        shape = self.succeed("inspect", self.out).stdout
        self.assertIn("conv2 3 filters", shape)

    def test_a_model_of_init_keeps_its_own(self):
        first = self.folder / "first.safetensors"
        self.succeed("train", self.data, "-o", first, "--network", self.network_file(TINY),
                     "--epochs", 1)
        path = self.recipe({**SETTINGS, "network": "model-c"})
        settings = json.loads(path.read_text())["settings"]
        del settings["init"]
        self.trained("--recipe", self.recipe({**settings, "learning-rate": 0}), "--init", first)
        self.assertEqual(self.out.read_bytes(), first.read_bytes())

    def test_what_is_wrong_is_named(self):
        def refuse(words, text):
            path = self.folder / "bad.json"
            path.write_text(text if isinstance(text, str) else json.dumps(text))
            self.refuse(2, "train", self.data, "-o", self.out, "--recipe", path, words=words)
            self.assertFalse(self.out.exists())
        refuse(["bad.json", "epoch"], {"settings": {"epoch": 3}})
        refuse(["bad.json", "colour"], {"settings": {}, "colour": 1})
        refuse(["bad.json", "threads"], {"settings": {"threads": 2}})
        refuse(["bad.json", "settings"], {})
        refuse(["bad.json", "dropout"], {"settings": {"dropout": [0.1]}})
        refuse(["bad.json", "error"], {"settings": {}, "results": [{"of": "a set"}]})
        refuse(["bad.json", "epochs", "0"], {"settings": {"epochs": 0}})
        refuse(["bad.json", "network"], {"settings": {"network": {"name": "x"}}})
        refuse(["bad.json"], "{")
        refuse(["warm-up"], {"settings": {"epochs": 3, "warm-up": 3, "schedule": "cosine"}})
        self.refuse(2, "train", self.data, "-o", self.out, "--recipe", "nothing",
                    words=["nothing", *NAMES])
        self.refuse(6, "train", self.data, "-o", self.out, "--recipe", self.folder / "none.json",
                    words=["none.json"])

    def test_a_resume_by_another_is_refused(self):
        net = self.network_file(TINY)
        flags = ["train", self.data, "-o", self.out, "--network", net, "--checkpoint",
                 self.folder / "kept", "--resume"]
        self.succeed(*flags, "--recipe", self.recipe(SETTINGS))
        self.refuse(2, *flags, "--recipe", self.recipe({**SETTINGS, "momentum": 0.7}),
                    words=["momentum", "0.8", "0.7"])


if __name__ == "__main__":
    main()
