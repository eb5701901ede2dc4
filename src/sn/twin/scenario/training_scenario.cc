// sn/twin/scenario/training_scenario.cc
//
// Reads a training scenario (see training_scenario.h).

#include "sn/twin/scenario/training_scenario.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "sn/twin/scenario/facility_part.h"
#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

namespace {

using training::Math;

/// A count with a suffix, and the word after it: "16M tokens".
struct Amount {
  double value = 0.0;
  double millions = 1.0;  // powers of a thousand in the suffix
  std::string unit;
};

std::optional<Amount> parse_amount(const std::string& text) {
  Amount out;
  const char* end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, out.value);
  if (error != std::errc{} || !(out.value > 0.0)) return std::nullopt;
  const char* at = next;
  while (at != end && *at == ' ') ++at;
  int power = 0;
  const auto suffix = [&](char c, int p) {
    // Of a word only where it stands alone.
    if (at != end && *at == c && (at + 1 == end || at[1] == ' ')) {
      power = p;
      ++at;
    }
  };
  suffix('k', 1);
  suffix('M', 2);
  suffix('B', 3);
  suffix('G', 3);
  suffix('T', 4);
  out.millions = power;
  out.value *= std::pow(1000.0, power);
  while (at != end && *at == ' ') ++at;
  out.unit.assign(at, end);
  return out;
}

std::optional<Amount> read_amount(MapReader& r, std::string_view key, const std::string& example,
                                  const std::vector<std::string>& units) {
  const Node* node = r.require(key);
  if (node == nullptr) return std::nullopt;
  const std::optional<Amount> a = node->is_scalar() ? parse_amount(node->text()) : std::nullopt;
  bool known = a.has_value() && a->unit.empty();
  for (const std::string& unit : units) known |= a.has_value() && a->unit == unit;
  if (known && a->value <= 1e18) return a;
  r.report(ErrorCode::range, "'workload.training." + std::string(key) + "' is no count", node,
           "write " + example);
  return std::nullopt;
}

void read_batch(MapReader& r, TrainingWorld& out) {
  const auto a =
      read_amount(r, "global_batch", "16M tokens, or 2048 sequences", {"tokens", "sequences"});
  if (!a || out.job.sequence == 0) return;
  const Node* node = r.get("global_batch");
  const auto sequence = static_cast<double>(out.job.sequence);
  double sequences = a->unit == "sequences" ? a->value : a->value / sequence;
  if (sequences != std::floor(sequences) && a->unit != "sequences") {
    const double binary = a->value * std::pow(1.024, a->millions) / sequence;
    if (binary == std::floor(binary)) {
      out.warnings.push_back(
          {.code = ErrorCode::range,
           .message = fmt::format("{} are {:.1f} sequences of {}; taken as {:.0f}, in binary "
                                  "millions",
                                  shown(node->text(), 40), sequences, out.job.sequence, binary),
           .where = node->where(),
           .hint = fmt::format("global_batch: {:.0f} sequences", binary)});
      sequences = binary;
    }
  }
  if (sequences < 1.0 || sequences > 1e7 || sequences != std::floor(sequences)) {
    r.report(ErrorCode::infeasible,
             fmt::format("a batch of {} is {:.2f} sequences of {}", shown(node->text(), 40),
                         sequences, out.job.sequence),
             node,
             fmt::format("global_batch: {:.0f} sequences", std::max(1.0, std::round(sequences))));
    return;
  }
  out.job.batch = static_cast<std::int64_t>(sequences);
}

Math narrowest(const hw::Chip& chip) {
  if (chip.peak.fp8.si() > 0.0) return Math::fp8;
  return Math::bf16;
}

void read_recipe(MapReader& r, TrainingWorld& out) {
  const hw::Chip& chip = out.machine.cluster.rack.chip;
  const std::string fallback(to_string(narrowest(chip)));
  const std::string math = r.choice("math", {"bf16", "fp8", "fp4"}).value_or(fallback);
  const Math m = math == "fp4" ? Math::fp4 : math == "fp8" ? Math::fp8 : Math::bf16;
  if ((m == Math::fp4 && !(chip.peak.fp4.si() > 0.0)) ||
      (m == Math::fp8 && !(chip.peak.fp8.si() > 0.0))) {
    r.report(ErrorCode::infeasible, chip.name + " has no " + math + " products", r.get("math"),
             "math: " + fallback);
  }
  out.job.recipe = recipe_of(training::Stack::megatron_core, m, out.machine.model.is_moe(), chip);
  if (r.choice("optimizer", {"adam", "muon"}).value_or("adam") == "muon") {
    out.job.recipe.optimizer = training::Optimizer::muon;
    out.job.recipe.state_bytes = 8.0;  // one moment
  }
}

void read_checkpoint(MapReader& owner, TrainingWorld& out, Errors& errors) {
  const Node* node = owner.get("checkpoint");
  if (node == nullptr) return;
  MapReader r(*node, "workload.training.checkpoint", errors);
  const std::string kind =
      r.choice("kind", {"synchronous", "asynchronous", "in-memory"}).value_or("asynchronous");
  if (kind == "synchronous") out.checkpoint.kind = training::Checkpoint::synchronous;
  if (kind == "in-memory") out.checkpoint.kind = training::Checkpoint::in_memory;
  out.checkpoint.interval =
      r.quantity<Time>("interval", Time::from_si(1.0), Time::from_si(1e7)).value_or(Time{});
  out.checkpoint.storage =
      r.quantity<Bandwidth>("storage", Bandwidth::from_si(1e6), Bandwidth::from_si(1e15))
          .value_or(Bandwidth{});
  r.finish();
}

