#!/usr/bin/python3
"""`supernode init` and `explain`: drafts that plan, questions on a terminal, the glossary."""

import os
import pty
import subprocess
import unittest

from command import BINARY, ROOT, CommandTest, run


class Init(CommandTest):

    def test_drafts_can_be_planned(self):
        for answers in (["--defaults"],
                        ["--machine", "2 x hgx-h100", "--model", "llama-3.1-8b", "--traffic",
                         "1024/256 at 4/s", "--slo", "tpot 30 ms", "--budget", "40 kW"],
                        ["--machine", "al128", "--model", "deepseek-v3", "--budget", "64 GPUs",
                         "--matters", "energy"]):
            with self.subTest(answers):
                file = self.folder / f"{len(answers)}.yaml"
                self.done("init", *answers, "-o", file)
                text = file.read_text()
                self.assertGreaterEqual(text.count("#"), 6)
                self.done("plan", file, "--screen")

    def test_commands_in_the_draft_run(self):
        text = self.done("init", "--budget", "40 kW", "--matters", "cost").stdout
        file = self.write("d.yaml", text)
        lines = [line[1:].strip() for line in text.splitlines() if "plan THIS --pareto" in line]
        self.assertEqual(len(lines), 1)
        command = lines[0].replace("supernode", BINARY, 1).replace("THIS", str(file)) + " --screen"
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.folder / "front.svg").exists())

    def test_asks_on_a_terminal_what_no_flag_says(self):
        master, side = pty.openpty()
        self.addCleanup(os.close, master)
        file = self.folder / "asked.yaml"
        child = subprocess.Popen([BINARY, "init", "--model", "llama-3.1-8b", "-o", file],
                                 stdin=side, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True)
        os.close(side)
        os.write(master, b"hgx-h100\n\nttft 1 s\n\n\n")
        said = child.communicate(timeout=60)[1]
        self.assertEqual(child.returncode, 0, said)
        self.assertEqual(said.count("?"), 5)
        text = file.read_text()
        self.assertIn("rack: hgx-h100", text)
        self.assertIn("slo: {ttft: {p90: 1 s}}", text)

    def test_mistakes(self):
        self.refused("init", "--machine", "al127", "--slo", "3", "--matters", "speed",
                     wants=["did you mean 'al128'", "'3' is no limit", "throughput"])
        file = self.write("there.yaml", "")
        self.refused("init", "-o", file, wants=["is there already"])


class Explain(CommandTest):

    def test_terms(self):
        self.assertIn("output tokens - 1", self.done("explain", "tpot").stdout)
        self.assertEqual(self.done("explain", "time", "to", "first", "token").stdout,
                         self.done("explain", "TTFT").stdout)
        self.refused("explain", "tptot", wants=["did you mean 'TPOT'"])
        self.assertGreater(len(self.done("explain").stdout.splitlines()), 40)

    def test_the_page_is_that_of_the_command(self):
        self.assertEqual((ROOT / "docs/glossary.md").read_text(),
                         self.done("explain", "--markdown").stdout)

    def test_every_command_that_is_named_runs(self):
        page = self.done("explain", "--markdown").stdout
        commands = {line.split("See `supernode ")[1].rstrip("`.") for line in page.splitlines()
                    if "See `supernode " in line}
        self.assertGreater(len(commands), 8)
        for command in commands:
            done = run(*command.split(), "--help")
            self.assertEqual(done.returncode, 0, command)


if __name__ == "__main__":
    unittest.main()
