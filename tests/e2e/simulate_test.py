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


TENANT = """  - name: {name}
    model: llama-3.1-8b
    workload:
      synthetic:
        arrivals: {{process: fixed, rate: {rate} req/s}}
        input: {{min: 100, max: 900}}
        output: 50
        requests: {requests}
      rate: {load}
    slo: {{ttft: {{p90: 1 s}}, tpot: {{p90: 50 ms}}}}
"""
LISTED = "    deployments: [{{pool: aggregated, tp: {tp}, chunk: 2048}}]\n"
HEAD = "supernode: 1\nname: both\ncluster: {rack: hgx-h200}\ntenants:\n"


def tenant(name="chat", rate=4, load="1x", tp=2, requests=200):
    """A tenant of a scenario; its deployment is left to the planner without `tp`."""
    text = TENANT.format(name=name, rate=rate, load=load, requests=requests)
    return text + (LISTED.format(tp=tp) if tp else "")


class Tenants(CommandTest):
    def test_table_and_json(self):
        path = self.write("s.yaml", HEAD + tenant() + tenant("code", 8, tp=4, requests=400))
        table = self.done("simulate", path, "--quiet", "--json=" + str(self.folder / "s.json"))
        for word in ("both", "chat", "code", "2 tenants on disjoint GPUs",
                     "6 of 8 GPUs, 2 left over", "tok/s/GPU of the machine"):
            self.assertIn(word, table.stdout)
        report = json.loads((self.folder / "s.json").read_text())
        jsonschema.validate(report, schema("simulation.schema.json"))
        each = [t["simulation"] for t in report["tenants"]]
        self.assertEqual([t["name"] for t in report["tenants"]], ["chat", "code"])
        self.assertEqual([r["requests"]["submitted"] for r in each], [200, 400])
        for key in ("requests_per_s", "goodput_requests_per_s", "output_tokens_per_s",
                    "total_tokens_per_s"):
            self.assertAlmostEqual(report[key], sum(r[key] for r in each), delta=1e-6 * report[key])
        again = self.done("simulate", path, "--json", "--quiet").stdout
        self.assertEqual(again, (self.folder / "s.json").read_text())

    def test_the_planner_deals_what_is_not_listed(self):
        path = self.write("s.yaml", HEAD + tenant(tp=None) + tenant("code", 8, "knee", 2, 400))
        report = json.loads(self.done("simulate", path, "--json", "--quiet").stdout)
        chat, code = report["tenants"]
        self.assertGreaterEqual(chat["gpus"], 1)
        self.assertEqual(code["gpus"], 2)
        self.assertTrue(code["simulation"]["knee"])
        self.assertFalse(chat["simulation"]["knee"])

    def test_mistakes(self):
        twice = self.write("twice.yaml", HEAD + tenant() + tenant())
        self.refused("simulate", twice, wants=["two tenants 'chat'", "twice.yaml:", "own name"])
        many = self.write("many.yaml", HEAD + tenant(tp=4) + tenant("code", tp=8))
        self.refused("simulate", many, wants=["take 12 GPUs (chat 4, code 8)", "has 8: 4 missing",
                                              "many.yaml:", "smaller shares"])
        path = self.write("s.yaml", HEAD + tenant())
        self.refused("simulate", path, "--rate", "2x", "--svg=x.svg",
                     wants=["has tenants", "--rate", "--svg"])
        self.refused("simulate", "--compare", path, path, wants=["has tenants", "--compare"])


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
        table = self.done("simulate", path, f"--csv={self.folder}/s.csv",
                          f"--svg={self.folder}/s.svg",
                          f"--timeline={self.folder}/t.json").stdout
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

    def interrupted(self, *words):
        """Standard output of a command that gets a SIGINT while it works."""
        with subprocess.Popen([BINARY, *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={**os.environ}) as process:
            deadline = time.monotonic() + 60
            # The handler is in place once the process burns time on the run itself.
            while time.monotonic() < deadline and process.poll() is None:
                if int(Path(f"/proc/{process.pid}/stat").read_text().split()[13]) > 50:
                    break
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        return out

    def test_interrupt_ends_with_what_was_run(self):
        path = self.write("s.yaml", FIXED)
        report = json.loads(self.interrupted("simulate", path, "--repeat", "100000", "--json"))
        self.assertTrue(report["interrupted"])
        self.assertGreater(report["requests"]["submitted"], 0)

    def test_interrupt_ends_a_comparison_with_the_points_it_has(self):
        sizes = ",".join(map(str, range(8, 129, 8)))
        out = self.interrupted("plan", "scenarios/al128-deepseek-v3.yaml", "--json", "--threads",
                               "1", "--vary", f"cluster.rack.gpus={sizes}")
        if out:  # else not even one was planned
            points = json.loads(out)["points"]
            self.assertEqual(points[-1]["why_not"], "not planned: stopped before")

    def test_mistakes(self):
        path = self.write("s.yaml", FIXED)
        self.refused("simulate", wants=["which scenario"])
        self.refused("simulate", path, "--routing", "best", "--eviction", "mru", "--scaling", "up",
                     wants=["--routing", "--eviction", "--scaling"])
        self.refused("simulate", path, path, wants=["--compare"])
        self.refused("simulate", path, "--deployment", "0", wants=["--deployment"])
        self.refused("simulate", path, "--csv=/nowhere/x.csv", wants=["no folder"])
        self.assertEqual(run("simulate", "--help").returncode, 0)


if __name__ == "__main__":
    unittest.main()
