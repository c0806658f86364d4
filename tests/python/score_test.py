"""Scores: equal to NumPy's and the program's, whatever the layout, the library and the threads."""

import ctypes
import pickle
import threading
import time
import unittest
import warnings

import numpy as np

from checks import (CLASSES, SHIPPED, Check, allconv, main, pixels, reference_logits, rows_of,
                    softmax, tiny)

TOLERANCE = 2e-6


class ScoreTest(Check):
    def test_reference(self):
        model, images = tiny(), pixels(5)
        logits = reference_logits(model, images)
        scores = model.score(images)
        self.assertEqual((scores.shape, scores.dtype), ((5, 3), np.float32))
        np.testing.assert_allclose(scores, softmax(logits), atol=TOLERANCE)
        np.testing.assert_allclose(model.score(images, logits=True), logits, rtol=1e-4, atol=1e-5)

    def test_program(self):
        paths = [self.picture(f"{seed}.png", seed, 32) for seed in range(5)]
        out = self.folder / "out.jsonl"
        self.program("score", SHIPPED, *paths, "-o", out, "--top-k", "10", "--device", "cpu")
        model = allconv.load(SHIPPED)
        scores = model.score(paths, device="cpu")
        for row, probabilities in zip(rows_of(out), scores):
            wanted = np.empty(10, np.float32)
            for entry in row["top"]:
                wanted[entry["index"]] = entry["probability"]
                self.assertEqual(entry["class"], model.classes[entry["index"]])
            np.testing.assert_allclose(probabilities, wanted, rtol=1e-5, atol=1e-8)

    def test_layouts_and_strides(self):
        model, images = tiny(), pixels(7)
        wanted = model.score(images)
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        wide = np.zeros((14, 9, 8, 5), np.uint8)
        wide[::2, 1:, :, 1:4] = images
        flipped = np.ascontiguousarray(images[::-1, :, ::-1])
        for same in (planes, images.transpose(0, 3, 1, 2), planes.transpose(0, 2, 3, 1),
                     wide[::2, 1:, :, 1:4], flipped[::-1, :, ::-1], np.asfortranarray(images)):
            np.testing.assert_array_equal(model.score(same), wanted)
        np.testing.assert_array_equal(model.score(images[3])[0], wanted[3])
        np.testing.assert_array_equal(model.score(planes[3]), wanted[3:4])
        read_only = images.copy()
        read_only.flags.writeable = False
        np.testing.assert_array_equal(model.score(read_only), wanted)

    def test_floats_are_the_networks_input(self):
        model, images = tiny(), pixels(3)
        np.testing.assert_allclose(model.score(images.astype(np.float32) / 255),
                                   model.score(images), atol=TOLERANCE)

    def test_shapes_that_can_be_read_twice(self):
        image = pixels(1, size=3)
        with self.raises(allconv.UsageError, "(1,3,3,3)", "layout='NHWC'"):
            tiny().score(image)
        last = tiny().score(image, layout="NHWC")
        first = tiny().score(np.ascontiguousarray(image.transpose(0, 3, 1, 2)), layout="NCHW")
        np.testing.assert_array_equal(last, first)

    def test_batches_and_threads_change_no_bit(self):
        model, images = tiny(), pixels(67)
        wanted = model.score(images)
        for options in ({"batch_size": 1}, {"batch_size": 5}, {"threads": 1},
                        {"batch_size": 100, "threads": 3}):
            np.testing.assert_array_equal(model.score(images, **options), wanted, str(options))
        self.assertEqual(model.score(images[:0]).shape, (0, 3))

    def test_images_of_other_sizes_are_resized(self):
        paths = [self.picture(f"{seed}.png", seed, 20) for seed in range(3)]
        model = tiny()
        images = np.stack([pixels(1, seed, 20)[0] for seed in range(3)])
        np.testing.assert_array_equal(model.score(images), model.score(paths))


class DlpackTest(Check):
    class Foreign:
        """An array of another library: nothing but DLPack."""

        def __init__(self, array):
            self.array, self.asked = array, 0

        def __dlpack__(self, **options):
            self.asked += 1
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    def test_in_and_out(self):
        model, images = tiny(), pixels(4)
        foreign = self.Foreign(images)
        scores = model.score(foreign)
        np.testing.assert_array_equal(scores, model.score(images))
        self.assertEqual(foreign.asked, 1)
        self.assertTrue(scores.flags.owndata and scores.flags.writeable)
        self.assertEqual(np.from_dlpack(scores).ctypes.data, scores.ctypes.data)

    def test_arrays_of_a_gpu_stay_there(self):
        """Told by the capsule alone: nothing is read."""

        class OnGpu(self.Foreign):
            def __dlpack__(self, **_):
                capsule = self.array.__dlpack__()
                get = ctypes.pythonapi.PyCapsule_GetPointer
                get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
                device = ctypes.c_int32.from_address(get(capsule, b"dltensor") + 8)
                device.value = 2  # kDLCUDA; its number follows
                return capsule

        view = allconv._core.View(OnGpu(pixels(2)), "")
        self.assertEqual((view.count, view.gpu), (2, 0))
        self.assertEqual(allconv._core.View(pixels(2), "").gpu, -1)
        with self.raises(allconv.UsageError, "cuda:0", "'cpu'"):
            tiny().score(OnGpu(pixels(2)), device="cpu")

    def test_nothing_is_copied(self):
        """A view sees what its array becomes: the memory is one."""
        images = pixels(2)
        view = allconv._core.View(images, "")
        session = allconv.Session(tiny())
        before, after = np.empty((2, 3), np.float32), np.empty((2, 3), np.float32)
        session._native.score(view, before, None)
        images[:] = pixels(2, seed=9)
        session._native.score(view, after, None)
        np.testing.assert_array_equal(after, tiny().score(images))
        self.assertFalse((before == after).all())

    def test_torch(self):
        try:
            import torch
        except ImportError:
            self.skipTest("no PyTorch here")
        model, images = tiny(), pixels(4)
        tensor = torch.from_numpy(images)
        np.testing.assert_array_equal(model.score(tensor.permute(0, 3, 1, 2)), model.score(images))
        scores = model.score(tensor)
        self.assertEqual(torch.from_dlpack(scores).data_ptr(), scores.ctypes.data)
        floats = (tensor / 255.0).permute(0, 3, 1, 2).requires_grad_()
        np.testing.assert_array_equal(model.score(floats), model.score(floats.detach().numpy()))


