// bench/shortlist_check.cc
//
// Does the shortlist hold a deployment that nothing beats? Ten searches of at most 150 deployments
// are played exhaustively on the engine, and the race of the planner beside them. One line each:
//
//   name, deployments, best knee of all, knee of the race's first, their ratio, deployment
//
// Run from the root of the tree. Takes minutes; the figures are in docs/formulas.md.

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/files/files.h"
#include "sn/catalog/catalog.h"
#include "sn/planner/shortlist/race.h"
#include "sn/planner/shortlist/shortlist.h"
#include "sn/twin/scenario/scenario.h"

namespace {

using namespace sn;

struct Case {
  std::string_view name;
  std::string_view rack;
  std::string_view model;
  std::string_view input;
  std::string_view output;
  std::string_view slo;
};

constexpr std::string_view loose = "{ttft: {p90: 4 s}, tpot: {p90: 100 ms}}";
constexpr std::string_view tight = "{ttft: {p90: 800 ms}, tpot: {p90: 25 ms}}";
constexpr std::string_view eight_h200 = "hgx-h200";
constexpr std::string_view four_h200 =
    "{base: hgx-h200, gpus: 4, scale_up: {domain: 4}, gpus_per_os: 4}";
constexpr std::string_view eight_b200 = "hgx-b200";
constexpr std::string_view chat = "{median: 800, p90: 4000, max: 16000}";
constexpr std::string_view code = "{median: 2500, p90: 9000, max: 30000}";
constexpr std::string_view answers = "{median: 120, p90: 500, max: 2000}";

constexpr std::array cases = {
    Case{"llama-70b chat, loose", four_h200, "llama-3.1-70b", chat, answers, loose},
    Case{"llama-70b chat, tight", four_h200, "llama-3.1-70b", chat, answers, tight},
    Case{"llama-70b code, loose", eight_h200, "llama-3.1-70b", code, answers, loose},
    Case{"llama-70b fixed lengths", eight_h200, "llama-3.1-70b", "4000", "300", loose},
    Case{"llama-70b on B200", eight_b200, "llama-3.1-70b", chat, answers, tight},
    Case{"llama-8b chat", four_h200, "llama-3.1-8b", chat, answers, tight},
    Case{"qwen3-30b chat", four_h200, "qwen3-30b-a3b", chat, answers, tight},
    Case{"qwen3-235b chat", eight_h200, "qwen3-235b-a22b", chat, answers, loose},
    Case{"deepseek-v3 chat", eight_b200, "deepseek-v3", chat, answers, loose},
    Case{"deepseek-v3 code", eight_h200, "deepseek-v3", code, answers, loose},
};

std::string text_of(const Case& c) {
  const auto part = [](std::string_view v) { return std::string(v); };
  return "supernode: 1\ncluster: {rack: " + part(c.rack) + "}\nmodel: " + part(c.model) +
         "\nprecision: {weights: fp8, activations: fp8, kv: fp8}\nworkload: {synthetic: {arrivals: "
         "{process: poisson, rate: 1 req/s}, input: " +
         part(c.input) + ", output: " + part(c.output) +
         ", requests: 3000}, rate: knee}\nslo: " + part(c.slo) +
         "\nsearch: {chunk: [2048, 8192], mtp: 0}\n";
}

/// Different deployments of the search, the formulas' best first; at most 150.
std::vector<planner::FoundPlan> deployments_of(std::vector<planner::FoundPlan> all) {
  constexpr std::size_t most = 150;
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.requests > b.requests; });
  std::set<std::string> seen;
  std::vector<planner::FoundPlan> out;
  for (const planner::FoundPlan& p : all) {
    if (out.size() < most && seen.insert(twin::plan_text(p.plan)).second) out.push_back(p);
  }
  return out;
}

int check(const Case& c, const catalog::Catalog& catalog) {
  const Result<Node> node = parse_document(std::string(c.name), text_of(c));
  if (!node) return std::puts(render(node.error()).c_str()), 1;
  const Result<twin::World> world = twin::resolve(*node, catalog, FileLoader::disk(), "");
  if (!world) return std::puts(render(world.error()).c_str()), 1;
  const planner::SearchResult found = planner::search(*world, false);
  std::vector<planner::FoundPlan> all = found.plans;
  all.insert(all.end(), found.around.begin(), found.around.end());
  all = deployments_of(std::move(all));
  const double rate = world->load.workload.rate.si();
  double best = 0.0;
  std::string which;
  for (const planner::FoundPlan& p : all) {
    const auto one = planner::play(*world, p, p.requests / rate, {});
    if (!one || !one->meets() || one->report.multiple <= best) continue;
    best = one->report.multiple;
    which = twin::plan_text(p.plan);
  }
  const auto played = planner::race(*world, planner::shortlist(all, false), {});
  if (!played || played->empty()) return std::printf("%s\tno race\n", c.name.data()), 1;
  const double first = played->front().report.multiple;
  std::printf("%s\t%zu\t%.2f\t%.2f\t%.3f\t%s\n", std::string(c.name).c_str(), all.size(), best,
              first, first / best, which.c_str());
  std::fflush(stdout);
  return 0;
}

}  // namespace

int main() {
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (!catalog) return 1;
  int failed = 0;
  for (const Case& c : cases) failed += check(c, *catalog);
  return failed;
}
