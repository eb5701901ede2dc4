#!/usr/bin/env python3
"""Writes the fitted kernel parameters of the catalog anew: calibrate_kernels.py MEASUREMENTS [DATE]

Runs `supernode calibrate kernels` on the measurements and puts its files into catalog/. Generations
of chips without measured tables take the values of the generation nearest to them, marked as such.
Build and run `supernode validate kernels` afterwards.
"""

import datetime
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BINARY = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))

# Generation without measurements: whose values it takes, and its title.
TAKEN_FROM = {
    "ascend": ("hopper", "Ascend 910C"),
    "cdna3": ("hopper", "CDNA 3 (MI300X)"),
    "cdna4": ("blackwell", "CDNA 4 (MI355X)"),
    "xpu": ("blackwell", "xPUs without measurements"),
}


def derived(text, origin, title):
    text = re.sub(r"title:.*\n", f"title: Kernels on {title}, taken from {origin}\n", text, count=1)
    note = ("note: >-\n  No table of this generation was measured: the values of " + origin +
            ", as shares of\n  this chip's own rates.\n")
    text = re.sub(r"note: >-\n.*?\n(?=\w)", lambda _: note, text, count=1, flags=re.S)
    return re.sub(r'source: [\w-]+, confidence: \w+, note: "[^"]*"',
                  f'source: family-default, confidence: low, note: "as {origin}"', text)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    date = sys.argv[2] if len(sys.argv) == 3 else datetime.date.today().isoformat()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([BINARY, "calibrate", "kernels", "--fresh", "--data", sys.argv[1],
                        "-o", folder, "--date", date], check=True)
        for path in sorted(Path(folder).rglob("*.yaml")):
            target = ROOT / "catalog" / path.relative_to(folder)
            target.parent.mkdir(exist_ok=True)
            target.write_text(path.read_text())
    kernels = ROOT / "catalog/kernels"
    for name, (origin, title) in TAKEN_FROM.items():
        (kernels / f"{name}.yaml").write_text(
            derived((kernels / f"{origin}.yaml").read_text(), origin, title))


if __name__ == "__main__":
    main()
