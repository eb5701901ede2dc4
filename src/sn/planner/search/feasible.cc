// sn/planner/search/feasible.cc
//
// Memory and ScaleUp domains: what does not fit, and by how much (see feasible.h).

#include "sn/planner/search/feasible.h"

#include <fmt/format.h>

#include <cmath>

#include "sn/base/units/units.h"

namespace sn::planner {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

/// Memory of one GPU of a shape, with activations for the largest step that it may run.
llm::MemoryBudget budget_of(const twin::World& world, const Shape& shape) {
  const serving::Pool pool{.deployment = shape.deployment, .chunk = shape.chunk};
  const double tokens = shape.role == Role::prefill
                            ? d(shape.chunk)
                            : serving::step_tokens(pool, world.machine.framework);
  return memory_budget(world.machine.model, shape.deployment, world.machine.cluster.rack.chip,
                       world.machine.framework, tokens);
}

}  // namespace

Errors does_not_fit(const twin::World& world, const SearchResult& found) {
  const llm::MemoryBudget b = budget_of(world, found.closest);
  const hw::Chip& chip = world.machine.cluster.rack.chip;
  const kernel::DataType type = found.closest.deployment.precision.weights;
  const double total =
      llm::count_parameters(world.machine.model).total() * kernel::bytes_per_element(type).si();
  const double room = (b.usable - b.activations - b.workspace).si();
  Error e{.code = ErrorCode::infeasible, .message = {}, .where = {}, .hint = {}};
  e.message = fmt::format(
      "{} in {} does not fit {} x {} of {}: the closest deployment ({}) lacks {} per GPU "
      "(weights {}, activations {}, workspace {}; {} of {} usable, and one request of {:.0f} "
      "tokens must fit)",
      world.machine.model.name, kernel::to_string(type), world.machine.gpus(), chip.name,
      format(chip.hbm_capacity), llm::to_string(found.closest.deployment.parallel),
      format(found.least_shortfall), format(b.weights), format(b.activations), format(b.workspace),
      format(b.usable), format(chip.hbm_capacity),
      world.load.workload.input_max + world.load.workload.output_max);
  e.where.file = world.name;
  e.hint = fmt::format(
      "the weights alone take {}: at least {:.0f} such GPUs, or a narrower "
      "format of weights or KV cache, or chips with more memory",
      format(Bytes::from_si(total)), std::ceil(total / room));
  return {e};
}

Error no_plan(const twin::World& world) {
  return {.code = ErrorCode::infeasible,
          .message = fmt::format("no prefill and decode pools fit side by side into {} GPUs",
                                 world.machine.gpus()),
          .where = {.file = world.name},
          .hint = "allow aggregated pools (search: {pools: both}), or give more GPUs"};
}

Errors check_fits(const twin::World& world, const serving::ServingPlan& plan) {
  Errors errors;
  const serving::Workload& w = world.load.workload;
  if (!fits_domains(world, plan)) {
    errors.push_back(
        {.code = ErrorCode::infeasible,
         .message = fmt::format("the pools ({}) do not fit into {} ScaleUp domains of {} GPUs",
                                point_label(plan), world.machine.cluster.domains(),
                                world.machine.cluster.rack.scale_up.domain),
         .where = {.file = world.name},
         .hint = "an instance no larger than a domain stays inside one: use fewer "
                 "replicas, or sizes that divide the domain"});
  }
  for (const serving::Pool& pool : {plan.prefill, plan.decode}) {
    if (pool.replicas == 0) continue;
    const bool prefill_only = plan.disaggregated() && pool.chunk > 0;
    SearchResult found;
    found.closest = {prefill_only ? Role::prefill : Role::aggregated, pool.deployment, pool.chunk};
    const llm::MemoryBudget b = budget_of(world, found.closest);
    const double tokens = w.input_max + (prefill_only ? 0.0 : w.output_max);
    const double longest = llm::kv_tokens_held(world.machine.model, tokens);
    found.least_shortfall = b.kv_per_token * longest - b.kv();
    if (found.least_shortfall > Bytes{}) errors.push_back(does_not_fit(world, found).front());
  }
  return errors;
}

}  // namespace sn::planner
