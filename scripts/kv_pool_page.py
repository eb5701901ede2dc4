#!/usr/bin/env python3
"""Writes docs/kv-pool.md and docs/kv-pool.svg: KV tiers below HBM, and the claims about CXL pools.

Usage: kv_pool_page.py BINARY

Everything on the page is asked of the program: scenarios/kv-*.yaml on two servers of eight H20, in
a closed loop as the claims' own benchmark was, over hit rates, contexts and clients. Conditions
that the claims do not publish are swept, not chosen.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DONE = ROOT / "build" / "kv-pool" / "runs.json"  # not asked again; remove it to begin anew
TIERS = {"none": "HBM alone", "dram": "host DRAM", "rdma": "RDMA pool",
         "cxl-pcie": "CXL pool, PCIe", "cxl-scaleup": "CXL pool, ScaleUp"}
WARM = 0.4  # of requests: the first round of every document is not measured
CLIENTS = (4, 8, 16, 32)
CONTEXTS = (2_000, 8_000, 15_000, 32_000)
HITS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


def simulate(binary, name, clients, sets, warm=WARM):
    command = [binary, "simulate", str(ROOT / "scenarios" / f"kv-{name}.yaml"), "--clients",
               str(clients), "--warm-up", str(warm), "--json", "--quiet"]
    for item in sets:
        command += ["--set", item]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout)


def documents(context, hit, count=600, requests=1800):
    """`hit` of a prompt of `context` tokens is one of `count` documents, the rest its own."""
    shared = max(64, round(context * hit / 64) * 64)
    return [f"workload.synthetic.contexts.tokens={shared}",
            f"workload.synthetic.contexts.count={count}",
            f"workload.synthetic.input={max(64, context - shared)}",
            f"workload.synthetic.requests={requests}"]


def figures(report):
    tokens = report["total_tokens_per_s"]
    requests = report["requests_per_s"]
    return {"rate": requests, "ttft": report["ttft"]["mean_s"], "tpot": report["tpot"]["mean_s"],
            "hit": report["prefix_hit_rate"], "loaded": report["loaded_share"], "tokens": tokens}


class Sheet:
    def __init__(self, binary):
        self.binary = binary
        self.known = json.loads(DONE.read_text()) if DONE.exists() else {}

    def at(self, name, clients, context, hit, never=True):
        """`never`: what the pool has is always loaded, as the claims' systems do."""
        key = f"{name} {clients} {context} {hit} {never}"
        if key not in self.known:
            # So many documents that HBM, some 2.2 million tokens a server, holds a small part.
            count = max(200, int(9_000_000 / max(64, context * hit)))
            count = min(count, 3000)
            sets = documents(context, hit, count, 3 * count)
            sets.append("kv.recompute=" + ("never" if never else "when-quicker"))
            self.known[key] = figures(simulate(self.binary, name, clients, sets))
            DONE.parent.mkdir(parents=True, exist_ok=True)
            DONE.write_text(json.dumps(self.known))
        return self.known[key]


def claims(sheet, never=True):
    rows = []
    for context in CONTEXTS:
        for hit in HITS:
            for clients in CLIENTS if never else (16,):
                rdma = sheet.at("rdma", clients, context, hit, never)
                cxl = sheet.at("cxl-pcie", clients, context, hit, never)
                rows.append({"context": context, "hit": hit, "clients": clients,
                             "rate": cxl["rate"] / rdma["rate"],
                             "ttft": cxl["ttft"] / rdma["ttft"] - 1.0,
                             "rdma": rdma, "cxl": cxl})
    return rows


def nearest(rows, key, value):
    best = min(rows, key=lambda r: abs(r[key] - value))
    return best


def where(row):
    return (f"{row['context']:,} tokens, {100 * row['hit']:.0f} % shared, "
            f"{row['clients']} clients")


