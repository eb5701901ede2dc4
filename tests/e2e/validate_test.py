"""`supernode validate` and `supernode calibrate` from the outside."""

import gzip
import json
import os
import unittest
from pathlib import Path

import jsonschema
from command import CommandTest, run, schema

HEADER = "gemm_dtype,m,n,k,latency_ms\n"
# Bytes over bandwidth and a launch: plausible times of an H100.
ROWS = "".join(
    f"bfloat16,{m},{n},{k},{(2.7e-6 + max(2 * n * k / 2.8e12, 2 * m * n * k / 7e14)) * 1e3:.6g}\n"
    for m in (1, 8, 64, 512, 4096) for n in (512, 2048, 8192) for k in range(512, 8193, 512))
NAME = "h100_sxm__trtllm-1__gemm_perf.csv"


class Validate(CommandTest):

    def test_published_figures_without_data(self):
        text = self.done("validate", "kernels").stdout
        self.assertIn("GEMM, published", text)
        self.assertIn("Azure", text)

    def test_a_table_as_text_json_and_page(self):
        self.write(NAME, HEADER + ROWS)
        page = self.folder / "page.html"
        text = self.done("validate", "kernels", "--data", self.folder, "--html", page).stdout
        for word in ("coverage", "MAPE", "never fitted", "noise floor", "Worst rows", "Parameters"):
            self.assertIn(word, text)
        report = json.loads(
            self.done("validate", "kernels", "--data", self.folder, "--json").stdout)
        jsonschema.validate(report, schema("validation.schema.json"))
        file = report["files"][0]
        self.assertEqual((file["file"], file["chip"], file["family"]), (NAME, "h100", "GEMM"))
        self.assertEqual(file["rows"], 240)
        self.assertEqual(file["predicted"], 240)
        latency = file["metrics"]["latency"]
        self.assertLess(latency["mape"], 0.5)
        self.assertEqual(latency["n"], 240)
        self.assertLess(latency["floor"], 0.1)
        self.assertGreater(file["held_out"]["latency"]["n"], 200)
        html = page.read_text()
        self.assertIn("<svg", html)
        self.assertNotIn("http://", html.replace("http://www.w3.org", ""))
        self.assertNotIn("<script", html)

    def test_faults_are_named_and_the_rest_is_evaluated(self):
        self.write(NAME, HEADER + ROWS + "bfloat16,1,2,3,nan\nbfloat16,1,2,3,0\nodd,1,2,3,1\n")
        self.write("x1__vllm-1__gemm_perf.csv", HEADER)
        self.write("h200_sxm__vllm-1__gemm_perf.csv", "m,n,depth,latency_ms\n")
        whole = gzip.compress((HEADER + ROWS).encode())
        (self.folder / "b200_sxm__trtllm-1__gemm_perf.csv.gz").write_bytes(whole[:-40])
        result = run("validate", "kernels", "--data", self.folder, "--json")
        self.assertEqual(result.returncode, 1, result.stderr)
        for word in (f"{NAME}:242:", "ms is 'nan'", "expected more than 0", "unknown system 'x1'",
                     "lacks the columns k", "truncated"):
            self.assertIn(word, result.stderr)
        files = {f["file"]: f for f in json.loads(result.stdout)["files"]}
        self.assertEqual(files[NAME]["predicted"], 240)
        self.assertEqual(files[NAME]["skipped"], [{"reason": "unknown gemm_dtype", "rows": 1}])
        self.assertGreater(files["b200_sxm__trtllm-1__gemm_perf.csv.gz"]["predicted"], 100)

    def test_refused(self):
        self.refused("validate", wants=["validate what?"])
        self.refused("validate", "kernels", "--data", self.folder, "--worst", "many",
                     wants=["--worst"])
        self.refused("calibrate", "kernels", wants=["--data is missing"])
        result = run("validate", "kernels", "--data", self.folder / "none")
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot list", result.stderr)

    def test_calibrate_writes_an_overlay(self):
        self.write(NAME, HEADER + ROWS * 1)
        out = self.folder / "overlay"
        text = self.done("calibrate", "kernels", "--data", self.folder, "-o", out,
                         "--date", "2026-11-01").stdout
        self.assertIn("standard error", text)
        import yaml
        hopper = yaml.safe_load((out / "kernels" / "hopper.yaml").read_text())
        self.assertEqual(hopper["gemm"]["launch"]["source"], "kernel-fit")
        self.assertIn("2026-11-01", hopper["note"])

    @unittest.skipUnless(os.environ.get("SN_SHARED_DATA"), "no measurements")
    def test_measured_tables(self):
        """The shipped fits on whole tables that are near their targets."""
        data = Path(os.environ["SN_SHARED_DATA"]) / "kernels/aic"
        for name in ("INDEX.csv", "h100_sxm__trtllm-1.3.0rc20__gemm_perf.csv.gz",
                     "h200_sxm__trtllm-1.3.0rc20__mla_generation_module_perf.csv.gz"):
            (self.folder / name).symlink_to(data / name)
        report = json.loads(
            self.done("validate", "kernels", "--data", self.folder, "--json").stdout)
        groups = {(f["family"], g["group"]): g for f in report["files"] for g in f["groups"]}
        products = groups[("GEMM", "bfloat16")]
        self.assertLess(products["held_out"]["latency"]["mape"], 0.08)
        self.assertLess(abs(products["metrics"]["latency"]["bias"]), 0.03)
        module = groups[("MLA decode module",
                         "bfloat16 products, bfloat16 attention, KV bfloat16")]
        self.assertLess(module["metrics"]["latency"]["mape"], 0.10)
        for f in report["files"]:
            self.assertGreater(f["predicted"], 0.95 * f["rows"])


if __name__ == "__main__":
    unittest.main()
