// sn/draw/plan/share_text.cc
//
// The page of a shared machine (see share_views.h).

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/result.h"
#include "sn/base/units/units.h"
#include "sn/draw/plan/plan_text_parts.h"
#include "sn/draw/plan/share_views.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

constexpr std::size_t page_width = 118;
constexpr std::size_t label_width = 17;

using planner::Candidate;
using planner::ShareReport;
using planner::TenantReport;

std::string labelled(std::string_view label, std::string_view text) {
  std::string out = " " + std::string(label);
  out.resize(std::max(out.size() + 1, label_width), ' ');
  return out + wrapped(text, label_width, page_width) + "\n";
}

Table tenant_table() {
  return Table({{"tenant", Align::left},
                {"GPUs", Align::right},
                {"share", Align::left},
                {"pools (GPUs)", Align::left},
                {"prefill", Align::left},
                {"decode", Align::left},
                {"TTFT p90", Align::right},
                {"TPOT p90", Align::right},
                {"req/s", Align::right},
                {"multiple", Align::right},
                {"tok/s/GPU", Align::right},
                {"tok/s", Align::right}});
}

std::vector<std::string> cells_of(const TenantReport& t) {
  const Candidate& c = t.plan.candidates.front();
  return {shown(t.name),
          std::to_string(t.gpus),
          std::string(to_string(t.kind)),
          pools_text(c),
          c.disaggregated ? pool_text(c.prefill) : "-",
          decode_text(c.decode),
          seconds_text(c.state.ttft.p90),
          milliseconds_text(c.state.tpot.p90),
          significant(c.state.requests),
          significant(c.multiple) + "x",
          significant(c.state.output_per_gpu),
          significant(c.state.output_tokens)};
}

std::string asked(const TenantReport& t) {
  const planner::PlanSubject& s = t.plan.subject;
  const Candidate& c = t.plan.candidates.front();
  std::string out =
      fmt::format("{}, {}; {}, {}; SLO {}", shown(s.model, 100), precision_text(c.decode),
                  shown(s.workload, 100), twin::to_string(s.rate), serving::to_string(s.slo));
  if (t.weight != 1.0) out += "; weight " + format_number(t.weight);
  if (!c.limit.empty()) out += "; first limit " + shown(c.limit);
  return out;
}

std::string totals(const ShareReport& r) {
  std::string out = fmt::format(
      "{} of {} GPUs, {} left over; {} output tokens/s ({}/GPU of the machine), {} with input",
      r.gpus - r.left_over, r.gpus, r.left_over, significant(r.output_tokens),
      significant(r.output_per_gpu), significant(r.total_tokens));
  return out + fmt::format("; the chips draw {} on a feed of {}", format(r.power), format(r.feed));
}

std::string common(const ShareReport& r) {
  const bool weighted = std::any_of(r.tenants.begin(), r.tenants.end(),
                                    [](const TenantReport& t) { return t.weight != 1.0; });
  return fmt::format("{}x of their own rates{} is what all max-min tenants reach{}",
                     significant(r.common_multiple), weighted ? " times their weights" : "",
                     r.left_over > 0 ? "; no split of what is left over raises it" : "");
}

}  // namespace

std::string share_table(const ShareReport& report, const TextStyle& style) {
  std::string out = heading(shown(report.name + " (" + report.machine + ")", 300), style) + "\n";
  out += fmt::format(" {} tenant{} on disjoint GPUs; the best deployment of each\n\n",
                     report.tenants.size(), report.tenants.size() == 1 ? "" : "s");
  Table table = tenant_table();
  for (const TenantReport& t : report.tenants) table.row(cells_of(t));
  out += table.str(style) + "\n";
  for (const TenantReport& t : report.tenants) out += labelled(shown(t.name), asked(t));
  out += "\n" + labelled("machine", totals(report));
  if (report.common_multiple > 0.0) out += labelled("common multiple", common(report));
  for (std::size_t i = 0; i < report.modelling.size(); ++i) {
    out += labelled(i == 0 ? "modelled as" : "", report.modelling[i]);
  }
  return out + labelled("next", "supernode plan " + file_name(style) + " --tenant " +
                                    shown(report.tenants.front().name) + " --explain");
}

}  // namespace sn::draw
