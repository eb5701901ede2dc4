#!/usr/bin/python3
"""The documentation holds: commands of tutorial, how-tos and sweeps run, links lead somewhere, the
scenario of each common question is answered."""

import os
import re
import subprocess
import unittest

from command import BINARY, ROOT, CommandTest

DOCS = ROOT / "docs"
EXECUTED = ["tutorial.md", "sweep.md",
            *(f"howto/{file.name}" for file in sorted((DOCS / "howto").glob("*.md")))]
# What needs machines that the tests of cluster/ start, or files of the reader's.
ELSEWHERE = ("mpirun", "--slurm", "postgresql://", "all.db", "my-tables", "--catalog fitted")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def commands(page):
    """Lines of `sh` blocks and of indented blocks that call the command."""
    text = re.sub(r"```yaml.*?```", "", page.read_text(), flags=re.DOTALL)
    found = []
    for line in text.splitlines():
        words = line.strip()
        if words.startswith(("supernode ", "mpirun ")) and (line.startswith("    ") or
                                                            "```" not in line):
            found.append(words)
    return [c for c in found if not any(word in c for word in ELSEWHERE)]


def anchors(page):
    """Headings as both GitHub and MkDocs call them."""
    heads = re.findall(r"^#+ +(.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


class Docs(CommandTest):

    def setUp(self):
        super().setUp()
        for name in ("examples", "scenarios", "docs"):
            (self.folder / name).symlink_to(ROOT / name)
        tools = self.folder / "bin"
        tools.mkdir()
        (tools / "supernode").symlink_to(BINARY)
        self.env = {**os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "NO_COLOR": "1"}

    def test_commands_run_as_they_stand(self):
        for name in EXECUTED:
            lines = commands(DOCS / name)
            self.assertGreaterEqual(len(lines), 2, name)
            for line in lines:
                with self.subTest(f"{name}: {line}"):
                    done = subprocess.run(["bash", "-c", line], cwd=self.folder, env=self.env,
                                          capture_output=True, text=True, timeout=120,
                                          check=False, stdin=subprocess.DEVNULL)
                    self.assertEqual(done.returncode, 0, done.stderr)

    def test_links_lead_somewhere(self):
        pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "examples").glob("*.md")]
        for page in pages:
            for link in LINK.findall(re.sub(r"`[^`]*`", "", page.read_text())):
                if link.startswith(("http://", "https://", "mailto:")):
                    continue
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                with self.subTest(f"{page.relative_to(ROOT)}: {link}"):
                    self.assertTrue(target.exists())
                    if anchor and target.suffix == ".md":
                        self.assertIn(anchor, anchors(target))

    def test_every_question_has_an_answer(self):
        files = sorted((ROOT / "examples/questions").glob("*.yaml"))
        self.assertGreaterEqual(len(files), 5)
        for file in files:
            with self.subTest(file.name):
                self.assertTrue(file.read_text().startswith("# "))
                if file.name == "how-large.yaml":
                    continue  # among the commands above
                if "trace:" in file.read_text():
                    self.done("simulate", file)
                else:
                    self.done("plan", file, "--screen", "--top", "1")


if __name__ == "__main__":
    unittest.main()
