// sn/draw/plan/plan_text.cc
//
// The table of a plan (see plan_text.h).

#include "sn/draw/plan/plan_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/base/result.h"
#include "sn/base/text/utf8.h"
#include "sn/base/units/units.h"
#include "sn/draw/plan/choice_views.h"
#include "sn/draw/plan/plan_text_parts.h"
#include "sn/draw/rack/running_text.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

constexpr double idle_rate = 1e-3;  // requests per second

using planner::Candidate;
using planner::PlanReport;
using planner::PoolReport;

constexpr std::size_t label_width = 17;
constexpr std::size_t page_width = 118;
constexpr double least_effect = 5e-4;  // below 0.05 % an elasticity is not worth a place

std::string whole(double v) { return format_number(std::round(v), 6); }
std::string whole(std::int64_t v) { return whole(static_cast<double>(v)); }

/// " label            text" with the text broken under itself.
std::string labelled(std::string_view label, std::string_view text) {
  std::string out = " " + std::string(label);
  out.resize(std::max(out.size() + 1, label_width), ' ');
  return out + wrapped(text, label_width, page_width) + "\n";
}

constexpr double default_quantile = 0.9;

/// Quantile that a column of the table shows: that of the SLO's first target of the metric which
/// the report holds, else p90.
double shown_quantile(const serving::Slo& slo, serving::Metric metric) {
  for (const serving::SloTarget& t : slo) {
    if (t.metric == metric && serving::holds_quantile(t.quantile)) return t.quantile;
  }
  return default_quantile;
}

/// Precisions in one line when all candidates share one, else empty.
std::string common_precision(const PlanReport& report) {
  std::string out;
  for (const Candidate& c : report.candidates) {
    if (!out.empty() && precision_text(c.decode) != out) return {};
    out = precision_text(c.decode);
  }
  return out;
}

std::string head_lines(const PlanReport& report, const TextStyle& style) {
  const planner::PlanSubject& s = report.subject;
  const std::string machine = shown(s.name + " (" + s.machine + ")", 300);
  const std::string load = shown(
      s.workload + ", " + twin::to_string(s.rate) + "    SLO  " + serving::to_string(s.slo), 300);
  const bool one_line = utf8_count(machine) + utf8_count(load) < page_width - 6;
  std::string out = heading(machine + (one_line ? "      " + load : ""), style) + "\n";
  if (!one_line) out += " " + load + "\n";
  out += " " + shown(s.model, 200);
  const std::string precision = common_precision(report);
  if (!precision.empty()) out += "; " + precision + " (weights/activations/KV)";
  out += fmt::format("; mean request {} tokens in, {} out, {} requests/s at 1.0x\n",
                     whole(s.mean_input), whole(s.mean_output), significant(s.workload_rate));
  out += fmt::format(
      " {} deployment{} considered, {} fit, {}\n", whole(report.considered),
      report.considered == 1 ? "" : "s", whole(report.fit),
      report.meet > 0 ? whole(report.meet) + " meet the SLO" : std::string("none meets the SLO"));
  if (report.screened) {
    out += " screened: closed forms alone; the engine has played none of these\n";
  } else if (report.shortlisted > 0) {
    out += fmt::format(
        " {} of them were played on the engine, the best on the whole load; figures "
        "are the engine's where a row has requests played\n",
        whole(report.shortlisted));
  }
  if (!report.filters.empty()) {
    std::string all;
    for (const std::string& f : report.filters) all += (all.empty() ? "" : ", ") + shown(f);
    out += " " + wrapped("of those with " + all, 1, page_width) + ":\n";
  }
  return out;
}

/// "±18 %": half of an interval, which is symmetric in the logarithm.
std::string half_width(const llm::Interval& i) {
  if (i.low <= 0.0) return "-";
  return fmt::format("±{:.0f} %", 100.0 * (std::sqrt(i.high / i.low) - 1.0));
}

bool has_e2e(const PlanReport& report) {
  return std::any_of(report.subject.slo.begin(), report.subject.slo.end(),
                     [](const auto& t) { return t.metric == serving::Metric::e2e; });
}

std::string e2e_quantile(const PlanReport& report) {
  return serving::quantile_name(shown_quantile(report.subject.slo, serving::Metric::e2e));
}

