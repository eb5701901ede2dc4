// sn/twin/scenario/scenario_load.cc
//
// The load side of a scenario: workload (trace, preset or synthetic), rate, SLO, deployments,
// search, fidelity.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <utility>

#include "sn/base/units/units.h"
#include "sn/serving/load/synthetic.h"
#include "sn/serving/load/trace/trace_file.h"
#include "sn/serving/load/workload_file.h"
#include "sn/twin/scenario/scenario.h"
#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

namespace {

constexpr Range token_range{1.0, 1e8};

/// `errors`, those without a line positioned at `path`.
Errors placed(Errors errors, const Node& path) {
  for (Error& e : errors) {
    if (e.where.line == 0) e.where = path.where();
  }
  return errors;
}

/// What `get` has of the file that `path` names, looked for as it is, then beside the scenario.
template <class T, class Get>
Result<T> near(const PartContext& context, const Node& path, const Get& get) {
  const std::string& name = path.text();
  Result<T> found = get(name);
  if (!found && !name.starts_with("/") && !context.directory.empty()) {
    Result<T> beside = get(context.directory + "/" + name);
    if (beside) return beside;
  }
  if (found) return found;
  return fail(placed(found.error(), path));
}

/// A text whose errors are positioned where the scenario names it.
class PlacedReader final : public TextReader {
 public:
  PlacedReader(std::unique_ptr<TextReader> text, const Node& path)
      : text_(std::move(text)), path_(path) {}

  Result<std::string_view> next() override {
    Result<std::string_view> piece = text_->next();
    if (!piece) return fail(placed(piece.error(), path_));
    return piece;
  }