class PathsTest(Check):
    def test_failed_images_are_rows_of_nan(self):
        paths = [self.picture("a.png", 1), self.broken("b.png"), self.folder / "missing.png",
                 self.picture("d.png", 2)]
        model = tiny()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            scores = model.score(paths)
        self.assertEqual([each.category for each in told], [allconv.ImageWarning] * 2)
        self.assertEqual({each.filename for each in told}, {__file__})
        for each, name in zip(told, ("b.png: ", "missing.png: ")):
            self.assertIn(name, str(each.message))
        self.assertTrue(np.isnan(scores[1:3]).all())
        np.testing.assert_array_equal(
            scores[[0, 3]], model.score(np.stack([pixels(1, 1)[0], pixels(1, 2)[0]])))
        with self.raises(allconv.InputOutputError, "b.png"):
            model.score(paths, errors="raise")

    def test_folder_and_one_path(self):
        paths = [self.picture(f"photos/{name}.png", seed) for seed, name in enumerate("bac")]
        model = tiny()
        scores = model.score(self.folder / "photos")
        images = allconv.ImageSet(self.folder / "photos", model)
        self.assertEqual(images.paths, sorted(map(str, paths)))
        self.assertEqual((len(images), images.classes), (3, []))
        np.testing.assert_array_equal(images.labels, [-1] * 3)
        np.testing.assert_array_equal(images.read(1).pixels[0], pixels(1, 0)[0])
        np.testing.assert_array_equal(model.score(images), scores)
        np.testing.assert_array_equal(model.score(str(paths[1])), scores[:1])

    def test_a_large_folder_is_read_in_parts(self):
        images = pixels(600)
        for number, image in enumerate(images):
            (self.folder / f"{number:03}.ppm").write_bytes(b"P6\n8 8\n255\n" + image.tobytes())
        self.broken("300.ppm")
        model = tiny()
        with self.assertWarnsRegex(allconv.ImageWarning, "300.ppm"):
            scores = model.score(self.folder)
        wanted = model.score(images)
        wanted[300] = np.nan
        np.testing.assert_array_equal(scores, wanted)
        with self.raises(allconv.InputOutputError, "300.ppm"):
            model.score(self.folder, errors="raise")

    def test_names_that_are_not_text(self):
        path = self.picture("a.png", 5)
        strange = self.folder / "tab\there \udcff.png"
        path.rename(strange)
        np.testing.assert_array_equal(tiny().score([strange]), tiny().score(pixels(1, 5)))
        with self.raises(allconv.UsageError, "zero byte"):
            tiny().score(["a\0b.png"])

    def test_labelled_set(self):
        for seed, name in enumerate(("train/red/a", "train/blue/b", "test/red/c")):
            self.picture(f"{name}.png", seed)
        images = allconv.ImageSet(self.folder, tiny(), "train", labelled=True)
        self.assertEqual((images.classes, images.labels.tolist()), (["blue", "red"], [0, 1]))
        self.assertEqual(len(allconv.ImageSet(self.folder, tiny(), "test")), 1)
        with self.raises(allconv.UsageError, "the set has 2"):
            images.read(1, 2)
        with self.raises(allconv.UsageError, "'train', 'test'"):
            allconv.ImageSet(self.folder, tiny(), "validation")


class ThreadsTest(Check):
    def test_eight_threads_one_model(self):
        model, images = tiny(), pixels(200)
        wanted = model.score(images)
        faults = []

        def work(seed):
            order = np.random.default_rng(seed).permutation(len(images))
            for _ in range(20):
                if not np.array_equal(model.score(images[order], threads=1), wanted[order]):
                    faults.append(seed)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])

    def test_threads_share_a_session(self):
        images = pixels(50)
        session = allconv.Session(tiny(), batch_size=8, threads=1)
        wanted = session.score(images)
        results = []
        threads = [threading.Thread(target=lambda: results.append(session.score(images)))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 8)
        for scores in results:
            np.testing.assert_array_equal(scores, wanted)

    def test_other_threads_run_meanwhile(self):
        model = allconv.load(SHIPPED)
        images = pixels(64, size=32)
        session = allconv.Session(model, threads=1, device="cpu")
        counts, over = [], threading.Event()

        def count():
            while not over.is_set():
                counts.append(time.monotonic())
                time.sleep(0.001)

        thread = threading.Thread(target=count)
        thread.start()
        start = time.monotonic()
        session.score(images)
        end = time.monotonic()
        over.set()
        thread.join()
        during = [at for at in counts if start < at < end]
        gaps = np.diff([start, *during, end])
        self.assertGreater(len(during), 5)
        self.assertLess(gaps.max(), (end - start) / 2)


class PickleTest(Check):
    def test_a_model_travels(self):
        model = tiny()
        copy = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(copy.score(pixels(3)), model.score(pixels(3)))
        self.assertEqual(copy.classes, CLASSES)


if __name__ == "__main__":
    main()
