// sn/twin/simulate/simulate_engine.cc
//
// A machine and a plan as the ServingEngine that stands for them (see simulate.h).

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "sn/base/units/units.h"
#include "sn/fabric/fabric.h"
#include "sn/serving/steady/retrieval.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::twin {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

/// Memory of instances and ranks that a simulation may take.
constexpr Bytes engine_most = Bytes::from_si(2e9);

Bytes image_weights(const Machine& machine, const llm::MemoryBudget& budget) {
  return budget.weights * d(std::max<std::int64_t>(1, machine.cluster.rack.gpus_per_os));
}

/// Weights over the DCN: the GPUs of one OS image share its link.
Time start_time(const Machine& machine, const llm::MemoryBudget& budget) {
  const fabric::Fabric f = fabric::make_fabric(hw::under(machine.conditions, machine.cluster));
  return fabric::delivery_time(f.dcn, image_weights(machine, budget));
}

/// Programs of instances of `deployment` on a machine, each under conditions of its own besides the
/// machine's. The machine is held: a specification outlives its World.
serving::ProgramFactory factory(std::shared_ptr<const Machine> machine,
                                const llm::Deployment& deployment) {
  return [machine = std::move(machine), deployment](const hw::Conditions& conditions) {
    return std::make_shared<const llm::StepProgram>(
        compile(machine->model, deployment, machine->parts(), machine->conditions * conditions));
  };
}

serving::PoolSpec pool_spec(const std::shared_ptr<const Machine>& machine,
                            const serving::Pool& pool, bool decodes, const fabric::Path& between,
                            double page) {
  const bool prefills = pool.chunk > 0;
  const double tokens =
      decodes ? serving::step_tokens(pool, machine->framework) : static_cast<double>(pool.chunk);
  const llm::MemoryBudget budget = memory_budget(
      machine->model, pool.deployment, machine->cluster.rack.chip, machine->framework, tokens);
  serving::PoolSpec out;
  out.instances = pool.replicas;
  out.deployment = pool.deployment;
  out.batching = {
      .tokens = prefills ? pool.chunk : 0,
      .decodes_in_budget = false,
      .sequences = pool.max_batch > 0 ? pool.max_batch : machine->framework.max_sequences,
      .reserved_answer = machine->framework.reserved_answer};
  out.kv_pages = static_cast<std::int64_t>(std::max(0.0, kv_tokens_of(budget, pool) / page));
  out.compile = factory(machine, pool.deployment);
  out.start_time = start_time(*machine, budget);
  out.first_step = machine->framework.first_step;
  const llm::Parallelism& p = pool.deployment.parallel;
  out.compile_beside = [machine, deployment = pool.deployment](const hw::Conditions& conditions,
                                                               double background) {
    return std::make_shared<const llm::StepProgram>(
        compile(machine->model, deployment, machine->parts(), machine->conditions * conditions,
                background));
  };
  const fabric::Fabric f = fabric::make_fabric(hw::under(machine->conditions, machine->cluster));
  out.scale_up = f.scale_up.sustained * d(p.tp * p.cp * p.pp);
  out.start_bytes = image_weights(*machine, budget);
  out.kv_bandwidth = between.sustained * d(p.tp * p.pp);
  out.batches_ahead = machine->framework.batches_ahead;
  out.decodes = decodes;
  return out;
}

/// Tiers below HBM, and how fast each pool's ranks move blocks.
void add_tiers(const serving::ServingInputs& inputs, const serving::ServingPlan& plan,
               serving::DeploymentSpec& spec) {
  spec.tiering = tiering_spec(inputs, *inputs.tiers, plan, d(spec.block_tokens));
  for (std::size_t i = 0; i < spec.pools.size(); ++i) {
    const serving::Pool& pool = i == 0 && plan.disaggregated() ? plan.prefill : plan.decode;
    const llm::MemoryBudget budget =
        memory_budget(inputs.model, pool.deployment, inputs.machine.cluster.rack.chip,
                      inputs.machine.framework, 0.0);
    set_tier_rates(inputs, *inputs.tiers, pool, budget.kv_per_token, spec.pools[i]);
  }
}

Error does_not_fit(const Machine& machine, const serving::Pool& pool) {
  return {.code = ErrorCode::infeasible,
          .message = machine.model.name + " leaves no memory for KV cache on " +
                     llm::to_string(pool.deployment.parallel),
          .where = {},
          .hint = "more GPUs an instance, a narrower precision, or deployments: auto"};
}

}  // namespace

