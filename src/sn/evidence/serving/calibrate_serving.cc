// sn/evidence/serving/calibrate_serving.cc
//
// See the header.

#include "sn/evidence/serving/calibrate_serving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "sn/evidence/serving/rows/measured_machines.h"
#include "sn/evidence/serving/serving_load.h"

namespace sn::evidence {

namespace {

/// What is compared of a point. A median TTFT, where a table has it, shows the steady state; the
/// mean beside it shows what the first steps of a cold engine take longer.
enum Compared : std::size_t { tpot, ttft_median, ttft_mean, compared_count };
constexpr std::array<const char*, 8> names = {"decode",        "prefill",   "sequence",
                                              "launch",        "frontend",  "frontend_token",
                                              "graph overlap", "first_step"};

constexpr std::size_t graph_overlap = 6;  // in `names`; the others are of the host

struct FitPoint {
  const ServingPoint* point = nullptr;
  twin::Machine machine;
};

std::array<Time*, names.size()> fields_of(llm::Framework& f) {
  return {&f.host_decode, &f.host_prefill,   &f.host_sequence, &f.host_launch,
          &f.frontend,    &f.frontend_token, &f.graph_overlap, &f.first_step};
}

/// Where every fit starts: the order that all engines share.
constexpr std::array<double, names.size()> starts = {2e-4, 2e-3, 5e-6, 2e-5,
                                                     2e-2, 1e-6, 5e-7, 5e-1};

constexpr double outlier = 0.3;  // ln(predicted / measured) from which a point pulls less and less

/// A number that few points tell stays near its start: a factor of e away counts as much as an
/// error of 5 % of one point.
constexpr double prior_pull = 0.05;

/// Ranges within which an engine's host can be: a launch from Python takes no millisecond, a
/// tokeniser makes 200,000 tokens a second at least, and a kernel's prologue is a few microseconds.
constexpr std::array<std::array<double, 2>, names.size()> ranges = {{{1e-6, 1e-2},
                                                                     {1e-6, 5e-2},
                                                                     {1e-9, 2e-4},
                                                                     {1e-6, 1e-4},
                                                                     {1e-3, 2e-1},
                                                                     {1e-8, 5e-6},
                                                                     {1e-8, 4e-6},
                                                                     {1e-2, 3.0}}};

class EngineJob {
 public:
  EngineJob(std::vector<FitPoint> points, const CalibrateServingOptions& options, const Run& run)
      : points_(std::move(points)), options_(options), run_(run) {}

  EngineFit run() {
    EngineFit out;
    out.framework = points_.front().machine.framework;
    out.points = points_.size();
    std::vector<FitParameter> parameters;
    const auto fields = fields_of(out.framework);
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto [low, high] = ranges[i];
      parameters.push_back({names[i], starts[i], low, high});
    }
    std::vector<double> weights;
    for (const FitPoint& p : points_) {
      weights.push_back(p.point->tpot ? 1.0 : 0.0);
      weights.push_back(p.point->ttft_median ? 1.0 : 0.0);
      weights.push_back(p.point->ttft && !p.point->ttft_queues ? 1.0 : 0.0);
    }
    weights.insert(weights.end(), names.size(), 1.0);  // the prior
    std::vector<double> r(weights.size());
    std::vector<double> values;
    for (const Time* f : fields) values.push_back(f->si());  // what the catalog has
    residuals(values, r);
    errors(r, weights, out.before);
    // Launches are a floor: below it nothing depends on them, so the valley is looked for first.
    double best = std::numeric_limits<double>::infinity();
    for (const double launch : {5e-6, 1e-5, 2e-5, 4e-5, 8e-5}) {
      std::vector<double> tried(starts.begin(), starts.end());
      tried[3] = launch;
      residuals(tried, r);
      double loss = 0.0;
      for (std::size_t i = 0; i < r.size(); ++i) loss += weights[i] * std::abs(r[i]);
      if (loss >= best) continue;
      best = loss;
      parameters[3].start = launch;
    }
    FitOptions options;
    options.scale = 0.1;
    options.iterations = options_.iterations;
    options.step = 0.1;
    options.tolerance = 1e-3;
    options.stopped = [this] { return run_.stopped(); };
    out.fit = fit(
        parameters, weights,
        [this](std::span<const double> v, std::span<double> to) { residuals(v, to); }, options);
    for (std::size_t i = 0; i < names.size(); ++i) {
      values[i] = out.fit.parameters[i].value;
      *fields[i] = Time::from_si(values[i]);
    }
    residuals(values, r);
    errors(r, weights, out.after);
    return out;
  }

