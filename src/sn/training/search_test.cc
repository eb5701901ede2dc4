// sn/training/search_test.cc
//
// What the search returns: plans that keep the rules, fit, and are in order.

#include "sn/training/search.h"

#include <gtest/gtest.h>

#include "sn/llm/shipped_test_util.h"
#include "sn/training/recipe.h"

namespace sn::training {
namespace {

struct Setting {
  llm::ShippedModel model;
  llm::ShippedMachine machine;
  Job job;

  Setting(std::string_view rack, std::string_view name, std::int64_t racks)
      : model(llm::shipped_model(name)), machine(llm::shipped_machine(rack, model.traits, racks)) {
    job.model = model.spec;
    job.sequence = 8192;
    job.batch = 512;
    job.recipe =
        recipe_of(Stack::megatron_core, Math::fp8, model.spec.is_moe(), machine.cluster.rack.chip);
  }
};

TEST(Search, PlansKeepTheRulesFitAndAreInOrder) {
  const Setting s("nvl72-gb200", "llama-3.1-405b", 8);
  const llm::StepMachine machine = s.machine.view();
  const SearchResult r = search(s.job, machine, {.gpus = 512, .keep = 20});
  ASSERT_FALSE(r.plans.empty());
  StepPricer pricer(s.job, machine);
  double before = 0.0;
  for (const RankedPlan& p : r.plans) {
    EXPECT_EQ(why_not(s.job, p.plan, 72), "");
    EXPECT_EQ(p.plan.gpus(), 512);
    EXPECT_LE(p.memory.total().si(), usable_bytes(s.machine.cluster.rack.chip));
    EXPECT_GE(p.time.total, before);
    EXPECT_EQ(p.time, pricer.step(p.plan));
    before = p.time.total;
  }
  EXPECT_EQ(r.considered, r.impossible + r.too_large + r.left_out + r.priced);
}

TEST(Search, NothingFitsAndTheSmallestIsNamed) {
  const Setting s("hgx-h100", "llama-3.1-405b", 1);
  const SearchResult r = search(s.job, s.machine.view(), {.gpus = 8});
  EXPECT_TRUE(r.plans.empty());
  EXPECT_GT(r.smallest.memory.total().si(), usable_bytes(s.machine.cluster.rack.chip));
}

}  // namespace
}  // namespace sn::training
