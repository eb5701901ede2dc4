// sn/twin/scenario/tenants_test.cc

#include "sn/twin/scenario/tenants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

const std::string common = "supernode: 1\nname: shared\ncluster: {rack: hgx-h200}\n";
const std::string load =
    "workload: {preset: mooncake-conversation, rate: knee}, slo: {tpot: {p90: 50 ms}}";

std::string tenant(const std::string& name, const std::string& more = "") {
  return "  - {name: " + name + ", model: llama-3.1-8b, " + load + more + "}\n";
}

Result<SharedMachine> read(const std::string& text) {
  const Result<Node> node = parse_document("s.yaml", text);
  if (!node) return fail(node.error());
  return resolve_tenants(*node, catalog::shipped_catalog(), loader_of({}), "");
}

std::string errors_of(const std::string& text) {
  const Result<SharedMachine> machine = read(text);
  return machine ? "" : render(machine.error());
}

TEST(Tenants, AreScenariosOfTheirOwn) {
  const std::string list = "tenants:\n" + tenant("chat", ", gpus: 3") +
                           tenant("code", ", weight: 2, precision: {weights: fp8}") + tenant("api");
  const Result<SharedMachine> machine = read(common + "conditions: {clock: 0.9}\n" + list);
  ASSERT_TRUE(machine.has_value()) << render(machine.error());
  EXPECT_EQ(machine->name, "shared");
  ASSERT_EQ(machine->tenants.size(), 3u);
  EXPECT_EQ(machine->tenants[0].gpus, 3);
  EXPECT_EQ(machine->tenants[1].gpus, 0);
  EXPECT_EQ(machine->tenants[1].weight, 2.0);
  EXPECT_EQ(machine->tenants[2].weight, 1.0);
  EXPECT_EQ(machine->tenants[2].world.name, "shared: api");
  for (const Tenant& t : machine->tenants) {
    EXPECT_EQ(t.world.machine.conditions.clock, 0.9);
    EXPECT_EQ(t.world.machine.cluster.rack.name, "hgx-h200");
    EXPECT_EQ(t.world.machine.gpu_limit, 0);
  }
  EXPECT_EQ(machine->tenants[1].world.machine.precisions.front().weights, kernel::DataType::fp8);
  // The tenant and the same scenario without tenants are the same World.
  World alone = world_of(common +
                         "conditions: {clock: 0.9}\nmodel: llama-3.1-8b\nworkload: "
                         "{preset: mooncake-conversation, rate: knee}\n"
                         "slo: {tpot: {p90: 50 ms}}\n");
  EXPECT_EQ(param_values(alone), param_values(machine->tenants[2].world));
  EXPECT_EQ(alone.load.workload, machine->tenants[2].world.load.workload);
  EXPECT_EQ(alone.load.slo, machine->tenants[2].world.load.slo);
}

TEST(Tenants, ListedDeploymentsAreAShare) {
  const auto machine =
      read(common + "tenants:\n" + tenant("a", ", deployments: [{pool: aggregated, tp: 2}]"));
  ASSERT_TRUE(machine.has_value()) << render(machine.error());
  EXPECT_EQ(machine->tenants[0].gpus, 2);
  EXPECT_THAT(errors_of(common + "tenants:\n" +
                        tenant("a", ", gpus: 1, deployments: [{pool: aggregated, tp: 2}]")),
              testing::HasSubstr("take 2 GPUs; its share is 1"));
}

TEST(Tenants, MistakesPointAtTheirTenant) {
  const std::string text = errors_of(common + "tenants:\n" + tenant("a", ", gpu: 2") +
                                     "  - {name: b, model: llama-3.1-8c, " + load + "}\n" +
                                     "  - {name: c, " + load + "}\n");
  EXPECT_THAT(text, testing::HasSubstr("s.yaml:5:"));
  EXPECT_THAT(text, testing::HasSubstr("unknown key 'gpu' in tenant"));
  EXPECT_THAT(text, testing::HasSubstr("s.yaml:6:22: error: unknown model 'llama-3.1-8c'"));
  EXPECT_THAT(text, testing::HasSubstr("s.yaml:7:5: error: 'scenario.model' is required"));
  EXPECT_THAT(text, testing::HasSubstr("3 errors"));
}

TEST(Tenants, AMistakeInWhatAllShareIsSaidOnce) {
  const std::string text =
      errors_of("supernode: 1\ncluster: {rack: hgx-h201}\ncollour: red\ntenants:\n" + tenant("a") +
                tenant("b"));
  EXPECT_THAT(text, testing::HasSubstr("unknown rack 'hgx-h201'"));
  EXPECT_THAT(text, testing::HasSubstr("collour"));
  EXPECT_THAT(text, testing::HasSubstr("2 errors"));
}

TEST(Tenants, TheListIsChecked) {
  using testing::HasSubstr;
  EXPECT_THAT(errors_of(common + "tenants: []\n"), HasSubstr("list of 1 to 16"));
  EXPECT_THAT(errors_of(common + "tenants: 3\n"), HasSubstr("list of 1 to 16"));
  EXPECT_THAT(errors_of(common + "tenants: [5]\n"), HasSubstr("expected a map"));
  EXPECT_THAT(errors_of(common + "tenants:\n" + tenant("a") + tenant("a")),
              HasSubstr("s.yaml:6:12: error: there are two tenants 'a'"));
  EXPECT_THAT(errors_of(common + "tenants:\n" + tenant(std::string(41, 'a'))),
              HasSubstr("a tenant's name has at most 40 bytes"));
  EXPECT_THAT(errors_of(common + "model: llama-3.1-8b\ntenants:\n" + tenant("a")),
              HasSubstr("s.yaml:4:8: error: 'model' belongs into each tenant"));
  EXPECT_THAT(
      errors_of(common + "tenants:\n" + tenant("a", ", gpus: 5") + tenant("b", ", gpus: 4")),
      HasSubstr("the shares take 9 GPUs (a 5, b 4); the cluster has 8: 1 missing"));
  EXPECT_THAT(errors_of(common + "tenants:\n" + tenant("a", ", gpus: 5, weight: 2")),
              HasSubstr("'weight' counts between tenants"));
  EXPECT_THAT(errors_of(common + "tenants:\n" + tenant("a", ", gpus: none")), HasSubstr("'none'"));
  EXPECT_THAT(errors_of("supernode: 1\ntenants:\n" + tenant("a")),
              HasSubstr("'scenario.cluster' is required"));
  std::string many;
  for (int i = 0; i < 17; ++i) many += tenant("t" + std::to_string(i));
  EXPECT_THAT(errors_of(common + "tenants:\n" + many), HasSubstr("list of 1 to 16"));
}

}  // namespace
}  // namespace sn::twin