 private:
  void residuals(std::span<const double> values, std::span<double> out) {
    run_.for_each(points_.size(), [&](std::size_t i) {
      one(points_[i], values, out.subspan(compared_count * i, compared_count));
    });
    const std::size_t prior = compared_count * points_.size();
    for (std::size_t i = 0; i < names.size(); ++i) {
      out[prior + i] = prior_pull * std::log(values[i] / starts[i]);
    }
  }

  void one(FitPoint& p, std::span<const double> values, std::span<double> out) const {
    const auto fields = fields_of(p.machine.framework);
    for (std::size_t i = 0; i < names.size(); ++i) *fields[i] = Time::from_si(values[i]);
    const ServingPrediction q = predict(*p.point, p.machine, run_);
    const bool usable = q.why_not.empty();
    const auto residual = [&](double predicted, const std::optional<double>& measured) {
      return usable && measured ? bounded(std::log(predicted / *measured)) : 0.0;
    };
    out[tpot] = residual(q.tpot, p.point->tpot);
    out[ttft_median] = residual(q.ttft_median, p.point->ttft_median);
    out[ttft_mean] = residual(q.ttft, p.point->ttft);
  }

  /// A point that something else rules (an engine in eager mode, a queue elsewhere) must not bend
  /// all others: beyond a factor of e^outlier it hardly pulls.
  static double bounded(double x) { return x / std::hypot(1.0, x / outlier); }
  static double unbounded(double r) {
    const double part = std::min(std::abs(r) / outlier, 1.0 - 1e-9);
    return r / std::sqrt(1.0 - part * part);
  }

  void errors(std::span<const double> r, std::span<const double> weights, EngineErrors& to) const {
    std::array<double, compared_count> sum = {};
    std::array<double, compared_count> n = {};
    for (std::size_t i = 0; i < compared_count * points_.size(); ++i) {
      if (weights[i] <= 0.0) continue;
      sum[i % compared_count] += std::abs(std::expm1(unbounded(r[i])));
      n[i % compared_count] += 1.0;
    }
    to.tpot = sum[tpot] / std::max(1.0, n[tpot]);
    to.ttft = sum[ttft_mean] / std::max(1.0, n[ttft_mean]);
  }

  std::vector<FitPoint> points_;
  const CalibrateServingOptions& options_;
  const Run& run_;
};

bool kernels_measured(const hw::Chip& chip) {
  return is_nvidia(chip.generation()) && chip.generation() != hw::Generation::ada;
}

/// Fitted points by engine, evenly from each group.
std::map<std::string, std::vector<FitPoint>> choose(const ServingFiles& files,
                                                    MeasuredMachines& machines,
                                                    const CalibrateServingOptions& options,
                                                    const Run& run) {
  std::map<std::string, std::map<std::string, std::vector<FitPoint>>> groups;
  std::map<std::string, bool> seen;
  for (const ServingFile& file : files.files) {
    for (const ServingPoint& p : file.points) {
      if (!p.skip.empty() || !p.fitted() || run.stopped()) continue;
      if (p.draft_tokens > 0) continue;
      if (!p.tpot || p.load != LoadKind::closed) continue;
      // Between pools other things show than an engine's host, and on a chip whose kernels nobody
      // measured the host would make up for them.
      if (p.disaggregated) continue;
      // Tables repeat each other's points.
      const std::string key = fmt::format("{} {} {}", p.system, *p.tpot, p.concurrency);
      if (!seen.try_emplace(key).second) continue;
      const Result<const twin::Machine*> machine = machines.of(p);
      if (!machine || !kernels_measured((*machine)->cluster.rack.chip)) continue;
      // A model without a draft module of its own hardly ran with one.
      if (p.speculation == "unknown" && (*machine)->model.mtp_layers > 0) continue;
      groups[p.framework][fmt::format("{} {} {}", p.system, p.model, p.precision_name)].push_back(
          {&p, **machine});
    }
  }
  std::map<std::string, std::vector<FitPoint>> out;
  for (auto& [engine, by_group] : groups) {
    const auto wanted = std::find(options.engines.begin(), options.engines.end(), engine);
    if (!options.engines.empty() && wanted == options.engines.end()) continue;
    for (auto& [name, points] : by_group) {
      const double stride = std::max(
          1.0, static_cast<double>(points.size()) / static_cast<double>(options.points_per_group));
      for (double i = 0.0; i < static_cast<double>(points.size()); i += stride) {
        out[engine].push_back(std::move(points[static_cast<std::size_t>(i)]));
      }
    }
  }
  return out;
}

}  // namespace

