// sn/facility/availability.cc
//
// Binomial, birth and death chain, and Monte Carlo (see availability.h).

#include "sn/facility/availability.h"

#include <algorithm>
#include <cmath>

#include "sn/base/random.h"

namespace sn::facility {

namespace {

constexpr double year_s = 365.0 * 86400.0;
constexpr std::int64_t streams = 16;  // trajectories, whatever the number of threads
constexpr double warm_up_years = 1.0;

double d(std::int64_t n) { return static_cast<double>(n); }

/// Sums over years of one quantity.
struct Moments {
  double n = 0.0;
  double sum = 0.0;
  double squares = 0.0;

  void add(double x) {
    n += 1.0;
    sum += x;
    squares += x * x;
  }
  void add(const Moments& o) {
    n += o.n;
    sum += o.sum;
    squares += o.squares;
  }
  [[nodiscard]] double mean() const { return n > 0.0 ? sum / n : 0.0; }
  [[nodiscard]] double error() const {
    if (n < 2.0) return 0.0;
    const double variance = std::max(0.0, (squares - sum * sum / n) / (n - 1.0));
    return 1.959964 * std::sqrt(variance / n);
  }
};

struct Sums {
  std::vector<Moments> up;  // by policy
  std::vector<Moments> losses;
  Moments units;
  std::uint64_t events = 0;
  double years = 0.0;
};

/// One trajectory: units by kind of repair, and the rack.
class Trajectory {
 public:
  Trajectory(const UnitModel& model, const std::vector<std::int64_t>& needed, std::uint64_t seed,
             std::uint64_t entity)
      : m_(model),
        needed_(needed),
        random_(seed, entity),
        down_(model.kinds.size(), 0),
        kinds_(model.kinds),
        rack_rate_(model.rack_rate().si()),
        year_up_(needed.size(), 0.0),
        year_losses_(needed.size(), 0.0) {
    for (const RepairKind& k : kinds_) unit_rate_ += k.rate.si();
    if (m_.crews > 0 && m_.repair() > Time{}) {
      // Crews take repairs as they come: one kind of the mean time.
      kinds_ = {{m_.rate(), m_.repair()}};
      down_ = {0};
    }
  }

  void year(Sums* sums) {
    std::fill(year_up_.begin(), year_up_.end(), 0.0);
    std::fill(year_losses_.begin(), year_losses_.end(), 0.0);
    double units = 0.0;
    for (double t = 0.0; t < year_s;) {
      const double leave = total_rate();
      double stay = leave > 0.0 ? random_.exponential(1.0 / leave) : year_s;
      const bool over = t + stay >= year_s;
      // Memoryless: what is left of a stay at the year's end is drawn anew.
      if (over) stay = year_s - t;
      for (std::size_t i = 0; i < needed_.size(); ++i) {
        if (serves(i)) year_up_[i] += stay;
      }
      units += stay * d(m_.units - off_);
      t += stay;
      if (over) break;
      step(leave);
      if (sums != nullptr) ++sums->events;
    }
    if (sums == nullptr) return;
    for (std::size_t i = 0; i < needed_.size(); ++i) {
      sums->up[i].add(year_up_[i] / year_s);
      sums->losses[i].add(year_losses_[i] / year_s);
    }
    sums->units.add(units / year_s);
    sums->years += 1.0;
  }

 private:
  [[nodiscard]] bool serves(std::size_t policy) const {
    return rack_down_ < 0 && m_.units - off_ >= needed_[policy];
  }
  [[nodiscard]] double repair_rate(std::size_t kind) const {
    const std::int64_t busy = m_.crews > 0 ? std::min(down_[kind], m_.crews) : down_[kind];
    return d(busy) / kinds_[kind].repair.si();
  }
  [[nodiscard]] double total_rate() const {
    double sum = d(m_.units - off_) * unit_rate_;
    for (std::size_t k = 0; k < kinds_.size(); ++k) sum += repair_rate(k);
    return sum + (rack_down_ < 0
                      ? rack_rate_
                      : 1.0 / m_.whole[static_cast<std::size_t>(rack_down_)].repair.si());
  }

  void step(double total) {
    std::vector<bool>& before = before_;
    before.resize(needed_.size());
    for (std::size_t i = 0; i < needed_.size(); ++i) before[i] = serves(i);
    double x = random_.uniform() * total;
    if (!fail_unit(x) && !repair_unit(x)) flip_rack(x);
    for (std::size_t i = 0; i < needed_.size(); ++i) {
      if (before[i] && !serves(i)) year_losses_[i] += 1.0;
    }
  }

  bool fail_unit(double& x) {
    const double up = d(m_.units - off_);
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      x -= up * kinds_[k].rate.si();
      if (x >= 0.0 || up <= 0.0) continue;
      ++down_[k];
      ++off_;
      return true;
    }
    return false;
  }

  bool repair_unit(double& x) {
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      if (down_[k] == 0) continue;
      x -= repair_rate(k);
      if (x >= 0.0) continue;
      --down_[k];
      --off_;
      return true;
    }
    return false;
  }