def claim_rows(rows, quicker):
    all_hit = [r for r in rows if r["hit"] == 1.0]
    third = [r for r in rows if r["hit"] == 0.3]
    out = []
    for text, pool, key, value, show in (
            ("4.79x throughput (AL128, Beluga's first version)", all_hit, "rate", 4.79, "{:.2f}x"),
            ("-82.7 % TTFT (AL128)", all_hit, "ttft", -0.827, "{:+.1%}"),
            ("7.35x throughput (Beluga)", all_hit, "rate", 7.35, "{:.2f}x"),
            ("-89.6 % TTFT (Beluga)", all_hit, "ttft", -0.896, "{:+.1%}"),
            ("+22 % throughput at 30 % hits (Beluga)", third, "rate", 1.22, "{:.2f}x")):
        low = min(r[key] for r in pool)
        high = max(r[key] for r in pool)
        near = nearest(pool, key, value)
        reached = low <= value <= high
        free = [r[key] for r in quicker if r["hit"] == pool[0]["hit"]]
        verdict = (f"reached at {where(near)}" if reached
                   else f"not reached; nearest {show.format(near[key])} at {where(near)}")
        out.append(f"| {text} | {show.format(low)} to {show.format(high)} | "
                   f"{show.format(min(free))} to {show.format(max(free))} | {verdict} |")
    return out


def svg(rows):
    """Request rate over the RDMA pool's, by shared part of the prompt, one line a context."""
    width, height, left, top, right, bottom = 720, 420, 70, 48, 150, 56
    most = max(8.0, max(r["rate"] for r in rows) * 1.05)
    x = lambda h: left + (width - left - right) * h
    y = lambda v: height - bottom - (height - top - bottom) * v / most
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           'font-family="Georgia, serif" font-size="13" fill="#1d1d1b">',
           f'<rect width="{width}" height="{height}" fill="#f6f1e4"/>',
           f'<text x="{left}" y="26" font-size="16">Request rate of a CXL pool over an RDMA pool, '
           '16 clients</text>']
    for v in range(0, int(most) + 1):
        out.append(f'<line x1="{left}" x2="{width - right}" y1="{y(v):.1f}" y2="{y(v):.1f}" '
                   'stroke="#1d1d1b" stroke-opacity="0.15"/>'
                   f'<text x="{left - 8}" y="{y(v) + 4:.1f}" text-anchor="end">{v}x</text>')
    for h in (0.0, 0.25, 0.5, 0.75, 1.0):
        out.append(f'<text x="{x(h):.1f}" y="{height - bottom + 20}" text-anchor="middle">'
                   f'{100 * h:.0f} %</text>')
    out.append(f'<text x="{x(0.5):.1f}" y="{height - 12}" text-anchor="middle">share of the prompt '
               'that is in the pool</text>')
    dashes = ("", "8 4", "2 4", "10 3 2 3")
    ends = []
    for context, dash in zip(CONTEXTS, dashes):
        line = [r for r in rows if r["context"] == context and r["clients"] == 16]
        points = " ".join(f"{x(r['hit']):.1f},{y(r['rate']):.1f}" for r in line)
        out.append(f'<polyline points="{points}" fill="none" stroke="#1d1d1b" stroke-width="1.6" '
                   f'stroke-dasharray="{dash}"/>')
        ends.append([y(line[-1]["rate"]), f"{context:,} tokens"])
    ends.sort()
    for i in range(1, len(ends)):  # labels that do not touch
        ends[i][0] = max(ends[i][0], ends[i - 1][0] + 16)
    for at, text in ends:
        out.append(f'<text x="{width - right + 8}" y="{at + 4:.1f}">{text}</text>')
    for value, hit, text in ((7.35, 1.0, "7.35x claimed"), (4.79, 1.0, "4.79x claimed"),
                             (1.22, 0.3, "+22 % claimed")):
        if value <= most:
            out.append(f'<circle cx="{x(hit):.1f}" cy="{y(value):.1f}" r="5" fill="#b3402a"/>'
                       f'<text x="{x(hit) - 10:.1f}" y="{y(value) - 8:.1f}" text-anchor="end" '
                       f'fill="#b3402a">{text}</text>')
    return "\n".join(out) + "\n</svg>\n"