std::string ranked_table(const PlanReport& report, const TextStyle& style) {
  const double ttft = shown_quantile(report.subject.slo, serving::Metric::ttft);
  const double tpot = shown_quantile(report.subject.slo, serving::Metric::tpot);
  const bool precisions = common_precision(report).empty();
  std::vector<Column> columns = {{"#", Align::right},
                                 {"pools (GPUs)", Align::left},
                                 {"prefill", Align::left},
                                 {"chunk", Align::right},
                                 {"decode", Align::left}};
  if (precisions) columns.push_back({"w/a/KV", Align::left});
  for (const std::string& name :
       {std::string("batch"), "TTFT " + serving::quantile_name(ttft),
        "TPOT " + serving::quantile_name(tpot), std::string("tok/s/GPU"), std::string("80 %"),
        std::string("tok/s/user"), std::string("J/tok")}) {
    columns.push_back({name, Align::right});
  }
  const bool whole_time = has_e2e(report);
  if (whole_time) columns.push_back({"E2E " + e2e_quantile(report), Align::right});
  columns.push_back({"limit", Align::left});
  columns.push_back({"played", Align::right});
  columns.push_back({"evidence", Align::left});
  Table table(std::move(columns));
  for (const Candidate& c : report.candidates) {
    const std::int64_t chunk = c.disaggregated ? c.prefill.chunk : c.decode.chunk;
    std::vector<std::string> cells = {std::to_string(c.rank) + (c.place < c.rank ? "=" : ""),
                                      pools_text(c), c.disaggregated ? pool_text(c.prefill) : "-",
                                      chunk > 0 ? whole(chunk) : "-", decode_text(c.decode)};
    if (precisions) cells.push_back(precision_text(c.decode));
    // A closest miss is shown at vanishing load, where only its latencies mean anything.
    const bool idle = c.state.requests < idle_rate;
    const auto loaded = [&](double v) { return idle ? std::string("-") : significant(v); };
    cells.push_back(loaded(c.decode.batch));
    cells.push_back(seconds_text(serving::value_at(c.state.ttft, ttft)));
    cells.push_back(milliseconds_text(serving::value_at(c.state.tpot, tpot)));
    cells.push_back(loaded(c.state.output_per_gpu));
    cells.push_back(idle ? "-" : half_width(c.intervals.output_per_gpu));
    cells.push_back(significant(c.state.per_user));
    cells.push_back(loaded(c.state.energy_per_token));
    if (whole_time) {
      const double q = shown_quantile(report.subject.slo, serving::Metric::e2e);
      cells.push_back(c.played > 0 ? seconds_text(serving::value_at(c.e2e, q)) : "-");
    }
    cells.push_back(c.limit.empty() ? "-" : shown(c.limit, 24));
    cells.push_back(c.played > 0 ? whole(c.played) : "screened");
    cells.emplace_back(to_string(c.evidence));
    table.row(std::move(cells));
  }
  return table.str(style);
}

/// What figures of energy are of.
constexpr const char* energy_line = " J/tok: of the chips only, not of the rack around them\n";

/// What "=" behind a number says.
std::string ties_line(const PlanReport& report) {
  const bool any = std::any_of(report.candidates.begin(), report.candidates.end(),
                               [](const Candidate& c) { return c.place < c.rank; });
  if (!any) return {};
  return " = not distinguishable from the row above without it: the difference, in which common "
         "errors cancel, is within its own 80 %\n";
}

std::string latencies_text(const PlanReport& report, const serving::Percentiles& first,
                           const serving::Percentiles& per_token) {
  const double ttft = shown_quantile(report.subject.slo, serving::Metric::ttft);
  const double tpot = shown_quantile(report.subject.slo, serving::Metric::tpot);
  return fmt::format("TTFT {} {}, TPOT {} {}", serving::quantile_name(ttft),
                     seconds_text(serving::value_at(first, ttft)), serving::quantile_name(tpot),
                     milliseconds_text(serving::value_at(per_token, tpot)));
}

