// sn/measured/aiconfigurator_mla_test.cc
//
// Rows of latent attention as the operators that each framework's benchmark ran.

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/measured/kernel_cases.h"

namespace sn::measured {
namespace {

KernelCase first_row(const std::string& name, const std::string& text) {
  hw::Chip chip;
  chip.kernels = "hopper";
  chip.sms = 132;
  chip.peak.bf16 = FlopRate::from_si(1e15);
  chip.peak.fp8 = FlopRate::from_si(2e15);
  RoutingCache routing;
  const KernelFile file = parse_kernel_file_name(name);
  const auto table = open_table(file, text, chip, routing);
  Faults faults;
  KernelCase row;
  if (!table || !(*table)->next(row, faults)) ADD_FAILURE() << "no row";
  return row;
}

template <class T>
const T* find(const KernelCase& row) {
  const auto is_one = [](const Op& op) { return std::holds_alternative<T>(op); };
  const auto at = std::find_if(row.ops.begin(), row.ops.end(), is_one);
  return at == row.ops.end() ? nullptr : &std::get<T>(*at);
}

template <class T>
std::ptrdiff_t count(const KernelCase& row) {
  return std::count_if(row.ops.begin(), row.ops.end(),
                       [](const Op& op) { return std::holds_alternative<T>(op); });
}

const char* const module_header =
    "kernel_source,mla_dtype,kv_cache_dtype,gemm_type,num_heads,batch_size,isl,latency_ms\n";

TEST(LatentTables, APromptOfADecodeKernelIsAbsorbed) {
  const KernelCase row = first_row(
      "h100_sxm__vllm-1__mla_context_module_perf.csv",
      std::string(module_header) + "FLASH_ATTN_MLA,bfloat16,bfloat16,bfloat16,16,4,100,0.1\n");
  const auto* a = find<kernel::MlaDecode>(row);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->queries, 100.0);
  EXPECT_EQ(a->context, 400.0);
  EXPECT_EQ(a->pairs, 4.0 * 5050.0);  // 100 x 101 / 2 each
  EXPECT_EQ(a->library, kernel::Library::flash);
  EXPECT_EQ(find<kernel::MlaPrefill>(row), nullptr);
  EXPECT_EQ(count<kernel::Gemm>(row), 5);  // into the latents, q, two absorbed, out
  // 8 kernels for each of two norms, 8 of rotation, the write to the cache: plain PyTorch.
  EXPECT_EQ(count<Elementwise>(row), 25);
  EXPECT_FALSE(row.eager);
}

TEST(LatentTables, ALongerPromptIsExpanded) {
  const KernelCase row =
      first_row("b200_sxm__vllm-1__mla_context_module_perf.csv",
                std::string(module_header) + "TRTLLM_RAGGED,fp8,fp8,bfloat16,16,4,1000,0.1\n");
  const auto* a = find<kernel::MlaPrefill>(row);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->math, kernel::DataType::fp8);
  EXPECT_EQ(a->library, kernel::Library::trtllm);
  EXPECT_EQ(count<Elementwise>(row), 3);  // fused in the table of B200
}

TEST(LatentTables, TheWideModuleBeginsAfterTheLatentsAndCallsPromptsFromTheHost) {
  const std::string text =
      std::string(module_header) + "fa3,fp8_block,fp8,fp8_block,16,4,100,0.6\n";
  const KernelCase prompt = first_row("h100_sxm__sglang-1__wideep_context_mla_perf.csv", text);
  EXPECT_TRUE(prompt.eager);
  EXPECT_EQ(count<kernel::Gemm>(prompt), 3);  // q, keys and values, out
  const auto* a = find<kernel::MlaPrefill>(prompt);
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->math, kernel::DataType::bf16);
  const KernelCase decode = first_row("h100_sxm__sglang-1__wideep_generation_mla_perf.csv", text);
  EXPECT_FALSE(decode.eager);
  EXPECT_EQ(count<kernel::Gemm>(decode), 4);  // q, two absorbed, out
}

TEST(LatentTables, SglangCastsANarrowCacheBeforeEveryCall) {
  const KernelCase row = first_row("h200_sxm__sglang-1__generation_mla_perf.csv",
                                   "kernel_source,kv_cache_dtype,num_heads,batch_size,step,"
                                   "latency_ms\nflash_attention,fp8,16,4,99,0.1\n");
  ASSERT_EQ(row.ops.size(), 2u);
  // 400 keys of 576 elements, 1 B read and 2 B written, at a quarter of the bandwidth.
  EXPECT_EQ(find<Elementwise>(row)->bytes, 400.0 * 576.0 * 3.0 * 4.0);
  EXPECT_EQ(find<kernel::MlaDecode>(row)->kv, kernel::DataType::bf16);
}

TEST(LatentTables, AmperesKernelDoesNotDivideASequence) {
  const std::string text =
      "kv_cache_dtype,num_heads,batch_size,step,latency_ms\nbfloat16,16,4,99,0.1\n";
  EXPECT_TRUE(
      find<kernel::MlaDecode>(first_row("h100_sxm__trtllm-1__generation_mla_perf.csv", text))
          ->divisible);
  hw::Chip ampere;
  ampere.kernels = "ampere";
  RoutingCache routing;
  const auto table = open_table(
      parse_kernel_file_name("a100_sxm__trtllm-1__generation_mla_perf.csv"), text, ampere, routing);
  ASSERT_TRUE(table.has_value());
  Faults faults;
  KernelCase row;
  ASSERT_TRUE((*table)->next(row, faults));
  EXPECT_FALSE(find<kernel::MlaDecode>(row)->divisible);
}

TEST(LatentTables, TheHostIsAFloorOfAnEagerRow) {
  hw::Chip chip;
  chip.sms = 132;
  chip.peak.bf16 = FlopRate::from_si(1e15);
  chip.hbm_bandwidth = Bandwidth::from_si(3e12);
  chip.l2_capacity = Bytes::from_si(50e6);
  chip.l2_bandwidth = Bandwidth::from_si(6e12);
  kernel::KernelParams p;
  p.gemm.rate = p.gemm.hbm = p.gemm.l2 = 0.5;
  p.elementwise.launch = Time::from_si(2e-6);
  p.elementwise.hbm = p.elementwise.l2 = 0.5;
  p.mla_prefill.host = Time::from_si(500e-6);
  const kernel::KernelModel model(chip, p);
  KernelCase row;
  row.ops.emplace_back(Elementwise{1.0});  // 2 us
  EXPECT_NEAR(predicted_seconds(model, row), 2e-6, 1e-8);
  row.eager = true;
  EXPECT_NEAR(predicted_seconds(model, row), 500e-6, 1e-8);
}

}  // namespace
}  // namespace sn::measured
