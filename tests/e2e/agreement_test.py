"""Planner and simulator are two ways to the same machine: a steady state in closed form, and every
request played. Under Poisson arrivals their means agree within 5 % up to half of what the pool can
do, and within 13 % up to three quarters of it (knees: docs/formulas.md)."""

import json
import unittest

from command import CommandTest

SCENARIO = """supernode: 1
name: agreement
cluster: {{rack: hgx-h200, racks: 2}}
model: llama-3.1-70b
precision: {{weights: fp8}}
workload:
  synthetic:
    arrivals: {{process: poisson, rate: {rate} req/s}}
    input: {{min: 1000, max: 3000}}
    output: {{min: 200, max: 400}}
    requests: 20000
  rate: 1x
slo: {{ttft: {{p90: 10 s}}, tpot: {{p90: 100 ms}}}}
deployments: {pools}
"""
POOLS = (
    "[{pool: aggregated, tp: 4, replicas: 4, chunk: 8192}]",
    "[{pool: prefill, tp: 2, replicas: 4, chunk: 8192}, {pool: decode, tp: 4, replicas: 2}]",
    "[{pool: prefill, tp: 4, replicas: 2, chunk: 8192}, {pool: decode, tp: 8, replicas: 1}]",
)


class Agreement(CommandTest):

    def test_means_below_saturation(self):
        for pools in POOLS:
            for rate, delta in ((4, 0.05), (10, 0.05), (16, 0.13)):
                with self.subTest(pools=pools, rate=rate):
                    self.write("s.yaml", SCENARIO.format(rate=rate, pools=pools))
                    path = f"{self.folder}/s.yaml"
                    plans = json.loads(self.done("plan", path, "--json", "--screen").stdout)
                    plan = plans["candidates"][0]
                    seen = json.loads(self.done("simulate", path, "--json").stdout)
                    self.agrees(plan, seen, "ttft", delta)
                    self.agrees(plan, seen, "tpot", delta)

    def agrees(self, plan, seen, metric, delta):
        predicted = plan["state"][metric]["mean_s"]
        measured = seen[metric]["mean_s"]
        self.assertAlmostEqual(predicted / measured, 1.0, delta=delta, msg=metric)


if __name__ == "__main__":
    unittest.main()
