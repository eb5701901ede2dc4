// sn/evidence/expert_routing.h
//
// How the benchmarks of expert layers spread tokens over experts.
//
// aiconfigurator's collector routes `tokens` of the whole expert-parallel group and times the rank
// with the most assignments. `balanced`: token i, choice j goes to expert i + j ceil(E / k) mod E.
// `power_law_A`: the share of each expert is drawn from a power law of exponent A between 1 and 0.8
// tokens (0.01 and 2 for fewer assignments than experts), five draws are timed. The same is done
// here, with draws from a keyed stream; what is returned is the mean over the draws.

#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "sn/kernel/moe.h"

namespace sn::evidence {

struct Routing {
  std::int64_t tokens = 0;  // of the whole group
  std::int64_t top_k = 0;
  std::int64_t experts = 0;
  std::int64_t ranks = 1;  // of the group; divides `experts`
  double exponent = 0.0;   // 0: balanced

  friend auto operator<=>(const Routing&, const Routing&) = default;
};

[[nodiscard]] kernel::ExpertLoad busiest_rank(const Routing& routing);

/// Remembers loads: tables repeat them for every model shape.
class RoutingCache {
 public:
  [[nodiscard]] const kernel::ExpertLoad& load(const Routing& routing);

 private:
  std::map<Routing, kernel::ExpertLoad> known_;
};

}  // namespace sn::evidence
