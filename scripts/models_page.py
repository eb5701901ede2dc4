#!/usr/bin/python3
"""Writes docs/models.md: every model of the catalog and every configuration of a folder, as read.

Usage: models_page.py BINARY [--configs FOLDER] > docs/models.md

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
