"""Questions without a file: flags alone, shipped scenarios by name, standard input."""

import json
import subprocess
import unittest

from command import ROOT, SCENARIO, CommandTest, run

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
        self.assertTrue(report["targets"])

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

    def test_plans_keep_to_what_the_engine_runs(self):
        asked = ("plan", "--rack", "hgx-b200", "--gpus", "16", "--model", "deepseek-v3", "--isl",
                 "2000", "--osl", "500", "--ttft", "2s", "--tpot", "50ms", "--screen", "--top",
                 "200")
        rows = json.loads(self.done(*asked, "--framework", "vllm", "--json").stdout)["candidates"]
        self.assertTrue(rows)
        for row in rows:
            if row["prefill"]:
                self.assertEqual((row["prefill"]["pp"], row["decode"]["pp"]), (1, 1))
            self.assertFalse(row["decode"]["draft_tokens"] and row["decode"]["pp"] > 1)
        script = self.done(*asked, "--framework", "vllm", "--export", "vllm").stdout
        self.assertNotIn("does not run it", script)
        text = self.done(*asked, "--framework", "vllm", "--why-not",
                         "1 x (PP2 TP4 EP4) + 1 x (DP8 EP8)").stdout
        self.assertIn("prefill stages that hand their KV cache over", text)

    def test_limits_on_the_whole_answer(self):
        text = self.done("plan", *ASKED, "--ttft", "1s", "--e2e", "20s", "--rate", "2/s").stdout
        self.assertIn("E2E p90 20 s", text)
        self.assertRegex(text, r"#  pools.*E2E p90")
        missed = run("plan", *ASKED, "--e2e", "10ms", "--rate", "2/s", "--quiet")
        self.assertEqual(missed.returncode, 2)
        screened = self.done("plan", *ASKED, "--ttft", "1s", "--e2e", "20s", "--screen")
        self.assertIn("closed forms know no end-to-end latency", screened.stderr)

    def test_rows_are_named_by_their_own_text(self):
        asked = ("plan", "llama70b", "--screen", "--quiet")
        lines = self.done(*asked).stdout.splitlines()
        first = next(i for i, line in enumerate(lines) if line.lstrip().startswith("#")) + 2
        text = self.done(*asked, "--why-not", lines[first]).stdout
        self.assertNotIn("it is #1", text)
        self.assertEqual(text, self.done(*asked, "--why-not", "2").stdout)
        self.refused(*asked, "--why-not", "999", wants=["there is no row 999"])

    def test_pages_tables_and_charts(self):
        svg, page, table = (self.folder / n for n in ("c.svg", "p.html", "t.csv"))
        self.done("plan", "llama70b", "--screen", f"--html={page}", f"--csv={table}")
        self.self_contained(page.read_text())
        self.assertGreater(len(table.read_text().splitlines()), 2)
        self.done("plan", "llama70b", "b200-16x8", "--screen", f"--svg={svg}")
        self.assertIn("SCENARIOS COMPARED", svg.read_text())

    def test_pages_are_as_wide_as_they_may_be(self):
        for width in (80, 120, 200):
            text = self.done("plan", "llama70b", "--screen", env={"COLUMNS": str(width)}).stdout
            self.assertLessEqual(max(map(len, text.splitlines())), width)

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
