#!/usr/bin/env python3
"""Writes docs/kernels.md and docs/leave-one-out.txt anew: kernel_docs.py MEASUREMENTS [--quick]

docs/kernels.md: every family of kernel models with its equation (the head of its header), its
parameters and its errors on the measured tables, the bad ones first. docs/leave-one-out.txt: what
`supernode calibrate kernels --leave-out` says of each chip and of whole generations; --quick
leaves it as it is. The binary is SN_BINARY, else that of the release build.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BINARY = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))

# Families of tables, the families of parameters behind them, and the headers with their equations.
FAMILIES = [
    ("Dense products", ["GEMM", "batched GEMM"], ["gemm"], ["gemm.h"]),
    ("Experts", ["MoE"], ["moe"], ["moe.h"]),
    ("Attention", ["attention prefill", "attention decode", "attention, mixed batch"],
     ["attention.prefill", "attention.decode", "prefill", "decode"], ["attention.h"]),
    ("Latent attention (MLA)",
     ["MLA prefill", "MLA prefill module", "MLA decode", "MLA decode module"],
     ["mla.prefill", "mla.decode", "mla_prefill", "mla_decode"], ["mla.h", "attention.h"]),
    ("Norms, activations and whole layers", ["element-wise", "layer operators"], ["host"],
     ["kernel_model.h"]),
]
EXPERIMENTS = ["a100", "h100", "h200", "b200", "gb200", "h100,h200", "b200,gb200", "rtx-pro-6000"]

HEAD = """# Kernel models: equations, parameters, errors

Written by `scripts/kernel_docs.py` from `supernode validate kernels`. An error is
predicted / measured - 1; MAPE is the mean of its absolute value over the rows of a table (a chip, a
framework, a data type), and what stands below are unweighted means over tables. *Never fitted*: the
rows that `calibrate` never sees, fifteen shapes in sixteen, by a hash of the shape. The noise floor
is what interpolating a table by itself would get, each row left out in turn. A table is on target
when its MAPE is at most 8 % (products, attention), 10 % (MLA), 12 % (experts), or 1.5 x its noise
floor where that is higher.