/// A load to run at, and what the loss of an instance does there.
std::string operating_text(const PlanReport& report) {
  const Candidate& best = report.candidates.front();
  if (!best.operating) return {};
  const planner::OperatingLoad& o = *best.operating;
  std::string out = fmt::format(
      "{}x ({} requests/s, {:.0f} % of the {}): {:.1f} % of requests meet "
      "every limit, {}",
      significant(o.multiple), significant(o.requests), 100.0 * o.share,
      o.share < 1.0 ? "knee" : "rate", 100.0 * o.good, latencies_text(report, o.ttft, o.tpot));
  for (const planner::InstanceLoss& l : o.losses) {
    out += fmt::format("; without one {} instance: ", l.pool);
    out += l.left == 0 ? "nothing is served, it is the only one"
                       : fmt::format("{:.1f} %, {}", 100.0 * l.good,
                                     latencies_text(report, l.ttft, l.tpot));
  }
  return labelled("run it at", out);
}

std::string knee_line(const PlanReport& report) {
  const Candidate& best = report.candidates.front();
  const bool knee = report.subject.rate.kind == twin::RateSpec::Kind::knee;
  std::string out = fmt::format(" {}: {}x the workload ({} requests/s)", knee ? "knee" : "rate",
                                significant(best.multiple), significant(best.state.requests));
  if (!best.limit.empty()) {
    out += (knee ? "; just above it the limit is " : "; the first limit above it is ") +
           shown(best.limit, 100);
  }
  return out + "\n";
}

/// The largest lines of a bill as shares, the rest as "other".
std::string shares(const std::vector<planner::BillLine>& bill, std::size_t most) {
  std::vector<planner::BillLine> lines = bill;
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.share > b.share; });
  std::string out;
  double other = 0.0;
  std::size_t named = 0;
  for (const planner::BillLine& line : lines) {
    if (named >= most || line.share < 0.02) {
      other += line.share;
      continue;
    }
    out += fmt::format("{}{} {:.0f} %", named == 0 ? "" : ", ", line.item, 100.0 * line.share);
    ++named;
  }
  if (other >= 0.005) out += fmt::format("{}other {:.0f} %", named == 0 ? "" : ", ", 100.0 * other);
  return out;
}

std::string binds_text(const planner::Explanation& e) {
  const auto line = [](std::string_view step, const std::string& binds, const std::string& parts) {
    return std::string(step) + ": " + parts + (binds.empty() ? "" : "; bound by " + binds);
  };
  std::string out;
  if (!e.tpot.empty()) {
    out += labelled("what binds #1", line("TPOT", e.tpot_binds, shares(e.tpot, 5)));
  }
  if (!e.ttft.empty()) {
    out +=
        labelled(out.empty() ? "what binds #1" : "", line("TTFT", e.ttft_binds, shares(e.ttft, 5)));
  }
  return out;
}

std::string help_text(const planner::Explanation& e) {
  std::string out;
  std::size_t named = 0;
  for (const planner::Elasticity& x : e.elasticities) {
    const bool raise = x.more >= x.less;
    const double effect = raise ? x.more : x.less;
    if (effect < least_effect) continue;
    out += fmt::format("{}{} {} % -> {}", named == 0 ? "" : "; ", x.param, raise ? "+10" : "-10",
                       signed_percent(effect));
    if (++named == 4) break;
  }
  if (out.empty()) out = "no single number: none moves the result by 0.05 % when it is 10 % better";
  return labelled("what would help", out + " (tokens/s per GPU; --explain for all)");
}

std::string assumptions_text(const PlanReport& report) {
  std::string out = fmt::format("{} assumption{} of {} inputs", whole(report.inputs_assumed),
                                report.inputs_assumed == 1 ? "" : "s", whole(report.inputs));
  const auto& lines = report.explanation->assumptions;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, lines.size()); ++i) {
    out += (i == 0 ? ": " : ", ") + lines[i].param;
  }
  if (!lines.empty()) out += " (--explain lists them)";
  return labelled("rests on", out);
}

}  // namespace