  void flip_rack(double x) {
    if (rack_down_ >= 0) {
      rack_down_ = -1;
      return;
    }
    for (std::size_t k = 0; k < m_.whole.size(); ++k) {
      x -= m_.whole[k].rate.si();
      if (x >= 0.0 && k + 1 < m_.whole.size()) continue;
      rack_down_ = static_cast<std::int64_t>(k);
      return;
    }
  }

  const UnitModel& m_;
  const std::vector<std::int64_t>& needed_;
  RandomStream random_;
  std::vector<std::int64_t> down_;  // units in repair, by kind
  std::vector<RepairKind> kinds_;
  double unit_rate_ = 0.0;
  double rack_rate_ = 0.0;
  std::int64_t off_ = 0;
  std::int64_t rack_down_ = -1;  // kind of the rack's failure; -1: it is up
  std::vector<double> year_up_;
  std::vector<double> year_losses_;
  std::vector<bool> before_;
};

}  // namespace

Rate UnitModel::rate() const {
  Rate sum;
  for (const RepairKind& k : kinds) sum += k.rate;
  return sum;
}

Time UnitModel::repair() const {
  const Rate all = rate();
  return all > Rate{} ? Time::from_si(unit_off() / all.si()) : Time{};
}

double UnitModel::unit_off() const {
  double sum = 0.0;
  for (const RepairKind& k : kinds) sum += k.rate * k.repair;
  return sum;
}

double UnitModel::rack_up() const {
  double sum = 0.0;
  for (const RepairKind& k : whole) sum += k.rate * k.repair;
  return 1.0 / (1.0 + sum);
}

Rate UnitModel::rack_rate() const {
  Rate sum;
  for (const RepairKind& k : whole) sum += k.rate;
  return sum;
}

std::vector<double> units_up(const UnitModel& model) {
  const auto n = static_cast<std::size_t>(model.units);
  // Weights of k down, relative to none; the same recursion for both: without a limit of crews
  // min(k, c) is k, and the chain's weights are the binomial's.
  std::vector<double> weight(n + 1, 0.0);
  weight[0] = 1.0;
  const double off = model.unit_off();
  double sum = 1.0;
  for (std::size_t k = 1; k <= n; ++k) {
    const double busy =
        model.crews > 0 ? std::min(static_cast<double>(k), d(model.crews)) : static_cast<double>(k);
    weight[k] = weight[k - 1] * static_cast<double>(n - k + 1) * off / busy;
    sum += weight[k];
  }
  std::vector<double> up(n + 1);
  for (std::size_t k = 0; k <= n; ++k) up[n - k] = weight[k] / sum;
  return up;
}

AvailabilityTable availability(const UnitModel& model, const std::vector<std::int64_t>& needed) {
  AvailabilityTable out;
  const std::vector<double> up = units_up(model);
  const double rack = model.rack_up();
  for (std::size_t k = 0; k < up.size(); ++k) out.mean_units += up[k] * static_cast<double>(k);
  for (const std::int64_t n : needed) {
    Availability a;
    a.needed = n;
    for (std::size_t k = static_cast<std::size_t>(n); k < up.size(); ++k) a.up += up[k];
    // It is lost when one of exactly `needed` fails, or the rack does.
    const Rate last = model.rate() * (d(n) * up[static_cast<std::size_t>(n)]);
    a.losses = (last + model.rack_rate() * a.up) * rack;
    a.up *= rack;
    out.policies.push_back(a);
  }
  return out;
}

AvailabilityTable monte_carlo(const UnitModel& model, const std::vector<std::int64_t>& needed,
                              std::int64_t years, std::uint64_t seed, const Run& run) {
  std::vector<Sums> parts(streams);
  const std::uint64_t entity = entity_key("facility.availability");
  const bool done = run.for_each(streams, [&](std::size_t s) {
    Sums& sums = parts[s];
    sums.up.resize(needed.size());
    sums.losses.resize(needed.size());
    Trajectory path(model, needed, seed, entity + s);
    for (double y = 0.0; y < warm_up_years; y += 1.0) path.year(nullptr);
    const std::int64_t mine =
        years / streams + (static_cast<std::int64_t>(s) < years % streams ? 1 : 0);
    for (std::int64_t y = 0; y < mine && !run.stopped(); ++y) path.year(&sums);
  });
  AvailabilityTable out;
  out.interrupted = !done || run.stopped();
  Sums all;
  all.up.resize(needed.size());
  all.losses.resize(needed.size());
  for (const Sums& s : parts) {
    if (s.up.empty()) continue;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      all.up[i].add(s.up[i]);
      all.losses[i].add(s.losses[i]);
    }
    all.units.add(s.units);
    out.years += s.years;
    out.events += s.events;
  }
  for (std::size_t i = 0; i < needed.size(); ++i) {
    out.policies.push_back({.needed = needed[i],
                            .up = all.up[i].mean(),
                            .up_error = all.up[i].error(),
                            .losses = Rate::from_si(all.losses[i].mean()),
                            .losses_error = all.losses[i].error()});
  }
  out.mean_units = all.units.mean();
  out.mean_units_error = all.units.error();
  return out;
}

}  // namespace sn::facility
