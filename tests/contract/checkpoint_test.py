"""Checkpoints: what they hold, what is damaged, what is refused, what may change."""

import json
import struct

from checks import main, np, oracle
from training_runs import HISTORY, TrainingRuns

MASK = 2**64 - 1
PRIMES = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
          2870177450012600261)


def rotate(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def xxh64_round(state, word):
    return rotate((state + word * PRIMES[1]) & MASK, 31) * PRIMES[0] & MASK


def xxh64(data):
    """XXH64 with seed 0, after its specification."""
    place = len(data) // 32 * 32
    value = PRIMES[4]
    if place:
        states = [(PRIMES[0] + PRIMES[1]) & MASK, PRIMES[1], 0, -PRIMES[0] & MASK]
        for words in struct.iter_unpack("<4Q", data[:place]):
            states = [xxh64_round(state, word) for state, word in zip(states, words)]
        value = sum(rotate(state, bits) for state, bits in zip(states, (1, 7, 12, 18))) & MASK
        for state in states:
            value = ((value ^ xxh64_round(0, state)) * PRIMES[0] + PRIMES[3]) & MASK
    value = (value + len(data)) & MASK
    while len(data) - place >= 8:
        word = struct.unpack_from("<Q", data, place)[0]
        value = (rotate(value ^ xxh64_round(0, word), 27) * PRIMES[0] + PRIMES[3]) & MASK
        place += 8
    if len(data) - place >= 4:
        word = struct.unpack_from("<I", data, place)[0]
        value = (rotate(value ^ word * PRIMES[0] & MASK, 23) * PRIMES[1] + PRIMES[2]) & MASK
        place += 4
    for byte in data[place:]:
        value = rotate(value ^ byte * PRIMES[4] & MASK, 11) * PRIMES[0] & MASK
    for shift, prime in ((33, PRIMES[1]), (29, PRIMES[2]), (32, 1)):
        value = (value ^ value >> shift) * prime & MASK
    return f"{value:016x}"


def split(path):
    """A checkpoint's header and the bytes of its tensors."""
    data = path.read_bytes()
    length = struct.unpack_from("<Q", data)[0]
    return json.loads(data[8:8 + length]), data[8 + length:]


class Checkpoints(TrainingRuns):

    def test_a_checkpoint_is_a_model_file_and_says_where_it_stands(self):
        self.succeed(*self.command(2, *self.kept(resume=False)))
        self.assertEqual(self.names(), ["checkpoint-0001-000013.safetensors",
                                        "checkpoint-0002-000013.safetensors"])
        header, body = split(self.newest())
        metadata = header.pop("__metadata__")
        state = json.loads(metadata["allconv.checkpoint"])
        _, weights, net, classes, prepare = oracle.read_model(self.newest())
        _, wanted, *same = oracle.read_model(self.out)
        self.assertEqual([net, classes, prepare], same)
        for name, tensor in wanted.items():
            self.assertEqual(tensor.tobytes(), weights[name].tobytes())
            self.assertEqual(tensor.shape, weights[name + ".velocity"].shape)
            self.assertTrue(weights[name + ".velocity"].any())
        for name, tensor in header.items():
            begin, end = tensor["data_offsets"]
            self.assertEqual(state["tensors"][name], xxh64(body[begin:end]))
        self.assertEqual(len(state["tensors"]), 2 * len(wanted))
        position = state["position"]
        self.assertEqual([position[key] for key in ("epoch", "step", "images")], [2, 13, 100])
        self.assertEqual(position["loss_sum"] / 100, self.figures()[1]["train_loss"])
        self.assertEqual(position["wrong"] / 100, self.figures()[1]["train_error"])
        self.assertEqual(state["run"]["data"]["labels"],
                         xxh64(struct.pack("<100i", *(place % 10 for place in range(100)))))
        self.succeed("evaluate", self.newest(), self.data)

    def test_a_finished_training_is_written_again_or_made_longer(self):
        wanted = self.whole(4)
        self.succeed(*self.command(2, *self.kept(resume=False)))
        two = self.result()
        before = {name: (self.checkpoints / name).read_bytes() for name in self.names()}
        self.out.unlink()
        self.succeed(*self.command(2, *self.kept()))
        self.assertEqual(self.result(), two)
        self.assertEqual({name: (self.checkpoints / name).read_bytes() for name in self.names()},
                         before)
        self.succeed(*self.command(4, *self.kept()))
        self.assertEqual(self.result(), wanted)
        self.refuse(2, *self.command(3, *self.kept()), words=["--epochs", "3", "4"])

    def test_metrics_ahead_or_behind(self):
        wanted = self.whole(4, "--validate", self.data)
        self.succeed(*self.command(2, *self.kept(resume=False)))
        lines = self.metrics.read_text().splitlines(keepends=True)
        # The first two have no validation error; a run that is longer has to keep them.
        kept = self.figures()
        for text in ("".join(lines) + '{"epoch": 3, "train_loss": 9}\n{"epo', "".join(lines)):
            self.metrics.write_text(text)
            self.succeed(*self.command(3, *self.kept("--validate", self.data)))
            self.assertEqual(self.figures(), kept + wanted[1][2:3])
        # A line that is missing is made again, without training.
        self.metrics.write_text("".join(self.metrics.read_text().splitlines(keepends=True)[:2]))
        self.succeed(*self.command(3, *self.kept("--validate", self.data)))
        self.assertEqual(self.figures(), kept + wanted[1][2:3])
        self.metrics.unlink()
        self.succeed(*self.command(4, *self.kept("--validate", self.data)))
        self.assertEqual(self.result(), (wanted[0], wanted[1][2:]))

    def layer_norms(self):
        """Of the newest checkpoint's weights and velocities."""
        tensors = oracle.read_model(self.newest())[1]
        return [[np.linalg.norm(tensors[name].astype(float)) for name in names] for names in
                ((f"conv{number}.weight", f"conv{number}.weight.velocity") for number in (1, 2))]

    def test_the_history_has_what_the_metrics_have_and_the_layers(self):
        # Without momentum and decay the velocity is the last step's gradient.
        plain = ["--momentum", 0, "--weight-decay", 0, "--validate", self.data]
        for epochs in (1, 2):
            self.succeed(*self.command(epochs, *self.kept(*plain)))
            header, rows = self.history()
            self.assertEqual([header[key] for key in ("data", "validate", "epochs", "network")],
                             [str(self.data), str(self.data), epochs, "tiny"])
            layers = [row.pop("layers") for row in rows]
            self.assertEqual(rows, self.figures())
            for layer, norms in zip(layers[-1], self.layer_norms()):
                self.assertAlmostEqual(layer["weight_norm"], norms[0], 9)
                self.assertAlmostEqual(layer["gradient_norm"] / norms[1], 1, 6)
            self.assertEqual([(layer["name"], layer["units"]) for layer in layers[-1]],
                             [("conv1", 12), ("conv2", 10)])
            self.assertTrue(0 <= layers[-1][0]["dead"] <= 12)
            self.assertIsNone(layers[-1][1]["dead"], "no ReLU follows")

    def test_histories_ahead_or_behind(self):
        self.succeed(*self.command(3, *self.kept("--validate", self.data)))
        whole = self.history()
        lines = (self.checkpoints / HISTORY).read_text().splitlines(keepends=True)
        another = '{"data": "elsewhere"}\n'
        for text in ("".join(lines) + '{"epoch": 4, "train_loss": 9}\n{"epo', "".join(lines[:3]),
                     "".join([another, *lines[1:]])):
            (self.checkpoints / HISTORY).write_text(text)
            self.succeed(*self.command(3, *self.kept("--validate", self.data)))
            self.assertEqual(self.history(), whole)
        # Of a folder that had none, what can still be known.
        for text in ("", "nothing"):
            (self.checkpoints / HISTORY).write_text(text)
            self.succeed(*self.command(3, *self.kept("--validate", self.data)))
            self.assertEqual(self.history(), (whole[0], whole[1][2:]))
        self.refuse(2, *self.command(3, "--checkpoint", self.checkpoints, "--resume", "--metrics",
                                     self.checkpoints / HISTORY), words=["--metrics", "history"])

    def test_damaged_ones_are_named_and_passed_over(self):
        wanted = self.whole(3)
        self.succeed(*self.command(2, *self.kept(resume=False)))
        older, newer = (self.checkpoints / name for name in self.names())
        data = newer.read_bytes()
        flipped = bytearray(data)
        flipped[-100] ^= 1  # in the last tensor
        for damaged in (bytes(flipped), data[:-1], b""):
            newer.write_bytes(damaged)
            result = self.succeed(*self.command(3, *self.kept()))
            self.assertEqual(result.stderr.count("warning"), 1, result.stderr)
            self.assertIn(newer.name, result.stderr)
            self.assertIn("epoch 1, 13 of 13 steps done", result.stderr)
            self.assertEqual(self.result(), wanted)
            self.assertEqual(self.names(), [newer.name, "checkpoint-0003-000013.safetensors"])
            (self.checkpoints / self.names()[1]).unlink()
            # Back to where it was.
            self.begin_anew()
            self.succeed(*self.command(2, *self.kept(resume=False)))
        for path in (older, newer):
            path.write_bytes(path.read_bytes()[:2000])
        self.refuse(2, *self.command(3, *self.kept(resume=False)), words=[str(self.checkpoints)])
        result = self.succeed(*self.command(3, *self.kept()))
        self.assertEqual(result.stderr.count("warning"), 2, result.stderr)
        self.assertIn("begins anew", result.stderr)
        self.assertEqual(self.result(), wanted)

    def test_another_training_is_refused(self):
        self.succeed(*self.command(2, *self.kept(resume=False)))
        files = {path: path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}
        for flags, words in (
                (["--batch-size", 9], ["batch_size", "8", "9"]),
                (["--learning-rate", 0.06], ["learning_rate", "0.05", "0.06"]),
                (["--momentum", 0.8], ["momentum", "0.9", "0.8"]),
                (["--weight-decay", 0], ["weight_decay", "0.001"]),
                (["--schedule", "step:2"], ["schedule", "3", "2"]),
                (["--augment", "flip"], ["augment.shift", "1", "0"]),
                (["--augment", "heavy"], ["augment.", "true"]),
                (["--augment", "flip,shift:1,crop:2"], ["augment.crop", "2"]),
                (["--dropout", "0.2,0.4"], ["network", "rate", "0.3", "0.4"]),
                (["--prepare", "none"], ["prepare.mean"]),
                (["--init", self.out], ["init", "he", "model"]),
                (["--seed", 4], ["seed", "3", "4"])):
            with self.subTest(flags):
                self.flags = [*TrainingRuns.flags]
                if flags[0] in self.flags:
                    place = self.flags.index(flags[0])
                    del self.flags[place:place + 2]
                self.refuse(2, *self.command(2, *self.kept(*flags)),
                            words=[str(self.checkpoints), "checkpoint", *words])
        for name, place, field in (("train-images-idx3-ubyte", 99, "data.pixels"),
                                   ("train-labels-idx1-ubyte", 20, "data.labels")):
            path = self.data / name
            changed = bytearray(files[path])
            changed[place] ^= 1
            path.write_bytes(changed)
            self.refuse(2, *self.command(2, *self.kept()), words=[field])
            path.write_bytes(files[path])
        self.assertEqual({path: path.read_bytes() for path in self.folder.rglob("*")
                          if path.is_file()}, files)

    def test_every_augmentation_goes_on_with_the_same_bits(self):
        """Beside dropout, and a rate that changes at each step."""
        others = set()
        for augment in ("heavy", "crop:3", "flip,shift:2,crop:2"):
            with self.subTest(augment):
                self.begin_anew()
                self.flags = ["--batch-size", 8, "--augment", augment, "--schedule", "cosine",
                              "--warm-up", 1, "--seed", 3]
                wanted = self.whole(4, "--threads", 1)
                others.add(wanted[0])
                self.succeed(*self.command(4, *self.kept("--threads", 1, resume=False)))
                self.newest().unlink()  # as if the last epoch had not been
                self.out.unlink()
                result = self.succeed(*self.command(4, *self.kept("--threads", 2)))
                self.assertIn("epoch 3, 13 of 13 steps done", result.stderr)
                self.assertEqual(self.result(), wanted)
                state = json.loads(split(self.newest())[0]["__metadata__"]["allconv.checkpoint"])
                kept = state["run"]["recipe"]["augment"]
                self.assertEqual(kept.get("heavy", False), augment == "heavy")
                self.assertEqual(kept.get("crop", 0), int(dict(
                    part.split(":") for part in augment.split(",") if ":" in part).get("crop", 0)))
                self.flags[3] = "flip"
                self.refuse(2, *self.command(4, *self.kept()), words=["recipe.augment."])
        self.assertEqual(len(others), 3)

    def test_folders(self):
        self.refuse(2, *self.command(1, "--resume"), words=["--resume", "--checkpoint"])
        self.refuse(6, *self.command(1, "--checkpoint", self.checkpoints / "deeper"),
                    words=[str(self.checkpoints)])
        self.assertFalse(self.checkpoints.exists())
        self.refuse(6, *self.command(1, "--checkpoint", self.net), words=[str(self.net)])
        result = self.succeed(*self.command(1, *self.kept()))
        self.assertIn("begins anew", result.stderr)
        self.refuse(2, *self.command(1, *self.kept(resume=False)),
                    words=[str(self.checkpoints), "--resume"])


class OtherKernels(TrainingRuns):
    """The reference kernels, chosen by a tuning file, stand for those of another device."""

    def setUp(self):
        super().setUp()
        self.tuning = self.folder / "tuning.json"
        self.succeed("tune", "--network", self.net, "-o", self.tuning)
        tuning = json.loads(self.tuning.read_text())
        for entry in tuning["entries"]:
            for candidate in entry["candidates"]:
                candidate["milliseconds"] = 2 - ("reference" in candidate["kernel"])
        self.tuning.write_text(json.dumps(tuning))
        self.tuned = ["--tuning-file", self.tuning]

    def test_the_tuning_file_is_kept(self):
        wanted = self.whole(4, *self.tuned)
        self.assertNotEqual(wanted[0], self.whole(4)[0], "the kernels are to differ")
        self.succeed(*self.command(2, *self.kept(*self.tuned, resume=False)))
        for epochs, flags in ((3, self.tuned), (4, [])):
            result = self.succeed(*self.command(epochs, *self.kept(*flags)))
            self.assertNotIn("warning", result.stderr)
        self.assertEqual(self.result(), wanted)

    def expect_change(self, *flags):
        """One warning, and a mark in the line of the first epoch that is resumed."""
        result = self.succeed(*self.command(4, *self.kept(*flags)))
        self.assertEqual(result.stderr.count("warning"), 1, result.stderr)
        self.assertEqual([row.get("device_changed") for row in self.figures()],
                         [None, None, True, None])

    def test_another_tuning_file(self):
        self.succeed(*self.command(2, *self.kept(resume=False)))
        self.expect_change(*self.tuned)

    def test_another_device(self):
        self.succeed(*self.command(2, *self.kept(resume=False)))
        header, body = split(self.newest())
        metadata = header["__metadata__"]
        state = json.loads(metadata["allconv.checkpoint"])
        state["device"] = "another"
        metadata["allconv.checkpoint"] = json.dumps(state)
        sealed = [metadata["allconv." + key]
                  for key in ("checkpoint", "tuning", "network", "classes", "prepare")]
        metadata["allconv.seal"] = xxh64("\n".join(sealed).encode())
        text = json.dumps(header).encode()
        self.newest().write_bytes(struct.pack("<Q", len(text)) + text + body)
        self.expect_change()
        self.assertIn("another", metadata["allconv.checkpoint"])


if __name__ == "__main__":
    main()
