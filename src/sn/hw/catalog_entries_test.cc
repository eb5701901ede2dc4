// sn/hw/catalog_entries_test.cc
//
// The hardware entries that ship: each reads without a mistake, says where every number comes from,
// and carries the figures of its datasheet. Racks against their switches: rack_check_test.cc.

#include <gtest/gtest.h>

#include <string>

#include "sn/catalog/catalog.h"
#include "sn/hw/rack_test_util.h"

namespace sn::hw {
namespace {

using namespace catalog;  // NOLINT(google-build-using-namespace): what is tested

const Param& param_at(const Params& params, std::string_view path) {
  for (const Param& p : params) {
    if (p.path == path) return p;
  }
  ADD_FAILURE() << "no " << path;
  return params.front();
}

TEST(ShippedCatalog, EveryHardwareEntryReads) {
  expect_all_read<Chip>("chip", 16);
  expect_all_read<Link>("link", 22);
  expect_all_read<Switch>("switch", 17);
  expect_all_read<Nic>("nic", 6);
  expect_all_read<Rack>("rack", 16);
  expect_all_read<ScaleOut>("scale-out", 3);
  expect_all_read<Dcn>("dcn", 2);
  expect_all_read<Memory>("memory", 7);
  expect_all_read<Mover>("mover", 8);
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
  EXPECT_DOUBLE_EQ(h200.hbm_capacity.si(), 143771.0 * 0x1p20);
  EXPECT_DOUBLE_EQ(h200.hbm_bandwidth.si(), 4.8e12);
  EXPECT_DOUBLE_EQ(h200.tdp.si(), 700.0);
  params.clear();
  const Chip b200 = read_shipped<Chip>(catalog, "chip", "b200", params);
  EXPECT_EQ(b200.kernels, "blackwell");
  EXPECT_DOUBLE_EQ(b200.peak.fp8.si(), 4.5e15);
  EXPECT_DOUBLE_EQ(b200.peak.fp4.si(), 9e15);
  EXPECT_DOUBLE_EQ(b200.hbm_capacity.si(), 183359.0 * 0x1p20);
  EXPECT_DOUBLE_EQ(b200.hbm_bandwidth.si(), 7.7e12);
  params.clear();
  const Link pcie = read_shipped<Link>(catalog, "link", "pcie5-x16", params);
  EXPECT_DOUBLE_EQ(pcie.bandwidth.si(), 63e9);
  EXPECT_NEAR(16.0 * 32e9 * 128.0 / 130.0 / 8.0, pcie.bandwidth.si(), 0.1e9);
  params.clear();
  const Link nvlink4 = read_shipped<Link>(catalog, "link", "nvlink4", params);
  EXPECT_NEAR((nvlink4.bandwidth * nvlink4.efficiency).si(), 396e9, 1e9);  // H200 x8 pairwise
}

TEST(ShippedCatalog, DatasheetFiguresOfOtherVendorsAndGenerations) {
  const Catalog catalog = shipped_catalog();
  const auto chip = [&](const char* name) {
    Params params;
    return read_shipped<Chip>(catalog, "chip", name, params);
  };
  const Chip a100 = chip("a100");
  EXPECT_DOUBLE_EQ(a100.peak.bf16.si(), 312e12);
  EXPECT_DOUBLE_EQ(a100.peak.fp8.si(), 0.0);  // Ampere has no 8-bit floating point
  const Chip h800 = chip("h800");             // H100 but for its links
  EXPECT_EQ(numbers_of(h800), numbers_of(chip("h100")));
  const Chip h20 = chip("h20");
  EXPECT_DOUBLE_EQ(h20.hbm_bandwidth.si(), 4.0e12);
  EXPECT_LT(h20.peak.bf16, 0.16 * h800.peak.bf16);
  const Chip gb300 = chip("gb300");
  EXPECT_DOUBLE_EQ(gb300.peak.fp4.si(), 15e15);
  EXPECT_LT(gb300.peak.int8, chip("gb200").peak.int8);  // given up for fp4
  // 304 units x 2048 x 2 operations per clock at 2.1 GHz; CDNA 4 doubles the rate of a unit.
  EXPECT_NEAR(chip("mi300x").peak.bf16.si(), 304.0 * 2048.0 * 2.1e9, 1e12);
  EXPECT_NEAR(chip("mi355x").peak.bf16.si(), 256.0 * 4096.0 * 2.4e9, 1e12);
  const Chip ascend = chip("ascend-910c");  // a package of two dies
  EXPECT_DOUBLE_EQ(ascend.peak.bf16.si(), 2.0 * 376e12);
  EXPECT_DOUBLE_EQ(ascend.hbm_bandwidth.si(), 2.0 * 1.6e12);
  EXPECT_DOUBLE_EQ(ascend.peak.fp8.si(), 0.0);
  EXPECT_DOUBLE_EQ(chip("m890").hbm_capacity.si(), 144e9);
  // GDDR6X: 384 pins of 21 Gbit/s.
  EXPECT_DOUBLE_EQ(chip("rtx-4090").hbm_bandwidth.si(), 384.0 * 21e9 / 8.0);
}

TEST(ShippedCatalog, Links) {
  const Catalog catalog = shipped_catalog();
  const auto rate = [&](const char* name) {
    Params params;
    return read_shipped<Link>(catalog, "link", name, params).bandwidth.si();
  };
  EXPECT_DOUBLE_EQ(rate("nvlink3"), 12.0 * 25e9);
  EXPECT_DOUBLE_EQ(rate("nvlink4"), 18.0 * 25e9);
  EXPECT_DOUBLE_EQ(rate("nvlink4-h800"), 8.0 * 25e9);
  EXPECT_DOUBLE_EQ(rate("nvlink5"), 18.0 * 50e9);
  EXPECT_DOUBLE_EQ(rate("nvlink6"), 36.0 * 50e9);
  EXPECT_DOUBLE_EQ(rate("ualink-200g-x2"), 2.0 * rate("ualink-200g-x1"));
  EXPECT_DOUBLE_EQ(rate("ualink-200g-8x4"), 8.0 * rate("ualink-200g-x4"));
  // Figures of both directions, in bits.
  EXPECT_DOUBLE_EQ(rate("alink-6t"), 6.4e12 / 2.0 / 8.0);
  EXPECT_DOUBLE_EQ(rate("alink-14t"), 14.4e12 / 2.0 / 8.0);
  EXPECT_DOUBLE_EQ(rate("alink-28t"), 28.8e12 / 2.0 / 8.0);
  EXPECT_DOUBLE_EQ(rate("sue-12x800g"), 12.0 * 800e9 / 8.0);
  EXPECT_DOUBLE_EQ(rate("ub-cm384"), 14.0 * 28e9);
  EXPECT_NEAR(rate("pcie4-x16"), 16.0 * 16e9 * 128.0 / 130.0 / 8.0, 0.1e9);
  EXPECT_DOUBLE_EQ(rate("cxl2-x16"), rate("pcie5-x16"));
  EXPECT_DOUBLE_EQ(rate("cxl3-x16"), rate("pcie6-x16"));
}

TEST(ShippedCatalog, SwitchCapacities) {
  const Catalog catalog = shipped_catalog();
  const auto chip = [&](const char* name) {
    Params params;
    return read_shipped<Switch>(catalog, "switch", name, params);
  };
  const auto tbits = [&](const char* name) { return chip(name).capacity().si() * 8e-12; };
  for (const char* name : {"icn-switch-1.0", "icn-switch-1.0-128x200g"}) {
    EXPECT_NEAR(tbits(name), 25.6, 1e-9) << name;
  }
  for (const char* name : {"alink-51t", "tomahawk-ultra", "tomahawk-ultra-64x800g"}) {
    EXPECT_NEAR(tbits(name), 51.2, 1e-9) << name;
  }
  for (const char* name : {"alink-102t", "alink-102t-256x400g", "alink-102t-512x200g", "tomahawk6",
                           "tomahawk6-128x800g"}) {
    EXPECT_NEAR(tbits(name), 102.4, 1e-9) << name;
  }
  EXPECT_NEAR(tbits("nvswitch4-nvl72"), 28.8, 1e-9);
  // NVL72 of Rubin: 36 chips carry 72 x 1.8 TB/s.
  EXPECT_DOUBLE_EQ(36.0 * chip("nvswitch6").capacity().si(), 72.0 * 1.8e12);
  // CloudMatrix384: 112 L2 chips carry 384 x 392 GB/s; an L1 chip has 448 GB/s up.
  EXPECT_DOUBLE_EQ(112.0 * chip("ub-l2").capacity().si(), 384.0 * 392e9);
  EXPECT_DOUBLE_EQ(chip("ub-l1").capacity().si(), 2.0 * 448e9);
  EXPECT_TRUE(chip("tomahawk-ultra").in_switch_reduction);
  EXPECT_FALSE(chip("tomahawk6").in_switch_reduction);
  // UALink's bounds grow with capacity: 25T, 50T, 100T.
  EXPECT_DOUBLE_EQ(chip("icn-switch-1.0").latency.si(), 150e-9);
  EXPECT_DOUBLE_EQ(chip("alink-51t").latency.si(), 200e-9);
  EXPECT_DOUBLE_EQ(chip("alink-102t").latency.si(), 250e-9);
}

TEST(ShippedCatalog, MemoryBeyondTheChip) {
  const Catalog catalog = shipped_catalog();
  Params params;
  const Memory pool = read_shipped<Memory>(catalog, "memory", "cxl-pool-beluga", params);
  expect_round_trip(pool, params);
  EXPECT_DOUBLE_EQ(pool.capacity.si(), 8e12);
  EXPECT_EQ(pool.ports, 2 * pool.sharers);
  // 32 ports of 46.2 GB/s would be 1.48 TB/s; the pool gives 1.
  EXPECT_DOUBLE_EQ(pool.aggregate_read().si(), 1e12);
  params.clear();
  const Memory expander = read_shipped<Memory>(catalog, "memory", "cxl-expander-ddr5", params);
  EXPECT_DOUBLE_EQ(expander.aggregate_read().si(), expander.read_bandwidth.si());
  EXPECT_DOUBLE_EQ(32.0 * expander.capacity.si(), 32.0 * 256e9);
  params.clear();
  const Memory drive = read_shipped<Memory>(catalog, "memory", "nvme-gen5", params);
  EXPECT_DOUBLE_EQ(drive.read_bandwidth.si(), 14.7e9);
  params.clear();
  const Memory host = read_shipped<Memory>(catalog, "memory", "host-ddr5", params);
  // The ladder: host, expander, pool, drive.
  EXPECT_LT(host.load_latency, expander.load_latency);
  EXPECT_LT(expander.load_latency, pool.load_latency);
  EXPECT_LT(pool.load_latency, drive.load_latency);
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
  EXPECT_TRUE(al128.scale_up.fabric_switch.in_switch_reduction);
  EXPECT_EQ(al128.scale_up.fabric_switch.ports, 256);  // 144 GPUs must fit too
  EXPECT_EQ(al128.scale_up.planes(), 18);              // 900 GB/s over ports of 50
  EXPECT_EQ(al128.scale_up.domain, 0);                 // left out: the whole rack
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
  EXPECT_DOUBLE_EQ(hgx.scale_up.fabric_switch.latency.si(), 100e-9);
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

  const Errors feed =  // 384 kW on 350
      mistakes_of("{base: al128-xpu2kw, gpus: 192, scale_up: {domain: 96}}");
  ASSERT_EQ(feed.size(), 1u) << render(feed);
  EXPECT_EQ(feed[0].code, ErrorCode::range);

  EXPECT_EQ(mistakes_of("{base: al128, scale_up: {domain: 100}}").size(), 1u);
  const Errors part = mistakes_of("{base: al128, scale_up: {switch: alink-52t}}");
  ASSERT_EQ(part.size(), 1u);
  EXPECT_EQ(part[0].code, ErrorCode::unknown_name);
  EXPECT_NE(part[0].hint.find("alink-51t"), std::string::npos) << part[0].hint;
  const Errors chip = mistakes_of("{base: al128, chip: b20}");
  ASSERT_EQ(chip.size(), 1u);
  EXPECT_NE(chip[0].hint.find("b200"), std::string::npos) << chip[0].hint;
}

}  // namespace
}  // namespace sn::hw
