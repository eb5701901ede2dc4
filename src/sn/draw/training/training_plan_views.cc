// sn/draw/training/training_plan_views.cc
//
// Parallelisations of a training job as text and JSON (see training_plan_views.h).

#include "sn/draw/training/training_plan_views.h"

#include <fmt/format.h>

#include "sn/base/report/report_json.h"

namespace sn::draw {

namespace {

using api::TrainingCandidate;
using api::TrainingPlanReport;

std::string share(double s) { return fixed(100.0 * s, 1) + " %"; }
std::string gib(Bytes b) { return fixed(b.si() / 1073741824.0, 1) + " GiB"; }

std::string ranking(const TrainingPlanReport& r, const TextStyle& style) {
  Table table({{"", Align::right},
               {"parallelisation", Align::left},
               {"step"},
               {"MFU"},
               {"tok/s/GPU"},
               {"memory"},
               {"bubble"},
               {"days"},
               {"M$"},
               {"MWh"}});
  for (const TrainingCandidate& c : r.candidates) {
    table.row({std::to_string(c.rank), c.deployment, significant(c.time.total) + " s",
               share(c.time.mfu), significant(c.time.tokens_per_s / static_cast<double>(r.gpus), 4),
               gib(c.memory.total()), share(c.time.bubble / c.time.total), significant(c.days),
               c.usd > 0.0 ? significant(c.usd / 1e6) : "-",
               c.mwh > 0.0 ? significant(c.mwh) : "-"});
  }
  return table.str(style);
}

std::string step_bill(const TrainingCandidate& c, const TextStyle& style) {
  const training::StepTime& t = c.time;
  Table table({{"where the step goes", Align::left}, {"seconds"}, {"share"}});
  const auto row = [&](const std::string& name, double s) {
    if (s != 0.0) table.row({name, significant(s), share(s / t.total)});
  };
  row("compute", t.compute);
  row("recomputation", t.recompute);
  row("tensor-parallel traffic that shows", t.tensor);
  row("exchange of experts that shows", t.exchange);
  row("context-parallel traffic that shows", t.context);
  row("sends between stages", t.sends);
  row("pipeline bubble", t.bubble);
  row("gradients and weights that show", t.data);
  row("optimiser", t.optimizer);
  row("overhead", t.overhead);
  table.rule();
  row("step", t.total);
  return table.str(style);
}

std::string memory_bill(const TrainingPlanReport& r, const TrainingCandidate& c,
                        const TextStyle& style) {
  Table table({{"memory of the fullest stage", Align::left}, {"a GPU"}});
  table.row({"weights", gib(c.memory.weights)});
  table.row({"gradients", gib(c.memory.gradients)});
  table.row({"states of the optimiser", gib(c.memory.states)});
  table.row({"activations", gib(c.memory.activations)});
  table.row({"logits", gib(c.memory.logits)});
  table.row({"workspace", gib(c.memory.workspace)});
  table.rule();
  table.row({"together, of " + gib(Bytes::from_si(r.usable)), gib(c.memory.total())});
  return table.str(style);
}

std::string goodput_text(const TrainingPlanReport& r) {
  const training::Goodput& g = r.goodput;
  if (r.mean_failure <= 0.0) return "Goodput: the rack has no failure rates in the catalog.\n";
  return wrapped(fmt::format("Goodput {}: an interruption every {} h; {} checkpoints every {} min "
                             "(Daly: {} min) stop training for {} s each, storage takes {} s; {} "
                             "of the time waits for hosts.",
                             share(g.goodput), significant(r.mean_failure / 3600.0), r.checkpoint,
                             significant(g.interval / 60.0), significant(g.daly / 60.0),
                             significant(g.save), significant(g.write), share(g.waiting)),
                 2) +
         "\n";
}

}  // namespace

std::string training_plan_text(const TrainingPlanReport& r, const TextStyle& style, bool explain) {
  std::string out = heading(r.name, style) + "\n\n";
  out += wrapped(fmt::format("{}: {} parameters, {} tokens in {} steps of {} sequences of {}, "
                             "products in {}, on {} GPUs of {}.",
                             r.model, significant(r.parameters), significant(r.tokens),
                             significant(r.steps), r.batch, r.sequence, r.math, r.gpus, r.rack),
                 2) +
         "\n\n";
  out += ranking(r, style);
  out += "\n" +
         wrapped(fmt::format("{} parallelisations: {} do not divide, {} do not fit, {} recompute "
                             "more than they have to, {} priced. No step is shorter than {} s.",
                             r.considered, r.impossible, r.too_large, r.left_out, r.priced,
                             significant(r.bound)),
                 2) +
         "\n";
  out += goodput_text(r);
  if (explain && !r.candidates.empty()) {
    out += "\n" + step_bill(r.candidates.front(), style);
    out += "\n" + memory_bill(r, r.candidates.front(), style);
  }
  if (r.interrupted) out += "\nStopped: the best of what was priced by then.\n";
  return out;
}

std::string training_plan_json(const TrainingPlanReport& r) { return report_json(r); }

}  // namespace sn::draw
