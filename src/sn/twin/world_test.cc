// sn/twin/world_test.cc

#include "sn/twin/world.h"

#include <gtest/gtest.h>

#include <set>

#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

World sample(const std::string& more = "") {
  return world_of(
      "supernode: 1\ncluster: {rack: al128, racks: 2}\nmodel: deepseek-v3\n"
      "workload: {preset: mooncake-conversation}\nslo: {tpot: {p90: 50 ms}}\n" +
      more);
}

std::size_t index_of(const World& w, const std::string& path) {
  for (std::size_t i = 0; i < w.machine.params.size(); ++i) {
    if (w.machine.params[i].path == path) return i;
  }
  ADD_FAILURE() << "no parameter " << path;
  return 0;
}

TEST(World, SameValuesGiveTheSameNumbers) {
  const World w = sample();
  const World again = with_values(w, param_values(w));
  EXPECT_EQ(param_values(again), param_values(w));
  EXPECT_EQ(again.machine.cluster.rack.chip.hbm_bandwidth,
            w.machine.cluster.rack.chip.hbm_bandwidth);
  EXPECT_EQ(again.machine.cluster.rack.scale_up.domain, w.machine.cluster.rack.scale_up.domain);
  EXPECT_EQ(again.machine.framework.max_sequences, w.machine.framework.max_sequences);
  EXPECT_EQ(again.machine.traits.expert_imbalance, w.machine.traits.expert_imbalance);
  EXPECT_EQ(again.machine.cluster.racks, 2);
  EXPECT_EQ(again.load.workload, w.load.workload);
  EXPECT_EQ(again.machine.cluster.rack.scale_up.fabric_switch.in_switch_reduction,
            w.machine.cluster.rack.scale_up.fabric_switch.in_switch_reduction);
}

TEST(World, OneNumberMovesAlone) {
  const World w = sample();
  struct Probe {
    const char* path;
    double (*read)(const World&);
  };
  const Probe probes[] = {
      {"rack.chip.hbm.bandwidth",
       [](const World& x) { return x.machine.cluster.rack.chip.hbm_bandwidth.si(); }},
      {"rack.scale_up.bandwidth",
       [](const World& x) { return x.machine.cluster.rack.scale_up.link.bandwidth.si(); }},
      {"scale_out.latency",
       [](const World& x) { return x.machine.cluster.scale_out.latency.si(); }},
      {"kernels.gemm.launch", [](const World& x) { return x.machine.kernels.gemm.launch.si(); }},
      {"collectives.custom.two_shot",
       [](const World& x) { return x.machine.collectives.custom.two_shot; }},
      {"framework.memory.utilisation", [](const World& x) { return x.machine.framework.memory; }},
      {"model.mtp_acceptance", [](const World& x) { return x.machine.traits.mtp_acceptance; }},
  };
  for (const Probe& moved : probes) {
    SCOPED_TRACE(moved.path);
    std::vector<double> values = param_values(w);
    values[index_of(w, moved.path)] *= 0.75;
    const World changed = with_values(w, values);
    EXPECT_EQ(param_values(changed), values);
    for (const Probe& p : probes) {
      const double factor = p.path == moved.path ? 0.75 : 1.0;
      EXPECT_DOUBLE_EQ(p.read(changed), factor * p.read(w)) << p.path;
    }
  }
}

TEST(World, EveryNumberHasItsOwnPathAndProvenance) {
  const World w = sample();
  std::set<std::string> seen;
  for (const catalog::Param& p : w.machine.params) {
    EXPECT_TRUE(seen.insert(p.path).second) << p.path;
  }
  catalog::expect_provenance(w.machine.params);
  for (const char* part :
       {"rack.", "scale_out.", "dcn.", "kernels.", "collectives.", "framework.", "model."}) {
    EXPECT_TRUE(std::any_of(seen.begin(), seen.end(), [&](const std::string& path) {
      return path.starts_with(part);
    })) << part;
  }
}

TEST(World, InputsPointIntoIt) {
  const World w = sample("conditions: {hbm: 0.5}\nkv: {block: 16}\n");
  const serving::ServingInputs in = w.inputs();
  EXPECT_EQ(&in.model, &w.machine.model);
  EXPECT_EQ(&in.workload, &w.load.workload);
  EXPECT_EQ(&in.machine.cluster, &w.machine.cluster);
  EXPECT_EQ(in.conditions.hbm, 0.5);
  EXPECT_EQ(in.kv_block, 16.0);
}

TEST(World, ConditionsSlowWhatTheyTouch) {
  // HBM at half speed: a step of 256 sequences reads all experts and takes nearly twice as long.
  const World whole = sample();
  const World half = sample("conditions: {hbm: 0.5}\n");
  const serving::ServingPlan plan{
      .prefill = {},
      .decode = {
          .deployment = {.parallel = {.tp = 8}, .precision = whole.machine.precisions.front()},
          .replicas = 1,
          .chunk = 2048}};
  const auto period = [&](const World& w) {
    const serving::ServingInputs in = w.inputs();
    return serving::ServingModel(in, plan).decode().at(256.0).period_pure.si();
  };
  EXPECT_GT(period(half), 1.3 * period(whole));
  EXPECT_LT(period(half), 2.0 * period(whole));
}

TEST(World, TargetRates) {
  World w = sample();
  EXPECT_EQ(w.load.target_rate(), std::nullopt);
  w.load.rate = {.kind = RateSpec::Kind::multiple, .value = 2.0};
  EXPECT_DOUBLE_EQ(*w.load.target_rate(), 2.0 * w.load.workload.rate.si());
  w.load.rate = {.kind = RateSpec::Kind::absolute, .value = 7.0};
  EXPECT_DOUBLE_EQ(*w.load.target_rate(), 7.0);
}

}  // namespace
}  // namespace sn::twin
