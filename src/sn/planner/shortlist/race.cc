// sn/planner/shortlist/race.cc
//
// Rounds of engine runs (see race.h).

#include "sn/planner/shortlist/race.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "sn/base/units/units.h"
#include "sn/planner/search/engine_runs.h"
#include "sn/planner/search/feasible.h"
#include "sn/planner/search/shapes.h"

namespace sn::planner {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

/// A round of knees, or of runs at the World's rate.
struct Round {
  double share = 1.0;       // of the requests
  double step = 1.3;        // of a knee's bracket
  double tolerance = 1.01;  // of a knee
  std::size_t plans = 0;    // that take part, the best first
};

constexpr double heat_share = 1.0 / 8.0;
constexpr double quarter = 0.25;
constexpr std::size_t quarters = 3;  // that a plan of the last round is played on
constexpr double heat_step = 1.15;
constexpr int heats_below = 2;          // beyond the first that anybody met
constexpr double hopeless_guess = 2.0;  // a plan is not tried above so many times its screened knee
constexpr double least_multiple = 1e-3;
constexpr double most_multiple = 1e4;
constexpr std::int64_t fewest_requests = 1'000;
constexpr std::int64_t part_drawn_most = 100'000;  // requests of a part that grows
constexpr std::size_t leaders = 2;                // whose neighbours join

/// One plan in the race.
struct Runner {
  Played played;
  Errors errors;
  twin::SimulationOptions heat = {};  // of its runs in the heats: loads may grow
};

class Race {
 public:
  Race(const twin::World& world, const RaceOptions& options, const Run& run)
      : world_(world),
        options_(options),
        run_(run),
        whole_(whole_options(world, options.simulation).replay.limit) {}

  /// Runs at common multiples; who met none of them leaves.
  void heats() {
    double level = least_multiple;
    for (const Runner& r : runners) level = std::max(level, r.played.screened);
    bool any = heat(level);
    for (double up = level * heat_step; any && up < most_multiple; up *= heat_step) {
      if (!heat(up)) break;
    }
    int below = 0;
    for (double down = level / heat_step; down > least_multiple; down /= heat_step) {
      if (any && ++below > heats_below) break;
      any = heat(down) || any;
    }
    std::erase_if(runners, [&](const Runner& r) { return any && !r.played.meets(); });
    sort();
  }

  /// Plays the first runners on more of the requests, from their last multiple on; and sorts.
  void go(const Round& round) {
    const std::size_t count = std::min(round.plans, runners.size());
    run_.tell({.doing = fmt::format("playing {} plans on {} % of the load", count,
                                    format_number(100.0 * round.share, 3))});
    run_.for_each(count, [&](std::size_t i) {
      Runner& r = runners[i];
      Result<Played> played = play_for(r.played.found, r.played.report.multiple, round);
      if (!played) {
        r.errors = played.error();
        return;
      }
      played->screened = r.played.screened;
      played->whole = round.share >= 1.0;
      played->knees = std::move(r.played.knees);
      if (!played->whole) played->knees = {played->report.multiple};
      r.played = *std::move(played);
    });
    sort();
  }

  /// Knees of further quarters of the load, for the first runners.
  void spread(std::size_t plans) {
    const std::size_t count = std::min(plans, runners.size());
    std::vector<double> knees(count * (quarters - 1), 0.0);
    run_.for_each(knees.size(), [&](std::size_t i) {
      const Runner& r = runners[i / (quarters - 1)];
      if (!r.played.meets()) return;
      twin::SimulationOptions o =
          options_for({.share = quarter, .step = 1.05, .tolerance = 1.03, .plans = plans});
      o.replay.skip = o.replay.limit * static_cast<std::int64_t>(1 + i % (quarters - 1));
      const Result<Played> played =
          play(world_, r.played.found, r.played.report.multiple, o, quiet_);
      if (played && played->meets()) knees[i] = played->report.multiple;
    });
    for (std::size_t i = 0; i < knees.size(); ++i) {
      Played& p = runners[i / (quarters - 1)].played;
      if (knees[i] > 0.0) p.knees.push_back(knees[i]);
    }
  }

  /// Plans beside the leaders that the screen did not have in its grain.
  void add_neighbours() {
    const std::size_t most = std::min(leaders, runners.size());
    if (most == 0 || !runners.front().played.meets()) return;
    std::vector<Runner> more;
    for (std::size_t i = 0; i < most; ++i) {
      const Played& leader = runners[i].played;
      for (const serving::ServingPlan& plan : neighbours(leader)) {
        const auto same = [&](const Runner& r) { return r.played.found.plan == plan; };
        if (std::any_of(runners.begin(), runners.end(), same) ||
            std::any_of(more.begin(), more.end(), same)) {
          continue;
        }
        Runner one;
        one.played.found = {plan, 0.0};
        one.played.report.multiple = leader.report.multiple;
        more.push_back(std::move(one));
      }
    }
    const std::size_t kept = std::min(options_.second, runners.size());
    runners.resize(kept);
    std::move(more.begin(), more.end(), std::back_inserter(runners));
  }

