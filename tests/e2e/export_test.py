"""`supernode plan --export`: scripts that bash and YAML read, and mistakes."""

import re
import subprocess
import unittest

import yaml
from command import SCENARIO, CommandTest

TOOLS = ("vllm", "sglang", "trtllm", "dynamo")

SPLIT = """supernode: 1
name: in two pools
cluster: {rack: nvl72-gb200}
model: deepseek-v3
precision: {weights: fp8, activations: fp8, kv: fp8}
workload:
  synthetic:
    arrivals: {process: poisson, rate: 1 req/s}
    input: {min: 1000, max: 3000}
    output: 400
    requests: 500
  rate: knee
slo: {ttft: {p90: 2 s}, tpot: {p90: 50 ms}}
deployments:
  - {pool: prefill, replicas: 4, dp: 8, chunk: 4096}
  - {pool: decode, dp: 40, mtp: 1}
"""


class Scripts(CommandTest):

    def script(self, scenario, tool, *more):
        text = self.done("plan", scenario, "--export", tool, "--quiet", *more).stdout
        path = self.write(f"{tool}.sh", text)
        check = subprocess.run(["bash", "-n", path], capture_output=True, check=False)
        self.assertEqual(check.returncode, 0, check.stderr)
        self.assertFalse([line for line in text.splitlines() if len(line) > 200])
        for block in re.findall(r"<<'YAML'\n(.*?)\nYAML\n", text, re.DOTALL):
            self.assertIsInstance(yaml.safe_load(block), dict)
        return text, path

    def commands(self, path, node, hosts):
        """What the script runs on a node: every program replaced by one that says its name."""
        tools = self.folder / "tools"
        tools.mkdir(exist_ok=True)
        for name in ("vllm", "python3", "trtllm-serve", "mpirun", "ray"):
            (tools / name).write_text(f"#!/bin/sh\necho {name} \"$@\"\n")
            (tools / name).chmod(0o755)
        done = subprocess.run(
            ["bash", path, str(node)], cwd=self.folder, capture_output=True, encoding="utf-8",
            env={"PATH": f"{tools}:/usr/bin:/bin", "HOSTS": " ".join(hosts), "MODEL": "m"},
            check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def test_dense_model_on_one_server(self):
        scenario = self.write("small.yaml", SCENARIO)
        for tool in TOOLS:
            with self.subTest(tool):
                text, path = self.script(scenario, tool)
                self.assertIn("meta-llama/Llama-3.1-70B", text)
                self.assertIn("cannot be expressed: ", text)
                self.assertRegex(text, r"commit [0-9a-f]{40}")
                self.assertTrue(self.commands(path, 0, ["a"]))
                self.commands(path, "router", ["a"])

    def test_moe_in_two_pools(self):
        scenario = self.write("split.yaml", SPLIT)
        hosts = [f"h{i}" for i in range(18)]
        for tool in TOOLS:
            with self.subTest(tool):
                text, path = self.script(scenario, tool)
                self.assertIn("deepseek-ai/DeepSeek-V3", text)
                lines = self.commands(path, 2, hosts)  # first node of the second prefill replica
                self.assertTrue(lines)
                self.assertTrue(self.commands(path, 8, hosts))  # first node of decode
                routed = " ".join(self.commands(path, "router", hosts))
                if tool in ("vllm", "sglang"):
                    for host in ("h0", "h2", "h4", "h6", "h8"):
                        self.assertIn(host, routed)
                if tool == "vllm":
                    self.assertIn("--data-parallel-address h2", lines[0])
                    headless = self.commands(path, 3, hosts)
                    self.assertIn("--headless --data-parallel-start-rank 4", headless[0])
                if tool == "trtllm":
                    config = yaml.safe_load((self.folder / "disaggregated.yaml").read_text())
                    self.assertEqual(config["context_servers"]["urls"],
                                     [f"h{i}:8100" for i in (0, 2, 4, 6)])
                    self.assertEqual(config["generation_servers"]["urls"], ["h8:8200"])
                    self.assertIn("--host h2:4,h3:4 ", lines[0])
                if tool == "dynamo":
                    self.assertEqual(len(lines), 4)

    def test_another_deployment(self):
        scenario = self.write("small.yaml", SCENARIO)
        self.assertIn("deployment 2 of", self.script(scenario, "vllm", "--deployment", 2)[0])

    def test_tables_are_in_the_catalog(self):
        text = self.done("catalog", "show", "tools/vllm").stdout
        self.assertIn("--tensor-parallel-size", text)
        self.assertIn("vllm-source", text)
        self.done("catalog", "show", "tools/trtllm", "--json")


class Mistakes(CommandTest):

    def setUp(self):
        super().setUp()
        self.scenario = self.write("small.yaml", SCENARIO)

    def test_flags(self):
        self.refused("plan", self.scenario, "--export", "vlm",
                     wants=["no tool 'vlm'", "did you mean 'vllm'", "sglang"])
        self.refused("plan", self.scenario, self.scenario, "--export", "vllm",
                     wants=["one scenario"])
        self.refused("plan", self.scenario, "--export", "vllm", "--json",
                     wants=["nothing else"])
        self.refused("plan", self.scenario, "--deployment", "2", wants=["--export"])
        self.refused("plan", self.scenario, "--export", "vllm", "--deployment", "0",
                     wants=["--deployment cannot be '0'"])
        self.refused("plan", self.scenario, "--export", "vllm", "--deployment", "999",
                     wants=["there is no deployment 999"])


if __name__ == "__main__":
    unittest.main()
