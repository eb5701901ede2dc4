// sn/api/training.cc
//
// Searches, or prices the scenario's own plan, and says what the job comes to (see training.h).

#include "sn/api/training.h"

#include <fmt/format.h>

#include <algorithm>

#include "sn/api/request_error.h"
#include "sn/base/files/files.h"
#include "sn/fabric/fabric.h"

namespace sn::api {

namespace {

using training::Plan;
using training::RankedPlan;
using twin::TrainingWorld;

double d(std::int64_t n) { return static_cast<double>(n); }

constexpr double gib = 1073741824.0;

/// Bandwidths and failures of the job on `gpus`.
training::GoodputInputs goodput_inputs(const TrainingWorld& w, std::int64_t gpus) {
  const hw::Rack& rack = w.machine.cluster.rack;
  const fabric::Fabric fabric = fabric::make_fabric(w.machine.cluster);
  const double hosts = std::max(1.0, d(gpus) / d(std::max<std::int64_t>(1, rack.gpus_per_os)));
  training::GoodputInputs in;
  in.kind = w.checkpoint.kind;
  in.bytes = checkpoint_bytes(w.job);
  in.storage = hosts * fabric.dcn.sustained.si();
  if (w.checkpoint.storage > Bandwidth{}) {
    in.storage = std::min(in.storage, w.checkpoint.storage.si());
  }
  in.copy = in.kind == training::Checkpoint::in_memory
                ? d(gpus) * fabric.scale_out_far.sustained.si()
                : d(gpus) * rack.host_link.bandwidth.si() * rack.host_link.efficiency;
  in.interval = w.checkpoint.interval.si();
  in.spares = w.spares;
  in.straggler = w.straggler;
  if (!w.facility) return in;
  const facility::Failures& f = w.facility->failures;
  in.mean_failure = facility::mean_time(f.fleet, gpus).mean.si();
  in.restart = f.repair.restart.si();
  in.repair =
      f.repair.recover.si() * (1.0 - f.repair.replaced) + f.repair.replace.si() * f.repair.replaced;
  in.host_rate = f.fleet.rate(facility::Scope::host).si() * hosts +
                 f.fleet.rate(facility::Scope::chip).si() * d(gpus);
  return in;
}

/// Without failures known there is no loss but checkpoints'.
Result<training::Goodput> goodput_of(const TrainingWorld& w, std::int64_t gpus) {
  training::GoodputInputs in = goodput_inputs(w, gpus);
  if (in.mean_failure <= 0.0) {
    training::Goodput none;
    none.useful = 1.0;
    none.goodput = 1.0 / (1.0 + w.straggler);
    return none;
  }
  const training::Goodput out = training::goodput(in);
  const bool slow =
      in.interval > 0.0 && in.kind != training::Checkpoint::in_memory && out.write > in.interval;
  if (!slow) return out;
  return fail(request_error(
      "workload.training.checkpoint",
      fmt::format("storage takes {:.0f} s for a checkpoint of {:.2f} TB at {:.1f} GB/s, longer "
                  "than the interval of {:.0f} s",
                  out.write, in.bytes / 1e12, in.storage / 1e9, in.interval),
      fmt::format("an interval of {:.0f} s or more, or storage of {:.1f} GB/s", out.write,
                  in.bytes / in.interval / 1e9),
      ErrorCode::infeasible));
}

/// Changes of one plan that make it fit, and the fastest of them.
std::string cheapest_change(const TrainingWorld& w, const Plan& plan) {
  const llm::StepMachine machine = w.machine.parts();
  training::StepPricer pricer(w.job, machine);
  const double room = training::usable_bytes(machine.cluster.rack.chip);
  std::string best;
  double least = 0.0;
  const auto consider = [&](Plan p, const std::string& what) {
    if (!why_not(w.job, p, machine.cluster.rack.scale_up.domain).empty()) return;
    if (p.gpus() > w.machine.gpus() || memory_of(w.job, p).total().si() > room) return;
    const double total = pricer.step(p).total;
    if (!best.empty() && total >= least) return;
    least = total;
    best = fmt::format("{}: it fits with steps of {:.3g} s", what, total);
  };
  for (const training::Recompute r : {training::Recompute::selective, training::Recompute::full}) {
    Plan p = plan;
    p.recompute = r;
    consider(p, fmt::format("recompute: {}", to_string(r)));
  }
  for (const std::int64_t times : {2, 4, 8}) {
    Plan p = plan;
    p.tp *= times;
    p.dp = std::max<std::int64_t>(1, p.dp / times);
    consider(p, fmt::format("tp: {}", p.tp));
    p = plan;
    p.pp *= times;
    p.dp = std::max<std::int64_t>(1, p.dp / times);
    consider(p, fmt::format("pp: {}", p.pp));
    p = plan;
    p.ep *= times;
    consider(p, fmt::format("ep: {}", p.ep));
  }
  if (plan.pp == 1) {
    Plan p = plan;
    p.zero = 3;
    consider(p, "zero: 3");
  }
  return best;
}

/// GPUs on which something fits: twice as many again and again, of the same machine.
std::string enough_gpus(const TrainingWorld& w, std::int64_t gpus, const Run& run) {
  twin::Machine larger = w.machine;
  hw::Cluster& cluster = larger.cluster;
  for (std::int64_t more = 2 * gpus; more <= 64 * gpus; more *= 2) {
    cluster.racks = (more + cluster.rack.gpus - 1) / cluster.rack.gpus;
    const auto found = training::search(w.job, larger.parts(), {.gpus = more, .keep = 1}, run);
    if (!found.plans.empty()) {
      return fmt::format("{} GPUs hold it, as {}", more, to_string(found.plans.front().plan));
    }
  }
  return "a smaller model, or chips with more memory";
}

Error too_large(const RankedPlan& p, double room, std::string hint) {
  const double takes = p.memory.total().si();
  return request_error(
      "plan",
      fmt::format("does not fit: {} takes {:.1f} GiB of a chip that has {:.1f} "
                  "GiB to give, {:.1f} GiB too many",
                  to_string(p.plan), takes / gib, room / gib, (takes - room) / gib),
      std::move(hint), ErrorCode::infeasible);
}

/// The scenario's own plan as a search of one.
training::SearchResult priced(const TrainingWorld& w, const Plan& plan) {
  training::SearchResult out;
  out.considered = 1;
  RankedPlan p{.plan = plan, .time = {}, .memory = memory_of(w.job, plan)};
  const llm::StepMachine machine = w.machine.parts();
  if (p.memory.total().si() > training::usable_bytes(machine.cluster.rack.chip)) {
    out.too_large = 1;
    out.smallest = p;
    return out;
  }
  p.time = training::StepPricer(w.job, machine).step(plan);
  out.priced = 1;
  out.plans.push_back(p);
  return out;
}

/// Days, dollars and energy of the whole job.
void add_costs(const TrainingWorld& w, double share, TrainingCandidate& c) {
  const double seconds = w.job.steps() * c.time.total / share;
  c.days = seconds / 86400.0;
  if (!w.facility) return;
  const hw::Chip& chip = w.machine.cluster.rack.chip;
  // Busy while it computes, idle while it waits: the square wave of a step.
  const double busy = (c.time.compute + c.time.recompute + c.time.optimizer) / c.time.total;
  const double watts = chip.idle.si() + busy * (chip.tdp - chip.idle).si();
  const double gpus = d(c.plan.gpus());
  const facility::Running r =
      facility::running_figures(w.machine.cluster.rack, *w.facility,
                                {.gpus = c.plan.gpus(),
                                 .chip_joules_per_token = watts * gpus / c.time.tokens_per_s,
                                 .output = c.time.tokens_per_s,
                                 .total = c.time.tokens_per_s});
  c.mwh = r.building.si() * seconds / 3.6e9;
  if (r.priced) c.usd = r.gpu_hour.si() * gpus * seconds / 3600.0;
}

}  // namespace

bool is_training(const Node& scenario) { return twin::is_training(scenario); }

Result<TrainingWorld> open_training(const OpenRequest& request, const catalog::Catalog& catalog,
                                    const Run& run) {
  const Result<Node> scenario = read_scenario(request, run);
  if (!scenario) return fail(scenario.error());
  return twin::resolve_training(*scenario, catalog, FileLoader::disk(), directory_of(request.file));
}

Result<TrainingPlanReport> plan_training(const TrainingWorld& w, int top, const Run& run) {
  const std::int64_t gpus = w.plan ? w.plan->gpus() : w.machine.gpus();
  const llm::StepMachine machine = w.machine.parts();
  const double room = training::usable_bytes(machine.cluster.rack.chip);
  const training::SearchResult found =
      w.plan ? priced(w, *w.plan)
             : training::search(w.job, machine,
                                {.gpus = gpus, .keep = static_cast<std::size_t>(top)}, run);
  if (found.plans.empty() && found.too_large > 0) {
    return fail(too_large(found.smallest, room,
                          w.plan ? cheapest_change(w, *w.plan) : enough_gpus(w, gpus, run)));
  }
  if (found.plans.empty()) {
    return fail(
        request_error("plan",
                      fmt::format("no parallelisation of {} GPUs divides a batch of {} sequences",
                                  gpus, w.job.batch),
                      "a batch that is a multiple of many powers of two", ErrorCode::infeasible));
  }
  const Result<training::Goodput> good = goodput_of(w, gpus);
  if (!good) return fail(good.error());
  TrainingPlanReport out;
  out.name = w.name;
  out.model = w.job.model.name;
  out.rack = w.machine.cluster.rack.name;
  out.gpus = gpus;
  out.tokens = w.job.tokens;
  out.sequence = w.job.sequence;
  out.batch = w.job.batch;
  out.steps = w.job.steps();
  out.math = std::string(to_string(w.job.recipe.math));
  out.parameters = llm::count_parameters(w.job.model).total();
  out.usable = room;
  out.bound = training::StepPricer(w.job, machine).bound(gpus);
  out.considered = found.considered;
  out.impossible = found.impossible;
  out.too_large = found.too_large;
  out.left_out = found.left_out;
  out.priced = found.priced;
  out.goodput = *good;
  out.mean_failure = goodput_inputs(w, gpus).mean_failure;
  out.checkpoint = std::string(to_string(w.checkpoint.kind));
  out.warnings = w.warnings;
  out.interrupted = found.interrupted;
  for (const RankedPlan& p : found.plans) {
    TrainingCandidate c{.rank = static_cast<int>(out.candidates.size()) + 1,
                        .deployment = to_string(p.plan),
                        .plan = p.plan,
                        .time = p.time,
                        .memory = p.memory};
    add_costs(w, good->goodput, c);
    out.candidates.push_back(std::move(c));
  }
  return out;
}

}  // namespace sn::api
