// apps/cli/simulate_verb.cc
//
// `supernode simulate FILE`: a trace on the scenario's machine, request by request.
//
// The deployment is the scenario's own, or the planner's best (or another of its ranks); a scenario
// with tenants runs one for each (share_simulation.h). A first
// Ctrl-C ends the run, and what was run is reported; a second one ends the program.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>

#include "apps/cli/cli.h"
#include "apps/cli/load_scenario.h"
#include "apps/cli/share_simulation.h"
#include "sn/base/files.h"
#include "sn/base/units.h"
#include "sn/catalog/catalog.h"
#include "sn/draw/kit/text_table.h"
#include "sn/draw/simulation/simulation_views.h"
#include "sn/planner/plan.h"
#include "sn/twin/scenario/tenants.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode simulate";

std::atomic<bool> stop_asked = false;

extern "C" void ask_to_stop(int) {
  stop_asked = true;
  std::signal(SIGINT, SIG_DFL);
}

struct SimulateArgs {
  std::vector<std::string> files;
  twin::Overrides overrides;
  std::string faults;
  std::string json;
  std::string csv;
  std::string svg;
  std::string timeline;
  std::string deployment = "1";
  std::string routing = "completion-aware";
  std::string eviction = "lru";
  std::string scaling = "time";
  std::string requests = "0";
  std::string repeat = "1";
  std::string queue = "10000";
  std::string events = "200000";
  bool compare = false;
  bool strict_order = false;
  bool quiet = false;
};

void describe_flags(CLI::App& app, SimulateArgs& a) {
  app.add_option("FILES", a.files, "scenarios (YAML or JSON); - is standard input");
  app.add_flag("--compare", a.compare, "several scenarios, one row each");
  app.add_option("--trace", a.overrides.trace, "replay this request trace")->type_name("FILE");
  app.add_option("--model", a.overrides.model, "serve this model")->type_name("MODEL");
  app.add_option("--rate", a.overrides.rate,
                 "load: knee, a multiple of the workload (1.5x), or a rate (40 req/s)")
      ->type_name("RATE");
  app.add_option("--deployment", a.deployment,
                 "which of the planner's deployments (1, the best), where the scenario lists none")
      ->type_name("N");
  app.add_option("--routing", a.routing,
                 "completion-aware (default), prefix-aware, least-loaded, round-robin or "
                 "session-sticky");
  app.add_option("--eviction", a.eviction, "lru (default), lfu, s3-fifo or ttl");
  app.add_option("--scaling", a.scaling,
                 "how a multiple is reached: time, the trace runs faster; copies, several side by "
                 "side");
  app.add_option("--requests", a.requests, "stop after so many requests; 0: all")->type_name("N");
  app.add_option("--repeat", a.repeat, "the trace so many times on end")->type_name("N");
  app.add_option("--queue", a.queue, "waiting requests beyond which new ones are refused (10000)")
      ->type_name("N");
  app.add_option("--faults", a.faults,
                 "what breaks on the way: a file of what stands under 'faults' in a scenario")
      ->type_name("FILE");
  app.add_flag("--strict-order", a.strict_order,
               "refuse a trace whose arrivals are out of order (else they are sorted)");
  app.add_flag("--json", a.json,
               "[=FILE] JSON on standard output instead of the table, or in FILE beside it "
               "(schema/simulation.schema.json)");
  app.add_option("--csv", a.csv, "time series into this file")->type_name("FILE");
  app.add_option("--svg", a.svg, "six charts into this file")->type_name("FILE");
  app.add_option("--timeline", a.timeline, "steps, transfers and requests, for Perfetto")
      ->type_name("FILE");
  app.add_option("--events", a.events, "most events of a timeline (200000)")->type_name("N");
  app.add_flag("--quiet", a.quiet, "no progress and no timing on standard error");
  app.footer(
      "\nexamples:\n"
      "  supernode simulate scenarios/al128-deepseek-v3.yaml\n"
      "  supernode simulate scenarios/al128-deepseek-v3.yaml --trace chat.jsonl.gz --rate 4x\n"
      "  supernode simulate a.yaml --svg charts.svg --csv series.csv --timeline timeline.json\n"
      "  supernode simulate --compare b200-16x8.yaml b200-1x128.yaml\n"
      "  supernode simulate scenarios/al128-two-tenants.yaml");
}

std::optional<serving::Routing> routing_named(const std::string& name) {
  for (const auto r : {serving::Routing::round_robin, serving::Routing::least_loaded,
                       serving::Routing::prefix_aware, serving::Routing::session_sticky,
                       serving::Routing::completion_aware}) {
    if (serving::to_string(r) == name) return r;
  }
  return std::nullopt;
}