ServingCalibration calibrate_serving(const std::string& directory, const catalog::Catalog& catalog,
                                     const CalibrateServingOptions& options, const Run& run) {
  ServingCalibration out;
  ServingFiles files = read_serving_files(directory, catalog);
  out.errors = std::move(files.errors);
  for (ServingFile& f : files.files) {
    out.errors.insert(out.errors.end(), f.faults.begin(), f.faults.end());
  }
  MeasuredMachines machines(catalog);
  std::map<std::string, std::vector<FitPoint>> engines = choose(files, machines, options, run);
  for (auto& [engine, points] : engines) {
    if (run.stopped()) break;
    run.tell({.doing = engine});
    if (2 * points.size() < names.size()) {
      out.errors.push_back({.code = ErrorCode::data,
                            .message = fmt::format("{}: {} points cannot determine {} numbers",
                                                   engine, points.size(), names.size()),
                            .hint = "more concurrencies, lengths or models"});
      continue;
    }
    EngineFit fitted = EngineJob(std::move(points), options, run).run();
    if (!run.stopped()) out.engines.push_back(std::move(fitted));
  }
  out.interrupted = run.stopped();
  return out;
}

namespace {

/// How an engine puts steps together: nothing is fitted, an entry keeps what it had.
std::string steps_text(const llm::Framework& f, const std::string& tool) {
  std::string out = "steps:\n";
  const auto line = [&](std::string_view key, std::int64_t value) {
    out += fmt::format(
        "  {}: {{value: {}, source: {}-source, confidence: medium, note: \"as launched\"}}\n", key,
        value, tool);
  };
  line("tokens", f.step_tokens);
  line("tokens_large", f.step_tokens_large);
  line("prefill_first", f.prefill_first);
  line("ahead", f.ahead);
  line("poll", f.poll);
  line("poll_busy", f.poll_busy);
  line("busy_clients", f.busy_clients);
  return out;
}

}  // namespace

std::vector<CatalogFile> catalog_files(const ServingCalibration& calibration,
                                       const std::string& date) {
  std::vector<CatalogFile> out;
  for (const EngineFit& e : calibration.engines) {
    std::string text = fmt::format(
        "title: {}\n"
        "note: >-\n"
        "  Host times fitted to {} measured points on {}: mean errors TPOT {:.1f} %, "
        "TTFT {:.1f} %.\n"
        "base: generic\n"
        "host:\n",
        e.framework.name, e.points, date, 100.0 * e.after.tpot, 100.0 * e.after.ttft);
    std::string overlap;
    for (const FittedParameter& p : e.fit.parameters) {
      const std::string error =
          p.determined ? fmt::format("standard error {:.0f} %", 100.0 * p.standard_error)
                       : "the data does not determine it";
      const std::string value =
          fmt::format("{{value: {:.4g} us, source: serving-fit, confidence: {}, note: \"{}\"}}\n",
                      p.value * 1e6, p.determined ? "medium" : "low", error);
      if (p.name == names[graph_overlap]) {
        overlap = "  overlap: " + value;
      } else {
        text += fmt::format("  {}: {}", p.name, value);
      }
    }
    const std::string tool = e.framework.name.substr(0, e.framework.name.find('-'));
    text += fmt::format(
        "graph:\n"
        "  tokens: {{value: {}, source: {}-source, confidence: medium, note: \"as launched\"}}\n"
        "  mixed_tokens: {{value: {}, source: {}-source, confidence: medium, note: \"as "
        "launched\"}}\n",
        e.framework.graph_tokens, tool, e.framework.graph_mixed_tokens, tool);
    text += overlap;
    text += fmt::format(
        "memory:\n"
        "  after_load: {{value: {:g}, source: {}-source, confidence: medium, note: \"kv_cache "
        "fraction or memory fraction, by its documentation\"}}\n"
        "  reserved_answer: {{value: {:g}, source: {}-source, confidence: medium, note: \"default "
        "policy of its scheduler\"}}\n",
        e.framework.memory_after_load, tool, e.framework.reserved_answer, tool);
    text += steps_text(e.framework, tool);
    out.push_back({fmt::format("frameworks/{}.yaml", e.framework.name), std::move(text)});
  }
  return out;
}

}  // namespace sn::evidence
