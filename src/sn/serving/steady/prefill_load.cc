// sn/serving/steady/prefill_load.cc
//
// A prefill pool at a load: queue, lockstep, pipelines, requests away from their prefix (equations
// in prefill.h).

#include <algorithm>
#include <cmath>
#include <utility>

#include "sn/base/random.h"
#include "sn/serving/steady/crossing.h"
#include "sn/serving/steady/prefill.h"
#include "sn/serving/steady/retrieval.h"

namespace sn::serving {

namespace {

constexpr double saturation = 0.999;

/// Points of a distribution: weights, and the quantiles in their middles.
constexpr std::array<std::pair<double, double>, 6> points = {{{0.5, 0.25},
                                                              {0.25, 0.625},
                                                              {0.125, 0.8125},
                                                              {0.0625, 0.90625},
                                                              {0.04, 0.9575},
                                                              {0.0225, 0.98875}}};

/// Steps of one instance: the share of time that one runs, and how long it takes.
struct Gate {
  double busy = 0.0;
  Time step;
};

/// Requests that come while a step runs share the next one: of `rate` chunks per second, alone each
/// takes `alone`, among others it adds `work`.
Gate gate_of(double rate, Time alone, Time work, Time most) {
  const Time fixed = std::max(Time{}, alone - work);
  Gate out{.busy = 0.0, .step = alone};
  if (rate <= 0.0) return out;
  for (int i = 0; i < 8; ++i) {
    const double come = rate * out.step.si();
    const double taken = come + std::exp(-come);  // by a step, those that find nobody included
    out.busy = come / taken;
    out.step = std::min(std::max(alone, most), fixed + work * taken);
  }
  return out;
}

/// How often a drain is in the way of a shorter one: sums over the longer ones, by drain.
class Shading {
 public:
  explicit Shading(const std::vector<Drain>& shadows) {
    drains_.reserve(shadows.size());
    for (const Drain& d : shadows) {  // longest first
      weight_ += d.weight;
      time_ += d.weight * (d.drain + d.occupancy).si();
      drains_.push_back({d.drain.si(), weight_, time_});
    }
  }
  /// Sum over drains above `drain` of their rates times how long each is in its way.
  [[nodiscard]] double at(double drain) const {
    const auto end = std::partition_point(drains_.begin(), drains_.end(),
                                          [&](const Sum& s) { return s.drain > drain; });
    return end == drains_.begin() ? 0.0 : (end - 1)->time - drain * (end - 1)->weight;
  }

 private:
  struct Sum {
    double drain;
    double weight;
    double time;
  };
  std::vector<Sum> drains_;
  double weight_ = 0.0;
  double time_ = 0.0;
};

/// The drain that is not exceeded with probability `quantile` where a request can choose among as
/// many instances as `power` stands for.
Time shadow(const std::vector<Drain>& shadows, double quantile, double power) {
  const double target = -std::log1p(-std::pow(1.0 - quantile, 1.0 / power));
  double sum = 0.0;
  double weight = 0.0;
  Time from;
  for (const Drain& d : shadows) {
    const double more = weight * (from - d.drain).si();
    if (sum + more >= target) break;
    sum += more + d.weight * d.occupancy.si();
    weight += d.weight;
    from = d.drain;
    if (sum >= target) return from;
  }
  return weight > 0.0 ? std::max(Time{}, from - Time::from_si((target - sum) / weight)) : Time{};
}

/// Departures of a full pipeline by the recursion of prefill.h, chunk after chunk.
class FullPipeline {
 public:
  explicit FullPipeline(const llm::StepProgram& program)
      : stages_(static_cast<double>(program.deployment().parallel.pp)),
        flight_(static_cast<std::size_t>(program.deployment().parallel.pp +
                                         program.framework().batches_ahead)),
        out_(flight_, 0.0) {}

  void push(double interval) {
    double& oldest = out_[at_];  // left before this one may enter
    const double enters = std::max(free_, oldest);
    last_ = std::max(last_ + interval, enters + stages_ * interval);
    free_ = enters + interval;
    oldest = last_;
    at_ = at_ + 1 < flight_ ? at_ + 1 : 0;
  }
  [[nodiscard]] double last() const { return last_; }

