"""`supernode workload` from the outside: statistics, presets, bad traces."""

import gzip
import json
import os
import unittest
from pathlib import Path

import jsonschema
from command import SCENARIO, TRACE, CommandTest, schema

AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
    f"2023-11-16 18:15:{i % 60:02d}.{i:07d},{300 + i},{20 + i % 9}\n" for i in range(60))


class Workload(CommandTest):

    def test_statistics(self):
        path = self.write("chat.jsonl", TRACE)
        text = self.done("workload", path).stdout
        for word in ("200 requests", "hit rate", "input", "output", "p99", "next"):
            self.assertIn(word, text)
        stats = json.loads(self.done("workload", path, "--json").stdout)
        jsonschema.validate(stats, schema("workload.schema.json"))
        self.assertEqual(stats["requests"], 200)
        self.assertAlmostEqual(stats["requests_per_s"], 1.0)
        # Blocks i % 5 come back, 100 + i never: 195 of 400 are hits of an infinite cache.
        self.assertAlmostEqual(stats["hit_rate_curve"][-1]["block_hit_rate"], 195 / 400)
        self.assertEqual(stats["output_tokens"]["max"], 50)

    def test_azure_gzip_and_standard_input(self):
        path = self.folder / "azure.csv.gz"
        path.write_bytes(gzip.compress(AZURE.encode()))
        text = self.done("workload", path).stdout
        self.assertIn("(azure)", text)
        self.assertIn("no block hashes", text)
        self.assertIn("60 requests", self.done("workload", "-", stdin=AZURE).stdout)

    def test_preset_reads_back(self):
        path = self.write("chat.jsonl", TRACE)
        for title in ("Chat in May 2025", "a: \"b\" # c", "yes", "- x", "é {"):
            with self.subTest(title):
                preset = self.done("workload", path, "--preset", title).stdout
                self.assertIn("classes:", preset)
                import yaml
                self.assertEqual(yaml.safe_load(preset)["title"], title)

    def test_malformed_lines_are_counted(self):
        path = self.write("chat.jsonl", TRACE * 20 + "{}\n" * 12)
        result = self.done("workload", path, "--json")
        self.assertEqual(json.loads(result.stdout)["malformed_lines"], 12)
        self.assertIn("chat.jsonl:4001:", result.stderr)
        self.assertIn("12 malformed lines", result.stderr)

    def test_refused(self):
        self.refused("workload", wants=["which trace?"])
        self.refused("workload", self.folder / "none.jsonl", wants=["none.jsonl"])
        self.refused("workload", self.write("a.jsonl", TRACE + "{}\n" * 100),
                     wants=["a.jsonl", "malformed"])
        self.refused("workload", self.write("b.txt", "hello\n"), wants=["b.txt"])
        self.refused("workload", self.write("c.jsonl", ""), wants=["c.jsonl"])
        good = self.write("d.jsonl", TRACE)
        self.refused("workload", good, "--preset", "x", "--json", wants=["exclude"])
        self.refused("workload", good, "--prset", "x", wants=["did you mean '--preset'"])

    def test_truncated_archive(self):
        path = self.folder / "cut.jsonl.gz"
        path.write_bytes(gzip.compress(TRACE.encode())[:-20])
        self.refused("workload", path, wants=["cut.jsonl.gz"])

    @unittest.skipUnless(os.environ.get("SN_SHARED_DATA"), "no shared data")
    def test_the_real_traces(self):
        traces = Path(os.environ["SN_SHARED_DATA"]) / "traces"
        stats = json.loads(self.done(
            "workload", traces / "mooncake_conversation_trace.jsonl.gz", "--json").stdout)
        self.assertEqual(stats["requests"], 12031)  # as published
        self.assertEqual(stats["malformed_lines"], 0)
        self.assertAlmostEqual(stats["mean_input_tokens"], 12035, delta=1)
        azure = json.loads(self.done("workload", traces / "azure2023_conv.csv.gz", "--json").stdout)
        self.assertEqual(azure["trace_format"], "azure")

    def test_a_plan_takes_the_trace(self):
        trace = self.write("chat.jsonl", TRACE)
        scenario = self.write("s.yaml", SCENARIO)
        self.assertIn("chat.jsonl", self.done("plan", scenario, "--trace", trace).stdout)


if __name__ == "__main__":
    unittest.main()
