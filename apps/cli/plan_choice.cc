// apps/cli/plan_choice.cc
//
// --filter, --pareto and --why-not of `supernode plan` (see plan_choice.h).

#include "apps/cli/plan_choice.h"

#include <CLI/CLI.hpp>

#include "sn/draw/plan/choice_views.h"
#include "sn/planner/metric.h"
#include "sn/planner/why_not.h"

namespace sn::cli {

void describe_choice(CLI::App& app, Choice& c) {
  app.add_option("--filter", c.filters,
                 "only deployments with this, as in decode.tp<=4, ttft.p90<1.5 s, "
                 "pools=aggregated; several flags combine")
      ->type_name("CONDITION")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--pareto", c.pair,
                 "trade these two metrics off over plans and loads, as in J/tok,tok/s/GPU")
      ->type_name("X,Y");
  app.add_option("--why-not", c.why_not,
                 "what rules this deployment out, or what it loses to the best, by how much")
      ->type_name("DEPLOYMENT");
}

void check_choice(const std::string& verb, const Choice& c, bool single,
                  planner::PlanOptions& options, Errors& errors) {
  if (c.any() && !single) {
    errors.push_back(flag_error(verb, "--filter, --pareto and --why-not look at one plan",
                                "leave out --vary and other scenarios"));
  }
  if (!c.why_not.empty() && (!c.pair.empty() || !c.filters.empty())) {
    errors.push_back(flag_error(verb, "--why-not compares with the best of all deployments",
                                "leave out --filter and --pareto"));
  }
  if (!c.filters.empty()) {
    const Result<std::vector<planner::Condition>> filters = planner::parse_filters(c.filters);
    if (filters) options.filters = *filters;
    if (!filters) errors.insert(errors.end(), filters.error().begin(), filters.error().end());
  }
  if (c.pair.empty()) return;
  const Result<planner::MetricPair> pair = planner::parse_pair(c.pair);
  if (pair) options.pair = *pair;
  if (!pair) errors.insert(errors.end(), pair.error().begin(), pair.error().end());
}

int answer_why_not(const twin::World& world, const planner::PlanReport& report,
                   const std::string& deployment, const std::string& json) {
  const Result<serving::ServingPlan> plan = planner::parse_deployment(world, deployment);
  if (!plan) return refuse(plan.error());
  const planner::WhyNotReport answer = planner::why_not(world, *plan, report);
  if (json == "-") return print(draw::why_not_json(answer));
  const int code = print(draw::why_not_text(answer, text_style({})));
  return json.empty() ? code : std::max(code, write_output(json, draw::why_not_json(answer)));
}

}  // namespace sn::cli
