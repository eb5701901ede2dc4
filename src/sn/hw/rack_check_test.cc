// sn/hw/rack_check_test.cc
//
// The rules that no single field can check: a rack against its switch, its link, its feed and its
// OS images, on a rack of a few numbers and on those that ship.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "sn/catalog/catalog.h"
#include "sn/hw/rack_test_util.h"

namespace sn::hw {
namespace {

using namespace catalog;  // NOLINT(google-build-using-namespace): what is tested

using namespace sn::literals;

Length metres(double m) { return Length::from_si(m); }

/// 16 GPUs of 1 kW; 400 GB/s of ScaleUp over eight planes of 50 GB/s, one port of 16 each.
Rack sound_rack() {
  Rack r;
  r.name = "r";
  r.gpus = 16;
  r.gpus_per_os = 8;
  r.feed = 20_kW;
  r.span = metres(1.0);
  r.chip.name = "c";
  r.chip.tdp = 1_kW;
  r.chip.idle = 100_W;
  r.chip.hbm_bandwidth = 8_TB_per_s;
  r.chip.l2_bandwidth = 16_TB_per_s;
  r.scale_up.link.bandwidth = 400_GB_per_s;
  r.scale_up.link.reach = metres(2.0);
  r.scale_up.fabric_switch.name = "s";
  r.scale_up.fabric_switch.ports = 16;
  r.scale_up.fabric_switch.port_bandwidth = 50_GB_per_s;
  return r;
}

Errors mistakes(const Rack& rack) {
  Errors errors;
  check_rack(rack, {}, errors);
  return errors;
}

/// One error, whose message holds every one of `words`.
void expect_refused(const Errors& errors, const std::vector<std::string>& words) {
  ASSERT_EQ(errors.size(), 1u) << render(errors);
  EXPECT_EQ(errors[0].code, ErrorCode::range);
  for (const std::string& w : words) {
    EXPECT_NE(errors[0].message.find(w), std::string::npos)
        << "no '" << w << "' in: " << errors[0].message;
  }
}

TEST(CheckRack, ASoundRackPasses) { EXPECT_TRUE(mistakes(sound_rack()).empty()); }

TEST(CheckRack, DomainsDivideTheRack) {
  Rack rack = sound_rack();
  rack.scale_up.domain = 8;
  EXPECT_TRUE(mistakes(rack).empty());
  rack.scale_up.domain = 12;
  expect_refused(mistakes(rack), {"'r'", "16 GPUs", "domains of 12"});
}

TEST(CheckRack, OsImagesDivideTheRack) {
  Rack rack = sound_rack();
  rack.gpus_per_os = 16;
  EXPECT_TRUE(mistakes(rack).empty());
  rack.gpus_per_os = 5;
  expect_refused(mistakes(rack), {"'r'", "16 GPUs", "OS images of 5"});
}

TEST(CheckRack, ADomainNeedsAPortPerGpuInEachPlane) {
  Rack rack = sound_rack();
  rack.scale_up.fabric_switch.ports = 15;
  expect_refused(mistakes(rack),
                 {"domain of 16", "16 ports", "8 planes", "'s' has 15 ports of 50 GB/s"});
  rack.scale_up.domain = 8;  // two domains of eight
  EXPECT_TRUE(mistakes(rack).empty());
}

TEST(CheckRack, TwoStagesReachHalfTheSquareOfThePorts) {
  Rack rack = sound_rack();
  rack.scale_up.stages = 2;
  rack.scale_up.fabric_switch.ports = 6;  // 6 x 6 / 2 = 18
  EXPECT_TRUE(mistakes(rack).empty());
  rack.scale_up.fabric_switch.ports = 5;  // 12
  expect_refused(mistakes(rack), {"domain of 16", "'s' has 5 ports", "12 GPUs over two stages"});
}

TEST(CheckRack, PlanesNeedTheirSwitches) {
  Rack rack = sound_rack();
  rack.scale_up.switches = 8;  // 8 x 16 = 128 ports for 16 GPUs x 8 planes
  EXPECT_TRUE(mistakes(rack).empty());
  rack.scale_up.switches = 7;
  expect_refused(mistakes(rack), {"16 GPUs at 400 GB/s", "8 ports each", "128 in all", "'s'",
                                  "7 switches have 112"});
  rack.scale_up.switches = 8;
  rack.scale_up.link.bandwidth = 401_GB_per_s;  // a ninth plane, hardly used
  expect_refused(mistakes(rack), {"9 ports each", "144 in all"});
}

TEST(CheckRack, TheLinkReachesAcrossTheRack) {
  Rack rack = sound_rack();
  rack.span = metres(2.0);
  EXPECT_TRUE(mistakes(rack).empty());
  rack.span = metres(3.0);
  expect_refused(mistakes(rack), {"'r'", "3 m", "reaches 2 m"});
  rack.scale_up.link.reach = Length{};  // not known
  EXPECT_TRUE(mistakes(rack).empty());
}

TEST(CheckRack, TheChipIsConsistent) {
  Rack idle = sound_rack();
  idle.chip.idle = 2_kW;
  expect_refused(mistakes(idle), {"'c'", "2 kW", "1 kW"});
  Rack cache = sound_rack();
  cache.chip.l2_bandwidth = 1_TB_per_s;
  expect_refused(mistakes(cache), {"'c'", "1 TB/s", "8 TB/s"});
}

TEST(CheckRack, TheFeedCarriesTheChips) {
  Rack rack = sound_rack();
  rack.feed = 16_kW;
  EXPECT_TRUE(mistakes(rack).empty());
  rack.feed = 15_kW;
  expect_refused(mistakes(rack), {"16 chips of 1 kW", "16 kW", "15 kW"});
}

TEST(CheckRack, EveryViolationIsReported) {
  Rack rack = sound_rack();
  rack.gpus_per_os = 5;
  rack.scale_up.fabric_switch.ports = 8;
  rack.scale_up.switches = 1;
  rack.span = metres(9.0);
  rack.feed = 1_kW;
  EXPECT_EQ(mistakes(rack).size(), 5u) << render(mistakes(rack));
}

TEST(CheckRack, ARackWithoutNumbersIsNoReasonToFail) {
  // The reader has reported what is missing; the checks must survive it.
  Errors errors;
  check_rack(Rack{}, {}, errors);
  EXPECT_EQ(Rack{}.scale_up.planes(), 0);
}

TEST(CheckRack, PlanesCoverTheLinkWithoutAPortToSpare) {
  EXPECT_TRUE(rc::check([] {
    ScaleUp up;
    const auto port = *rc::gen::inRange<std::int64_t>(1, 200);
    const auto link = *rc::gen::inRange<std::int64_t>(1, 5000);
    up.fabric_switch.port_bandwidth = Bandwidth::from_si(static_cast<double>(port) * 1e9);
    up.link.bandwidth = Bandwidth::from_si(static_cast<double>(link) * 1e9);
    RC_ASSERT(up.planes() == (link + port - 1) / port);
  }));
}

TEST(CheckRack, ADomainPassesExactlyUpToTheRadix) {
  EXPECT_TRUE(rc::check([] {
    Rack rack = sound_rack();
    rack.gpus_per_os = 1;
    rack.feed = Power::from_si(1e9);
    rack.gpus = *rc::gen::inRange<std::int64_t>(1, 600);
    rack.scale_up.fabric_switch.ports = *rc::gen::inRange<std::int64_t>(1, 600);
    RC_ASSERT(mistakes(rack).empty() == (rack.gpus <= rack.scale_up.fabric_switch.ports));
  }));
}

// What ships: planes and switches of the sizing table, by hand.
struct Sizing {
  const char* rack;
  std::int64_t gpus;
  std::int64_t domain;
  std::int64_t planes;
  std::int64_t ports;     // per switch, in use or not
  std::int64_t switches;  // single-stage: planes x GPUs / ports, rounded up
};

TEST(ShippedRacks, SizingTable) {
  const std::vector<Sizing> table = {
      {"al128", 128, 128, 18, 256, 9},     {"al128-28t", 128, 128, 18, 128, 18},
      {"al128-m890", 128, 64, 8, 64, 16},  {"al144", 144, 144, 18, 256, 11},
      {"upn512", 512, 512, 36, 512, 36},   {"nvl72-gb200", 72, 72, 18, 72, 18},
      {"nvl72-gb300", 72, 72, 18, 72, 18}, {"hgx-b200", 8, 8, 18, 72, 2},
      {"hgx-h200", 8, 8, 18, 64, 3},       {"cloudmatrix384", 384, 384, 14, 48, 112},
      {"rtx-pro-6000-8x", 8, 8, 1, 9, 1},  {"rtx-4090-8x", 8, 8, 1, 8, 1},
  };
  for (const Sizing& row : table) {
    SCOPED_TRACE(row.rack);
    Params params;
    Rack rack = shipped_rack(row.rack, params);
    complete(rack);
    const ScaleUp& up = rack.scale_up;
    EXPECT_EQ(rack.gpus, row.gpus);
    EXPECT_EQ(up.domain, row.domain);
    EXPECT_EQ(up.planes(), row.planes);
    EXPECT_EQ(up.fabric_switch.ports, row.ports);
    const std::int64_t ports = row.planes * row.gpus;
    EXPECT_EQ((ports + row.ports - 1) / row.ports, row.switches);
    if (up.switches > 0) {
      EXPECT_GE(up.switches, row.switches);
    }
  }
}

TEST(ShippedRacks, CloudMatrixHasTwoStages) {
  Params params;
  const Rack cm = shipped_rack("cloudmatrix384", params);
  EXPECT_EQ(cm.scale_up.stages, 2);
  EXPECT_EQ(cm.scale_up.hops(), 3);
  EXPECT_EQ(cm.scale_up.switches, 7 * 16);
  // One way by its parts: half of the 1.9 us that a load from another node takes.
  const Time way =
      2.0 * cm.scale_up.link.endpoint_latency + 3.0 * cm.scale_up.fabric_switch.latency;
  EXPECT_NEAR(way.si(), 0.95e-6, 0.02e-6);
  expect_refused(mistakes_of("{base: cloudmatrix384, scale_up: {stages: 1}}"),
                 {"domain of 384", "'ub-l2' has 48 ports of 28 GB/s"});
}

TEST(ShippedRacks, A144thGpuNeedsTheLargerSwitch) {
  expect_refused(mistakes_of("{base: al144, scale_up: {switch: alink-51t}}"),
                 {"domain of 144", "18 planes", "'alink-51t' has 128 ports of 50 GB/s"});
  expect_refused(mistakes_of("{base: al128, gpus: 144, scale_up: {switch: alink-51t}}"),
                 {"'al128 (modified)'", "144", "128"});
  EXPECT_TRUE(mistakes_of("{base: al128, gpus: 144}").empty());
}

TEST(ShippedRacks, BothReadingsOfTheM890Cabinet) {
  const std::string one = "{base: al128-m890, scale_up: {domain: 128}}";
  expect_refused(mistakes_of(one), {"domain of 128", "8 planes", "64 ports of 50 GB/s"});
  const std::string wide =
      "{base: al128-m890, scale_up: {switch: icn-switch-1.0-128x200g, domain: 128, "
      "switches: 16}}";
  EXPECT_TRUE(mistakes_of(wide).empty()) << render(mistakes_of(wide));
  expect_refused(mistakes_of("{base: al128-m890, scale_up: {switch: icn-switch-1.0-128x200g, "
                             "domain: 128, switches: 15}}"),
                 {"16 ports each", "2048 in all", "15 switches have 1920"});
}

TEST(ShippedRacks, FasterLinksNeedMoreSwitches) {
  expect_refused(mistakes_of("{base: nvl72-gb200, scale_up: {bandwidth: 1.8 TB/s}}"),
                 {"72 GPUs at 1.8 TB/s", "36 ports each", "2592 in all", "18 switches have 1296"});
  // Another link: the count of the old one does not bind.
  EXPECT_TRUE(mistakes_of("{base: nvl72-gb200, scale_up: {link: nvlink6}}").empty());
}

TEST(ShippedRacks, CopperEndsWithTheCabinet) {
  expect_refused(mistakes_of("{base: al128, span: 30 m}"), {"30 m", "reaches 2 m"});
  EXPECT_TRUE(mistakes_of("{base: al128, span: 30 m, "
                          "scale_up: {link: alink-14t-optical}}")
                  .empty());
  expect_refused(mistakes_of("{base: upn512, scale_up: {link: ualink-200g-8x4}}"),
                 {"30 m", "reaches 4 m"});
  expect_refused(mistakes_of("{base: upn512, scale_up: {switch: tomahawk6-128x800g}}"),
                 {"domain of 512", "128 ports of 100 GB/s"});
}

TEST(ShippedRacks, FeedOf350Kilowatts) {
  Params params;
  const Rack al144 = shipped_rack("{base: al144, chip: xpu-2kw}", params);
  EXPECT_DOUBLE_EQ(al144.chip.tdp.si() * static_cast<double>(al144.gpus), 288e3);
  EXPECT_DOUBLE_EQ(al144.feed.si(), 350e3);
  // 174 chips are 348 kW, 176 are 352.
  const auto of = [](const std::string& gpus, const std::string& domain) {
    return mistakes_of("{base: al128-xpu2kw, gpus: " + gpus +
                       ", gpus_per_os: 2, scale_up: {domain: " + domain + "}}");
  };
  EXPECT_TRUE(of("174", "87").empty());
  expect_refused(of("176", "88"), {"176 chips of 2 kW", "352 kW", "350 kW"});
  expect_refused(mistakes_of("{base: al144, chip: xpu-2kw, power: {feed: 250 kW}}"),
                 {"144 chips of 2 kW", "288 kW", "250 kW"});
}

TEST(ShippedRacks, OsImages) {
  for (const char* per_os : {"8", "16", "32"}) {
    EXPECT_TRUE(mistakes_of(std::string("{base: al128, gpus_per_os: ") + per_os + "}").empty());
  }
  expect_refused(mistakes_of("{base: al144, gpus_per_os: 32}"), {"144 GPUs", "OS images of 32"});
}

}  // namespace
}  // namespace sn::hw
