#!/usr/bin/python3
"""`supernode rack` and `compare` from the outside: schemas, sums, what other verbs make of them."""

import json
import pathlib
import tempfile
import unittest

import jsonschema
from command import CommandTest, schema


class Rack(CommandTest):

    def report(self, *args):
        return json.loads(self.done("rack", *args, "--json").stdout)

    def test_json_follows_its_schema(self):
        for args in (["al128"], ["hgx-h100", "--load", "training", "--cap", "8 kW"],
                     ["nvl72-gb200", "--event", "half", "--sensitivity", "--spares", "8"]):
            with self.subTest(args):
                jsonschema.validate(self.report(*args, "--years", "10"),
                                    schema("rack.schema.json"))
        table = json.loads(self.done("compare", "al128", "hgx-h100", "--json").stdout)
        jsonschema.validate(table, schema("compare.schema.json"))

    def test_every_rack_has_a_bill_that_adds_up(self):
        kinds = json.loads(self.done("catalog", "racks", "--json").stdout)["kinds"]
        names = [entry["name"] for kind in kinds for entry in kind["entries"]]
        self.assertGreater(len(names), 30)
        for name in names:
            with self.subTest(name):
                report = self.report(name, "--years", "0")
                total = sum(row["total_w"] for row in report["rows"])
                self.assertAlmostEqual(total, report["power"]["input_w"], delta=1e-6 * total)
                heat = report["power"]["liquid_w"] + report["power"]["air_w"]
                self.assertAlmostEqual(heat, total, delta=1e-6 * total)
                if report["cost"] is not None:
                    capex = sum(row["total_usd"] for row in report["cost"]["capex_rows"])
                    self.assertAlmostEqual(capex, report["cost"]["capex_usd"], delta=1.0)

    def test_lower_clocks_are_never_faster(self):
        report = self.report("scenarios/llama70b-hgx-h200.yaml", "--load", "plan", "--cap", "6 kW",
                             "--years", "0")
        clocks = report["plan"]["clocks"]
        self.assertGreaterEqual(len(clocks), 2)
        for fast, slow in zip(clocks, clocks[1:]):
            self.assertLess(slow["clock"], fast["clock"])
            self.assertLess(slow["knee_output_tokens_per_s"], fast["knee_output_tokens_per_s"])
            if slow["carried"]:
                self.assertGreaterEqual(slow["tpot_s"], fast["tpot_s"])

    def test_faults_are_those_that_simulate_plays(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "faults.yaml"
            file.write_text(self.done("rack", "hgx-h200", "--faults").stdout)
            played = json.loads(self.done(
                "simulate", "--rack", "hgx-h200", "--model", "llama-3.1-8b", "--isl", "256",
                "--osl", "32", "--ttft", "1s", "--tpot", "50ms", "--rate", "2/s", "--faults",
                str(file), "--json").stdout)
        # Images fail every few thousand hours: none within the run, and the file was read.
        self.assertEqual(played["faults"]["requests"], 0)
        self.assertGreater(played["running"]["building_w"], played["running"]["input_w"])
        self.assertEqual(played["running"]["racks"] * 8, played["gpus"])

    def test_overrides_of_a_folder_reach_prices(self):
        with tempfile.TemporaryDirectory() as folder:
            prices = pathlib.Path(folder) / "prices"
            prices.mkdir()
            (prices / "default.yaml").write_text("gpu: {h100: 1 k$}\n")
            report = self.report("hgx-h100", "--years", "0", "--catalog", folder)
        self.assertEqual(report["cost"]["capex_rows"][0]["total_usd"], 8000.0)


if __name__ == "__main__":
    unittest.main()