Chips that no fit has seen: [leave-one-out.txt](leave-one-out.txt). Values with source, rows and
error: `supernode catalog show kernels/hopper`, `supernode catalog show kernel_software/default`.
Chips without measurements take the values of a measured generation as shares of their own datasheet
rates and say so (`family-default`). `scripts/calibrate_kernels.py MEASUREMENTS` repeats the fits.
"""


def run(*arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(done.stderr or f"{arguments[0]} failed")
    return done.stdout


def percent(share):
    return "-" if share is None else f"{100 * share:.1f} %"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, r)) + " |" for r in rows]) + "\n"


def summary_rows(summaries):
    return [(s["name"] or "(row by row)", s["tables"], s["tables_on_target"], s["rows"],
             percent(s["predicted"] / s["rows"] if s["rows"] else None), percent(s["mape"]),
             percent(s["held_out_mape"]), percent(s["coverage_adjusted_mape"]),
             percent(s["mean_absolute_bias"]), percent(s["floor"])) for s in summaries]


SUMMARY = ("tables", "on target", "rows", "coverage", "MAPE", "never fitted", "skipped = 100 %",
           "\\|bias\\|", "noise floor")


def banner(headers):
    """The head comment of the first of `headers` that there is."""
    for name in headers:
        path = ROOT / "src/sn/kernel" / name
        if not path.exists():
            continue
        lines = []
        for line in path.read_text().splitlines()[2:]:
            if not line.startswith("//"):
                break
            lines.append(line[3:])
        return name, "\n".join(lines)
    return headers[0], ""


def worst_tables(report, families):
    found = []
    for f in report["files"]:
        if f["family"] not in families:
            continue
        for g in f["groups"]:
            if g["predicted"] and not g["met"]:
                m = g["metrics"]["latency"]
                found.append((m["mape"] / g["target"], f["file"].split("/")[-1], g["group"],
                              percent(m["mape"]), percent(m["bias"]), percent(m["floor"]),
                              percent(g["target"])))
    return [row[1:] for row in sorted(found, reverse=True)[:6]]


def worst_rows(report, families):
    found = []
    for f in report["files"]:
        if f["family"] in families and f["worst"]:
            w = f["worst"][0]
            ratio = max(w["predicted_s"] / w["measured_s"], w["measured_s"] / w["predicted_s"])
            found.append((ratio, f["file"].split("/")[-1], w["line"], w["shape"],
                          f"{1e6 * w['measured_s']:.4g}", f"{1e6 * w['predicted_s']:.4g}"))
    return [row[1:] for row in sorted(found, reverse=True)[:3]]


def section(report, title, families, groups, headers):
    name, equation = banner(headers)
    out = f"\n## {title}\n\n`src/sn/kernel/{name}`:\n\n```\n{equation}\n```\n\n"
    summaries = [s for s in report["summary"]["families"] if s["name"] in families]
    if summaries:
        out += table(("tables of", *SUMMARY), summary_rows(summaries)) + "\n"
    cells = [c for c in report["summary"]["families_by_chip"]
             if c["family"] in families and c["mape"] is not None]
    chips = sorted({c["chip"] for c in cells})
    if chips:
        by = {(c["family"], c["chip"]): percent(c["mape"]) for c in cells}
        out += table(("MAPE", *chips), [(f, *(by.get((f, c), "") for c in chips))
                                        for f in families if any((f, c) in by for c in chips)])
    counts = [b for b in report["parameter_budget"] if b["family"] in groups]
    if counts:
        most = {}
        for b in counts:
            key = (b["scope"], b["family"])
            n, top = most.get(key, (0, 0))
            most[key] = (n + 1, max(top, b["count"]))
        text = "; ".join(f"{f}: at most {top} for each {scope} ({n} of them)"
                         for (scope, f), (n, top) in most.items())
        out += f"\nParameters: {text}.\n"
    bad = worst_tables(report, families)
    if bad:
        out += "\nFarthest from target:\n\n" + table(
            ("file", "table", "MAPE", "bias", "floor", "target"), bad)
    rows = worst_rows(report, families)
    if rows:
        out += "\nFarthest rows:\n\n" + table(
            ("file", "line", "shape", "measured, us", "predicted, us"), rows)
    skipped = {}
    for f in report["files"]:
        if f["family"] in families:
            for s in f["skipped"]:
                skipped[s["reason"]] = skipped.get(s["reason"], 0) + s["rows"]
    for reason, n in sorted(skipped.items()):
        out += f"\nNot predicted: {n} rows ({reason}).\n"
    return out


def main():
    arguments = [a for a in sys.argv[1:] if a != "--quick"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    data = arguments[0]
    report = json.loads(run("validate", "kernels", "--data", data, "--json", "--worst", "1"))
    text = HEAD + "\n" + table(("family", *SUMMARY), summary_rows(report["summary"]["families"]))
    text += "\n" + table(("chip", *SUMMARY), summary_rows(
        [*report["summary"]["chips"], report["summary"]["all"]]))
    published = json.loads(run("validate", "kernels", "--json"))
    text += "\nPublished figures of the catalog (`supernode validate kernels` without data):\n\n"
    text += table(("chip", *SUMMARY), summary_rows(published["summary"]["chips"]))
    for entry in FAMILIES:
        text += section(report, *entry)
    (ROOT / "docs/kernels.md").write_text(text)
    if "--quick" in sys.argv:
        return
    flags = [part for chips in EXPERIMENTS for part in ("--leave-out", chips)]
    (ROOT / "docs/leave-one-out.txt").write_text(
        run("calibrate", "kernels", "--data", data, *flags))


if __name__ == "__main__":
    main()
