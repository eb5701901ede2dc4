// sn/collective/candidate.h
//
// Times that compete, and work that overlaps. Internal to the layer.

#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string_view>

#include "sn/collective/collective.h"

namespace sn::collective {

struct Candidate {
  double time;
  std::string_view name;
};

[[nodiscard]] inline Candidate fastest(std::initializer_list<Candidate> all) {
  return *std::min_element(all.begin(), all.end(),
                           [](const Candidate& a, const Candidate& b) { return a.time < b.time; });
}

[[nodiscard]] inline Timing timing(Candidate c, double bound) {
  return {Time::from_si(c.time), Time::from_si(bound), c.name};
}

/// Two kinds of work at the same time: the longer one, and somewhat more where they are alike.
[[nodiscard]] inline double cubic(double a, double b) { return std::cbrt(a * a * a + b * b * b); }

}  // namespace sn::collective
