// sn/evidence/serving/scale_cases.cc
//
// Resolves the machine of a case and prices one step, or plays its clients.

#include "sn/evidence/serving/scale_cases.h"

#include <fmt/format.h>

#include <cmath>

#include "sn/base/document/document.h"
#include "sn/evidence/serving/serving_load.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::evidence {

namespace {

Result<std::string> no_files(const std::string& path) {
  return fail(Error{.code = ErrorCode::io, .message = fmt::format("no file '{}'", path)});
}

struct Load {
  CasePhase phase = CasePhase::decode;
  double amount = 0.0;  // prompt tokens, sequences, or clients
  double length = 0.0;  // of a prompt, or mean context
  double output = 0.0;  // of serving, as what follows
  double range = 1.0;
  double requests = 0.0;
};

llm::BatchShape shape_of(const Load& load) {
  if (load.phase == CasePhase::decode) {
    return {.decode_sequences = load.amount, .decode_context = load.amount * load.length};
  }
  const double prompts = load.amount / load.length;
  return {.prefill_tokens = load.amount,
          .prefill_pairs = prompts * 0.5 * load.length * load.length,
          .prefill_context = load.amount,
          .prefill_sequences = prompts};
}

/// The clients of a case of serving around its pools.
ServingPoint point_of(const std::string& name, const Load& load, const twin::Machine& machine,
                      const serving::ServingPlan& plan) {
  const auto measured = [](const serving::Pool& pool) {
    return MeasuredPool{.workers = pool.replicas, .parallel = pool.deployment.parallel};
  };
  ServingPoint p;
  p.name = name;
  p.system = machine.cluster.rack.chip.name;
  p.framework = machine.framework.name;
  p.precision = plan.decode.deployment.precision;
  p.disaggregated = plan.disaggregated();
  if (p.disaggregated) p.prefill = measured(plan.prefill);
  p.decode = measured(plan.decode);
  p.draft_tokens = plan.decode.deployment.draft_tokens;
  p.input = load.length;
  p.output = load.output;
  p.range = load.range;
  p.concurrency = load.amount;
  p.requests = load.requests;
  return p;
}

class CaseReader {
 public:
  CaseReader(const catalog::Catalog& catalog, const Node& entry, const Run& run, Errors& errors)
      : catalog_(catalog), reader_(entry, "case", errors), run_(run), errors_(errors) {}

  bool read(ScaleCase& out) {
    const std::size_t before = errors_.size();
    const auto text = [&](std::string_view key, std::string& into) {
      if (reader_.require(key) != nullptr) into = reader_.text(key).value_or("");
    };
    static_cast<void>(reader_.get("name"));  // the catalog puts it there
    std::string ignored;
    text("title", out.title);
    text("citation", out.citation);
    text("date", out.date);
    text("note", out.note);
    text("differs", out.differs);
    text("source", ignored);
    if (catalog_.sources().find(ignored) == nullptr) {
      reader_.report(ErrorCode::unknown_name, "unknown source '" + ignored + "'", nullptr);
    }
    const Load load = read_load();
    out.phase = load.phase;
    read_published(out);
    const Node* scenario = reader_.require("scenario");
    reader_.finish();
    const Node* pools = scenario == nullptr ? nullptr : scenario->find("deployments");
    if (pools == nullptr) {
      reader_.report(ErrorCode::missing, "a case has its pools in 'deployments'", scenario);
    }
    if (errors_.size() != before) return false;
    Node machine = *scenario;
    machine.erase("deployments");
    return predict(machine, *pools, load, out);
  }

 private:
  Load read_load() {
    Load out;
    const Node* node = reader_.require("load");
    if (node == nullptr) return out;
    MapReader r(*node, "load", errors_);
    const std::string phase =
        r.choice("phase", {"prefill", "decode", "serving"}).value_or("decode");
    const Range range{1.0, 1e7};
    if (phase == "serving") {
      out.phase = CasePhase::serving;
      out.amount = static_cast<double>(r.integer("concurrency", {1.0, 65536.0}).value_or(1));
      out.requests = static_cast<double>(r.integer("requests", {1.0, 1e6}).value_or(1));
      out.length = r.number("input", range).value_or(1.0);
      out.output = r.number("output", {2.0, 1e6}).value_or(2.0);
      out.range = r.number("range", {0.0, 1.0}).value_or(1.0);
    } else {
      const bool prefill = phase == "prefill";
      out.phase = prefill ? CasePhase::prefill : CasePhase::decode;
      out.amount = r.number(prefill ? "tokens" : "sequences", range).value_or(1.0);
      out.length = r.number(prefill ? "prompt" : "context", range).value_or(1.0);
    }
    r.finish();
    return out;
  }

