// sn/api/describe_training_plan.cc
//
// What the report of `plan` holds for training, field by field (see training.h).

#include "sn/api/training.h"
#include "sn/base/report/describe_error.h"

namespace sn::api {

namespace {

void describe_plan(ReportVisitor& v, const training::Plan& p) {
  v.begin_object("plan", "degrees");
  v.count("tp", "", static_cast<std::size_t>(p.tp));
  v.count("cp", "", static_cast<std::size_t>(p.cp));
  v.count("ep", "", static_cast<std::size_t>(p.ep));
  v.count("pp", "", static_cast<std::size_t>(p.pp));
  v.count("dp", "", static_cast<std::size_t>(p.dp));
  v.count("chunks", "of layers a stage", static_cast<std::size_t>(p.chunks));
  v.count("micro_batch", "sequences", static_cast<std::size_t>(p.micro_batch));
  v.count("zero", "", static_cast<std::size_t>(p.zero));
  v.text("schedule", "", std::string(to_string(p.schedule)));
  v.text("recompute", "", std::string(to_string(p.recompute)));
  v.end_object();
}

void describe_time(ReportVisitor& v, const training::StepTime& t) {
  v.begin_object("step", "seconds of the fullest stage; the parts add up to `total`");
  v.number("compute", "", t.compute);
  v.number("recompute", "", t.recompute);
  v.number("tensor", "communication that shows, of tensor ranks", t.tensor);
  v.number("exchange", "of experts", t.exchange);
  v.number("context", "of context ranks", t.context);
  v.number("sends", "between stages", t.sends);
  v.number("bubble", "", t.bubble);
  v.number("data", "of data ranks", t.data);
  v.number("optimizer", "", t.optimizer);
  v.number("overhead", "", t.overhead);
  v.number("total", "", t.total);
  v.end_object();
}

void describe_memory(ReportVisitor& v, const training::Memory& m) {
  v.begin_object("memory", "bytes of a GPU of the fullest stage");
  v.number("weights", "", m.weights.si());
  v.number("gradients", "", m.gradients.si());
  v.number("states", "of the optimiser", m.states.si());
  v.number("activations", "", m.activations.si());
  v.number("logits", "", m.logits.si());
  v.number("workspace", "", m.workspace.si());
  v.number("total", "", m.total().si());
  v.end_object();
}

}  // namespace

void describe(ReportVisitor& v, const TrainingCandidate& c) {
  v.type("TrainingCandidate", "A parallelisation with what it takes and costs.");
  v.count("rank", "", static_cast<std::size_t>(c.rank));
  v.text("deployment", "", c.deployment);
  describe_plan(v, c.plan);
  describe_time(v, c.time);
  v.number("mfu", "FLOPs of the model over the peak of its arithmetic", c.time.mfu);
  v.number("tokens_per_s", "", c.time.tokens_per_s);
  describe_memory(v, c.memory);
  v.number("days", "of the whole job, disturbances included", c.days);
  v.optional("usd", "of the whole job; null: the chip has no price", c.usd > 0.0, c.usd);
  v.optional("mwh", "PUE included; null: the rack has no plant", c.mwh > 0.0, c.mwh);
}

void describe(ReportVisitor& v, const TrainingPlanReport& r) {
  v.type("TrainingPlan", "Parallelisations of a training job on a machine.");
  v.text("name", "", r.name);
  v.text("model", "", r.model);
  v.text("rack", "", r.rack);
  v.count("gpus", "", static_cast<std::size_t>(r.gpus));
  v.number("tokens", "", r.tokens);
  v.count("sequence", "tokens", static_cast<std::size_t>(r.sequence));
  v.count("batch", "sequences", static_cast<std::size_t>(r.batch));
  v.number("steps", "", r.steps);
  v.text("math", "of products", r.math);
  v.number("parameters", "", r.parameters);
  v.number("usable_bytes", "of a chip", r.usable);
  v.number("bound_s", "that no step beats", r.bound);
  v.list("candidates", "fastest first", r.candidates);
  v.count("considered", "parallelisations", r.considered);
  v.count("impossible", "batch, heads, layers do not divide", r.impossible);
  v.count("too_large", "memory", r.too_large);
  v.count("left_out", "heavier recomputation where a lighter fits", r.left_out);
  v.count("priced", "", r.priced);
  v.begin_object("goodput", "of the whole run");
  v.text("checkpoint", "kind", r.checkpoint);
  v.optional("mean_failure_s", "null: not known", r.mean_failure > 0.0, r.mean_failure);
  v.number("save_s", "that training stops for a checkpoint", r.goodput.save);
  v.number("write_s", "until storage has it", r.goodput.write);
  v.number("interval_s", "", r.goodput.interval);
  v.number("daly_s", "Daly's estimate of the best", r.goodput.daly);
  v.number("useful", "share of time, checkpoints and failures", r.goodput.useful);
  v.number("waiting", "share of time without enough hosts", r.goodput.waiting);
  v.number("goodput", "share of the time of undisturbed steps", r.goodput.goodput);
  v.end_object();
  v.list("warnings", "", r.warnings);
  v.flag("interrupted", "", r.interrupted);
}

}  // namespace sn::api
