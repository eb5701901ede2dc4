// sn/api/directions/directions.cc
//
// Sixteen worlds from one scenario, the base's plan on each (see directions.h).

#include "sn/api/directions/directions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <utility>

#include "sn/api/request_error.h"
#include "sn/base/units/units.h"
#include "sn/planner/plan.h"
#include "sn/serving/steady/kv_tier.h"
#include "sn/serving/steady/retrieval.h"
#include "sn/serving/steady/steady_state.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::api {

namespace {

constexpr double operating_share = 0.7;  // of the base's knee
constexpr double told = 0.01;            // a probe that changes by less is not named

double d(std::int64_t v) { return static_cast<double>(v); }

/// The scenario of one combination.
std::vector<twin::FieldValue> fields_of(const DirectionRow& row, const std::string& medium) {
  const std::string hangs = row.attach ? "scale_up" : "pcie";
  return {{"attach.nic", hangs},
          {"attach.storage", hangs},
          {"attach.cxl", hangs},
          {"cluster.semantics", row.memory ? "memory" : "message"},
          {"cluster.layers", row.two_layers ? "2" : "3"},
          {"cluster.rack.scale_up.medium", row.optics ? medium : "copper"},
          {"fidelity.fabric", "flow"}};
}

Result<twin::World> world_of(const DirectionsRequest& request, const DirectionRow& row,
                             const catalog::Catalog& catalog, const Run& run) {
  OpenRequest open = request.open;
  for (twin::FieldValue& f : fields_of(row, request.medium)) open.fields.push_back(std::move(f));
  Result<Opened> opened = api::open(open, catalog, run);
  if (!opened) return fail(opened.error());
  if (!opened->world) {
    return fail(request_error("scenario", "directions are of one model on a machine",
                              "a scenario without tenants"));
  }
  return *std::move(opened->world);
}

// --- Probes --------------------------------------------------------------------------------------

/// KV bytes of a mean prompt from the first tier below HBM, alone.
Time kv_fetch(const twin::World& w, const serving::ServingPlan& plan) {
  if (w.machine.kv.tiers.empty()) return {};
  const serving::ServingInputs inputs = w.inputs();
  const serving::Pool& pool = plan.disaggregated() ? plan.prefill : plan.decode;
  const serving::TierCurve curve = tier_curve(inputs, pool, plan.gpus());
  const serving::TierCurve::Step& first = curve.steps.front();
  return first.latency + first.per_token * mean_input(w.load.workload);
}

Time hand_over(const twin::World& w, const serving::ServingPlan& plan) {
  if (!plan.disaggregated()) return {};
  const serving::KvTransfer t = kv_transfer(w.inputs(), plan);
  return t.start + fabric::delivery_time(t.path, t.per_token * mean_input(w.load.workload));
}

/// A group that fills domains.
collective::Group in_domains(std::int64_t ranks, std::int64_t domain) {
  return {.ranks = ranks, .per_domain = std::min(ranks, domain)};
}

Probes probes_of(const twin::World& w, const serving::ServingPlan& plan) {
  Probes p;
  const hw::Cluster cluster = hw::under(w.machine.conditions, w.machine.cluster);
  const fabric::Fabric f = fabric::make_fabric(cluster);
  const collective::CollectiveTimer timer(f, w.machine.collectives);
  const llm::Parallelism& cut = plan.decode.deployment.parallel;
  p.kv_fetch = kv_fetch(w, plan);
  p.hand_over = hand_over(w, plan);
  const std::int64_t group = std::max(cut.tp, std::min(cut.stage_ranks(), f.domain));
  if (group > 1) {
    p.all_reduce =
        timer.time(collective::Op::all_reduce, in_domains(group, f.domain), Bytes::from_si(65536.0))
            .time;
  }
  if (cut.ep > 1) {
    p.exchange = timer
                     .time(collective::Op::all_to_all, in_domains(cut.ep, f.domain),
                           Bytes::from_si(d(w.machine.model.hidden) * d(cut.ep)))
                     .time;
  }
  const Bytes retrieval = w.load.workload.retrieval;
  const bool pooled = cluster.attach.nic == hw::Attachment::scale_up;
  const auto storage = serving::storage_links(cluster, {}, plan.gpus());
  fabric::Path dcn = f.dcn;
  if (pooled) dcn.sustained = dcn.sustained * d(storage.links);
  if (retrieval.si() > 0.0) p.retrieval = fabric::delivery_time(dcn, retrieval);
  const llm::MemoryBudget budget = memory_budget(w.machine.model, plan.decode.deployment,
                                                 cluster.rack.chip, w.machine.framework, 0.0);
  const double image = d(std::max<std::int64_t>(1, cluster.rack.gpus_per_os));
  p.cold_start = fabric::delivery_time(dcn, budget.weights * image);
  p.checkpoint =
      budget.weights * d(cut.gpus()) / (f.dcn.sustained * d(storage.links)) + f.dcn.latency;
  p.scale_up = f.scale_up.latency;
  return p;
}

/// "KV fetch 120 ms -> 30 ms", of what changed.
std::string changes(const DirectionRow& base, const DirectionRow& here) {
  const auto before = values_of(base.probes);
  const auto now = values_of(here.probes);
  std::string out;
  if (std::abs(here.hit_rate - base.hit_rate) > told) {
    out = fmt::format("hits {:.0f} % -> {:.0f} % of input (drives of all hosts are one place)",
                      100.0 * base.hit_rate, 100.0 * here.hit_rate);
  }
  for (std::size_t i = 0; i < probe_count; ++i) {
    if (before[i] <= Time{} || std::abs(now[i] / before[i] - 1.0) < told) continue;
    out += fmt::format("{}{} {} -> {}", out.empty() ? "" : "; ", probe_names()[i],
                       format(before[i]), format(now[i]));
  }
  return out.empty() ? "no transfer takes another time" : out;
}

// --- Playing -------------------------------------------------------------------------------------

void put_figures(const twin::SimulationReport& r, DirectionRow& row) {
  row.ttft = r.ttft.mean;
  row.ttft_p90 = r.ttft.p90;
  row.tpot = r.tpot.mean;
  row.output_per_gpu = r.output_per_gpu;
  row.hit_rate = r.hit_rate;
  if (r.running) {
    row.watts = r.running->input.si();
    row.million = r.running->priced ? r.running->per_million_output.si() : 0.0;
    row.up = r.running->up;
  }
  for (const twin::LayerResult& l : r.layers) {
    if (l.layer == fabric::Layer::scale_up) {
      row.scale_up_share = l.mean;
      row.scale_up_transfers = l.transfers.si();
    }
    if (l.layer == fabric::Layer::dcn) row.dcn_share = l.mean;
  }
}

void play(const twin::World& world, const serving::ServingPlan& plan, double multiple, bool knees,
          const Run& run, DirectionRow& row) {
  twin::SimulationOptions options;
  options.replay.multiple = multiple;
  const auto at_load = twin::simulate(world, plan, options, run);
  if (!at_load) {
    row.failed = render(at_load.error());
    return;
  }
  put_figures(at_load->report, row);
  if (!knees) return;
  options.knee_guess = multiple / operating_share;
  const auto knee = twin::find_knee(world, plan, options, run);
  if (knee && knee->report.meets_slo) row.multiple = knee->report.multiple;
}

Result<serving::ServingPlan> plan_of(const twin::World& base, const Run& run) {
  if (!base.load.search.fixed.empty()) return base.load.search.fixed.front();
  const Result<planner::PlanReport> report =
      planner::plan(base, {.top = 1, .screen = true, .operating = false, .pareto = false}, run);
  if (!report) return fail(report.error());
  if (report->candidates.empty()) {
    return fail(request_error("scenario", "no deployment was found", "supernode plan says why"));
  }
  return report->candidates.front().plan;
}

}  // namespace

