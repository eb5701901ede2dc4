// sn/planner/search/engine_runs_test.cc
//
// The search keeps to what the engine that a scenario names can run.

#include "sn/planner/search/engine_runs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/planner/planner_test_util.h"
#include "sn/planner/search/search.h"

namespace sn::planner {
namespace {

twin::World deepseek(const std::string& framework) {
  return small_world({.cluster = "{rack: hgx-b200, racks: 2}",
                      .model = "deepseek-v3",
                      .more = "search: {chunk: 2048}\nsoftware: {framework: " + framework + "}\n"});
}

template <class Has>
bool any(const std::vector<Shape>& shapes, const Has& has) {
  return std::any_of(shapes.begin(), shapes.end(), has);
}

TEST(EngineRuns, ShapesAreThoseThatTheEngineRuns) {
  const auto staged_prefill = [](const Shape& s) {
    return s.role == Role::prefill && s.deployment.parallel.pp > 1;
  };
  const auto staged_drafts = [](const Shape& s) {
    return s.deployment.draft_tokens > 0 && s.deployment.parallel.pp > 1;
  };
  const auto grouped = [](const Shape& s) {
    return s.deployment.parallel.dp > 1 && s.deployment.parallel.tp > 1;
  };
  const std::vector<Shape> anything = shapes(deepseek("generic"));
  const std::vector<Shape> vllm = shapes(deepseek("vllm"));
  const std::vector<Shape> sglang = shapes(deepseek("sglang"));
  const std::vector<Shape> trtllm = shapes(deepseek("trtllm"));
  EXPECT_TRUE(any(anything, staged_prefill) && any(anything, staged_drafts));
  EXPECT_FALSE(any(vllm, staged_prefill));
  EXPECT_TRUE(any(sglang, staged_prefill));
  EXPECT_TRUE(any(vllm, grouped));
  EXPECT_FALSE(any(trtllm, grouped));
  for (const auto* all : {&vllm, &sglang, &trtllm}) EXPECT_FALSE(any(*all, staged_drafts));
}

TEST(EngineRuns, NoPlanOfTheSearchIsRefused) {
  for (const char* name : {"vllm", "sglang", "trtllm", "vllm-0.11", "sglang-0.5.5", "trtllm-1.0"}) {
    SCOPED_TRACE(name);
    const twin::World world = deepseek(name);
    const SearchResult found = search(world, false);
    ASSERT_FALSE(found.plans.empty());
    bool split = false;
    for (const FoundPlan& p : found.plans) {
      split = split || p.plan.disaggregated();
      EXPECT_EQ(cannot_run(world.machine.framework, world.machine.model, p.plan), "")
          << point_label(p.plan);
    }
    EXPECT_TRUE(split);
  }
}

TEST(EngineRuns, PoolsThatDoNotGoTogether) {
  const llm::Framework sglang = deepseek("sglang").machine.framework;
  const PoolKind staged{.kv = kernel::DataType::fp8, .staged = true, .drafts = false};
  const PoolKind drafts{.kv = kernel::DataType::fp8, .staged = false, .drafts = true};
  const PoolKind wide{.kv = kernel::DataType::bf16, .staged = false, .drafts = false};
  EXPECT_NE(cannot_join(sglang, staged, drafts), "");
  EXPECT_EQ(cannot_join(sglang, drafts, drafts), "");
  EXPECT_NE(cannot_join(sglang, wide, drafts), "");
  EXPECT_EQ(cannot_join(deepseek("generic").machine.framework, staged, drafts), "");
}

TEST(EngineRuns, EveryRuleHasASourceOrSaysThatItIsAssumed) {
  const catalog::Catalog& catalog = catalog::shipped_catalog();
  const catalog::CatalogKind& kind = *catalog::find_kind("framework");
  for (const std::string& name : catalog.names(kind)) {
    const Result<Node> entry = catalog.entry(kind, name);
    ASSERT_TRUE(entry);
    const Node* runs = entry->find("runs");
    ASSERT_NE(runs, nullptr) << name;
    EXPECT_EQ(runs->members().size(), 13u) << name;
    for (const Node::Member& m : runs->members()) {
      ASSERT_NE(m.value.find("source"), nullptr) << name << " " << m.key;
      EXPECT_NE(m.value.find("note"), nullptr) << name << " " << m.key;
    }
  }
}

}  // namespace
}  // namespace sn::planner