def page(sheet, rows):
    out = ["# KV cache below HBM: when a pool pays", "",
           "Written by `scripts/kv_pool_page.py`; every figure is the engine's.", "",
           "## The rig and the claims", "",
           "Beluga's rig: two servers of eight H20 and a pool; Qwen3-32B under TP8, the "
           "nearest of the "
           "catalog to its Qwen-32B (64 layers, 8 KV heads), blocks of 16 tokens, `vllm`. "
           "Closed loop; "
           "documents that were read once before anything is measured; so many of them that "
           "HBM holds "
           "a small part. Piece costs are those of its microbenchmarks (`catalog/movers`); no "
           "rate or "
           "latency below went into them.", "",
           "| 15,000 tokens, all in the pool | published | found, by clients 4 / 8 / 16 / 32 |",
           "|---|---|---|"]
    for name, published in (("rdma", "1.54 req/s, TTFT 13.00 s"),
                            ("cxl-pcie", "11.32 req/s, TTFT 1.36 s")):
        cells = [sheet.at(name, c, 15_000, 1.0) for c in CLIENTS]
        out.append(f"| {TIERS[name]} | {published} | "
                   + " / ".join(f"{c['rate']:.2f}" for c in cells) + " req/s, TTFT "
                   + " / ".join(f"{c['ttft']:.2f}" for c in cells) + " s |")
    out += ["", "By hand: 940 blocks x 128 pieces x 10.55 us = 1.27 s a request over RDMA, so two "
            "servers give 1.58 req/s; over CXL 211 us a block, 0.198 s, 10.1 req/s by pieces. Read "
            "as 20 KB a piece (40 KV heads) a server's two adapters would be the limit: 0.213 s, "
            "9.4 req/s; with 8 KV heads (4 KB) they are not.", "",
            "| claim: CXL pool over RDMA pool | always loaded, contexts of 2k to 32k, 4 to 32 "
            "clients | "
            "loaded when quicker, 16 clients | verdict (always loaded) |", "|---|---|---|---|"]
    out += claim_rows(rows, claims(sheet, never=False))
    out += ["", "The 30 % claim is of a first pass that also writes what it computes; here "
    "documents were "
            "written before. 7.35x needs an RDMA pool that nothing helps: here HBM holds a "
            "tenth to a "
            "quarter of the documents, which the slower pool gains more from."]
    out += ["", "![request rate over hit rate](kv-pool.svg)", "",
            "## Request rate and TTFT over hit rate and context, 16 clients", "",
            "| context | shared | " + " | ".join(TIERS.values()) + " | CXL over RDMA |",
            "|---|---|" + "---|" * (len(TIERS) + 1)]
    for context in CONTEXTS:
        for hit in HITS:
            cells = {n: sheet.at(n, 16, context, hit, never=False) for n in TIERS}
            out.append(
                f"| {context:,} | {100 * hit:.0f} % | "
                + " | ".join(f"{c['rate']:.2f}/s, {c['ttft']:.2f} s" for c in cells.values())
                + f" | {cells['cxl-pcie']['rate'] / cells['rdma']['rate']:.2f}x, "
                f"{100 * (cells['cxl-pcie']['ttft'] / cells['rdma']['ttft'] - 1):+.0f} % |")
    out += ["", "Requests per second and mean TTFT, with `kv.recompute: when-quicker`: where "
    "a tier is "
            "slower than computing, blocks are computed. The claims above are with `never`: "
            "an RDMA "
            "pool makes up much of its distance once its reader is free to compute.", ""]
    return "\n".join(out)


def depths(binary):
    """The main job with fewer and more tiers (scenarios/al128-kv-pool.yaml)."""
    done = subprocess.run([binary, "plan", "al128-kv-pool", "--json", "--quiet"],
                          capture_output=True, text=True, check=True)
    out = ["", "## Does an AL128 want a pool for Mooncake's conversations?", "",
           "`supernode plan al128-kv-pool`: DeepSeek-V3, the trace's preset, TTFT p90 2 s, played.",
           "", "| tiers | best plan | knee | tok/s/GPU | hits | limit |",
           "|---|---|---|---|---|---|"]
    rows = json.loads(done.stdout)["kv_depths"]
    for row in rows:
        out.append(f"| {row['text']} | {row['plan']} | {row['multiple']:.1f}x | "
                   f"{row['output_tokens_per_s_per_gpu']:.0f} | {100 * row['prefix_hit_rate']:.0f} "
                   f"% | {row['limit']} |")
    base, pool = rows[0], rows[1]
    gain = pool["output_tokens_per_s_per_gpu"] / base["output_tokens_per_s_per_gpu"] - 1
    out += ["", f"The pool is worth {100 * gain:+.1f} %, as many GPUs: {128 * gain:.0f} of 128. "
            "A latent cache is small and the prefill pool's HBM holds most of what comes back.", ""]
    return "\n".join(out)


def main():
    sheet = Sheet(sys.argv[1])
    rows = claims(sheet)
    (ROOT / "docs" / "kv-pool.svg").write_text(svg(rows))
    (ROOT / "docs" / "kv-pool.md").write_text(page(sheet, rows) + depths(sys.argv[1]))


if __name__ == "__main__":
    main()
