// apps/cli/plan_training.cc
//
// Opens a training scenario, asks once, chooses a view (see plan_training.h).

#include "apps/cli/plan_training.h"

#include "apps/cli/cli.h"
#include "sn/draw/training/training_plan_views.h"

namespace sn::cli {

int plan_training(const TrainingAsk& ask, const Outputs& outputs, const catalog::Catalog& catalog,
                  const Run& run) {
  const std::string verb = "supernode plan";
  const auto world = api::open_training(ask.scenario, catalog, run);
  if (!world) return refuse(verb, world.error());
  warn(world->warnings);
  if (!ask.tool.empty()) {
    const auto text = api::export_training(*world, ask.tool, ask.rank, run);
    return text ? print(*text) : refuse(verb, text.error());
  }
  const auto report = api::plan_training(*world, ask.top, run);
  if (!report) return refuse(verb, report.error());
  return outputs.write(
      {{"--json", [&] { return draw::training_plan_json(*report); }}},
      [&] { return draw::training_plan_text(*report, text_style(ask.source), ask.explain); },
      code_of(run.stopped(), exit_done));
}

}  // namespace sn::cli
