"""Inputs that once ended the program, lost requests or took all memory: what is said of them now.

Each is a file of SN_SHARED_DATA/../cases/crashes; each has a unit test too, beside the code that
was mended. Here the command is run on the file as it was found.
"""

import json
import os
import resource
import subprocess
import unittest
from pathlib import Path

from command import BINARY, ROOT, SANITIZED, CommandTest, run

CASES = Path(os.environ.get("SN_SHARED_DATA", ROOT.parent / "shared/data")).parent / "cases/crashes"
LLAMA = ROOT / "scenarios/llama70b-hgx-h200.yaml"


def run_within(memory_bytes, *arguments):
    """As `run`, with that much address space; sanitizers reserve more than any machine has."""
    if SANITIZED:
        memory_bytes = resource.RLIM_INFINITY
    return subprocess.run(
        [BINARY, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, cwd=ROOT,
        encoding="utf-8", errors="replace", timeout=300, check=False,
        env={**os.environ, "NO_COLOR": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes)))


@unittest.skipUnless(CASES.is_dir(), "no cases")
class Crashes(CommandTest):

    def every_request_ends(self, *arguments, finished):
        """Exit code 0; `finished` end well, the others are named, none is left."""
        report = json.loads(self.done("simulate", *arguments, "--json", "--quiet").stdout)
        requests = report["requests"]
        ended = sum(requests[ending] for ending in
                    ("finished", "too_long", "queue_full", "timed_out", "cancelled", "failed"))
        self.assertEqual(ended, requests["submitted"])
        self.assertGreaterEqual(requests["finished"], finished)
        return report

    def test_01_preempted_beyond_the_prefill_pool(self):
        report = self.every_request_ends(CASES / "01-preempt-wedge.yaml", finished=1990)
        self.assertEqual(report["requests"]["submitted"], 2000)

    def test_02_s3_fifo_always_finds_a_victim(self):
        for name in ("02-s3fifo-abort.yaml", "02-s3fifo-lost.yaml"):
            with self.subTest(name):
                report = self.every_request_ends(CASES / name, "--eviction", "s3-fifo",
                                                 "--requests", "3000", finished=2900)
                self.assertEqual(report["requests"]["submitted"], 3000)

    def test_03_an_slo_that_nobody_meets_and_a_slow_load(self):
        result = run("simulate", CASES / "03-knee-abort.yaml")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("no multiple down to", result.stdout)
        self.every_request_ends(CASES / "03-knee-abort.yaml", "--rate", "0.001x", "--requests",
                                "100", "--set", "slo.ttft.p90=1 s", finished=100)

    def test_04_times_before_1970(self):
        self.refused("plan", LLAMA, "--trace", CASES / "04-azure-before-1970.csv",
                     wants=["04-azure-before-1970.csv:2:1", "before 1970", "nothing was run"])

    def test_05_entries_without_content_and_38_ranks(self):
        self.refused("plan", LLAMA, "--catalog", CASES / "overlay-empty",
                     wants=["generic.yaml", "is empty", "hint"])
        result = self.done("validate", "collectives", "--data", CASES / "collective-38-ranks")
        self.assertIn("Not predicted", result.stdout)

    def test_06_reserved_answers_at_full_memory(self):
        report = self.every_request_ends(CASES / "06-reserved-answer.yaml", finished=3)
        self.assertEqual(report["requests"]["submitted"], 4)

    def test_07_sessions_beyond_the_clock(self):
        self.refused("plan", CASES / "07-session-292-years.yaml",
                     wants=["07-session-292-years.yaml:6:", "146 years", "nothing was run"])

    def test_08_arrivals_beyond_the_clock(self):
        for more in ((), ("--repeat", "2")):
            with self.subTest(more):
                self.refused("simulate", LLAMA, "--rate", "1x", "--trace",
                             CASES / "08-span-292-years.jsonl", *more, wants=["146 years"])

    def test_09_a_value_listed_50000_times(self):
        result = run_within(2 << 30, "plan", CASES / "09-precision-50000.yaml", "--screen")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("deployments considered", result.stdout)


if __name__ == "__main__":
    unittest.main()
