"""`supernode validate serving` from the outside."""

import json
import unittest

import jsonschema
from command import CommandTest, run, schema

HEADER = ("hardware,framework,model,precision,spec_method,disagg,is_multinode,prefill_tp,"
          "prefill_ep,prefill_dp_attention,prefill_num_workers,"
          "decode_tp,decode_ep,decode_dp_attention,"
          "decode_num_workers,num_prefill_gpu,num_decode_gpu,isl,osl,conc,tput_per_gpu,"
          "output_tput_per_gpu,input_tput_per_gpu,mean_ttft,mean_tpot\n")
ROW = ("h200,sglang,dsr1,fp8,none,False,False,8,1,False,0,8,1,False,0,8,8,1024,1024,4,50,25,25,"
       "0.3,0.012\n")
NAME = "inferencex_dsr1_0528.csv"


class ValidateServing(CommandTest):

    def test_published_cases_without_data(self):
        text = self.done("validate", "serving").stdout
        for word in ("sglang-ep72-decode", "cm384-prefill", "deepseek-day-decode", "conditions:",
                     "differs:", "80 %"):
            self.assertIn(word, text)

    def test_a_table_as_text_and_json(self):
        self.write(NAME, HEADER + ROW + ROW.replace(",4,50", ",16,120"))
        text = self.done("validate", "serving", "--data", self.folder).stdout
        self.assertIn("h200 deepseek-v3 sglang-0.5.5 fp8 agg", text)
        command = ("validate", "serving", "--data", self.folder, "--json")
        report = json.loads(self.done(*command).stdout)
        jsonschema.validate(report, schema("serving_validation.schema.json"))
        file = report["files"][0]
        self.assertEqual((file["file"], file["rows"], file["predicted"]), (NAME, 2, 2))
        for metric in ("ttft", "tpot", "tput_per_gpu"):
            self.assertEqual(file["metrics"][metric]["n"], 2)
            self.assertGreater(file["metrics"][metric]["mape"], 0)
        again = self.done("validate", "serving", "--data", self.folder, "--json", "--threads", "1")
        self.assertEqual(json.loads(again.stdout), report)

    def test_a_page_of_serving(self):
        self.write(NAME, HEADER + ROW + ROW.replace("dsr1", "<nobody>"))
        page = self.folder / "page.html"
        text = self.done("validate", "serving", "--data", self.folder, f"--html={page}").stdout
        self.assertIn("Supernodes as published", text)
        html = page.read_text()
        for word in ("Serving: predicted against measured", "Against the targets",
                     "SERVING DEPLOYMENTS", "SUPERNODES AS PUBLISHED", "sglang-ep72-decode",
                     "model is not in the catalog", "Conditions, sources"):
            self.assertIn(word, html)
        self.assertNotIn("<nobody>", html)
        self.self_contained(html)

    def test_all_parts_on_one_page(self):
        page = self.folder / "page.html"
        text = self.done("validate", "all", f"--html={page}").stdout
        for word in ("GEMM, published", "no measured collectives", "sglang-ep72-decode"):
            self.assertIn(word, text)
        html = page.read_text()
        for part in ("kernels", "collectives", "serving"):
            self.assertEqual(html.count(f'<section id="{part}">'), 1)
        self.self_contained(html)
        self.write(NAME, HEADER + ROW)
        self.write("h100_sxm__trtllm-1__gemm_perf.csv",
                   "gemm_dtype,m,n,k,latency_ms\nbfloat16,64,512,512,0.01\n")
        self.write("nccl_intra_node.csv", "")
        result = run("validate", "all", "--data", self.folder, "--json")
        self.assertEqual(result.returncode, 1)
        self.assertIn("nccl_intra_node.csv", result.stderr)
        report = json.loads(result.stdout)
        jsonschema.validate(report, schema("evidence.schema.json"))
        for part, name in (("kernels", "validation"), ("collectives", "validation"),
                           ("serving", "serving_validation")):
            jsonschema.validate(report[part], schema(f"{name}.schema.json"))
        self.assertEqual(report["serving"]["files"][0]["predicted"], 1)
        self.assertEqual(report["kernels"]["files"][0]["rows"], 1)

    def test_faults_are_named_and_the_rest_is_predicted(self):
        self.write(NAME, HEADER + ROW + ROW.replace("0.012", "nan") + "h200,sglang\n" +
                   ROW.replace("dsr1", "nobody"))
        self.write("aic_silicon_e2e.csv", "id,system\nx,h200\n")
        result = run("validate", "serving", "--data", self.folder, "--json")
        self.assertEqual(result.returncode, 1, result.stderr)
        for word in (f"{NAME}:3:", "nan", f"{NAME}:4:", "lacks the column backend"):
            self.assertIn(word, result.stderr)
        files = {f["file"]: f for f in json.loads(result.stdout)["files"]}
        self.assertEqual(files[NAME]["predicted"], 1)
        self.assertEqual(files[NAME]["skipped"],
                         [{"reason": "model is not in the catalog", "rows": 1}])

    def test_a_benchmark_within_its_limits(self):
        header = ("Model,Scenario,Accelerator,n_devices,weight_data_types,Performance_Result,"
                  "Accuracy,Software,Category,Location\n")
        row = "llama3.1-8b,Offline,NVIDIA H200-SXM-141GB,8,fp8,58304,x,TensorRT,closed,x\n"
        name = "mlperf_inference_v5.1_llm.csv"
        self.write(name, header + row + row + row.replace("Offline", "Server") +
                   row.replace("NVIDIA H200-SXM-141GB", "Acme A1"))
        command = ("validate", "serving", "--data", self.folder, "--json")
        report = json.loads(self.done(*command).stdout)
        jsonschema.validate(report, schema("serving_validation.schema.json"))
        file = report["files"][0]
        self.assertEqual((file["rows"], file["predicted"]), (4, 3))
        self.assertEqual(file["metrics"]["tput_per_gpu"]["n"], 3)
        self.assertEqual(file["held_out"]["tput_per_gpu"]["n"], 3, "nothing of it is fitted")
        self.assertEqual(file["skipped"], [{"reason": "Acme A1 is not in the catalog", "rows": 1}])
        self.assertIn("mlperf-llama2-70b", self.done("catalog", "benchmarks").stdout)

    def test_files_of_other_names_are_said(self):
        self.write(NAME, HEADER + ROW)
        self.write("run.json", "{}")
        self.write("other.csv", "a\n1\n")
        text = self.done("validate", "serving", "--data", self.folder).stdout
        self.assertIn("run.json: not read; runs of vllm bench are named", text)
        self.assertIn("other.csv: not read; no table of a known name", text)

    def test_nothing_to_fit_writes_nothing(self):
        self.write("run.json", "{}")
        result = run("calibrate", "serving", "--data", self.folder, "-o", self.folder / "overlay")
        self.assertEqual(result.returncode, 1)
        self.assertIn("no measured point of an engine", result.stderr)
        self.assertFalse((self.folder / "overlay").exists())

    def test_refused(self):
        self.refused("validate", "seving", wants=["validate what?"])
        result = run("validate", "serving", "--data", self.folder / "none")
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is no", result.stderr)


if __name__ == "__main__":
    unittest.main()
