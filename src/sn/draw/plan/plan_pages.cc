// sn/draw/plan/plan_pages.cc
//
// CSV, page and comparison chart of plans (see plan_pages.h).

#include "sn/draw/plan/plan_pages.h"

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/result.h"
#include "sn/draw/kit/chart.h"
#include "sn/draw/kit/html_page.h"
#include "sn/draw/kit/sheet.h"
#include "sn/draw/kit/table.h"
#include "sn/draw/plan/choice_views.h"
#include "sn/draw/plan/pareto_svg.h"
#include "sn/draw/plan/plan_text_parts.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

using planner::Candidate;
using planner::PlanReport;

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string csv_line(const PlanReport& r, const Candidate& c) {
  const std::int64_t chunk = c.disaggregated ? c.prefill.chunk : c.decode.chunk;
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n",
                     csv_cell(r.subject.name), c.rank, c.meets_slo ? 1 : 0, c.prefill.gpus,
                     c.decode.gpus, csv_cell(pool_text(c.prefill)), chunk,
                     csv_cell(decode_text(c.decode)), precision_text(c.decode), c.multiple,
                     c.state.requests, c.state.ttft.p90.si(), c.state.tpot.p90.si(),
                     c.state.output_per_gpu, c.state.per_user, c.state.energy_per_token,
                     csv_cell(c.limit), c.played, csv_cell(std::string(to_string(c.evidence))));
}

std::string ranked_rows(const PlanReport& r) {
  Table table(4, {"#", "pools (GPUs)", "prefill", "decode", "chunk", "TTFT p90", "TPOT p90",
                  "tok/s/GPU", "tok/s/user", "J/tok, chips only", "played", "limit", "evidence"});
  for (const Candidate& c : r.candidates) {
    const std::int64_t chunk = c.disaggregated ? c.prefill.chunk : c.decode.chunk;
    table.row({std::to_string(c.rank), pools_text(c), c.disaggregated ? pool_text(c.prefill) : "-",
               decode_text(c.decode), chunk > 0 ? std::to_string(chunk) : "-",
               seconds_text(c.state.ttft.p90), milliseconds_text(c.state.tpot.p90),
               significant(c.state.output_per_gpu), significant(c.state.per_user),
               significant(c.state.energy_per_token),
               c.played > 0 ? std::to_string(c.played) : "screened", c.limit,
               std::string(to_string(c.evidence))},
              html_mark(true, c.meets_slo));
  }
  return table.html();
}

const Candidate* best_of(const PlanReport& r) {
  return r.meet > 0 && !r.candidates.empty() ? &r.candidates.front() : nullptr;
}

}  // namespace

std::string plan_csv(const std::vector<PlanReport>& reports) {
  std::string out =
      "scenario,rank,meets_slo,prefill_gpus,decode_gpus,prefill,chunk_tokens,decode,precision,"
      "multiple,requests_per_s,ttft_p90_s,tpot_p90_s,output_tokens_per_s_per_gpu,"
      "tokens_per_s_per_user,chips_j_per_token,limit,requests_played,evidence\n";
  for (const PlanReport& r : reports) {
    for (const Candidate& c : r.candidates) out += csv_line(r, c);
  }
  return out;
}

std::string plan_html(const PlanReport& r) {
  const planner::PlanSubject& s = r.subject;
  const Candidate* best = best_of(r);
  std::string out = html_title_block(
      shown(s.name, 200), shown(s.model + " on " + s.machine, 300),
      {{"SLO", serving::to_string(s.slo)},
       {"LOAD", shown(s.workload + ", " + twin::to_string(s.rate), 200)},
       {"BEST", best == nullptr ? "no deployment meets the SLO"
                                : significant(best->state.output_per_gpu) + " tok/s per GPU"}});
  out += "<h2>Deployments</h2>\n" + ranked_rows(r);
  out += fmt::format("<p>{} considered, {} fit, {} meet the SLO. {}</p>\n", r.considered, r.fit,
                     r.meet,
                     r.screened ? "Closed forms alone: none was played on the engine."
                                : "Figures are the engine's where a row has requests played.");
  out += "<h2>Chart</h2>\n" + html_drawing(r.tradeoff ? tradeoff_svg(r) : pareto_svg(r));
  return html_page("Supernode: " + shown(s.name, 200), out);
}

std::string comparison_svg(const std::vector<PlanReport>& reports) {
  constexpr double width = 1190.0;
  constexpr double head = 110.0;
  constexpr double row = 40.0;
  constexpr double foot = 130.0;
  double most = 0.0;
  for (const PlanReport& r : reports) {
    const Candidate* best = best_of(r);
    if (best != nullptr) most = std::max(most, best->intervals.output_per_gpu.high);
    if (best != nullptr) most = std::max(most, best->state.output_per_gpu);
  }
  Sheet sheet(
      width, head + row * static_cast<double>(reports.size()) + foot,
      {.drawing = "SCENARIOS COMPARED",
       .number = "SN-C1",
       .subject = fmt::format("{} scenarios", reports.size()),
       .scale = "FROM ZERO"},
      fmt::format("Output tokens per second and GPU of the best deployment of {} scenarios.",
                  reports.size()));
  const double left = sheet.area().left + 320.0;
  const double right = sheet.area().right - 150.0;
  const Scale scale = Scale::linear(axis_for(most > 0.0 ? most : 1.0, 8), left, right);
  const auto x = [&](double v) { return scale.at(v); };
  sheet.text({sheet.area().left + 26.0, 66.0}, "OUTPUT TOKENS / S PER GPU, BEST DEPLOYMENT OF EACH",
             {.size = 17.0, .spacing = 2.0, .bold = true});
  const double bottom = head + row * static_cast<double>(reports.size());
  if (most > 0.0) {
    draw_x_axis(sheet, {left, head - 8.0, right, bottom}, scale, {.size = 9.0, .gap = 14.0},
                [](double v) { return significant(v); });
  }
  double y = head;
  for (const PlanReport& r : reports) {
    const Lettering name{.size = 11.0, .bold = true};
    const Lettering body{.size = 9.0};
    sheet.begin_group(r.subject.name);
    sheet.text({sheet.area().left + 26.0, y + 14.0}, fitted(r.subject.name, 280.0, name), name);
    const Candidate* best = best_of(r);
    sheet.text({sheet.area().left + 26.0, y + 27.0},
               fitted(best == nullptr ? "no deployment meets the SLO"
                                      : pools_text(*best) + ": " + decode_text(best->decode),
                      280.0, body),
               body);
    if (best != nullptr) {
      const double end = x(best->state.output_per_gpu);
      sheet.hatched({{left, y + 6.0}, {end, y + 6.0}, {end, y + 24.0}, {left, y + 24.0}},
                    Hatch::sparse);
      sheet.line({end, y + 4.0}, {end, y + 26.0}, {Pen::heavy, colour::teal});
      const llm::Interval& i = best->intervals.output_per_gpu;
      if (i.high > i.low) {
        sheet.line({x(i.low), y + 15.0}, {x(i.high), y + 15.0}, {Pen::fine, colour::orange});
      }
      sheet.text({right + 14.0, y + 19.0}, significant(best->state.output_per_gpu), name);
    }
    sheet.end_group();
    y += row;
  }
  sheet.text({sheet.area().left + 26.0, bottom + 34.0},
             "bar: the figure of the table; line through its end: where it lies with 80 %",
             {.size = 10.0});
  return std::move(sheet).svg();
}

}  // namespace sn::draw
