// sn/planner/share/share.cc
//
// Deals the GPUs of a machine to its tenants (see share.h).

#include "sn/planner/share/share.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "sn/base/units/units.h"
#include "sn/planner/search/shapes.h"
#include "sn/planner/share/share_curve.h"
#include "sn/planner/share/share_notes.h"

namespace sn::planner {

namespace {

constexpr double multiple_tolerance = 1e-3;
constexpr double first_step = 0.95;     // of the multiple, squared after each failure
constexpr double least_step = 1e-6;     // below it nothing can be carried
constexpr double any_multiple = 1e-12;  // reached by whoever is served at all

using Shares = std::vector<std::int64_t>;

std::int64_t sum(const Shares& shares) {
  return std::accumulate(shares.begin(), shares.end(), std::int64_t{0});
}

bool is_given(const twin::Tenant& t) { return t.gpus > 0; }
bool is_fixed_rate(const twin::Tenant& t) {
  return !is_given(t) && t.world.load.rate.kind != twin::RateSpec::Kind::knee;
}
bool is_dealt(const twin::Tenant& t) { return !is_given(t) && !is_fixed_rate(t); }

std::string rate_of(double requests) { return format_number(requests, 3) + " req/s"; }

/// One sharing of one machine.
class Sharing {
 public:
  Sharing(const twin::SharedMachine& machine, const PlanOptions& options, const Run& run)
      : machine_(machine), run_(run), cluster_(machine.tenants.front().world.machine.cluster) {
    for (const twin::Tenant& t : machine.tenants) curves_.emplace_back(t, options, run);
    shares_.resize(curves_.size());
    for (std::size_t i = 0; i < curves_.size(); ++i) {
      shares_[i] = machine.tenants[i].gpus;
      if (is_dealt(machine.tenants[i])) dealt_.push_back(i);
    }
    free_ = cluster_.gpus() - sum(shares_);
  }

  [[nodiscard]] Result<ShareReport> run() {
    Errors errors;
    for (std::size_t i = 0; i < curves_.size(); ++i) {
      if (is_given(machine_.tenants[i])) require_served(i, shares_[i], errors);
      if (is_fixed_rate(machine_.tenants[i])) settle_fixed(i, errors);
    }
    if (run_.stopped()) return fail(interrupted("the sharing"));
    if (!errors.empty()) return fail(std::move(errors));
    const std::int64_t left = cluster_.gpus() - sum(shares_);
    const bool dealt = left >= 0 && (dealt_.empty() || deal(left));
    if (!dealt && run_.stopped()) return fail(interrupted("the sharing"));
    if (!dealt) return fail(shortage());
    if (!together(shares_)) return fail(not_side_by_side(machine_, sum(shares_)));
    return report();
  }

 private:
  /// Reports that tenant `i` is not served on `gpus`.
  void require_served(std::size_t i, std::int64_t gpus, Errors& errors) {
    const twin::World& world = machine_.tenants[i].world;
    if (gpus < 1) {
      errors.push_back({.code = ErrorCode::infeasible,
                        .message = fmt::format("no GPU is left for tenant '{}': given shares take "
                                               "all {}",
                                               shown(machine_.tenants[i].name), cluster_.gpus()),
                        .where = {.file = world.name},
                        .hint = "smaller shares, or 'gpus: auto'"});
      return;
    }
    const Result<PlanReport>& planned = curves_[i].at(gpus);
    if (!planned) {
      errors.insert(errors.end(), planned.error().begin(), planned.error().end());
      return;
    }
    if (planned->meet > 0) return;
    const double carried = curves_[i].at_knee().carried(gpus);
    Error e{.code = ErrorCode::infeasible, .where = {.file = world.name}};
    if (carried <= 0.0 || !world.load.target_rate()) {
      e.message =
          fmt::format("no deployment of tenant '{}' meets {} on {} GPUs",
                      shown(machine_.tenants[i].name), serving::to_string(world.load.slo), gpus);
      e.hint = "a looser SLO, or more GPUs for this tenant";
    } else {
      const double part = carried / *world.load.target_rate();
      e.message = fmt::format(
          "tenant '{}' carries {} on {} GPUs, {}x of the {} asked for: about {:.0f} GPUs missing "
          "at "
          "that rate per GPU",
          shown(machine_.tenants[i].name), rate_of(carried), gpus, format_number(part, 3),
          rate_of(*world.load.target_rate()),
          std::ceil(static_cast<double>(gpus) * (1.0 / part - 1.0)));
      e.hint = fmt::format("it would fit at {}", rate_of(carried));
    }
    errors.push_back(std::move(e));
  }

