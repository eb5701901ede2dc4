"""`supernode validate` and `supernode calibrate` from the outside."""

import gzip
import json
import os
import unittest
from pathlib import Path

import jsonschema
import yaml
from command import SCENARIO, CommandTest, run, schema

HEADER = "gemm_dtype,m,n,k,latency_ms\n"
# Bytes over bandwidth and a launch: plausible times of an H100.
ROWS = "".join(
    f"bfloat16,{m},{n},{k},{(2.7e-6 + max(2 * n * k / 2.8e12, 2 * m * n * k / 7e14)) * 1e3:.6g}\n"
    for m in (1, 8, 64, 512, 4096) for n in (512, 2048, 8192) for k in range(512, 8193, 512))
NAME = "h100_sxm__trtllm-1__gemm_perf.csv"
TABLES = {
    "gemm_perf": HEADER + "bfloat16,64,512,512,0.01\nfp8,64,512,512,0.01\n",
    "moe_perf": "moe_dtype,num_tokens,hidden_size,inter_size,topk,num_experts,moe_tp_size,"
                "moe_ep_size,distribution,kernel_source,latency_ms\n"
                "bfloat16,64,7168,2048,8,256,1,8,balanced,moe_torch_flow,0.1\n",
    "context_attention_perf": "attn_dtype,kv_cache_dtype,batch_size,isl,num_heads,"
                              "num_key_value_heads,head_dim,window_size,latency_ms\n"
                              "bfloat16,fp8,1,1024,32,8,128,0,0.1\n",
    "generation_attention_perf": "attn_dtype,kv_cache_dtype,batch_size,isl,num_heads,"
                                 "num_key_value_heads,head_dim,window_size,step,latency_ms\n"
                                 "bfloat16,bfloat16,8,1,32,8,128,0,1024,0.1\n",
}