 private:
  std::unique_ptr<TextReader> text_;
  Node path_;
};

Result<TextOpener> open_near(const PartContext& context, const Node& path) {
  Result<TextOpener> open = near<TextOpener>(
      context, path, [&](const std::string& name) { return context.load.open(name); });
  if (!open) return open;
  return [open = *std::move(open), path]() -> Result<std::unique_ptr<TextReader>> {
    Result<std::unique_ptr<TextReader>> text = open();
    if (!text) return fail(placed(text.error(), path));
    return std::make_unique<PlacedReader>(*std::move(text), path);
  };
}

/// Hashes that the statistics of a trace are made of: about 400 MB of tables where all differ.
constexpr std::size_t summarised_blocks = std::size_t{1} << 23;

std::string number(std::int64_t n) { return format_number(static_cast<double>(n), 6); }

/// Says so where a summary's classes are of a part of its requests.
void warn_of_part(const serving::WorkloadSummary& summary, const Node& at, World& world) {
  if (summary.classed() == summary.requests()) return;
  world.warnings.push_back(
      {.code = ErrorCode::limit,
       .message = "lengths and hit rates that are planned with are of the first " +
                  number(summary.classed()) + " of " + number(summary.requests()) +
                  " requests, which have " + std::to_string(summarised_blocks) + " block hashes",
       .where = at.where(),
       .hint = {}});
}

serving::Workload read_trace_workload(const Node& path, const PartContext& context,
                                      double malformed, World& world, Errors& errors) {
  const Result<TextOpener> text = open_near(context, path);
  if (!text) return take(Result<serving::Workload>(fail(text.error())), errors);
  Result<serving::TraceScan> scan = serving::scan_trace(
      path.text(), *text, {.malformed_share = malformed}, {.blocks = summarised_blocks});
  if (!scan) return take(Result<serving::Workload>(fail(scan.error())), errors);
  const serving::TraceFile& trace = *scan->file;
  world.warnings.insert(world.warnings.end(), trace.facts.warnings.begin(),
                        trace.facts.warnings.end());
  warn_of_part(scan->summary, path, world);
  std::string origin = shown(path.text(), 200) + ", " + number(trace.requests) + " requests";
  if (trace.facts.malformed > 0) {
    origin += ", " + std::to_string(trace.facts.malformed) + " malformed lines left out";
  }
  world.load.trace = scan->file;
  return take(std::move(scan->summary).finish(path.text(), origin), errors);
}

serving::LengthDistribution read_length(MapReader& owner, std::string_view key, Errors& errors) {
  serving::LengthDistribution out;
  const Node* node = owner.require(key);
  if (node == nullptr) return out;
  if (node->is_scalar()) {
    out.min = static_cast<double>(read_integer(*node, key, token_range, errors).value_or(1));
    out.max = out.min;
    return out;
  }
  MapReader r(*node, "workload.synthetic." + std::string(key), errors);
  const bool lognormal = r.has("median");
  out.kind = lognormal ? serving::LengthDistribution::Kind::lognormal
                       : serving::LengthDistribution::Kind::uniform;
  if (!lognormal && (!r.has("min") || !r.has("max"))) {
    r.report(ErrorCode::missing, "a length needs 'min' and 'max', or 'median' and 'p90'", node,
             "a single number stands for a fixed length");
  }
  out.min = static_cast<double>(r.integer("min", token_range).value_or(1));
  out.max = static_cast<double>(r.integer("max", token_range).value_or(1'000'000));
  if (lognormal) {
    out.median = static_cast<double>(r.integer("median", token_range).value_or(1));
    out.p90 = static_cast<double>(r.integer("p90", token_range).value_or(1));
    if (out.p90 < out.median) r.report(ErrorCode::range, "'p90' is below 'median'", r.get("p90"));
  }
  if (out.max < out.min) r.report(ErrorCode::range, "'max' is below 'min'", r.get("max"));
  r.finish();
  return out;
}

serving::ArrivalProcess read_arrivals(MapReader& owner, Errors& errors) {
  serving::ArrivalProcess out;
  const Node* node = owner.require("arrivals");
  if (node == nullptr) return out;
  MapReader r(*node, "workload.synthetic.arrivals", errors);
  const std::string process =
      r.choice("process", {"poisson", "gamma", "fixed", "diurnal"}).value_or("poisson");
  if (process == "gamma") out.kind = serving::ArrivalProcess::Kind::gamma;
  if (process == "fixed") out.kind = serving::ArrivalProcess::Kind::fixed;
  if (process == "diurnal") {
    out.kind = serving::ArrivalProcess::Kind::diurnal;
    out.amplitude = r.number("amplitude", {0.0, 1.0}).value_or(out.amplitude);
    out.period =
        r.quantity<Time>("period", Time::from_si(1.0), Time::from_si(1e7)).value_or(out.period);
  }
  static_cast<void>(r.require("rate"));
  using Limits = serving::SyntheticLimits;
  out.rate =
      r.quantity<Rate>("rate", Rate::from_si(Limits::rate_min), Rate::from_si(Limits::rate_max))
          .value_or(out.rate);
  out.cv = r.number("cv", {Limits::cv_min, Limits::cv_max}).value_or(1.0);
  if (r.has("cv") && process != "gamma") {
    r.report(ErrorCode::unknown_key, "'cv' belongs to the gamma process; this one is " + process,
             r.get("cv"), "write process: gamma, or leave cv out");
  }
  r.finish();
  return out;
}

std::optional<serving::SessionSpec> read_sessions(MapReader& owner, const World& world,
                                                  Errors& errors) {
  const Node* node = owner.get("sessions");
  if (node == nullptr) return std::nullopt;
  MapReader r(*node, "workload.synthetic.sessions", errors);
  serving::SessionSpec out;
  out.turns = r.number("turns", {1.0, 1000.0}).value_or(out.turns);
  out.pause =
      r.quantity<Time>("pause", Time::from_si(1e-3), Time::from_si(1e6)).value_or(out.pause);
  out.shared_prefix = r.integer("shared_prefix", {0.0, 1e6}).value_or(out.shared_prefix);
  out.context = r.integer("context", {16.0, 1e7})
                    .value_or(world.machine.model.max_context > 0 ? world.machine.model.max_context
                                                                  : out.context);
  r.finish();
  return out;
}

std::optional<serving::ContextSpec> read_contexts(MapReader& owner, Errors& errors) {
  const Node* node = owner.get("contexts");
  if (node == nullptr) return std::nullopt;
  if (owner.has("sessions")) {
    owner.report(ErrorCode::infeasible, "'contexts' and 'sessions' both say how requests share",
                 node, "write one of the two");
  }
  MapReader r(*node, "workload.synthetic.contexts", errors);
  serving::ContextSpec out;
  out.count = r.integer("count", {1.0, 1e6}).value_or(out.count);
  out.tokens = r.integer("tokens", {64.0, 1e7}).value_or(out.tokens);
  r.finish();
  return out;
}

serving::Workload read_synthetic(const Node& node, World& world, Errors& errors) {
  MapReader r(node, "workload.synthetic", errors);
  serving::SyntheticSpec spec;
  const std::size_t before = errors.size();
  spec.arrivals = read_arrivals(r, errors);
  spec.input = read_length(r, "input", errors);
  spec.output = read_length(r, "output", errors);
  spec.requests = r.integer("requests", {100.0, 1e6}).value_or(spec.requests);
  spec.sessions = read_sessions(r, world, errors);
  spec.contexts = read_contexts(r, errors);
  const double hits = r.number("prefix_hit_rate", {0.0, 0.99}).value_or(0.0);
  r.finish();
  if (errors.size() != before) return {};
  world.load.synthetic = spec;
  Result<serving::WorkloadSummary> drawn =
      serving::summarise(spec, world.seed, {.blocks = summarised_blocks});
  if (!drawn) return take(Result<serving::Workload>(fail(placed(drawn.error(), node))), errors);
  warn_of_part(*drawn, node, world);
  const std::string origin = "synthetic, " + number(spec.requests) + " requests";
  serving::Workload w = take(std::move(*drawn).finish("synthetic", origin), errors);
  if (spec.sessions) return w;
  // What the process is, rather than what one draw of it came to.
  w.rate = spec.arrivals.rate;
  w.dispersion = spec.arrivals.kind == serving::ArrivalProcess::Kind::gamma
                     ? spec.arrivals.cv * spec.arrivals.cv
                     : w.dispersion;
  if (spec.arrivals.kind == serving::ArrivalProcess::Kind::poisson) w.dispersion = 1.0;
  if (hits <= 0.0 || spec.contexts) return w;
  w.capacities = {1.0};
  w.hit_rate_curve = {{1.0, hits}};
  for (serving::RequestClass& c : w.classes) c.cached = {hits * c.input};
  return w;
}

/// Requests beyond the model's context are planned as they are; a real engine would refuse them.
void warn_of_long_requests(const Node& at, World& world) {
  const double longest = world.load.workload.input_max + world.load.workload.output_max;
  const auto context = static_cast<double>(world.machine.model.max_context);
  if (context <= 0.0 || longest <= context) return;
  world.warnings.push_back({.code = ErrorCode::limit,
                            .message = "the longest request takes " + format_number(longest, 9) +
                                       " tokens, the context of " + world.machine.model.name +
                                       " ends at " + format_number(context, 9),
                            .where = at.where(),
                            .hint = "planned as if the model took them"});
}

void read_rate(MapReader& r, World& world, Errors& errors) {
  const Node* node = r.get("rate");
  if (node == nullptr || node->text() == "knee") return;
  const std::string& text = node->text();
  double multiple = 0.0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, multiple);
  if (parsed.ec == std::errc{} && parsed.ptr + 1 == end && *parsed.ptr == 'x') {
    if (multiple >= 1e-6 && multiple <= 1e6) {
      world.load.rate = {.kind = RateSpec::Kind::multiple, .value = multiple};
      return;
    }
  } else if (const auto rate = parse_quantity(text, Rate::dimension);
             rate && *rate >= 1e-6 && *rate <= 1e9) {
    world.load.rate = {.kind = RateSpec::Kind::absolute, .value = *rate};
    return;
  }
  errors.push_back({.code = ErrorCode::range,
                    .message = "'workload.rate' cannot be '" + text + "'",
                    .where = node->where(),
                    .hint = "write knee, a multiple such as 1.5x, or a rate such as 40 req/s"});
}

