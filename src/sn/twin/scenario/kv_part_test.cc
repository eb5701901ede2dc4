// sn/twin/scenario/kv_part_test.cc
//
// `kv` of a scenario: tiers with their memories and movers, and what is refused.

#include <gmock/gmock.h>

#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

using serving::TierKind;
using testing::HasSubstr;

std::string text(const std::string& kv, const std::string& more = "") {
  return "supernode: 1\ncluster: {rack: hgx-h20, racks: 2}\nmodel: qwen3-32b\n"
         "workload: {synthetic: {arrivals: {process: poisson, rate: 1 req/s}, "
         "contexts: {count: 50, tokens: 4096}, input: 64, output: 64, requests: 200}}\n"
         "slo: {ttft: {p90: 5 s}}\nkv: " +
         kv + "\n" + more;
}

std::string mistakes(const std::string& kv, const std::string& more = "") {
  const Result<World> world = resolve_text(text(kv, more));
  return world ? "" : render(world.error());
}

TEST(KvPart, TiersTakeTheirPartsFromTheCatalog) {
  const World w = world_of(text(
      "{tiers: [hbm, dram, {cxl-pool: {share: 2 TB, attach: scale_up}}, {rdma-pool: {mover: "
      "rdma-direct}}, {nvme: {count: 8, memory: {base: nvme-gen5, capacity: 30 TB}}}], policy: "
      "lfu, write: back, prefetch: none, overlap: layer, layout: contiguous, block: 16}"));
  const serving::KvTiering& kv = w.machine.kv;
  ASSERT_EQ(kv.tiers.size(), 4u);
  EXPECT_EQ(kv.tiers[0].kind, TierKind::dram);
  EXPECT_EQ(kv.tiers[0].mover.name, "gpu-copy");
  EXPECT_EQ(kv.tiers[0].share.si(), 2e12);  // two sockets
  EXPECT_EQ(kv.tiers[1].share.si(), 2e12);
  EXPECT_EQ(kv.tiers[1].attach, hw::Attachment::scale_up);
  EXPECT_EQ(kv.tiers[2].mover.name, "rdma-direct");
  EXPECT_EQ(kv.tiers[3].share.si(), 240e12);
  EXPECT_EQ(kv.policy, kv::Eviction::lfu);
  EXPECT_TRUE(kv.write_back && !kv.on_queue && kv.overlap && kv.contiguous);
  EXPECT_EQ(w.machine.kv_block, 16.0);
}

TEST(KvPart, NumbersOfTiersAreParameters) {
  const World w = world_of(text("{tiers: [hbm, {cxl-pool: {share: 2 TB}}, nvme]}"));
  std::vector<double> values = param_values(w);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& path = w.machine.params[i].path;
    if (path == "kv.cxl-pool.memory.read_bandwidth") values[i] *= 2.0;
    if (path == "kv.nvme.mover.read_piece") values[i] *= 3.0;
  }
  const World other = with_values(w, values);
  EXPECT_EQ(other.machine.kv.tiers[0].memory.read_bandwidth.si(), 2.0 * 46.2e9);
  EXPECT_NEAR(other.machine.kv.tiers[1].mover.read_piece.si(), 225e-6, 1e-9);
  EXPECT_EQ(with_values(w, param_values(w)).machine.kv, w.machine.kv);
  const World less = with_tiers(w, 2);
  EXPECT_EQ(less.machine.kv.tiers.size(), 1u);
  EXPECT_EQ(with_values(less, param_values(less)).machine.kv, less.machine.kv);
  EXPECT_TRUE(with_tiers(w, 1).machine.kv.tiers.empty());
}

TEST(KvPart, Mistakes) {
  EXPECT_THAT(mistakes("{tiers: [dram]}"), HasSubstr("begins with hbm"));
  EXPECT_THAT(mistakes("{tiers: [hbm, dram, dram]}"), HasSubstr("stands twice"));
  EXPECT_THAT(mistakes("{tiers: [hbm, dram, hbm]}"), HasSubstr("stands twice"));
  EXPECT_THAT(mistakes("{tiers: [hbm, cxlpool]}"), HasSubstr("did you mean 'cxl-pool'?"));
  EXPECT_THAT(mistakes("{tiers: [hbm, nvme, dram]}"), HasSubstr("stands below the slower nvme"));
  EXPECT_THAT(mistakes("{tiers: [hbm, {cxl-pool: {share: 0 TB}}]}"),
              HasSubstr("kv.cxl-pool.share"));
  EXPECT_THAT(mistakes("{tiers: [hbm, {cxl-pool: {share: 20 TB}}]}"), HasSubstr("more than the 8"));
  EXPECT_THAT(mistakes("{tiers: [hbm, {dram: {attach: scale_up}}]}"),
              HasSubstr("does not hang on"));
  EXPECT_THAT(mistakes("{tiers: [hbm, {cxl-pool: {count: 2}}]}"), HasSubstr("stands once"));
  EXPECT_THAT(mistakes("{tiers: [hbm, {dram: {memory: nosuch}}]}"), HasSubstr("nosuch"));
  EXPECT_THAT(mistakes("{tiers: [hbm, [dram]]}"), HasSubstr("a KV tier is a name"));
  EXPECT_THAT(mistakes("{tiers: [hbm, {dram: 4}]}"), HasSubstr("share"));
  EXPECT_THAT(mistakes("{policy: ttl, ttl: 0 s}"), HasSubstr("kv.ttl"));
  EXPECT_THAT(mistakes("{policy: lru, ttl: 5 s}"), HasSubstr("'kv.ttl' is of 'policy: ttl'"));
  EXPECT_THAT(mistakes("{policy: fifo}"), HasSubstr("kv.policy"));
  EXPECT_THAT(mistakes("[hbm]"), HasSubstr("tiers:"));
  EXPECT_THAT(mistakes("{tiers: [hbm, dram]}", "search: {kv: [1, 3]}"),
              HasSubstr("'kv.tiers' names 2"));
}

TEST(KvPart, FaultsOfTiers) {
  const World w = world_of(text(
      "{tiers: [hbm, {cxl-pool: {share: 2 TB}}]}",
      "faults: {events: [{at: 5 s, action: fail, tier: cxl-pool, part: 1, parts: 4}], "
      "rates: [{action: fail, of: tier, tier: cxl-pool, parts: 16, every: 1 h, repair: 1 s}]}"));
  EXPECT_EQ(to_string(w.faults.events.front().target), "part 1 of 4 of cxl-pool");
  EXPECT_EQ(w.faults.rates.front().target.parts, 16);
  EXPECT_THAT(mistakes("{}", "faults: {events: [{at: 5 s, action: drain, tier: dram}]}"),
              HasSubstr("a tier can only fail"));
  EXPECT_THAT(
      mistakes("{}", "faults: {rates: [{action: fail, of: tier, every: 1 h, repair: 1 s}]}"),
      HasSubstr("names it"));
}

}  // namespace
}  // namespace sn::twin
