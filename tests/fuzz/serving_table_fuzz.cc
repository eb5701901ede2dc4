// tests/fuzz/serving_table_fuzz.cc
//
// Readers of measured serving points against any bytes: the first byte picks the table.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sn/evidence/serving/rows/serving_points.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      (void)sn::evidence::read_serving_table("aic_silicon_e2e.csv", text);
      break;
    case 1:
      (void)sn::evidence::read_serving_table("inferencex_dsr1_0528.csv", text);
      break;
    case 2:
      (void)sn::evidence::read_serving_table("trtllm_perf_overview.csv", text);
      break;
    case 3:
      (void)sn::evidence::read_vllm_bench("h200__vllm-1__fp8__tp4.json", text);
      break;
    case 4:
      (void)sn::evidence::read_serving_table("mlperf_inference.csv", text);
      break;
    case 5:
      (void)sn::evidence::read_serving_table("inferencex_token_position_decode.csv", text);
      break;
    default:
      (void)sn::evidence::read_serving_table("published.csv", text);
      break;
  }
  return 0;
}