void read_workload_part(MapReader& root, const PartContext& context, World& world, Errors& errors) {
  const Node* node = root.require("workload");
  const std::string example = "workload: {preset: mooncake-conversation}";
  if (node == nullptr || !is_map(*node, "workload", example, errors)) return;
  MapReader r(*node, "workload", errors);
  const Node* trace = r.get("trace");
  const Node* preset = r.get("preset");
  const Node* synthetic = r.get("synthetic");
  const double malformed = r.number("malformed", {0.0, 0.99}).value_or(0.01);
  const int given = (trace != nullptr) + (preset != nullptr) + (synthetic != nullptr);
  if (const Node* training = r.get("training")) {
    r.report(ErrorCode::infeasible, "the workload is training, which serves no requests", training,
             "supernode plan ranks its parallelisations");
  } else if (node->is_map() && given != 1) {
    r.report(given == 0 ? ErrorCode::missing : ErrorCode::syntax,
             "workload needs exactly one of 'trace', 'preset' and 'synthetic'", node,
             "trace: a file; preset: a name (supernode catalog workloads)");
  } else if (trace != nullptr) {
    world.load.workload = read_trace_workload(*trace, context, malformed, world, errors);
  } else if (preset != nullptr) {
    const catalog::CatalogKind& kind = *catalog::find_kind("workload");
    const std::size_t before = errors.size();
    const Node entry = take(context.catalog.resolve(kind, *preset), errors);
    if (errors.size() == before) {
      world.load.workload = take(serving::read_workload(entry, preset->text()), errors);
    }
  } else if (synthetic != nullptr) {
    world.load.workload = read_synthetic(*synthetic, world, errors);
  }
  world.load.workload.retrieval =
      r.quantity("retrieval", Bytes{}, Bytes::from_si(1e12)).value_or(Bytes{});
  warn_of_long_requests(*node, world);
  read_rate(r, world, errors);
  r.finish();
}

