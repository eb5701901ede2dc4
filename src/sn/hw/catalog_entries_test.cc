// sn/hw/catalog_entries_test.cc
//
// The hardware entries that ship: each reads without a mistake, says where every number comes from,
// and carries the figures of its datasheet.

#include <gtest/gtest.h>

#include <string>

#include "sn/hw/catalog.h"
#include "sn/hw/catalog_test_util.h"

namespace sn::hw {
namespace {

Rack shipped_rack(const std::string& reference, Params& params) {
  const Catalog catalog = shipped_catalog();
  Rack rack;
  Errors errors;
  const Result<Node> doc = parse_document("scenario.yaml", reference);
  if (!doc) {
    ADD_FAILURE() << render(doc.error());
    return rack;
  }
  const Result<Node> tree = catalog.resolve(kind_named("rack"), *doc);
  if (!tree) {
    ADD_FAILURE() << render(tree.error());
    return rack;
  }
  read_entry(catalog, *tree, "rack", rack, params, errors);
  check_rack(rack, tree->where(), errors);
  EXPECT_TRUE(errors.empty()) << render(errors);
  return rack;
}

const Param& param_at(const Params& params, std::string_view path) {
  for (const Param& p : params) {
    if (p.path == path) return p;
  }
  ADD_FAILURE() << "no " << path;
  return params.front();
}

Errors mistakes_of(const std::string& reference) {
  const Catalog catalog = shipped_catalog();
  const Result<Node> doc = parse_document("scenario.yaml", reference);
  if (!doc) return doc.error();
  const Result<Node> tree = catalog.resolve(kind_named("rack"), *doc);
  if (!tree) return tree.error();
  Rack rack;
  Params params;
  Errors errors;
  read_entry(catalog, *tree, "rack", rack, params, errors);
  if (errors.empty()) check_rack(rack, tree->where(), errors);
  return errors;
}

TEST(ShippedCatalog, EveryHardwareEntryReads) {
  expect_all_read<Chip>("chip", 5);
  expect_all_read<Link>("link", 5);
  expect_all_read<Nic>("nic", 3);
  expect_all_read<Rack>("rack", 4);
  expect_all_read<ScaleOut>("scale-out", 2);
  expect_all_read<Dcn>("dcn", 2);
}

TEST(ShippedCatalog, EveryRackPassesItsChecks) {
  const Catalog catalog = shipped_catalog();
  for (const std::string& name : catalog.names(kind_named("rack"))) {
    SCOPED_TRACE(name);
    Params params;
    const Rack rack = shipped_rack(name, params);
    EXPECT_GT(rack.gpus, 0);
    expect_round_trip(rack, params);
  }
}

TEST(ShippedCatalog, EverySourceIsUsedOrStandard) {
  const Catalog catalog = shipped_catalog();
  for (const std::string& id : catalog.sources().ids()) {
    const SourceInfo* info = catalog.sources().find(id);
    ASSERT_NE(info, nullptr);
    EXPECT_FALSE(info->title.empty()) << id;
    EXPECT_FALSE(info->date.empty()) << id;
  }
  ASSERT_NE(catalog.sources().find("assumption"), nullptr);
  EXPECT_EQ(catalog.sources().find("assumption")->grade, Grade::assumption);
}

TEST(ShippedCatalog, DatasheetFigures) {
  const Catalog catalog = shipped_catalog();
  Params params;
  const Chip h200 = read_shipped<Chip>(catalog, "chip", "h200", params);
  EXPECT_EQ(h200.sms, 132);
  EXPECT_DOUBLE_EQ(h200.peak.bf16.si(), 989e12);
  EXPECT_DOUBLE_EQ(h200.peak.fp4.si(), 0.0);  // Hopper has no 4-bit units
  EXPECT_DOUBLE_EQ(h200.hbm_capacity.si(), 141e9);
  EXPECT_DOUBLE_EQ(h200.hbm_bandwidth.si(), 4.8e12);
  EXPECT_DOUBLE_EQ(h200.tdp.si(), 700.0);
  params.clear();
  const Chip b200 = read_shipped<Chip>(catalog, "chip", "b200", params);
  EXPECT_EQ(b200.kernels, "blackwell");
  EXPECT_DOUBLE_EQ(b200.peak.fp8.si(), 4.5e15);
  EXPECT_DOUBLE_EQ(b200.peak.fp4.si(), 9e15);
  EXPECT_DOUBLE_EQ(b200.hbm_capacity.si(), 180e9);
  EXPECT_DOUBLE_EQ(b200.hbm_bandwidth.si(), 7.7e12);
  params.clear();
  const Link pcie = read_shipped<Link>(catalog, "link", "pcie5-x16", params);
  EXPECT_DOUBLE_EQ(pcie.bandwidth.si(), 63e9);
  EXPECT_NEAR(16.0 * 32e9 * 128.0 / 130.0 / 8.0, pcie.bandwidth.si(), 0.1e9);
  params.clear();
  const Link nvlink4 = read_shipped<Link>(catalog, "link", "nvlink4", params);
  EXPECT_NEAR((nvlink4.bandwidth * nvlink4.efficiency).si(), 396e9, 1e9);  // H200 x8 pairwise
}

TEST(ShippedCatalog, KernelFamiliesOfChipsExist) {
  const Catalog catalog = shipped_catalog();
  for (const std::string& name : catalog.names(kind_named("chip"))) {
    Params params;
    const Chip chip = read_shipped<Chip>(catalog, "chip", name, params);
    EXPECT_TRUE(catalog.has(kind_named("kernels"), chip.kernels)) << name;
  }
}

TEST(ShippedCatalog, Al128) {
  Params params;
  const Rack al128 = shipped_rack("al128", params);
  EXPECT_EQ(al128.gpus, 128);
  EXPECT_EQ(al128.gpus_per_os, 16);
  EXPECT_DOUBLE_EQ(al128.feed.si(), 350e3);
  // 14.4 Tbit/s of both directions: 14.4e12 / 2 / 8 bytes per second.
  EXPECT_DOUBLE_EQ(al128.scale_up.link.bandwidth.si(), 14.4e12 / 2.0 / 8.0);
  EXPECT_TRUE(al128.scale_up.in_switch_reduction);
  EXPECT_EQ(al128.scale_up.domain, 0);  // left out: the whole rack
  Cluster cluster{.racks = 2, .rack = al128, .scale_out = {}, .dcn = {}};
  complete(cluster);
  EXPECT_EQ(cluster.rack.scale_up.domain, 128);
  EXPECT_EQ(cluster.domains(), 2);
  EXPECT_EQ(cluster.gpus(), 256);
}

TEST(ShippedCatalog, DisagreeingSourcesAreBothKept) {
  Params params;
  static_cast<void>(shipped_rack("al128", params));
  const Param& alink = param_at(params, "rack.scale_up.bandwidth");
  ASSERT_EQ(alink.alternatives.size(), 2u);
  EXPECT_DOUBLE_EQ(alink.alternatives[0].value, 1.75e12);  // read per direction
  EXPECT_DOUBLE_EQ(alink.alternatives[1].value, 400e9);    // M890
  const Param& hbm = param_at(params, "rack.chip.hbm.bandwidth");
  ASSERT_EQ(hbm.alternatives.size(), 1u);
  EXPECT_DOUBLE_EQ(hbm.alternatives[0].value, 8e12);
}

TEST(ShippedCatalog, TheAssumedChipIsAllAssumption) {
  Params params;
  const Rack rack = shipped_rack("al128-xpu2kw", params);
  EXPECT_DOUBLE_EQ(rack.chip.tdp.si() * static_cast<double>(rack.gpus), 256e3);
  for (const Param& p : params) {
    if (!p.path.starts_with("rack.chip.")) continue;
    EXPECT_EQ(p.provenance.source.grade, Grade::assumption) << p.path;
  }
}

TEST(ShippedCatalog, TheSameChipInOtherRacks) {
  Params params;
  const Rack hgx = shipped_rack("{base: hgx-h200, chip: b200, scale_up: {link: nvlink5}}", params);
  EXPECT_EQ(hgx.gpus, 8);
  EXPECT_DOUBLE_EQ(hgx.chip.hbm_bandwidth.si(), 7.7e12);
  EXPECT_DOUBLE_EQ(hgx.scale_up.link.bandwidth.si(), 900e9);
  EXPECT_DOUBLE_EQ(hgx.scale_up.switch_latency.si(), 100e-9);
  // Nothing of NVLink 4 is left: its measured share, its other source, its note.
  const Param& share = param_at(params, "rack.scale_up.efficiency");
  EXPECT_DOUBLE_EQ(share.value, 0.82);
  for (const Alternative& a : share.alternatives) EXPECT_NE(a.value, 0.75);
  params.clear();
  const Rack hopper = shipped_rack("{base: nvl72-gb200, chip: h200}", params);
  EXPECT_DOUBLE_EQ(hopper.chip.peak.fp4.si(), 0.0);
  EXPECT_FALSE(param_at(params, "rack.chip.peak.fp4").present);
}

TEST(ShippedCatalog, Overrides) {
  Params params;
  const Rack rack =
      shipped_rack("{base: al128, gpus: 144, scale_up: {bandwidth: 1.8 TB/s, domain: 72}}", params);
  EXPECT_EQ(rack.gpus, 144);
  EXPECT_EQ(rack.scale_up.domain, 72);
  EXPECT_DOUBLE_EQ(rack.scale_up.link.bandwidth.si(), 1.8e12);
  EXPECT_EQ(param_at(params, "rack.scale_up.bandwidth").provenance.source.grade, Grade::scenario);
  EXPECT_EQ(param_at(params, "rack.scale_up.efficiency").provenance.source.id, "fact-sheet");
}

TEST(ShippedCatalog, MistakesInOverrides) {
  const Errors key = mistakes_of("{base: al128, gpu: 144}");
  ASSERT_EQ(key.size(), 1u) << render(key);
  EXPECT_EQ(key[0].code, ErrorCode::unknown_key);
  EXPECT_NE(key[0].hint.find("gpus"), std::string::npos) << key[0].hint;
  EXPECT_EQ(key[0].where.file, "scenario.yaml");
  EXPECT_EQ(key[0].where.column, 15);

  const Errors nested = mistakes_of("{base: al128, scale_up: {bandwith: 1 TB/s}}");
  ASSERT_EQ(nested.size(), 1u) << render(nested);
  EXPECT_NE(nested[0].hint.find("scale_up.bandwidth"), std::string::npos) << nested[0].hint;

  const Errors unit = mistakes_of("{base: al128, power: {feed: 350 GB}}");
  ASSERT_EQ(unit.size(), 1u);
  EXPECT_EQ(unit[0].code, ErrorCode::unit);

  const Errors range = mistakes_of("{base: al128, power: {feed: -350 kW}, gpus: 0}");
  EXPECT_EQ(range.size(), 2u) << render(range);

  const Errors feed = mistakes_of("{base: al128-xpu2kw, gpus: 192}");  // 384 kW on 350
  ASSERT_EQ(feed.size(), 1u) << render(feed);
  EXPECT_EQ(feed[0].code, ErrorCode::range);

  EXPECT_EQ(mistakes_of("{base: al128, scale_up: {domain: 100}}").size(), 1u);
  const Errors chip = mistakes_of("{base: al128, chip: b20}");
  ASSERT_EQ(chip.size(), 1u);
  EXPECT_NE(chip[0].hint.find("b200"), std::string::npos) << chip[0].hint;
}

}  // namespace
}  // namespace sn::hw
