#!/usr/bin/python3
"""Installs the build folder SN_BUILD and uses what was installed: the command, and find_package."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("SN_BUILD", str(ROOT / "build/release"))


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.prefix = Path(cls.folder.name) / "prefix"
        cls.run_command("cmake", "--install", BUILD, "--prefix", cls.prefix)

    @staticmethod
    def run_command(*command):
        done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              encoding="utf-8", errors="replace")
        if done.returncode:
            raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout[-4000:]}")
        return done.stdout

    def test_command(self):
        self.assertIn("supernode", self.run_command(self.prefix / "bin/supernode", "--help"))

    def test_manual_page_and_completion(self):
        share = self.prefix / "share"
        for name, word in (("man/man1/supernode.1", ".TH SUPERNODE"),
                           ("bash-completion/completions/supernode", "complete -o filenames"),
                           ("zsh/site-functions/_supernode", "#compdef supernode"),
                           ("fish/vendor_completions.d/supernode.fish", "complete -c supernode")):
            self.assertIn(word, (share / name).read_text())

    def test_headers(self):
        wanted = {path.relative_to(ROOT / "src") for path in (ROOT / "src").rglob("*.h")
                  if not path.stem.endswith("_test")}
        include = self.prefix / "include"
        self.assertEqual({path.relative_to(include) for path in include.rglob("*.h")}, wanted)

    def test_find_package(self):
        build = Path(self.folder.name) / "consumer"
        self.run_command("cmake", "-G", "Ninja", "-S", ROOT / "tests/install/consumer", "-B", build,
                         f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Release")
        self.run_command("cmake", "--build", build)
        self.assertRegex(self.run_command(build / "consumer"), r"^al128 [1-9]\d*$")


if __name__ == "__main__":
    unittest.main()
