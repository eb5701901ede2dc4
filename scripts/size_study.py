#!/usr/bin/env python3
"""Answers "how big should the supernode be" anew: writes docs/size-study.txt and its sheets.

Three studies of scenarios/size-study*.yaml, as `supernode plan --vary` prints them, with what the
numbers rest on. `supernode` is SN_BINARY, else build/release/bin/supernode; run it from anywhere.
"""

import json
import os
import pathlib
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
SIZES = "cluster.rack.gpus=8,16,32,64,72,128,144,256,512"
MODELS = "model=deepseek-v3,sn-1t,sn-2.8t,sn-10t,llama-3.1-405b"
SPEEDS = "slo.tpot.p90=50 ms,25 ms,15 ms,10 ms,7 ms"
EVIDENCE = ("calibrated", "published", "family default", "assumption")
STUDIES = [
    ("size-study", "size-study.yaml", MODELS,
     "1  One rack, whatever its size",
     "A larger rack has more of everything: memory for weights and KV cache, ranks over which\n"
     "weights are read once, servers that share a queue. Who buys one machine has this choice."),
    ("size-study-total", "size-study-total.yaml", MODELS,
     "2  4608 GPUs in racks of every size",
     "The same number of chips, cut into ScaleUp domains that ScaleOut joins; instances may span\n"
     "domains, prefill and decode pools may stand in different racks. What is left is what the\n"
     "domain itself is worth: the exchange between experts that need not leave it."),
    ("size-study-speed", "size-study-total.yaml", SPEEDS,
     "3  The same, for faster answers (DeepSeek-V3)",
     "A user who may wait 50 ms a token is served in any domain. The faster the answers have to\n"
     "be, the wider an instance spreads, and the more of its exchange a small domain sends over\n"
     "ScaleOut; where that is too slow, narrow instances read their weights for fewer tokens."),
]


def supernode(*words):
    binary = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))
    done = subprocess.run([binary, *words], cwd=ROOT, text=True, capture_output=True, check=False,
                          env={**os.environ, "NO_COLOR": "1"}, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return done.stdout


def verdicts(table):
    """The lines after the table: one verdict a row of the study."""
    return table.split("\n\n")[2].rstrip("\n")


def rows_by_evidence(tables):
    """"135 rows: 120 calibrated, 15 family default", of all tables."""
    counts = {}
    for line in "\n".join(tables).splitlines():
        for kind in EVIDENCE:
            if line.rstrip().endswith("  " + kind):
                counts[kind] = counts.get(kind, 0) + 1
    return (f"{sum(counts.values())} rows meet the SLO: " +
            ", ".join(f"{n} {kind}" for kind, n in counts.items()))


def rests_on(tables):
    """What the numbers are, by evidence, and the assumptions with their effect."""
    base = json.loads(supernode("plan", "scenarios/size-study-total.yaml", "--explain", "--json"))
    inputs = base["explanation"]["elasticities"]
    lines = ["What the numbers rest on (DeepSeek-V3, racks of 128; the other models alike)",
             f"  {rows_by_evidence(tables)}"]
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
    parts = []
    for name, scenario, rows, title, meaning in STUDIES:
        words = ["plan", f"scenarios/{scenario}", "--vary", rows, "--vary", SIZES]
        table = supernode(*words, f"--svg=docs/{name}.svg")
        command = " ".join(f"'{w}'" if " " in w else w for w in words)
        parts.append((title, meaning, command, table, f"docs/{name}.svg"))
    text = ["How big should the supernode be?", "=" * 32, "",
            "Written by scripts/size_study.py. tok/s/GPU: output tokens per second over every GPU,",
            "of the best deployment of each size under the SLO. The optimum is the least size that",
            "is best to 0.1 %; 'flat within 5 %' is the range of sizes around it that lose less.",
            "Beside that range stands what is lost, and which part of the GPU time of one output",
            "token (all parts add up to 1 / (tok/s/GPU)) grew most.", ""]
    for title, meaning, _, table, sheet in parts:
        text += [title, "-" * len(title), meaning, "", verdicts(table), "", f" sheet: {sheet}", ""]
    text += [rests_on([table for _, _, _, table, _ in parts]), ""]
    for title, _, command, table, _ in parts:
        text += [f"Table of {title}", f"$ supernode {command}", table.rstrip("\n"), ""]
    body = "\n".join(line.rstrip() for line in "\n".join(text).split("\n"))
    (ROOT / "docs/size-study.txt").write_text(body.rstrip("\n") + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
