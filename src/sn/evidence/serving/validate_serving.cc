// sn/evidence/serving/validate_serving.cc
//
// Predicts points in parallel into fixed slots, then adds them up.

#include "sn/evidence/serving/validate_serving.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>

#include "sn/evidence/serving/rows/measured_machines.h"

namespace sn::evidence {

namespace {

constexpr std::array<std::string_view, serving_metric_count> metric_names = {"ttft", "tpot",
                                                                             "tput_per_gpu"};

/// One point with what was predicted for it.
struct Played {
  const ServingPoint* point = nullptr;
  const twin::Machine* machine = nullptr;
  std::string skip;
  ServingPrediction prediction;
};

struct Pair {
  double measured = 0.0;
  double predicted = 0.0;
  double sigma = 0.0;
};

/// What a table says of a metric, and the model; nothing when the table does not judge it.
std::optional<Pair> pair_of(const Played& p, ServingMetric metric) {
  const ServingPoint& m = *p.point;
  const ServingPrediction& q = p.prediction;
  const auto pair = [](const std::optional<double>& measured, double predicted, double sigma) {
    return measured ? std::optional<Pair>({*measured, predicted, sigma}) : std::nullopt;
  };
  switch (metric) {
    case ServingMetric::ttft:
      return m.ttft_queues ? std::nullopt : pair(m.ttft, q.ttft, q.sigma_ttft);
    case ServingMetric::tpot:
      return pair(m.tpot, q.tpot, q.sigma_tpot);
    case ServingMetric::tput_per_gpu:
      if (m.total_per_gpu) return pair(m.total_per_gpu, q.total_per_gpu, q.sigma_rate);
      return pair(m.output_per_gpu, q.output_per_gpu, q.sigma_rate);
  }
  return std::nullopt;
}

class Sum {
 public:
  void add(const Played& p) {
    ++out_.rows;
    if (!p.skip.empty()) {
      ++skipped_[p.skip];
      return;
    }
    ++out_.predicted;
    for (std::size_t i = 0; i < serving_metric_count; ++i) {
      const auto pair = pair_of(p, static_cast<ServingMetric>(i));
      if (!pair) continue;
      const double error = pair->predicted / pair->measured - 1.0;
      errors_[i].push_back(error);
      if (p.point->fitted()) continue;
      held_out_[i].push_back(error);
      if (llm::interval80(pair->predicted, pair->sigma).holds(pair->measured)) covered_[i] += 1.0;
    }
  }

  ServingReport report(std::string name) {
    out_.name = std::move(name);
    for (const auto& [reason, rows] : skipped_) out_.skipped.push_back({reason, rows});
    for (std::size_t i = 0; i < serving_metric_count; ++i) {
      ServingMetrics& m = out_.metrics[i];
      const double held_out = static_cast<double>(held_out_[i].size());
      m.all = measured::metrics_of(errors_[i]);
      m.held_out = measured::metrics_of(held_out_[i]);
      m.all.floor = m.held_out.floor = std::numeric_limits<double>::quiet_NaN();
      m.covered = covered_[i] / held_out;  // NaN without points
    }
    return out_;
  }