struct ListedPool {
  std::string role;
  serving::Pool pool;
  const Node* at = nullptr;
};

ListedPool read_pool(const Node& node, const Machine& machine, Errors& errors) {
  MapReader r(node, "deployment", errors);
  ListedPool out{.role = {}, .pool = {}, .at = &node};
  static_cast<void>(r.require("pool"));
  out.role = r.choice("pool", {"aggregated", "prefill", "decode"}).value_or("");
  const Range size{1.0, 65536.0};
  llm::Parallelism& p = out.pool.deployment.parallel;
  p.tp = r.integer("tp", size).value_or(1);
  p.dp = r.integer("dp", size).value_or(1);
  p.pp = r.integer("pp", size).value_or(1);
  if (out.role == "prefill") p.cp = r.integer("cp", size).value_or(1);
  if (out.role != "prefill") p.dcp = r.integer("dcp", size).value_or(1);
  p.ep = r.integer("ep", size).value_or(machine.model.is_moe() && p.dp > 1 ? p.stage_ranks() : 1);
  out.pool.deployment.redundant = r.integer("redundant", {0.0, 4096.0}).value_or(0);
  out.pool.replicas = r.integer("replicas", size).value_or(1);
  out.pool.max_batch = r.integer("max_batch", size).value_or(0);
  out.pool.kv_tokens = r.integer("kv_tokens", {16.0, 1e9}).value_or(0);
  const bool prefills = out.role != "decode";
  out.pool.chunk = r.integer("chunk", {16.0, 1e6}).value_or(prefills ? 8192 : 0);
  out.pool.deployment.draft_tokens = r.integer("mtp", {0.0, 8.0}).value_or(0);
  out.pool.deployment.two_batch = r.boolean("two_batch").value_or(false);
  if (!machine.precisions.empty()) out.pool.deployment.precision = machine.precisions.front();
  r.finish();
  const std::string why =
      errors.empty() && machine.model.layers > 0
          ? llm::why_not(machine.model, out.pool.deployment, machine.cluster.rack.scale_up.domain)
          : "";
  if (!why.empty()) {
    r.report(ErrorCode::infeasible, llm::to_string(p) + " cannot hold this model: " + why, &node);
  }
  return out;
}

/// Different values of one list: the search prices every combination of the lists.
constexpr std::size_t searched_values = 16;

std::vector<std::int64_t> read_integers(MapReader& r, std::string_view key, Range range,
                                        Errors& errors) {
  std::vector<std::int64_t> out;
  const Node* node = r.get(key);
  if (node == nullptr) return out;
  const std::vector<Node> single = {*node};
  for (const Node& item : node->is_list() ? node->items() : single) {
    const auto v = read_integer(item, key, range, errors);
    if (!v || std::find(out.begin(), out.end(), *v) != out.end()) continue;
    if (out.size() == searched_values) {
      r.report(ErrorCode::limit,
               "'search." + std::string(key) + "' has more than " +
                   std::to_string(searched_values) + " different values, the limit",
               &item, "each one multiplies what the search has to price");
      break;
    }
    out.push_back(*v);
  }
  return out;
}

