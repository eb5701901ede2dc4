#!/usr/bin/env python3
"""Answers "how big should the supernode be" anew: writes docs/size-study.txt and its sheets.

Models of 0.7T to 10T and a dense one, input to output from 35:1 to 1:8, loose and tight targets, in
one rack and at a fixed total: `supernode plan --vary` of scenarios/size-study*.yaml for each. The
engine plays the trace (35:1) on one rack; the others are screened by the formulas: drawn loads grow
until they last, and take minutes a point on the largest racks.
`supernode` is SN_BINARY, else build/release/bin/supernode; run it from anywhere. It takes the
better part of an hour; cells that are done lie in build/size-study and are not asked again: remove
that folder to begin anew.
"""

import json
import os
import pathlib
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = (8, 32, 64, 72, 128, 144, 256, 512)
MODELS = ("deepseek-v3", "sn-1t", "sn-2.8t", "sn-10t", "llama-3.1-405b")
RATIOS = {"35:1": "",  # the scenarios' own trace: 12,035 tokens in, 343 out
          "8:1": "input: 4000, output: 500", "1:1": "input: 1000, output: 1000",
          "1:8": "input: 500, output: 4000"}
TARGETS = {"loose": "{ttft: {p90: 10 s}, tpot: {p90: 50 ms}}",
           "tight": "{ttft: {p90: 2 s}, tpot: {p90: 15 ms}}"}
SYSTEMS = {"one rack": "size-study.yaml", "4608 GPUs": "size-study-total.yaml"}
DONE = ROOT / "build" / "size-study"
ABOUT = (
    "Written by scripts/size_study.py. tok/s/GPU: output tokens per second over every GPU, of the "
    "best deployment of each size under the SLO: of 35:1 on one rack played by the engine, else "
    "screened by the formulas (docs/formulas.md has their error). `best`: the least size "
    "within 0.1 % of the best of {sizes}; `within 5 %`: sizes that lose less; `128`, `144`: what "
    "these lose. First one rack of that size, whatever it is; then 4,608 GPUs in racks of that "
    "size, joined by ScaleOut: what is left there is what the domain itself is worth. Loose: TTFT "
    "p90 10 s, TPOT p90 50 ms; tight: 2 s, 15 ms.")
LENGTHS = ("{{synthetic: {{arrivals: {{process: poisson, rate: 10 req/s}}, {lengths}, "
           "requests: 8000}}, rate: knee}}")
EVIDENCE = ("calibrated", "published", "family default", "assumption")

def supernode(*words, scenario=None):
    binary = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))
    done = subprocess.run([binary, *words], cwd=ROOT, text=True, capture_output=True, check=False,
                          env={**os.environ, "NO_COLOR": "1"}, input=scenario or "")
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def scenario_of(system, ratio, target):
    """The system's scenario with the lengths and the targets of a cell."""
    lines = (ROOT / "scenarios" / SYSTEMS[system]).read_text(encoding="utf-8").splitlines()
    own = {"slo": TARGETS[target]}
    if RATIOS[ratio]:
        own["workload"] = LENGTHS.format(lengths=RATIOS[ratio])
    return "\n".join(f"{key}: {own[key]}" if (key := line.split(":")[0]) in own else line
                     for line in lines) + "\n"


VARY = ["plan", "-", "--vary", f"model={','.join(MODELS)}",
        "--vary", f"cluster.rack.gpus={','.join(map(str, SIZES))}"]


def rows_of(report):
    """By model: {size: (tokens/s per GPU or 0, what limits or why not)}."""
    out = {}
    for point in report["points"]:
        model, size = (v["value"] if isinstance(v, dict) else v for v in point["values"])
        best = point["best"]
        rate = best["state"]["output_tokens_per_s_per_gpu"] if best else 0.0
        out.setdefault(model, {})[int(size)] = (rate, best["limit"] if best else point["why_not"])
    return out


def verdict(row):
    """The least size within 0.1 % of the best, the sizes within 5 %, and what 128 and 144 lose."""
    best = max(rate for rate, _ in row.values())
    if best <= 0.0:
        return ["-", "none meets the SLO", "-", "-"]
    optimum = min(n for n, (rate, _) in row.items() if rate >= 0.999 * best)
    flat = sorted(n for n, (rate, _) in row.items() if rate >= 0.95 * best)
    text = ", ".join(map(str, flat))
    lost = [f"{100.0 * (1.0 - row[n][0] / best):.0f} %" for n in (128, 144)]
    return [str(optimum), text, *lost]