 private:
  ServingReport out_;
  std::map<std::string, std::size_t> skipped_;
  std::array<std::vector<double>, serving_metric_count> errors_;
  std::array<std::vector<double>, serving_metric_count> held_out_;
  std::array<double, serving_metric_count> covered_ = {};
};

std::string group_of(const ServingPoint& p) {
  return fmt::format("{} {} {} {} {}{}", p.system, p.model.empty() ? "other" : p.model, p.framework,
                     p.precision_name, p.disaggregated ? "disagg" : "agg",
                     p.speculation == "none" ? "" : " " + p.speculation);
}

std::vector<Played> list_points(const ServingFiles& files, MeasuredMachines& machines,
                                const Run& run) {
  std::vector<Played> out;
  for (const ServingFile& file : files.files) {
    for (const ServingPoint& point : file.points) {
      Played p;
      p.point = &point;
      p.skip = run.stopped() ? "stopped before" : point.skip;
      if (p.skip.empty()) {
        const Result<const twin::Machine*> machine = machines.of(point);
        if (machine) {
          p.machine = *machine;
        } else {
          p.skip = machine.error().front().message;
        }
      }
      out.push_back(std::move(p));
    }
  }
  return out;
}

/// What decides how a point of a benchmark plays; submissions of the same are played once.
std::string same_play(const ServingPoint& p) {
  return fmt::format("{} {} {} {:.0f} {} {}", p.name, p.model, p.precision_name, p.output, p.gpus(),
                     p.framework);
}

void play_all(std::vector<Played>& points, const Run& run) {
  std::vector<std::size_t> as(points.size());  // index of the point that stands for each
  std::map<std::string, std::size_t> played;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const ServingPoint& p = *points[i].point;
    const bool alike = points[i].skip.empty() && !p.benchmark.empty();
    as[i] = alike ? played.try_emplace(same_play(p), i).first->second : i;
  }
  std::vector<char> ended(points.size(), 0);
  std::atomic<std::size_t> done = 0;
  run.for_each(points.size(), [&](std::size_t i) {
    Played& p = points[i];
    const std::size_t now = ++done;
    if (!p.skip.empty() || as[i] != i) return;
    p.prediction = predict(*p.point, *p.machine, run);
    ended[i] = run.stopped() ? 0 : 1;
    run.tell({.doing = fmt::format("{} of {} points", now, points.size()),
              .share = static_cast<double>(now) / static_cast<double>(points.size()),
              .done = now,
              .all = points.size()});
  });
  for (std::size_t i = 0; i < points.size(); ++i) {
    points[i].prediction = points[as[i]].prediction;
    if (points[i].skip.empty() && ended[as[i]] == 0) points[i].skip = "stopped before";
    if (points[i].skip.empty()) points[i].skip = points[i].prediction.why_not;
  }
}

std::vector<ServingMiss> worst_of(const std::vector<Played>& points, std::size_t most) {
  std::vector<ServingMiss> out;
  for (const Played& p : points) {
    if (!p.skip.empty()) continue;
    for (std::size_t i = 0; i < serving_metric_count; ++i) {
      const auto metric = static_cast<ServingMetric>(i);
      const auto pair = pair_of(p, metric);
      if (!pair) continue;
      out.push_back({fmt::format("{}:{}", p.point->file, p.point->line), p.point->name, metric,
                     pair->measured, pair->predicted, p.point->fitted()});
    }
  }
  const auto size = [](const ServingMiss& m) {
    return std::abs(std::log(m.predicted / m.measured));
  };
  std::stable_sort(out.begin(), out.end(),
                   [&](const ServingMiss& a, const ServingMiss& b) { return size(a) > size(b); });
  if (out.size() > most) out.resize(most);
  return out;
}

void add_widths(const Played& p, EvidenceWidths& widths) {
  if (!p.skip.empty()) return;
  const twin::Machine& machine = *p.machine;
  const std::string evidence = machine.cluster.rack.chip.kernels + " " + machine.framework.name;
  for (std::size_t i = 0; i < serving_metric_count; ++i) {
    const auto pair = pair_of(p, static_cast<ServingMetric>(i));
    if (!pair) continue;
    widths.add({evidence, p.point->disaggregated, std::string(metric_names[i]), pair->measured,
                pair->predicted, pair->sigma, p.point->fitted()});
  }
}

void add_dots(const Played& p, std::vector<ServingDot>& dots) {
  if (!p.skip.empty()) return;
  for (std::size_t i = 0; i < serving_metric_count; ++i) {
    const auto metric = static_cast<ServingMetric>(i);
    const auto pair = pair_of(p, metric);
    if (!pair) continue;
    dots.push_back(
        {metric, p.point->disaggregated, p.point->fitted(), pair->measured, pair->predicted});
  }
}

std::vector<ServingReport> reports(std::map<std::string, Sum>& sums) {
  std::vector<ServingReport> out;
  for (auto& [name, sum] : sums) out.push_back(sum.report(name));
  return out;
}

}  // namespace

std::string_view to_string(ServingMetric metric) {
  return metric_names[static_cast<std::size_t>(metric)];
}

double serving_target(ServingMetric metric, bool disaggregated) {
  if (metric == ServingMetric::ttft) return disaggregated ? 0.25 : 0.20;
  if (metric == ServingMetric::tput_per_gpu) return 0.15;
  return disaggregated ? 0.12 : 0.10;
}

ServingValidation validate_serving(const std::string& directory, const catalog::Catalog& catalog,
                                   const ServingOptions& options, const Run& run) {
  const auto start = std::chrono::steady_clock::now();
  ServingValidation v;
  v.cases = predict_scale_cases(catalog, run);
  v.interrupted = run.stopped();
  if (directory.empty() || v.interrupted) return v;
  ServingFiles files = read_serving_files(directory, catalog);
  v.errors = std::move(files.errors);
  v.ignored = std::move(files.ignored);
  v.limits = files.limits;
  v.limited = files.limited;
  v.replays = replay_vllm_runs(directory, catalog, run);
  MeasuredMachines machines(catalog);
  std::vector<Played> points = list_points(files, machines, run);
  play_all(points, run);
  v.interrupted = run.stopped();
  std::map<std::string, Sum> groups;
  Sum aggregated;
  Sum disaggregated;
  Sum assumed;
  EvidenceWidths widths;
  Sum unlimited_aggregated;
  Sum unlimited_disaggregated;
  std::size_t at = 0;
  for (ServingFile& file : files.files) {
    std::map<std::string, Sum> own;
    Sum whole;
    for (std::size_t i = 0; i < file.points.size(); ++i, ++at) {
      const Played& p = points[at];
      const std::string group = group_of(*p.point);
      whole.add(p);
      own[group].add(p);
      groups[group].add(p);
      // Unknown speculation judges nothing but itself.
      if (p.point->speculation == "unknown") continue;
      // Nor do points whose lengths or deployments are assumed in part.
      if (p.point->assumed) {
        assumed.add(p);
        continue;
      }
      // Where recipes are at hand, points without one are judged apart.
      if (files.limits > 0 && !p.point->engine.known) {
        (p.point->disaggregated ? unlimited_disaggregated : unlimited_aggregated).add(p);
        continue;
      }
      (p.point->disaggregated ? disaggregated : aggregated).add(p);
      add_dots(p, v.dots);
      add_widths(p, widths);
    }
    v.files.push_back({whole.report(file.name), reports(own), std::move(file.faults)});
  }
  v.groups = reports(groups);
  v.aggregated = aggregated.report("aggregated");
  v.disaggregated = disaggregated.report("disaggregated");
  v.widths = widths.report();
  v.assumed = assumed.report("assumed in part");
  v.unlimited_aggregated = unlimited_aggregated.report("limits unknown, aggregated");
  v.unlimited_disaggregated = unlimited_disaggregated.report("limits unknown, disaggregated");
  v.worst = worst_of(points, options.worst);
  v.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return v;
}

}  // namespace sn::evidence