twin::SimulationOptions check(const SimulateArgs& a, int& rank, Errors& errors) {
  twin::SimulationOptions o;
  if (a.files.empty()) {
    errors.push_back(
        flag_error(verb, "which scenario?", "supernode simulate scenarios/al128-deepseek-v3.yaml"));
  }
  const bool several = a.files.size() > 1;
  if (several && !a.compare) {
    errors.push_back(flag_error(verb, "several scenarios are compared with --compare",
                                "supernode simulate --compare a.yaml b.yaml"));
  }
  if (several && !(a.csv.empty() && a.svg.empty() && a.timeline.empty())) {
    errors.push_back(flag_error(verb, "--csv, --svg and --timeline are of one scenario",
                                "simulate them one by one"));
  }
  const auto routing = routing_named(a.routing);
  if (!routing) {
    errors.push_back(flag_error(verb, "unknown --routing '" + shown(a.routing) + "'",
                                "completion-aware, prefix-aware, least-loaded, round-robin or "
                                "session-sticky"));
  }
  const auto eviction = kv::eviction_named(a.eviction);
  if (!eviction) {
    errors.push_back(flag_error(verb, "unknown --eviction '" + shown(a.eviction) + "'",
                                "lru, lfu, s3-fifo or ttl"));
  }
  if (a.scaling != "time" && a.scaling != "copies") {
    errors.push_back(
        flag_error(verb, "unknown --scaling '" + shown(a.scaling) + "'", "time or copies"));
  }
  o.routing = routing.value_or(o.routing);
  o.eviction = eviction.value_or(o.eviction);
  o.replay.scaling = a.scaling == "copies" ? serving::Scaling::copies : serving::Scaling::time;
  o.replay.limit = integer_flag("--requests", a.requests, 0, 1'000'000'000, errors);
  o.replay.repeat = integer_flag("--repeat", a.repeat, 1, 1'000'000, errors);
  o.queue_limit = integer_flag("--queue", a.queue, 1, 100'000'000, errors);
  rank = integer_flag("--deployment", a.deployment, 1, 1000, errors);
  const int events = integer_flag("--events", a.events, 1, 100'000'000, errors);
  if (!a.timeline.empty()) o.timeline_limit = static_cast<std::size_t>(events);
  for (const auto& [flag, path] :
       {std::pair{"--json", &a.json}, std::pair{"--csv", &a.csv}, std::pair{"--svg", &a.svg},
        std::pair{"--timeline", &a.timeline}}) {
    check_writable(flag, *path, errors);
  }
  return o;
}

struct Loaded {
  std::vector<twin::World> worlds;
  std::optional<twin::SharedMachine> shared;  // in their place
};

void check_order(const twin::World& world, const SimulateArgs& a, Errors& errors) {
  if (!a.strict_order || !world.load.trace || world.load.trace->facts.out_of_order == 0) return;
  errors.push_back(flag_error(
      verb, std::to_string(world.load.trace->facts.out_of_order) + " requests are out of order",
      "sort the trace, or leave out --strict-order to have them sorted"));
}

/// Flags that are of one model.
void check_shared(const std::string& file, const SimulateArgs& a, Errors& errors) {
  const std::string in = "'" + shown(file) + "' has tenants; ";
  if (a.overrides.any()) {
    errors.push_back(flag_error(verb, in + "--model, --trace and --rate change one model",
                                "change them in the tenants"));
  }
  if (a.files.size() > 1 || a.deployment != "1" ||
      !(a.csv.empty() && a.svg.empty() && a.timeline.empty())) {
    errors.push_back(flag_error(
        verb, in + "--compare, --deployment, --csv, --svg and --timeline are of one model",
        "write a scenario for one of them"));
  }
}

void load_one(const std::string& file, const SimulateArgs& a, const catalog::Catalog& catalog,
              Loaded& out, Errors& errors) {
  const auto note = [&](const Errors& more) {
    errors.insert(errors.end(), more.begin(), more.end());
  };
  Result<Node> scenario = read_scenario(file, a.overrides);
  if (!scenario) return note(scenario.error());
  if (!a.faults.empty()) {
    Result<Node> faults = read_scenario(a.faults, {});
    if (!faults) return note(faults.error());
    if (scenario->is_map()) scenario->set("faults", *std::move(faults));
  }
  const FileLoader disk = FileLoader::disk();
  if (twin::has_tenants(*scenario)) {
    check_shared(file, a, errors);
    Result<twin::SharedMachine> machine =
        twin::resolve_tenants(*scenario, catalog, disk, directory_of(file));
    if (!machine) return note(machine.error());
    for (const twin::Tenant& t : machine->tenants) check_order(t.world, a, errors);
    out.shared = *std::move(machine);
    return;
  }
  Result<twin::World> world = twin::resolve(*scenario, catalog, disk, directory_of(file));
  if (!world) return note(world.error());
  check_order(*world, a, errors);
  out.worlds.push_back(*std::move(world));
}

/// The scenario's own deployment, or one of the planner's.
Result<serving::ServingPlan> choose(const twin::World& world, int rank, double& guess) {
  if (!world.load.search.fixed.empty()) return world.load.search.fixed.front();
  const Result<planner::PlanReport> report = planner::plan(world, {.top = rank, .pareto = false});
  if (!report) return fail(report.error());
  if (report->candidates.size() < static_cast<std::size_t>(rank)) {
    return fail(flag_error(verb, "there is no deployment " + std::to_string(rank),
                           "supernode plan lists them"));
  }
  const planner::Candidate& c = report->candidates[static_cast<std::size_t>(rank - 1)];
  guess = c.multiple;
  return c.plan;
}

/// One line on a terminal, rewritten.
class Line {
 public:
  explicit Line(bool quiet) : on_(!quiet && ::isatty(STDERR_FILENO) == 1) {}
  ~Line() { clear(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void show(const twin::Progress& p) {
    const auto now = std::chrono::steady_clock::now();
    if (!on_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    if (p.probe != probe_) {
      probe_ = p.probe;
      start_ = now;
    }
    const std::chrono::duration<double> spent = now - start_;
    const double left = p.share > 0.0 ? spent.count() * (1.0 - p.share) / p.share : 0.0;
    std::string text = "\r\x1b[K";
    if (p.probe > 0) {
      text += "probe " + std::to_string(p.probe) + ", " + draw::significant(p.multiple) + "x: ";
    }
    complain(text + draw::fixed(100.0 * p.share, 0) + " %, t=" + format(p.at) + ", " +
             draw::significant(left, 2) + " s to go");
    shown_ = true;
  }
  void clear() {
    if (shown_) complain("\r\x1b[K");
    shown_ = false;
  }

 private:
  bool on_;
  bool shown_ = false;
  int probe_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_ = {};
};

Result<twin::SimulationResult> run_one(const twin::World& world, int rank,
                                       twin::SimulationOptions options) {
  double guess = 0.0;
  const Result<serving::ServingPlan> plan = choose(world, rank, guess);
  if (!plan) return fail(plan.error());
  const std::optional<double> target = world.load.target_rate();
  if (!target) {
    options.knee_guess = guess;
    return twin::find_knee(world, *plan, options);
  }
  options.replay.multiple = *target / world.load.workload.rate.si();
  return twin::simulate(world, *plan, options);
}

int write_all(const std::vector<twin::SimulationReport>& reports,
              const std::vector<twin::TimelineEvent>& timeline, const SimulateArgs& a) {
  const draw::TextStyle style = text_style(a.files.front());
  std::string text;
  if (a.json == "-") {
    text = draw::simulation_json(reports);
  } else if (reports.size() > 1) {
    text = draw::simulation_comparison(reports, style);
  } else {
    text = draw::simulation_text(reports.front(), style);
  }
  int code = print(text);
  const auto write = [&](const std::string& path, const auto& make) {
    if (!path.empty()) code = std::max(code, write_output(path, make()));
  };
  if (a.json != "-") write(a.json, [&] { return draw::simulation_json(reports); });
  write(a.csv, [&] { return draw::simulation_csv(reports.front()); });
  write(a.svg, [&] { return draw::simulation_svg(reports.front()); });
  write(a.timeline, [&] { return draw::timeline_json(reports.front(), timeline); });
  return code;
}

/// Runs the scenarios one after another and prints.
int run_worlds(const std::vector<twin::World>& worlds, int rank, const SimulateArgs& a,
               const twin::SimulationOptions& options, Line& line) {
  int code = exit_done;
  std::vector<twin::SimulationReport> reports;
  std::vector<twin::TimelineEvent> timeline;
  for (const twin::World& world : worlds) {
    Result<twin::SimulationResult> result = run_one(world, rank, options);
    line.clear();
    if (!result) {
      report(result.error());
      return exit_mistake;
    }
    warn(result->report.warnings);
    if (result->report.stuck()) code = std::max<int>(code, exit_fault);
    if (result->report.knee && !result->report.meets_slo) code = exit_mistake;
    reports.push_back(std::move(result->report));
    timeline = std::move(result->timeline);
    if (!stop_asked) continue;
    if (reports.back().interrupted || reports.size() < worlds.size()) code = exit_interrupted;
    break;
  }
  return std::max(code, write_all(reports, timeline, a));
}

}  // namespace

int run_simulate(const Args& args) {
  CLI::App app("Runs a request trace on a machine, request by request.", verb);
  SimulateArgs a;
  describe_flags(app, a);
  if (const auto code = parse(app, args)) return *code;
  if (a.json == "true") a.json = "-";  // how CLI11 reads the flag without a value
  Errors errors;
  int rank = 1;
  twin::SimulationOptions options = check(a, rank, errors);
  if (!errors.empty()) return refuse(errors);
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (!catalog) return refuse(catalog.error());
  Loaded loaded;
  for (const std::string& file : a.files) load_one(file, a, *catalog, loaded, errors);
  if (!errors.empty()) return refuse(errors);

  const auto start = std::chrono::steady_clock::now();
  std::signal(SIGINT, ask_to_stop);
  options.stop = &stop_asked;
  Line line(a.quiet);
  options.progress = [&line](const twin::Progress& p) { line.show(p); };
  const int code = loaded.shared
                       ? run_shared_simulation(*loaded.shared, {a.files.front(), a.json, options,
                                                                [&line] { line.clear(); }})
                       : run_worlds(loaded.worlds, rank, a, options, line);
  if (!a.quiet) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    complain("simulated in " + draw::significant(took.count()) + " s\n");
  }
  return code;
}

}  // namespace sn::cli
