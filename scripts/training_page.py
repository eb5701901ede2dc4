#!/usr/bin/env python3
"""Writes docs/training.md: measured training against its predictions, and the supernode question.

    SN_BINARY=build/ci/bin/supernode scripts/training_page.py DATA

DATA is a folder with the tables of training that `supernode validate training` knows.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = os.environ.get("SN_BINARY", str(ROOT / "build/ci/bin/supernode"))

MODELS = [("llama-3.1-405b", "dense 405B"), ("deepseek-v3", "MoE 0.7T (DeepSeek-V3)"),
          ("kimi-k2", "MoE 1T (Kimi-K2)"), ("sn-10t", "MoE 10T (SN-10T)")]
DOMAINS = [("8 (8 x 16)", ["cluster.rack.scale_up.domain=8", "cluster.racks=63"]),
           ("64 (2 x 64)", ["cluster.rack.scale_up.domain=64", "cluster.racks=63"]),
           ("128 (1 x 128)", ["cluster.racks=63"]),
           ("144", ["cluster.rack.gpus=144", "cluster.racks=56"])]
GPUS = 8064


def run(*args):
    done = subprocess.run([BINARY, *args], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def plan(*sets, top=1):
    flags = [part for s in sets for part in ("--set", s)]
    return json.loads(run("plan", "scenarios/train-10t-al128.yaml", "--json", "--quiet", "--top",
                          str(top), *flags))


def percent(x):
    return f"{100 * x:.1f} %"


def groups(validation):
    rows = ["| table | rows | predicted | not fitted | mean error | median | bias | target | |",
            "|---|--:|--:|--:|--:|--:|--:|--:|---|"]
    for g in validation["groups"]:
        h = g["held_out"]
        rows.append(f"| {g['group']} | {g['rows']} | {g['predicted']} | {h['n']} | "
                    f"{percent(h['mape'])} | {percent(h['median'])} | {percent(h['bias'])} | "
                    f"{percent(g['target'])} | {'met' if g['met'] else 'missed'} |")
    return "\n".join(rows)


def rows_of(validation, group):
    out = ["| setting | measured | predicted | error | fitted |", "|---|--:|--:|--:|---|"]
    for r in validation["rows"]:
        if r["group"] == group:
            error = r["predicted"] / r["measured"] - 1
            out.append(f"| {r['name']} | {r['measured']:.3g} s | {r['predicted']:.3g} s | "
                       f"{100 * error:+.1f} % | {'yes' if r['fitted'] else ''} |")
    return "\n".join(out)


def largest(step):
    """What of a step beside compute takes most."""
    names = {"recompute": "recomputation", "tensor": "tensor-parallel traffic",
             "exchange": "exchange of experts", "context": "context-parallel traffic",
             "sends": "sends between stages", "bubble": "pipeline bubble",
             "data": "gradients and weights", "optimizer": "optimiser"}
    key = max(names, key=lambda k: step[k])
    return f"{names[key]}, {percent(step[key] / step['total'])}"


def question():
    rows = ["| model | domain | best parallelisation | step | MFU | against 8 | what binds beside "
            "compute |", "|---|--:|---|--:|--:|--:|---|"]
    for model, title in MODELS:
        first = None
        for name, sets in DOMAINS:
            c = plan(f"model={model}", "workload.training.global_batch=2016 sequences",
                     *sets)["candidates"][0]
            total = c["step"]["total"]
            first = first or total
            rows.append(f"| {title} | {name} | {c['deployment']} | {total:.2f} s | "
                        f"{percent(c['mfu'])} | {first / total:.2f} x | {largest(c['step'])} |")
    return "\n".join(rows)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    v = json.loads(run("validate", "training", "--data", sys.argv[1], "--json"))
    example = run("plan", "scenarios/train-405b-nvl72.yaml", "--explain", "--top", "3", "--quiet")
    template = (ROOT / "scripts/training_page.in.md").read_text()
    text = (template.replace("@GROUPS@", groups(v))
            .replace("@MEGATRON@", rows_of(v, "Megatron sequence parallelism"))
            .replace("@MLPERF@", rows_of(v, "MLPerf Llama-3.1-405B"))
            .replace("@WEAK@", rows_of(v, "Megatron-Core weak scaling"))
            .replace("@QUESTION@", question())
            .replace("@GPUS@", f"{GPUS:,}")
            .replace("@EXAMPLE@", example.rstrip()))
    (ROOT / "docs/training.md").write_text(text)


if __name__ == "__main__":
    main()
