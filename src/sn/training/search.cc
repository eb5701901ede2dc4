// sn/training/search.cc
//
// Enumerates, checks, prices, keeps the fastest (see search.h).

#include "sn/training/search.h"

#include <algorithm>

namespace sn::training {

namespace {

std::vector<std::int64_t> powers_up_to(std::int64_t most) {
  std::vector<std::int64_t> out;
  for (std::int64_t n = 1; n <= most; n *= 2) out.push_back(n);
  return out;
}

/// Powers of two, and divisors of the layers.
std::vector<std::int64_t> stages(std::int64_t layers) {
  std::vector<std::int64_t> out;
  for (std::int64_t p = 1; p <= std::min<std::int64_t>(layers, 128); ++p) {
    if ((p & (p - 1)) == 0 || layers % p == 0) out.push_back(p);
  }
  return out;
}

class Searcher {
 public:
  Searcher(const Job& job, const llm::StepMachine& machine, const SearchOptions& options,
           const Run& run)
      : job_(job),
        options_(options),
        run_(run),
        pricer_(job, machine),
        domain_(machine.cluster.rack.scale_up.domain),
        room_(usable_bytes(machine.cluster.rack.chip)) {}

  SearchResult search() && {
    const std::int64_t experts = job_.model.is_moe() ? job_.model.experts : 1;
    for (const std::int64_t tp : powers_up_to(std::min(domain_, job_.model.attention.heads))) {
      for (const std::int64_t cp : powers_up_to(std::max<std::int64_t>(1, job_.sequence / 4096))) {
        for (const std::int64_t pp : stages(job_.model.layers)) {
          if (options_.gpus % (tp * cp * pp) != 0) continue;
          const std::int64_t dp = options_.gpus / (tp * cp * pp);
          if (dp > job_.batch) continue;
          for (const std::int64_t ep : powers_up_to(experts)) {
            if (run_.stopped()) break;
            shapes({.tp = tp, .cp = cp, .ep = ep, .pp = pp, .dp = dp});
          }
        }
      }
    }
    std::sort(out_.plans.begin(), out_.plans.end(), faster);
    if (out_.plans.size() > options_.keep) out_.plans.resize(options_.keep);
    out_.interrupted = run_.stopped();
    return std::move(out_);
  }

 private:
  static bool faster(const RankedPlan& a, const RankedPlan& b) {
    return a.time.total < b.time.total;
  }

  /// Schedules, ZeRO and micro-batches of one set of degrees.
  void shapes(Plan plan) {
    for (const std::int64_t micro : {1, 2, 4}) {
      plan.micro_batch = micro;
      plan.chunks = 1;
      if (plan.pp == 1) {
        plan.schedule = Schedule::one_f_one_b;
        for (const int zero : {1, 3}) {
          plan.zero = zero;
          recomputations(plan);
        }
        continue;
      }
      plan.zero = 1;
      for (const Schedule s : {Schedule::one_f_one_b, Schedule::zero_bubble, Schedule::dual_pipe}) {
        plan.schedule = s;
        recomputations(plan);
      }
      plan.schedule = Schedule::interleaved;
      for (plan.chunks = 2; plan.pp * plan.chunks <= job_.model.layers + 2; plan.chunks *= 2) {
        recomputations(plan);
      }
    }
  }

  /// From light to heavy, until one fits.
  void recomputations(Plan plan) {
    bool fits = false;
    for (const Recompute r : {Recompute::none, Recompute::selective, Recompute::full}) {
      plan.recompute = r;
      ++out_.considered;
      if (fits) {
        ++out_.left_out;
        continue;
      }
      if (r == Recompute::none && !why_not(job_, plan, domain_).empty()) {
        out_.considered += 2;
        out_.impossible += 3;
        return;
      }
      RankedPlan ranked{.plan = plan, .time = {}, .memory = memory_of(job_, plan)};
      if (ranked.memory.total().si() > room_) {
        ++out_.too_large;
        const bool first = out_.too_large == 1;
        if (first || ranked.memory.total() < out_.smallest.memory.total()) out_.smallest = ranked;
        continue;
      }
      fits = true;
      ++out_.priced;
      ranked.time = pricer_.step(plan);
      keep(ranked);
    }
  }

  void keep(const RankedPlan& ranked) {
    out_.plans.push_back(ranked);
    // Trimmed now and then: at most twice the rows that are asked for, and some.
    if (out_.plans.size() < 2 * options_.keep + 64) return;
    std::sort(out_.plans.begin(), out_.plans.end(), faster);
    out_.plans.resize(options_.keep);
  }

  const Job& job_;
  const SearchOptions& options_;
  const Run& run_;
  StepPricer pricer_;
  std::int64_t domain_;
  double room_;
  SearchResult out_;
};

}  // namespace

SearchResult search(const Job& job, const llm::StepMachine& machine, const SearchOptions& options,
                    const Run& run) {
  return Searcher(job, machine, options, run).search();
}

double usable_bytes(const hw::Chip& chip) { return usable_share * chip.hbm_capacity.si(); }

}  // namespace sn::training
