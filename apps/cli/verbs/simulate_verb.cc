// apps/cli/verbs/simulate_verb.cc
//
// `supernode simulate FILE`: a trace on the scenario's machine, request by request.
//
// The deployment is the scenario's own, or the planner's best (or another of its ranks); a scenario
// with tenants runs one for each. A first Ctrl-C ends the run, and what was run is reported.

#include <CLI/CLI.hpp>
#include <algorithm>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "apps/cli/scenario_flags.h"
#include "sn/api/open.h"
#include "sn/api/simulate.h"
#include "sn/draw/simulation/simulation_views.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode simulate";

struct SimulateArgs {
  explicit SimulateArgs(CLI::App& app);

  ScenarioFlags scenarios;
  std::string catalog;
  std::string faults;
  std::string deployment = "1";
  std::string routing = "completion-aware";
  std::string eviction = {};  // the scenario's
  std::string scaling = "time";
  std::string requests = "0";
  std::string repeat = "1";
  std::string queue = "10000";
  std::string clients = "0";
  std::string warm_up = "0.05";
  std::string events = "200000";
  bool compare = false;
  bool strict_order = false;
  Outputs outputs;
  RunFlags run;

  /// --csv, --svg, --html or --timeline.
  [[nodiscard]] bool asks_of_one() const {
    return outputs.asked("--html") || outputs.asked("--csv") || outputs.asked("--svg") ||
           outputs.asked("--timeline");
  }
};

void describe_input(CLI::App& app, SimulateArgs& a) {
  app.add_flag("--compare", a.compare, "several scenarios, one row each");
  add_catalog_flag(app, a.catalog);
  app.add_option("--deployment", a.deployment,
                 "which of the planner's deployments (1, the best), where the scenario lists none")
      ->type_name("N");
  app.add_option("--routing", a.routing,
                 "completion-aware (default), prefix-aware, least-loaded, round-robin or "
                 "session-sticky")
      ->type_name("ROUTING");
  app.add_option("--eviction", a.eviction, "lru, lfu, s3-fifo or ttl (default: kv.policy)")
      ->type_name("POLICY");
  app.add_option("--scaling", a.scaling,
                 "how a multiple is reached: time, the trace runs faster; copies, several side by "
                 "side")
      ->type_name("HOW");
  app.add_option("--requests", a.requests, "stop after so many requests; 0: all")->type_name("N");
  app.add_option("--repeat", a.repeat, "the trace so many times on end")->type_name("N");
  app.add_option("--queue", a.queue, "waiting requests beyond which new ones are refused (10000)")
      ->type_name("N");
  app.add_option("--clients", a.clients,
                 "a closed loop: so many clients, each sends its next request when its last one "
                 "ended, whatever the workload's rate")
      ->type_name("N");
  app.add_option("--warm-up", a.warm_up,
                 "share of the arrivals' span that runs before anything is measured (0.05)")
      ->type_name("SHARE");
  app.add_option("--faults", a.faults,
                 "what breaks on the way: a file of what stands under 'faults' in a scenario")
      ->type_name("FILE");
  app.add_flag("--strict-order", a.strict_order,
               "refuse a trace whose arrivals are out of order (else they are sorted)");
  app.add_option("--events", a.events,
                 "most events of a timeline (200000); how many are left out is said")
      ->type_name("N");
  app.footer(
      "\nexamples:\n"
      "  supernode simulate scenarios/al128-deepseek-v3.yaml\n"
      "  supernode simulate --rack hgx-h100 --model llama-3.1-70b --isl 1024 --osl 256 --rate 5/s "
      "--ttft 1s\n"
      "  supernode simulate scenarios/al128-deepseek-v3.yaml --trace chat.jsonl.gz --rate 4x\n"
      "  supernode simulate a.yaml --svg=charts.svg --csv=series.csv --timeline=t.json\n"
      "  supernode simulate --compare b200-16x8.yaml b200-1x128.yaml\n"
      "  supernode simulate scenarios/al128-two-tenants.yaml");
}

SimulateArgs::SimulateArgs(CLI::App& app)
    : scenarios(app),
      outputs(app, {{"--json", "JSON (schema/simulation.schema.json)"},
                    {"--csv", "time series"},
                    {"--svg", "six charts"},
                    {"--html", "a self-contained page with figures and charts"},
                    {"--timeline", "steps, transfers and requests, for Perfetto,"}}),
      run(app) {
  describe_input(app, *this);
}

