#!/usr/bin/python3
"""Installs the build folder SN_BUILD and uses what was installed: the command, and find_package."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("SN_BUILD", str(ROOT / "build/release"))


SCENARIO = """supernode: 1
name: an example
cluster: {rack: hgx-h200}
model: llama-3.1-8b
workload:
  synthetic:
    arrivals: {process: poisson, rate: 4 req/s}
    input: {median: 1000, p90: 3000, max: 8000}
    output: {median: 200, p90: 500, max: 1000}
    requests: 500
  rate: knee
slo: {ttft: {p90: 1 s}, tpot: {p90: 40 ms}}
"""


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
                  if "_test" not in path.stem}
        include = self.prefix / "include"
        self.assertEqual({path.relative_to(include) for path in include.rglob("*.h")}, wanted)

    def test_find_package(self):
        build = Path(self.folder.name) / "consumer"
        self.run_command("cmake", "-G", "Ninja", "-S", ROOT / "tests/install/consumer", "-B", build,
                         f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Release")
        self.run_command("cmake", "--build", build)
        self.assertRegex(self.run_command(build / "consumer"), r"^al128 [1-9]\d*$")
        scenario = Path(self.folder.name) / "scenario.yaml"
        scenario.write_text(SCENARIO)
        plan, simulation = json.loads(self.run_command(build / "plan_and_simulate", scenario))
        self.assertEqual(plan["format"], "supernode-plan")
        self.assertTrue(plan["candidates"][0]["meets_slo"])
        self.assertEqual(simulation["name"], "an example")
        self.assertAlmostEqual(simulation["multiple"], 0.5)
        self.assertFalse(simulation["interrupted"])


if __name__ == "__main__":
    unittest.main()
