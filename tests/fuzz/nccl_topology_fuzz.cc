// tests/fuzz/nccl_topology_fuzz.cc
//
// libFuzzer target: any bytes as a topology of NCCL. What is read can be routed and measured.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sn/base/result.h"
#include "sn/fabric/topology/measures.h"
#include "sn/fabric/topology/nccl_xml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sn;
  if (size > (1u << 14)) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<fabric::Topology> t = fabric::read_nccl_topology("t.xml", text);
  if (!t) return 0;
  fabric::Router router(*t);
  const fabric::FabricMeasures m = fabric::measure(router);
  SN_ASSERT(!m.devices.empty() && m.bisection_up.si() >= 0.0);
  return 0;
}
