#!/usr/bin/env python3
"""Writes docs/directions.md and docs/claims.md: what the program answers, as it stands.

Usage: directions_pages.py BINARY
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    "directions.md": (
        "# Where GPU-centric machines go",
        "`supernode directions` plays one deployment on sixteen machines: what hangs on ScaleUp "
        "(`attach`),\nmessage or memory semantics (`cluster.semantics`), three layers or two "
        "(`cluster.layers`), copper or\noptics (`cluster.rack.scale_up.medium`, `supernode catalog "
        "media`). No direction has a factor of its\nown: each changes numbers that the models read "
        "anyway (schema/scenario.md), and traffic shares links.",
        ["directions", "scenarios/al128-directions.yaml"]),
    "claims.md": (
        "# The ledger of claims",
        "`supernode claims` runs what is claimed of supernodes (`catalog/claims`): claimed, found, "
        "under which\nconditions, verdict. Conditions that are not published are swept. Nothing is "
        "tuned to make one hold.",
        ["claims"]),
}


def main():
    for name, (title, text, command) in PAGES.items():
        done = subprocess.run([sys.argv[1], *command, "--quiet"], capture_output=True, text=True,
                              check=True, cwd=ROOT)
        asked = " ".join(["supernode", *command])
        page = [title, "", "Written by `scripts/directions_pages.py`.", "", text, "",
                "```", f"$ {asked}", done.stdout.rstrip(), "```", ""]
        (ROOT / "docs" / name).write_text("\n".join(page))


if __name__ == "__main__":
    main()
