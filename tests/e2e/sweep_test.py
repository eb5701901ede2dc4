#!/usr/bin/python3
"""`supernode sweep` from the outside: resumed, killed, on ranks of MPI, asked and drawn."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import unittest

import jsonschema
from command import BINARY, CommandTest, run, schema
from sweep_cases import MPIRUN, SWEEP, csv_of, has_component

# Enough points that one can be killed on the way.
LONG = SWEEP.replace("vary:\n",
                     "vary:\n  slo.ttft.p90: {from: 1000 ms, to: 3000 ms, step: 200 ms}\n")


class Sweep(CommandTest):

    def setUp(self):
        super().setUp()
        self.sweep = self.write("s.yaml", SWEEP)
        self.database = self.folder / "s.db"

    def test_table_json_and_status(self):
        done = self.done("sweep", self.sweep, "--csv", f"--json={self.folder}/s.json")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual([int(row["point"]) for row in rows], list(range(15)))
        self.assertEqual({row["state"] for row in rows}, {"met", "missed", "impossible"})
        for row in rows:
            self.assertEqual(row["why"] == "", row["state"] == "met", row)
        report = json.loads((self.folder / "s.json").read_text())
        jsonschema.validate(report, schema("sweep.schema.json"))
        self.assertEqual(report["asked"], 15)
        best = max(float(row["output_tokens_per_s_per_gpu"]) for row in rows
                   if row["state"] == "met")
        self.assertEqual(report["best"][0]["objective"], best)
        status = json.loads(self.done("sweep", "status", self.database, "--json").stdout)
        jsonschema.validate(status, schema("sweep.schema.json"))
        self.assertEqual(status["best"], report["best"])
        again = self.done("sweep", self.sweep)
        self.assertIn("asked 0 points", again.stderr)

    def test_a_point_is_what_plan_says(self):
        self.done("sweep", self.sweep)
        rows = json.loads(self.done("sweep", "query", self.database, "--json",
                                    "select * from sweep where state = 'met' limit 1").stdout)
        row = rows[0]
        plan = json.loads(self.done(
            "plan", "llama70b", "--screen", "--json", "--set",
            f"cluster.gpus={row['cluster.gpus']}", "--set",
            f"slo.tpot.p90={row['slo.tpot.p90']}").stdout)
        best = plan["candidates"][0]
        self.assertEqual(row["output_tokens_per_s_per_gpu"],
                         best["state"]["output_tokens_per_s_per_gpu"])

    def test_sigkill_loses_points_in_flight_alone(self):
        sweep = self.write("long.yaml", LONG)
        whole = csv_of(self, sweep, self.folder / "whole.db")
        database = self.folder / "killed.db"
        child = subprocess.Popen([BINARY, "sweep", sweep, "--db", database, "--threads", "2"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        kept = 0
        while kept < 5 and child.poll() is None:
            try:
                with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as looked:
                    kept = looked.execute("select count(*) from results_plan").fetchone()[0]
            except sqlite3.OperationalError:
                pass  # not made yet
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        before = json.loads(self.done("sweep", "status", database, "--json").stdout)
        self.assertGreaterEqual(before["answered"], kept)
        self.assertLess(before["answered"], before["contents"])
        done = self.done("sweep", sweep, "--db", database, "--csv", f"--json={self.folder}/j")
        self.assertEqual(done.stdout, whole)
        asked = json.loads((self.folder / "j").read_text())["asked"]
        self.assertEqual(asked, before["contents"] - before["answered"])

    @unittest.skipUnless(MPIRUN and has_component("mpi"), "built without MPI, or none is here")
    def test_two_ranks_of_mpi_give_the_same_table(self):
        whole = csv_of(self, self.sweep, self.folder / "whole.db")
        database = self.folder / "ranks.db"
        done = subprocess.run(
            [*MPIRUN, "-n", "2", BINARY, "sweep", self.sweep, "--mpi", "--db", database, "--csv"],
            text=True, capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, whole)
        self.assertEqual(list(self.folder.glob("ranks.db.part*")), [])
        asked = [int(line.split()[1]) for line in done.stderr.splitlines()
                 if line.startswith("asked")]
        self.assertEqual((len(asked), sum(asked)), (2, 15), done.stderr)

    @unittest.skipUnless(MPIRUN and has_component("mpi"), "built without MPI, or none is here")
    def test_a_rank_is_killed_and_the_rest_is_kept(self):
        sweep = self.write("long.yaml", LONG)
        whole = csv_of(self, sweep, self.folder / "whole.db")
        database = self.folder / "killed.db"
        child = subprocess.Popen([*MPIRUN, "-n", "2", BINARY, "sweep", sweep, "--mpi", "--db",
                                  database], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        self.addCleanup(child.wait)
        part = self.folder / "killed.db.part1"
        kept = 0
        while kept < 5 and child.poll() is None:
            try:
                with sqlite3.connect(f"file:{part}?mode=ro", uri=True) as looked:
                    kept = looked.execute("select count(*) from results_plan").fetchone()[0]
            except sqlite3.OperationalError:
                pass
        ranks = subprocess.run(["pgrep", "-P", str(child.pid)], text=True, capture_output=True,
                               check=False).stdout.split()
        self.assertTrue(ranks)
        os.kill(int(ranks[-1]), signal.SIGKILL)
        child.wait()
        before = json.loads(self.done("sweep", "status", database, "--json").stdout)
        self.assertGreaterEqual(before["answered"], kept)
        done = self.done("sweep", sweep, "--db", database, "--csv", f"--json={self.folder}/j")
        self.assertEqual(done.stdout, whole)
        asked = json.loads((self.folder / "j").read_text())["asked"]
        self.assertEqual(asked, before["contents"] - before["answered"])

    def test_merged_databases(self):
        whole = csv_of(self, self.sweep, self.folder / "whole.db")
        for part in ("0/2", "1/2"):
            self.done("sweep", self.sweep, "--shard", part)
        self.done("sweep", "merge", self.folder / "m.db", self.folder / "s.db.part0",
                  self.folder / "s.db.part1", self.folder / "whole.db")
        merged = self.done("sweep", "query", self.folder / "m.db",
                           "select * from sweep order by point", "--csv").stdout
        self.assertEqual(merged, whole)

    def test_plot(self):
        self.done("sweep", self.sweep)
        svg = self.done("sweep", "plot", self.database).stdout
        self.assertTrue(svg.startswith("<?xml") or svg.startswith("<svg"))
        self.assertIn("llama70b, 40 ms", svg)
        self.assertEqual(svg, self.done("sweep", "plot", self.database, "--svg").stdout)
        words = self.done("sweep", "plot", self.database, "--x", "slo.tpot.p90", "--where",
                          "\"cluster.gpus\" > 2").stdout
        self.assertIn("60 ms", words)
        self.refused("sweep", "plot", self.database, "--y", "ttft_p9_s",
                     wants=["did you mean 'ttft_p90_s'"])

    def test_slurm_script(self):
        path = self.done("sweep", self.sweep, "--slurm-script", "--tasks", "3", "--sbatch",
                         "--mem=1G").stdout.strip()
        script = (self.folder / "s.db.slurm.sh").read_text()
        self.assertEqual(path, str(self.folder / "s.db.slurm.sh"))
        self.assertIn("#SBATCH --array=0-2\n", script)
        self.assertIn("#SBATCH --mem=1G\n", script)
        self.assertEqual(subprocess.run(["bash", "-n", path], check=False).returncode, 0)

    def test_mistakes(self):
        self.refused("sweep", wants=["which sweep?"])
        self.refused("sweep", self.folder / "none.yaml", wants=["none.yaml"])
        bad = self.write("bad.yaml", SWEEP.replace("llama70b", "llama7x"))
        self.refused("sweep", bad, wants=["bad.yaml:4"])
        self.refused("sweep", self.sweep, "--shard", "3/3", wants=["--shard"])
        self.refused("sweep", "query", self.folder / "none.db", "select 1", wants=["none.db"])
        self.refused("sweep", "status", self.sweep, wants=["s.yaml"])
        self.refused("sweep", "merge", self.database, wants=["what is merged"])


if __name__ == "__main__":
    unittest.main()
