// tests/fuzz/fuzz_util.h
//
// What several targets need: a machine with a model, a chip.

#pragma once

#include <string>

#include "sn/base/document/document.h"
#include "sn/catalog/catalog.h"
#include "sn/twin/scenario/scenario.h"
#include "sn/twin/world.h"

namespace sn {

/// One HGX H100 under a public conversation load.
inline twin::World fuzz_world(const std::string& model) {
  const auto catalog = catalog::Catalog::embedded();
  SN_ASSERT(catalog.has_value());
  const auto node = parse_document(
      "world.yaml",
      "supernode: 1\ncluster: {rack: hgx-h100}\nmodel: " + model +
          "\nworkload: {preset: azure2023-conversation, rate: 1x}\nslo: {tpot: {p90: 50 ms}}\n");
  SN_ASSERT(node.has_value());
  auto result = twin::resolve(*node, *catalog, FileLoader::disk(), "");
  SN_ASSERT(result.has_value());
  return *std::move(result);
}

/// Round numbers near an H100's.
inline hw::Chip fuzz_chip() {
  hw::Chip c;
  c.sms = 132;
  c.peak.bf16 = FlopRate::from_si(1e15);
  c.hbm_bandwidth = Bandwidth::from_si(3e12);
  c.l2_bandwidth = Bandwidth::from_si(9e12);
  c.l2_capacity = Bytes::from_si(5e7);
  return c;
}

}  // namespace sn
