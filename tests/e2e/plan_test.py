"""`supernode plan` from the outside: views, schemas, files, mistakes."""

import json
import os
import re
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import jsonschema
from command import BINARY, ROOT, SCENARIO, TRACE, CommandTest, run, schema

SVG = "{http://www.w3.org/2000/svg}"


class Views(CommandTest):

    def setUp(self):
        super().setUp()
        self.scenario = self.write("small.yaml", SCENARIO)

    def test_table(self):
        text = self.done("plan", self.scenario).stdout
        lines = text.splitlines()
        self.assertIn("small", lines[0])
        self.assertIn("next", lines[-1])
        self.assertIn(str(self.scenario), lines[-1])
        for word in ("tok/s/GPU", "what binds #1", "what would help", "rests on", "knee:"):
            self.assertIn(word, text)
        self.assertNotIn("\x1b", text)
        self.assertFalse([line for line in lines if line != line.rstrip()])

    def test_explain_adds_up(self):
        text = self.done("plan", self.scenario, "--explain").stdout
        for title in ("TTFT", "TPOT"):
            bill = text.split(f"Where the mean {title} goes")[1].split("\n\n")[0]
            unit = re.search(r"item +(ms|us) ", bill)
            self.assertIsNotNone(unit, bill)
            rows = re.findall(r"^  (\S.*?)  +([\d ]+\.\d+)  +([\d.]+) ", bill, re.MULTILINE)
            amounts = {name: float(value.replace(" ", "")) for name, value, _ in rows}
            total = amounts.pop("total")
            self.assertGreater(len(amounts), 3)
            self.assertAlmostEqual(sum(amounts.values()) / total, 1.0, delta=0.01)

    def test_json_meets_its_schema(self):
        result = self.done("plan", "--json", self.scenario)
        plan = json.loads(result.stdout)
        jsonschema.Draft7Validator.check_schema(schema("plan.schema.json"))
        jsonschema.validate(plan, schema("plan.schema.json"))
        self.assertGreater(plan["meet"], 0)
        self.assertEqual([c["rank"] for c in plan["candidates"]],
                         list(range(1, len(plan["candidates"]) + 1)))
        for bill in ("ttft", "tpot"):
            self.assertAlmostEqual(sum(line["share"] for line in plan["explanation"][bill]), 1.0)
        # Bills are of formulas: where they alone speak, they add up to the row's own mean.
        plan = json.loads(self.done("plan", "--json", "--screen", self.scenario).stdout)
        jsonschema.validate(plan, schema("plan.schema.json"))
        self.assertTrue(plan["screened"])
        self.assertAlmostEqual(
            sum(line["time_s"] for line in plan["explanation"]["tpot"]),
            plan["candidates"][0]["state"]["tpot"]["mean_s"],
            delta=0.02 * plan["candidates"][0]["state"]["tpot"]["mean_s"])

    def test_several_scenarios(self):
        other = self.write("other.yaml", SCENARIO.replace("name: small", "name: other"))
        text = self.done("plan", self.scenario, other).stdout
        self.assertIn("2 scenarios", text)
        self.assertIn("small", text)
        self.assertIn("other", text)
        plans = json.loads(self.done("plan", self.scenario, other, "--json").stdout)
        jsonschema.validate(plans, schema("plan.schema.json"))
        self.assertEqual(len(plans["plans"]), 2)

    def test_svg_is_a_named_image(self):
        target = self.folder / "pareto.svg"
        self.done("plan", self.scenario, f"--svg={target}")
        root = ElementTree.parse(target).getroot()
        self.assertEqual(root.tag, SVG + "svg")
        self.assertEqual(root.get("role"), "img")
        self.assertTrue(root.find(SVG + "title").text)
        self.assertTrue(root.find(SVG + "desc").text)
        texts = [element.text for element in root.iter(SVG + "text")]
        self.assertIn("#1", texts)
        ElementTree.fromstring(self.done("plan", self.scenario, "--svg").stdout)

    def test_svg_holds_hostile_names(self):
        name = '"<script>&\\u0001 é"'
        path = self.write("x.yaml", SCENARIO.replace("name: small", f"name: {name}"))
        result = run("plan", path, "--svg=-")
        if result.returncode == 0:
            ElementTree.fromstring(result.stdout)
        else:
            self.assertEqual(result.returncode, 2)

    def test_json_to_a_file_beside_the_table(self):
        target = self.folder / "plan.json"
        result = self.done("plan", self.scenario, f"--json={target}")
        self.assertIn("tok/s/GPU", result.stdout)
        jsonschema.validate(json.loads(target.read_text()), schema("plan.schema.json"))

    def test_same_bytes_always(self):
        first = self.done("plan", self.scenario, "--json", "--threads", 1).stdout
        self.assertEqual(first, self.done("plan", self.scenario, "--json", "--threads", 2).stdout)
        self.assertEqual(first, self.done("plan", self.scenario, "--json").stdout)

    def test_timing_stays_off_the_report(self):
        self.assertRegex(self.done("plan", self.scenario).stderr, r"planned in .* s\n")
        self.assertEqual(self.done("plan", self.scenario, "--quiet").stderr, "")

    def test_standard_input(self):
        self.assertIn("small", self.done("plan", "-", stdin=SCENARIO).stdout)

    def test_overrides(self):
        trace = self.write("chat.jsonl", TRACE)
        plan = json.loads(self.done("plan", self.scenario, "--trace", trace, "--rate", "1.5x",
                                    "--model", "qwen3-235b-a22b", "--json").stdout)
        self.assertIn("chat.jsonl", plan["subject"]["workload"])
        self.assertIn("Qwen3", plan["subject"]["model"])
        self.assertNotEqual(plan["subject"]["name"], "small")
        self.assertEqual(plan["subject"]["rate"]["multiple"], 1.5)

    def test_warnings_go_to_standard_error(self):
        trace = self.write("chat.jsonl", TRACE + "oops\n")
        result = self.done("plan", self.scenario, "--trace", trace, "--json")
        self.assertIn("chat.jsonl:201:", result.stderr)
        self.assertIn("warning", result.stderr)
        self.assertEqual(len(json.loads(result.stdout)["warnings"]), 1)

    def test_top(self):
        plan = json.loads(self.done("plan", self.scenario, "--json", "--top", 2).stdout)
        self.assertEqual(len(plan["candidates"]), 2)


