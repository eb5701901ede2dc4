// sn/draw/simulation/simulation_text.cc
//
// `supernode simulate` as text (see simulation_views.h).

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/result.h"
#include "sn/base/units/units.h"
#include "sn/draw/rack/running_text.h"
#include "sn/draw/simulation/simulation_views.h"

namespace sn::draw {

namespace {

using twin::LatencySummary;
using twin::SimulationReport;

/// A whole number, thousands separated.
std::string whole(std::uint64_t n) {
  return significant(static_cast<double>(n), static_cast<int>(std::to_string(n).size()));
}

std::string percent(double share) { return significant(100.0 * share); }

std::string ending_text(const SimulationReport& r) {
  std::string out;
  for (std::size_t i = 1; i < r.endings.size(); ++i) {
    if (r.endings[i] == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", whole(r.endings[i]),
                       serving::to_string(static_cast<serving::Ending>(i)));
  }
  return out;
}

std::string headline(const SimulationReport& r) {
  if (!r.knee) {
    std::string out =
        fmt::format(" at {}x the workload ({} requests/s): {}", significant(r.multiple),
                    significant(r.request_rate), r.meets_slo ? "meets the SLO" : "misses the SLO");
    return out + "\n";
  }
  if (!r.meets_slo) {
    return fmt::format(" knee: no multiple down to {}x meets the SLO; {}\n",
                       significant(r.multiple), to_string(r.limit));
  }
  std::string out = fmt::format(" knee: {}x the workload ({} requests/s)", significant(r.multiple),
                                significant(r.request_rate));
  if (r.limit.kind != twin::Failure::Kind::none) {
    out += "; just above it the limit is " + to_string(r.limit);
  }
  return out + "\n";
}

void latency_rows(Table& t, const SimulationReport& r) {
  const auto row = [&](const char* name, const LatencySummary& s) {
    if (s.count == 0) return;
    const auto cell = [](Time v) { return format(Time::from_si(v.si())); };
    t.row({name, cell(s.mean), cell(s.p50), cell(s.p90), cell(s.p95), cell(s.p99), cell(s.max)});
  };
  row("TTFT", r.ttft);
  row("TPOT", r.tpot);
  row("ITL", r.itl);
  row("end to end", r.e2e);
  row("queue", r.queue);
  row("KV load", r.load);
  row("retrieval", r.retrieval);
}

std::string pool_table(const SimulationReport& r, const TextStyle& style) {
  Table t({{"pool", Align::left},
           {"instances", Align::left},
           {"GPUs", Align::right},
           {"busy %", Align::right},
           {"FLOPs %", Align::right},
           {"HBM %", Align::right},
           {"batch", Align::right},
           {"chunk", Align::right},
           {"KV held %", Align::right},
           {"most %", Align::right},
           {"waiting", Align::right}},
          2);
  for (const twin::PoolResult& p : r.pools) {
    t.row({std::string(to_string(p.role)), twin::pool_text(p.pool), std::to_string(p.gpus),
           percent(p.busy), percent(p.compute), percent(p.memory), significant(p.batch),
           significant(p.chunk), percent(p.held), percent(p.held_most), significant(p.waiting)});
  }
  return t.str(style);
}

std::string class_lines(const SimulationReport& r, const TextStyle& style) {
  if (r.classes.size() < 2) return "";
  Table t({{"priority", Align::left},
           {"requests", Align::right},
           {"good %", Align::right},
           {"TTFT p90", Align::right},
           {"TPOT p90", Align::right}},
          2);
  for (const twin::ClassResult& c : r.classes) {
    t.row({std::to_string(c.priority), whole(c.requests), percent(c.good), format(c.ttft_p90),
           format(c.tpot_p90)});
  }
  return "\n" + t.str(style);
}

std::string fault_lines(const SimulationReport& r) {
  if (r.fault_policy.empty()) return "";
  const auto& n = r.faults.counts;
  std::string out = fmt::format(
      "  faults      {} failed, {} drained, {} slowed down, {} repaired; {} requests met a failure "
      "({})\n",
      n[0], n[1], n[2], n[3], r.faults.requests,
      r.fault_policy == "requeue" ? "started again" : "ended");
  out += "  up         ";
  for (const twin::PoolResult& p : r.pools)
    out += fmt::format(" {} {} %", to_string(p.role), percent(p.up));
  out += "\n";
  constexpr std::size_t shown_most = 8;
  for (std::size_t i = 0; i < r.faults.records.size() && i < shown_most; ++i) {
    const twin::FaultRecord& f = r.faults.records[i];
    out += fmt::format("              t={} {} {}{}\n", format(f.at), to_string(f.action), f.target,
                       f.requests > 0 ? fmt::format(", {} requests", f.requests) : "");
  }
  if (r.faults.records.size() > shown_most) {
    out += fmt::format("              and {} more\n", r.faults.records.size() - shown_most);
  }
  return out;
}

std::string tier_lines(const SimulationReport& r) {
  if (r.tiers.empty()) return "";
  std::string out = fmt::format("  below HBM   {} % of input tokens loaded\n", percent(r.loaded));
  for (const twin::TierResult& t : r.tiers) {
    const double looked = std::max(1.0, static_cast<double>(t.looked));
    out += fmt::format("    {:<9} {} % full of {}; {} blocks loaded", t.name, percent(t.filled),
                       format(t.capacity), whole(t.hits));
    if (t.looked > 0) {
      out +=
          fmt::format(", {} % of those looked for", percent(static_cast<double>(t.hits) / looked));
    }
    out += fmt::format("\n              read {} ({}), written {} ({}), {} blocks evicted\n",
                       format(t.read), format(t.read_rate), format(t.written), format(t.write_rate),
                       whole(t.evicted));
    if (t.passed > 0) {
      out += fmt::format("              {} blocks found here were computed again: quicker\n",
                         whole(t.passed));
    }
    if (t.lost > 0)
      out += fmt::format("              {} blocks lost while loading\n", whole(t.lost));
  }
  return out;
}

std::string layer_lines(const SimulationReport& r) {
  std::string out;
  for (const twin::LayerResult& l : r.layers) {
    if ((l.transfers + l.collectives).si() <= 0.0) continue;
    out += fmt::format("  {:<11} {} % of {} links' capacity: {} of transfers, {} of collectives\n",
                       fabric::to_string(l.layer), percent(l.mean), l.links, format(l.transfers),
                       format(l.collectives));
    out += fmt::format("              most: {}, {} %; transfers held up to {} %\n", l.worst,
                       percent(l.worst_mean), percent(l.worst_peak));
  }
  return out;
}

std::string delivers(const SimulationReport& r) {
  std::string out;
  out +=
      fmt::format("  delivers    {} output tok/s, {} tok/s with input; {} tok/s/GPU over {} GPUs\n",
                  significant(r.output_tokens, 4), significant(r.total_tokens, 4),
                  significant(r.output_per_gpu), r.gpus);
  out += fmt::format(
      "  goodput     {} requests/s meet every limit ({} %); {} J per output token (chips only)\n",
      significant(r.goodput), percent(r.good), significant(r.joules_per_token));
  if (r.running) out += "  rack        " + running_text(*r.running) + "\n";
  out += fmt::format("  cache       {} % of input tokens, {} % of hashed blocks ({}, {} routing)\n",
                     percent(r.hit_rate), percent(r.hit_blocks), kv::to_string(r.eviction),
                     serving::to_string(r.routing));
  out += tier_lines(r) + layer_lines(r);
  if (r.transfers > 0) {
    out += fmt::format("  transfers   {} of {} in all, {} exposed on average\n", whole(r.transfers),
                       format(r.transferred), format(r.transfer_exposed));
  }
  out += fmt::format("  preempted   {} times\n", whole(r.preemptions));
  out += fault_lines(r);
  return out;
}

}  // namespace

std::string simulation_text(const SimulationReport& r, const TextStyle& style) {
  std::string out =
      heading(fmt::format("{} ({})", r.name.empty() ? r.model : r.name, r.machine), style);
  if (!out.ends_with('\n')) out += "\n";
  out += fmt::format(" {}    SLO  {}\n {}\n", r.workload, serving::to_string(r.slo),
                     twin::plan_text(r.plan));
  out += fmt::format(
      " {} requests{}; measured: {} that arrived between {} and {}; the last ended at {}\n",
      whole(r.requests),
      r.out_of_order > 0 ? fmt::format(" ({} out of order)", r.out_of_order) : "",
      whole(r.measured), format(r.warm_up), format(r.last_arrival), format(r.end));
  if (const std::string other = ending_text(r); !other.empty()) {
    out += " not served: " + other + "\n";
  }
  for (const twin::Unfinished& u : r.unfinished) {
    out += fmt::format(" did not end: {} {}; {}\n", whole(static_cast<std::uint64_t>(u.requests)),
                       u.state, u.cause);
  }
  if (r.saturated) {
    out += fmt::format(" {} at t={}{}\n", r.stuck() ? "queue full" : "saturated",
                       format(*r.saturated), r.stuck() ? "" : ": the queue was full");
  }
  if (r.growing) {
    out += fmt::format(" the queue grew to the end: {}\n",
                       r.faults.any() ? "more arrives than is served under these faults"
                                      : "more arrives than can be served");
  }
  if (r.e2e.mean > 0.2 * (r.last_arrival - r.warm_up)) {
    out += fmt::format(" short: a request takes {} of {} measured; --repeat makes it longer\n",
                       format(r.e2e.mean), format(r.last_arrival - r.warm_up));
  }
  if (r.interrupted) out += " interrupted: what follows is of the part that was run\n";
  out += headline(r);
  out += "\n";
  Table t({{"latency", Align::left},
           {"mean", Align::right},
           {"p50", Align::right},
           {"p90", Align::right},
           {"p95", Align::right},
           {"p99", Align::right},
           {"most", Align::right}},
          2);
  latency_rows(t, r);
  out += t.str(style) + "\n" + pool_table(r, style) + class_lines(r, style) + "\n" + delivers(r);
  return out;
}

std::string simulation_comparison(const std::vector<SimulationReport>& reports,
                                  const TextStyle& style) {
  Table t({{"scenario", Align::left},
           {"x workload", Align::right},
           {"req/s", Align::right},
           {"SLO", Align::left},
           {"TTFT p90", Align::right},
           {"TPOT p90", Align::right},
           {"tok/s/GPU", Align::right},
           {"good %", Align::right},
           {"hits %", Align::right},
           {"deployment", Align::left}},
          1);
  for (const SimulationReport& r : reports) {
    t.row({r.name.empty() ? r.model : r.name, significant(r.multiple), significant(r.request_rate),
           r.meets_slo ? "met" : "missed", format(r.ttft.p90), format(r.tpot.p90),
           significant(r.output_per_gpu), percent(r.good), percent(r.hit_rate),
           twin::plan_text(r.plan)});
  }
  return t.str(style);
}

std::string shared_simulation_text(const twin::SharedReport& report, const TextStyle& style) {
  std::string out = heading(shown(report.name + " (" + report.machine + ")", 300), style) + "\n";
  out +=
      fmt::format(" {} tenant{} on disjoint GPUs, at the same time; measured over {}{}\n\n",
                  report.tenants.size(), report.tenants.size() == 1 ? "" : "s",
                  format(report.measured), report.interrupted ? ", until it was interrupted" : "");
  Table t({{"tenant", Align::left},
           {"GPUs", Align::right},
           {"x workload", Align::right},
           {"req/s", Align::right},
           {"SLO", Align::left},
           {"TTFT p90", Align::right},
           {"TPOT p90", Align::right},
           {"good %", Align::right},
           {"hits %", Align::right},
           {"tok/s", Align::right},
           {"tok/s/GPU", Align::right},
           {"deployment", Align::left}},
          1);
  std::string asked;
  for (const twin::TenantResult& tenant : report.tenants) {
    const SimulationReport& r = tenant.report;
    t.row({shown(tenant.name), std::to_string(tenant.gpus), significant(r.multiple),
           significant(r.request_rate), r.meets_slo ? "met" : "missed", format(r.ttft.p90),
           format(r.tpot.p90), percent(r.good), percent(r.hit_rate),
           significant(r.output_tokens, 4), significant(r.output_per_gpu),
           twin::plan_text(r.plan)});
    asked += fmt::format(" {}: {}, {}; SLO {}", shown(tenant.name), shown(r.model, 100),
                         shown(r.workload, 100), serving::to_string(r.slo));
    if (const std::string other = ending_text(r); !other.empty()) asked += "; not served: " + other;
    for (const twin::Unfinished& u : r.unfinished) {
      asked += fmt::format("; did not end: {} {} ({})", u.requests, u.state, u.cause);
    }
    if (r.growing) asked += "; the queue grew to the end";
    asked += "\n";
    if (r.knee) asked += headline(r);
  }
  out += t.str(style) + "\n" + asked + "\n";
  out += fmt::format(
      " machine: {} of {} GPUs, {} left over; {} requests/s, {} of them meet every "
      "limit\n",
      report.gpus - report.left_over, report.gpus, report.left_over,
      significant(report.request_rate), significant(report.goodput));
  out += fmt::format(
      "          {} output tok/s, {} tok/s with input; {} tok/s/GPU of the machine; {} J per "
      "output token (chips only)\n",
      significant(report.output_tokens, 4), significant(report.total_tokens, 4),
      significant(report.output_per_gpu), significant(report.joules_per_token));
  return out;
}

}  // namespace sn::draw
