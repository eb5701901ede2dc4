// tests/fuzz/collective_table_fuzz.cc
//
// libFuzzer target: any bytes as any table of collectives or log of nccl-tests. No reader may
// crash, and every case that comes out has a positive time and, unless it is skipped, a prediction.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sn/base/result.h"
#include "sn/evidence/collectives/collective_cases.h"

namespace {

using namespace sn;
using namespace sn::evidence;
using namespace sn::measured;

constexpr std::array<const char*, 8> names = {
    "nccl_intra_node.csv",
    "custom_allreduce_intra_node.csv",
    "deepep_ll.csv",
    "deepep_normal.csv",
    "gb200_nvl72_trtllm_alltoall.csv",
    "published_collectives.csv",
    "vidur_network.csv",
    "all_reduce_perf.txt",
};

const CollectiveSet& shipped() {
  static const CollectiveSet set = [] {
    const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
    SN_ASSERT(catalog.has_value());
    catalog::Params params;
    Result<CollectiveSet> read = read_collective_set(*catalog, params);
    SN_ASSERT(read.has_value());
    return *std::move(read);
  }();
  return set;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > (1u << 14)) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  Faults faults;
  for (const CollectiveCase& c :
       read_collective_file(names[data[0] % names.size()], text, "hgx-h100", faults)) {
    if (!c.skip.empty()) continue;
    SN_ASSERT(c.seconds > 0.0 && std::isfinite(c.seconds));
    const auto machine = shipped().machines.find(c.rack);
    if (machine == shipped().machines.end() || !misfit(machine->second, c).empty()) continue;
    const auto params = shipped().params.find(machine->second.entry);
    SN_ASSERT(predicted_seconds(machine->second, params->second, c) >= 0.0);
  }
  return 0;
}