 private:
  double stages_;
  std::size_t flight_;
  std::vector<double> out_;
  std::size_t at_ = 0;
  double free_ = 0.0;  // of the first stage
  double last_ = 0.0;
};

/// Time that a full pipeline takes for requests, packed as in a queue, over the sum of their
/// shares of full chunks.
double bubble_of(const PrefillService& service, const llm::StepProgram& program, double chunk) {
  constexpr std::size_t requests = 1024;
  std::vector<double> reach;  // cumulative weights of the classes
  for (const ClassService& c : service.classes) {
    reach.push_back((reach.empty() ? 0.0 : reach.back()) + c.weight);
  }
  RandomStream stream(1, entity_key("requests of a full pipeline"));
  FullPipeline pipeline(program);
  double sum = 0.0;
  double room = chunk;
  double interval = 0.0;
  for (std::size_t i = 0; i < requests; ++i) {
    const double draw = stream.uniform() * reach.back();
    const auto k = std::upper_bound(reach.begin(), reach.end() - 1, draw) - reach.begin();
    const ClassService& c = service.classes[static_cast<std::size_t>(k)];
    for (double left = c.uncached; left > 0.0;) {
      const double take = std::min(room, left);
      interval += take / c.uncached * c.occupancy.si();
      room -= take;
      left -= take;
      if (room > 0.0) continue;
      sum += interval;
      pipeline.push(interval);
      room = chunk;
      interval = 0.0;
    }
  }
  return sum > 0.0 ? std::max(1.0, pipeline.last() / sum) : 1.0;
}

}  // namespace

void PrefillModel::add_pipeline(PrefillService& service) const {
  for (std::size_t i = 0; i < service.classes.size(); ++i) {
    const ClassService& c = service.classes[i];
    service.drains.push_back({c.drain[0], c.own[0] - c.drain[0], c.weight, i});
  }
  std::sort(service.drains.begin(), service.drains.end(),
            [](const Drain& a, const Drain& b) { return a.drain > b.drain; });
  service.bubble = bubble_of(service, program(), chunk_);
  service.occupancy *= service.bubble;
  for (ClassService& c : service.classes) c.occupancy *= service.bubble;
}

std::vector<Drain> PrefillModel::shadows_of(const PrefillService& service,
                                            const std::vector<double>& away,
                                            double entering) const {
  std::vector<Drain> out;
  out.reserve(2 * service.drains.size());
  const auto put = [&](Drain d, double share) {
    d.weight *= share * entering;
    if (d.weight > 0.0) out.push_back(d);
  };
  auto other = service.away != nullptr ? service.away->drains.begin() : service.drains.end();
  const auto end = service.away != nullptr ? service.away->drains.end() : service.drains.end();
  for (const Drain& d : service.drains) {
    for (; other != end && other->drain > d.drain; ++other) put(*other, away[other->request]);
    put(d, 1.0 - away[d.request]);
  }
  for (; other != end; ++other) put(*other, away[other->request]);
  return out;
}

Wait PrefillModel::flight_wait(const PrefillService& service, double batches,
                               double instances) const {
  const llm::Parallelism& p = program().deployment().parallel;
  const auto flight = static_cast<double>(p.pp + program().framework().batches_ahead);
  Time mean;
  double second = 0.0;
  for (const ClassService& c : service.classes) {
    // Its last chunk; the others are as long at most.
    const Time each = (c.own[0] - c.drain[0]) / std::max(1.0, std::ceil(c.uncached / chunk_));
    const double taken = (each + c.drain[0]).si();
    mean += Time::from_si(c.weight * taken);
    second += c.weight * taken * taken;
  }
  const double spread = std::max(0.0, second / (mean.si() * mean.si()) - 1.0);
  const double taken = std::min(0.95, batches * mean.si() / flight);
  return queue_wait(taken, flight * instances, mean, workload_->dispersion, spread);
}

std::vector<double> PrefillModel::away_shares(const PrefillService& service, double busy, Time left,
                                              double servers,
                                              const std::vector<Drain>& shadows) const {
  std::vector<double> out(service.classes.size(), 0.0);
  if (service.away == nullptr || servers <= 1.0 || busy <= 0.0) return out;
  const Shading shading(shadows);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Time saved = service.away->classes[i].occupancy - service.classes[i].occupancy;
    if (saved <= Time{}) continue;
    double leaves = busy * std::exp(-saved.si() / left.si());
    if (!shadows.empty()) {
      const Time longer = service.away->classes[i].own[0] - service.classes[i].own[0];
      const Time drain = service.classes[i].drain[0] + longer;
      leaves = std::max(leaves, 1.0 - std::exp(-shading.at(drain.si())));
    }
    out[i] = (1.0 - 1.0 / servers) * leaves;
  }
  return out;
}

