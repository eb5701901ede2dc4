#!/usr/bin/python3
"""`supernode simulate` from the outside: views, schema, files, Ctrl-C, mistakes."""

import csv
import json
import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

import jsonschema
from command import BINARY, ROOT, SCENARIO, TRACE, CommandTest, run, schema

FIXED = SCENARIO.replace("rate: knee", "rate: 1x") + """deployments:
  - {pool: aggregated, tp: 2, replicas: 4, chunk: 2048}
"""


class Simulate(CommandTest):
    def test_json_follows_the_schema_and_repeats(self):
        path = self.write("s.yaml", FIXED)
        first = self.done("simulate", path, "--json", "--quiet").stdout
        report = json.loads(first)
        jsonschema.validate(report, schema("simulation.schema.json"))
        self.assertEqual(report["requests"]["submitted"], 500)
        self.assertEqual(report["requests"]["finished"], 500)
        self.assertGreater(report["ttft"]["p90_s"], 0)
        self.assertEqual(first, self.done("simulate", path, "--json", "--quiet").stdout)

    def test_knee_is_searched_for(self):
        path = self.write("s.yaml", FIXED.replace("rate: 1x", "rate: knee"))
        report = json.loads(self.done("simulate", path, "--json", "--quiet").stdout)
        jsonschema.validate(report, schema("simulation.schema.json"))
        self.assertTrue(report["knee"] and report["meets_slo"])
        tried = {p["multiple"]: p["met"] for p in report["probes"]}
        self.assertTrue(tried[report["multiple"]])
        above = [m for m, met in tried.items() if not met and m > report["multiple"]]
        self.assertLess(min(above), 1.011 * report["multiple"])

    def test_files(self):
        path = self.write("s.yaml", FIXED)
        table = self.done("simulate", path, "--csv", self.folder / "s.csv", "--svg",
                          self.folder / "s.svg", "--timeline", self.folder / "t.json").stdout
        self.assertIn("at 1.00x the workload", table)
        with open(self.folder / "s.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 120)
        self.assertIn("</title>", (self.folder / "s.svg").read_text()[:2000])
        events = json.loads((self.folder / "t.json").read_text())["traceEvents"]
        self.assertLessEqual({"M", "X", "b", "e"}, {e["ph"] for e in events})
        begun = sum(e["ph"] == "b" for e in events)
        self.assertEqual(begun, sum(e["ph"] == "e" for e in events))

    def test_trace_and_comparison(self):
        trace = self.write("t.jsonl", TRACE)
        a = self.write("a.yaml", FIXED)
        b = self.write("b.yaml", FIXED.replace("tp: 2, replicas: 4", "tp: 4, replicas: 2")
                       .replace("name: small", "name: other"))
        out = self.done("simulate", "--compare", a, b, "--trace", trace, "--rate", "2x").stdout
        self.assertIn("small", out)
        self.assertIn("other", out)
        self.assertIn("2.00", out)

    def test_out_of_order_is_sorted_or_refused(self):
        lines = TRACE.splitlines(keepends=True)
        trace = self.write("t.jsonl", "".join([lines[5], *lines[:5], *lines[6:]]))
        path = self.write("s.yaml", FIXED)
        self.done("simulate", path, "--trace", trace)
        self.refused("simulate", path, "--trace", trace, "--strict-order", wants=["out of order"])

    def test_overload_says_when_it_saturated(self):
        path = self.write("s.yaml", FIXED)
        out = self.done("simulate", path, "--rate", "1000x", "--queue", "100").stdout
        self.assertIn("saturated at t=", out)
        self.assertIn("queue full", out)

    def test_interrupt_ends_with_what_was_run(self):
        path = self.write("s.yaml", FIXED)
        with subprocess.Popen([BINARY, "simulate", str(path), "--repeat", "100000", "--json"],
                              cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={**os.environ}) as process:
            deadline = time.monotonic() + 60
            # The handler is in place once the process burns time on the run itself.
            while time.monotonic() < deadline and process.poll() is None:
                if int(Path(f"/proc/{process.pid}/stat").read_text().split()[13]) > 50:
                    break
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)
        report = json.loads(out)
        self.assertTrue(report["interrupted"])
        self.assertGreater(report["requests"]["submitted"], 0)

    def test_mistakes(self):
        path = self.write("s.yaml", FIXED)
        self.refused("simulate", wants=["which scenario"])
        self.refused("simulate", path, "--routing", "best", "--eviction", "mru", "--scaling", "up",
                     wants=["--routing", "--eviction", "--scaling"])
        self.refused("simulate", path, path, wants=["--compare"])
        self.refused("simulate", path, "--deployment", "0", wants=["--deployment"])
        self.refused("simulate", path, "--csv", "/nowhere/x.csv", wants=["no folder"])
        self.assertEqual(run("simulate", "--help").returncode, 0)


if __name__ == "__main__":
    unittest.main()
