// sn/kernel/moe.h
//
// The routed experts of one layer on one rank: routing, permutation, gate and up projection,
// activation, down projection, weighted sum.
//
//   t = base + sum over the two grouped products of sqrt(tc^2 + tm^2) + te + tr
//   tc = min over tile heights of waves x (max4(2 tm tn k / (rate per SM), k/64 x k_step) + tile);
//        tiles of one expert start anew, so an expert with one token costs a whole tile
//   tm = weights of the experts that got a token / hbm
//   te = traffic of permutation, activation and sum / hbm;  tr = tokens x SM time of routing
//
// What decides is how tokens fall on experts, not their number alone: `ExpertLoad` carries it.

#pragma once

#include <array>

#include "sn/kernel/chip_rates.h"
#include "sn/kernel/cost.h"
#include "sn/kernel/data_type.h"
#include "sn/kernel/params.h"

namespace sn::kernel {

/// Heights of tiles in grouped products.
inline constexpr std::array<double, 6> expert_tiles = {8, 16, 32, 64, 128, 256};

/// How the assignments of a batch fall on the experts of the busiest rank.
struct ExpertLoad {
  double rows = 0.0;                                   // assignments
  double active = 0.0;                                 // experts with at least one
  std::array<double, expert_tiles.size()> tiles = {};  // sum of ceil(rows of an expert / height)

  /// `rows` spread at random over `active` experts: a partly filled tile more for each.
  [[nodiscard]] static ExpertLoad spread(double rows, double active);
};

struct Moe {
  double tokens = 0.0;  // that the rank routes
  ExpertLoad load;
  double hidden = 0.0;
  double inter = 0.0;  // of one expert on this rank
  bool gated = true;   // gate and up projection, or up alone
  DataType activation = DataType::bf16;
  DataType weight = DataType::bf16;
  bool block = false;
  Library library = Library::cutlass;
};

class MoeModel {
 public:
  MoeModel(const ChipRates& chip, const MoeParams& params, const SoftwareParams& software)
      : chip_(chip), p_(params), software_(software) {}

  [[nodiscard]] Cost cost(const Moe& m) const;

 private:
  struct Product {
    double compute = 0.0;
    double memory = 0.0;
  };
  [[nodiscard]] Product product(const Moe& m, Format format, std::size_t height, double n,
                                double k) const;

  ChipRates chip_;
  MoeParams p_;
  SoftwareParams software_;
};

}  // namespace sn::kernel
