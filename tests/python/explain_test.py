"""Explanations: the gradient is the slope of the logit, units and values are those taken."""

import unittest
import warnings

import numpy as np

from checks import Check, allconv, main, pixels, reference_logits, tiny


class ExplainTest(Check):
    def test_gradient_is_the_slope(self):
        model = tiny()
        images = pixels(3).astype(np.float32) / 255
        result = model.explain(images, "gradient", target="green")
        np.testing.assert_array_equal(result.inputs, images)
        np.testing.assert_array_equal(result.units, [[1, 0, 0]] * 3)
        np.testing.assert_allclose(result.values, model.score(images, logits=True)[:, 1], rtol=1e-6)
        step = 1e-4
        for y, x, channel in ((0, 0, 0), (3, 5, 1), (7, 7, 2)):
            ends = [images.astype(np.float64) * 255 for _ in range(2)]
            ends[0][:, y, x, channel] += step * 255
            ends[1][:, y, x, channel] -= step * 255
            up, down = (reference_logits(model, end)[:, 1] for end in ends)
            np.testing.assert_allclose(result.maps[:, y, x, channel], (up - down) / (2 * step),
                                       rtol=1e-3, atol=1e-4)

    def test_methods(self):
        model, images = tiny(), pixels(4)
        maps = {method: model.explain(images, method).maps
                for method in ("gradient", "deconvnet", "guided")}
        self.assertFalse(np.array_equal(maps["gradient"], maps["guided"]))
        self.assertFalse(np.array_equal(maps["deconvnet"], maps["guided"]))
        for each in maps.values():
            self.assertEqual((each.shape, each.dtype), ((4, 8, 8, 3), np.float32))

    def test_targets(self):
        model, images = tiny(), pixels(3)
        predicted = model.score(images).argmax(1)
        np.testing.assert_array_equal(model.explain(images).units[:, 0], predicted)
        np.testing.assert_array_equal(
            model.explain(images, target=["red", None, np.int64(0)]).units[:, 0],
            [2, predicted[1], 0])
        for target, words in (("purple", ["'purple'", "blue, green, red"]), (3, ["0 to 2"]),
                              (-1, ["0 to 2"]), ([0, 1], ["2 of 3"])):
            with self.subTest(target=target), self.raises(allconv.UsageError, *words):
                model.explain(images, target=target)

    def test_layers(self):
        model, images = tiny(), pixels(3)
        largest = model.explain(images, "guided", layer="conv1")
        self.assertTrue((largest.units >= 0).all())
        one = model.explain(images, "guided", (5, 1, 2), "conv1")
        np.testing.assert_array_equal(one.units, [[5, 1, 2]] * 3)
        channel = model.explain(images, "guided", 5, layer="conv1")
        self.assertTrue((channel.values >= one.values).all())
        each = model.explain(images, "guided", [(5, 1, 2), 5, None], layer="conv1")
        np.testing.assert_array_equal(each.units,
                                      [one.units[0], channel.units[1], largest.units[2]])
        np.testing.assert_array_equal(each.maps[1], channel.maps[1])
        with self.raises(allconv.UsageError, "(channel,row,column)"):
            model.explain(images, target=(1, 2), layer="conv1")
        with self.raises(allconv.UsageError, "conv9"):
            model.explain(images, layer="conv9")
        with self.raises(allconv.UsageError, "'gradient', 'deconvnet', 'guided'"):
            model.explain(images, "magic")

    def test_paths(self):
        model = tiny()
        paths = [self.picture("a.png", 1), self.broken("b.png")]
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            result = model.explain(paths)
        self.assertEqual([each.category for each in told], [allconv.ImageWarning])
        self.assertEqual(told[0].filename, __file__)
        np.testing.assert_array_equal(result.maps[0], model.explain(pixels(1, 1)).maps[0])
        self.assertTrue(np.isnan(result.maps[1]).all() and np.isnan(result.values[1]))
        np.testing.assert_array_equal(result.units[1], [-1] * 3)


if __name__ == "__main__":
    main()
