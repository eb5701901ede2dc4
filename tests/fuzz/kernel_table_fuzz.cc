// tests/fuzz/kernel_table_fuzz.cc
//
// libFuzzer target: any bytes as any kernel table. No reader may crash, and every case that comes
// out has a positive time and, unless it is skipped, operators with a finite prediction.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sn/base/result.h"
#include "sn/evidence/kernels/calibrate_kernels.h"
#include "sn/measured/kernel_cases.h"
#include "tests/fuzz/fuzz_util.h"

namespace {

using namespace sn;
using namespace sn::evidence;
using namespace sn::measured;

constexpr std::array<const char*, 12> names = {
    "h100_sxm__vllm-1__gemm_perf.csv",
    "h100_sxm__vllm-1__context_attention_perf.csv",
    "h100_sxm__vllm-1__generation_attention_perf.csv",
    "h100_sxm__vllm-1__context_mla_perf.csv",
    "h100_sxm__vllm-1__mla_context_module_perf.csv",
    "h100_sxm__vllm-1__mla_generation_module_perf.csv",
    "h100_sxm__vllm-1__mla_bmm_perf.csv",
    "h100_sxm__vllm-1__moe_perf.csv",
    "h100_linear_ops.csv",
    "llmcompass_matmul_A100.csv",
    "RTX4090__meta-llama__Llama-3.1-8B__bf16__tp1__attention.csv",
    "microbench.csv",
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > (1u << 14)) return 0;
  const KernelFile file = parse_kernel_file_name(names[data[0] % names.size()]);
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  static const kernel::KernelModel model(fuzz_chip(), starting_params());
  RoutingCache routing;
  const auto table = open_table(file, text, fuzz_chip(), routing);
  if (!table) return 0;
  Faults faults;
  KernelCase row;
  for (int rows = 0; rows < 50 && (*table)->next(row, faults); ++rows) {
    SN_ASSERT(row.seconds > 0.0 && std::isfinite(row.seconds));
    SN_ASSERT(row.group < (*table)->groups().size());
    if (!row.skip.empty()) continue;
    SN_ASSERT(!row.ops.empty());
    SN_ASSERT(predicted_seconds(model, row) >= 0.0);
  }
  return 0;
}