class Mistakes(CommandTest):

    def setUp(self):
        super().setUp()
        self.scenario = self.write("small.yaml", SCENARIO)

    def test_flags(self):
        self.refused("plan", self.scenario, "--explian", "--sgv", "x.svg",
                     wants=["'--explian'", "did you mean '--explain'", "did you mean '--svg'",
                            "2 errors"])
        self.refused("plan", self.scenario, "--top", "many", "--threads", "-1",
                     wants=["--top cannot be 'many'", "--threads cannot be '-1'"])
        self.refused("plan", self.scenario, "--trace", wants=["--trace needs a value"])
        self.refused("plan", self.scenario, "--json", self.folder / "out.json",
                     wants=["--json=", "out.json"])
        self.refused("plan", wants=["which scenario?"])
        self.refused("plan", "--rate", "1x", "--rate", "2x", self.scenario,
                     wants=["--rate is given more than once"])

    def test_missing_and_unreadable_files(self):
        self.refused("plan", self.folder / "none.yaml", wants=["none.yaml"])
        self.refused("plan", self.folder, wants=[str(self.folder)])
        self.refused("plan", self.scenario, "--trace", self.folder / "none.jsonl",
                     wants=["none.jsonl"])
        broken = self.folder / "broken.jsonl.gz"
        broken.write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03abc")
        self.refused("plan", self.scenario, "--trace", broken, wants=["broken.jsonl.gz"])

    def test_unwritable_outputs_are_noticed_first(self):
        before = self.scenario.read_text()
        self.refused("plan", self.scenario, f"--svg={self.folder}/no/such/x.svg",
                     f"--json={self.folder}", wants=["--svg", "--json", "2 errors"])
        self.refused("plan", self.scenario, f"--json={self.scenario}", wants=["read and written"])
        self.assertEqual(self.scenario.read_text(), before)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BINARY, "plan", str(self.scenario)], stdout=full,
                                  stderr=subprocess.PIPE, encoding="utf-8", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write standard output", done.stderr)

    def test_closed_pipe(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([BINARY, "plan", str(self.scenario)], stdout=writer,
                              stderr=subprocess.PIPE, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_all_mistakes_of_a_scenario_at_once(self):
        path = self.write("bad.yaml", """supernode: 1
cluster:
  rack: al182
model: deepseek-v3
workload: {preset: mooncake-conversation, rate: fast}
slo:
  ttft: {p90: 2 GB}
  tpot: {p90: 50}
colour: blue
""")
        result = self.refused("plan", path, wants=[
            "unknown rack 'al182'", "did you mean 'al128'", "'50'", "rate", "colour"])
        for line in (3, 5, 7, 8, 9):
            self.assertRegex(result.stderr, rf"bad\.yaml:{line}:\d+: error: ")
        self.assertRegex(result.stderr, r"\d errors, nothing was run")

    def test_mistakes_of_several_scenarios_at_once(self):
        bad = self.write("bad.yaml", SCENARIO.replace("hgx-h200", "hgx-h2000"))
        worse = self.write("worse.yaml", SCENARIO.replace("1 s}", "-1 s}"))
        self.refused("plan", bad, self.scenario, worse, wants=["bad.yaml:3:", "worse.yaml:13:"])

    def test_ranges(self):
        for old, new in (("rate: 1 req/s", "rate: -1 req/s"), ("hgx-h200}", "hgx-h200, racks: 0}"),
                         ("hgx-h200}", "{base: hgx-h200, chip: {hbm: {capacity: 1 MB}}}}")):
            with self.subTest(new):
                self.refused("plan", self.write("x.yaml", SCENARIO.replace(old, new)),
                             wants=["x.yaml:"])

    def test_not_a_scenario(self):
        for text in ("", "[1, 2", "just text", "{" * 100, "a: &x 1\nb: *x\n"):
            with self.subTest(text[:10]):
                self.refused("plan", self.write("x.yaml", text))
        big = self.write("big.yaml", "# " + "x" * (5 << 20))
        self.refused("plan", big, wants=["big.yaml"])

    def test_nothing_fits(self):
        path = self.write("x.yaml", SCENARIO.replace("llama-3.1-70b", "sn-10t"))
        result = run("plan", path)
        self.assertEqual(result.returncode, 2)
        self.assertIn("does not fit", result.stderr)
        self.assertIn("hint", result.stderr)

    def test_slo_that_nobody_meets(self):
        path = self.write("x.yaml", SCENARIO.replace("p90: 1 s", "p90: 1 ms"))
        result = run("plan", path)
        self.assertEqual(result.returncode, 2)
        self.assertIn("none meets the SLO", result.stdout)
        self.assertRegex(result.stdout, r"#1 comes closest: TTFT p90 is .* the 1 ms asked for")
        plan = json.loads(run("plan", path, "--json").stdout)
        jsonschema.validate(plan, schema("plan.schema.json"))
        self.assertEqual(plan["meet"], 0)


class Scenarios(CommandTest):

    def test_every_shipped_scenario_plans(self):
        for path in sorted((ROOT / "scenarios").glob("*.yaml")):
            if "\ntenants:" in path.read_text() or "\n  training:" in path.read_text():
                continue  # share_test.py, training_test.py
            with self.subTest(path.name):
                # One of them is played too (the others take the same way, and minutes).
                how = [] if path.name == "llama70b-hgx-h200.yaml" else ["--screen"]
                plan = json.loads(self.done("plan", path, "--json", *how).stdout)
                jsonschema.validate(plan, schema("plan.schema.json"))
                self.assertGreater(plan["meet"], 0)
                best = plan["candidates"][0]
                self.assertLessEqual(best["state"]["output_tokens_per_s_per_gpu"],
                                     best["bound_output_tokens_per_s_per_gpu"])


if __name__ == "__main__":
    unittest.main()