std::array<Time, probe_count> values_of(const Probes& p) {
  return {p.kv_fetch,  p.hand_over,  p.all_reduce, p.exchange,
          p.retrieval, p.cold_start, p.checkpoint, p.scale_up};
}

const std::array<std::string, probe_count>& probe_names() {
  static const std::array<std::string, probe_count> names = {
      "KV fetch",  "hand-over",  "64 KiB all-reduce", "dispatch",
      "retrieval", "cold start", "checkpoint",        "ScaleUp one way"};
  return names;
}

Result<DirectionsReport> directions(const DirectionsRequest& request,
                                    const catalog::Catalog& catalog, const Run& run) {
  DirectionsReport out;
  out.medium = request.medium;
  for (int i = 0; i < 16; ++i) {
    DirectionRow& row = out.rows.emplace_back();
    row.attach = (i & 1) != 0;
    row.memory = (i & 2) != 0;
    row.two_layers = (i & 4) != 0;
    row.optics = (i & 8) != 0;
  }
  const Result<twin::World> base = world_of(request, out.rows.front(), catalog, run);
  if (!base) return fail(base.error());
  const Result<serving::ServingPlan> plan = plan_of(*base, run.within("planning"));
  if (!plan) return fail(plan.error());
  out.name = base->name;
  out.machine = planner::machine_text(*base);
  out.plan = twin::plan_text(*plan);
  out.slo = serving::to_string(base->load.slo);
  out.warnings = base->warnings;
  if (const auto target = base->load.target_rate()) {
    out.multiple = *target / base->load.workload.rate.si();
  } else {
    const auto knee = twin::find_knee(*base, *plan, {}, run.within("base"));
    if (!knee) return fail(knee.error());
    if (!knee->report.meets_slo) {
      return fail(request_error("scenario", "the base meets its SLO at no load",
                                "a wider SLO, or workload.rate"));
    }
    out.multiple = operating_share * knee->report.multiple;
  }
  std::mutex mutex;
  Errors mistakes;
  run.for_each(out.rows.size(), [&](std::size_t i) {
    DirectionRow& row = out.rows[i];
    const Result<twin::World> world = world_of(request, row, catalog, run);
    if (!world) {
      const std::lock_guard<std::mutex> lock(mutex);
      row.failed = render(world.error());
      if (mistakes.empty()) mistakes = world.error();
      return;
    }
    row.probes = probes_of(*world, *plan);
    row.reach = world->machine.cluster.rack.scale_up.link.reach;
    row.domain = world->machine.cluster.rack.scale_up.domain;
    play(*world, *plan, out.multiple, request.knees, run, row);
  });
  for (DirectionRow& row : out.rows) {
    row.cause = changes(out.rows.front(), row);
  }
  if (!mistakes.empty()) return fail(std::move(mistakes));
  out.interrupted = run.stopped();
  return out;
}

}  // namespace sn::api
