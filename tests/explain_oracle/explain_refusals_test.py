"""What `explain` and `patches` cannot mean is refused: exit code, one sentence, nothing written."""

from explain_checks import AVERAGE, SOFTMAX, TINY, ExplainCheck, Unit, conv, main, network

# TINY: conv1 has 8 channels of 8x8, conv2 has 3; classes 0, 1 and 2.
WRONG_UNITS = [
    ("--layer conv9 --unit 0", ["conv9", "conv1", "conv2"]),
    ("--layer relu --unit 0", ["conv1", "conv2"]),
    ("--layer conv1 --unit 8", ["7"]), ("--layer conv1 --unit -1", ["-1"]),
    ("--layer conv2 --unit 3", ["2"]), ("--layer conv1 --unit 99999999999999999999", ["--unit"]),
    ("--layer conv1 --unit 0,8,0", ["7"]), ("--layer conv1 --unit 0,0,8", ["7"]),
    ("--layer conv1 --unit 0,-1,0", ["-1"]), ("--layer conv1 --unit 0,1", ["--unit"]),
    ("--layer conv1 --unit 0,1,2,3", ["--unit"]), ("--layer conv1 --unit x", ["--unit"]),
    ("--layer conv1 --unit 1.5", ["--unit"]), ("--layer conv1 --unit 0,,1", ["--unit"]),
    ("--layer conv1 --unit 0 --class 1", ["--class"]), ("--layer conv1 --class 1", ["--class"]),
    ("--unit 0", ["--layer"]), ("--unit 0 --class 0", ["--unit"]),
    ("--class 3", ["3"]), ("--class -1", ["-1"]), ("--class frog", ["frog"]),
    ("--class 1x", ["1x"]), ("--method spin", ["spin", "gradient", "deconvnet", "guided"]),
    ("--method gradient,", ["--method"]), ("--method guided,guided", ["guided"]),
    ("--frobnicate", ["--frobnicate"])]


class Refusals(ExplainCheck):

    def setUp(self):
        super().setUp()
        self.pictures = self.images(2, (8, 8))
        self.path, self.forward = self.separated(TINY, self.pictures)
        self.out = self.folder / "out"

    def test_units_classes_and_methods(self):
        for flags, words in WRONG_UNITS:
            with self.subTest(flags):
                self.refuse(2, "explain", self.path, self.pictures[0], "-o", self.out,
                            *flags.split(), words=words)
                self.assertFalse(self.out.exists())

    def test_empty_names(self):
        """As an unset variable of a shell leaves them: never taken as if they were not there."""
        for flags in (["--class", ""], ["--layer", ""], ["--layer", "", "--unit", 0],
                      ["--layer", "conv1", "--unit", ""], ["--save-tensors", ""]):
            with self.subTest(flags):
                self.refuse(2, "explain", self.path, self.pictures[0], "-o", self.out, *flags,
                            words=[flags[flags.index("") - 1]])

    def test_a_network_without_relu(self):
        """All methods would be the gradient, which alone is not refused."""
        net = network(conv("conv1", 4), conv("conv2", 3), AVERAGE, SOFTMAX)
        path, forward = self.separated(net, self.pictures)
        for flags in ("", "--method deconvnet", "--method gradient,guided"):
            with self.subTest(flags):
                self.refuse(2, "explain", path, *self.pictures, "-o", self.out, *flags.split(),
                            words=["ReLU", "gradient"])
                self.assertFalse(self.out.exists())
        for unit in (Unit(), Unit(layer="conv1", channel=2)):
            self.compare(path, forward, self.pictures, unit, methods=("gradient",))

    def test_arguments_that_lack(self):
        self.refuse(2, "explain", words=["MODEL"])
        self.refuse(2, "explain", self.path, "-o", self.out, words=["IMAGE"])
        self.refuse(2, "explain", self.path, self.pictures[0], words=["-o"])
        self.refuse(2, "patches", self.path, "-o", self.out, "--layer", "conv1", words=["DATA"])
        self.refuse(2, "patches", self.path, self.folder, "-o", self.out, words=["--layer"])

    def test_files_that_cannot_be_read(self):
        self.refuse(6, "explain", "/no/model", self.pictures[0], "-o", self.out,
                    words=["/no/model"])
        self.refuse(6, "patches", self.path, "/no/data", "-o", self.out, "--layer", "conv1",
                    words=["/no/data"])
        self.refuse(3, "explain", self.pictures[0], self.pictures[1], "-o", self.out,
                    words=[str(self.pictures[0])])

    def test_outputs_that_cannot_be_written(self):
        """Below a file there is no folder, whoever asks."""
        file, before = self.pictures[1], self.pictures[1].read_bytes()
        for out in (file / "out", file):
            self.refuse(6, "explain", self.path, self.pictures[0], "-o", out, words=[str(file)])
            self.refuse(6, "patches", self.path, self.pictures[0], "-o", out, "--layer", "conv1",
                        words=[str(file)])
        for tensors in (file / "maps.safetensors", self.folder):
            self.refuse(6, "explain", self.path, self.pictures[0], "-o", self.out,
                        "--save-tensors", tensors, words=[str(tensors.parent)])
            self.assertFalse(self.out.exists())
        self.assertEqual(file.read_bytes(), before)

    def test_tensors_replace_nothing_that_is_read(self):
        before = self.pictures[0].read_bytes()
        for tensors in (self.path, self.pictures[0]):
            self.refuse(2, "explain", self.path, self.pictures[0].parent, "-o", self.out,
                        "--save-tensors", tensors, words=[str(tensors), "--save-tensors"])
        self.assertEqual(self.pictures[0].read_bytes(), before)
        self.assertFalse(self.out.exists())

    def test_patches(self):
        for flags, words in (("--layer conv9", ["conv9", "conv1", "conv2"]),
                             ("--layer conv1 --top-k 0", ["--top-k"]),
                             ("--layer conv1 --top-k -3", ["--top-k"]),
                             ("--layer conv1 --top-k x", ["--top-k"]),
                             ("--layer conv1 --filters 5-3", ["--filters", "from 0 to"]),
                             ("--layer conv1 --filters 0-99", ["--filters", "from 0 to"]),
                             ("--layer conv1 --filters 0-", ["--filters"]),
                             ("--layer conv1 --filters x", ["--filters"])):
            with self.subTest(flags):
                self.refuse(2, "patches", self.path, self.pictures[0], "-o", self.out,
                            *flags.split(), words=words)
                self.assertFalse(self.out.exists())

    def test_all_images_fail(self):
        """What failed is named; there is no map of it."""
        self.pictures[0].write_bytes(b"no picture")
        tensors, metadata, said = self.explain(self.path, self.pictures[0], code=4)
        self.assertEqual(metadata["allconv.images"], "[]")
        self.assertEqual({tensor.shape for tensor in tensors.values()}, {(0, 3, 8, 8)})
        self.assertIn(str(self.pictures[0]), said)


if __name__ == "__main__":
    main()
