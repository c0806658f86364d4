"""Which images each command takes: splits, class folders, IDX and CIFAR sets."""

import json
import struct

from checks import CLASSES, TINY, Check, main, oracle, picture, save


class Splits(Check):

    def class_folders(self, *parts, classes=CLASSES):
        """A data folder; part P has P's place + 1 images a class."""
        root = self.folder / ("-".join(parts) or "plain")
        for count, part in enumerate(parts or [""], 1):
            for name in classes:
                for number in range(count):
                    save(root / part / name / f"{number}.png", number)
        return root

    def evaluated(self, data, *flags):
        """How many images `evaluate` saw."""
        result = self.succeed("evaluate", self.model(), data, "--results-format", "json", *flags)
        return json.loads(result.stdout)["images"]

    def test_defaults_of_the_commands(self):
        root = self.class_folders("train", "test")
        self.assertEqual(self.evaluated(root), 6)
        self.assertEqual(self.evaluated(root, "--split", "train"), 3)
        self.assertEqual(self.evaluated(root, "--split", "all"), 9)
        self.assertEqual(len(self.rows(self.model(), root)), 9)
        self.assertEqual(len(self.rows(self.model(), root, flags=["--split", "test"])), 6)
        result = self.succeed("train", root, "-o", self.folder / "m", "--epochs", 1, "--network",
                              self.network_file(TINY))
        self.assertIn("3 images", result.stderr)

    def test_val_serves_as_test_only_where_there_is_none(self):
        self.assertEqual(self.evaluated(self.class_folders("train", "val")), 6)
        self.assertEqual(self.evaluated(self.class_folders("train", "test", "val")), 6)

    def test_data_without_splits_are_all_of_each(self):
        root = self.class_folders()
        for split in ("train", "test", "all"):
            self.assertEqual(self.evaluated(root, "--split", split), 3)
            self.assertEqual(len(self.rows(self.model(), root, flags=["--split", split])), 3)

    def test_cifar_without_a_test_file(self):
        root = self.folder / "cifar"
        root.mkdir()
        record = bytes([1]) + picture(1, 32, 32).transpose(2, 0, 1).tobytes()
        (root / "data_batch_4.bin").write_bytes(record * 2)
        self.refuse(2, "evaluate", self.model(), root, words=["test"])
        self.refuse(2, "score", self.model(), root, "-o", self.folder / "o", "--split", "test")
        self.assertEqual(len(self.rows(self.model(), root)), 2)

    def test_labels_the_model_does_not_know(self):
        root = self.class_folders(classes=["blue", "pink"])
        self.refuse(2, "evaluate", self.model(), root, words=["pink"])
        self.refuse(2, "train", self.class_folders("train", "test"), "-o", self.folder / "m",
                    "--validate", root, "--epochs", 1, words=["pink"])
        self.assertFalse((self.folder / "m").exists())
        self.assertEqual(len(self.rows(self.model(), root)), 2)

    def test_fewer_labels_than_the_model_knows(self):
        self.assertEqual(self.evaluated(self.class_folders(classes=["red", "blue"])), 2)

    def test_training_refuses(self):
        out = self.folder / "m"
        flat = save(self.folder / "flat" / "a.png", 1).parent
        self.refuse(2, "train", flat, "-o", out)
        self.refuse(2, "train", self.class_folders(classes=["one"]), "-o", out)
        mixed = self.class_folders()
        save(mixed / "stray.png", 1)
        self.refuse(2, "train", mixed, "-o", out)
        empty = self.folder / "empty"
        empty.mkdir()
        self.refuse(2, "train", empty, "-o", out)
        self.refuse(6, "train", self.folder / "absent", "-o", out, words=["absent"])
        self.assertFalse(out.exists())

    def test_idx_labels_and_class_names(self):
        root = self.folder / "idx"
        root.mkdir()
        for part, count in (("train", 4), ("t10k", 2)):
            images = b"".join(picture(seed)[:, :, 0].tobytes() for seed in range(count))
            (root / f"{part}-images-idx3-ubyte").write_bytes(
                struct.pack(">4I", 0x803, count, 8, 8) + images)
            (root / f"{part}-labels-idx1-ubyte").write_bytes(
                struct.pack(">2I", 0x801, count) + bytes(range(count)))
        layers = [{**layer, "filters": 10} if layer.get("name") == "conv2" else layer
                  for layer in TINY["layers"]]
        out = self.folder / "m"
        result = self.succeed("train", root, "-o", out, "--epochs", 1, "--network",
                              self.network_file({**TINY, "layers": layers}))
        self.assertIn("4 images", result.stderr)
        self.assertEqual(oracle.read_model(out)[3], list("0123456789"))


if __name__ == "__main__":
    main()
