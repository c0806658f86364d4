"""PyTorch: networks come and go, and score the same. Skipped where there is no PyTorch."""

import sys
import unittest

import numpy as np

from checks import Check, allconv, main

try:
    import torch
    from torch import nn
except ImportError:
    print("skipped: no PyTorch here")
    sys.exit(77)  # CTest: skipped


def module():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Dropout(0.2), nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(),
        nn.Sequential(nn.Conv2d(8, 8, (3, 1), stride=2, padding="valid", bias=False),
                      nn.LeakyReLU(0.3)),
        nn.Conv2d(8, 6, 4, padding="same"), nn.MaxPool2d(3, 2, padding=1), nn.Identity(),
        nn.Conv2d(6, 5, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Softmax(1)).eval()


class TorchTest(Check):
    def test_same_scores(self):
        images = torch.rand(4, 3, 16, 20)
        with torch.no_grad():
            wanted = module()(images).numpy()
        model = allconv.from_torch(module(), (3, 16, 20), classes=list("abcde"))
        self.assertEqual(model.classes, list("abcde"))
        np.testing.assert_allclose(model.score(images), wanted, atol=1e-6)
        headless = allconv.from_torch(module()[:-1], (3, 16, 20))
        np.testing.assert_allclose(headless.score(images), wanted, atol=1e-6)

    def test_a_module_that_stands_twice(self):
        torch.manual_seed(0)
        relu, conv = nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1)
        net = nn.Sequential(conv, relu, conv, relu, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        images = torch.randn(4, 3, 8, 8)
        with torch.no_grad():
            wanted = net(images).numpy()
        model = allconv.from_torch(net, (3, 8, 8))
        np.testing.assert_allclose(model.score(images, logits=True), wanted, atol=1e-6)

    def test_there_and_back(self):
        model = allconv.from_torch(module(), (3, 16, 20))
        fresh = module()
        with torch.no_grad():
            for parameter in fresh.parameters():
                parameter.zero_()
        fresh.load_state_dict(model.to_torch_state_dict(fresh))
        for name, parameter in module().state_dict().items():
            self.assertTrue(torch.equal(parameter, fresh.state_dict()[name]), name)
        with self.raises(allconv.UsageError, "2.weight"):
            model.to_torch_state_dict(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, (3, 1)),
                                                    nn.Conv2d(8, 9, 3), nn.Conv2d(9, 5, 1)))
        with self.raises(allconv.UsageError, "1 convolutions"):
            model.to_torch_state_dict(nn.Sequential(nn.Conv2d(3, 8, 3)))

    def test_trained_here_used_there(self):
        net = nn.Sequential(nn.Conv2d(3, 3, 8), nn.Flatten())
        images = np.random.default_rng(0).random((30, 3, 8, 8), np.float32)
        trained = allconv.from_torch(net, (3, 8, 8)).train(images, [0, 1, 2] * 10, epochs=2)
        net.load_state_dict(trained.to_torch_state_dict(net))
        with torch.no_grad():
            logits = net(torch.from_numpy(images)).numpy()
        np.testing.assert_allclose(trained.score(images, logits=True), logits, atol=1e-4)

    def test_refusals(self):
        head = (nn.AdaptiveAvgPool2d(1), nn.Flatten())
        for layers, words in (
                ((nn.BatchNorm2d(3),), ["BatchNorm2d"]), ((nn.Linear(3, 3),), ["Linear"]),
                ((nn.Conv2d(3, 3, 3, groups=3), *head), ["groups=3", "one group"]),
                ((nn.Conv2d(3, 3, 3, dilation=2), *head), ["dilation"]),
                ((nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"), *head), ["zeros"]),
                ((nn.MaxPool2d(2, ceil_mode=True), *head), ["rounded down"]),
                ((nn.AdaptiveAvgPool2d(2),), ["AdaptiveAvgPool2d(1)"]),
                ((nn.Softmax(0),), ["dim=1"]), ((nn.Flatten(), nn.Conv2d(3, 3, 1)), ["Flatten"]),
                ((nn.Conv2d(3, 3, 1),), [""])):
            with self.subTest(layers=layers), self.raises(allconv.UsageError, *words):
                allconv.from_torch(nn.Sequential(*layers), (3, 8, 8))
        with self.raises(allconv.UsageError, "Conv2d"):
            allconv.from_torch(nn.Conv2d(3, 3, 1))


if __name__ == "__main__":
    main()
