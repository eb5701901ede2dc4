"""What a user of `supernode plan` and `catalog` chooses: filters, pairs, why-not, diff, vary."""

import json
import unittest
import xml.dom.minidom

import jsonschema
from command import SCENARIO, CommandTest, schema

TWO_FIT = "decode.tp=2"


class Choice(CommandTest):

    def setUp(self):
        super().setUp()
        self.file = self.write("small.yaml", SCENARIO)

    def plan(self, *flags):
        return self.done("plan", self.file, "--quiet", *flags).stdout

    def test_filters_hold_and_combine(self):
        report = json.loads(self.plan("--json", "--filter", TWO_FIT,
                                      "--filter", "pools=aggregated"))
        jsonschema.validate(report, schema("plan.schema.json"))
        self.assertEqual(report["filters"], [TWO_FIT, "pools=aggregated"])
        self.assertGreater(len(report["candidates"]), 0)
        for c in report["candidates"]:
            self.assertEqual((c["decode"]["tp"], c["prefill"]), (2, None))
        self.assertIn("of those with decode.tp=2:", self.plan("--filter", TWO_FIT))

    def test_filters_that_are_wrong_or_too_narrow(self):
        self.refused("plan", self.file, "--filter", "decode.tq=2", "--filter", "tpot.p90<5",
                     wants=["did you mean 'decode.tp'", "needs a time with its unit", "2 errors"])
        result = self.refused("plan", self.file, "--filter", "tpot.p90<1 ms")
        self.assertIn("the nearest has", result.stderr)
        self.refused("plan", self.file, "--filter", TWO_FIT, "--vary", "cluster.racks=1,2",
                     wants=["look at one plan"])

    def test_a_chosen_pair(self):
        svg = self.folder / "pair.svg"
        report = json.loads(self.plan("--json", "--pareto", "J/tok,tok/s/user", f"--svg={svg}"))
        jsonschema.validate(report, schema("plan.schema.json"))
        pair = report["tradeoff"]
        self.assertEqual((pair["x"]["metric"], pair["y"]["more_is_better"]), ("J/tok", True))
        self.assertTrue(any(p["front"] for p in pair["points"]))
        xml.dom.minidom.parse(str(svg))
        self.assertIn("points beat all others", self.plan("--pareto", "gpus,req/s"))
        self.refused("plan", self.file, "--pareto", "J/tok,weights", wants=["is a word"])

    def test_why_not(self):
        text = self.plan("--why-not", "2 x (TP4)")
        self.assertIn("possible, but not the best", text)
        self.assertIn("% less", text)
        answer = json.loads(self.plan("--why-not", "3 x (TP4)", "--json"))
        jsonschema.validate(answer, schema("why-not.schema.json"))
        self.assertTrue(answer["ruled_out"])
        self.assertIn("4 more than the 8", answer["reasons"][0])
        best = json.loads(self.plan("--json"))["candidates"][0]
        degrees = ("tp", "cp", "dp", "ep", "pp")
        name = " + ".join(
            f"{p['instances']} x ({' '.join(k.upper() + str(p[k]) for k in degrees)})"
            + (f" chunk {p['chunk_tokens']}" if p["chunk_tokens"] else "")
            for p in (best["prefill"], best["decode"]) if p)
        answer = json.loads(self.plan("--why-not", name, "--json"))
        jsonschema.validate(answer, schema("why-not.schema.json"))
        self.assertTrue(answer["best_of_all"])
        halves = json.loads(self.plan("--why-not", "2 x (TP4 two_batch)", "--json"))
        self.assertTrue(halves["plan"]["decode"]["two_batch"])
        self.assertEqual(halves["plan"]["decode"]["chunk_tokens"], 8192)
        self.refused("plan", self.file, "--why-not", "eight of them",
                     wants=["says nothing of a deployment"])

    def test_catalog_diff(self):
        for a, b in (("b200", "b300"), ("al128", "cloudmatrix384"), ("deepseek-v3", "kimi-k2"),
                     ("nvlink5", "ualink-200g-x4"), ("hpn7", "roce-800")):
            with self.subTest(f"{a} {b}"):
                report = json.loads(self.done("catalog", "diff", a, b, "--json").stdout)
                jsonschema.validate(report, schema("catalog-diff.schema.json"))
                self.assertGreater(len(report["differences"]), 0)
                text = self.done("catalog", "diff", a, b).stdout
                for line in report["differences"]:
                    self.assertIn(line["path"], text)
                    if line["ratio"] is not None:
                        self.assertNotEqual(line["ratio"], 1.0)
        self.assertIn("no difference", self.done("catalog", "diff", "h100", "h100").stdout)
        self.refused("catalog", "diff", "b200", "al128", wants=["of two kinds"])
        self.refused("catalog", "diff", "b200", wants=["two entries"])
        self.refused("catalog", "diff", "b201", "al182",
                     wants=["did you mean 'b200'", "did you mean 'al128'"])

    def test_vary_json_and_sheet(self):
        svg = self.folder / "vary.svg"
        report = json.loads(self.plan("--vary", "cluster.rack.gpus=1,4,8,64", "--json", "--screen",
                                      f"--svg={svg}"))
        jsonschema.Draft7Validator.check_schema(schema("vary.schema.json"))
        jsonschema.validate(report, schema("vary.schema.json"))
        self.assertEqual([p["values"] for p in report["points"]], [["1"], ["4"], ["8"], ["64"]])
        self.assertIsNone(report["points"][3]["best"])  # no such HGX
        self.assertIn("ports", report["points"][3]["why_not"])
        for p in report["points"]:
            if p["best"]:
                self.assertAlmostEqual(
                    sum(line["time_s"] for line in p["gpu_time_per_output_token"])
                    * p["best"]["state"]["output_tokens_per_s_per_gpu"], 1.0, places=6)
        sheet = xml.dom.minidom.parse(str(svg)).documentElement
        words = [t.firstChild.data for t in sheet.getElementsByTagName("text") if t.firstChild]
        for gpus in ("1", "4", "8", "64"):
            self.assertIn(gpus, words)
        width = float(sheet.getAttribute("viewBox").split()[2])
        for t in sheet.getElementsByTagName("text"):
            self.assertTrue(0.0 <= float(t.getAttribute("x") or 0) <= width)


if __name__ == "__main__":
    unittest.main()