std::optional<serving::Routing> routing_named(const std::string& name) {
  for (const auto r : {serving::Routing::round_robin, serving::Routing::least_loaded,
                       serving::Routing::prefix_aware, serving::Routing::session_sticky,
                       serving::Routing::completion_aware}) {
    if (serving::to_string(r) == name) return r;
  }
  return std::nullopt;
}

api::SimulateRequest check(SimulateArgs& a, Errors& errors) {
  api::SimulateRequest request;
  twin::SimulationOptions& o = request.options;
  a.run.check(errors);
  a.scenarios.check(verb, errors);
  a.outputs.check(verb, a.scenarios.files(), errors);
  const bool several = a.scenarios.files().size() > 1;
  if (several && !a.compare) {
    errors.push_back(flag_error(verb, "several scenarios are compared with --compare",
                                "supernode simulate --compare a.yaml b.yaml"));
  }
  if (several && a.asks_of_one()) {
    errors.push_back(flag_error(verb, "--csv, --svg, --html and --timeline are of one scenario",
                                "simulate them one by one"));
  }
  const auto routing = routing_named(a.routing);
  if (!routing) {
    errors.push_back(flag_error(verb, "unknown --routing '" + shown(a.routing) + "'",
                                "completion-aware, prefix-aware, least-loaded, round-robin or "
                                "session-sticky"));
  }
  const auto eviction = kv::eviction_named(a.eviction);
  if (!a.eviction.empty() && !eviction) {
    errors.push_back(flag_error(verb, "unknown --eviction '" + shown(a.eviction) + "'",
                                "lru, lfu, s3-fifo or ttl"));
  }
  if (a.scaling != "time" && a.scaling != "copies") {
    errors.push_back(
        flag_error(verb, "unknown --scaling '" + shown(a.scaling) + "'", "time or copies"));
  }
  o.routing = routing.value_or(o.routing);
  if (!a.eviction.empty()) o.eviction = eviction;
  o.replay.scaling = a.scaling == "copies" ? serving::Scaling::copies : serving::Scaling::time;
  o.replay.limit = integer_flag("--requests", a.requests, 0, 1'000'000'000, errors);
  o.replay.repeat = integer_flag("--repeat", a.repeat, 1, 1'000'000, errors);
  o.queue_limit = integer_flag("--queue", a.queue, 1, 100'000'000, errors);
  request.rank = integer_flag("--deployment", a.deployment, 1, 1000, errors);
  o.clients = integer_flag("--clients", a.clients, 0, 1'000'000, errors);
  o.warm_up = number_flag("--warm-up", a.warm_up, 0.0, 0.99, errors);
  if (o.clients > 0 && a.compare) {
    errors.push_back(flag_error(verb, "--clients is of one scenario", "leave out --compare"));
  }
  const int events = integer_flag("--events", a.events, 1, 100'000'000, errors);
  if (a.outputs.asked("--timeline")) o.timeline_limit = static_cast<std::size_t>(events);
  request.strict_order = a.strict_order;
  return request;
}

struct Loaded {
  std::vector<twin::World> worlds;
  std::optional<twin::SharedMachine> shared;  // in their place
};

/// Flags that are of one model.
void check_shared(const std::string& file, const SimulateArgs& a, Errors& errors) {
  if (a.scenarios.files().size() > 1 || a.deployment != "1" || a.asks_of_one()) {
    errors.push_back(flag_error(verb,
                                "'" + shown(file) +
                                    "' has tenants; --compare, --deployment, --csv, --svg and "
                                    "--timeline are of one model",
                                "write a scenario for one of them"));
  }
}

void load_one(const std::string& file, const SimulateArgs& a, const catalog::Catalog& catalog,
              const Run& run, Loaded& out, Errors& errors) {
  const auto note = [&](Errors more) {
    more = in_flags(verb, std::move(more));
    errors.insert(errors.end(), more.begin(), more.end());
  };
  const auto check_order = [&](const twin::World& world) {
    if (a.strict_order) note(api::check_order(world));
  };
  api::OpenRequest request = a.scenarios.open(file);
  request.faults = a.faults;
  Result<api::Opened> opened = api::open(request, catalog, run);
  if (!opened) {
    const auto of_tenants = [](const Error& e) { return e.where.file == "request.overrides"; };
    if (std::any_of(opened.error().begin(), opened.error().end(), of_tenants)) {
      check_shared(file, a, errors);
    }
    return note(opened.error());
  }
  if (opened->shared) {
    check_shared(file, a, errors);
    for (const twin::Tenant& t : opened->shared->tenants) check_order(t.world);
    out.shared = std::move(opened->shared);
  } else {
    check_order(*opened->world);
    out.worlds.push_back(*std::move(opened->world));
  }
}

int show(const std::vector<twin::SimulationReport>& reports,
         const std::vector<twin::TimelineEvent>& timeline, std::uint64_t left_out,
         const SimulateArgs& a, int code) {
  if (left_out > 0) {
    complain("--timeline holds the first " + std::to_string(timeline.size()) + " events; " +
             std::to_string(left_out) + " more are left out (--events " +
             std::to_string(timeline.size() + left_out) + " keeps all)\n");
  }
  const twin::SimulationReport& first = reports.front();
  return a.outputs.write(
      {{"--json", [&] { return draw::simulation_json(reports); }},
       {"--csv", [&] { return draw::simulation_csv(first); }},
       {"--svg", [&] { return draw::simulation_svg(first); }},
       {"--html", [&] { return draw::simulation_html(first); }},
       {"--timeline", [&] { return draw::timeline_json(first, timeline, left_out); }}},
      [&] {
        const draw::TextStyle style = text_style(a.scenarios.source());
        return reports.size() > 1 ? draw::simulation_comparison(reports, style)
                                  : draw::simulation_text(first, style);
      },
      code);
}

/// Runs the scenarios one after another and prints.
int run_worlds(const std::vector<twin::World>& worlds, const SimulateArgs& a,
               const api::SimulateRequest& request, const Run& run) {
  int code = exit_done;
  std::vector<twin::SimulationReport> reports;
  std::vector<twin::TimelineEvent> timeline;
  std::uint64_t left_out = 0;
  for (const twin::World& world : worlds) {
    Result<twin::SimulationResult> result = api::simulate(world, request, run);
    if (!result) {
      report(in_flags(verb, result.error()));
      return code_of(run.stopped(), exit_mistake);
    }
    warn(result->report.warnings);
    if (result->report.stuck()) code = std::max<int>(code, exit_fault);
    if (result->report.knee && !result->report.meets_slo) code = exit_mistake;
    reports.push_back(std::move(result->report));
    timeline = std::move(result->timeline);
    left_out = result->timeline_left_out;
    if (!run.stopped()) continue;
    if (reports.back().interrupted || reports.size() < worlds.size()) code = exit_interrupted;
    break;
  }
  return show(reports, timeline, left_out, a, code);
}

int run_shared(const twin::SharedMachine& machine, const SimulateArgs& a,
               const api::SimulateRequest& request, const Run& run) {
  const Result<twin::SharedReport> result = api::simulate_shared(machine, request, run);
  if (!result) {
    report(in_flags(verb, result.error()));
    return code_of(run.stopped(), exit_mistake);
  }
  warn(result->warnings);
  int code = code_of(result->interrupted);
  for (const twin::TenantResult& t : result->tenants) {
    if (t.report.stuck()) code = std::max<int>(code, exit_fault);
    if (t.report.knee && !t.report.meets_slo) code = std::max<int>(code, exit_mistake);
  }
  return a.outputs.write(
      {{"--json", [&] { return draw::shared_simulation_json(*result); }}},
      [&] { return draw::shared_simulation_text(*result, text_style(a.scenarios.source())); },
      code);
}

}  // namespace

int run_simulate(const Args& args) {
  CLI::App app("Runs a request trace on a machine, request by request.", verb);
  SimulateArgs a(app);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  const api::SimulateRequest request = check(a, errors);
  if (!errors.empty()) return refuse(errors);
  const Run run = a.run.start();
  const Result<catalog::Catalog> catalog = api::open_catalog(a.catalog);
  if (!catalog) return refuse(verb, catalog.error());
  Loaded loaded;
  for (const std::string& file : a.scenarios.files())
    load_one(file, a, *catalog, run, loaded, errors);
  if (!errors.empty()) return refuse(errors);
  const int code = loaded.shared ? run_shared(*loaded.shared, a, request, run)
                                 : run_worlds(loaded.worlds, a, request, run);
  a.run.took("simulated");
  return code;
}

}  // namespace sn::cli
