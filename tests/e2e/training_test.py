"""Training from the outside: `plan` of a training scenario, `validate training`."""

import json
import unittest

import jsonschema
from command import ROOT, CommandTest, run, schema

SCENARIO = """supernode: 1
cluster: {rack: nvl72-gb200, racks: 4}
model: deepseek-v3
workload:
  training: {tokens: 1T, sequence: 4096, global_batch: 2304 sequences%s}
"""
HEADER = ("phase,system,model,n_gpus,precision,gbs,mbs,seq_len,fsdp,tp,pp,cp,vp,ep,"
          "tokens_per_s_per_gpu\n")
ROW = ("Pre-Training Performance,DGX-GB200,LLAMA3.1_405B,256,FP8,1536,1,8192,0,4,16,1,4,n/a,864\n")


class Training(CommandTest):

    def plan(self, more=""):
        self.write("t.yaml", SCENARIO % more)
        return ("plan", f"{self.folder}/t.yaml")

    def test_a_plan_as_text_and_json(self):
        text = self.done(*self.plan(), "--explain").stdout
        for word in ("MFU", "where the step goes", "exchange of experts", "Goodput", "MWh"):
            self.assertIn(word, text)
        report = json.loads(self.done(*self.plan(), "--json").stdout)
        jsonschema.validate(report, schema("training_plan.schema.json"))
        times = [c["step"]["total"] for c in report["candidates"]]
        self.assertEqual(times, sorted(times))
        parts = dict(report["candidates"][0]["step"])
        total = parts.pop("total")
        self.assertAlmostEqual(sum(parts.values()), total, places=6)
        again = self.done(*self.plan(), "--json", "--threads", "1").stdout
        self.assertEqual(json.loads(again), report)

    def test_shipped_scenarios_and_standard_input(self):
        for path in sorted((ROOT / "scenarios").glob("train-*.yaml")):
            report = json.loads(self.done("plan", path, "--json").stdout)
            jsonschema.validate(report, schema("training_plan.schema.json"))
            best = report["candidates"][0]
            self.assertGreater(best["step"]["total"], report["bound_s"])
        self.assertIn("MFU", self.done("plan", "-", stdin=SCENARIO % "").stdout)

    def test_simulate_says_where_training_is(self):
        done = run("simulate", self.plan()[1])
        self.assertEqual(done.returncode, 2)
        self.assertIn("supernode plan", done.stderr)

    def test_exports(self):
        self.assertIn("--expert-model-parallel-size",
                      self.done(*self.plan(), "--export", "megatron").stdout)
        events = json.loads(self.done(*self.plan(), "--export", "perfetto").stdout)["traceEvents"]
        self.assertTrue(any(e["name"].startswith("forward") for e in events))
        for e in events:
            self.assertGreaterEqual(e.get("dur", 0), 0)

    def test_mistakes(self):
        for more, said in ((", plan: {tp: 3}", "do not divide by TP3"),
                           (", plan: {dp: 7, ep: 7}", "experts do not divide by EP7"),
                           (", plan: {tp: 1, dp: 72}", "GiB too many"),
                           (", checkpoint: {kind: synchronous, interval: 5 s, storage: 1 GB/s}",
                            "longer than the interval"),
                           (", math: int8", "int8")):
            done = run(*self.plan(more))
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(said, done.stderr)
        done = run(*self.plan(), "--vary", "cluster.racks=1,2")
        self.assertEqual(done.returncode, 2)

    def test_validate_a_table(self):
        self.write("megatron_bridge_perf.csv", HEADER + ROW)
        text = self.done("validate", "training", "--data", self.folder).stdout
        self.assertIn("Megatron-Bridge dense", text)
        report = json.loads(
            self.done("validate", "training", "--data", self.folder, "--json").stdout)
        jsonschema.validate(report, schema("training_validation.schema.json"))
        self.assertEqual(len(report["rows"]), 1)
        self.assertAlmostEqual(report["rows"][0]["measured"], 1536 * 8192 / 864 / 256, places=6)
        self.assertEqual(run("validate", "training").returncode, 2)


if __name__ == "__main__":
    unittest.main()
