"""The sheet of augmented pictures: a row a picture, first as it is, then changed."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    from PIL import Image
except ImportError as missing:
    print(f"skipped: {missing}; install Debian's python3-numpy and python3-pil")
    sys.exit(77)  # CTest: skipped

PROGRAM = sys.argv.pop(1)
SIDE, STEP, COLUMNS = 96, 100, 8


def run(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=100, check=False)


class Sheet(unittest.TestCase):

    def test_pictures_and_what_becomes_of_them(self):
        random = np.random.default_rng(5)
        pictures = random.integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "in").mkdir()
            for i, picture in enumerate(pictures):
                Image.fromarray(picture).save(folder / "in" / f"{i}.png")
            result = run(folder / "in", folder / "out.ppm")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            sheet = np.asarray(Image.open(folder / "out.ppm"))
        self.assertEqual(sheet.shape, (2 * STEP - 4, COLUMNS * STEP - 4, 3))
        self.assertTrue((sheet[:, SIDE:STEP] == 255).all(), "a white gap")
        seen = set()
        for row, picture in enumerate(pictures):
            top = row * STEP
            tiles = [sheet[top:top + SIDE, column * STEP:column * STEP + SIDE]
                     for column in range(COLUMNS)]
            np.testing.assert_array_equal(tiles[0], picture)
            seen |= {tile.tobytes() for tile in tiles}
            for moved in tiles[1:4]:  # whole pixels of the picture, and grey
                levels = set(map(tuple, moved.reshape(-1, 3)))
                self.assertLessEqual(levels - set(map(tuple, picture.reshape(-1, 3))),
                                     {(128, 128, 128)})
        self.assertEqual(len(seen), 2 * COLUMNS)

    def test_what_it_refuses(self):
        self.assertEqual(run().returncode, 2)
        result = run("/no/pictures", "/no/out.ppm")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/no/pictures", result.stderr)


if __name__ == "__main__":
    unittest.main()
