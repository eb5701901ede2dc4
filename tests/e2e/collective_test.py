"""`supernode collective`, and collectives in `validate` and `calibrate`, from the outside."""

import json
import unittest

import jsonschema
from command import CommandTest, run, schema

LOG = """# nThread 1 nGpus 8
""" + "".join(f"#  Rank {i:2d} Group  0 Pid 1 on node0 device {i} [0x1b] NVIDIA H200\n"
              for i in range(8)) + """#
#       size         count      type   redop    root     time   algbw   busbw #wrong     time
""" + "".join(f"  {1 << k}  {1 << (k - 2)}  float  sum  -1  {16 + (1 << k) / 2.6e5:.2f}  1  1  0"
              f"  {15.5 + (1 << k) / 2.6e5:.2f}  1  1  0\n" for k in range(10, 31))


class Collective(CommandTest):

    def test_the_table_of_nccl_tests(self):
        text = self.done("collective", "--rack", "nvl72-gb200", "--gpus", "72").stdout
        for word in ("algbw", "busbw", "bound", "ratio", "in-switch", "one-shot"):
            self.assertIn(word, text)

    def test_json_keeps_its_schema_and_its_bounds(self):
        for rack, gpus in (("hgx-h200", 8), ("al128", 128), ("nvl72-gb200", 1440)):
            table = json.loads(self.done("collective", "--rack", rack, "--gpus", str(gpus),
                                         "--min", "1 MiB", "--json").stdout)
            jsonschema.validate(table, schema("collective.schema.json"))
            times = [row["time_s"] for row in table["rows"]]
            self.assertEqual(times, sorted(times))
            for row in table["rows"]:
                self.assertGreaterEqual(row["time_s"], row["bound_s"])

    def test_all_mistakes_at_once(self):
        result = run("collective", "--rack", "hgx-h20O", "--op", "allreduce", "--min", "5 s",
                     "--algorithm", "rign")
        self.assertEqual(result.returncode, 2)
        for word in ("unknown rack", "--op", "--min", "ring"):
            self.assertIn(word, result.stderr)
        result = run("collective", "--rack", "hgx-h200", "--gpus", "12")
        self.assertEqual(result.returncode, 2)
        self.assertIn("whole domains of 8", result.stderr)

    def test_a_log_is_validated_and_fitted(self):
        self.write("all_reduce_perf.txt", LOG)
        report = json.loads(
            self.done("validate", "collectives", "--data", self.folder, "--json").stdout)
        jsonschema.validate(report, schema("validation.schema.json"))
        self.assertEqual(report["files"][0]["chip"], "hgx-h200")
        self.assertEqual(report["files"][0]["rows"], 42)
        out = self.folder / "overlay"
        text = self.done("calibrate", "collectives", "--data", self.folder, "-o", out,
                         "--date", "2026-01-02").stdout
        self.assertIn("What the data cannot tell", text)
        entry = (out / "collectives" / "hopper.yaml").read_text()
        self.assertIn("collective-fit", entry)
        self.assertIn("2026-01-02", entry)

    def test_a_page_of_collectives(self):
        self.write("all_reduce_perf.txt", LOG)
        page = self.folder / "page.html"
        text = self.done("validate", "collectives", "--data", self.folder, f"--html={page}").stdout
        self.assertIn("NCCL all_reduce", text)
        html = page.read_text()
        for word in ("Collectives: predicted against measured", "By size", "1 MiB and up",
                     "NCCL ALL_REDUCE", "target, median", "hgx-h200"):
            self.assertIn(word, html)
        self.self_contained(html)

    def test_an_overlay_is_judged_and_fitted(self):
        """A rate of the library cut by an overlay: predictions slow down, and a fit undoes it."""
        self.write("data/all_reduce_perf.txt", LOG)
        data = self.folder / "data"
        out = self.folder / "fitted"
        self.done("calibrate", "collectives", "--data", data, "-o", out, "--date", "2026-01-02")
        judge = ("validate", "collectives", "--data", data, "--json")
        errors = [json.loads(self.done(*judge, *more).stdout)["files"][0]["metrics"]["latency"]
                  for more in ((), ("--catalog", out))]
        self.assertNotEqual(errors[0], errors[1])
        again = self.folder / "again"
        self.done("calibrate", "collectives", "--data", data, "-o", again, "--catalog", out,
                  "--date", "2026-01-02")
        self.assertTrue((again / "collectives" / "hopper.yaml").exists())
        for verb in ("validate", "calibrate"):
            self.refused(verb, "collectives", "--data", data, "--catalog", self.folder / "none",
                         wants=["cannot list"])

    def test_without_data_the_error_says_what_is_needed(self):
        for verb in ("validate", "calibrate"):
            self.refused(verb, "collectives",
                         wants=[f"supernode {verb} collectives", "--data is missing",
                                "nccl_intra_node.csv", "hint", "all_reduce_perf"])
        self.refused("validate", "kernels", "--rack", "hgx-h200",
                     wants=["--rack is the machine of logs of collectives"])

    def test_faults_are_named_and_the_rest_is_judged(self):
        self.write("all_reduce_perf.txt", LOG + "  4096  1024  float\n")
        self.write("deepep_ll.csv", "system,hidden\n")
        result = run("validate", "collectives", "--data", self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("all_reduce_perf.txt:33", result.stderr)
        self.assertIn("columns are missing", result.stderr)
        self.assertIn("NCCL all_reduce", result.stdout)

    def test_a_folder_without_measurements(self):
        result = run("validate", "collectives", "--data", self.folder)
        self.assertEqual(result.returncode, 1)
        self.assertIn("nccl-tests", result.stderr)


if __name__ == "__main__":
    unittest.main()