/// How things stand when a request comes.
struct PrefillModel::Load {
  std::vector<double> away;                                    // shares, by class
  std::size_t at = 0;                                          // of `fills`
  double part = 0.0;                                           // from there to the next
  std::array<std::pair<double, Time>, points.size()> shadows;  // weights and drains
  bool pipeline = false;
};

void PrefillModel::add_classes(const Load& load, const PrefillService& service, bool away,
                               PrefillPoint& out) const {
  const std::size_t k = load.at;
  for (std::size_t i = 0; i < service.classes.size(); ++i) {
    const double share = away ? load.away[i] : 1.0 - load.away[i];
    if (share <= 0.0) continue;
    const ClassService& c = service.classes[i];
    const Time own = c.own[k] + (c.own[k + 1] - c.own[k]) * load.part;
    const Time before = before_queue(evaluator_.program(), *workload_, c.input);
    DelayClass d{.weight = c.weight * share,
                 .offset = before + out.residual + own + c.transfer + c.load,
                 .sigma = Time{}};
    if (!load.pipeline) {
      out.classes.push_back(d);
      continue;
    }
    const Time drain = c.drain[k] + (c.drain[k + 1] - c.drain[k]) * load.part;
    double free = 0.0;  // not held up
    for (const auto& [weight, longest] : load.shadows) {
      if (longest <= drain) {
        free += weight;
        continue;
      }
      out.classes.push_back(
          {.weight = d.weight * weight, .offset = d.offset + (longest - drain), .sigma = Time{}});
    }
    d.weight *= free;
    if (free > 0.0) out.classes.push_back(d);
  }
}

/// What requests take of the pool, those that go away from their prefix included.
struct PrefillModel::Mix {
  Time occupancy;
  double occupancy2 = 0.0;
  double uncached = 0.0;
  Gate gate;  // of an instance
};

PrefillModel::Mix PrefillModel::mix_of(const PrefillService& service,
                                       const std::vector<double>& away, double requests,
                                       double servers) const {
  Mix m{service.occupancy, service.occupancy2, service.uncached, {}};
  if (service.away != nullptr) {
    m = {};
    double second = 0.0;
    for (std::size_t j = 0; j < away.size(); ++j) {
      const auto add = [&](const ClassService& c, double share) {
        m.occupancy += c.occupancy * (c.weight * share);
        second += c.weight * share * c.occupancy.si() * c.occupancy.si();
        m.uncached += c.weight * share * c.uncached;
      };
      add(service.classes[j], 1.0 - away[j]);
      add(service.away->classes[j], away[j]);
    }
    m.occupancy2 = std::max(0.0, second / (m.occupancy.si() * m.occupancy.si()) - 1.0);
  }
  const double steps = requests / servers * dp_ * service.chunks;
  m.gate = gate_of(steps, service.step_alone, m.occupancy / (dp_ * service.chunks), service.step);
  return m;
}

