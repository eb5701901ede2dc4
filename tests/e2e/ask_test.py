"""Questions without a file: flags alone, shipped scenarios by name, standard input."""

import json
import subprocess
import unittest

from command import ROOT, SCENARIO, CommandTest

ASKED = ("--rack", "hgx-h100", "--model", "llama-3.1-70b", "--isl", "1024", "--osl", "256")


class Ask(CommandTest):

    def test_flags_alone_are_a_scenario(self):
        text = self.done("plan", *ASKED, "--ttft", "1s", "--tpot", "50ms", "--rate", "5/s",
                         "--gpus", "4", "--screen").stdout
        self.assertIn("4 of 8 x h100 in 1 hgx-h100", text)
        self.assertIn("TTFT p90 1 s, TPOT p90 50 ms", text)
        self.assertIn("1 024 tokens in, 256 out", text)
        report = json.loads(self.done("simulate", *ASKED, "--ttft", "1s", "--rate", "2/s",
                                      "--requests", "50", "--json").stdout)
        self.assertEqual(report["requests"]["total"] if "total" in report["requests"] else 50, 50)

    def test_the_next_command_can_be_typed(self):
        text = self.done("plan", *ASKED, "--ttft", "1s", "--screen").stdout
        self.assertIn("supernode plan --rack hgx-h100 --model llama-3.1-70b --isl 1024 --osl 256",
                      text)

    def test_what_is_missing_is_said_at_once(self):
        self.refused("plan", "--rack", "hgx-h100",
                     wants=["--model", "--isl and --osl", "--ttft or --tpot"])
        self.refused("plan", *ASKED[:-2], "--ttft", "1s", wants=["--isl and --osl go together"])
        self.refused("plan", *ASKED, "--ttft", "1s", "--rack", "H100",
                     wants=["--rack is given more than once"])
        self.refused("simulate", "--rack", "H100", *ASKED[2:], "--ttft", "1s",
                     wants=["unknown rack 'H100'", "hgx-h100"])

    def test_shipped_scenarios_by_name(self):
        folder = self.folder  # where no scenarios/ is
        text = self.done("plan", "llama70b", "--screen", cwd=folder).stdout
        self.assertIn("Llama-3.1-70B on one HGX-H200", text)
        self.refused("plan", "b200", cwd=folder, wants=["b200-16x8", "b200-1x72"])
        self.refused("plan", "lalma70b-faults", cwd=folder, wants=["llama70b-faults"])
        self.assertIn("llama70b-hgx-h200", self.done("catalog", "scenarios").stdout)
        (folder / "llama70b").write_text(SCENARIO)
        self.assertIn("small", self.done("plan", "llama70b", "--screen", cwd=folder).stdout)

    def test_standard_input(self):
        text = self.done("plan", "-", "--screen", stdin=SCENARIO).stdout
        self.assertIn("small", text)

    def test_the_main_job_reads_standard_input_where_asked(self):
        script = (ROOT / "run").read_text()
        self.assertIn('"$@"\n', script)
        self.assertNotIn('"$@" </dev/null', script)
        self.assertEqual(subprocess.run(["bash", "-n", ROOT / "run"], check=False).returncode, 0)

    def test_catalog_search(self):
        text = self.done("catalog", "search", "h100").stdout
        self.assertIn("hgx-h100", text)
        self.assertNotIn("al128 ", text)
        self.refused("catalog", "search", wants=["search takes one word"])
        self.refused("catalog", "search", "hgx-h101", wants=["hgx-h100"])


if __name__ == "__main__":
    unittest.main()
