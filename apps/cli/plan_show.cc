// apps/cli/plan_show.cc
//
// See the header.

#include "apps/cli/plan_show.h"

#include <algorithm>

#include "sn/draw/plan/choice_views.h"
#include "sn/draw/plan/pareto_svg.h"
#include "sn/draw/plan/plan_json.h"
#include "sn/draw/plan/plan_pages.h"
#include "sn/draw/plan/plan_text.h"
#include "sn/draw/plan/share_views.h"
#include "sn/draw/plan/vary_views.h"

namespace sn::cli {

namespace {

std::string plans_text(const std::vector<planner::PlanReport>& reports, const PlanView& view) {
  const draw::TextStyle style = text_style(view.source);
  const bool several = reports.size() > 1;
  std::string text;
  if (several) text = draw::comparison_table(reports, style);
  for (const planner::PlanReport& report : reports) {
    if (several && !view.explain) break;
    text += (several ? "\n" : "") +
            (view.explain ? draw::explain_text(report, style) : draw::plan_table(report, style));
  }
  return text;
}

}  // namespace

int show_plans(const std::vector<planner::PlanReport>& reports, const PlanView& view,
               const Outputs& outputs, int code) {
  const planner::PlanReport& first = reports.front();
  return outputs.write(
      {{"--json",
        [&] { return reports.size() > 1 ? draw::plans_json(reports) : draw::plan_json(first); }},
       {"--csv", [&] { return draw::plan_csv(reports); }},
       {"--html", [&] { return draw::plan_html(first); }},
       {"--svg",
        [&] {
          return reports.size() > 1 ? draw::comparison_svg(reports)
                 : first.tradeoff   ? draw::tradeoff_svg(first)
                                    : draw::pareto_svg(first);
        }}},
      [&] { return plans_text(reports, view); }, code_of(reports.back().interrupted, code));
}

int show_share(const planner::ShareReport& report, const PlanView& view, const Outputs& outputs) {
  return outputs.write(
      {{"--json", [&] { return draw::share_json(report); }}},
      [&] { return draw::share_table(report, text_style(view.source)); },
      code_of(report.interrupted));
}

int show_vary(const planner::VaryReport& report, const PlanView& view, const Outputs& outputs) {
  const bool any = std::any_of(report.points.begin(), report.points.end(),
                               [](const planner::VaryPoint& p) { return p.best.has_value(); });
  return outputs.write(
      {{"--json", [&] { return draw::vary_json(report); }},
       {"--svg", [&] { return draw::vary_svg(report); }}},
      [&] { return draw::vary_table(report, text_style(view.source)); },
      code_of(report.interrupted, any ? exit_done : exit_mistake));
}

int show_why_not(const planner::WhyNotReport& report, const Outputs& outputs) {
  return outputs.write(
      {{"--json", [&] { return draw::why_not_json(report); }}},
      [&] { return draw::why_not_text(report, text_style({})); }, code_of(report.interrupted));
}

}  // namespace sn::cli
