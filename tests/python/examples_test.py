"""The examples run, and say what the package says."""

import unittest

import numpy as np
from PIL import Image

from checks import CLASSES, ROOT, SHIPPED, Check, allconv, colours, main, tiny

EXAMPLES = ROOT / "examples" / "python"


class ExamplesTest(Check):
    def run_example(self, name, *arguments, **options):
        result = self.python(None, EXAMPLES / f"{name}.py", *arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def pictures(self):
        """Five pictures, one of them broken, in the order of their names."""
        paths = [self.picture(f"photos/{seed}.png", seed, 32) for seed in range(4)]
        return [*paths, self.broken("photos/9.png")]

    def lines(self, paths):
        model = allconv.load(SHIPPED)
        scores = model.score(paths)
        return [f"{path}\t{model.classes[row.argmax()]}\t{row.max():.4f}"
                for path, row in zip(paths, scores)]

    def test_score_folder(self):
        paths = self.pictures()
        result = self.run_example("score_folder", SHIPPED, self.folder / "photos")
        self.assertEqual(result.stdout.splitlines(), self.lines(paths[:4]))
        self.assertIn("9.png", result.stderr)

    def test_explain_image(self):
        path, out = self.picture("a.png", 3, 32), self.folder / "map.npy"
        result = self.run_example("explain_image", SHIPPED, path, out)
        model = allconv.load(SHIPPED)
        np.testing.assert_array_equal(np.load(out), model.explain(path).maps[0])
        self.assertIn(model.classes[model.score(path)[0].argmax()], result.stdout)

    def test_fine_tune(self):
        tiny().with_classes(["a", "b"]).save(self.folder / "start.safetensors")
        images, labels = colours(60)
        for index, (image, label) in enumerate(zip(images, labels)):
            path = self.folder / "data" / CLASSES[label] / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
        out = self.folder / "tuned.safetensors"
        result = self.run_example("fine_tune", self.folder / "start.safetensors",
                                  self.folder / "data", out, "9")
        losses = [float(line.split()[3].rstrip(",")) for line in result.stdout.splitlines()]
        self.assertEqual(len(losses), 9)
        self.assertLess(losses[-1], losses[0])
        self.assertEqual(allconv.load(out).classes, CLASSES)

    def test_serve(self):
        paths = self.pictures()
        lines = "".join(f"{path}\n" for path in paths * 4)
        result = self.run_example("serve", SHIPPED, input=lines)
        answers = result.stdout.splitlines()
        self.assertEqual(len(answers), 20)
        self.assertEqual(set(self.lines(paths[:4])),
                         {line for line in answers if "\terror\t" not in line})
        self.assertEqual(sum("9.png\terror\t" in line for line in answers), 4)


if __name__ == "__main__":
    main()
