// sn/evidence/serving/rows/engine_limits_test.cc

#include "sn/evidence/serving/rows/engine_limits.h"

#include <gtest/gtest.h>

namespace sn::evidence {
namespace {

constexpr const char* header =
    "file,id,hardware,framework,model,precision,spec_method,disagg,isl,osl,conc,prefill_tp,"
    "prefill_ep,prefill_dp_attention,prefill_num_workers,decode_tp,decode_ep,decode_dp_attention,"
    "decode_num_workers,image,date,decode_max_batch,decode_ranks,decode_workers,decode_kv_tokens,"
    "prefill_max_batch,prefill_ranks,prefill_workers,prefill_max_tokens,prefill_kv_tokens,"
    "kv_memory_fraction,prefill_kv_memory_fraction,mtp_draft_tokens,eplb_slots,chunked_prefill,"
    "scheduler_flags,num_prompts,num_warmups\n";

ServingFiles with(ServingPoint point) {
  ServingFiles files;
  files.files.push_back({.name = "t", .points = {std::move(point)}, .faults = {}});
  return files;
}

ServingPoint joined(const std::string& row, ServingPoint point) {
  LimitsTable table;
  Errors faults;
  table.read("engine_limits.csv", header + row + "\n", faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(table.rows(), 1u);
  ServingFiles files = with(std::move(point));
  table.join(files);
  return files.files.front().points.front();
}

ServingPoint pools(const std::string& name) {
  ServingPoint p;
  p.name = name;
  p.framework = "trtllm";
  p.model = "deepseek-v3";
  p.disaggregated = true;
  p.concurrency = 36.0;
  p.requests = 360.0;
  p.input = p.output = 1024.0;
  p.prefill = {1, {.tp = 8}};
  p.decode = {1, {.tp = 8}};
  return p;
}

TEST(EngineLimitsTable, ARecipeOfPoolsIsJoinedByTheIdOfItsRow) {
  const ServingPoint p = joined(
      "aic.csv,a,gb200,dynamo-trt,dsr1,fp8,none,True,1024,8192,36,8,8,True,,8,8,False,,,2026-02-05,"
      "8,1,4,,16,8,2,16384,,0.8,0.4,3,0,,frontends=multiple; additional_frontends=9; "
      "moe_backend=TRTLLM,180,72",
      pools("a"));
  EXPECT_TRUE(p.engine.known);
  EXPECT_EQ(p.engine.batch, 8);
  EXPECT_EQ(p.engine.prefill_batch, 16);
  EXPECT_EQ(p.engine.tokens, 16384);
  EXPECT_EQ(p.engine.prefill_memory, 0.4);
  EXPECT_EQ(p.engine.frontends, 10) << "each with a turn of its own";
  EXPECT_TRUE(p.engine.whole_prompts) << "TensorRT-LLM does not cut context unless told to";
  EXPECT_TRUE(p.engine.warm);
  EXPECT_FALSE(p.engine.balances_experts);
  EXPECT_EQ(p.draft_tokens, 3);
  EXPECT_EQ(p.requests, 180.0) << "not every run has ten prompts a client";
  EXPECT_EQ(p.prefill.workers, 2);
  EXPECT_EQ(p.prefill.parallel.dp, 8) << "attention ranks";
  EXPECT_EQ(p.decode.workers, 4);
  EXPECT_EQ(p.decode.parallel.tp, 8);
}

TEST(EngineLimitsTable, PuttingGpusRightMovesNoPointBetweenFittedAndNot) {
  const ServingPoint before = pools("a");
  const ServingPoint after = joined(
      "aic.csv,a,gb200,dynamo-trt,dsr1,fp8,none,True,1024,1024,36,4,4,True,,8,8,False,,,2026-02-05,"
      "8,1,9,,16,4,3,16384,,,,0,0,,,,",
      before);
  EXPECT_NE(after.gpus(), before.gpus());
  EXPECT_EQ(after.fitted(), before.fitted());
}

TEST(EngineLimitsTable, SglangRunsFortyEightThatSpeculateUnlessTold) {
  ServingPoint p = pools("a");
  p.disaggregated = false;
  const auto row = [](const char* batch, const char* drafts) {
    return std::string(
               "aic.csv,a,h200,sglang,dsr1,fp8,mtp,False,1024,1024,36,,,,,8,1,False,,,"
               "2026-02-05,") +
           batch + ",1,1,,,,,32768,,0.82,," + drafts + ",0,on,scheduler_recv_interval=30,,";
  };
  EXPECT_EQ(joined(row("", "2"), p).engine.batch, 48);
  EXPECT_EQ(joined(row("256", "2"), p).engine.batch, 256);
  EXPECT_EQ(joined(row("", "0"), p).engine.batch, 0);
  EXPECT_EQ(joined(row("", "0"), p).engine.poll, 30);
  EXPECT_FALSE(joined(row("", "0"), p).engine.whole_prompts);
}

TEST(EngineLimitsTable, RowsWithoutTheirTwinStayUnknown) {
  const ServingPoint p = joined(
      "aic.csv,b,h200,trt,dsr1,fp8,none,False,1024,1024,36,,,,,8,1,False,"
      ",,2026-02-05,8,1,1,,,,,8192,,,,0,0,,,,",
      pools("a"));
  EXPECT_FALSE(p.engine.known);
  EXPECT_EQ(p.requests, 360.0);
}

TEST(EngineLimitsTable, WaitsOfTensorRtLlmAreRead) {
  ServingPoint p = pools("a");
  p.disaggregated = false;
  const ServingPoint q = joined(
      "aic.csv,a,b200,trt,dsr1,fp8,none,False,1024,1024,36,,,,,8,8,True,,,2026-02-05,8,8,1,,,,,"
      "8192,"
      ",,,0,0,,batch_wait_timeout_iters=20; batch_wait_max_tokens_ratio=0.9; enable_balance=true; "
      "timeout_iters=60,,",
      p);
  EXPECT_EQ(q.engine.gather, 20);
  EXPECT_EQ(q.engine.gathered, 0.9);
  EXPECT_EQ(q.engine.balance, 60);
}

TEST(EngineLimitsTable, BrokenTablesAreFaultsOfTheirLines) {
  LimitsTable table;
  Errors faults;
  table.read("engine_limits.csv", "file,id\nx,y\n", faults);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_NE(faults[0].message.find("decode_max_batch"), std::string::npos);
  faults.clear();
  table.read("engine_limits.csv",
             std::string(header) +
                 "aic.csv,a,h200,trt,dsr1,fp8,none,False,1024,1024,36,,,,,8,1,False,,,2026-02-05,"
                 "eight,1,1,,,,,8192,,,,0,0,,,,\n",
             faults);
  EXPECT_EQ(faults.size(), 1u);
  EXPECT_EQ(table.rows(), 0u);
}

}  // namespace
}  // namespace sn::evidence
