"""The oracle against what is known without it: differences, the contract's own forward pass."""

from explain_checks import (AVERAGE, RELU, SOFTMAX, ExplainCheck, Forward, Unit, conv, dropout,
                            leaky, main, network, np, numpy_explain, oracle, pool)

NET = network(conv("conv1", 5, (5, 3), (1, 2), (2, 0, 1, 3)), leaky(0.25), dropout(0.2),
              pool((3, 2), (2, 1), (0, 1, 1, 0)),
              conv("conv2", 7, (2, 2), (2, 1), (0, 1, 0, 0)), RELU,
              conv("conv3", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX, size=(13, 10))
STEP = 1e-7  # far less than what would flip a ReLU or a switch


class Oracle(ExplainCheck):

    def setUp(self):
        super().setUp()
        self.pictures = self.images(2, (13, 10))
        _, self.forward = self.separated(NET, self.pictures)

    def test_forward(self):
        model = self.forward.model
        logits = oracle.forward(NET, model.tensors, self.forward.maps[0])[0]
        np.testing.assert_allclose(self.forward.logits(), logits, rtol=1e-12)

    def test_gradient_is_that_of_differences(self):
        units = [Unit(), Unit(of_class=1), Unit(layer="conv1", channel=2), Unit(layer="conv3"),
                 Unit(layer="conv2", channel=6, position=(1, 3))]
        direction = np.random.default_rng(1).normal(0, 1, self.forward.maps[0].shape)
        moved = Forward(self.forward.model, self.forward.maps[0] + STEP * direction)
        for unit in units:
            place, seed = unit.signal(self.forward)
            rise = ((moved.maps[place + 1] - self.forward.maps[place + 1]) * seed).sum((1, 2, 3))
            gradient = numpy_explain.attribution(self.forward, unit, "gradient")
            np.testing.assert_allclose((gradient * direction).sum((1, 2, 3)), rise / STEP,
                                       rtol=1e-5, atol=1e-6, err_msg=str(unit))

    def test_rules(self):
        """The paper's table, row by row; a leak lets its share through."""
        inputs, signal = np.array([1, 1, -1, -1, 0.0]), np.array([2, -2, 2, -2, 2.0])
        wanted = {"gradient": ([2, -2, 0, 0, 0], [2, -2, 1, -1, 1]),
                  "deconvnet": ([2, 0, 2, 0, 2], [2, -1, 2, -1, 2]),
                  "guided": ([2, 0, 0, 0, 0], [2, -1, 1, -0.5, 1])}
        for method, (plain, leaking) in wanted.items():
            for slope, numbers in ((0, plain), (0.5, leaking)):
                factor = numpy_explain.relu_factor(method, inputs, signal, slope)
                np.testing.assert_array_equal(signal * factor, numbers)

    def test_receptive_field(self):
        """A unit depends on all pixels of its field and on none outside."""
        model = self.forward.model
        for name in model.convolutions():
            maps = self.forward.output(name)
            for row, column in ((0, 0), (maps.shape[2] - 1, maps.shape[3] - 1), (1, 1)):
                field = self.forward.receptive_field(name, row, column)
                inside = np.zeros(self.forward.maps[0].shape[2:], bool)
                top, left, height, width = field
                inside[max(top, 0):top + height, max(left, 0):left + width] = True
                noise = np.where(inside, 0, 1e3)
                moved = Forward(model, self.forward.maps[0] + noise).output(name)
                np.testing.assert_array_equal(moved[:, :, row, column], maps[:, :, row, column])
                self.assertTrue(self.reaches_all(name, row, column, inside), (name, row, column))

    def reaches_all(self, name, row, column, inside):
        """Whether each row and column of the field matters to some filter: by the pixels' sums."""
        model, values = self.forward.model, self.forward.maps[0]
        changes = np.zeros(inside.shape, bool)
        for y, x in np.argwhere(inside):
            moved = values.copy()
            moved[:, :, y, x] += 1e3
            out = Forward(model, moved).output(name)[:, :, row, column]
            changes[y, x] = (out != self.forward.output(name)[:, :, row, column]).any()
        return (changes.any(0) == inside.any(0)).all() and (changes.any(1) == inside.any(1)).all()


if __name__ == "__main__":
    main()