  void settle_fixed(std::size_t i, Errors& errors) {
    const std::size_t before = errors.size();
    require_served(i, free_, errors);
    if (errors.size() != before) return;
    const std::int64_t taken = curves_[i].at(free_)->candidates.front().plan.gpus();
    const Result<PlanReport>& alone = curves_[i].at(taken);
    shares_[i] = alone && alone->meet > 0 ? taken : free_;
  }

  /// Shares for the max-min tenants out of `left` GPUs; false when they cannot all be served.
  bool deal(std::int64_t left) {
    if (left < 1) return false;
    double high = INFINITY;
    double inverse = 0.0;
    for (const std::size_t i : dealt_) {
      const double alone = curves_[i].multiple(left);
      if (alone <= 0.0) return false;
      high = std::min(high, alone);
      inverse += 1.0 / alone;
    }
    double low = 0.0;
    double step = first_step;
    // If knees grew in proportion to the GPUs, this would be the answer.
    for (double wanted = std::min(high, 1.0 / inverse); wanted > least_step / inverse;) {
      const auto found = allocate(wanted, left);
      if (run_.stopped()) break;
      if (found && least_multiple(*found) > low) {
        keep(*found);
        low = least_multiple(*found);
      } else {
        high = wanted;
      }
      if (high <= low * (1.0 + multiple_tolerance)) break;
      const double middle = 0.5 * (low + high);
      step *= step;
      wanted = low > 0.0 ? std::min(middle, low / step) : high * step;
    }
    if (low <= 0.0) return false;
    common_multiple_ = low;
    if (run_.stopped()) return true;
    Shares fewest(dealt_.size());
    for (std::size_t k = 0; k < dealt_.size(); ++k) {
      fewest[k] = curves_[dealt_[k]].least(low, left);
    }
    if (!run_.stopped() && together(merged(fewest))) keep(fewest);
    return true;
  }

  /// Shares of the max-min tenants that reach `wanted` each, `left` GPUs in all. Plans no more than
  /// it takes to know: the fewest GPUs of a tenant stay a bracket where that is enough.
  std::optional<Shares> allocate(double wanted, std::int64_t left) {
    while (!run_.stopped()) {
      Shares enough;
      std::int64_t needed = 0;
      std::size_t widest = 0;
      std::int64_t width = 1;
      for (const std::size_t i : dealt_) {
        const ShareCurve::Bracket b = curves_[i].bracket(wanted, left);
        if (b.enough == 0) return std::nullopt;
        enough.push_back(b.enough);
        needed += b.below + 1;
        if (b.enough - b.below > width) {
          width = b.enough - b.below;
          widest = i;
        }
      }
      if (needed > left) return std::nullopt;
      if (sum(enough) <= left && together(merged(enough))) return enough;
      if (width <= 1) return std::nullopt;
      curves_[widest].narrow(curves_[widest].bracket(wanted, left), wanted);
    }
    return std::nullopt;
  }

  double least_multiple(const Shares& dealt) {
    double least = INFINITY;
    for (std::size_t k = 0; k < dealt_.size(); ++k) {
      least = std::min(least, curves_[dealt_[k]].multiple(dealt[k]));
    }
    return least;
  }

  [[nodiscard]] Shares merged(const Shares& dealt) const {
    Shares out = shares_;
    for (std::size_t k = 0; k < dealt_.size(); ++k) out[dealt_[k]] = dealt[k];
    return out;
  }
  void keep(const Shares& dealt) { shares_ = merged(dealt); }

  /// Whether the best plans on these shares fit the domains side by side.
  bool together(const Shares& shares) {
    std::vector<serving::ServingPlan> plans;
    for (std::size_t i = 0; i < curves_.size(); ++i) {
      plans.push_back(curves_[i].at(shares[i])->candidates.front().plan);
    }
    return fit_together(cluster_, plans);
  }