def table(header, rows):
    widths = [max(len(str(r[i])) for r in [header, *rows]) for i in range(len(header))]
    line = lambda r: " " + "  ".join(str(c).ljust(w) for c, w in zip(r, widths)).rstrip()
    return "\n".join([line(header), " " + "  ".join("-" * w for w in widths), *map(line, rows)])


def cell(ratio, target, system, shown):
    """The report of a cell, kept for the next run of this script."""
    kept = DONE / f"{ratio.replace(':', '-')}-{target}-{system.replace(' ', '-')}.json"
    if not kept.exists():
        print(ratio, target, system, file=sys.stderr, flush=True)
        played = system == "one rack" and not RATIOS[ratio]
        screen = [] if played else ["--screen"]
        text = supernode(*VARY, *screen, "--json", *shown,
                         scenario=scenario_of(system, ratio, target))
        DONE.mkdir(parents=True, exist_ok=True)
        kept.write_text(text, encoding="utf-8")
    return rows_of(json.loads(kept.read_text(encoding="utf-8")))


def rests_on():
    """What the numbers are, by evidence, and the assumptions with their effect."""
    base = json.loads(supernode("plan", "scenarios/size-study-total.yaml", "--screen",
                                "--explain", "--json"))
    inputs = base["explanation"]["elasticities"]
    lines = ["What the numbers rest on (DeepSeek-V3, racks of 128; the other models alike)"]
    for kind in EVIDENCE:
        named = [i["parameter"] for i in inputs if i["evidence"] == kind]
        lines += textwrap.wrap(f"{kind}: {', '.join(named) if named else 'none'}", 96,
                               initial_indent="  ", subsequent_indent="    ")
    lines.append("  assumed numbers, and tokens/s per GPU with each 20 % lower and higher:")
    for a in base["explanation"]["assumptions"]:
        lines.append(f"    {a['parameter']} = {a['value']}: {100 * a['change_at_0_8x']:+.2f} %, "
                     f"{100 * a['change_at_1_2x']:+.2f} %")
    lines.append("  assumptions of the models:")
    for text in base["explanation"]["modelling"]:
        lines += textwrap.wrap(text, 96, initial_indent="    - ", subsequent_indent="      ")
    lines += ["    - SN-1T, SN-2.8T and SN-10T are hypothetical models of this project",
              "    - the rack's switch and feed are those that the largest rack needs; cost, reach",
              "      and failures of a larger domain are not counted"]
    return "\n".join(lines)


def main():
    verdicts, tables = [], []
    for ratio in RATIOS:
        for target in TARGETS:
            by_system = {}
            for system in SYSTEMS:
                sheet = [f"--svg=docs/size-study{'-total' if system != 'one rack' else ''}.svg"]
                shown = sheet if (ratio, target) == ("35:1", "loose") else []
                report = by_system[system] = cell(ratio, target, system, shown)
                tables.append(f"{ratio}, {target}, {system}: tok/s/GPU by size\n" + table(
                    ["model", *SIZES],
                    [[m, *(f"{report[m][n][0]:.4g}" if report[m][n][0] > 0 else "-" for n in SIZES)]
                     for m in MODELS]) + "\n" + table(
                    ["limit of", "at 128", "at 144"],
                    [[m, report[m][128][1], report[m][144][1]] for m in MODELS]))
            for model in MODELS:
                verdicts.append([ratio, target, model, *verdict(by_system["one rack"][model]),
                                 *verdict(by_system["4608 GPUs"][model])])
    text = ["How big should the supernode be?", "=" * 32, "",
            *textwrap.wrap(ABOUT.format(sizes=", ".join(map(str, SIZES))), 96),
            "",
            table(["in:out", "SLO", "model", "best", "within 5 %", "128", "144",
                   "total: best", "within 5 %", "128", "144"], verdicts), "",
            rests_on(), "", *("\n".join([t, ""]) for t in tables)]
    body = "\n".join(line.rstrip() for line in "\n".join(text).split("\n"))
    (ROOT / "docs/size-study.txt").write_text(body.rstrip("\n") + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
