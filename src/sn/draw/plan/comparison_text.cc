// sn/draw/plan/comparison_text.cc
//
// Several plans side by side (see plan_text.h).

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/result.h"
#include "sn/draw/plan/plan_text.h"
#include "sn/draw/plan/plan_text_parts.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

using planner::Candidate;
using planner::PlanReport;

using Subject = planner::PlanSubject;
using Field = std::string (*)(const Subject&);

std::string model(const Subject& s) { return s.model; }
std::string workload(const Subject& s) { return s.workload; }
std::string rate(const Subject& s) { return twin::to_string(s.rate); }
std::string slo(const Subject& s) { return serving::to_string(s.slo); }

bool is_common(const std::vector<PlanReport>& reports, Field field) {
  const std::string first = field(reports.front().subject);
  return std::all_of(reports.begin(), reports.end(),
                     [&](const PlanReport& r) { return field(r.subject) == first; });
}

/// `field` of all reports when they agree.
std::string common(const std::vector<PlanReport>& reports, Field field) {
  return is_common(reports, field) ? shown(field(reports.front().subject), 200)
                                   : "differs by scenario";
}

std::vector<std::string> cells_of(const PlanReport& report, double reference) {
  const std::string gpus = std::to_string(report.subject.gpus);
  if (report.candidates.empty()) return {report.subject.name, gpus, "does not fit"};
  const Candidate& c = report.candidates.front();
  const double rel = reference > 0.0 ? c.state.output_per_gpu / reference : 0.0;
  return {report.subject.name,
          gpus,
          pools_text(c),
          c.disaggregated ? pool_text(c.prefill) : "-",
          decode_text(c.decode),
          seconds_text(c.state.ttft.p90),
          milliseconds_text(c.state.tpot.p90),
          significant(c.state.output_per_gpu),
          report.meet > 0 && reference > 0.0 ? significant(rel) : "-",
          significant(c.state.per_user),
          significant(c.state.requests),
          significant(c.state.energy_per_token),
          report.meet > 0 ? "yes" : "no",
          std::string(to_string(c.evidence))};
}

}  // namespace

std::string comparison_table(const std::vector<PlanReport>& reports, const TextStyle& style) {
  if (reports.empty()) return {};
  bool alike = true;
  for (const Field field : {model, workload, rate, slo}) {
    alike = alike && is_common(reports, field);
  }
  std::string out =
      heading(fmt::format("{} scenarios      {}, {}    SLO  {}", reports.size(),
                          common(reports, workload), common(reports, rate), common(reports, slo)),
              style) +
      "\n the best deployment of each; " +
      (alike ? "rel: tok/s/GPU over the first that meets its SLO"
             : "not like for like, so no line is set against another") +
      "\n\n";
  Table table({{"scenario", Align::left},
               {"GPUs", Align::right},
               {"pools (GPUs)", Align::left},
               {"prefill", Align::left},
               {"decode", Align::left},
               {"TTFT p90", Align::right},
               {"TPOT p90", Align::right},
               {"tok/s/GPU", Align::right},
               {"rel", Align::right},
               {"tok/s/user", Align::right},
               {"req/s", Align::right},
               {"J/tok", Align::right},
               {"SLO", Align::left},
               {"evidence", Align::left}});
  const auto met = std::find_if(reports.begin(), reports.end(), [](const PlanReport& r) {
    return r.meet > 0 && !r.candidates.empty();
  });
  const double reference =
      !alike || met == reports.end() ? 0.0 : met->candidates.front().state.output_per_gpu;
  for (const PlanReport& report : reports) table.row(cells_of(report, reference));
  out += table.str(style);
  for (const PlanReport& report : reports) {
    const std::string miss = closest_miss(report);
    if (!miss.empty()) {
      out += " " + wrapped(report.subject.name + " meets no SLO: " + miss, 1, 118) + "\n";
    }
  }
  return out + "\n next             supernode plan " + file_name(style) + " --explain\n";
}

}  // namespace sn::draw
