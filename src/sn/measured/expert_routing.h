// sn/measured/expert_routing.h
//
// How the benchmarks of expert layers spread tokens over experts.
//
// aiconfigurator's collectors route `tokens` of the whole expert-parallel group and time one rank.
//   balanced     token i, choice j goes to expert i + j ceil(E / k) mod E; the first rank is timed
//   power_law_A  the share of each expert is drawn from a power law of exponent A between 1 and 0.8
//                tokens (0.01 and 2 for fewer assignments than experts) and rounded; no expert gets
//                a token twice; what rounding and that limit leave over is dealt rank by rank, each
//                time to its least loaded expert. The rank with the most becomes the first, and
//                five draws are timed.
//   uniform      of DeepEP tables: each expert gets the mean, rounded down, one token at least
// Logits are those counts one-hot, and the engine gates them anew: a gate that first chooses groups
// (DeepSeek-V3: 4 of 8) cannot keep a token's experts when they lie in more groups, and fills up
// with the first experts of the chosen groups, for they tie. So one rank gets whole multiples of
// `tokens`, with any number of ranks; the tables show it.
// Draws come from a keyed stream; what is returned is the mean over them.

#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "sn/kernel/operators/moe.h"

namespace sn::measured {

enum class Spread : std::uint8_t { balanced, power_law, uniform };

struct Routing {
  std::int64_t tokens = 0;  // of the whole group
  std::int64_t top_k = 0;
  std::int64_t experts = 0;
  std::int64_t ranks = 1;  // of the group; divides `experts`
  Spread spread = Spread::balanced;
  double exponent = 0.0;  // of the power law
  bool grouped = false;   // the gate chooses 4 of 8 groups of experts first

  friend auto operator<=>(const Routing&, const Routing&) = default;
};

[[nodiscard]] kernel::ExpertLoad measured_rank(const Routing& routing);

/// Remembers loads: tables repeat them for every model shape.
class RoutingCache {
 public:
  [[nodiscard]] const kernel::ExpertLoad& load(const Routing& routing);

 private:
  std::map<Routing, kernel::ExpertLoad> known_;
};

}  // namespace sn::measured
