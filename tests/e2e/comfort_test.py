"""What makes the command comfortable: help, manual page, completion, doctor, colour, progress."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import unittest

import jsonschema
from command import BINARY, ROOT, TRACE, CommandTest, run, schema


def verbs():
    text = run("--help").stdout
    return re.findall(r"^  ([a-z]+) +\S", text.split("usage:")[1].split("--version")[0], re.M)


class OnTerminal:
    """The command with a terminal as standard output and standard error."""

    def __init__(self, *arguments, env=None):
        self.master, side = pty.openpty()
        self.child = subprocess.Popen(
            [BINARY, *arguments], stdin=subprocess.PIPE, stdout=side, stderr=side, cwd=ROOT,
            env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm",
                 **(env or {})})
        os.close(side)
        self.text = ""

    def read_until(self, wanted):
        """Reads until `wanted` comes or the command ends."""
        while wanted not in self.text:
            if not select.select([self.master], [], [], 60)[0]:
                break
            try:
                block = os.read(self.master, 65536)
            except OSError:  # the other side is closed
                break
            if not block:
                break
            self.text += block.decode("utf-8", "replace")
        return self.text

    def end(self, text=""):
        self.child.communicate(text.encode())
        self.read_until("never")
        os.close(self.master)
        return self.text


class Comfort(CommandTest):

    def test_every_verb_has_help_with_examples(self):
        self.assertGreaterEqual(set(verbs()), {"plan", "catalog", "workload", "doctor", "man"})
        for verb in verbs():
            with self.subTest(verb):
                text = self.done(verb, "--help").stdout
                examples = text.split("examples:\n")[1].strip().splitlines()
                self.assertGreaterEqual(len(examples), 2)
                for line in examples:
                    self.assertIn("supernode", line)
                self.assertIn("--quiet", text)

    def test_manual_page_has_every_verb_and_flag(self):
        page = self.done("man").stdout
        for verb in verbs():
            self.assertIn(f".SS supernode {verb}\n", page)
            for flag in re.findall(r"--[a-z][a-z-]+", self.done(verb, "--help").stdout):
                self.assertIn(flag.replace("-", "\\-"), page)
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page, text=True,
                                  capture_output=True, check=True)
            self.assertEqual(done.stderr, "")
            self.assertIn("EXIT STATUS", re.sub(".\b", "", done.stdout))

    def complete(self, *words):
        """What bash offers for the last of `words`."""
        script = self.write("completion.bash", self.done("completion", "bash").stdout)
        quoted = " ".join(f"'{w}'" for w in ("supernode", *words))
        command = (f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _supernode; "
                   "printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "-c", command], text=True, capture_output=True, check=True,
                              cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_completes_verbs_flags_values_and_files(self):
        self.assertEqual(set(self.complete("")), {*verbs(), "--help", "--version"})
        for verb in verbs():
            flags = re.findall(r"^ +(?:-\w,)?(--[a-z][a-z-]+)",
                               self.done(verb, "--help").stdout, re.M)
            self.assertGreaterEqual(set(self.complete(verb, "--")), set(flags), verb)
        self.assertEqual(self.complete("plan", "--export", "v"), ["vllm"])
        self.assertIn("al128", self.complete("catalog", "show", "al"))
        self.assertIn("b300", self.complete("catalog", "diff", "b200", "b3"))
        self.assertIn("deepseek-v3", self.complete("plan", "x.yaml", "--model", "deep"))
        self.write("mine.yaml", "")
        self.assertEqual(self.complete("plan", "mi"), ["mine.yaml"])

    def test_zsh_and_fish_name_every_verb_and_flag(self):
        for shell, mark in (("zsh", "#compdef supernode"), ("fish", "complete -c supernode")):
            text = self.done("completion", shell).stdout
            self.assertIn(mark, text)
            for verb in verbs():
                self.assertIn(verb, text)
                for flag in re.findall(r"--([a-z][a-z-]+)", self.done(verb, "--help").stdout):
                    self.assertRegex(text, rf"(--| -l ){flag}\b")
            if shutil.which(shell):
                script = self.write("script", text)
                subprocess.run([shell, "-n", str(script)], check=True)
        self.refused("completion", "tcsh", wants=["bash, zsh or fish"])
        self.refused("completion", wants=["for which shell?"])

    def test_doctor(self):
        text = self.done("doctor").stdout
        for check in ("program", "catalog", "plan", "threads", "files", "terminal"):
            self.assertIn(f" {check} ", text)
        report = json.loads(self.done("doctor", "--json").stdout)
        jsonschema.validate(report, schema("doctor.schema.json"))
        self.assertNotIn("FAULT", [c["verdict"] for c in report["checks"]])
        self.assertEqual([c for c in report["checks"] if c["name"] == "plan"][0]["verdict"], "ok")

    def test_colour_is_for_terminals_and_no_color_turns_it_off(self):
        self.assertNotIn("\033[", run("catalog", env={"NO_COLOR": "", "TERM": "xterm"}).stdout)
        self.assertIn("\033[", OnTerminal("catalog", "--quiet").end())
        self.assertNotIn("\033[", OnTerminal("catalog", "--quiet", env={"NO_COLOR": "1"}).end())
        self.assertNotIn("\033[", OnTerminal("catalog", "--quiet", env={"TERM": "dumb"}).end())

    def test_progress_is_shown_on_a_terminal_and_taken_away(self):
        # The trace does not come: the command waits for it as long as it takes.
        at = OnTerminal("workload", "-")
        self.assertRegex(at.read_until(" s\033[K"), r"\rworkload: \d+ s\033\[K")
        text = at.end(TRACE)
        self.assertEqual(at.child.returncode, 0)
        self.assertIn("\r\033[K", text)
        self.assertLess(text.rindex("workload: "), text.rindex("\r\033[K"))

    def test_quiet_says_nothing_but_mistakes(self):
        result = self.done("plan", "scenarios/llama70b-hgx-h200.yaml", "--quiet")
        self.assertEqual(result.stderr, "")
        self.refused("catalog", "show", "al182", "--quiet", wants=["al128"])

    def test_the_word_between_verbs_and_completion_is_nobodys(self):
        for verb in verbs():
            self.refused(verb, "\x01 describe", wants=["unexpected argument"])


if __name__ == "__main__":
    unittest.main()