  /// The tenants take more than there is: how many GPUs are missing, and what each fixed rate would
  /// have to come down to.
  Errors shortage() {
    Shares wanted = shares_;
    std::string parts;
    for (std::size_t i = 0; i < curves_.size(); ++i) {
      const twin::Tenant& t = machine_.tenants[i];
      if (is_dealt(t) && free_ > 0) wanted[i] = curves_[i].least(any_multiple, free_);
      if (wanted[i] == 0) {  // not even on all that is free
        Errors alone;
        require_served(i, free_, alone);
        return alone;
      }
      parts += fmt::format("{}{} {}{}", parts.empty() ? "" : ", ", shown(t.name),
                           is_dealt(t) ? "at least " : "", wanted[i]);
    }
    const std::int64_t missing = sum(wanted) - cluster_.gpus();
    if (missing <= 0) return {not_side_by_side(machine_, sum(wanted))};
    Error e{.code = ErrorCode::infeasible, .where = {.file = machine_.name}};
    e.message = fmt::format("the tenants take {} GPUs ({}); the machine has {}: {} missing",
                            sum(wanted), parts, cluster_.gpus(), missing);
    for (std::size_t i = 0; i < curves_.size(); ++i) {
      const twin::Tenant& t = machine_.tenants[i];
      if (!is_fixed_rate(t) || wanted[i] <= missing) continue;
      const double carried = curves_[i].at_knee().carried(wanted[i] - missing);
      if (carried <= 0.0) continue;
      e.hint += fmt::format(
          "{}'{}' at {}, {}x of its rate", e.hint.empty() ? "would fit: " : ", or ", shown(t.name),
          rate_of(carried), format_number(carried / *t.world.load.target_rate(), 3));
    }
    if (e.hint.empty()) e.hint = "fewer tenants, smaller shares or a larger machine";
    return {e};
  }

  ShareReport report() {
    ShareReport out;
    out.name = machine_.name;
    out.machine = machine_text(machine_.tenants.front().world);
    out.gpus = cluster_.gpus();
    out.left_over = out.gpus - sum(shares_);
    out.common_multiple = common_multiple_;
    out.interrupted = run_.stopped();
    out.feed = cluster_.rack.feed * static_cast<double>(cluster_.racks);
    std::int64_t working = 0;
    for (std::size_t i = 0; i < curves_.size(); ++i) {
      const twin::Tenant& t = machine_.tenants[i];
      const ShareKind kind = is_given(t)        ? ShareKind::given
                             : is_fixed_rate(t) ? ShareKind::fixed_rate
                                                : ShareKind::max_min;
      out.tenants.push_back({t.name, kind, shares_[i], t.weight, *curves_[i].at(shares_[i])});
      const Candidate& best = out.tenants.back().plan.candidates.front();
      working += best.plan.gpus();
      out.output_tokens += best.state.output_tokens;
      out.total_tokens += best.state.total_tokens;
      out.power += Power::from_si(best.state.output_tokens * best.state.energy_per_token);
      for (const Error& w : out.tenants.back().plan.warnings) {
        if (std::find(out.warnings.begin(), out.warnings.end(), w) == out.warnings.end()) {
          out.warnings.push_back(w);
        }
      }
    }
    out.power += cluster_.rack.chip.idle * static_cast<double>(out.gpus - working);
    out.output_per_gpu = out.output_tokens / static_cast<double>(out.gpus);
    out.modelling = sharing_notes(cluster_, out.tenants);
    return out;
  }

  const twin::SharedMachine& machine_;
  const Run& run_;
  const hw::Cluster& cluster_;
  std::vector<ShareCurve> curves_;
  Shares shares_;                   // by tenant
  std::vector<std::size_t> dealt_;  // the max-min tenants
  std::int64_t free_ = 0;           // GPUs outside of given shares
  double common_multiple_ = 0.0;
};

}  // namespace

std::string_view to_string(ShareKind kind) {
  switch (kind) {
    case ShareKind::given:
      return "given share";
    case ShareKind::fixed_rate:
      return "fixed rate";
    case ShareKind::max_min:
      return "max-min";
  }
  return "max-min";
}

Error not_side_by_side(const twin::SharedMachine& machine, std::int64_t taken) {
  const hw::Cluster& cluster = machine.tenants.front().world.machine.cluster;
  return {.code = ErrorCode::infeasible,
          .message =
              fmt::format("the tenants take {} of {} GPUs, but their instances do not fit "
                          "side by side into {} ScaleUp domains of {}",
                          taken, cluster.gpus(), cluster.domains(), cluster.rack.scale_up.domain),
          .where = {.file = machine.name},
          .hint = "give shares that are whole domains (gpus: N)"};
}

Result<ShareReport> share(const twin::SharedMachine& machine, const PlanOptions& options,
                          const Run& run) {
  SN_ASSERT(!machine.tenants.empty());
  return Sharing(machine, options, run).run();
}

}  // namespace sn::planner
