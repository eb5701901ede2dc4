// sn/evidence/serving_points_test.cc

#include "sn/evidence/serving_points.h"

#include <gtest/gtest.h>

#include "sn/evidence/serving_load.h"

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
  EXPECT_EQ(p.precision.kv, DataType::bf16) << "SGLang on Hopper keeps the model's own";
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
    return aic(std::string("a,x; silicon_concurrency=8,vllm,1,") + model + "," + system + "," +
               type + ",agg,1024,1024,8,1,1,1,1,1,,,,,,,,,100,10,none,\n")
        .points[0]
        .precision;
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
