// sn/twin/scenario/overrides_test.cc
//
// Scenarios made of flags alone, and flags over a scenario.

#include <gmock/gmock.h>

#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

using testing::HasSubstr;

const std::string nothing = "supernode: 1\n";

Overrides whole() {
  return {.model = "llama-3.1-70b",
          .rate = "5/s",
          .rack = "hgx-h100",
          .input = "1024",
          .output = "256",
          .ttft = "1s",
          .tpot = "p99=50ms"};
}

World made(const Overrides& overrides, const std::string& text = nothing) {
  Result<World> world = resolve_text(text, {}, overrides);
  if (!world) {
    ADD_FAILURE() << render(world.error());
    return {};
  }
  return *std::move(world);
}

std::string mistakes(const Overrides& overrides, const std::string& text = nothing) {
  const Result<World> world = resolve_text(text, {}, overrides);
  return world ? "" : render(world.error());
}

TEST(Overrides, MakeAScenarioWhereThereIsNone) {
  const World w = made(whole());
  EXPECT_EQ(w.machine.gpus(), 8);
  EXPECT_EQ(w.machine.model.layers, 80);
  EXPECT_DOUBLE_EQ(serving::mean_input(w.load.workload), 1024.0);
  EXPECT_DOUBLE_EQ(serving::mean_output(w.load.workload), 256.0);
  ASSERT_EQ(w.load.slo.size(), 2u);
  EXPECT_DOUBLE_EQ(w.load.slo[0].quantile, 0.9);
  EXPECT_DOUBLE_EQ(w.load.slo[0].limit.si(), 1.0);
  EXPECT_DOUBLE_EQ(w.load.slo[1].quantile, 0.99);
  EXPECT_DOUBLE_EQ(w.load.slo[1].limit.si(), 0.05);
  ASSERT_TRUE(w.load.target_rate());
  EXPECT_DOUBLE_EQ(*w.load.target_rate(), 5.0);
}

TEST(Overrides, FewerGpusThanARackAreAPartOfIt) {
  Overrides o = whole();
  o.gpus = "4";
  const World part = made(o);
  EXPECT_EQ(part.machine.gpus(), 4);
  EXPECT_EQ(part.machine.cluster.gpus(), 8);
  o.gpus = "16";
  const World two = made(o);
  EXPECT_EQ(two.machine.gpus(), 16);
  EXPECT_EQ(two.machine.cluster.racks, 2);
}

TEST(Overrides, ReplaceWhatTheScenarioSays) {
  const std::string text =
      "supernode: 1\ncluster: {rack: hgx-h200, racks: 2}\nmodel: llama-3.1-8b\n"
      "workload: {preset: mooncake-conversation, rate: knee}\n"
      "slo: {ttft: {mean: 2 s}, tpot: {p90: 40 ms}}\n";
  const World w = made(
      {.gpus = "8", .input = "100", .output = "10", .tpot = "30 ms", .framework = "vllm"}, text);
  EXPECT_EQ(w.machine.cluster.racks, 1);
  EXPECT_EQ(w.machine.framework.name, "vllm");
  EXPECT_NEAR(serving::mean_input(w.load.workload), 100.0, 1e-9);
  ASSERT_EQ(w.load.slo.size(), 2u);
  EXPECT_LT(w.load.slo[0].quantile, 0.0);
  EXPECT_DOUBLE_EQ(w.load.slo[1].limit.si(), 0.03);
}

TEST(Overrides, MistakesNameTheFlag) {
  Overrides o = whole();
  o.rack = "H100";
  o.ttft = "1";
  o.output = "many";
  const std::string said = mistakes(o);
  EXPECT_THAT(said, HasSubstr("--rack:1:1: error: unknown rack 'H100'"));
  EXPECT_THAT(said, HasSubstr("names with it: hgx-h100"));
  EXPECT_THAT(said, HasSubstr("--ttft:1:1"));
  EXPECT_THAT(said, HasSubstr("--osl:1:1"));
}

TEST(Overrides, NamesOfAHubAreAnsweredWithTheCatalogs) {
  Overrides o = whole();
  o.model = "meta-llama/Llama-3.1-70B-Instruct";
  EXPECT_THAT(mistakes(o), HasSubstr("did you mean 'llama-3.1-70b'?"));
  o.model = "acme/unheard-of";
  EXPECT_THAT(mistakes(o), HasSubstr("path of its config.json"));
}

TEST(Overrides, WhereAMapIsExpectedAnExampleIsGiven) {
  const std::string text =
      "supernode: 1\ncluster: {gpus: 4}\nmodel: llama-3.1-8b\nprecision: fp8\n"
      "workload: mooncake-conversation\nslo: {ttft: 1 s}\n";
  const std::string said = mistakes({}, text);
  EXPECT_THAT(said, HasSubstr("cluster: {rack: hgx-h100, gpus: 4}"));
  EXPECT_THAT(said, HasSubstr("write precision: {weights: fp8}"));
  EXPECT_THAT(said, HasSubstr("write workload: {preset: mooncake-conversation}"));
  EXPECT_THAT(said, HasSubstr("write ttft: {p90: 1 s}"));
  EXPECT_THAT(mistakes({}, "supernode: 1\ncluster: hgx-h100\nslo: 1 s\n"),
              testing::AllOf(HasSubstr("write cluster: {rack: hgx-h100}"),
                             HasSubstr("write slo: {ttft: {p90: 2 s}")));
}

}  // namespace
}  // namespace sn::twin
