#!/usr/bin/python3
"""Tests of the golden runner, with a small script in the place of the command."""

import os
import stat
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import run_golden  # noqa: E402  (the path above comes first)

FAKE = """#!/usr/bin/python3
import os, sys
arguments = sys.argv[1:]
if arguments[:1] == ["bad"]:
    print("bad.yaml:7:12: error: unknown rack", file=sys.stderr)
    sys.exit(2)
elif arguments[:1] == ["json"]:
    print('{"a": [{"t": 0.05, "name": "x y"}, {"t": "50 ms"}], "n": 3, "ok": true}')
elif arguments[:1] == ["cat"]:
    print(open(arguments[1]).read(), end="")
elif arguments[:1] == ["threads"]:
    print("threads", arguments[arguments.index("--threads") + 1] if len(arguments) > 1 else 1)
else:
    print("busbw   711 GB/s of 900 GB/s", os.environ.get("NO_COLOR"))
    print(" 1 312 deployments considered")
    print("evidence:  calibrated, 3 assumptions")
    print("TPOT p90 ms    49.5")
"""


class Golden(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.binary = self.folder / "fake"
        self.binary.write_text(FAKE)
        self.binary.chmod(self.binary.stat().st_mode | stat.S_IXUSR)

    def run_text(self, text, shared=None):
        file = self.folder / "case.golden"
        file.write_text(text)
        return run_golden.run_file(file, str(self.binary), shared)

    def assert_all(self, command, lines, outcome):
        for line in lines:
            with self.subTest(line):
                cases = self.run_text(f"$ {command}\n{line}\n")
                self.assertEqual([case["outcome"] for case in cases], [outcome], cases)
                if outcome == "failed":
                    self.assertIn("case.golden:2: expected: " + line, cases[0]["detail"])

    def test_text_holds(self):
        self.assert_all("supernode", [
            "contains 711 GB/s", "lacks 712", "matches ^busbw +\\d+ GB/s of", "exit = 0",
            "busbw ~ 7.1e11 B/s within 1 %", "busbw ~ 5.688 Tbit/s within 0.1 %",
            "busbw >= 0.7 TB/s", "busbw <= 711 GB/s", "busbw = 711 GB/s", "of = 900 GB/s",
            "TPOT p90 ms ~ 50 within 1 %", "TPOT p90 ms ~ 50 ms within 1 %",
            "evidence = calibrated", "evidence: >= 3", "of 900 GB/s = 1"], "passed")

    def test_text_fails(self):
        self.assert_all("supernode", [
            "contains 712", "lacks busbw", "matches ^GB", "exit = 2", "stderr contains x",
            "busbw ~ 720 GB/s within 1 %", "busbw ~ 711 s within 50 %", "busbw >= 712 GB/s",
            "busbw <= 710 GB/s", "busbw = 711.1 GB/s", "evidence = calib", "algbw >= 0",
            "evidence = family default"], "failed")

    def test_grouped_digits(self):
        cases = self.run_text("$ supernode\ndeployments >= 0\n")
        self.assertIn("no number after", cases[0]["detail"])
        self.assertEqual(run_golden.read_quantity(" 1 312 deployments").number, 1312)
        self.assertEqual(run_golden.read_quantity("12  345").number, 12)

    def test_json(self):
        self.assert_all("supernode json", [
            "json:/a/0/t ~ 50 ms within 0.1 %", "json:/a/0/t = 0.05", "json:/a/1/t = 50 ms",
            "json:/a/0/name = x y", 'json:/a/0/name = "x y"', "json:/n >= 3", "json:/a/# = 2",
            "json:/ok = true"], "passed")
        self.assert_all("supernode json", [
            "json:/a/0/t ~ 50 within 1 %", "json:/a/2/t = 1", "json:/a/0/name = x", "json:/n <= 2",
            "json:/ok = false", "json:/ok >= 1"], "failed")
        self.assertIn("not JSON", self.run_text("$ supernode\njson:/a = 1\n")[0]["detail"])

    def test_exit_code_and_standard_error(self):
        good = "$ supernode bad\nexit = 2\nstderr contains bad.yaml:7:12\nstderr lacks hint\n"
        self.assertEqual(self.run_text(good)[0]["outcome"], "passed")
        silent = self.run_text("$ supernode bad\nlacks x\n")[0]
        self.assertEqual(silent["outcome"], "failed")
        self.assertIn("unknown rack", silent["detail"])

    def test_inline_file_and_comments(self):
        text = ("# a comment\n<<<FILE s.yaml\na: 1\n  # kept\n>>>\n\n"
                "$ supernode cat \\\n  {tmp}/s.yaml\ncontains # kept\na: = 1\n")
        self.assertEqual([case["outcome"] for case in self.run_text(text)], ["passed"])

    def test_shared_data(self):
        text = ("<<<FILE s.yaml\nt: {shared}/x\n>>>\n"
                "$ supernode cat {tmp}/s.yaml\ncontains {shared}/x\n")
        self.assertEqual(self.run_text(text)[0]["outcome"], "skipped")
        self.assertEqual(self.run_text(text, os.sep + "data")[0]["outcome"], "passed")

    def test_same(self):
        self.assertEqual(self.run_text("$ supernode json\nsame\n")[0]["outcome"], "passed")
        case = self.run_text("$ supernode threads\nsame\n")[0]
        self.assertIn("--threads 2 gives other bytes", case["detail"])

    def test_each_command_is_a_case(self):
        cases = self.run_text("$ supernode\n$ supernode bad\n$ supernode json\n")
        self.assertEqual([case["outcome"] for case in cases], ["passed", "failed", "passed"])

    def test_bad_files(self):
        for text in ("contains x\n", "$ ls\n", "<<<FILE a.yaml\n", "<<<FILE ../a\n>>>\n",
                     "$ supernode\nnonsense\n", "$ supernode\nbusbw ~ 3\n",
                     "$ supernode\nmatches (\n", "$ supernode\nbusbw >= many\n"):
            with self.subTest(text):
                self.assertEqual([case["outcome"] for case in self.run_text(text)], ["failed"])


if __name__ == "__main__":
    unittest.main()
