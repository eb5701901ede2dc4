// sn/twin/simulate/find_knee.cc
//
// The largest multiple that meets the SLO: brackets, then bisects (see simulate.h).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/base/units/units.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::twin {

namespace {

constexpr double smallest = 1e-6;
constexpr double largest = 1e4;
constexpr double lives = 2.0;  // of a request, that arrivals last at least

/// The least multiple at which the requests arrive well within the clock, drawn gaps included.
Result<double> smallest_on_clock(const World& world, SimulationOptions options) {
  options.replay.multiple = 1.0;
  const Result<Nanos> span = serving::span_on_clock(*source_of(world, options));
  if (!span) return fail(span.error());
  if (options.replay.scaling == serving::Scaling::copies) return smallest;
  const double share =
      static_cast<double>(span->count) / static_cast<double>(serving::arrivals_end.count);
  return std::max(smallest, 2.0 * share);
}

double worst_ratio(const SimulationReport& report) {
  double worst = 0.0;
  for (const SloResult& t : report.targets) worst = std::max(worst, t.value / t.target.limit);
  return worst;
}

/// More requests, where they are drawn for the occasion.
bool lengthen(const World& world, SimulationOptions& o) {
  if (world.load.trace) return false;
  std::int64_t& all = world.load.synthetic ? o.drawn : o.imitated;
  if (all == 0) all = world.load.synthetic->requests;
  const std::int64_t now = o.replay.limit > 0 ? std::min(o.replay.limit, all) : all;
  if (now >= o.drawn_most) return false;
  const std::int64_t grown = std::min(o.drawn_most, 4 * now);
  all = std::max(all, o.replay.skip + grown);
  if (o.replay.limit > 0) o.replay.limit = grown;
  return true;
}

/// What a run that failed failed by.
Failure failure_of(const SimulationReport& report) {
  if (report.cut_short) return report.cut_short_by;
  if (report.growing) return {.kind = Failure::Kind::queue_grows};
  double worst = 0.0;
  Failure out{.kind = Failure::Kind::requests_lost};
  for (const SloResult& t : report.targets) {
    const double ratio = t.value / t.target.limit;
    if (t.met || ratio < worst) continue;
    worst = ratio;
    out = {.kind = Failure::Kind::target, .target = t.target};
  }
  if (out.kind == Failure::Kind::requests_lost && report.meets_slo) {
    return {.kind = Failure::Kind::load_ends,
            .requests = report.requests,
            .last_arrival = report.last_arrival,
            .mean_e2e = report.e2e.mean};
  }
  return out;
}

/// Probes multiples and keeps the bracket.
class Search {
 public:
  Search(const World& world, const serving::ServingPlan& plan, SimulationOptions options,
         const Run& run)
      : world_(world), plan_(plan), options_(std::move(options)), run_(run) {
    options_.stop_when_hopeless = true;
    options_.timeline_limit = 0;
  }

  /// Nothing when the run could not be made or was interrupted.
  [[nodiscard]] std::optional<bool> probe(double multiple) {
    options_.replay.multiple = multiple;
    const Run probing =
        run_.within(fmt::format("probe {} at {}x", probes.size() + 1, format_number(multiple, 3)));
    Result<SimulationResult> result = options_.lasting
                                          ? simulate_lasting(world_, plan_, options_, probing)
                                          : simulate(world_, plan_, options_, probing);
    if (!result) {
      errors = result.error();
      return std::nullopt;
    }
    const SimulationReport& report = result->report;
    if (report.interrupted) {
      partial = *std::move(result);
      return std::nullopt;
    }
    const bool met = report.met() && (!options_.lasting || lasts(report));
    probes.push_back({.multiple = multiple,
                      .met = met,
                      .cut_short = report.cut_short,
                      .worst = worst_ratio(report)});
    if (met && multiple > low) {
      low = multiple;
      best = *std::move(result);
    } else if (!met && multiple < high) {
      high = multiple;
      limit = failure_of(report);
    }
    return met;
  }

  /// Of the probes: their load may have grown.
  [[nodiscard]] const SimulationOptions& options() const { return options_; }

  double low = 0.0;
  double high = largest * 2.0;
  Failure limit;
  std::optional<SimulationResult> best;     // the run at `low`
  std::optional<SimulationResult> partial;  // the probe that was interrupted
  std::vector<KneeProbe> probes;
  Errors errors;

 private:
  const World& world_;
  const serving::ServingPlan& plan_;
  SimulationOptions options_;
  const Run& run_;
};

/// False when it was interrupted or failed.
bool bracket(Search& search, double guess, double factor, double least) {
  double at = std::clamp(guess, least, largest);
  while (true) {
    const std::optional<bool> met = search.probe(at);
    if (!met) return false;
    if (search.low > 0.0 && search.high <= largest) return true;
    if (!*met && at <= least) return true;
    at = *met ? at * factor : std::max(least, at / factor);
    factor *= std::min(1.3, factor);
    if (at > largest) return true;
  }
}

}  // namespace

bool lasts(const SimulationReport& report) {
  return report.last_arrival >= report.e2e.mean * lives;
}

Result<SimulationResult> simulate_lasting(const World& world, const serving::ServingPlan& plan,
                                          SimulationOptions& options, const Run& run) {
  Result<SimulationResult> result = simulate(world, plan, options, run);
  while (result && result->report.met() && !result->report.interrupted && !lasts(result->report) &&
         lengthen(world, options)) {
    result = simulate(world, plan, options, run);
  }
  return result;
}

Result<SimulationResult> find_knee(const World& world, const serving::ServingPlan& plan,
                                   SimulationOptions options, const Run& run) {
  const Result<double> least = smallest_on_clock(world, options);
  if (!least) return fail(least.error());
  Search search(world, plan, options, run);
  bool going = bracket(search, options.knee_guess > 0.0 ? options.knee_guess : 1.0,
                       options.knee_step, *least);
  if (!search.errors.empty()) return fail(search.errors);
  while (going && search.low > 0.0 && search.high > search.low * options.knee_tolerance &&
         search.high <= largest) {
    going = search.probe(std::sqrt(search.low * search.high)).has_value();
  }
  const bool found = search.low > 0.0;
  options.imitated = search.options().imitated;
  options.drawn = search.options().drawn;
  options.replay.limit = search.options().replay.limit;
  options.replay.multiple = found ? search.low : std::min(search.high, largest);
  options.stop_when_hopeless = !found;  // an overload need not be run to its end
  const bool kept = search.best && (options.timeline_limit == 0 || !going);
  // An interrupted search reports the best run that ended, or else what the first one came to.
  const bool cut = !found && search.partial;
  Result<SimulationResult> out = kept  ? *std::move(search.best)
                                 : cut ? *std::move(search.partial)
                                       : simulate(world, plan, options, run);
  if (!out) return out;
  out->report.knee = true;
  out->report.limit = search.limit;
  out->report.probes = std::move(search.probes);
  out->report.interrupted = out->report.interrupted || !going;
  return out;
}

}  // namespace sn::twin
