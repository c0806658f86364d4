"""`patches` against NumPy: which images, where, how strong, and what of the input a unit sees."""

import json
import shutil
import tarfile

from explain_checks import (AVERAGE, EXACT, RELU, SOFTMAX, TINY, TOLERANCE, ExplainCheck, Forward,
                            Image, conv, dropout, leaky, main, narrow, network, np, pool)
from numpy_explain import strongest_patches

# Units that see beyond all four sides, unevenly; a layer without ReLU and one with a leak.
UNEVEN = network(
    conv("conv1", 9, (5, 3), (2, 1), (0, 1, 1, 0)), leaky(0.5), dropout(0.1),
    pool((3, 2), (2, 2), (1, 0, 1, 1)), conv("conv2", 10, padding=(2, 0, 1, 2)), RELU,
    conv("conv3", 6, (2, 3), (1, 2), (0, 1, 1, 0)), conv("conv4", 4, (1, 1), padding=(0,) * 4),
    RELU, AVERAGE, SOFTMAX, size=(21, 18))


class Patches(ExplainCheck):

    def data(self, count, size, levels=4):
        """Pictures in the order of their names; some are the same, some of one colour."""
        images = self.images(count, size, levels)
        for copy, original in ((5, 2), (7, 2), (count - 1, 0)):
            shutil.copyfile(images[original], images[copy])
        for flat in (4, 8):
            Image.new("RGB", size[::-1], (levels - 1, flat % levels, 1)).save(images[flat])
        return self.in_folder(images)

    def in_folder(self, images):
        """Nothing else is there."""
        folder = self.folder / "data"
        folder.mkdir()
        return [image.rename(folder / image.name) for image in images]

    def patches(self, model, data, layer, *flags, code=0):
        """What patches.json holds, and what was said."""
        result = self.succeed("patches", model, data, "-o", self.folder / "out", "--layer", layer,
                              *flags, code=code)
        return json.loads((self.folder / "out" / "patches.json").read_text("utf-8")), result.stderr

    def compare(self, found, forward, images, count=10, indices=None):
        """All that the file says, against all units of all images, which are paths as given."""
        layer = found["layer"]
        wanted = strongest_patches(forward, layer, count)
        self.assertEqual([entry["filter"] for entry in found["filters"]], list(range(len(wanted))))
        for entry, patches in zip(found["filters"], wanted):
            self.assertEqual(len(entry["patches"]), len(patches))
            for mine, (image, value, row, column) in zip(entry["patches"], patches):
                where = (layer, entry["filter"], image)
                self.assertEqual(mine["path"], str(images[image]), where)
                self.assertEqual(mine["index"], indices[image] if indices else image, where)
                self.assertEqual((mine["row"], mine["column"]), (row, column), where)
                scale = max(abs(patches[0][1]), abs(value))
                self.assertLessEqual(abs(mine["value"] - value), TOLERANCE * scale, where)
                self.assertEqual(mine["receptive_field"],
                                 forward.receptive_field(layer, row, column), where)

    def test_ties(self):
        """Of equal positions the first wins, of equal images the one of the lowest index."""
        images = self.data(13, UNEVEN["input"][1:])
        path, forward = self.exact(UNEVEN, images)
        self.assertTrue(any(self.has_ties(forward, name) for name in ("conv2", "conv4")))
        for name in forward.model.convolutions():
            found, _ = self.patches(path, images[0].parent, name, *EXACT)
            self.compare(found, forward, images)

    def test_some_filters(self):
        """Those that are shown, and the same patches as among all."""
        images = self.data(9, UNEVEN["input"][1:])
        path, _ = self.exact(UNEVEN, images)
        everything, _ = self.patches(path, images[0].parent, "conv3", *EXACT)
        for flag, first, last in (("2-4", 2, 4), ("0-5", 0, 5), ("3", 3, 3)):
            found, _ = self.patches(path, images[0].parent, "conv3", "--filters", flag, *EXACT)
            self.assertEqual(found["filters"], everything["filters"][first:last + 1])
            self.assertEqual(found["pictures"], [f"conv3-filters-{first}-{last}.png"])
            with Image.open(self.folder / "out" / found["pictures"][0]) as picture:
                picture.load()

    @staticmethod
    def has_ties(forward, name):
        return any(len(set(value for _, value, _, _ in patches)) < len(patches)
                   for patches in strongest_patches(forward, name, 10))

    def test_networks_of_the_paper(self):
        for name in ("all-cnn-c", "model-b"):
            net = narrow(json.loads(self.succeed("networks", name).stdout))
            images = self.images(8, (32, 32))[::-1]
            listed, names = self.folder / "list.txt", [image.name for image in images]
            listed.write_text("\n".join(names))
            path, forward = self.separated(net, images)
            for layer in ("conv1", forward.model.convolutions()[-3]):
                found, _ = self.patches(path, listed, layer, "--top-k", 5)
                self.compare(found, forward, names, 5)

    def test_a_convolution_behind_the_average(self):
        """Its units see the whole image."""
        net = network(conv("conv1", 8, padding=(0,) * 4), RELU, AVERAGE,
                      conv("conv2", 5, padding=(1,) * 4), RELU,
                      conv("conv3", 3, (1, 1), padding=(0,) * 4), SOFTMAX, size=(10, 9))
        images = self.in_folder(self.images(12, (10, 9)))
        path, forward = self.separated(net, images)
        for layer in ("conv2", "conv3"):
            found, _ = self.patches(path, images[0].parent, layer)
            self.compare(found, forward, images)
            self.assertEqual(found["filters"][0]["patches"][0]["receptive_field"], [0, 0, 10, 9])

    def test_how_many(self):
        images = self.data(13, (8, 8))
        path, forward = self.exact(TINY, images)
        for count in (1, 13, 1000):
            found, _ = self.patches(path, images[0].parent, "conv1", "--top-k", count, *EXACT)
            self.compare(found, forward, images, count)

    def test_a_filter_that_is_zero_everywhere(self):
        """All images are equal to it: the first ones, at the first position."""
        images = self.data(13, (8, 8))
        _, forward = self.exact(TINY, images)
        model = forward.model
        model.tensors["conv1.bias"][5] = -1e3
        path = self.write(TINY, model.tensors, model.prepare)
        found, _ = self.patches(path, images[0].parent, "conv1", *EXACT)
        self.compare(found, Forward(model, forward.maps[0]), images)

    def test_broken_images_are_left_out(self):
        images = self.data(13, (8, 8))
        images[1].write_bytes(images[1].read_bytes()[:80])
        images[6].write_bytes(b"no picture")
        whole = [image for place, image in enumerate(images) if place not in (1, 6)]
        path, forward = self.exact(TINY, whole)
        found, said = self.patches(path, images[0].parent, "conv1", *EXACT, code=4)
        self.compare(found, forward, whole, indices=[images.index(image) for image in whole])
        for name in ("image01.png", "image06.png"):
            self.assertIn(name, said)

    def test_an_archive(self):
        """It is searched from front to back; the patches are cut out in another order."""
        images = self.data(13, (8, 8))
        path, forward = self.exact(TINY, images)
        packed = self.folder / "set.tar.gz"
        with tarfile.open(packed, "w:gz") as archive:
            for image in images:
                archive.add(image, image.name)
        found, _ = self.patches(path, packed, "conv1", *EXACT)
        self.compare(found, forward, [f"{packed}:{image.name}" for image in images])

    def test_units_that_are_not_finite(self):
        """Such an image fails as it does in `score`; it is not left out without a word."""
        images = self.data(13, (8, 8))
        Image.new("RGB", (8, 8)).save(images[3])
        _, forward = self.exact(TINY, images)
        model = forward.model
        model.tensors["conv1.weight"][:] = 3e38
        path = self.write(TINY, model.tensors, model.prepare)
        found, said = self.patches(path, images[0].parent, "conv1", *EXACT, code=4)
        self.assertEqual([patch["index"] for patch in found["filters"][0]["patches"]], [3])
        self.assertIn("image00.png", said)

    def test_threads_change_nothing(self):
        images = self.data(13, (8, 8), levels=256)
        path, _ = self.separated(TINY, images)
        one, two = (self.patches(path, images[0].parent, "conv1", "--device", "cpu", "--threads",
                                 threads)[0] for threads in (1, 2))
        self.assertEqual(one, two)

    def test_pixels_outside_the_field_do_not_matter(self):
        images = self.data(13, UNEVEN["input"][1:])
        path, forward = self.exact(UNEVEN, images)
        found, _ = self.patches(path, images[0].parent, "conv3", *EXACT)
        for entry in found["filters"]:
            patch = entry["patches"][3]
            top, left, height, width = patch["receptive_field"]
            values = np.full_like(forward.maps[0][:1], 1e3)
            window = np.s_[..., max(top, 0):top + height, max(left, 0):left + width]
            values[window] = forward.maps[0][patch["index"]][window]
            unit = Forward(forward.model, values).output("conv3")[
                0, entry["filter"], patch["row"], patch["column"]]
            self.assertAlmostEqual(unit, patch["value"], 6)


if __name__ == "__main__":
    main()
