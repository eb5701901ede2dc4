"""What the end-to-end tests share: the command, small scenarios, schemas.

The binary is SN_BINARY, else that of the release build. Measurements and traces are in
SN_SHARED_DATA. With SN_SANITIZED the binary has sanitizers, which take memory of their own.
"""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SANITIZED = bool(os.environ.get("SN_SANITIZED"))
BINARY = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))

# A small plan: a dense model on one server, under a load of its own.
SCENARIO = """supernode: 1
name: small
cluster: {rack: hgx-h200}
model: llama-3.1-70b
precision: {weights: fp8, activations: fp8, kv: fp8}
workload:
  synthetic:
    arrivals: {process: poisson, rate: 1 req/s}
    input: {min: 500, max: 1500}
    output: 200
    requests: 500
  rate: knee
slo: {ttft: {p90: 1 s}, tpot: {p90: 40 ms}}
"""

TRACE = "".join(
    json.dumps({"timestamp": 1000 * i, "input_length": 600 + i % 7, "output_length": 50,
                "hash_ids": [i % 5, 100 + i]}) + "\n" for i in range(200))


def run(*arguments, stdin="", env=None, cwd=ROOT):
    return subprocess.run(
        [BINARY, *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd,
        encoding="utf-8", errors="replace", timeout=120, check=False,
        env={**os.environ, "NO_COLOR": "1", **(env or {})})


def schema(name):
    return json.loads((ROOT / "schema" / name).read_text())


class CommandTest(unittest.TestCase):
    """A folder for each test, and what to expect of mistakes."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def done(self, *arguments, **options):
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def self_contained(self, html):
        """A page with drawings that runs nothing and asks nobody for anything."""
        self.assertTrue(html.endswith("</html>\n"))
        self.assertIn("<svg", html)
        for word in ("<script", "src=", "@import", "url(h"):
            self.assertNotIn(word, html)
        self.assertNotIn("http", html.replace("http://www.w3.org", ""))

    def refused(self, *arguments, wants=(), **options):
        """Exit code 2, nothing on standard output, every one of `wants` on standard error."""
        result = run(*arguments, **options)
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        self.assertEqual(result.stdout, "")
        for want in wants:
            self.assertIn(want, result.stderr)
        return result
