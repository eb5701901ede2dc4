// tests/fuzz/choice_fuzz.cc
//
// libFuzzer target: any bytes as the arguments of --filter, --pareto and --why-not. They may be
// refused, never crash; a deployment that is accepted has degrees within bounds.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sn/planner/metric.h"
#include "sn/planner/why_not.h"

namespace {

using namespace sn;

const twin::World& small_world() {
  static const twin::World world = [] {
    twin::World w;
    w.machine.precisions = {llm::Precision{}};
    w.machine.model.experts = 8;
    return w;
  }();
  return world;
}

void check(const serving::Pool& pool) {
  const llm::Parallelism& p = pool.deployment.parallel;
  constexpr std::int64_t most = 65536;
  SN_ASSERT(std::max({p.tp, p.cp, p.dp, p.pp, pool.replicas, pool.chunk}) <= most);
  SN_ASSERT(std::min({p.tp, p.cp, p.dp, p.pp, p.ep, pool.replicas, pool.chunk}) >= 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto filters = planner::parse_filters({text});
  if (filters) {
    for (const planner::Condition& c : *filters) {
      static_cast<void>(planner::holds(c, planner::Candidate{}));
    }
  }
  static_cast<void>(planner::parse_pair(text));
  const auto plan = planner::parse_deployment(small_world(), text);
  if (plan) {
    check(plan->prefill);
    check(plan->decode);
    SN_ASSERT(plan->decode.replicas >= 1);
  }
  return 0;
}