void read_search(MapReader& root, World& world, Errors& errors) {
  const Node* node = root.get("search");
  if (node == nullptr) return;
  MapReader r(*node, "search", errors);
  const std::string pools =
      r.choice("pools", {"both", "aggregated", "disaggregated"}).value_or("both");
  world.load.search.aggregated = pools != "disaggregated";
  world.load.search.disaggregated = pools != "aggregated";
  world.load.search.draft_tokens = read_integers(r, "mtp", {0.0, 8.0}, errors);
  world.load.search.redundant = read_integers(r, "redundant", {0.0, 4096.0}, errors);
  world.load.search.cache_ranks = read_integers(r, "dcp", {1.0, 1024.0}, errors);
  world.load.search.context_ranks = read_integers(r, "cp", {1.0, 1024.0}, errors);
  world.load.search.kv_depths =
      read_integers(r, "kv", {1.0, static_cast<double>(serving::tiers_max + 1)}, errors);
  for (const std::int64_t depth : world.load.search.kv_depths) {
    const auto named = static_cast<std::int64_t>(world.machine.kv.tiers.size()) + 1;
    if (depth <= named) continue;
    r.report(ErrorCode::range,
             "'search.kv' has " + std::to_string(depth) + " tiers, 'kv.tiers' names " +
                 std::to_string(named),
             r.get("kv"), "kv: {tiers: [hbm, {cxl-pool: {share: 2 TB}}]}");
    break;
  }
  world.load.search.prefill_chunks = read_integers(r, "chunk", {16.0, 1e6}, errors);
  for (const std::int64_t drafts : world.load.search.draft_tokens) {
    if (drafts == 0 || world.machine.model.layers == 0 || world.machine.model.can_draft()) continue;
    r.report(ErrorCode::infeasible,
             world.machine.model.name + " has no MTP layers to draft tokens with", r.get("mtp"),
             "mtp: 0, or leave it out; a draft model: speculation: {method: eagle3, ...}");
    break;
  }
  const bool replicates =
      std::any_of(world.load.search.redundant.begin(), world.load.search.redundant.end(),
                  [](std::int64_t n) { return n > 0; });
  if (replicates && world.machine.model.layers > 0 && !world.machine.model.is_moe()) {
    r.report(ErrorCode::infeasible,
             world.machine.model.name + " has no experts to hold more than once",
             r.get("redundant"), "redundant: 0, or leave it out");
  }
  r.finish();
}

void read_fidelity(MapReader& root, World& world, Errors& errors) {
  if (const Node* node = root.get("fidelity")) {
    MapReader r(*node, "fidelity", errors);
    world.contended = r.choice("fabric", {"analytic", "flow"}).value_or("analytic") == "flow";
    r.finish();
  }
}

}  // namespace

bool is_map(const Node& node, const std::string& what, const std::string& example, Errors& errors) {
  if (node.is_map()) return true;
  const std::size_t before = errors.size();
  const MapReader said(node, what, errors);
  if (errors.size() > before) errors.back().hint = "write " + example;
  return false;
}

Result<std::string> load_near(const PartContext& context, const Node& path) {
  return near<std::string>(context, path, [&](const std::string& name) {
    return context.load(name, DocumentLimits{}.bytes);
  });
}

std::optional<serving::ServingPlan> read_deployments(const Node& list, const Machine& machine,
                                                     Errors& errors) {
  const auto wrong = [&](ErrorCode code, std::string message, std::string hint) {
    errors.push_back({.code = code,
                      .message = std::move(message),
                      .where = list.where(),
                      .hint = std::move(hint)});
    return std::nullopt;
  };
  if (!list.is_list()) {
    return wrong(ErrorCode::wrong_type, "'deployments' must be 'auto' or a list of pools", {});
  }
  const std::size_t before = errors.size();
  std::vector<ListedPool> pools;
  for (const Node& item : list.items()) pools.push_back(read_pool(item, machine, errors));
  if (errors.size() != before) return std::nullopt;
  const bool one = pools.size() == 1 && pools[0].role == "aggregated";
  const bool two = pools.size() == 2 && pools[0].role == "prefill" && pools[1].role == "decode";
  if (!one && !two) {
    return wrong(ErrorCode::syntax,
                 "'deployments' must hold one aggregated pool, or a prefill and a decode pool",
                 "[{pool: prefill, replicas: 6, dp: 8}, {pool: decode, dp: 80}]");
  }
  serving::ServingPlan plan;
  plan.decode = pools.back().pool;
  if (two) plan.prefill = pools.front().pool;
  if (two) plan.decode.chunk = 0;
  if (machine.cluster.rack.gpus > 0 && plan.gpus() > machine.gpus()) {
    return wrong(ErrorCode::infeasible,
                 "the deployments take " + std::to_string(plan.gpus()) + " GPUs; the cluster has " +
                     std::to_string(machine.gpus()),
                 {});
  }
  return plan;
}

void read_load_parts(MapReader& root, const PartContext& context, World& world, Errors& errors) {
  world.seed = static_cast<std::uint64_t>(root.integer("seed", {0.0, 9e15}).value_or(1));
  read_workload_part(root, context, world, errors);
  read_slo(root, world, errors);
  const Node* pools = root.get("deployments");
  if (pools != nullptr && !(pools->is_scalar() && pools->text() == "auto")) {
    const auto plan = read_deployments(*pools, world.machine, errors);
    if (plan) world.load.search.fixed.push_back(*plan);
  }
  read_search(root, world, errors);
  read_fidelity(root, world, errors);
}

}  // namespace sn::twin
