#!/usr/bin/python3
"""Writes docs/models.md: every model of the catalog and every configuration of a folder, as read.

Usage: models_page.py BINARY [--configs FOLDER] [--cases FOLDER] > docs/models.md

Parameters against the published count, KV cache bytes of a token, native format. A configuration
that is refused stands there with the reason. Published counts of configurations come from PUBLISHED
below (model cards); a file that is not listed has none.
"""

import argparse
import json
import os
import subprocess
from pathlib import Path

# Billions of parameters by a part of the file's name, from the models' cards.
PUBLISHED = {
    "kimi-k3": 2800.0, "nemotron-3-nano": 31.6, "nemotron-h-56b": 56.0, "qwen3-vl-32b": 32.8,
    "qwen3.5-35b": 35.0, "step-3.7-flash": 196.0, "minimax-m3": 428.0, "config-glm-5": 744.0,
    "deepseek-v3.1": 671.0, "llama-3.1-70b": 70.6, "qwen3-32b": 32.8,
}


# KV memory that engines printed, by case: file, where it was printed, GiB, tokens (0: not printed).
CASES = [
    ("01-qwen3-235b-4xh100-kv/vllm.yaml", "vllm#21348", 0.0, 178_880),
    ("01-qwen3-235b-4xh100-kv/sglang.yaml", "vllm#21348", 0.0, 367_404),
    ("03-gpt-oss-120b-1xh100/u0.95-c1024.yaml", "vllm#33155", 1.71, 0),
    ("05-deepseek-v32-8xb200/plan.yaml", "sglang#11309", 43.67, 975_424),
]


def case_row(binary, folder, case):
    name, source, gib, tokens = case
    path = Path(folder) / name
    done = subprocess.run([binary, "plan", path.name, "--screen", "--json", "--quiet"],
                          capture_output=True, text=True, cwd=path.parent, check=False,
                          env={**os.environ, "NO_COLOR": "1"})
    pool = json.loads(done.stdout)["candidates"][0]["decode"]
    found_gib = pool["memory_per_gpu"]["kv_bytes"] / 2**30
    found = pool["kv_tokens_per_rank"]
    per_token = found_gib / found
    published = gib if gib else tokens * per_token
    said = f"{gib:.2f} GiB" if gib and not tokens else f"{tokens:,} tokens"
    ours = f"{found_gib:.2f} GiB" if gib and not tokens else f"{found:,.0f} tokens"
    return (f"| {name.removesuffix('.yaml')} | {source} | {said} | {ours} | "
            f"{100.0 * (found_gib / published - 1.0):+.1f} % | {found_gib - published:+.2f} |",
            found_gib - published)


def print_cases(binary, folder):
    print("\n## KV memory that engines print\n\n| case | source | published | found | error | "
          "GiB a GPU |\n|---|---|---|---|---|---|")
    off = []
    for case in CASES:
        text, difference = case_row(binary, folder, case)
        off.append(difference)
        print(text)
    deviation = (sum(d * d for d in off) / len(off)) ** 0.5
    print(f"\nRoot of the mean square: {deviation:.2f} GiB of a GPU, so that KV memory lies within "
          f"{1.28 * deviation:.2f} GiB of what is\nsaid with 80 %, whatever the model: much of a "
          "small rest, little of a large one. The reports of gpt-oss-120b are of several\n"
          "versions: "
          "at a utilisation of 0.9 with 8,192 batched tokens one prints -2.14 GiB, which would be "
          "1.84 GiB at 0.95: more than\nthe 1.71 GiB with 1,024 tokens. Activations by batched "
          "tokens are not what they differ by.")


def sheet(binary, what):
    done = subprocess.run([binary, "catalog", "model", what, "--json", "--quiet"],
                          capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error:" in line]
        return None, (said or done.stderr.splitlines() or ["refused"])[0].split("error: ", 1)[-1]
    return json.loads(done.stdout)["model"], ""


def row(name, model, published):
    total = model["parameters"]["total"] / 1e9
    figure = f"{published:.4g}" if published else "-"
    error = f"{100.0 * (total / published - 1.0):+.2f} %" if published else "-"
    kv = model["kv_bytes_per_token"]
    active = model["parameters"]["active"] / 1e9
    active = model["parameters"]["active"] / 1e9
    return (f"| {name} | {model['family']} | {model['layers']} | {total:.4g} | {figure} | "
            f"{error} | {active:.4g} | {kv['bf16']:,.0f} | {kv['fp8']:,.0f} | "
            f"{model['native_weights']} |")


HEAD = ("| model | family | layers | 1e9 parameters | published | difference | active | "
        "KV B a token, bf16 | fp8 | native |\n|---|---|---|---|---|---|---|---|---|---|")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("binary")
    parser.add_argument("--configs", type=Path)
    parser.add_argument("--cases", type=Path)
    args = parser.parse_args()
    print("# Models, as they are read\n\nWritten by `scripts/models_page.py`. Parameters are "
          "counted from the fields of a configuration; the published figure is the model card's.\n")
    print("## The catalog\n\n" + HEAD)
    for path in sorted(Path("catalog/models").glob("*.yaml")):
        model, why = sheet(args.binary, path.stem)
        if model is None:
            print(f"| {path.stem} | refused: {why} |")
            continue
        print(row(path.stem, model, model["parameters"]["published_total"] / 1e9))
    if args.cases is not None:
        print_cases(args.binary, args.cases)
    if args.configs is None:
        return
    print("\n## Configurations of other repositories\n\n" + HEAD)
    refused = []
    for path in sorted(args.configs.glob("**/*.json")):
        if path.name == "hf_quant_config.json":
            continue
        name = f"{path.parent.name}/{path.stem}"
        model, why = sheet(args.binary, str(path))
        if model is None:
            refused.append(f"- {name}: {why}")
            continue
        known = [v for k, v in PUBLISHED.items() if k in path.name]
        print(row(name, model, known[0] if known else 0.0))
    if refused:
        print("\nRefused, by the field that says why:\n\n" + "\n".join(refused))


if __name__ == "__main__":
    main()
