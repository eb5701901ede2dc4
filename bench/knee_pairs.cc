// bench/knee_pairs.cc
//
// The closed forms beside the engine, pair by pair: the knee that `plan` screens with against the
// knee that `simulate` finds, over the fixed set of knee_pairs.h. One line a pair, tab-separated:
//
//   name, engine's knee, formula's knee (multiples of the workload), what limits each
//
//   knee_pairs [--engine FILE] [--only TEXT] [--threads N] [--at] [--check]
//
// --engine takes the engine's knees from an earlier output: the formulas alone take seconds. --at
// prints what both say of TTFT and TPOT at 0.3, 0.6 and 0.9 of the engine's knee instead. --check:
// exit code 1 where the median error exceeds 15 % or a pair 2x. scripts/formula_docs.py makes
// docs/formulas.md of the output.

#include "bench/knee_pairs.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "sn/base/files/files.h"
#include "sn/catalog/catalog.h"
#include "sn/twin/scenario/scenario.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::pairs {
namespace {

struct Args {
  std::string engine;
  std::string only;
  unsigned threads = 2;
  bool at = false;
  bool check = false;
};

struct Line {
  double engine = 0.0;
  double formula = 0.0;
  std::string engine_limit = "-";
  std::string formula_limit = "-";
  std::string text;  // of --at
};

using Known = std::map<std::string, Line>;

Known read_known(const std::string& path) {
  Known out;
  std::ifstream file(path);
  for (std::string row; std::getline(file, row);) {
    std::istringstream fields(row);
    std::string name;
    std::string engine;
    std::string formula;
    Line line;
    std::getline(fields, name, '\t');
    std::getline(fields, engine, '\t');
    std::getline(fields, formula, '\t');
    std::getline(fields, line.engine_limit, '\t');
    line.engine = std::atof(engine.c_str());
    out[name] = line;
  }
  return out;
}

Result<twin::World> world_of(const KneePair& pair, const catalog::Catalog& catalog) {
  const Result<Node> scenario = parse_document(pair.name, pair.scenario);
  if (!scenario) return fail(scenario.error());
  return twin::resolve(*scenario, catalog, FileLoader::disk(), "");
}

twin::SimulationOptions options_of(const KneePair& pair) {
  twin::SimulationOptions options;
  options.imitated = std::min<std::int64_t>(options.imitated, pair.requests);
  options.knee_tolerance = 1.02;
  return options;
}

std::string beside(const KneePair& pair, const twin::World& world, serving::ServingModel& model,
                   double multiple) {
  twin::SimulationOptions options = options_of(pair);
  options.replay.multiple = multiple;
  const auto run = twin::simulate(world, world.load.search.fixed.front(), options);
  const serving::SteadyState s = model.at(multiple * world.load.workload.rate.si());
  if (!run) return "";
  const twin::SimulationReport& r = run->report;
  std::array<char, 400> text = {};
  std::snprintf(text.data(), text.size(),
                " | %.3gx TTFT p50 %.3f/%.3f p90 %.3f/%.3f TPOT p50 %.1f/%.1f p90 %.1f/%.1f "
                "hits %.3f/%.3f busy %.2f rho %.2f batch %.1f n %.1f chunk %.0f",
                multiple, s.ttft.p50.si(), r.ttft.p50.si(), s.ttft.p90.si(), r.ttft.p90.si(),
                s.tpot.p50.si() * 1e3, r.tpot.p50.si() * 1e3, s.tpot.p90.si() * 1e3,
                r.tpot.p90.si() * 1e3, s.hit_rate, r.hit_rate, r.pools.front().busy,
                s.prefill_utilisation, r.pools.back().batch, s.sequences, r.pools.front().chunk);
  return text.data();
}

Line measure(const KneePair& pair, const catalog::Catalog& catalog, const Known& known,
             const Args& args) {
  Line out;
  const Result<twin::World> world = world_of(pair, catalog);
  if (!world) {
    out.text = render(world.error());
    return out;
  }
  const serving::ServingPlan& plan = world->load.search.fixed.front();
  const serving::ServingInputs inputs = world->inputs();
  serving::ServingModel model(inputs, plan);
  out.formula = model.knee(world->load.slo) / world->load.workload.rate.si();
  out.formula_limit = model.knee_limit(world->load.slo);
  if (const auto at = known.find(pair.name); at != known.end()) {
    out.engine = at->second.engine;
    out.engine_limit = at->second.engine_limit;
  } else {
    twin::SimulationOptions options = options_of(pair);
    options.knee_guess = out.formula;
    const auto knee = twin::find_knee(*world, plan, options);
    if (knee && knee->report.meets_slo) out.engine = knee->report.multiple;
    out.engine_limit = knee ? to_string(knee->report.limit) : render(knee.error());
  }
  if (!args.at) return out;
  for (const double share : {0.3, 0.6, 0.9})
    out.text += beside(pair, *world, model, share * out.engine);
  return out;
}

/// The larger of two knees over the smaller; a pair without a knee counts as infinitely wrong.
double ratio(const Line& l) {
  if (l.engine <= 0.0 || l.formula <= 0.0) return l.engine == l.formula ? 1.0 : INFINITY;
  return std::max(l.engine, l.formula) / std::min(l.engine, l.formula);
}

int check(const std::vector<Line>& lines) {
  std::vector<double> ratios;
  for (const Line& l : lines) ratios.push_back(ratio(l));
  std::sort(ratios.begin(), ratios.end());
  if (ratios.empty()) return 1;
  const double median = ratios[ratios.size() / 2];
  std::fprintf(stderr, "median %.1f %%, worst %.2fx\n", 100.0 * (median - 1.0), ratios.back());
  return median <= 1.15 && ratios.back() <= 2.0 ? 0 : 1;
}

int run(const Args& args) {
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (!catalog) return 1;
  const Known known = read_known(args.engine);
  std::vector<KneePair> pairs = knee_pairs();
  std::erase_if(pairs, [&](const KneePair& p) { return p.name.find(args.only) == p.name.npos; });
  std::vector<Line> lines(pairs.size());
  std::atomic<std::size_t> next = 0;
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < args.threads; ++i) {
    threads.emplace_back([&] {
      for (std::size_t k = next++; k < pairs.size(); k = next++) {
        lines[k] = measure(pairs[k], *catalog, known, args);
        if (args.engine.empty()) std::fprintf(stderr, "%zu %s\n", k, pairs[k].name.c_str());
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const Line& l = lines[k];
    std::printf("%s\t%.5g\t%.5g\t%s\t%s%s\n", pairs[k].name.c_str(), l.engine, l.formula,
                l.engine_limit.c_str(), l.formula_limit.c_str(), l.text.c_str());
  }
  return args.check ? check(lines) : 0;
}

}  // namespace
}  // namespace sn::pairs

int main(int argc, char** argv) {
  sn::pairs::Args args;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--engine") args.engine = value;
    if (flag == "--only") args.only = value;
    if (flag == "--threads") args.threads = static_cast<unsigned>(std::max(1, std::stoi(value)));
    if (flag == "--at") args.at = true;
    if (flag == "--check") args.check = true;
  }
  return sn::pairs::run(args);
}
