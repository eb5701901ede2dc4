#!/usr/bin/python3
"""Runs golden text tests: run_golden.py [--binary FILE] [--json OUT] FILE.golden...

A golden file holds commands and what must be seen in their output; README.md beside this file
describes the format. Each command is one case. Commands run in the root of the tree, without a
shell, with NO_COLOR=1 and empty standard input.
"""

import argparse
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND_TIMEOUT_S = 300

NUMBER = r"[-+]?(?:\d{1,3}(?: \d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?"
QUANTITY = re.compile(rf"({NUMBER})(?:[ \u00a0]?([A-Za-z%µ$][\w%$/]*))?")
UNIT = re.compile(r"(Ki|Mi|Gi|Ti|p|n|u|µ|m|k|M|G|T|P)?(s|B|bit|FLOP|W|J)((?:/\w+)*)")
PREFIX = {None: 1.0, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6,
          "G": 1e9, "T": 1e12, "P": 1e15, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30,
          "Ti": 2.0**40}
COMPARISON = re.compile(r"(?P<label>\S.*?)\s+(?P<op>~|>=|<=|=)\s+(?P<value>\S.*)")
TEXT_CHECK = re.compile(
    r"(?:(?P<stream>stderr)\s+)?(?P<verb>contains|lacks|matches)\s+(?P<text>.+)")


class Mismatch(Exception):
    """An expectation that does not hold; the text says what was seen."""


class BadFile(Exception):
    """A golden file that cannot be read."""


# --- Numbers with units --------------------------------------------------------------------------

@dataclass
class Quantity:
    number: float
    unit: str = ""

    def known(self):
        """(factor to base units, dimension), or None for a unit that is only a word."""
        special = {"%": (0.01, ""), "min": (60.0, "s"), "h": (3600.0, "s")}
        if self.unit in special:
            return special[self.unit]
        match = UNIT.fullmatch(self.unit)
        if not match:
            return None
        prefix, base, rest = match.groups()
        factor = PREFIX[prefix] * (0.125 if base == "bit" else 1.0)
        return factor, ("B" if base == "bit" else base) + rest

    def __str__(self):
        return f"{self.number:g} {self.unit}".strip()


def read_quantity(text):
    """The first number in `text` with the unit behind it, or None."""
    match = QUANTITY.search(text)
    if not match:
        return None
    return Quantity(float(match.group(1).replace(" ", "")), match.group(2) or "")


def whole_quantity(text):
    """`text` as a number with an optional unit and nothing else, or None."""
    match = QUANTITY.fullmatch(text.strip())
    return read_quantity(text) if match else None


def in_one_unit(actual, expected, in_base_units):
    """Both numbers in the same unit. A bare number of JSON is in base units; one of a table is in
    the unit of its column and so compared as it stands."""
    want = expected.known()
    have = actual.known()
    if want is None:
        return actual.number, expected.number
    if have is not None:
        if have[1] != want[1]:
            raise Mismatch(f"{actual} is of another dimension than {expected}")
        return actual.number * have[0], expected.number * want[0]
    if in_base_units and not actual.unit:
        return actual.number, expected.number * want[0]
    return actual.number, expected.number


# --- What is looked at ---------------------------------------------------------------------------

@dataclass
class Seen:
    """One finished command."""

    code: int
    out: bytes
    err: bytes
    rerun: object = None  # rerun(extra arguments) -> bytes of standard output

    def text(self, stream="stdout"):
        return (self.err if stream == "stderr" else self.out).decode("utf-8", errors="replace")