  std::vector<Runner> runners;

 private:
  void sort() {
    std::stable_sort(runners.begin(), runners.end(),
                     [&](const Runner& a, const Runner& b) { return better(a.played, b.played); });
  }

  /// One run of everybody at `multiple` who has not met more yet; whether anybody met it.
  bool heat(double multiple) {
    run_.tell({.doing = fmt::format("playing {} plans at {}x", runners.size(),
                                    format_number(multiple, 3))});
    std::vector<char> met(runners.size(), 0);
    run_.for_each(runners.size(), [&](std::size_t i) {
      Played& p = runners[i].played;
      if (p.meets() && p.report.multiple >= multiple) return;
      if (multiple > hopeless_guess * p.screened) return;
      twin::SimulationOptions& o = runners[i].heat;
      if (o.replay.limit == 0) o = part_of(heat_share);
      o.replay.multiple = multiple;
      o.stop_when_hopeless = true;
      Result<twin::SimulationResult> result =
          twin::simulate_lasting(world_, p.found.plan, o, quiet_);
      if (!result) {
        runners[i].errors = result.error();
      } else if (result->report.met()) {
        p.report = std::move(result->report);
        met[i] = 1;
      }
    });
    return std::any_of(met.begin(), met.end(), [](char m) { return m != 0; });
  }

  [[nodiscard]] twin::SimulationOptions part_of(double share) const {
    twin::SimulationOptions o = options_.simulation;
    const double part = std::max(d(fewest_requests), std::ceil(d(whole_) * share));
    o.replay.limit = std::min(whole_, static_cast<std::int64_t>(part));
    // Parts of a trace compare, the whole answers; what is drawn can last in parts too.
    o.lasting = share >= 1.0 || !world_.load.trace;
    if (share < 1.0) o.drawn_most = part_drawn_most;
    return o;
  }

  [[nodiscard]] bool better(const Played& a, const Played& b) const {
    if (a.meets() != b.meets()) return a.meets();
    if (a.whole != b.whole) return a.whole;
    if (world_.load.target_rate()) {
      const std::int64_t left = a.found.plan.gpus();
      const std::int64_t right = b.found.plan.gpus();
      if (left != right) return left < right;
    } else if (a.report.multiple != b.report.multiple) {
      return a.report.multiple > b.report.multiple;
    }
    return a.report.tpot.mean < b.report.tpot.mean;
  }

  [[nodiscard]] Result<Played> play_for(const FoundPlan& found, double guess,
                                        const Round& round) const {
    const twin::SimulationOptions o = options_for(round);
    return world_.load.target_rate() ? fewest(found, o) : play(world_, found, guess, o, quiet_);
  }

  [[nodiscard]] twin::SimulationOptions options_for(const Round& round) const {
    twin::SimulationOptions o = part_of(round.share);
    o.knee_step = round.step;
    o.knee_tolerance = round.tolerance;
    return o;
  }

  [[nodiscard]] bool fits(const serving::ServingPlan& plan) const {
    return plan.gpus() <= world_.machine.gpus() && fits_domains(world_, plan) &&
           cannot_run(world_.machine.framework, world_.machine.model, plan).empty() &&
           check_fits(world_, plan).empty();
  }

  /// The pool that a failed or limiting target belongs to.
  static serving::Pool& binding(serving::ServingPlan& plan, const twin::SimulationReport& report) {
    if (!plan.disaggregated()) return plan.decode;
    double worst = 0.0;
    bool first = true;
    for (const twin::SloResult& t : report.targets) {
      const double ratio = t.value / t.target.limit;
      if (ratio <= worst) continue;
      worst = ratio;
      first = t.target.metric == serving::Metric::ttft;
    }
    return first ? plan.prefill : plan.decode;
  }

