// sn/twin/scenario/speculation_test.cc

#include <gmock/gmock.h>

#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

using testing::HasSubstr;

std::string text(const std::string& model, const std::string& more) {
  return "supernode: 1\ncluster: {rack: hgx-h200}\nmodel: " + model +
         "\nworkload: {synthetic: {arrivals: {process: poisson, rate: 1 req/s}, input: 1000, "
         "output: 100, requests: 100}}\nslo: {tpot: {p90: 50 ms}, e2e: {p90: 10 s}}\n" +
         more;
}

std::string mistakes(const std::string& model, const std::string& more) {
  const Result<World> world = resolve_text(text(model, more));
  return world ? "" : render(world.error());
}

TEST(Speculation, DraftModelsAndAcceptanceByPosition) {
  const World w = world_of(text("llama-3.1-70b",
                                "speculation: {method: eagle3, acceptance: [0.8, 0.6, 0.4]}\n"
                                "search: {mtp: [0, 3]}\n"));
  EXPECT_EQ(w.machine.model.draft.kind, llm::DraftModel::Kind::eagle3);
  EXPECT_EQ(w.machine.model.draft.vocab, 32000);
  EXPECT_THAT(w.machine.model.draft.acceptance, testing::ElementsAre(0.8, 0.6, 0.4));
  EXPECT_TRUE(w.machine.model.can_draft());
  const World mtp =
      world_of(text("deepseek-v3", "speculation: {method: mtp, acceptance: [0.9, 0.7]}\n"));
  EXPECT_EQ(mtp.machine.model.draft.acceptance.size(), 2u);
}

TEST(Speculation, Mistakes) {
  EXPECT_THAT(mistakes("llama-3.1-70b", "speculation: {method: mtp}\n"), HasSubstr("no MTP"));
  EXPECT_THAT(mistakes("llama-3.1-70b", "speculation: {method: ngram}\n"),
              HasSubstr("'speculation.acceptance' is required"));
  EXPECT_THAT(mistakes("llama-3.1-70b", "speculation: {method: eagle3, acceptance: [0.5, 0.6]}\n"),
              HasSubstr("do not rise"));
  EXPECT_THAT(mistakes("llama-3.1-70b", "speculation: eagle3\n"), HasSubstr("method: eagle3"));
  EXPECT_THAT(mistakes("llama-3.1-70b", "search: {mtp: 1}\n"), HasSubstr("no MTP layers"));
}

TEST(Speculation, LimitsOnEndToEndLatencyAreRead) {
  const World w = world_of(text("llama-3.1-70b", ""));
  ASSERT_EQ(w.load.slo.size(), 2u);
  EXPECT_EQ(serving::to_string(w.load.slo[1]), "E2E p90 10 s");
}

TEST(Speculation, CachesDealtOverTensorRanks) {
  const World w = world_of(
      text("deepseek-v3",
           "deployments: [{pool: aggregated, tp: 8, ep: 8, dcp: 8}]\nsearch: {dcp: [1, 8]}\n"));
  EXPECT_EQ(w.load.search.fixed.front().decode.deployment.parallel.dcp, 8);
  EXPECT_THAT(w.load.search.cache_ranks, testing::ElementsAre(1, 8));
  EXPECT_THAT(mistakes("llama-3.1-70b", "deployments: [{pool: aggregated, tp: 8, dcp: 2}]\n"),
              HasSubstr("copies of the KV cache"));
}

}  // namespace
}  // namespace sn::twin
