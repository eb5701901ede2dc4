#!/usr/bin/python3
"""Runs one unittest file and writes its cases as JSON: unittest_cases.py FILE OUT

A case is a test method; sub-tests count with the method they belong to. OUT holds a list of
{"name", "outcome": passed | failed | skipped, "detail"}.
"""

import importlib.util
import json
import sys
import unittest
from pathlib import Path


class Collector(unittest.TestResult):
    """Keeps one row for each test method, the worst of what was reported for it."""

    def __init__(self):
        super().__init__()
        self.rows = {}

    def startTest(self, test):
        super().startTest(test)
        self.rows[test.id()] = {"name": test.id(), "outcome": "passed", "detail": ""}

    def _mark(self, test, outcome, detail):
        row = self.rows.setdefault(test.id(), {"name": test.id(), "outcome": outcome, "detail": ""})
        if row["outcome"] != "failed":
            row["outcome"] = outcome
        row["detail"] += detail

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._mark(test, "failed", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._mark(test, "failed", self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            kind = self.failures if issubclass(err[0], test.failureException) else self.errors
            self._mark(test, "failed", f"{subtest.id()}\n{kind[-1][1]}")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._mark(test, "skipped", reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._mark(test, "failed", "unexpected success")


def main(file, out):
    path = Path(file).resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    result = Collector()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    Path(out).write_text(json.dumps(list(result.rows.values())))
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
