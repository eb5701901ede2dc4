#!/usr/bin/env python3
"""Writes what is shown in docs/: datasheets of two racks, published supernodes beside
their predictions, and launch scripts of two deployments.

`supernode` is SN_BINARY, else build/release/bin/supernode; run it from anywhere.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHOWN = [
    ("catalog-al128.txt", ["catalog", "show", "al128"]),
    ("catalog-cloudmatrix384.txt", ["catalog", "show", "cloudmatrix384"]),
    ("supernode-cases.txt", ["validate", "serving"]),
    ("export-llama70b-hgx-h200-vllm.sh",
     ["plan", "scenarios/llama70b-hgx-h200.yaml", "--framework", "vllm", "--export", "vllm"]),
    ("export-deepseek-v3-nvl72-sglang.sh",
     ["plan", "scenarios/nvl72-deepseek-v3.yaml", "--framework", "sglang", "--export",
      "sglang"]),
]


def main():
    binary = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))
    for name, words in SHOWN:
        done = subprocess.run([binary, *words, "--quiet"], cwd=ROOT, text=True, check=False,
                              capture_output=True, stdin=subprocess.DEVNULL,
                              env={**os.environ, "NO_COLOR": "1"})
        if done.returncode != 0:
            sys.exit(done.stderr)
        (ROOT / "docs" / name).write_text(done.stdout, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
