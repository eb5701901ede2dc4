// sn/planner/search/join_test.cc

#include "sn/planner/search/join.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace sn::planner {
namespace {

/// A world and shapes with rates that no model gave: the join sees nothing else of them.
struct Small {
  twin::World world;
  std::vector<Shape> shapes;
  std::vector<std::vector<double>> rates;  // of prefill shapes, by replicas

  [[nodiscard]] std::vector<std::span<const double>> views() const {
    return {rates.begin(), rates.end()};
  }

  Shape shape(Role role, std::int64_t domain) {
    llm::Parallelism p{.tp = 1, .dp = 1, .pp = 1, .ep = 1};
    p.pp = *rc::gen::element<std::int64_t>(1, 2, 4);
    // A stage of a pipeline stays in a domain; others may take several whole ones.
    p.dp = *rc::gen::inRange<std::int64_t>(1, domain + 1);
    if (p.pp == 1 && *rc::gen::arbitrary<bool>()) p.dp = 2 * domain;
    if (p.pp > 1) p.spread = *rc::gen::arbitrary<bool>();
    p.ep = p.dp;
    return {role, {.parallel = p, .precision = {}}, role == Role::prefill ? 2048 : 0};
  }
};

Small any_case() {
  Small s;
  const auto domain = *rc::gen::element<std::int64_t>(3, 4, 6, 8);
  s.world.machine.cluster.racks = *rc::gen::inRange<std::int64_t>(1, 6);
  s.world.machine.cluster.rack.gpus = domain;
  s.world.machine.cluster.rack.scale_up.domain = domain;
  const auto decodes = *rc::gen::inRange(1, 4);
  const auto prefills = *rc::gen::inRange(1, 5);
  for (int i = 0; i < decodes; ++i) s.shapes.push_back(s.shape(Role::decode, domain));
  for (int i = 0; i < prefills; ++i) s.shapes.push_back(s.shape(Role::prefill, domain));
  s.rates.resize(s.shapes.size());
  for (std::size_t i = 0; i < s.shapes.size(); ++i) {
    if (s.shapes[i].role != Role::prefill) continue;
    const std::int64_t most = most_replicas(s.world, s.shapes[i].deployment.parallel);
    for (std::int64_t n = 0; n < most; ++n) {  // not sorted: a join may not rely on it
      s.rates[i].push_back(*rc::gen::inRange(0, 40));
    }
  }
  return s;
}

/// Every prefill shape and every number of replicas of both pools that the domains hold.
template <class Visit>
void every_join(const Small& s, std::size_t decode, Visit visit) {
  const std::int64_t gpus = s.world.machine.cluster.gpus();
  for (std::int64_t n = 1; n <= gpus; ++n) {
    for (std::size_t i = 0; i < s.shapes.size(); ++i) {
      for (std::size_t m = 0; m < s.rates[i].size(); ++m) {
        serving::ServingPlan plan = single(s.shapes[decode], n);
        plan.prefill = {.deployment = s.shapes[i].deployment,
                        .replicas = static_cast<std::int64_t>(m) + 1,
                        .chunk = s.shapes[i].chunk};
        if (fits_domains(s.world, plan)) visit(plan, s.rates[i][m]);
      }
    }
  }
}

RC_GTEST_PROP(Join, IsAsGoodAsEveryPairTried, ()) {
  const Small s = any_case();
  const Joiner joiner(s.world, s.shapes, s.views());
  const double each = *rc::gen::inRange(1, 30);
  for (std::size_t d = 0; d < s.shapes.size(); ++d) {
    if (s.shapes[d].role != Role::decode) continue;
    double best = 0.0;
    every_join(s, d, [&](const serving::ServingPlan& plan, double prefill) {
      best = std::max(best, std::min(prefill, each * static_cast<double>(plan.decode.replicas)));
    });
    const FoundPlan found = joiner.join(d, each);
    RC_ASSERT(found.requests == best);
    if (best > 0.0) RC_ASSERT(fits_domains(s.world, found.plan));
  }
}

RC_GTEST_PROP(Join, CarriesATargetOnTheFewestGpus, ()) {
  const Small s = any_case();
  const Joiner joiner(s.world, s.shapes, s.views());
  const double each = *rc::gen::inRange(1, 30);
  const double target = *rc::gen::inRange(1, 40);
  const double needed = std::ceil(target / each);
  for (std::size_t d = 0; d < s.shapes.size(); ++d) {
    if (s.shapes[d].role != Role::decode) continue;
    std::int64_t fewest = 0;
    every_join(s, d, [&](const serving::ServingPlan& plan, double prefill) {
      if (prefill < target || static_cast<double>(plan.decode.replicas) != needed) return;
      if (fewest == 0 || plan.gpus() < fewest) fewest = plan.gpus();
    });
    const FoundPlan found = joiner.carry(d, each, target);
    RC_ASSERT(found.requests == (fewest > 0 ? target : 0.0));
    if (fewest > 0) RC_ASSERT(found.plan.gpus() == fewest);
  }
}

TEST(Join, PoolsOfDifferentSizesStandInDifferentRacks) {
  // Two racks of 8: a decode instance of 6 leaves 2 beside it, so 3 prefill instances of 4 cannot
  // be; two of them take the other rack. One rack of 16 would hold 6 + 4 + 4.
  Small s;
  s.world.machine.cluster.racks = 2;
  s.world.machine.cluster.rack.gpus = 8;
  s.world.machine.cluster.rack.scale_up.domain = 8;
  const auto shape = [](Role role, std::int64_t dp) {
    const llm::Parallelism p{.tp = 1, .dp = dp, .pp = 1, .ep = dp};
    return Shape{role, {.parallel = p, .precision = {}}, role == Role::prefill ? 2048 : 0};
  };
  s.shapes = {shape(Role::decode, 6), shape(Role::prefill, 4)};
  s.rates = {{}, {1.0, 2.0, 3.0, 4.0}};
  const FoundPlan found = Joiner(s.world, s.shapes, s.views()).join(0, 10.0);
  EXPECT_EQ(found.plan.decode.replicas, 1);
  EXPECT_EQ(found.plan.prefill.replicas, 2);
  EXPECT_EQ(found.requests, 2.0);
}

}  // namespace
}  // namespace sn::planner