PrefillPoint PrefillModel::at(const PrefillService& service, double requests,
                              double servers) const {
  PrefillPoint p;
  Load load;
  load.away.resize(service.classes.size(), 0.0);
  Mix mix = mix_of(service, load.away, requests, servers);
  const double instances = servers / dp_;
  // Prompts that an instance begins in the idle time of its first stage.
  const auto entering = [&](const Mix& m) {
    const double rho = requests * m.occupancy.si() / servers / service.bubble;
    return requests / instances / (1.0 - std::min(saturation, rho));
  };
  for (int i = 0; i < 4 && service.away != nullptr; ++i) {
    // What a busy rank has left to do, mean over time.
    const Time left = 0.5 * std::max(mix.gate.step, mix.occupancy * (1.0 + mix.occupancy2));
    load.away = away_shares(service, mix.gate.busy, left, servers,
                            shadows_of(service, load.away, entering(mix)));
    const Time before = mix.occupancy;
    mix = mix_of(service, load.away, requests, servers);
    if (std::abs((mix.occupancy - before).si()) < 1e-3 * mix.occupancy.si()) break;
  }
  p.hit_rate = 1.0 - (1.0 - service.hit_rate) * mix.uncached / std::max(1e-9, service.uncached);
  p.utilisation = requests * mix.occupancy.si() / servers;
  const double rho = std::min(p.utilisation, saturation);
  // Bubbles come with the load: an idle pipeline has room for whoever comes.
  const double busy = rho / service.bubble * (1.0 + (service.bubble - 1.0) * rho);
  p.wait = queue_wait(busy, servers, mix.occupancy * (rho > 0.0 ? busy / rho : 1.0),
                      workload_->dispersion, mix.occupancy2);
  if (!service.drains.empty() && mix.gate.busy > 0.0) {
    const Wait flight = flight_wait(service, mix.gate.busy / mix.gate.step.si(), instances);
    const Time mean = p.wait.mean() + flight.mean();
    p.wait.probability = 1.0 - (1.0 - p.wait.probability) * (1.0 - flight.probability);
    p.wait.scale = p.wait.probability > 0.0 ? mean / p.wait.probability : Time{};
  }
  // The step that all instances are in: a router that looks at completion takes the one that ends
  // first. What queue_wait has of it is for those who find their rank at work.
  const double power = std::sqrt(2.0 * (instances + 1.0)) - 1.0;
  const double all = std::pow(mix.gate.busy, power);
  p.residual = std::max(Time{}, mix.gate.step * (all / (instances + 1.0)) -
                                    mix.occupancy * (p.wait.probability / (servers + 1.0)));
  // A step takes the prompts that came during the one before: with S0 the step of one alone, each
  // further one makes it longer by its occupancy, so that lambda S0 / (1 - rho) come (gated
  // service). Of the other ranks all of them take part, unless an idle instance takes them; of
  // this one those that come behind the request while it waits, half of them, for those before it
  // are in the wait.
  Time alone;
  for (const ClassService& c : service.classes) alone += c.own[0] * c.weight;
  const double others = requests / servers * alone.si() / (1.0 - rho);
  const double shared = std::min(1.0, others * mix.uncached / chunk_);
  const double beside = mix.gate.busy > 0.0 ? all / mix.gate.busy : 0.0;
  const double own = 0.5 * std::max(p.wait.probability, all);
  const double fill = shared * (own + (dp_ - 1.0) * beside) / dp_;
  while (load.at + 2 < fills.size() && fill > fills[load.at + 1]) ++load.at;
  load.part = (fill - fills[load.at]) / (fills[load.at + 1] - fills[load.at]);
  load.pipeline = !service.drains.empty() && requests > 0.0;
  const std::vector<Drain> shadows = shadows_of(service, load.away, entering(mix));
  for (std::size_t i = 0; load.pipeline && i < points.size(); ++i) {
    load.shadows[i] = {points[i].first, shadow(shadows, points[i].second, power)};
  }
  p.classes.reserve(2 * service.classes.size());
  add_classes(load, service, false, p);
  if (service.away != nullptr) add_classes(load, *service.away, true, p);
  return p;
}

Percentiles ttft_of(const PrefillPoint& point) {
  return {.mean = delay_mean(point.classes, point.wait),
          .p50 = delay_quantile(point.classes, point.wait, 0.5),
          .p90 = delay_quantile(point.classes, point.wait, 0.9),
          .p95 = delay_quantile(point.classes, point.wait, 0.95),
          .p99 = delay_quantile(point.classes, point.wait, 0.99)};
}

double ttft_margin(const PrefillPoint& point, const Slo& slo) {
  if (point.utilisation >= saturation) return -saturated_margin;
  double least = widest_margin;
  for (const SloTarget& t : slo) {
    if (t.metric != Metric::ttft) continue;
    least = std::min(least,
                     t.quantile < 0.0
                         ? std::log(t.limit / delay_mean(point.classes, point.wait))
                         : tail_margin(delay_cdf(point.classes, point.wait, t.limit), t.quantile));
    if (least < 0.0) break;
  }
  return least;
}

double PrefillModel::largest_rate(const PrefillService& service, double servers,
                                  const Slo& slo) const {
  if (service.occupancy <= Time{}) return 0.0;
  const auto margin = [&](double rate) { return ttft_margin(at(service, rate, servers), slo); };
  const double idle = margin(0.0);
  if (idle < 0.0) return 0.0;
  const double full = std::min(service.load_limit, servers / service.occupancy.si());
  if (full == service.load_limit && margin(full) >= 0.0) return full;
  return last_met(0.0, full, idle, -saturated_margin, 1e-4 * full, margin);
}

}  // namespace sn::serving