def json_value(text, pointer):
    """RFC 6901, and `#` as a last step for the number of elements."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Mismatch(f"the output is not JSON: {error}") from None
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        try:
            if key == "#":
                value = len(value)
            else:
                value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Mismatch(f"no '{step}' in the JSON at {pointer}") from None
    return value


def text_after(text, label):
    """(the line, its text after the label) of the first line that contains `label`."""
    for line in text.splitlines():
        if label in line:
            return line, line[line.index(label) + len(label):]
    raise Mismatch(f"no line contains '{label}'")


def find_number(seen, label):
    """(quantity, whether a bare number is in base units, where it was)."""
    if label.startswith("json:"):
        value = json_value(seen.text(), label[5:])
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return Quantity(float(value)), True, json.dumps(value)
        quantity = whole_quantity(value) if isinstance(value, str) else None
        if quantity is None:
            raise Mismatch(f"not a number: {json.dumps(value)[:200]}")
        return quantity, True, json.dumps(value)
    line, rest = text_after(seen.text(), label)
    quantity = read_quantity(rest)
    if quantity is None:
        raise Mismatch(f"no number after '{label}' in: {line.strip()}")
    return quantity, False, line.strip()


# --- Expectations: each returns a function of Seen that raises Mismatch --------------------------

def expect_exit(code):
    def check(seen):
        if seen.code != code:
            raise Mismatch(f"exit code {seen.code}; standard error: {seen.text('stderr')[-1500:]}")
    return check


def expect_text(stream, verb, wanted):
    def check(seen):
        text = seen.text(stream)
        if verb == "matches":
            holds = re.search(wanted, text, re.MULTILINE)
        else:
            holds = (wanted in text) == (verb == "contains")
        if not holds:
            raise Mismatch(f"{stream} was:\n{text[:3000]}")
    return check


def expect_same(seen):
    for extra in ([], ["--threads", "1"], ["--threads", "2"]):
        other = seen.rerun(extra)
        if other != seen.out:
            how = " ".join(extra) or "a second run"
            pairs = zip(seen.out.splitlines(), other.splitlines())
            ends = [(seen.out[-80:], other[-80:])]
            was, became = ([(a, b) for a, b in pairs if a != b] or ends)[0]
            raise Mismatch(f"{how} gives other bytes: {was!r} became {became!r}")


def expect_near(label, wanted, percent):
    def check(seen):
        quantity, base_units, where = find_number(seen, label)
        actual, expected = in_one_unit(quantity, wanted, base_units)
        off = abs(actual - expected)
        if not off <= abs(expected) * percent / 100.0:
            relative = f"{100.0 * off / abs(expected):.3g} % off" if expected else f"{off:g} off"
            raise Mismatch(f"{quantity}, {relative}, in: {where}")
    return check


def expect_bound(label, operator, wanted):
    def check(seen):
        quantity, base_units, where = find_number(seen, label)
        actual, expected = in_one_unit(quantity, wanted, base_units)
        if not (actual >= expected if operator == ">=" else actual <= expected):
            raise Mismatch(f"{quantity}, in: {where}")
    return check


def expect_equal(label, value):
    wanted = whole_quantity(value)

    def check_number(seen):
        quantity, base_units, where = find_number(seen, label)
        actual, expected = in_one_unit(quantity, wanted, base_units)
        if not math.isclose(actual, expected, rel_tol=1e-12):
            raise Mismatch(f"{quantity}, in: {where}")

    def check_text(seen):
        if label.startswith("json:"):
            actual = json_value(seen.text(), label[5:])
            try:
                holds = actual == json.loads(value)
            except ValueError:
                holds = actual == value
            if not holds:
                raise Mismatch(json.dumps(actual)[:500])
            return
        line, rest = text_after(seen.text(), label)
        rest = rest.lstrip(" \t:=")
        if not (rest.startswith(value) and re.match(r"[\s,;.)]|$", rest[len(value):])):
            raise Mismatch(f"in: {line.strip()}")

    return check_text if wanted is None else check_number


def parse_expectation(line):
    """The check that `line` asks for."""
    if line == "same":
        return expect_same
    exit_code = re.fullmatch(r"exit\s*=\s*(\d+)", line)
    if exit_code:
        return expect_exit(int(exit_code.group(1)))
    text = TEXT_CHECK.fullmatch(line)
    if text:
        if text["verb"] == "matches":
            try:
                re.compile(text["text"])
            except re.error as error:
                raise BadFile(f"not a regular expression: {error}") from None
        return expect_text(text["stream"] or "stdout", text["verb"], text["text"])
    comparison = COMPARISON.fullmatch(line)
    if not comparison:
        raise BadFile(f"not an expectation: {line}")
    label, operator, value = comparison["label"], comparison["op"], comparison["value"]
    if operator == "=":
        return expect_equal(label, value)
    percent = None
    if operator == "~":
        near = re.fullmatch(r"(.*\S)\s+within\s+([\d.]+)\s*%", value)
        if not near:
            raise BadFile("expected: LABEL ~ NUMBER UNIT within P %")
        value, percent = near.group(1), float(near.group(2))
    wanted = whole_quantity(value)
    if wanted is None:
        raise BadFile(f"not a number with a unit: {value}")
    return expect_near(label, wanted, percent) if percent is not None else expect_bound(
        label, operator, wanted)


# --- Golden files --------------------------------------------------------------------------------

@dataclass
class Block:
    """One command with its expectations, as (line number, line)."""

    line: int
    command: str
    expectations: list = field(default_factory=list)


@dataclass
class Golden:
    files: dict = field(default_factory=dict)  # inline files by name
    blocks: list = field(default_factory=list)


def parse(text):
    """Reads a golden file."""
    golden = Golden()
    rows = enumerate(text.splitlines(), 1)
    for number, row in rows:
        line = row.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("<<<FILE"):
            name = line[7:].strip()
            if not re.fullmatch(r"\w[\w.-]*", name) or name in golden.files:
                raise BadFile(f"{number}: a new plain file name is expected: {line}")
            content = []
            for _, inner in rows:
                if inner.rstrip() == ">>>":
                    break
                content.append(inner + "\n")
            else:
                raise BadFile(f"{number}: no >>> ends the file {name}")
            golden.files[name] = "".join(content)
        elif line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1].rstrip() + " " + next(rows, (0, ""))[1].strip()
            if not command.startswith("supernode"):
                raise BadFile(f"{number}: a command starts with supernode")
            golden.blocks.append(Block(number, command))
        elif golden.blocks:
            golden.blocks[-1].expectations.append((number, line))
        else:
            raise BadFile(f"{number}: an expectation before the first command: {line}")
    return golden


def execute(binary, arguments):
    """Runs the command; returns Seen."""
    environment = {**os.environ, "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    environment.pop("COLUMNS", None)

    def start(extra):
        return subprocess.run([binary, *arguments, *extra], cwd=ROOT, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=COMMAND_TIMEOUT_S)

    done = start([])
    return Seen(done.returncode, done.stdout, done.stderr, lambda extra: start(extra).stdout)


def run_block(block, path, binary, expand):
    """One case: {"name", "outcome", "detail"}."""
    case = {"name": f"{path}:{block.line}: {block.command}", "outcome": "passed", "detail": ""}
    problems = []
    try:
        checks = []
        for number, line in block.expectations:
            try:
                checks.append((number, line, parse_expectation(expand(line))))
            except BadFile as error:
                problems.append(f"{path}:{number}: {error}")
        if not any(line.startswith("exit") for _, line in block.expectations):
            checks.insert(0, (block.line, "exit = 0", expect_exit(0)))
        seen = execute(binary, shlex.split(expand(block.command))[1:])
        for number, line, check in checks:
            try:
                check(seen)
            except Mismatch as mismatch:
                problems.append(f"{path}:{number}: expected: {line}\n  actual: {mismatch}")
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        problems.append(f"{path}:{block.line}: {error}")
    if problems:
        case.update(outcome="failed", detail="\n".join(problems))
    return case


def run_file(file, binary, shared):
    """All cases of one golden file."""
    path = os.path.relpath(file, ROOT) if Path(file).resolve().is_relative_to(ROOT) else str(file)
    try:
        golden = parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, BadFile) as error:
        return [{"name": path, "outcome": "failed", "detail": f"{path}:{error}"}]
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        def expand(text):
            return text.replace("{tmp}", folder).replace("{shared}", shared or "{shared}")
        for name, content in golden.files.items():
            (Path(folder) / name).write_text(expand(content), encoding="utf-8")
        inline = {name for name, content in golden.files.items() if "{shared}" in content}
        for block in golden.blocks:
            lines = [block.command, *(line for _, line in block.expectations)]
            needs = any(text in line for line in lines for text in ("{shared}", *inline))
            if needs and not shared:
                cases.append({"name": f"{path}:{block.line}: {block.command}",
                              "outcome": "skipped", "detail": "SN_SHARED_DATA is not set"})
            else:
                cases.append(run_block(block, path, binary, expand))
    return cases


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("SN_BINARY", str(ROOT / "build/release/bin/supernode"))
    parser.add_argument("--binary", default=default, help="the command supernode")
    parser.add_argument("--json", help="write the cases to this file")
    parser.add_argument("files", nargs="*", help="golden files; all of this folder when none")
    options = parser.parse_args(arguments)
    files = options.files or sorted(Path(__file__).parent.glob("*.golden"))
    shared = os.environ.get("SN_SHARED_DATA")
    cases = [case for file in files for case in run_file(file, options.binary, shared)]
    if options.json:
        Path(options.json).write_text(json.dumps(cases), encoding="utf-8")
    for case in cases:
        if case["outcome"] != "passed":
            print(f"{case['outcome']}: {case['name']}\n{case['detail']}")
    count = {outcome: sum(case["outcome"] == outcome for case in cases)
             for outcome in ("passed", "failed", "skipped")}
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"{count['passed']} passed, {count['failed']} failed{skipped}")
    return 1 if count["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
