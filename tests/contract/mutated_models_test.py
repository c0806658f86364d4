"""Three hundred mutated model files: a model that works, or exit 3 and one sentence."""

import copy
import json
import random
import struct

import damage
import oracle
from checks import CLASSES, TINY, Check, leaky, main, network, conv, pool, save, AVERAGE, SOFTMAX

COUNT = 300
SECONDS = 10  # of one run, against hangs

VARIED = network(conv("conv1", 4), leaky(0.333), pool((3, 3), (2, 2), (0, 0, 1, 1)),
                 conv("conv2", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX)
VALUES = [0, 1, -1, 2, 3, 255, 65535, 65536, 2**31 - 1, 2**31, 2**53, 2**63, 2**64, -2**63, 0.5,
          1e-320, 1e308, -0.0, None, True, "", "conv1", "\u0000\x1b[2J\n", [], {}, [[]], [1, 1]]


def places(value, path=()):
    """The paths of all values within a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) \
        if isinstance(value, list) else ()
    for key, child in items:
        yield from places(child, path + (key,))


def with_one_change(value, noise):
    """A JSON value with one of its parts replaced, left out or repeated."""
    value = copy.deepcopy(value)
    path = noise.choice(list(places(value))[1:])
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    choice = noise.randrange(4)
    if choice == 0:
        del parent[path[-1]]
    elif choice == 1 and isinstance(parent, list):
        parent[path[-1]:path[-1]] = [copy.deepcopy(parent[path[-1]])] * noise.choice((1, 5, 1000))
    else:
        parent[path[-1]] = noise.choice(VALUES)
    return value


def mutated_model(net, noise):
    """The bytes of a model with a change in its metadata, its header or anywhere."""
    parts = {"allconv.network": net, "allconv.classes": CLASSES,
             "allconv.prepare": oracle.plain_prepare(net)}
    tensors = oracle.random_tensors(net)
    kind = noise.randrange(3)
    if kind == 0:
        key = noise.choice(list(parts))
        parts[key] = with_one_change(parts[key], noise)
    data = oracle.model_bytes(tensors, None, None, None, parts)
    if kind == 1:
        size = struct.unpack("<Q", data[:8])[0]
        header = with_one_change(json.loads(data[8:8 + size]), noise)
        text = json.dumps(header).encode()
        data = struct.pack("<Q", len(text)) + text + data[8 + size:]
    return damage.damaged(data, noise) if kind == 2 else data


class MutatedModels(Check):

    def check_sentence(self, text, path):
        sentence = text.splitlines()[-1]
        self.assertTrue(sentence.startswith(f"allconv: {path}"), text)
        self.assertTrue(sentence.isprintable() and "; " in sentence, text)

    def test_commands_that_read_models(self):
        noise = random.Random(9)
        image, out = save(self.folder / "image.png", 1), self.folder / "out.jsonl"
        valid = 0
        for number in range(COUNT):
            path = self.folder / "mutated.safetensors"
            path.write_bytes(mutated_model((TINY, VARIED)[number % 2], noise))
            with self.subTest(number=number):
                code, text = self.guarded("inspect", path, seconds=SECONDS)
                self.assertIn(code, (0, 3), text)
                if code == 3:
                    self.check_sentence(text, path)
                scored, text = self.guarded("score", path, image, "-o", out, "--overwrite",
                                            seconds=SECONDS)
                # A weight may have become so large that the logits are not finite.
                self.assertIn(scored, (3,) if code == 3 else (0, 4), text)
                valid += code == 0
        self.assertTrue(0 < valid < COUNT // 2, valid)

    def test_a_small_file_that_wants_more_memory_than_there_is(self):
        net = network(conv("conv1", 3, (1, 1), padding=(0,) * 4), AVERAGE, SOFTMAX,
                      size=(26_000, 26_000))
        image = save(self.folder / "image.png", 1)
        code, text = self.guarded("score", self.model(net), image, "-o", self.folder / "o.jsonl",
                                  "--batch-size", 65_536, seconds=6 * SECONDS)
        self.assertEqual(code, 5, text)
        self.assertIn("memory", text.splitlines()[-1])


if __name__ == "__main__":
    main()