std::vector<TargetView> targets_of(const PlanReport& report, const Candidate& candidate) {
  std::vector<TargetView> out;
  for (const serving::SloTarget& t : report.subject.slo) {
    if (!serving::holds_quantile(t.quantile)) continue;
    if (t.metric == serving::Metric::e2e && candidate.played == 0) continue;
    const serving::Percentiles* by_metric[] = {&candidate.state.ttft, &candidate.state.tpot,
                                               &candidate.e2e};
    constexpr const char* names[] = {"TTFT ", "TPOT ", "E2E "};
    const auto m = static_cast<std::size_t>(t.metric);
    out.push_back({names[m] + serving::quantile_name(t.quantile), t.limit,
                   serving::value_at(*by_metric[m], t.quantile)});
  }
  return out;
}

std::string pools_text(const Candidate& c) {
  if (!c.disaggregated) return whole(c.decode.gpus) + " aggregated";
  return whole(c.prefill.gpus) + " prefill + " + whole(c.decode.gpus) + " decode";
}

std::string pool_text(const PoolReport& pool) {
  if (pool.replicas <= 0) return "-";
  return whole(pool.replicas) + " x (" + llm::cut_text(pool.deployment) + ")";
}

std::string decode_text(const PoolReport& pool) {
  std::string out = pool_text(pool);
  const std::int64_t drafts = pool.deployment.draft_tokens;
  if (drafts > 0) out += " MTP" + std::to_string(drafts);
  return out;
}

std::string precision_text(const PoolReport& pool) {
  return llm::to_string(pool.deployment.precision);
}

std::string seconds_text(Time t) { return significant(t.si()) + " s"; }
std::string milliseconds_text(Time t) { return significant(1e3 * t.si()) + " ms"; }

std::string closest_miss(const PlanReport& report) {
  if (report.meet > 0 || report.candidates.empty()) return {};
  const Candidate& best = report.candidates.front();
  std::string out;
  for (const TargetView& t : targets_of(report, best)) {
    if (t.reached <= t.limit || !(t.limit.si() > 0.0)) continue;
    out += fmt::format("{}{} is {}, {}x the {} asked for", out.empty() ? "" : "; ", t.label,
                       format(t.reached), significant(t.reached / t.limit), format(t.limit));
  }
  if (out.empty() && !best.limit.empty()) out = "its limit is " + best.limit;
  return out.empty() ? out : "#1 comes closest: " + out;
}

/// One row for each depth of KV tiers that was asked for.
std::string depth_table(const PlanReport& report, const TextStyle& style) {
  if (report.depths.empty()) return "";
  Table t({{"KV tiers", Align::left},
           {"best plan", Align::left},
           {"knee", Align::right},
           {"tok/s/GPU", Align::right},
           {"hits", Align::right},
           {"TTFT p90", Align::right},
           {"limit", Align::left}},
          1);
  for (const planner::TierDepth& d : report.depths) {
    t.row({d.text, d.plan + (d.played ? "" : " (screened)"),
           d.meets_slo ? significant(d.multiple) + "x" : "-", significant(d.output_per_gpu),
           fmt::format("{:.1f} %", 100.0 * d.hit_rate), format(d.ttft_p90), d.limit});
  }
  return "\n" + t.str(style);
}

std::string plan_head(const PlanReport& report, const TextStyle& style) {
  std::string out = head_lines(report, style);
  if (report.candidates.empty()) return out;
  out += "\n" + ranked_table(report, style);
  out += ties_line(report);
  out += energy_line;
  if (const auto& running = report.candidates.front().running) {
    out += labelled("rack of #1", running_text(*running));
  }
  if (report.meet > 0) {
    out += knee_line(report);
  } else {
    const std::string miss = closest_miss(report);
    if (!miss.empty()) out += " " + wrapped(miss, 1, page_width) + "\n";
  }
  out += depth_table(report, style);
  if (report.tradeoff) out += "\n" + tradeoff_table(*report.tradeoff, style);
  return out;
}

std::string plan_table(const PlanReport& report, const TextStyle& style) {
  std::string out = plan_head(report, style) + "\n";
  if (!report.candidates.empty()) out += operating_text(report);
  if (report.explanation) {
    out += binds_text(*report.explanation);
    out += help_text(*report.explanation);
    out += assumptions_text(report);
  }
  return out + labelled("next", "supernode plan " + file_name(style) + " --explain");
}

}  // namespace sn::draw
