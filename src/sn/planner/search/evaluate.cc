// sn/planner/search/evaluate.cc
//
// One plan on the whole workload (see evaluate.h).

#include "sn/planner/search/evaluate.h"

#include <fmt/format.h>

#include <algorithm>

#include "sn/planner/plan.h"

#include <cmath>

namespace sn::planner {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

PoolReport pool_report(const serving::Pool& pool, const llm::MemoryBudget& budget) {
  PoolReport r;
  r.replicas = pool.replicas;
  r.gpus = pool.gpus();
  r.deployment = pool.deployment;
  r.chunk = pool.chunk;
  r.memory = {budget.usable,
              budget.weights,
              budget.activations,
              budget.workspace,
              budget.kv(),
              budget.kv_tokens(),
              llm::kv_within / budget.kv_per_token};
  return r;
}

}  // namespace

double bound_gpu_seconds(serving::ServingModel& model, double requests) {
  std::optional<serving::DecodePoint> point = model.decode_at(requests);
  // Beyond what the formulas carry: the fullest batch, whose bound is the highest.
  if (!point) point = model.decode().at(model.decode().sequence_limit());
  const auto per_token = [](const llm::StepTime& t, const llm::Parallelism& p, double tokens) {
    return t.bound_total().si() * d(p.stage_ranks()) / tokens;
  };
  const llm::Deployment& decode = model.plan().decode.deployment;
  const double tokens = point->sequences / d(decode.parallel.pp) * d(decode.parallel.dp) *
                        model.decode().program().tokens_per_step();
  double sum = point->pure_steps * per_token(point->step, decode.parallel, tokens);
  sum += (1.0 - point->pure_steps) * per_token(point->step_mixed, decode.parallel, tokens);
  if (!model.plan().disaggregated()) return sum;
  serving::PrefillModel& prefill = *model.prefill();
  const llm::StepTime work = prefill.mean_request_work(prefill.service(model.cache_capacity()));
  const llm::Parallelism& p = model.plan().prefill.deployment.parallel;
  return sum + per_token(work, p, d(p.dp)) / model.decode().moments().output;
}

namespace {

/// GPU time by part of a mean request: what its rate per GPU answers to.
llm::PartTimes request_parts(serving::ServingModel& model, const serving::DecodePoint& point) {
  llm::PartTimes out = {};
  const llm::Deployment& decode = model.plan().decode.deployment;
  const double tokens = point.sequences * d(decode.parallel.dp) *
                        model.decode().program().tokens_per_step() / d(decode.parallel.pp);
  const double steps = model.decode().moments().output / tokens * d(decode.parallel.gpus());
  for (std::size_t i = 0; i < llm::part_count; ++i) {
    out[i] += (point.pure_steps * point.step.parts[i] +
               (1.0 - point.pure_steps) * point.step_mixed.parts[i]) *
              steps;
  }
  if (!model.plan().disaggregated()) return out;
  serving::PrefillModel& prefill = *model.prefill();
  const llm::StepTime work = prefill.mean_request_work(prefill.service(model.cache_capacity()));
  const llm::Parallelism& p = model.plan().prefill.deployment.parallel;
  const double gpus = d(p.gpus()) / d(p.dp);
  for (std::size_t i = 0; i < llm::part_count; ++i) out[i] += work.parts[i] * gpus;
  return out;
}

}  // namespace

Intervals intervals_of(const twin::World& world, serving::ServingModel& model, double requests,
                       const serving::SteadyState& state) {
  const std::optional<serving::DecodePoint> point = model.decode_at(requests);
  if (!point) return {};
  llm::PartTimes prompts = point->step_mixed.parts;
  if (serving::PrefillModel* prefill = model.prefill()) {
    prompts = prefill->mean_request_work(prefill->service(model.cache_capacity())).parts;
  }
  const llm::Uncertainty& u = world.machine.uncertainty;
  const bool two = model.plan().disaggregated();
  const double work = sigma_of(request_parts(model, *point), u);
  return {
      .ttft = llm::interval80(state.ttft.mean.si(), sigma_of_ttft(sigma_of(prompts, u), u, two)),
      .tpot = llm::interval80(state.tpot.mean.si(),
                              sigma_of_tpot(sigma_of(point->step.parts, u), u, two)),
      .output_per_gpu = llm::interval80(state.output_per_gpu, sigma_of_rate(work, u, two))};
}

namespace {

void set_batch(Candidate& c) {
  c.decode.sequences = c.state.sequences;
  c.decode.batch = c.state.sequences * d(c.plan.decode.deployment.parallel.dp);
}

}  // namespace

void set_running(const twin::World& world, Candidate& c) {
  if (!world.facility) return;
  c.running = facility::running_figures(world.machine.cluster.rack, *world.facility,
                                        {.gpus = c.plan.gpus(),
                                         .chip_joules_per_token = c.state.energy_per_token,
                                         .output = c.state.output_tokens,
                                         .total = c.state.total_tokens});
}

Candidate candidate_of(const twin::World& world, const FoundPlan& found) {
  const serving::ServingInputs inputs = world.inputs();
  serving::ServingModel model(inputs, found.plan);
  const std::optional<double> target = world.load.target_rate();
  // The search joins pools with a coarse cache capacity; the plan's own knee is what counts.
  const double knee = model.knee(world.load.slo);
  const double rate = target ? std::min(*target, std::max(knee, 0.0)) : knee;
  Candidate c;
  c.plan = found.plan;
  c.disaggregated = found.plan.disaggregated();
  c.meets_slo = rate > 0.0 && (!target || knee >= *target);
  c.state = rate > 0.0 ? model.at(rate) : serving::idle_state(model);
  c.multiple = rate / world.load.workload.rate.si();
  // At the knee the whole machine is on trial, GPUs that a plan leaves unused included; a rate that
  // a plan carries is judged by the GPUs it takes, and by the whole machine where it falls short.
  const double gpus = d(target && c.meets_slo ? found.plan.gpus() : world.machine.gpus());
  c.state.output_per_gpu = c.state.output_tokens / gpus;
  c.limit = model.knee_limit(world.load.slo);
  c.decode = pool_report(found.plan.decode, model.decode_budget());
  if (c.disaggregated) c.prefill = pool_report(found.plan.prefill, model.prefill_budget());
  set_batch(c);
  const double bound = bound_gpu_seconds(model, rate);
  c.bound_per_gpu = bound > 0.0 ? 1.0 / bound : 0.0;
  c.intervals = intervals_of(world, model, c.state.requests, c.state);
  c.screened = knee / world.load.workload.rate.si();
  if (const auto point = model.decode_at(rate)) c.work = request_parts(model, *point);
  c.evidence = evidence_of(world, found.plan);
  set_running(world, c);
  return c;
}

std::vector<Candidate> along_load(const twin::World& world, const FoundPlan& found,
                                  const std::vector<double>& shares) {
  const serving::ServingInputs inputs = world.inputs();
  serving::ServingModel model(inputs, found.plan);
  const double most = model.knee(world.load.slo);
  std::vector<Candidate> out;
  if (most <= 0.0) return out;
  for (const double share : shares) {
    Candidate c;
    c.plan = found.plan;
    c.disaggregated = found.plan.disaggregated();
    c.state = model.at(most * share);
    c.state.output_per_gpu = c.state.output_tokens / d(world.machine.gpus());
    c.multiple = c.state.requests / world.load.workload.rate.si();
    set_batch(c);
    set_running(world, c);
    out.push_back(std::move(c));
  }
  return out;
}

}  // namespace sn::planner
