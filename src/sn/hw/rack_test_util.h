// sn/hw/rack_test_util.h
//
// Racks for tests, shipped or changed in place, with the mistakes that they hold.

#pragma once

#include <gtest/gtest.h>

#include <string>

#include "sn/catalog/catalog_test_util.h"
#include "sn/hw/rack_check.h"

namespace sn::hw {

/// The rack that `reference` describes (a name, or changes to a base), and every mistake in it.
struct ReadRack {
  Rack rack;
  catalog::Params params;
  Errors errors;
};

inline ReadRack read_rack(const std::string& reference) {
  ReadRack out;
  const catalog::Catalog catalog = catalog::shipped_catalog();
  const Result<Node> doc = parse_document("scenario.yaml", reference);
  if (!doc) return {.rack = {}, .params = {}, .errors = doc.error()};
  const Result<Node> tree = catalog.resolve(catalog::kind_named("rack"), *doc);
  if (!tree) return {.rack = {}, .params = {}, .errors = tree.error()};
  catalog::read_entry(catalog, *tree, "rack", out.rack, out.params, out.errors);
  const auto name = [&](std::string_view path) {
    const Node* at = tree->find(path);
    return at == nullptr ? std::string() : at->text();
  };
  out.rack.name = name("name");
  out.rack.chip.name = name("chip.name");
  out.rack.scale_up.fabric_switch.name = name("scale_up.switch.name");
  if (out.errors.empty()) check_rack(out.rack, tree->where(), out.errors);
  return out;
}

inline Errors mistakes_of(const std::string& reference) { return read_rack(reference).errors; }

/// A rack without mistakes.
inline Rack shipped_rack(const std::string& reference, catalog::Params& params) {
  ReadRack read = read_rack(reference);
  EXPECT_TRUE(read.errors.empty()) << reference << "\n" << render(read.errors);
  params = std::move(read.params);
  return std::move(read.rack);
}

}  // namespace sn::hw
