"""A thousand corrupt images of many kinds: a row each, and no other row is touched by them."""

import json
import random

import damage
from checks import Check, main, save

COUNT = 1000
SOUND_EVERY = 25  # a sound image among so many others
SECONDS = 60      # against hangs: some of the images take a second to be refused


def corrupt_images():
    """[(suffix, bytes)] of COUNT images."""
    noise = random.Random(4)
    sound = damage.sound_images()
    images = damage.bombs() + [("png", b""), ("jpg", b"\xff\xd8"), ("png", b"\x89PNG"),
                               ("png", sound[6][1]), ("jpg", sound[0][1]), ("bmp", b"BM")]
    while len(images) < COUNT:
        suffix, data = sound[len(images) % len(sound)]
        if noise.random() < 0.1:
            data = data[:8] + noise.choice(sound)[1][8:]
        images.append((suffix, damage.damaged(data, noise)))
    return images


class CorruptImages(Check):

    def check_row(self, row, path):
        self.assertEqual(row["path"], str(path))
        if "error" in row:
            self.assertNotIn("top", row)
            self.assertEqual(row["error"]["stage"], "decode")
            message = row["error"]["message"]
            self.assertTrue(message and message.isprintable(), message)
        else:
            self.assertTrue(0 < row["top"][0]["probability"] <= 1, row)

    def test_every_image_has_its_row(self):
        folder = self.folder / "images"
        folder.mkdir()
        paths, sound = [], {}
        for number, (suffix, data) in enumerate(corrupt_images()):
            paths.append(folder / f"{number:04}.{suffix}")
            paths[-1].write_bytes(data)
            if number % SOUND_EVERY == 0:
                paths.append(save(folder / f"{number:04}_sound.png", number))
                sound[len(paths) - 1] = paths[-1]

        model, out = self.model(), self.folder / "out.jsonl"
        code, text = self.guarded("score", model, folder, "-o", out, "--logits", seconds=SECONDS)
        self.assertEqual(code, 4, text[-2000:])
        lines = out.read_text("utf-8").splitlines()
        self.assertEqual(len(lines), len(paths))
        for path, line in zip(paths, lines):
            self.check_row(json.loads(line), path)
        failed = sum('"error"' in line for line in lines)
        self.assertGreater(failed, COUNT // 2)

        alone = self.rows(model, *sound.values(), flags=["--logits"], out="alone.jsonl")
        self.assertEqual([json.loads(lines[place]) for place in sound], alone)


if __name__ == "__main__":
    main()