void read_plan(MapReader& owner, TrainingWorld& out, Errors& errors) {
  const Node* node = owner.get("plan");
  if (node == nullptr) return;
  MapReader r(*node, "workload.training.plan", errors);
  const Range size{1.0, 65536.0};
  training::Plan p;
  p.tp = r.integer("tp", size).value_or(1);
  p.cp = r.integer("cp", size).value_or(1);
  p.ep = r.integer("ep", size).value_or(1);
  p.pp = r.integer("pp", size).value_or(1);
  p.dp = r.integer("dp", size)
             .value_or(std::max<std::int64_t>(
                 1, out.machine.gpus() / std::max<std::int64_t>(1, p.gpus())));
  p.chunks = r.integer("chunks", size).value_or(1);
  p.micro_batch = r.integer("micro_batch", size).value_or(1);
  p.zero = static_cast<int>(r.integer("zero", {0.0, 3.0}).value_or(1));
  const std::string schedule =
      r.choice("schedule", {"1f1b", "interleaved", "zero-bubble", "dualpipe"})
          .value_or(p.chunks > 1 ? "interleaved" : "1f1b");
  if (schedule == "interleaved") p.schedule = training::Schedule::interleaved;
  if (schedule == "zero-bubble") p.schedule = training::Schedule::zero_bubble;
  if (schedule == "dualpipe") p.schedule = training::Schedule::dual_pipe;
  const std::string again = r.choice("recompute", {"none", "selective", "full"}).value_or("none");
  if (again == "selective") p.recompute = training::Recompute::selective;
  if (again == "full") p.recompute = training::Recompute::full;
  r.finish();
  if (p.gpus() > out.machine.gpus()) {
    r.report(
        ErrorCode::infeasible,
        fmt::format("the plan takes {} GPUs; the cluster has {}", p.gpus(), out.machine.gpus()),
        node);
  } else if (out.job.batch > 0) {
    const std::string why = why_not(out.job, p, out.machine.cluster.rack.scale_up.domain);
    if (!why.empty()) r.report(ErrorCode::infeasible, "the plan cannot be: " + why, node);
  }
  out.plan = p;
}

void read_training(MapReader& root, TrainingWorld& out, Errors& errors) {
  const Node* node = root.require("workload");
  if (node == nullptr) return;
  MapReader w(*node, "workload", errors);
  const Node* inner = w.require("training");
  w.finish();
  if (inner == nullptr || !is_map(*inner, "workload.training",
                                  "training: {tokens: 15T, sequence: 8192, global_batch: 16M "
                                  "tokens}",
                                  errors)) {
    return;
  }
  MapReader r(*inner, "workload.training", errors);
  out.job.model = out.machine.model;
  if (const auto tokens = read_amount(r, "tokens", "15T", {"tokens"})) {
    out.job.tokens = tokens->value;
  }
  static_cast<void>(r.require("sequence"));
  out.job.sequence = r.integer("sequence", {16.0, 1e7}).value_or(0);
  read_batch(r, out);
  read_recipe(r, out);
  read_checkpoint(r, out, errors);
  out.spares = r.integer("spares", {0.0, 1e6}).value_or(0);
  out.straggler = r.number("straggler", {0.0, 10.0}).value_or(0.0);
  if (out.machine.model.linear_layers > 0) {
    r.report(ErrorCode::infeasible,
             out.machine.model.name +
                 " has layers with linear attention, which training does "
                 "not model yet",
             inner);
  }
  read_plan(r, out, errors);
  r.finish();
}

}  // namespace

bool is_training(const Node& scenario) {
  return scenario.is_map() && scenario.find("workload.training") != nullptr;
}

Result<TrainingWorld> resolve_training(const Node& scenario, const catalog::Catalog& catalog,
                                       const FileLoader& load, const std::string& directory) {
  Errors errors;
  TrainingWorld out;
  MapReader root(scenario, "scenario", errors);
  static_cast<void>(root.require("supernode"));
  const PartContext context{catalog, load, directory};
  read_machine_parts(root, context, out.machine, out.warnings, errors);
  if (out.machine.cluster.rack.gpus > 0 && out.machine.model.layers > 0) {
    read_training(root, out, errors);
  } else {
    static_cast<void>(root.get("workload"));
  }
  out.seed = static_cast<std::uint64_t>(root.integer("seed", {0.0, 9e15}).value_or(1));
  const Node* around = root.get("facility");
  const hw::Rack& rack = out.machine.cluster.rack;
  if (rack.gpus > 0) {
    out.facility = read_facility(around, scenario.find("cluster.rack"), rack, catalog, errors);
  }
  out.name =
      shown(root.text("name").value_or("training " + out.machine.model.name + " on " + rack.name),
            name_max);
  root.finish();
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

}  // namespace sn::twin
