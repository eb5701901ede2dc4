// sn/draw/plan/explain_text.cc
//
// The bill behind the first deployment of a plan (see plan_text.h).
//
// Lines of a bill carry as many decimals as give the total four digits, so that they visibly add up
// to it.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/base/result.h"
#include "sn/base/units/units.h"
#include "sn/draw/plan/plan_text.h"
#include "sn/draw/plan/plan_text_parts.h"

namespace sn::draw {

namespace {

using planner::Candidate;
using planner::Explanation;
using planner::PlanReport;
using planner::PoolReport;

constexpr double giga = 1e9;

/// A unit for one table, and the decimals that give `total` four digits in it.
struct Scale {
  double factor = 1e3;  // per second
  std::string unit = "ms";
  int decimals = 2;
};

Scale scale_for(Time total) {
  Scale out;
  if (total.si() < 1e-3) out = {1e6, "us", 2};
  const double value = total.si() * out.factor;
  if (value > 0.0) {
    out.decimals = std::clamp(3 - static_cast<int>(std::floor(std::log10(value))), 1, 4);
  }
  return out;
}

std::string in(const Scale& scale, Time t) { return fixed(t.si() * scale.factor, scale.decimals); }

std::string ratio_text(Time time, Time bound) {
  return bound.si() > 0.0 ? significant(time / bound) : std::string("-");
}

std::string percent(double share) { return fixed(100.0 * share, 1); }

std::string section(const std::string& title, const TextStyle& style) {
  return "\n" + heading(title, style) + "\n";
}

std::string binds_of(const std::string& binds) {
  return binds.empty() ? std::string() : "; bound by " + shown(binds, 100);
}

std::string bill(const std::string& title, const std::vector<planner::BillLine>& lines,
                 const TextStyle& style) {
  if (lines.empty()) return {};
  Time total;
  Time bound;
  double share = 0.0;
  for (const planner::BillLine& line : lines) {
    total += line.time;
    bound += line.bound;
    share += line.share;
  }
  const Scale scale = scale_for(total);
  Table table({{"item", Align::left},
               {scale.unit, Align::right},
               {"share %", Align::right},
               {"bound " + scale.unit, Align::right},
               {"x bound", Align::right}});
  for (const planner::BillLine& line : lines) {
    const bool bounded = line.bound.si() > 0.0;
    table.row({line.item, in(scale, line.time), percent(line.share),
               bounded ? in(scale, line.bound) : "-", ratio_text(line.time, line.bound)});
  }
  table.rule();
  table.row({"total", in(scale, total), percent(share), bound.si() > 0.0 ? in(scale, bound) : "-",
             ratio_text(total, bound)});
  return section(title, style) + table.str(style);
}

std::string operators(const std::string& title, const std::vector<planner::OperatorLine>& lines,
                      const TextStyle& style) {
  if (lines.empty()) return {};
  Time total;
  for (const planner::OperatorLine& line : lines) total += line.total;
  const Scale scale = scale_for(total);
  Table table({{"operator", Align::left},
               {"part", Align::left},
               {"count", Align::right},
               {"each us", Align::right},
               {scale.unit, Align::right},
               {"share %", Align::right},
               {"bound " + scale.unit, Align::right},
               {"x bound", Align::right},
               {"binds", Align::left}});
  for (const planner::OperatorLine& line : lines) {
    const bool bounded = line.bound.si() > 0.0;
    table.row({line.name, line.part, significant(line.count),
               line.count > 0.0 ? significant(1e6 * line.total.si() / line.count) : "-",
               in(scale, line.total), total.si() > 0.0 ? percent(line.total / total) : "-",
               bounded ? in(scale, line.bound) : "-", ratio_text(line.total, line.bound),
               line.binds});
  }
  table.rule();
  table.row({"total", "", "", "", in(scale, total), percent(1.0), "", "", ""});
  return section(title, style) + table.str(style);
}

std::string pool_line(const std::string& role, const PoolReport& pool) {
  std::string out = fmt::format("  {:<10}  {}, {} GPUs, {}", role, pool_text(pool), pool.gpus,
                                precision_text(pool));
  if (pool.chunk > 0) {
    out += fmt::format(", chunks of {} tokens per rank", format_number(double(pool.chunk), 6));
  }
  if (pool.sequences > 0.0) {
    out += fmt::format(", {} sequences per rank ({} per replica)", significant(pool.sequences),
                       significant(pool.batch));
  }
  if (const std::int64_t drafts = pool.deployment.draft_tokens; drafts > 0) {
    out += fmt::format(", {} draft token by MTP", drafts);
  }
  return shown(out, 300) + "\n";
}

std::string latencies(const Candidate& c, const TextStyle& style) {
  Table table({{"latency", Align::left},
               {"mean", Align::right},
               {"p50", Align::right},
               {"p90", Align::right},
               {"p95", Align::right},
               {"p99", Align::right}});
  const auto row = [&](const char* name, const serving::Percentiles& p, auto&& text) {
    table.row({name, text(p.mean), text(p.p50), text(p.p90), text(p.p95), text(p.p99)});
  };
  row("TTFT", c.state.ttft, seconds_text);
  row("TPOT", c.state.tpot, milliseconds_text);
  row("ITL", c.state.itl, milliseconds_text);
  table.row({"end to end", seconds_text(c.state.e2e_mean), "", "", "", ""});
  return table.str(style);
}

std::string deployment(const Candidate& c, const TextStyle& style) {
  std::string out = section(
      fmt::format("Deployment #1: {}; evidence: {}", pools_text(c), to_string(c.evidence)), style);
  if (c.disaggregated) out += pool_line("prefill", c.prefill);
  out += pool_line(c.disaggregated ? "decode" : "aggregated", c.decode);
  const serving::SteadyState& s = c.state;
  out += fmt::format(
      "  {:<10}  {} requests/s ({}x the workload), {} output tok/s, {} tok/s with "
      "input\n",
      "delivers", significant(s.requests), significant(c.multiple), significant(s.output_tokens),
      significant(s.total_tokens));
  out += fmt::format("  {:<10}  {} tok/s/GPU; {} if every step ran at its physical bound\n", "",
                     significant(s.output_per_gpu), significant(c.bound_per_gpu));
  out += fmt::format("  {:<10}  prefill {} %, KV memory {} %, prefix cache hits {} % of input\n",
                     "uses", percent(s.prefill_utilisation), percent(s.kv_utilisation),
                     percent(s.hit_rate));
  return out + latencies(c, style);
}

std::string memory(const Candidate& c, const TextStyle& style) {
  Table table({{"pool", Align::left},
               {"usable", Align::right},
               {"weights", Align::right},
               {"KV cache", Align::right},
               {"activations", Align::right},
               {"workspace", Align::right},
               {"KV tokens per rank", Align::right},
               {"80 %", Align::right}});
  const auto row = [&](const char* name, const PoolReport& pool) {
    const planner::MemoryUse& m = pool.memory;
    const auto gb = [](Bytes b) { return significant(b.si() / giga); };
    table.row({name, gb(m.usable), gb(m.weights), gb(m.kv), gb(m.activations), gb(m.workspace),
               format_number(std::floor(m.kv_tokens), 6), "± " + significant(m.within, 2)});
  };
  if (c.disaggregated) row("prefill", c.prefill);
  row(c.disaggregated ? "decode" : "aggregated", c.decode);
  return section("Memory of one GPU, GB", style) + table.str(style);
}

std::string elasticities(const Explanation& e, const TextStyle& style) {
  if (e.elasticities.empty()) return {};
  Table table({{"number", Align::left},
               {"value", Align::right},
               {"elasticity", Align::right},
               {"at -10 %", Align::right},
               {"at +10 %", Align::right},
               {"evidence", Align::left},
               {"source", Align::left}});
  for (const planner::Elasticity& x : e.elasticities) {
    table.row({x.param, x.value, fixed(x.elasticity, 3), signed_percent(x.less),
               signed_percent(x.more), std::string(to_string(x.evidence)), x.source});
  }
  return section("What tokens/s per GPU answers to (elasticity: % of result per % of the number)",
                 style) +
         table.str(style);
}

std::string assumptions(const Explanation& e, const TextStyle& style) {
  if (e.assumptions.empty()) return {};
  Table table({{"assumed number", Align::left},
               {"value", Align::right},
               {"at -20 %", Align::right},
               {"at +20 %", Align::right},
               {"note", Align::left}});
  for (const planner::AssumptionLine& a : e.assumptions) {
    table.row(
        {a.param, a.value, signed_percent(a.result_low), signed_percent(a.result_high), a.note});
  }
  return section("Assumptions, and tokens/s per GPU with each of them 20 % off", style) +
         table.str(style);
}

std::string modelling(const Explanation& e, const TextStyle& style) {
  if (e.modelling.empty()) return {};
  std::string out = section("Assumptions of the models", style);
  for (const std::string& text : e.modelling) out += "  - " + wrapped(text, 4, 118) + "\n";
  return out;
}

}  // namespace

std::string explain_text(const PlanReport& report, const TextStyle& style) {
  std::string out = plan_head(report, style);
  if (!report.candidates.empty()) out += deployment(report.candidates.front(), style);
  if (report.explanation) {
    const Explanation& e = *report.explanation;
    out += bill("Where the mean TTFT goes" + binds_of(e.ttft_binds), e.ttft, style);
    out += bill("Where the mean TPOT goes" + binds_of(e.tpot_binds), e.tpot, style);
    out += operators("A prefill step of a full chunk, by operator", e.prefill_step, style);
    out += operators("A decode step, by operator", e.decode_step, style);
  }
  if (!report.candidates.empty()) out += memory(report.candidates.front(), style);
  if (report.explanation) {
    out += elasticities(*report.explanation, style);
    out += assumptions(*report.explanation, style);
    out += modelling(*report.explanation, style);
  }
  out += fmt::format("\n {} of {} inputs are assumptions\n", report.inputs_assumed, report.inputs);
  return out + " next             supernode plan " + file_name(style) + " --svg=pareto.svg\n";
}

}  // namespace sn::draw
