#!/usr/bin/python3
"""Runs the tests of a build folder and counts their cases. Called by ./test, which builds first.

Fast tier: GoogleTest executables (as ctest lists them), tests/**/*_test.py (unittest), golden
tests. Slow tier (--full) adds sanitizers, fuzz targets, format, clang-tidy, headers on their own,
benchmarks that must build, and the installation.

One line for each task, what failed in full, what was skipped and why, then `N passed, N failed` as
the last line. A task that
ends without a report of its cases counts as one failed case. Tests run in the root of the tree with
the variables SN_BINARY (the command), SN_BUILD (the build folder), SN_SHARED_DATA where there is
one, and NO_COLOR.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3"
TASK_TIMEOUT_S = 3600
FUZZ_SECONDS = 60  # each target; with two jobs 12 of them take 6 minutes
TALKATIVE = ("arguments_fuzz",)  # targets that write to standard error
# Layers in whose tests work is shared among threads, for the thread sanitizer.
THREADED = ("base", "planner", "evidence")
DETAIL_LINES = 60
SKIPPED_SHOWN = 20  # of one reason


@dataclass
class Case:
    name: str
    outcome: str  # passed | failed | skipped
    detail: str = ""


@dataclass
class Task:
    """A command, and how it becomes cases: `read(report, done)`, or one case by exit code."""

    name: str
    command: list
    read: object = None
    env: dict = field(default_factory=dict)


def tail(text, lines=DETAIL_LINES):
    rows = text.rstrip().splitlines()
    if len(rows) > lines:
        rows = [f"... {len(rows) - lines} lines before"] + rows[-lines:]
    return "\n".join(rows)


def read_rows(report, done):
    """Cases of unittest_cases.py and run_golden.py."""
    return [Case(**row) for row in json.loads(report.read_text())]


def read_gtest(report, done):
    """Cases of --gtest_output=json; after a crash, what the program printed until then."""
    if not report.exists() or done.returncode < 0:
        return read_gtest_text(done.stdout)
    said = skip_reasons(done.stdout)
    cases = []
    for suite in json.loads(report.read_text())["testsuites"]:
        for test in suite["testsuite"]:
            name = f"{suite['name']}.{test['name']}"
            failures = [failure["failure"] for failure in test.get("failures", [])]
            if failures:
                cases.append(Case(name, "failed", "\n".join(failures)))
            elif test["result"] == "SKIPPED" or test["status"] == "NOTRUN":
                reason = "disabled" if test["status"] == "NOTRUN" else said.get(name, "")
                cases.append(Case(name, "skipped", reason))
            else:
                cases.append(Case(name, "passed"))
    return cases


def skip_reasons(text):
    """What GTEST_SKIP said, by test: the lines between "Skipped" and the end of the test."""
    out, running, said = {}, None, []
    for line in text.splitlines():
        if line.startswith("[ RUN      ] "):
            running, said = line[13:].strip(), []
        elif line.startswith("[  SKIPPED ] ") and running:
            words = [row.strip() for row in said if row.strip() and not row.endswith("Skipped")]
            out[running] = words[-1] if words else ""
            running = None
        else:
            said.append(line)
    return out


def read_gtest_text(text):
    cases = []
    running, since = None, []
    for line in text.splitlines():
        since.append(line)
        if line.startswith("[ RUN      ] "):
            running, since = line[13:].strip(), []
        elif line.startswith("[       OK ] ") and running:
            cases.append(Case(running, "passed"))
            running, since = None, []
        elif line.startswith("[  FAILED  ] ") and running:
            cases.append(Case(running, "failed", tail("\n".join(since))))
            running, since = None, []
    if running:
        cases.append(Case(running, "failed", "ended the program\n" + tail("\n".join(since))))
    return cases


def read_fuzz(report, done):
    """One case; how many inputs were run, where none was found."""
    name = Path(done.args[0]).name
    if done.returncode:
        return [Case(name, "failed", tail(done.stdout))]
    runs = re.findall(r"stat::number_of_executed_units: (\d+)", done.stdout)
    return [Case(name, "passed", f"{int(runs[-1]):,} inputs" if runs else "")]


def run_task(task, scratch):
    """Runs one task. Returns (task, cases, seconds)."""
    report = Path(scratch) / (task.name.replace("/", "_") + ".json")
    command = [str(part).replace("{report}", str(report)) for part in task.command]
    start = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **task.env}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TASK_TIMEOUT_S,
            encoding="utf-8", errors="replace", check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return task, [Case(task.name, "failed", str(error))], time.monotonic() - start
    seconds = time.monotonic() - start
    cases = []
    if task.read is not None:
        try:
            cases = task.read(report, done)
        except (OSError, ValueError, KeyError, TypeError) as error:
            cases = [Case(task.name, "failed", f"no report of its cases: {error}")]
    failed = any(case.outcome == "failed" for case in cases)
    if task.read is None:
        outcome = "failed" if done.returncode else "passed"
        cases = [Case(task.name, outcome, tail(done.stdout) if done.returncode else "")]
    elif done.returncode and not failed:
        cases.append(Case(task.name, "failed",
                          f"exit code {done.returncode}\n{tail(done.stdout)}"))
    return task, cases, seconds


class Totals:
    """Prints tasks as they end and keeps the counts."""

    def __init__(self, jobs):
        self.jobs = jobs
        self.count = {"passed": 0, "failed": 0, "skipped": 0}
        self.skipped = {}  # reason: names

    def add(self, task, cases, seconds):
        bad = [case for case in cases if case.outcome == "failed"]
        skipped = [case for case in cases if case.outcome == "skipped"]
        for case in cases:
            self.count[case.outcome] += 1
        note = f", {len(skipped)} skipped" if skipped else ""
        note += "".join(f", {c.detail}" for c in cases if c.outcome == "passed" and c.detail)
        mark = "FAIL" if bad else "ok"
        count = f"{len(cases)} case{'' if len(cases) == 1 else 's'}"
        print(f"{mark:4} {task.name:40} {count:>10}{note}  {seconds:.1f} s", flush=True)
        for case in skipped:
            reason = case.detail.strip() or "no reason given"
            self.skipped.setdefault(reason, []).append(f"{task.name} {case.name}")
        for case in bad:
            print(f"  FAILED {case.name}")
            for line in tail(case.detail).splitlines():
                print(f"    {line}")
        sys.stdout.flush()

    def run(self, tasks):
        """Runs the tasks; true when none of their cases failed."""
        before = self.count["failed"]
        with tempfile.TemporaryDirectory() as scratch:
            with ThreadPoolExecutor(self.jobs) as pool:
                for result in pool.map(lambda task: run_task(task, scratch), tasks):
                    self.add(*result)
        return self.count["failed"] == before

    def finish(self):
        if self.count["skipped"]:
            print(f"{self.count['skipped']} skipped")
            for reason, names in sorted(self.skipped.items()):
                print(f"  {reason}: {len(names)}")
                for name in names[:SKIPPED_SHOWN]:
                    print(f"    {name}")
                if len(names) > SKIPPED_SHOWN:
                    print(f"    and {len(names) - SKIPPED_SHOWN} more")
        if not os.environ.get("SN_SHARED_DATA"):
            print("measurements and traces are not part of the tree: set SN_SHARED_DATA to their "
                  "folder (examples/README.md says where they are from)")
        print(f"{self.count['passed']} passed, {self.count['failed']} failed", flush=True)
        return 1 if self.count["failed"] or not self.count["passed"] else 0


def gtest_tasks(build, prefix="", only=None, wrapper=(), env=None):
    """One task for each executable that ctest lists in `build`."""
    listing = subprocess.run(
        ["ctest", "--test-dir", str(build), "--show-only=json-v1"], cwd=ROOT, check=True,
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8")
    tasks = []
    for test in json.loads(listing.stdout)["tests"]:
        if only and test["name"] not in only:
            continue
        tasks.append(Task(prefix + test["name"],
                          [*wrapper, *test["command"], "--gtest_output=json:{report}"],
                          read_gtest, env or {}))
    return tasks


def test_environment(build):
    return {"SN_BINARY": str((ROOT / build / "bin/supernode").resolve()),
            "SN_BUILD": str((ROOT / build).resolve()), "NO_COLOR": "1", "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1"}


def script_tasks(build, prefix="", folders=("tidy", "golden", "e2e"), golden=True, env=None):
    """unittest files of tests/<folder>, and every golden file."""
    env = {**test_environment(build), **(env or {})}
    tasks = []
    for folder in folders:
        for file in sorted((ROOT / "tests" / folder).glob("*_test.py")):
            name = f"{prefix}tests/{folder}/{file.name}"
            command = [PYTHON, "scripts/unittest_cases.py", file, "{report}"]
            tasks.append(Task(name, command, read_rows, env))
    files = sorted((ROOT / "tests/golden").glob("*.golden")) if golden else []
    for file in files:
        command = [PYTHON, "tests/golden/run_golden.py", "--binary", env["SN_BINARY"],
                   "--json", "{report}", file]
        tasks.append(Task(f"{prefix}tests/golden/{file.name}", command, read_rows, env))
    return tasks


def build_task(preset, *arguments):
    return Task(f"build {preset}", ["scripts/build.sh", preset, *arguments])


def fuzz_tasks(build):
    """Each target for a minute from its seeds; new inputs are kept in the build folder."""
    tasks = []
    for source in sorted((ROOT / "tests/fuzz").glob("*_fuzz.cc")):
        target = source.stem
        found = ROOT / build / "corpus" / target
        found.mkdir(parents=True, exist_ok=True)
        seeds = [ROOT / "tests/fuzz/corpus" / name
                 for name in (target, target.removesuffix("_fuzz"))]
        tasks.append(Task(
            f"fuzz/{target}",
            [ROOT / build / "bin" / target, f"-max_total_time={FUZZ_SECONDS}", "-timeout=60",
             "-rss_limit_mb=2048", "-print_final_stats=1",
             f"-artifact_prefix={found.parent}/{target}-",
             *(["-close_fd_mask=2"] if target in TALKATIVE else []),
             found, *(folder for folder in seeds if folder.is_dir())],
            read_fuzz))
    return tasks


def same_addresses():
    """`setarch -R`: the thread sanitizer fails under wide address randomisation."""
    wrapper = ["setarch", "-R"]
    if not shutil.which("setarch"):
        return []
    done = subprocess.run([*wrapper, "true"], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    return [] if done.returncode else wrapper


def cxx_files():
    folders = ("src", "apps", "bench", "tests")
    return sorted(file for folder in folders for suffix in ("h", "cc")
                  for file in (ROOT / folder).rglob(f"*.{suffix}"))


def slow_tier(totals, build):
    totals.run([Task("format", ["clang-format-19", "--dry-run", "-Werror", *cxx_files()])])

    if totals.run([build_task("asan", "all", "all_verify_interface_header_sets")]):
        asan = {"SN_SANITIZED": "1", "ASAN_OPTIONS": "detect_stack_use_after_return=1",
                "UBSAN_OPTIONS": "print_stacktrace=1"}
        totals.run(gtest_tasks("build/asan", "asan/", env=asan))
        totals.run(script_tasks("build/asan", "asan/", folders=("e2e",), env=asan))

    threaded = [f"sn_{layer}_test" for layer in THREADED]
    if totals.run([build_task("tsan", *threaded)]):
        totals.run(gtest_tasks("build/tsan", "tsan/", set(threaded), same_addresses()))

    if totals.run([build_task("fuzz", "all")]):
        totals.run(fuzz_tasks("build/fuzz"))
    totals.run([build_task("tidy", "all")])
    if totals.run([build_task("python", "all")]):
        totals.run(script_tasks(build, folders=("python",), golden=False,
                                env={"SN_PYTHON_BUILD": str(ROOT / "build/python")}))
    if totals.run([build_task(Path(build).name, "all", "-DSN_BUILD_BENCH=ON")]):
        totals.run(script_tasks(build, folders=("install", "cluster"), golden=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/release", help="build folder, from the root")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--full", action="store_true", help="the slow tier too")
    arguments = parser.parse_args()
    totals = Totals(arguments.jobs)
    try:
        totals.run(gtest_tasks(arguments.build) + script_tasks(arguments.build))
        if arguments.full:
            slow_tier(totals, arguments.build)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        totals.add(Task("run_tests", []), [Case("run_tests", "failed", str(error))], 0.0)
    return totals.finish()


if __name__ == "__main__":
    sys.exit(main())