  void read_published(ScaleCase& out) {
    const Node* node = reader_.require("published");
    if (node == nullptr) return;
    MapReader r(*node, "published", errors_);
    out.published = r.number("per_gpu", {1.0, 1e9}).value_or(1.0);
    if (out.phase == CasePhase::serving && r.require("tokens") != nullptr) {
      total_ = r.choice("tokens", {"output", "total"}).value_or("output") == "total";
    }
    r.finish();
  }

  bool predict(const Node& parts, const Node& pools, const Load& load, ScaleCase& out) {
    Errors warnings;  // of files, and there are none
    const Result<twin::Machine> machine =
        twin::resolve_machine(parts, catalog_, no_files, ".", warnings);
    if (!machine) {
      errors_.insert(errors_.end(), machine.error().begin(), machine.error().end());
      return false;
    }
    const std::optional<serving::ServingPlan> plan =
        twin::read_deployments(pools, *machine, errors_);
    if (!plan) return false;
    const bool serving = load.phase == CasePhase::serving;
    if (!serving && plan->disaggregated()) {
      reader_.report(ErrorCode::syntax, "a case of one phase has one pool in 'deployments'",
                     nullptr);
      return false;
    }
    out.chip = machine->cluster.rack.chip.name;
    return serving ? play(*machine, *plan, load, out) : price(*machine, *plan, load, out);
  }

  static bool price(const twin::Machine& machine, const serving::ServingPlan& plan,
                    const Load& load, ScaleCase& out) {
    const llm::Deployment& deployment = plan.decode.deployment;
    const llm::StepProgram program =
        compile(machine.model, deployment, machine.parts(), machine.conditions);
    const llm::StepTime step = llm::StepEvaluator(program).eval(shape_of(load));
    const bool prefill = load.phase == CasePhase::prefill;
    const double ranks = static_cast<double>(deployment.parallel.dp);
    const double gpus = static_cast<double>(deployment.parallel.gpus());
    const double time = prefill ? step.interval.si() : step.latency.si();
    const double tokens = load.amount * ranks * (prefill ? 1.0 : program.tokens_per_step());
    out.gpus = deployment.parallel.gpus();
    out.step = time;
    out.predicted = tokens / time / gpus;
    // Of one of two pools, as all of these ran.
    const llm::Uncertainty& u = machine.uncertainty;
    out.interval = llm::interval80(out.predicted, sigma_of_tpot(sigma_of(step.parts, u), u, true));
    return true;
  }

  bool play(const twin::Machine& machine, const serving::ServingPlan& plan, const Load& load,
            ScaleCase& out) {
    const ServingPoint point = point_of(out.name, load, machine, plan);
    const ServingPrediction p = evidence::predict(point, plan, machine, run_);
    if (run_.stopped()) return false;
    if (!p.why_not.empty()) {
      reader_.report(ErrorCode::infeasible, "the case cannot be played: " + p.why_not, nullptr);
      return false;
    }
    const auto share = static_cast<double>(point.decode.gpus()) / static_cast<double>(point.gpus());
    out.gpus = point.gpus();
    out.step = p.tpot;
    out.predicted = total_ ? p.total_per_gpu : p.output_per_gpu * share;
    out.interval = llm::interval80(out.predicted, p.sigma_tpot);
    return true;
  }

  const catalog::Catalog& catalog_;
  MapReader reader_;
  const Run& run_;
  Errors& errors_;
  bool total_ = false;  // published tokens of serving: both ways
};

}  // namespace

std::string_view to_string(CasePhase phase) {
  switch (phase) {
    case CasePhase::prefill:
      return "prefill";
    case CasePhase::decode:
      return "decode";
    case CasePhase::serving:
      break;
  }
  return "serving";
}

ScaleCases predict_scale_cases(const catalog::Catalog& catalog, const Run& run) {
  ScaleCases out;
  const catalog::CatalogKind& kind = *catalog::find_kind("case");
  for (const std::string& name : catalog.names(kind)) {
    if (run.stopped()) break;
    const Result<Node> entry = catalog.entry(kind, name);
    if (!entry) {
      out.errors.insert(out.errors.end(), entry.error().begin(), entry.error().end());
      continue;
    }
    ScaleCase c;
    c.name = name;
    if (CaseReader(catalog, *entry, run, out.errors).read(c)) out.cases.push_back(std::move(c));
  }
  return out;
}

}  // namespace sn::evidence
