"""A training that does not begin is told as such, and begins again as --on-dead-start says; one
that diverges ends."""

import json

from checks import (AVERAGE, RELU, SOFTMAX, Check, Image, conv, main, network, np,
                    oracle)

# Grey pictures through one unit: it passes something for all of them or for none, by the sign of
# the sum of its three weights, so that about every second seed is dead. Nothing decays.
NET = network(conv("conv1", 1, (1, 1), padding=(0,) * 4), RELU,
              conv("conv2", 2, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX)
PICTURES = 8  # one batch of them, so that an epoch has one step
JUDGED = 100  # steps after which the start is
FLAGS = ["--batch-size", PICTURES, "--prepare", "none", "--weight-decay", 0, "--learning-rate",
         0.05]


class DeadStart(Check):

    def setUp(self):
        super().setUp()
        self.net, self.data = self.network_file(NET), self.folder / "data"
        for place in range(PICTURES):
            grey = np.full((8, 8, 3), (40, 200)[place % 2] + place, np.uint8)
            path = self.data / "ab"[place % 2] / f"{place}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(grey).save(path)
        self.out, self.metrics = self.folder / "out.safetensors", self.folder / "metrics.jsonl"

    def train(self, seed, *flags, epochs=JUDGED + 2, code=0):
        """The program's answer, and the rows of its metrics."""
        self.out.unlink(missing_ok=True)
        result = self.succeed("train", self.data, "-o", self.out, "--network", self.net, *FLAGS,
                              "--metrics", self.metrics, "--seed", seed, "--epochs", epochs, *flags,
                              code=code)
        self.assertEqual(self.out.exists(), code == 0)
        return result, [json.loads(line) for line in self.metrics.read_text().splitlines()]

    def is_dead(self, seed):
        return self.run_program("train", self.data, "-o", self.out, "--network", self.net, *FLAGS,
                                "--seed", seed, "--epochs", JUDGED + 2,
                                "--on-dead-start", "stop").returncode == 7

    def dead_before_living(self):
        """A seed whose start is dead, while the next one's is not."""
        dead = [self.is_dead(seed) for seed in range(12)]
        for seed, (first, second) in enumerate(zip(dead, dead[1:])):
            if first and not second:
                return seed
        return self.fail(f"no such seed: {dead}")

    def test_stop(self):
        seed = self.dead_before_living()
        result, rows = self.train(seed, "--on-dead-start", "stop", code=7)
        for words in ("dead start: after 100 steps", "guessing among 2 classes",
                      "1 of 1 units pass nothing", "--seed"):
            self.assertIn(words, result.stderr)
        *before, last = rows
        self.assertEqual([row["epoch"] for row in rows], list(range(1, JUDGED + 1)))
        self.assertEqual((last["dead_start"], last["seed"]), (True, seed))
        self.assertAlmostEqual(last["train_loss"], np.log(2), 3)
        self.assertFalse([row for row in before if "dead_start" in row])

    def test_ignore(self):
        result, rows = self.train(self.dead_before_living(), "--on-dead-start", "ignore")
        self.assertEqual(result.stderr.count("dead start"), 1)
        self.assertEqual([row["epoch"] for row in rows], list(range(1, JUDGED + 3)))
        self.assertNotIn("dead_start", rows[JUDGED - 1])

    def test_retry_takes_the_next_seed(self):
        seed = self.dead_before_living()
        result, rows = self.train(seed)
        self.assertIn(f"beginning again with seed {seed + 1}", result.stderr)
        self.assertEqual([row["epoch"] for row in rows],
                         [*range(1, JUDGED + 1), *range(1, JUDGED + 3)])
        retried = oracle.read_model(self.out)[1]
        self.train(seed + 1)
        wanted = oracle.read_model(self.out)[1]
        for name, tensor in wanted.items():
            np.testing.assert_array_equal(retried[name], tensor)

    def check_report(self, seed):
        """Its charts are of the last attempt; the dead one has a row."""
        page = self.folder / "report" / "index.html"
        self.succeed("report", self.folder / "checkpoints", "-o", page.parent)
        text = page.read_text(encoding="utf-8")
        section = text.split('<section id="dead-starts">')[1].split("</section>")[0]
        self.assertEqual(section.count("<tr>"), 2)
        self.assertIn(f"<td>1</td><td>{seed}</td><td>{JUDGED}</td><td>0.69", section)
        self.assertIn("conv1 (1 of 1)", section)
        self.assertIn(f"<dd>{JUDGED + 5} of {JUDGED + 5}</dd>", text)
        dead_units = text.split("<figcaption>Dead units")[1].split("</figure>")[0]
        self.assertIn("conv1 <b>0 %</b>", dead_units)
        path = dead_units.split('class="series"')[1].split(' d="')[1].split('"')[0]
        self.assertEqual(path.count("L"), JUDGED + 4)

    def test_a_retry_is_resumed(self):
        seed = self.dead_before_living()
        kept = ["--checkpoint", self.folder / "checkpoints", "--resume"]
        for epochs, dead in ((40, 1), (JUDGED + 1, 0), (JUDGED + 5, 0)):
            _, rows = self.train(seed, *kept, epochs=epochs)
            if epochs == 40:  # not judged yet
                self.assertEqual(len(rows), 40)
            history = (self.folder / "checkpoints" / "history.jsonl").read_text().splitlines()[1:]
            history = [json.loads(line) for line in history]
            self.assertEqual([layer["dead"] for layer in history[-1].pop("layers")], [dead, None])
            self.assertEqual(history[-1], rows[-1])
            self.assertEqual([row["epoch"] for row in history], [row["epoch"] for row in rows])
        self.assertEqual([row["epoch"] for row in rows],
                         [*range(1, JUDGED + 1), *range(1, JUDGED + 6)])
        self.check_report(seed)
        resumed = oracle.read_model(self.out)[1]
        self.train(seed + 1, epochs=JUDGED + 5)
        for name, tensor in oracle.read_model(self.out)[1].items():
            np.testing.assert_array_equal(resumed[name], tensor)

    def test_three_retries_at_most(self):
        """Weights from a model are the same for every seed."""
        tensors = oracle.random_tensors(NET)
        tensors["conv1.bias"] = np.full(1, -100, np.float32)
        dead = self.model(NET, "dead.safetensors", ["a", "b"], tensors=tensors)
        flags = [flag for flag in FLAGS if flag not in ("--prepare", "none")]
        result = self.succeed("train", self.data, "-o", self.out, "--init", dead, *flags,
                              "--epochs", JUDGED, "--metrics", self.metrics, code=7)
        self.assertFalse(self.out.exists())
        self.assertEqual(result.stderr.count("beginning again"), 3)
        rows = [json.loads(line) for line in self.metrics.read_text().splitlines()]
        self.assertEqual([row["seed"] for row in rows if row.get("dead_start")], [0, 1, 2, 3])

    def test_a_living_start_is_left_alone(self):
        result, rows = self.train(self.dead_before_living() + 1, "--on-dead-start", "stop")
        self.assertNotIn("dead", result.stderr)
        self.assertEqual(len(rows), JUDGED + 2)

    def test_divergence_keeps_the_last_good_checkpoint(self):
        """Each step multiplies the weights by minus a thousand, until they are infinite."""
        checkpoints = self.folder / "checkpoints"
        growing = ["--learning-rate", 1e3, "--weight-decay", 1]
        self.out.unlink(missing_ok=True)
        result = self.run_program("train", self.data, "-o", self.out, "--network", self.net,
                                  "--prepare", "none", *growing, "--epochs", 30, "--checkpoint",
                                  checkpoints)
        self.assertEqual(result.returncode, 7, result.stderr)
        self.assertIn("training diverged", result.stderr)
        self.assertIn("--learning-rate", result.stderr)
        self.assertFalse(self.out.exists())
        kept = list(checkpoints.glob("*.safetensors"))
        self.assertTrue(kept)
        for path in kept:
            for tensor in oracle.read_model(path)[1].values():
                self.assertTrue(np.isfinite(tensor).all())


if __name__ == "__main__":
    main()
