#!/usr/bin/python3
"""One grammar of outputs and of --set in all verbs (docs/cli.md)."""

import csv
import io
import json
import unittest

from command import CommandTest, run

SCENARIO = """supernode: 1
name: small
cluster: {rack: hgx-h200}
model: llama-3.1-8b
workload:
  synthetic:
    arrivals: {process: poisson, rate: 4 req/s}
    input: 1000
    output: 200
    requests: 200
  rate: 1x
slo: {ttft: {p90: 1 s}, tpot: {p90: 40 ms}}
deployments: [{pool: aggregated, tp: 1, replicas: 1, chunk: 2048}]
"""


class Outputs(CommandTest):

    def setUp(self):
        super().setUp()
        self.scenario = self.write("s.yaml", SCENARIO)

    def test_a_file_is_written_beside_the_text_and_standard_output_in_its_place(self):
        for words in (("plan", self.scenario), ("simulate", self.scenario),
                      ("collective", "--rack", "hgx-h200"), ("catalog", "racks"), ("doctor",)):
            with self.subTest(verb=words[0]):
                text = self.done(*words).stdout
                target = self.folder / f"{words[0]}.json"
                self.assertEqual(self.done(*words, f"--json={target}").stdout, text)
                shown = self.done(*words, "--json").stdout
                self.assertEqual(json.loads(shown), json.loads(target.read_text()))
                self.assertEqual(self.done(*words, "--json=-").stdout, shown)

    def test_csv_on_standard_output_is_csv_alone(self):
        series = self.done("simulate", self.scenario, "--csv").stdout
        rows = list(csv.DictReader(io.StringIO(series)))
        self.assertEqual(len(rows), 120)
        self.assertEqual(self.done("simulate", self.scenario, "--csv=-").stdout, series)

    def test_two_outputs_on_standard_output(self):
        self.refused("simulate", self.scenario, "--csv", "--svg",
                     wants=["--csv and --svg both go to standard output", "--svg=FILE"])
        self.refused("plan", self.scenario, "--json", "--svg=-",
                     wants=["both go to standard output"])
        self.refused("validate", "kernels", "--json", "--html",
                     wants=["both go to standard output"])

    def test_a_following_word_is_not_the_file(self):
        for words, meant in ((("plan", self.scenario, "--json", "out.json"), "--json=out.json"),
                             (("plan", self.scenario, "--svg", "pareto"), "--svg=pareto"),
                             (("simulate", self.scenario, "--timeline", "t.json"),
                              "--timeline=t.json"),
                             (("simulate", self.scenario, "--csv", "s.csv"), "--csv=s.csv"),
                             (("validate", "kernels", "--html", "p.html"), "--html=p.html"),
                             (("collective", "--rack", "al128", "--json", "c.json"),
                              "--json=c.json"),
                             (("catalog", "racks", "--json", "r.json"), "--json=r.json"),
                             (("doctor", "--json", "d.json"), "--json=d.json")):
            with self.subTest(words=words):
                self.refused(*words, wants=[f"did you mean {meant}?"])
        plan = json.loads(self.done("plan", "--json", self.scenario).stdout)
        self.assertEqual(plan["format"], "supernode-plan")

    def test_set(self):
        changed = json.loads(self.done("simulate", self.scenario, "--json", "--set",
                                       "workload.rate=2x").stdout)
        self.assertAlmostEqual(changed["multiple"], 2.0)
        self.assertIn("16 x h200 in 2 hgx-h200", self.done(
            "plan", self.scenario, "--set", "cluster.racks=2").stdout)
        table = ("collective", "--rack", "hgx-h200", "--bytes", "1 GiB", "--json")
        slow = json.loads(self.done(*table, "--set",
                                    "cluster.rack.scale_up.bandwidth=100 GB/s").stdout)
        own = json.loads(self.done(*table).stdout)
        self.assertGreater(slow["rows"][0]["time_s"], own["rows"][0]["time_s"])

    def test_mistakes_of_set(self):
        for verb in ("plan", "simulate"):
            self.refused(verb, self.scenario, "--set", "slo.tpot", wants=["--set", "PATH=VALUE"])
            self.refused(verb, self.scenario, "--set", "slo.tpot.p90=fast",
                         wants=["--set slo.tpot.p90:1:1", "fast"])
            self.refused(verb, self.scenario, "--set", "cluster.rakc.gpus=8",
                         wants=["rakc", "did you mean 'rack'"])
        self.refused("collective", "--rack", "al128", "--set", "model=x",
                     wants=["'model' is no part of the machine"])

    def test_threads_and_quiet_are_the_same_everywhere(self):
        for words in (("plan", self.scenario), ("simulate", self.scenario),
                      ("collective", "--rack", "al128"), ("workload", "none"),
                      ("validate", "kernels"), ("calibrate", "kernels"),
                      ("calibrate", "collectives"), ("calibrate", "serving")):
            with self.subTest(words=words):
                help_text = run(*words, "--help").stdout
                self.assertIn("--threads N", help_text)
                self.assertIn("--quiet", help_text)
                self.refused(*words, "--threads", "many", wants=["--threads cannot be 'many'"])


if __name__ == "__main__":
    unittest.main()