Result<serving::EngineSpec> engine_spec(const Machine& machine, const serving::ServingPlan& plan,
                                        const SimulationOptions& options, double hashed_block) {
  serving::DeploymentSpec spec;
  const bool two = plan.disaggregated();
  spec.name = machine.model.name;
  spec.routing = options.routing;
  spec.frontend = machine.framework.frontend;
  spec.frontend_token = machine.framework.frontend_token;
  spec.acceptance = machine.traits.mtp_acceptance;
  double before = 1.0;
  for (const double share : machine.model.draft.acceptance) {
    spec.acceptances.push_back(before > 0.0 ? std::min(1.0, share / before) : 0.0);
    before = share;
  }
  spec.max_context = machine.model.max_context;
  spec.queue_limit = options.queue_limit;
  spec.frontends = plan.frontends;
  const auto page = static_cast<std::int64_t>(machine.kv_block);
  const auto hashed = static_cast<std::int64_t>(hashed_block);
  spec.block_tokens = hashed > 0 ? hashed : page;
  // A block is a whole number of pages.
  spec.page_tokens = std::gcd(page, spec.block_tokens);
  if (machine.model.windowed_layers > 0) {
    spec.windowed_share = machine.model.windowed_share();
    spec.window = machine.model.window;
  }
  spec.attention_cap = machine.model.attention_cap();
  const auto held = std::make_shared<const Machine>(machine);
  const serving::Workload none;  // a transfer knows no load
  const serving::ServingInputs inputs{machine.model,      machine.parts(),  none,
                                      machine.conditions, machine.kv_block, &machine.kv};
  const serving::KvTransfer transfer = two ? kv_transfer(inputs, plan) : serving::KvTransfer{};
  if (two) {
    const llm::Parallelism& p = plan.prefill.deployment.parallel;
    spec.kv_bytes_per_token = transfer.per_token * d(p.tp * p.pp);
    spec.transfer_start = transfer.start;
    spec.transfer_latency = transfer.path.latency;
    spec.transfer_on_scale_up = transfer.path.layer == fabric::Layer::scale_up;
    spec.transfer_layers = std::max(1.0, transfer.layers);
    spec.pools.push_back(pool_spec(held, plan.prefill, false, transfer.path, d(spec.page_tokens)));
  }
  spec.pools.push_back(pool_spec(held, plan.decode, true, transfer.path, d(spec.page_tokens)));
  if (!machine.kv.tiers.empty()) add_tiers(inputs, plan, spec);
  for (std::size_t i = 0; i < spec.pools.size(); ++i) {
    if (spec.pools[i].kv_pages > 0) continue;
    return fail(does_not_fit(machine, i == 0 && two ? plan.prefill : plan.decode));
  }
  serving::EngineSpec out;
  out.deployments.push_back(std::move(spec));
  out.eviction = options.eviction.value_or(machine.kv.policy);
  out.ttl = to_nanos(options.ttl.value_or(machine.kv.ttl)).value_or(Nanos{3'600'000'000'000});
  out.jumps = options.jumps;
  if (const Bytes bytes = engine_bytes(out); bytes > engine_most) {
    return fail({.code = ErrorCode::limit,
                 .message = "simulating " + plan_text(plan) + " takes " + format(bytes) +
                            " of memory before the first request; the limit is " +
                            format(engine_most),
                 .where = {},
                 .hint = "fewer replicas, or a part of the machine"});
  }
  return out;
}

Result<serving::EngineSpec> engine_spec(const World& world, const serving::ServingPlan& plan,
                                        const SimulationOptions& options) {
  Result<serving::EngineSpec> out =
      engine_spec(world.machine, plan, options, world.load.workload.block_tokens);
  if (!out) return out;
  if (!world.faults.empty()) {
    out->requeue_on_failure = world.faults.requeue;
    out->wait_for_start = world.faults.requeue;
  }
  out->seed = world.seed;
  out->contended = world.contended;
  serving::DeploymentSpec& spec = out->deployments.front();
  const serving::StorageLinks storage =
      serving::storage_links(world.machine.cluster, world.machine.conditions, plan.gpus());
  spec.retrieval = world.load.workload.retrieval;
  spec.storage_links = storage.links;
  spec.storage_bandwidth = storage.each.sustained;
  // On ScaleUp the links of all images serve whoever asks.
  if (world.machine.cluster.attach.nic == hw::Attachment::scale_up) {
    spec.storage_bandwidth = spec.storage_bandwidth * d(spec.storage_links);
    spec.storage_links = 1;
  }
  spec.storage_latency = storage.each.latency;
  return out;
}

}  // namespace sn::twin
