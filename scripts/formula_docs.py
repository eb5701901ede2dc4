#!/usr/bin/python3
"""Writes docs/formulas.md from the output of bench/knee_pairs.

Usage: knee_pairs > pairs.tsv; shortlist_check > searches.tsv
       formula_docs.py pairs.tsv searches.tsv > docs/formulas.md
"""

import collections
import math
import sys

HEAD = """# Formulas beside the engine

`plan` screens thousands of deployments with the closed forms of `src/sn/serving/steady`; the engine
then plays the best of them and its figures are what is printed. How far the forms can be trusted to
choose is measured here: the knee (largest multiple of the workload that meets the SLO) by formula
and by the engine for 200 pairs of deployment and workload, a fixed set in `bench/knee_pairs.h`:
8 to 128 GPUs, dense, expert and latent-attention models, aggregated and disaggregated, pipelines,
fixed and spread lengths, bursts, agents with a shared prefix, traces; tight and loose targets.

Generated: `knee_pairs > pairs.tsv; shortlist_check > searches.tsv;
scripts/formula_docs.py pairs.tsv searches.tsv > docs/formulas.md`
(`knee_pairs --check` fails where the median exceeds 15 % or a pair 2x).
"""


def read(path):
    rows = []
    for line in open(path, encoding="utf-8"):
        name, engine, formula, engine_limit, formula_limit = line.rstrip("\n").split("\t")[:5]
        machine, pools, load, slo = name.split(", ")
        engine, formula = float(engine), float(formula)
        ratio = formula / engine if engine > 0.0 and formula > 0.0 else math.inf
        rows.append((machine, pools, load, slo, engine, formula, ratio, engine_limit,
                     formula_limit))
    return rows


def error(row):
    return math.inf if math.isinf(row[6]) else math.exp(abs(math.log(row[6]))) - 1.0


def summary(rows):
    errors = sorted(error(r) for r in rows)
    at = lambda q: errors[min(len(errors) - 1, int(q * len(errors)))]
    return len(errors), at(0.5), at(0.9), errors[-1]


def table(title, groups):
    print(f"\n| {title} | pairs | median | 90 % within | worst |\n|---|---:|---:|---:|---:|")
    for name, rows in groups.items():
        n, median, p90, worst = summary(rows)
        print(f"| {name} | {n} | {100 * median:.1f} % | {100 * p90:.0f} % | {1 + worst:.2f}x |")


def by(rows, key):
    groups = collections.OrderedDict()
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def kind(row):
    if row[1].startswith("A"):
        return "aggregated, pipeline" if "PP" in row[1] else "aggregated"
    return "disaggregated, pipeline" if "PP" in row[1] else "disaggregated"


def searches(path):
    print("\n## What the shortlist holds\n\nTen searches whose deployments were all played, beside"
          " the first row of `plan`, which plays a\nshortlist. The target: within 3 % of the best."
          "\n")
    print("| search | deployments | best of all | `plan` | ratio | its deployment |\n"
          "|---|---:|---:|---:|---:|---|")
    for line in open(path, encoding="utf-8"):
        name, count, best, first, ratio, text = line.rstrip("\n").split("\t")
        print(f"| {name} | {count} | {best}x | {first}x | {ratio} | {text} |")
    print("\nRatios above 1 are the tolerance of two searches for one knee (1 %).")
    print("\n## The pairs, farthest first")


def main():
    rows = read(sys.argv[1])
    print(HEAD)
    print("Error: the larger of the two knees over the smaller, less one.")
    table("all", {"all": rows})
    table("kind", by(rows, kind))
    table("workload", by(rows, lambda r: r[2]))
    table("targets", by(rows, lambda r: r[3]))
    print("\nWhere formulas are most optimistic: pipelines at tight TTFT (chunks of unlike prompts"
          "\nhold each other up), and answers of a few tokens at tight TPOT (chunks come in runs).")
    searches(sys.argv[2])
    print("\n| machine | pools | workload | SLO | engine | formula | ratio | engine's limit |"
          " formula's |\n|---|---|---|---|---:|---:|---:|---|---|")
    for m, pools, load, slo, engine, formula, ratio, e, f in sorted(rows, key=error, reverse=True):
        print(f"| {m} | {pools} | {load} | {slo} | {engine:.3g}x | {formula:.3g}x | {ratio:.2f} |"
              f" {e} | {f} |")


if __name__ == "__main__":
    main()
