# tests/e2e/readme_test.py
"""README.md shows what the program prints, and its first screen keeps its promises."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import readme  # noqa: E402  (after the path)


class Readme(unittest.TestCase):
    def test_output_blocks_are_true(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        self.assertEqual(readme.filled(text), text, "run scripts/readme.py")

    def test_cut_takes_the_lines_between(self):
        self.assertEqual(readme.cut("a\n b\nc\nd\n", "b", "d"), " b\nc\n")
        self.assertEqual(readme.cut("a\nb\n", "", ""), "a\nb\n")

    def test_the_two_commands_exist(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        for name in ("run", "test"):
            self.assertIn(f"    ./{name} ", text)
            self.assertTrue((ROOT / name).stat().st_mode & 0o111)


if __name__ == "__main__":
    unittest.main()
