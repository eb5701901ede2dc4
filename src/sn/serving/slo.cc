// sn/serving/slo.cc
//
// Objectives in words (see slo.h).

#include "sn/serving/slo.h"

#include <cmath>

#include "sn/base/units.h"

namespace sn::serving {

std::string to_string(const SloTarget& target) {
  const std::string name = target.metric == Metric::ttft ? "TTFT" : "TPOT";
  const std::string rank =
      target.quantile < 0.0 ? "mean" : "p" + std::to_string(std::lround(target.quantile * 100.0));
  return name + " " + rank + " " + format(target.limit);
}

std::string to_string(const Slo& slo) {
  std::string out;
  for (const SloTarget& t : slo) out += (out.empty() ? "" : ", ") + to_string(t);
  return out;
}

}  // namespace sn::serving
