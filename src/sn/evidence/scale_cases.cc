// sn/evidence/scale_cases.cc
//
// Resolves the scenario of a case and prices one step.

#include "sn/evidence/scale_cases.h"

#include <fmt/format.h>

#include <cmath>

#include "sn/base/document.h"
#include "sn/twin/scenario.h"

namespace sn::evidence {

namespace {

Result<std::string> no_files(const std::string& path) {
  return fail(Error{.code = ErrorCode::io, .message = fmt::format("no file '{}'", path)});
}

struct Load {
  bool prefill = false;
  double amount = 0.0;  // prompt tokens, or sequences
  double length = 0.0;  // of a prompt, or mean context
};

llm::BatchShape shape_of(const Load& load) {
  if (!load.prefill) {
    return {.decode_sequences = load.amount, .decode_context = load.amount * load.length};
  }
  const double prompts = load.amount / load.length;
  return {.prefill_tokens = load.amount,
          .prefill_pairs = prompts * 0.5 * load.length * load.length,
          .prefill_context = load.amount,
          .prefill_sequences = prompts};
}

/// The entry's scenario with what a scenario needs and a case does not read.
Node scenario_of(const Node& entry) {
  Node out = entry;
  out.set("supernode", Node::scalar("1"));
  const auto rest = parse_document(
      "case", "{workload: {preset: mooncake-conversation}, slo: {tpot: {mean: 1 s}}}");
  SN_ASSERT(rest.has_value());
  for (const Node::Member& m : rest->members()) out.set(m.key, m.value);
  return out;
}

class CaseReader {
 public:
  CaseReader(const hw::Catalog& catalog, const Node& entry, Errors& errors)
      : catalog_(catalog), reader_(entry, "case", errors), errors_(errors) {}

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
    out.prefill = load.prefill;
    if (const Node* node = reader_.require("published")) {
      MapReader r(*node, "published", errors_);
      out.published = r.number("per_gpu", {1.0, 1e9}).value_or(1.0);
      r.finish();
    }
    const Node* scenario = reader_.require("scenario");
    reader_.finish();
    if (errors_.size() != before) return false;
    return predict(scenario_of(*scenario), load, out);
  }

 private:
  Load read_load() {
    Load out;
    const Node* node = reader_.require("load");
    if (node == nullptr) return out;
    MapReader r(*node, "load", errors_);
    out.prefill = r.choice("phase", {"prefill", "decode"}).value_or("decode") == "prefill";
    const Range range{1.0, 1e7};
    out.amount = r.number(out.prefill ? "tokens" : "sequences", range).value_or(1.0);
    out.length = r.number(out.prefill ? "prompt" : "context", range).value_or(1.0);
    r.finish();
    return out;
  }

  bool predict(const Node& scenario, const Load& load, ScaleCase& out) {
    const Result<twin::World> world = twin::resolve(scenario, catalog_, no_files, ".");
    if (!world) {
      errors_.insert(errors_.end(), world.error().begin(), world.error().end());
      return false;
    }
    if (world->search.fixed.size() != 1) {
      reader_.report(ErrorCode::syntax, "a case has one pool in 'deployments'", nullptr);
      return false;
    }
    const llm::Deployment& deployment = world->search.fixed.front().decode.deployment;
    const llm::StepProgram program =
        compile(world->model, deployment, world->inputs().machine, world->conditions);
    const llm::StepTime step = llm::StepEvaluator(program).eval(shape_of(load));
    const double ranks = static_cast<double>(deployment.parallel.dp);
    const double gpus = static_cast<double>(deployment.parallel.gpus());
    const double time = load.prefill ? step.interval.si() : step.latency.si();
    const double tokens = load.amount * ranks * (load.prefill ? 1.0 : program.tokens_per_step());
    out.chip = world->cluster.rack.chip.name;
    out.gpus = deployment.parallel.gpus();
    out.step = time;
    out.parts = step.parts;
    out.predicted = tokens / time / gpus;
    out.interval = llm::interval80(out.predicted, sigma_of(step.parts, world->uncertainty));
    return true;
  }

  const hw::Catalog& catalog_;
  MapReader reader_;
  Errors& errors_;
};

}  // namespace

ScaleCases predict_scale_cases(const hw::Catalog& catalog) {
  ScaleCases out;
  const hw::CatalogKind& kind = *hw::find_kind("case");
  for (const std::string& name : catalog.names(kind)) {
    const Result<Node> entry = catalog.entry(kind, name);
    if (!entry) {
      out.errors.insert(out.errors.end(), entry.error().begin(), entry.error().end());
      continue;
    }
    ScaleCase c;
    c.name = name;
    if (CaseReader(catalog, *entry, out.errors).read(c)) out.cases.push_back(std::move(c));
  }
  return out;
}

}  // namespace sn::evidence
