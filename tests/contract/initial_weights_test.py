"""The weights that a training begins with: what --init draws, seen through a step of rate 0."""

from checks import (AVERAGE, RELU, SOFTMAX, Check, conv, dropout, leaky, main, network, np, oracle,
                    save)

NET = network(dropout(0.2), conv("conv1", 64), RELU, conv("conv2", 24, stride=(2, 2)), leaky(0.1),
              conv("conv3", 40, (1, 1), padding=(0,) * 4), RELU,
              conv("conv4", 2, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX)
LAYERS = ("conv1", "conv2", "conv3", "conv4")


class InitialWeights(Check):

    def setUp(self):
        super().setUp()
        self.net = self.network_file(NET)
        self.pictures = [save(self.folder / "data" / "ab"[seed % 2] / f"{seed:02}.png", seed)
                         for seed in range(20)]

    def initial(self, *flags, seed=0):
        out = self.folder / "out.safetensors"
        self.succeed("train", self.folder / "data", "-o", out, "--network", self.net, "--epochs", 1,
                     "--learning-rate", 0, "--seed", seed, *flags)
        return oracle.read_model(out)

    def test_variances(self):
        for init, variance in (("he", lambda k, c, r, s: 2 / (c * r * s)),
                               ("xavier", lambda k, c, r, s: 2 / ((c + k) * r * s))):
            weights = self.initial("--init", init)[1]["conv2.weight"].astype(float)
            wanted = variance(*weights.shape)
            with self.subTest(init):
                self.assertAlmostEqual(weights.var() / wanted, 1,
                                       delta=4 * (2 / weights.size) ** .5)
                self.assertAlmostEqual(weights.mean(), 0, delta=4 * (wanted / weights.size) ** .5)

    def test_biases(self):
        for init in ("he", "xavier", "lsuv"):
            for flags, wanted in (([], 0), (["--initial-bias", 0.125], 0.125)):
                tensors = self.initial("--init", init, *flags)[1]
                for layer in LAYERS:
                    self.assertTrue((tensors[layer + ".bias"] == wanted).all(), (init, layer))

    def test_seeds(self):
        for init in ("he", "xavier", "lsuv"):
            one, same, other = (self.initial("--init", init, seed=seed)[1] for seed in (1, 1, 2))
            for layer in LAYERS:
                name = layer + ".weight"
                self.assertTrue((one[name] == same[name]).all())
                self.assertFalse((one[name] == other[name]).any())

    def test_lsuv_has_orthogonal_weights_and_outputs_of_variance_one(self):
        for flags in ([], ["--prepare", "pixel-mean"], ["--initial-bias", -0.2]):
            _, tensors, net, _, prepare = self.initial("--init", "lsuv", *flags)
            scaled = np.stack([oracle.prepared(oracle.decode(path), prepare)
                               for path in self.pictures])
            values = oracle.transformed(scaled, prepare, tensors)
            _, read, _ = oracle.forward(net, tensors, values)
            for place, layer in enumerate(net["layers"]):
                if layer["op"] != "conv2d":
                    continue
                with self.subTest(layer=layer["name"], flags=flags):
                    self.assertAlmostEqual(read[place + 1].std(), 1, delta=1e-3)
                    matrix = tensors[layer["name"] + ".weight"].astype(float)
                    matrix = matrix.reshape(len(matrix), -1)
                    if len(matrix) > matrix.shape[1]:
                        matrix = matrix.T
                    square = matrix @ matrix.T
                    np.testing.assert_allclose(square, np.eye(len(matrix)) * square[0, 0],
                                               atol=1e-5 * square[0, 0])

    def test_another_way_to_draw_is_another_training(self):
        flags = ["train", self.folder / "data", "-o", self.folder / "out", "--network", self.net,
                 "--epochs", 1, "--checkpoint", self.folder / "kept", "--resume"]
        self.succeed(*flags, "--init", "xavier")
        self.refuse(2, *flags, "--init", "lsuv", words=["init", "xavier", "lsuv"])
        self.refuse(2, *flags, "--init", "xavier", "--initial-bias", 1, words=["init", "bias"])


if __name__ == "__main__":
    main()
