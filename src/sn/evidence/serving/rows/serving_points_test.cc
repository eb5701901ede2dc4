// sn/evidence/serving/rows/serving_points_test.cc

#include "sn/evidence/serving/rows/serving_points.h"

#include <gtest/gtest.h>

#include "sn/base/document/document.h"
#include "sn/evidence/kernels/kernel_set.h"
#include "sn/evidence/serving/benchmark.h"
#include "sn/evidence/serving/rows/measured_machines.h"
#include "sn/evidence/serving/serving_load.h"

namespace sn::evidence {
namespace {

using kernel::DataType;

constexpr const char* aic_header =
    "id,silicon_data_source,backend,backend_version,model_path,system,precision,mode,isl,osl,"
    "batch_size,tp_size,pp_size,attention_dp_size,moe_tp_size,moe_ep_size,prefill_num_workers,"
    "prefill_tp_size,prefill_attention_dp_size,prefill_moe_ep_size,decode_num_workers,"
    "decode_tp_size,decode_attention_dp_size,decode_moe_ep_size,silicon_ttft_ms,silicon_tpot_ms,"
    "spec_method,flags\n";

ServingFile aic(const std::string& rows) {
  return *read_serving_table("serving/aic_silicon_e2e_agg.csv", aic_header + rows);
}

llm::Precision formats(ServingPoint point) {
  const Result<KernelSet> set = read_chips(*catalog::Catalog::embedded());
  set_formats(point, set->chips.at(point.system));
  return point.precision;
}

TEST(ServingPoints, AggregatedRow) {
  const ServingFile f = aic(
      "a,db-dump; silicon_concurrency=8,sglang,0.5.9,deepseek-ai/DeepSeek-V3,h200_sxm,fp8,agg,1024,"
      "8192,8,8,1,1,8,1,,,,,,,,,242.3,12.2,none,\n");
  ASSERT_TRUE(f.faults.empty());
  ASSERT_EQ(f.points.size(), 1u);
  const ServingPoint& p = f.points[0];
  EXPECT_TRUE(p.skip.empty()) << p.skip;
  EXPECT_EQ(p.system, "h200");
  EXPECT_EQ(p.model, "deepseek-v3");
  EXPECT_EQ(p.decode.parallel.tp, 8);
  EXPECT_EQ(p.gpus(), 8);
  EXPECT_EQ(p.concurrency, 8.0);
  EXPECT_EQ(p.requests, 80.0);
  EXPECT_EQ(p.range, 0.8);
  EXPECT_NEAR(*p.ttft, 0.2423, 1e-12);
  EXPECT_EQ(formats(p).kv, DataType::bf16) << "SGLang on Hopper keeps the model's own";
}

TEST(ServingPoints, RanksPrintedTwiceAreCountedOnce) {
  // tp_size 64 = 8 x 8: eight ranks that are tensor and expert ranks at once.
  const ServingFile f =
      aic("a,x; "
          "silicon_concurrency=8,sglang,0.5.9,deepseek-ai/DeepSeek-V3,b200_sxm,fp4,agg,1024,8192,8,"
          "64,1,1,8,8,,,,,,,,,221.5,8.88,none,\n");
  EXPECT_EQ(f.points[0].decode.parallel.tp, 8);
  EXPECT_EQ(f.points[0].decode.parallel.ep, 8);
}

TEST(ServingPoints, FormatsFollowReleaseAndChip) {
  const auto precision = [](const char* system, const char* model, const char* type) {
    return formats(aic(std::string("a,x; silicon_concurrency=8,vllm,1,") + model + "," + system +
                       "," + type + ",agg,1024,1024,8,1,1,1,1,1,,,,,,,,,100,10,none,\n")
                       .points[0]);
  };
  EXPECT_EQ(precision("h100_sxm", "openai/gpt-oss-120b", "fp4").activations, DataType::bf16)
      << "Hopper widens MXFP4";
  EXPECT_EQ(precision("b200_sxm", "openai/gpt-oss-120b", "fp4").activations, DataType::fp8);
  EXPECT_EQ(precision("b200_sxm", "meta-llama/Llama-3.1-70B", "fp4").activations, DataType::fp4);
  EXPECT_EQ(precision("h100_sxm", "meta-llama/Llama-3.1-8B-Instruct", "").weights, DataType::bf16);
}

TEST(ServingPoints, WhatIsMissingIsSaidAndFaultsAreNamed) {
  const ServingFile f = aic(
      "a,x; "
      "silicon_concurrency=8,trtllm,1,deepseek-ai/DeepSeek-R1,gb200,fp8,disagg,1024,1024,,,,,,,,4,"
      "1,4,,8,1,8,100,10,none,\n"
      "b,x; "
      "silicon_concurrency=8,trtllm,1,deepseek-ai/DeepSeek-R1,gb200,fp8,agg,1024,1024,8,8,1,1,1,"
      "8,,,,,,,,,100,-10,none,\n"
      "c,x; "
      "silicon_concurrency=8,trtllm,1,acme/Unknown-7B,gb200,fp8,agg,1024,1024,8,8,1,1,1,8,,,,,,,"
      ",,100,10,none,\n");
  ASSERT_EQ(f.points.size(), 2u);
  EXPECT_EQ(f.points[0].skip, "number of instances is not stated");
  EXPECT_EQ(f.points[1].skip, "model is not in the catalog");
  ASSERT_EQ(f.faults.size(), 1u);
  EXPECT_EQ(f.faults[0].where.line, 3);
}

TEST(ServingPoints, ATableWithoutItsColumnsIsOneFault) {
  const auto f = read_serving_table("inferencex_dsr1_0528.csv", "hardware,framework\nh200,trt\n");
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(f->faults.size(), 2u);
  EXPECT_FALSE(read_serving_table("other.csv", "a\n").has_value());
}

constexpr const char* mlperf_header =
    "Model,Scenario,Accelerator,n_devices,weight_data_types,Performance_Result,Accuracy,Software,"
    "Category,Location\n";

ServingFiles mlperf(const std::string& rows) {
  ServingFiles files;
  files.files.push_back(*read_serving_table("mlperf_inference_v5.1_llm.csv", mlperf_header + rows));
  describe_benchmarks(files, *catalog::Catalog::embedded());
  EXPECT_TRUE(files.errors.empty()) << render(files.errors);
  return files;
}

TEST(MlperfRows, TheCatalogDescribesTheLoad) {
  const ServingFiles files = mlperf(
      "llama2-70b-99.9,Offline,NVIDIA B200-SXM-180GB,8,fp4,100000,ROUGEL: 29.1  TOKENS_PER_SAMPLE: "
      "273.4,\"TensorRT 10.11\",closed,x\n"
      "deepseek-r1,Server,NVIDIA B200-SXM-180GB,8,fp4,16000,exact_match: 81,TensorRT,closed,x\n");
  const ServingPoint& offline = files.files[0].points[0];
  ASSERT_TRUE(offline.skip.empty()) << offline.skip;
  EXPECT_EQ(offline.model, "llama-2-70b");
  EXPECT_EQ(offline.load, LoadKind::closed) << "saturated: as many clients as the engine takes";
  EXPECT_EQ(offline.gpus(), 1) << "eight instances alike: one stands for all";
  EXPECT_EQ(offline.concurrency, 2048.0);
  EXPECT_NEAR(*offline.output_per_gpu, 12500.0, 1e-9);
  // Uniform from nothing to twice the mean.
  EXPECT_NEAR(offline.output, 2.0 * 273.4, 1e-9);
  EXPECT_EQ(offline.range, 0.0);
  EXPECT_FALSE(offline.fitted());
  const ServingPoint& server = files.files[0].points[1];
  ASSERT_TRUE(server.skip.empty()) << server.skip;
  EXPECT_EQ(server.load, LoadKind::limited);
  EXPECT_EQ(server.limits.ttft, 2.0);
  EXPECT_NEAR(server.limits.tpot, 0.08, 1e-12);
  EXPECT_EQ(server.decode.parallel.dp, 8);
  EXPECT_EQ(server.output, 2.0 * 4043.45) << "the row has none: the reference's";
}

TEST(MlperfRows, WhatIsNotKnownIsNamed) {
  const ServingFiles files = mlperf(
      "llama2-70b-99,Server,NVIDIA L40S,1,fp8,1,a,TensorRT,closed,x\n"
      "llama2-70b-99,Server,\"AMD Instinct MI300X (x8), AMD Instinct MI325X (x8)\",16,fp8,1,a,vLLM,"
      "closed,x\n"
      "llama3.1-405b,Offline,AMD Instinct MI355X "
      "288GB,8,mxfp4,1,a,vLLM,open,y/llama3_1-405b_pruned\n"
      "bert-99,Offline,NVIDIA B200-SXM-180GB,8,fp4,1,a,TensorRT,closed,x\n"
      "deepseek-r1,Interactive,NVIDIA B200-SXM-180GB,8,fp4,1,a,TensorRT,closed,x\n"
      "llama3.1-405b,Offline,NVIDIA H200-SXM-141GB,12,fp8,1,a,TensorRT,closed,x\n");
  const std::vector<std::string> want = {"NVIDIA L40S is not in the catalog",
                                         "several accelerators in one system",
                                         "a pruned model",
                                         "benchmark 'mlperf-bert' is not in the catalog",
                                         "no deployment on b200 is known",
                                         "the deployment does not divide the GPUs of the system"};
  ASSERT_EQ(files.files[0].points.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(files.files[0].points[i].skip, want[i]);
  }
}

TEST(MlperfRows, LimitsCostThroughput) {
  const std::string row = ",NVIDIA H200-SXM-141GB,8,fp8,50000,a,TensorRT,closed,x\n";
  const ServingFiles files = mlperf("llama3.1-8b,Offline" + row + "llama3.1-8b,Server" + row +
                                    "llama3.1-8b,Interactive" + row);
  const catalog::Catalog catalog = *catalog::Catalog::embedded();
  MeasuredMachines machines(catalog);
  std::vector<double> rates;
  for (const ServingPoint& p : files.files[0].points) {
    ASSERT_TRUE(p.skip.empty()) << p.skip;
    const ServingPrediction q = predict(p, **machines.of(p));
    ASSERT_TRUE(q.why_not.empty()) << q.why_not;
    rates.push_back(q.output_per_gpu);
  }
  EXPECT_LT(rates[1], rates[0]);
  EXPECT_LE(rates[2], rates[1]);
  // No answer comes within a nanosecond.
  ServingPoint never = files.files[0].points[1];
  never.limits.tpot = 1e-9;
  EXPECT_EQ(predict(never, **machines.of(never)).why_not, "no load keeps the latency limits");
}

TEST(Benchmark, ABadEntryIsNamed) {
  const auto entry = parse_document("b", "{title: t, source: nobody, model: m, input: {value: 0}}");
  const auto b = read_benchmark(*entry, catalog::Catalog::embedded()->sources());
  ASSERT_FALSE(b.has_value());
  const std::string text = render(b.error());
  for (const char* word : {"unknown source 'nobody'", "value", "output", "spread", "deployments"}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << "\n" << text;
  }
}

TEST(TokenPositionRows, WhatTheLaunchScriptsSay) {
  const auto f = read_serving_table(
      "inferencex_token_position_decode.csv",
      "file,date,model_id,max_concurrency,duration,completed,total_input_tokens,"
      "total_output_tokens,median_ttft,median_tpot\n"
      "m/x_dep8_isl1024_osl128_conc16.json,1,MiniMaxAI/"
      "MiniMax-M2.5,16,40,160,163840,20480,0.9,0.02\n"
      "g/x_tp8_isl1024_osl128_conc4.json,1,zai-org/GLM-5-FP8,4,40,40,40960,5120,0.9,0.02\n"
      "q/x_tp8_isl1024_osl128_conc4.json,1,Qwen/Qwen3.5-397B-A17B,4,40,40,40960,5120,0.9,0.02\n");
  ASSERT_EQ(f->points.size(), 3u);
  const ServingPoint& p = f->points[0];
  EXPECT_TRUE(p.skip.empty()) << p.skip;
  EXPECT_EQ(p.system, "h200");
  EXPECT_EQ(p.decode.parallel.dp, 8);
  EXPECT_EQ(p.decode.parallel.ep, 8);
  EXPECT_EQ(p.input, 1024.0);
  // (163840 + 20480) tokens / 40 s / 8 GPUs.
  EXPECT_NEAR(*p.total_per_gpu, 576.0, 1e-9);
  EXPECT_TRUE(p.medians);
  EXPECT_EQ(f->points[1].skip, "neither table nor launch script says the accelerator");
  EXPECT_EQ(f->points[2].skip, "layers of Qwen/Qwen3.5-397B-A17B are not modelled");
}

TEST(PublishedRows, DeploymentsAreToldFromFigures) {
  const auto f = read_serving_table(
      "published.csv",
      "case_id,model,precision,parallelism,prompt_len,output_len,batch_or_concurrency,metric,value,"
      "unit\n"
      "azure_gb200_x,Llama-3-70B,FP8,TP4,500,2000,1000 requests offline,throughput,18279,tok/s\n"
      "mooncake_vllm_qwen3-8b_512,Qwen3-8B,BF16,\"1P1D, TP8 each\",512,128,1,mean TTFT "
      "(1P1D),60,ms\n"
      "mooncake_vllm_qwen3-8b_512,Qwen3-8B,BF16,\"1P1D, TP8 each\",512,128,1,KV bytes,20,MB\n"
      "somebody,X,FP8,TP1,1,1,1,throughput,1,tok/s\n");
  ASSERT_EQ(f->points.size(), 4u);
  EXPECT_TRUE(f->points[0].skip.empty()) << f->points[0].skip;
  EXPECT_EQ(f->points[0].load, LoadKind::offline);
  EXPECT_NEAR(*f->points[0].output_per_gpu, 18279.0 / 4.0, 1e-9);
  EXPECT_TRUE(f->points[1].skip.empty()) << f->points[1].skip;
  EXPECT_EQ(f->points[1].gpus(), 16);
  EXPECT_NEAR(*f->points[1].ttft, 0.06, 1e-12);
  EXPECT_NE(f->points[2].skip.find("transfer of KV pages"), std::string::npos);
  EXPECT_EQ(f->points[3].skip, "no deployment is described");
  EXPECT_FALSE(read_serving_table("published.csv", "case_id,seq_len,metric\n").has_value())
      << "figures of training";
}

TEST(VllmBench, AResultIsAPoint) {
  const std::string text =
      R"({"model_id": "meta-llama/Llama-3.1-70B", "completed": 80, "max_concurrency": 8,
          "total_input_tokens": 81920, "total_output_tokens": 40960, "duration": 60.0,
          "mean_ttft_ms": 120.5, "mean_tpot_ms": 11.0})";
  const auto f = read_vllm_bench("h200__vllm-0.19.0__fp8__tp4.json", text);
  ASSERT_TRUE(f.has_value());
  ASSERT_TRUE(f->faults.empty());
  const ServingPoint& p = f->points[0];
  EXPECT_TRUE(p.skip.empty()) << p.skip;
  EXPECT_EQ(p.decode.parallel.tp, 4);
  EXPECT_EQ(p.input, 1024.0);
  EXPECT_EQ(p.output, 512.0);
  // (81920 + 40960) tokens / 60 s / 4 GPUs.
  EXPECT_NEAR(*p.total_per_gpu, 512.0, 1e-9);
  EXPECT_FALSE(read_vllm_bench("results.json", text).has_value()) << "the name says no machine";
  const auto bad = read_vllm_bench("h200__vllm-1__fp8__tp4.json", R"({"model_id": "x"})");
  EXPECT_GE(bad->faults.size(), 5u) << "all that is missing, at once";
}

}  // namespace
}  // namespace sn::evidence
