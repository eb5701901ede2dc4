"""`supernode plan` of scenarios with tenants: page, schema, one share, mistakes."""

import json
import unittest

import jsonschema
from command import ROOT, CommandTest, run, schema

TENANT = """  - name: {name}
    model: llama-3.1-{size}b
    precision: {{weights: fp8, activations: fp8, kv: fp8}}
    workload:
      synthetic:
        arrivals: {{process: poisson, rate: 1 req/s}}
        input: {{min: 500, max: 1500}}
        output: 200
        requests: 500
      rate: {rate}
    slo: {{ttft: {{p90: 1 s}}, tpot: {{p90: 40 ms}}}}
"""
HEAD = "supernode: 1\nname: shared server\ncluster: {rack: hgx-h200}\ntenants:\n"
SHARED = (HEAD + TENANT.format(name="large", size=70, rate="5x")
          + TENANT.format(name="small", size=8, rate="knee"))


def validate(document):
    """Against share.schema.json."""
    whole = schema("share.schema.json")
    jsonschema.Draft7Validator.check_schema(whole)
    jsonschema.Draft7Validator(whole).validate(document)


class Shared(CommandTest):

    def setUp(self):
        super().setUp()
        self.scenario = self.write("shared.yaml", SHARED)

    def test_page(self):
        text = self.done("plan", self.scenario).stdout
        lines = text.splitlines()
        self.assertIn("shared server", lines[0])
        self.assertIn("8 x h200", lines[0])
        for word in ("large", "small", "fixed rate", "max-min", "left over", "common multiple",
                     "disjoint GPUs", "on a feed of"):
            self.assertIn(word, text)
        self.assertEqual(lines[-1].split("next")[1].split(),
                         f"supernode plan {self.scenario} --tenant large --explain".split())
        self.assertFalse([line for line in lines if line != line.rstrip()])

    def test_json_adds_up_and_meets_its_schema(self):
        document = json.loads(self.done("plan", self.scenario, "--json").stdout)
        validate(document)
        tenants = document["tenants"]
        best = [t["plan"]["candidates"][0] for t in tenants]
        self.assertEqual(sum(t["gpus"] for t in tenants) + document["left_over_gpus"], 8)
        self.assertAlmostEqual(sum(c["state"]["output_tokens_per_s"] for c in best),
                               document["output_tokens_per_s"], delta=1e-3)
        self.assertAlmostEqual(best[0]["state"]["requests_per_s"], 5.0)
        self.assertAlmostEqual(best[1]["multiple"], document["common_multiple"])
        self.assertTrue(all(c["meets_slo"] for c in best))
        for tenant, candidate in zip(tenants, best):
            pools = [candidate["decode"]] + ([candidate["prefill"]] if candidate["prefill"] else [])
            self.assertEqual(sum(p["gpus"] for p in pools), tenant["gpus"])
        # The draw lies between all chips idle and all at their limit (H200: 700 W).
        self.assertGreater(document["chip_power_w"], 8 * 50)
        self.assertLess(document["chip_power_w"], 8 * 700 * 1.05)

    def test_one_share_with_all_views(self):
        document = json.loads(self.done("plan", self.scenario, "--json").stdout)
        for tenant in document["tenants"]:
            alone = json.loads(self.done("plan", self.scenario, "--json", "--screen", "--tenant",
                                         tenant["name"]).stdout)
            self.assertEqual(alone["candidates"], tenant["plan"]["candidates"])
            self.assertEqual(alone["subject"]["gpus"], tenant["gpus"])
        text = self.done("plan", self.scenario, "--tenant", "small", "--explain").stdout
        self.assertIn("Where the mean TPOT goes", text)
        script = self.done("plan", self.scenario, "--tenant", "large", "--export", "vllm").stdout
        self.assertIn("shared server: large", script)

    def test_json_in_a_file_beside_the_page(self):
        target = self.folder / "share.json"
        text = self.done("plan", self.scenario, f"--json={target}").stdout
        self.assertIn("common multiple", text)
        validate(json.loads(target.read_text()))

    def test_standard_input(self):
        result = run("plan", "-", stdin=SHARED)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.splitlines()[:6],
                         self.done("plan", self.scenario).stdout.splitlines()[:6])

    def test_the_shipped_scenario(self):
        path = ROOT / "scenarios/al128-two-tenants.yaml"
        document = json.loads(self.done("plan", path, "--json").stdout)
        validate(document)
        self.assertEqual([t["name"] for t in document["tenants"]], ["chat", "code"])
        for tenant in document["tenants"]:
            best = tenant["plan"]["candidates"][0]
            self.assertLessEqual(best["state"]["output_tokens_per_s_per_gpu"],
                                 best["bound_output_tokens_per_s_per_gpu"])


class Mistakes(CommandTest):

    def setUp(self):
        super().setUp()
        self.scenario = self.write("shared.yaml", SHARED)

    def refused(self, *arguments):
        result = run("plan", *arguments)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertEqual(result.stdout, "")
        return result.stderr

    def test_flags_of_one_model(self):
        self.assertIn("add --tenant large", self.refused(self.scenario, "--explain"))
        self.assertIn("add --tenant large", self.refused(self.scenario, "--export", "vllm"))
        self.assertIn("did you mean 'small'", self.refused(self.scenario, "--tenant", "smal"))
        self.assertIn("has tenants", self.refused(self.scenario, "--vary", "cluster.racks=1,2"))
        self.assertIn("--rate", self.refused(self.scenario, "--rate", "2x"))
        self.assertIn("planned alone", self.refused(self.scenario, self.scenario))
        plain = self.write("plain.yaml", "supernode: 1\ncluster: {rack: hgx-h200}\n"
                           "model: llama-3.1-8b\nworkload: {preset: mooncake-conversation}\n"
                           "slo: {tpot: {p90: 50 ms}}\n")
        self.assertIn("no tenants", self.refused(plain, "--tenant", "a"))

    def test_too_much_for_the_machine(self):
        text = HEAD + "".join(TENANT.format(name=n, size=70, rate="25x") for n in ("one", "two"))
        errors = self.refused(self.write("much.yaml", text))
        self.assertRegex(errors, r"take \d+ GPUs \(one \d, two \d\); the machine has 8: \d+")
        self.assertRegex(errors, r"would fit: 'one' at [\d.]+ req/s, 0\.\d+x of its rate")


if __name__ == "__main__":
    unittest.main()
