#!/usr/bin/env python3
"""Fills the output blocks of README.md with what the program really prints; --check only compares.

A block is a fence after a comment `<!-- output: COMMAND -->` or
`<!-- output: COMMAND | FROM .. TO -->`: the lines from the first that starts with FROM up to, not
including, the first after it that starts with TO (either may be empty). `supernode` in COMMAND is
the binary (SN_BINARY, else build/release/bin/supernode); `{shared}` is SN_SHARED_DATA, and blocks
that name it are left alone where that is not set. Commands run in the root of the tree.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(<!-- output: (?P<command>[^|>]*?)(?: \| (?P<first>[^\n]*?) \.\."
                   r"(?: (?P<last>[^\n]*?))?)? -->\n```\n)"
                   r"(?P<body>.*?)(```\n)", re.DOTALL)


def cut(text, first, last):
    lines = text.splitlines()
    start = 0
    if first:
        start = next(i for i, line in enumerate(lines) if line.strip().startswith(first))
    end = len(lines)
    if last:
        end = next(i for i, line in enumerate(lines) if i > start and line.strip().startswith(last))
    return "\n".join(line.rstrip() for line in lines[start:end]).rstrip("\n") + "\n"


def output_of(command):
    binary = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))
    words = shlex.split(command.replace("{shared}", os.environ.get("SN_SHARED_DATA", "")))
    done = subprocess.run([binary] + words[1:], cwd=ROOT, text=True, capture_output=True,
                          check=False, env={**os.environ, "NO_COLOR": "1"},
                          stdin=subprocess.DEVNULL)
    text = done.stdout if done.returncode == 0 else done.stderr
    shared = os.environ.get("SN_SHARED_DATA")
    return re.sub(re.escape(shared) + r"/(?:\w+/)*", "", text) if shared else text


def shown(command):
    return re.sub(r"\{shared\}/(?:\w+/)*", "", command)


def filled(text):
    def replace(match):
        command = match["command"].strip()
        if "{shared}" in command and not os.environ.get("SN_SHARED_DATA"):
            return match[0]
        body = cut(output_of(command), match["first"], match["last"])
        return f"{match[1]}$ {shown(command)}\n{body}```\n"
    return BLOCK.sub(replace, text)


def main():
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    new = filled(old)
    if "--check" in sys.argv[1:]:
        return 0 if new == old else 1
    path.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
