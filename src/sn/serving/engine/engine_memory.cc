// sn/serving/engine/engine_memory.cc
//
// What an engine takes before it has seen a request (see engine_spec.h), and the size of its memos.
//
//   bytes = instances x (memo + stages in flight x (sums of ranks + ring) + ranks x empty queues)

#include <algorithm>
#include <bit>

#include "sn/serving/engine/engine_core.h"

namespace sn::serving {

namespace {

constexpr std::size_t most_slots = 1024;
constexpr std::size_t least_slots = 16;
constexpr std::size_t instances_with_most = 2048;
/// An empty std::deque holds one block and the map of it.
constexpr std::size_t empty_deque = 512 + 64;

double d(std::int64_t v) { return static_cast<double>(v); }
double d(std::size_t v) { return static_cast<double>(v); }

double pool_bytes(const PoolSpec& pool) {
  const llm::Parallelism& p = pool.deployment.parallel;
  const double rank = d(sizeof(Rank) + priorities * empty_deque);
  const double group =
      d(sizeof(Group) + ring_steps * sizeof(std::vector<Mark>)) + d(p.dp) * d(sizeof(ContextSum));
  const double groups = d(p.pp > 1 ? p.pp + pool.batches_ahead : 1);
  const std::size_t slots = evaluator_slots(static_cast<std::size_t>(pool.instances));
  return d(pool.instances) * (d(sizeof(Instance)) + d(llm::StepEvaluator::bytes(slots)) +
                              d(p.dp) * rank + groups * group);
}

}  // namespace

std::size_t evaluator_slots(std::size_t instances) {
  if (instances <= instances_with_most) return most_slots;
  return std::max(least_slots, std::bit_floor(instances_with_most * most_slots / instances));
}

Bytes engine_bytes(const EngineSpec& spec) {
  double sum = 0.0;
  for (const DeploymentSpec& deployment : spec.deployments) {
    for (const PoolSpec& pool : deployment.pools) sum += pool_bytes(pool);
  }
  return Bytes::from_si(sum);
}

}  // namespace sn::serving