class Validate(CommandTest):

    def report(self, *arguments):
        """The JSON of a run without faults, held to its schema."""
        report = json.loads(self.done("validate", "kernels", *arguments, "--json").stdout)
        jsonschema.validate(report, schema("validation.schema.json"))
        return report

    def test_parameters_are_within_their_budget(self):
        """Of everything that the catalog fits, not of one table alone."""
        for chip in ("a100_sxm", "h100_sxm", "b200_sxm", "gb200"):
            for table, text in TABLES.items():
                self.write(f"{chip}__trtllm-1__{table}.csv", text)
        report = self.report("--data", self.folder)
        counts = {}
        for p in report["parameters"]:
            key = (p["scope"], p["family"], p["of"])
            counts[key] = counts.get(key, 0) + 1
        for line in report["parameter_budget"]:
            key = (line["scope"], line["family"], line["of"])
            self.assertEqual(line["count"], counts.pop(key), key)
            self.assertLessEqual(line["count"], 10 if line["scope"] == "generation" else 3, key)
            self.assertEqual(line["limit"], 10 if line["scope"] == "generation" else 3)
        self.assertEqual(counts, {})
        families = {(b["family"], b["of"]) for b in report["parameter_budget"]
                    if b["scope"] == "generation"}
        for generation in ("ampere", "hopper", "blackwell", "blackwell-grace"):
            for family in ("gemm", "moe", "attention.prefill", "attention.decode"):
                self.assertIn((family, generation), families)
        text = self.done("validate", "kernels", "--data", self.folder).stdout
        self.assertRegex(text, r"gemm +generation of chips +4 +\d+ +\d+ +10")
        self.assertNotIn("standard error", text)
        listed = self.done("validate", "kernels", "--data", self.folder, "--parameters").stdout
        self.assertIn("standard error", listed)

    def test_published_figures_without_data(self):
        text = self.done("validate", "kernels").stdout
        for word in ("GEMM, published", "Azure/AI-benchmarking-guide commit 8fd0c6e", "MIT"):
            self.assertIn(word, text)
        report = self.report()
        self.assertEqual(report["summary"]["all"]["rows"], 43)
        self.assertEqual(report["summary"]["all"]["predicted"], 43)
        for file in report["files"]:
            self.assertIn("Azure/AI-benchmarking-guide", file["citation"])

    def test_a_table_as_text_json_and_page(self):
        self.write(NAME, HEADER + ROWS)
        page = self.folder / "page.html"
        text = self.done("validate", "kernels", "--data", self.folder, f"--html={page}").stdout
        for word in ("coverage", "MAPE", "never fitted", "noise floor", "Worst rows", "Parameters"):
            self.assertIn(word, text)
        report = self.report("--data", self.folder)
        file = report["files"][0]
        self.assertEqual((file["file"], file["chip"], file["family"]), (NAME, "h100", "GEMM"))
        self.assertEqual(file["rows"], 240)
        self.assertEqual(file["predicted"], 240)
        latency = file["metrics"]["latency"]
        self.assertLess(latency["mape"], 0.5)
        self.assertEqual(latency["n"], 240)
        # Interpolation across the kink from memory to compute, and nothing else.
        self.assertGreater(latency["floor"], 0.0)
        self.assertLess(latency["floor"], 0.2)
        self.assertGreater(file["held_out"]["latency"]["n"], 200)
        html = page.read_text()
        self.assertIn("<svg", html)
        self.self_contained(html)

    def test_faults_are_named_and_the_rest_is_evaluated(self):
        self.write(NAME, HEADER + ROWS + "bfloat16,1,2,3,nan\nbfloat16,1,2,3,0\nodd,1,2,3,1\n")
        self.write("x1__vllm-1__gemm_perf.csv", HEADER)
        self.write("h200_sxm__vllm-1__gemm_perf.csv", "m,n,depth,latency_ms\n")
        self.write("a100_sxm__vllm-1__gemm_perf.csv", "")
        self.write("a100_sxm__trtllm-1__gemm_perf.csv", HEADER.replace("_ms", "_us") + ROWS)
        self.write("gb200__trtllm-1__gemm_perf.csv", "m,m,n,k,latency_ms\n64,64,512,512,0.01\n")
        whole = gzip.compress((HEADER + ROWS).encode())
        (self.folder / "b200_sxm__trtllm-1__gemm_perf.csv.gz").write_bytes(whole[:-40])
        result = run("validate", "kernels", "--data", self.folder, "--json")
        self.assertEqual(result.returncode, 1, result.stderr)
        for word in (f"{NAME}:242:", "ms is 'nan'", "expected more than 0", "unknown system 'x1'",
                     "lacks the columns k", "unknown column 'depth'", "truncated",
                     "a100_sxm__vllm-1__gemm_perf.csv:1: error: the file is empty",
                     "a100_sxm__trtllm-1__gemm_perf.csv:1: error: unknown column 'latency_us'",
                     "did you mean 'latency_ms'", "lacks the columns latency_ms",
                     "gb200__trtllm-1__gemm_perf.csv:1: error: repeated column 'm'"):
            self.assertIn(word, result.stderr)
        files = {f["file"]: f for f in json.loads(result.stdout)["files"]}
        self.assertEqual(files[NAME]["predicted"], 240)
        self.assertEqual(files[NAME]["skipped"], [{"reason": "unknown gemm_dtype", "rows": 1}])
        self.assertGreater(files["b200_sxm__trtllm-1__gemm_perf.csv.gz"]["predicted"], 100)

    def test_measured_kernels_lie_over_the_models(self):
        """Twice the time of every product that the table has, said as interpolated."""
        tables = self.folder / "tables"
        tables.mkdir()
        shapes = [(n, k) for n in (1280, 2560, 8192, 10240, 28672, 57344, 7168, 14336, 4096)
                  for k in (1024, 2048, 3584, 4096, 7168, 8192, 14336, 28672)]
        (tables / "h200_sxm__vllm-1__gemm_perf.csv").write_text(HEADER + "".join(
            f"fp8,{m},{n},{k},{1e3 * (1e-5 + 2 * max(n * k / 4e12, 2 * m * n * k / 1.4e15)):.6g}\n"
            for m in (1, 4, 16, 64, 256, 1024, 4096, 16384) for n, k in shapes))
        plain = self.write("plain.yaml", SCENARIO)
        software = f"software: {{kernels: measured, measurements: {tables}}}\n"
        measured = self.write("measured.yaml", SCENARIO + software)
        best = []
        for path in (plain, measured):
            result = self.done("plan", path, "--json")
            report = json.loads(result.stdout)
            jsonschema.validate(report, schema("plan.schema.json"))
            best.append(report["candidates"][0])
        self.assertIn("no measured row of prefill, decode for this chip", result.stderr)
        self.assertEqual([b["evidence"] for b in best], ["calibrated", "interpolated"])
        rates = [b["state"]["output_tokens_per_s_per_gpu"] for b in best]
        self.assertLess(rates[1], 0.9 * rates[0])
        self.assertIn("interpolated", self.done("plan", measured).stdout)
        # A table elsewhere than the scenario: beside it, too.
        beside = self.write("beside.yaml", SCENARIO + software.replace(str(tables), "tables"))
        again = json.loads(self.done("plan", beside, "--json").stdout)["candidates"][0]
        self.assertEqual(again["state"], best[1]["state"])
        # validate judges the models, whatever a scenario says.
        self.assertEqual(self.report("--data", tables)["files"][0]["metrics"]["latency"]["n"], 576)
        self.refused("plan", self.write("a.yaml", SCENARIO + "software: {kernels: measured}\n"),
                     wants=["needs 'measurements'"])
        self.refused("plan", self.write("b.yaml", SCENARIO + "software: {measurements: x}\n"),
                     wants=["goes with 'kernels: measured'"])
        nowhere = self.write("c.yaml", SCENARIO + software.replace(
            str(tables), str(self.folder / "none")))
        for verb in ("plan", "simulate"):
            self.refused(verb, nowhere, wants=["cannot list"])
        # One pool on one machine, simulated: slower kernels, longer answers.
        pool = "deployments: [{pool: aggregated, tp: 8}]\n"
        load = SCENARIO.replace("rate: knee", "rate: 0.2x") + pool
        self.assertNotEqual(load, SCENARIO + pool)
        runs = [json.loads(self.done("simulate", self.write(name, text), "--json").stdout)
                for name, text in (("models.yaml", load), ("tables.yaml", load + software))]
        self.assertGreater(runs[1]["tpot"]["mean_s"], 1.1 * runs[0]["tpot"]["mean_s"])

    def test_refused(self):
        self.refused("validate", wants=["validate what?"])
        self.refused("validate", "kernels", "--data", self.folder, "--worst", "many",
                     wants=["--worst"])
        self.refused("calibrate", "kernels", wants=["--data is missing"])
        result = run("validate", "kernels", "--data", self.folder / "none")
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is no", result.stderr)

    def test_calibrate_writes_an_overlay(self):
        data = self.folder / "data"
        data.mkdir()
        (data / NAME).write_text(HEADER + ROWS)
        outputs = []
        for threads in ("1", "2"):
            out = self.folder / f"overlay{threads}"
            text = self.done("calibrate", "kernels", "--data", data, "-o", out, "--every", "1",
                             "--date", "2026-11-01", "--threads", threads).stdout
            self.assertIn("standard error", text)
            self.assertIn("No row is dropped", text)
            self.assertIn("the data does not determine it", text)
            outputs.append((out / "kernels" / "hopper.yaml").read_text())
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual([p.name for p in out.rglob("*.yaml")], ["hopper.yaml"])
        hopper = yaml.safe_load(outputs[0])
        self.assertEqual(set(hopper), {"title", "note", "gemm"})
        launch = hopper["gemm"]["launch"]
        self.assertEqual(launch["source"], "kernel-fit")
        for word in ("240 rows of 1 tables", "error", "2026-11-01"):
            self.assertIn(word, launch["note"])
        before = self.report("--data", data)
        after = self.report("--data", data, "--catalog", out)
        errors = [r["files"][0]["metrics"]["latency"]["mape"] for r in (before, after)]
        self.assertLess(errors[1], 0.7 * errors[0])
        shown = self.done("catalog", "show", "kernels/hopper", "--catalog", out).stdout
        self.assertIn("240 rows of 1 tables", shown)
        self.assertIn("moe.base", shown)  # what the overlay does not have is the catalog's

    def test_too_few_rows_are_said(self):
        self.write(NAME, HEADER + ROWS)
        result = run("calibrate", "kernels", "--data", self.folder)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("the data cannot determine its parameters", result.stdout)

    def test_a_chip_left_out_is_predicted(self):
        for name, factor in ((NAME, 1.0), (NAME.replace("h100", "h200"), 0.9),
                             (NAME.replace("h100", "a100"), 2.5)):
            self.write(name, HEADER + "".join(
                line.rsplit(",", 1)[0] + f",{float(line.rsplit(',', 1)[1]) * factor:.6g}\n"
                for line in ROWS.splitlines()))
        text = self.done("calibrate", "kernels", "--data", self.folder, "--every", "1",
                         "--leave-out", "h200", "--leave-out", "a100").stdout
        self.assertIn("h200: values of hopper (same generation)", text)
        self.assertIn("a100: values of hopper (adjacent generation)", text)
        self.assertRegex(text, r"without h200 [^\n]*\n +GEMM +1 +[01] +240")
        self.refused("calibrate", "kernels", "--data", self.folder, "--leave-out", "h9",
                     wants=["unknown chip 'h9'"])

    def test_a_catalog_folder_is_checked(self):
        self.write("hopper.yaml", "gemm: {rate: 0.5}\n")
        self.refused("validate", "kernels", "--catalog", self.folder,
                     wants=["'hopper.yaml' is no entry of the catalog", "KIND/NAME.yaml"])
        (self.folder / "kernels").mkdir()
        (self.folder / "hopper.yaml").rename(self.folder / "kernels" / "hopper.yaml")
        self.write("kernels/hopper.yaml", "gemm: {rate: fast, speed: 1}\n")
        self.refused("validate", "kernels", "--catalog", self.folder,
                     wants=["kernels/hopper.yaml:1:", "fast", "speed"])
        self.refused("plan", "scenarios/llama70b-hgx-h200.yaml", "--catalog", self.folder / "none",
                     wants=["cannot list"])

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
