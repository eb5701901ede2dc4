// sn/measured/kernel_cases_test.cc
//
// Rows of each table as operators; what cannot be read or predicted is said.

#include "sn/measured/kernel_cases.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sn::measured {
namespace {

hw::Chip chip() {
  hw::Chip c;
  c.name = "h100";
  c.kernels = "hopper";
  c.sms = 132;
  c.l2_capacity = Bytes::from_si(50e6);
  return c;
}

KernelFile file(const std::string& name) { return parse_kernel_file_name(name); }

struct Opened {
  std::vector<KernelCase> cases;
  Errors faults;
  std::vector<std::string> groups;
};

Opened read(const KernelFile& f, const std::string& text) {
  RoutingCache routing;
  Opened out;
  const auto table = open_table(f, text, chip(), routing);
  if (!table) {
    out.faults = table.error();
    return out;
  }
  Faults faults;
  KernelCase row;
  while ((*table)->next(row, faults)) out.cases.push_back(row);
  out.faults = faults.list(f.name);
  out.groups = (*table)->groups();
  return out;
}

TEST(KernelCases, GemmWithTheCollectorsCopiesOfTheWeights) {
  const Opened trt = read(file("h100_sxm__trtllm-1__gemm_perf.csv"),
                          "gemm_dtype,m,n,k,latency_ms\nbfloat16,8,1024,1024,0.004\n"
                          "fp8,8,8192,8192,0.05\nfp3,1,1,1,1\n");
  ASSERT_EQ(trt.cases.size(), 3u);
  const auto& small = std::get<kernel::Gemm>(trt.cases[0].ops[0]);
  EXPECT_EQ(small.weight_cycle, 5.0 * 1024.0 * 1024.0 * 2.0);  // five copies at most
  EXPECT_EQ(small.library, kernel::Library::cublas);
  EXPECT_DOUBLE_EQ(trt.cases[0].seconds, 4e-6);
  const auto& large = std::get<kernel::Gemm>(trt.cases[1].ops[0]);
  EXPECT_EQ(large.weight_cycle, 8192.0 * 8192.0);  // more than L2: one
  EXPECT_EQ(large.library, kernel::Library::trtllm);
  EXPECT_EQ(trt.cases[2].skip, "unknown gemm_dtype");
  EXPECT_EQ(trt.groups, (std::vector<std::string>{"bfloat16", "fp8", "fp3"}));
}

TEST(KernelCases, VllmBlockProductsAreCalledFromTheHost) {
  const Opened o = read(file("h100_sxm__vllm-1__gemm_perf.csv"),
                        "kernel_source,gemm_dtype,m,n,k,latency_ms\n"
                        "DeepGemmFp8BlockScaledMMKernel,fp8_block,8,1024,1024,0.08\n"
                        "CutlassFp8BlockScaledMMKernel,fp8_block,8,1024,1024,0.16\n");
  EXPECT_EQ(std::get<kernel::Gemm>(o.cases[0].ops[0]).eager, 1.0);
  EXPECT_EQ(std::get<kernel::Gemm>(o.cases[1].ops[0]).eager, 2.0);
}

TEST(KernelCases, LlmCompassRatesBecomeTimes) {
  // 4096 rows of 2048 at 167.5 billion elements a second: 50.1 us; three passes of 2 B an element.
  const Opened o = read(file("llmcompass_softmax_A100.csv"), "4096, 2048, 167.5\n4096, 32, 10\n");
  ASSERT_EQ(o.cases.size(), 2u);
  EXPECT_NEAR(o.cases[0].seconds, 4096.0 * 2048.0 / 167.5e9, 1e-15);
  EXPECT_EQ(std::get<Elementwise>(o.cases[0].ops[0]).bytes, 4096.0 * 2048.0 * 6.0);
  EXPECT_EQ(std::get<Elementwise>(o.cases[1].ops[0]).bytes, 4096.0 * 32.0 * 4.0);
}

TEST(KernelCases, PublishedRatesBecomeTimesOfTheirOwnChips) {
  const Opened o = read(file("microbench.csv"),
                        "source,hardware,metric,condition,value,unit\n"
                        "a,H200 141GB,cuBLASLt GEMM,FP8 m=1000 n=500 k=200; random,2,TFLOPS\n"
                        "a,A100 80GB,HBM STREAM Triad,BabelStream,1.7,TB/s\n"
                        "a,H200 141GB,nvbandwidth Host to Device,,52,GB/s\n"
                        "a,CloudMatrix384,HBM STREAM Copy,x,1,TB/s\n");
  ASSERT_EQ(o.cases.size(), 4u);
  EXPECT_EQ(o.cases[0].chip, "h200");
  EXPECT_DOUBLE_EQ(o.cases[0].seconds, 1e-4);  // 2 x 1000 x 500 x 200 FLOP at 2 TFLOP/s
  const auto& g = std::get<kernel::Gemm>(o.cases[0].ops[0]);
  EXPECT_TRUE(g.narrowed);
  EXPECT_EQ(g.weight, kernel::DataType::fp8);
  EXPECT_EQ(g.weight_cycle, 100000.0);
  EXPECT_EQ(o.cases[1].chip, "a100");
  EXPECT_NEAR(o.cases[1].seconds, 3.0 * 268435456.0 / 1.7e12, 1e-15);
  EXPECT_FALSE(o.cases[2].skip.empty());
  EXPECT_EQ(o.cases[3].skip, "no catalog entry of this hardware");
}

TEST(KernelCases, EmbeddingsWalkAFewRowsOneAfterTheOther) {
  const std::string text = "layer,tokens,time_us\nembedding,4,3\nembedding,32,3\nrotary_emb,4,2\n";
  const Opened o = read(file("RTX4090__meta-llama__Llama-3.1-8B__bf16__tp1__dense.csv"), text);
  ASSERT_EQ(o.cases.size(), 3u);
  EXPECT_EQ(std::get<Elementwise>(o.cases[0].ops[0]).rows, 1.0);
  EXPECT_EQ(std::get<Elementwise>(o.cases[1].ops[0]).bytes, 32.0 * 4096.0 * 4.0);
  EXPECT_EQ(std::get<Elementwise>(o.cases[2].ops[0]).access, kernel::Access::scalar);
}

TEST(KernelCases, AttentionCountsThePairsOfItsWindow) {
  const Opened o = read(file("h100_sxm__vllm-1__context_attention_perf.csv"),
                        "batch_size,isl,num_heads,num_key_value_heads,head_dim,window_size,"
                        "latency_ms\n2,100,8,2,64,0,0.01\n2,100,8,2,64,10,0.01\n");
  const auto& full = std::get<kernel::PrefillAttention>(o.cases[0].ops[0]);
  EXPECT_EQ(full.pairs, 2.0 * 100.0 * 101.0 / 2.0);
  const auto& windowed = std::get<kernel::PrefillAttention>(o.cases[1].ops[0]);
  EXPECT_EQ(windowed.pairs, 2.0 * (10.0 * 11.0 / 2.0 + 90.0 * 10.0));
}

TEST(KernelCases, ConstantsOfTheIndexStandInForColumns) {
  KernelFile f = file("h100_sxm__vllm-1__generation_attention_perf.csv");
  f.constants = {{"head_dim", "64"}, {"window_size", "4"}, {"kv_cache_dtype", "fp8"}};
  const Opened o =
      read(f, "batch_size,step,num_heads,num_key_value_heads,latency_ms\n3,9,8,2,0.01\n");
  const auto& a = std::get<kernel::DecodeAttention>(o.cases[0].ops[0]);
  EXPECT_EQ(a.head_dim, 64.0);
  EXPECT_EQ(a.context, 12.0);  // four keys of each of three sequences
  EXPECT_EQ(a.kv, kernel::DataType::fp8);
  EXPECT_EQ(o.groups[0], "KV fp8");
}

TEST(KernelCases, AnMlaModuleIsItsOperators) {
  const Opened o = read(file("h100_sxm__trtllm-1__mla_generation_module_perf.csv"),
                        "kv_cache_dtype,gemm_type,num_heads,batch_size,step,latency_ms\n"
                        "bfloat16,fp8_block,128,4,99,0.1\n");
  const auto& ops = o.cases[0].ops;
  ASSERT_EQ(ops.size(), 9u);  // 3 products, 2 absorbed ones, attention, 3 element-wise
  const auto is_attention = [](const Op& op) {
    return std::holds_alternative<kernel::MlaDecode>(op);
  };
  const auto at = std::find_if(ops.begin(), ops.end(), is_attention);
  EXPECT_EQ(std::get<kernel::MlaDecode>(*at).context, 400.0);
}

TEST(KernelCases, MoeTakesTheBusiestRank) {
  const Opened o = read(file("h100_sxm__trtllm-1__moe_perf.csv"),
                        "kernel_source,moe_dtype,num_tokens,hidden_size,inter_size,topk,"
                        "num_experts,moe_tp_size,moe_ep_size,distribution,latency_ms\n"
                        "moe_torch_flow_cutlass,bfloat16,256,4096,1536,8,128,2,4,balanced,0.1\n"
                        "moe_torch_flow_cutlass,bfloat16,256,4096,1536,8,128,2,3,balanced,0.1\n"
                        "moe_torch_flow_cutlass,bfloat16,256,4096,1536,8,128,1,1,odd,0.1\n");
  const auto& m = std::get<kernel::Moe>(o.cases[0].ops[0]);
  EXPECT_EQ(m.load.rows, 512.0);   // 256 x 8 / 4
  EXPECT_EQ(m.load.active, 32.0);  // 128 / 4
  EXPECT_EQ(m.inter, 768.0);
  EXPECT_EQ(o.cases[1].skip, "no such routing: counts of tokens, experts or ranks");
  EXPECT_EQ(o.cases[2].skip, "unknown distribution");
}

TEST(KernelCases, MoeRunsWhatTheCollectorRan) {
  const std::string head =
      "kernel_source,moe_dtype,num_tokens,hidden_size,inter_size,topk,"
      "num_experts,moe_tp_size,moe_ep_size,distribution,latency_ms\n";
  const auto only = [&](const char* table, const std::string& row) {
    const Opened o = read(file(table), head + row + "\n");
    return std::get<kernel::Moe>(o.cases.at(0).ops.at(0));
  };
  const char* const vllm = "h100_sxm__vllm-1__moe_perf.csv";
  // vLLM's tables do not say that Nemotron's experts have no gate.
  EXPECT_FALSE(only(vllm, "x_triton,bfloat16,8,2048,5120,22,512,1,1,balanced,1").gated);
  const kernel::Moe deepseek =
      only(vllm, "x_triton,fp8_block,16384,7168,2048,8,256,1,64,balanced,1");
  EXPECT_EQ(deepseek.load.active, 4.0);
  EXPECT_GT(deepseek.load.rows, 3.9 * 16384.0);  // a share would be 2048
  EXPECT_EQ(only(vllm, "x_flashinfer_cutlass,fp8_block,8,4096,1536,8,128,1,1,balanced,1").library,
            kernel::Library::blockscale);
  EXPECT_EQ(only(vllm, "x_flashinfer_cutlass,fp8,8,4096,1536,8,128,1,1,balanced,1").library,
            kernel::Library::flashinfer);
  EXPECT_EQ(only("h100_sxm__sglang-1__moe_perf.csv",
                 "sglang_fused_moe_triton,w4a16_mxfp4,8,2880,2880,4,128,1,1,balanced,1")
                .weight,
            kernel::DataType::bf16);
}

TEST(KernelCases, FaultsNameTheLineAndMissingColumnsTheTable) {
  const Opened o = read(file("h100_sxm__vllm-1__gemm_perf.csv"),
                        "m,n,k,latency_ms\n1,2,3,nan\n1,2,3,-1\n1,-2,3,1\n1,2,3,1\n");
  EXPECT_EQ(o.cases.size(), 1u);
  ASSERT_EQ(o.faults.size(), 3u);
  EXPECT_EQ(o.faults[0].where.line, 2);
  EXPECT_EQ(o.faults[2].where.line, 4);
  const Opened missing = read(file("h100_sxm__vllm-1__gemm_perf.csv"), "m,n,depth\n1,2,3\n");
  ASSERT_EQ(missing.faults.size(), 2u);
  EXPECT_EQ(missing.faults[0].message, "unknown column 'depth'");
  EXPECT_EQ(missing.faults[0].where.line, 1);
  EXPECT_EQ(missing.faults[1].message, "the table lacks the columns latency_ms, k");
  EXPECT_NE(read(file("h100_sxm__vllm-1__new_perf.csv"), "m\n")
                .faults.front()
                .message.find("no model of table"),
            std::string::npos);
}

TEST(KernelCases, ASixteenthIsFittedWhateverTheShapes) {
  int fitted = 0;
  KernelCase c;
  for (int m = 1; m <= 64; ++m) {
    for (int n = 1; n <= 64; ++n) {
      c.at = {double(m), 128.0 * n, 4096.0};
      fitted += c.fitted() ? 1 : 0;
    }
  }
  EXPECT_NEAR(fitted, 256, 48);  // three standard deviations of 4096 draws
}

TEST(Routing, BalancedCountsByHand) {
  // One token, eight choices of 256 experts, every 32nd: the first of eight ranks holds one.
  const kernel::ExpertLoad one =
      measured_rank({.tokens = 1, .top_k = 8, .experts = 256, .ranks = 8});
  EXPECT_EQ(one.rows, 1.0);
  EXPECT_EQ(one.active, 1.0);
  const kernel::ExpertLoad many =
      measured_rank({.tokens = 1024000, .top_k = 8, .experts = 256, .ranks = 8});
  EXPECT_EQ(many.rows, 1024000.0);
  EXPECT_EQ(many.active, 32.0);
  EXPECT_EQ(many.tiles[5], 32.0 * 125.0);  // 32,000 rows in tiles of 256
}

TEST(Routing, AGateOfGroupsFillsUpWithTheFirstExperts) {
  // Every token's eight experts lie in eight groups of 32; four groups remain, and with equal
  // scores the first four, so four of its experts and the experts 0 to 3.
  Routing r{.tokens = 25600, .top_k = 8, .experts = 256, .ranks = 64, .grouped = true};
  const kernel::ExpertLoad four = measured_rank(r);  // the experts 0 to 3 alone
  EXPECT_EQ(four.active, 4.0);
  // Each gets all tokens but those that wanted it, which then take the next one in its place.
  EXPECT_NEAR(four.rows, 4.0 * 25600.0, 0.1 * 25600.0);
  r.ranks = 1;
  EXPECT_EQ(measured_rank(r).rows, 8.0 * 25600.0);
  EXPECT_EQ(measured_rank(r).active, 128.0);
  r = {.tokens = 100, .top_k = 2, .experts = 8, .ranks = 8, .grouped = true};
  EXPECT_EQ(measured_rank(r).rows, 200.0);  // groups of one expert: all fall on the first
}

TEST(Routing, UniformRowsAreTheMeanRoundedDown) {
  Routing r{.tokens = 96, .top_k = 8, .experts = 256, .ranks = 32, .spread = Spread::uniform};
  const kernel::ExpertLoad load = measured_rank(r);
  EXPECT_EQ(load.rows, 24.0);  // 96 x 8 / 256 = 3 on each of 8 experts
  EXPECT_EQ(load.active, 8.0);
  r.tokens = 1;
  EXPECT_EQ(measured_rank(r).rows, 4.0);  // fewer than experts: one each on half of the choices
}

TEST(Routing, FewTokensOfAPowerLawAreDealtRankByRank) {
  // All shares of one token round to nothing: its eight choices go to eight ranks in turn.
  Routing r{.tokens = 1, .top_k = 8, .experts = 256, .spread = Spread::power_law, .exponent = 1.2};
  for (const std::int64_t ranks : {1, 2, 4, 8, 16}) {
    r.ranks = ranks;
    EXPECT_EQ(measured_rank(r).rows, std::max(1.0, 8.0 / static_cast<double>(ranks)));
  }
}

TEST(KernelCases, SingleFiguresAreProductsOfTheChipOfTheirRow) {
  const Opened o = read(file("microbench.csv"),
                        "source,hardware,metric,condition,value,unit\n"
                        "s,H200 141GB,cuBLASLt GEMM,FP8 m=1024 n=2048 k=4096; random,2.0,TFLOPS\n"
                        "s,H200 141GB,HBM STREAM Copy,,4.0,TB/s\n"
                        "s,H200 141GB,cuBLASLt GEMM,FP8 m=1024 n=0 k=4096,2.0,TFLOPS\n");
  ASSERT_EQ(o.cases.size(), 3u);
  EXPECT_EQ(o.cases[0].chip, "h200");
  EXPECT_TRUE(o.cases[0].skip.empty());
  EXPECT_DOUBLE_EQ(o.cases[0].seconds, 2.0 * 1024 * 2048 * 4096 / 2e12);
  EXPECT_EQ(std::get<kernel::Gemm>(o.cases[0].ops[0]).weight_cycle, 2048.0 * 4096.0);
  EXPECT_TRUE(o.cases[1].skip.empty());
  EXPECT_FALSE(o.cases[2].skip.empty());
}

RC_GTEST_PROP(RoutingProperty, TheBusiestRankHasItsShareAtLeast, ()) {
  Routing r{.tokens = *rc::gen::inRange<std::int64_t>(1, 5000),
            .top_k = *rc::gen::inRange<std::int64_t>(1, 9),
            .experts = 128,
            .ranks = std::int64_t{1} << *rc::gen::inRange(0, 8),
            .spread = Spread::power_law,
            .exponent = *rc::gen::element(1.01, 1.2, 0.6)};
  const kernel::ExpertLoad load = measured_rank(r);
  const double mean = static_cast<double>(r.tokens * r.top_k) / static_cast<double>(r.ranks);
  RC_ASSERT(load.rows >= mean * (1.0 - 1e-9));
  RC_ASSERT(load.rows <= static_cast<double>(r.tokens * r.top_k) + 1e-9);
  RC_ASSERT(load.active >= 1.0 && load.active <= 128.0 / static_cast<double>(r.ranks));
  RC_ASSERT(load.tiles[0] * 8.0 >= load.rows);
  // No expert gets a token twice.
  RC_ASSERT(load.rows <= load.active * static_cast<double>(r.tokens) + 1e-9);
  r.ranks = 1;
  RC_ASSERT(std::abs(measured_rank(r).rows - static_cast<double>(r.tokens * r.top_k)) < 1e-9);
  r.grouped = true;
  RC_ASSERT(std::abs(measured_rank(r).rows - static_cast<double>(r.tokens * r.top_k)) < 1e-9);
}

RC_GTEST_PROP(KernelCasesProperty, AnyTextIsReadToItsEnd, (const std::string& text)) {
  for (const char* name : {"h100_sxm__vllm-1__gemm_perf.csv", "h100_linear_ops.csv",
                           "llmcompass_matmul_A100.csv", "microbench.csv"}) {
    const Opened o = read(file(name), "m,n,k,latency_ms\n" + text);
    for (const KernelCase& c : o.cases) RC_ASSERT(c.seconds > 0.0);
  }
}

TEST(KernelCases, NoHeadsAndNoSequencesAreFaults) {
  const Opened o = read(file("h100_sxm__vllm-1__generation_attention_perf.csv"),
                        "batch_size,num_heads,num_key_value_heads,step,latency_ms\n"
                        "1,0,1,2,7\n0,8,1,2,7\n1,8,0,0,7\n1,8,1,2,7\n");
  EXPECT_EQ(o.cases.size(), 2u);  // 0 KV heads are as many as heads
  ASSERT_EQ(o.faults.size(), 2u);
  EXPECT_EQ(o.faults[0].message, "num_heads is 0, expected more than 0 up to 1e12");
  EXPECT_EQ(o.faults[1].message, "batch_size is 0, expected more than 0 up to 1e12");
}

}  // namespace
}  // namespace sn::measured