  /// Replicas up until the rate is carried, then down while it still is.
  [[nodiscard]] Result<Played> fewest(FoundPlan found, const twin::SimulationOptions& o) const {
    Result<Played> at = play(world_, found, 0.0, o, quiet_);
    constexpr int tries = 16;
    for (int i = 0; i < tries && at && !at->meets() && !run_.stopped(); ++i) {
      serving::Pool& pool = binding(found.plan, at->report);
      const std::int64_t step = std::max<std::int64_t>(1, pool.replicas / 4);
      pool.replicas += step;
      if (!fits(found.plan)) {
        pool.replicas += 1 - step;
        if (!fits(found.plan)) return at;
      }
      at = play(world_, found, 0.0, o, quiet_);
    }
    bool less = at && at->meets();
    while (less && !run_.stopped()) {
      less = false;
      for (const bool prefill : {true, false}) {
        FoundPlan smaller = at->found;
        serving::Pool& pool = prefill ? smaller.plan.prefill : smaller.plan.decode;
        if (pool.replicas <= 1) continue;
        --pool.replicas;
        Result<Played> one = play(world_, smaller, 0.0, o, quiet_);
        if (!one || !one->meets()) continue;
        at = std::move(one);
        less = true;
      }
    }
    return at;
  }

  [[nodiscard]] std::vector<serving::ServingPlan> neighbours(const Played& leader) const {
    std::vector<serving::ServingPlan> out;
    const serving::ServingPlan& plan = leader.found.plan;
    const bool two = plan.disaggregated();
    const auto add = [&](serving::ServingPlan other) {
      if (fits(other)) out.push_back(std::move(other));
    };
    constexpr std::int64_t least_chunk = 512;
    constexpr std::int64_t most_chunk = 32'768;
    const bool free_chunk = world_.load.search.prefill_chunks.empty();
    for (const double factor : {0.5, 2.0}) {
      serving::ServingPlan other = plan;
      std::int64_t& chunk = two ? other.prefill.chunk : other.decode.chunk;
      chunk = static_cast<std::int64_t>(d(chunk) * factor);
      if (free_chunk && chunk >= least_chunk && chunk <= most_chunk) add(std::move(other));
    }
    if (!two || world_.load.target_rate()) return out;
    serving::ServingPlan other = plan;
    serving::Pool& tight = binding(other, leader.report);
    serving::Pool& loose = &tight == &other.prefill ? other.decode : other.prefill;
    const std::int64_t needed = tight.deployment.parallel.gpus();
    const std::int64_t freed = loose.deployment.parallel.gpus();
    const std::int64_t give = (needed + freed - 1) / freed;
    if (loose.replicas > give) {
      loose.replicas -= give;
      tight.replicas += give * freed / needed;
      add(std::move(other));
    }
    return out;
  }

  const twin::World& world_;
  const RaceOptions& options_;
  const Run& run_;
  Run quiet_ = run_.quiet();  // of the plans, several at a time
  std::int64_t whole_;
};

}  // namespace

twin::SimulationOptions whole_options(const twin::World& world, twin::SimulationOptions options) {
  options.replay.limit = std::min(twin::source_of(world, options)->expected(), whole_most);
  return options;
}

Result<Played> play(const twin::World& world, const FoundPlan& found, double guess,
                    const twin::SimulationOptions& options, const Run& run) {
  Played out;
  out.found = found;
  twin::SimulationOptions o = options;
  const std::optional<double> target = world.load.target_rate();
  if (target) {
    o.replay.multiple = *target / world.load.workload.rate.si();
    o.stop_when_hopeless = true;
  } else {
    o.knee_guess = guess;
  }
  Result<twin::SimulationResult> result = target ? twin::simulate(world, found.plan, o, run)
                                                 : twin::find_knee(world, found.plan, o, run);
  if (!result) return fail(result.error());
  out.report = std::move(result->report);
  out.found.requests = out.report.multiple * world.load.workload.rate.si();
  return out;
}

Result<std::vector<Played>> race(const twin::World& world, const std::vector<FoundPlan>& plans,
                                 const RaceOptions& options, const Run& run) {
  Race race(world, options, run);
  for (const FoundPlan& p : plans) {
    Runner r;
    r.played.found = p;
    r.played.screened = p.requests / world.load.workload.rate.si();
    race.runners.push_back(std::move(r));
  }
  if (world.load.target_rate()) {
    race.go({.share = heat_share, .plans = race.runners.size()});
  } else {
    race.heats();
  }
  race.add_neighbours();
  race.go({.share = quarter, .step = 1.07, .tolerance = 1.03, .plans = race.runners.size()});
  race.go({.share = 1.0, .step = 1.03, .tolerance = 1.01, .plans = options.last});
  if (!world.load.target_rate()) race.spread(options.last);
  if (run.stopped()) return fail(interrupted("the engine's choice"));
  std::vector<Played> out;
  for (Runner& r : race.runners) {
    if (!r.errors.empty()) return fail(r.errors);
    out.push_back(std::move(r.played));
  }
  return out;
}

}  // namespace sn::planner
