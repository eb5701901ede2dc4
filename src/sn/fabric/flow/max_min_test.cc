// sn/fabric/flow/max_min_test.cc
//
// Systems by hand with their expectation, then properties: the condition of max-min fairness, the
// same rates as solved from scratch, and an order of optima (a lexicographic linear program, solved
// by bisection of the common level).

#include "sn/fabric/flow/max_min.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <map>

namespace sn::fabric {
namespace {

using Path = std::vector<MaxMin::Link>;

/// A system in the order in which it is written down.
struct System {
  MaxMin m;
  std::vector<MaxMin::Class> flows;

  explicit System(const std::vector<double>& capacities) {
    for (const double c : capacities) m.add_link(c);
  }
  System& flow(const Path& path, double weight = 1.0, std::int64_t members = 1) {
    flows.push_back(m.add_class(path, weight));
    m.add_members(flows.back(), members);
    return *this;
  }
  void expect(const std::vector<double>& rates) {
    m.solve();
    ASSERT_EQ(rates.size(), flows.size());
    for (std::size_t i = 0; i < rates.size(); ++i) {
      EXPECT_NEAR(m.rate(flows[i]), rates[i], 1e-9) << "flow " << i;
    }
  }
};

TEST(MaxMin, OneLinkIsShared) { System({12.0}).flow({0}).flow({0}).flow({0}).expect({4, 4, 4}); }

TEST(MaxMin, WeightsAndMembers) {
  // 12 = (1 + 2 x 1 + 3) units of 2.
  System({12.0}).flow({0}).flow({0}, 1.0, 2).flow({0}, 3.0).expect({2, 2, 6});
}

TEST(MaxMin, LineOfThree) {
  // Bertsekas and Gallager's line: the long flow meets all, the short ones take what it leaves.
  System({1.0, 1.0, 1.0}).flow({0, 1, 2}).flow({0}).flow({1}).flow({2}).expect({.5, .5, .5, .5});
  System({1.0, 2.0}).flow({0, 1}).flow({0}).flow({1}).expect({0.5, 0.5, 1.5});
}

TEST(MaxMin, TwoLevels) {
  System({10.0, 4.0}).flow({0}).flow({0, 1}).flow({1}).flow({1}).flow({1}).expect({9, 1, 1, 1, 1});
}

TEST(MaxMin, EndOfAFlowReachesNeighbours) {
  System s({10.0, 10.0});
  s.flow({0}).flow({0, 1}).flow({1}).flow({1});
  s.expect({10 - 10.0 / 3, 10.0 / 3, 10.0 / 3, 10.0 / 3});
  s.m.add_members(s.flows[2], -1);
  s.expect({5, 5, 0, 5});
  s.m.set_capacity(0, 4.0);
  s.expect({2, 2, 0, 8});
  s.m.set_capacity(0, 40.0);
  s.expect({35, 5, 0, 5});
}

TEST(MaxMin, WhatIsNotTouchedIsNotSolved) {
  System s(std::vector<double>(200, 1.0));
  for (MaxMin::Link l = 0; l < 200; ++l) s.flow({l});
  s.m.solve();
  const std::uint64_t before = s.m.filled();
  s.m.add_members(s.flows[7], 1);
  EXPECT_EQ(s.m.solve().size(), 1u);
  EXPECT_EQ(s.m.filled(), before + 1);
  EXPECT_DOUBLE_EQ(s.m.rate(s.flows[7]), 0.5);
  s.m.add_members(s.flows[7], -1);
  s.m.add_members(s.flows[7], 1);  // taken back
  EXPECT_TRUE(s.m.solve().empty());
}

/// A random system, and what happens to it.
struct Story {
  std::vector<double> capacities;
  std::vector<Path> paths;
  std::vector<double> weights;
};

Story story() {
  Story s;
  const int links = *rc::gen::inRange(1, 12);
  for (int i = 0; i < links; ++i) s.capacities.push_back(*rc::gen::inRange(1, 20));
  const int flows = *rc::gen::inRange(1, 25);
  for (int i = 0; i < flows; ++i) {
    Path path;
    for (int l = 0; l < links; ++l) {
      if (*rc::gen::inRange(0, 3) == 0) path.push_back(static_cast<MaxMin::Link>(l));
    }
    if (path.empty()) path.push_back(0);
    s.paths.push_back(path);
    s.weights.push_back(*rc::gen::inRange(1, 4));
  }
  return s;
}

/// Rates solved from nothing.
std::vector<double> scratch(const MaxMin& m, const Story& s,
                            const std::vector<MaxMin::Class>& flows) {
  MaxMin fresh;
  for (MaxMin::Link l = 0; l < m.links(); ++l) fresh.add_link(m.capacity(l));
  std::vector<MaxMin::Class> own;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    own.push_back(fresh.add_class(s.paths[i], s.weights[i]));
    fresh.add_members(own[i], m.members(flows[i]));
  }
  fresh.solve();
  std::vector<double> out;
  for (const MaxMin::Class c : own) out.push_back(fresh.rate(c));
  return out;
}

void fair(const MaxMin& m, const Story& s, const std::vector<MaxMin::Class>& flows) {
  std::vector<double> load(m.links(), 0.0);
  for (std::size_t i = 0; i < flows.size(); ++i) {
    for (const auto l : s.paths[i]) {
      load[l] += m.rate(flows[i]) * static_cast<double>(m.members(flows[i]));
    }
  }
  for (MaxMin::Link l = 0; l < m.links(); ++l) {
    RC_ASSERT(load[l] <= m.capacity(l) * (1.0 + 1e-7));
  }
  for (std::size_t i = 0; i < flows.size(); ++i) {
    if (m.members(flows[i]) == 0) continue;
    bool held = false;
    for (const auto l : s.paths[i]) {
      bool highest = load[l] >= m.capacity(l) * (1.0 - 1e-7);
      for (std::size_t j = 0; j < flows.size(); ++j) {
        const bool here = std::find(s.paths[j].begin(), s.paths[j].end(), l) != s.paths[j].end();
        if (!here || m.members(flows[j]) == 0) continue;
        highest = highest &&
                  m.rate(flows[j]) / s.weights[j] <= m.rate(flows[i]) / s.weights[i] * (1.0 + 1e-7);
      }
      held = held || highest;
    }
    RC_ASSERT(held);
  }
}

RC_GTEST_PROP(MaxMinProperty, AnyStoryEndsWhereScratchDoes, ()) {
  const Story s = story();
  MaxMin m;
  for (const double c : s.capacities) m.add_link(c);
  std::vector<MaxMin::Class> flows;
  for (std::size_t i = 0; i < s.paths.size(); ++i) {
    flows.push_back(m.add_class(s.paths[i], s.weights[i]));
  }
  const int steps = *rc::gen::inRange(1, 30);
  for (int step = 0; step < steps; ++step) {
    const auto i =
        static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(flows.size())));
    const int what = *rc::gen::inRange(0, 6);
    if (what == 0) {
      const auto l =
          static_cast<MaxMin::Link>(*rc::gen::inRange<int>(0, static_cast<int>(m.links())));
      m.set_capacity(l, *rc::gen::inRange(1, 20));
    } else if (what < 3 && m.members(flows[i]) > 0) {
      m.add_members(flows[i], -1);
    } else {
      m.add_members(flows[i], *rc::gen::inRange(1, 4));
    }
    m.solve();
    const std::vector<double> expected = scratch(m, s, flows);
    for (std::size_t k = 0; k < flows.size(); ++k) {
      RC_ASSERT(std::abs(m.rate(flows[k]) - expected[k]) <= 1e-7 * (1.0 + expected[k]));
    }
    fair(m, s, flows);
  }
}

/// Largest common level t with every flow at min(fixed level, t) within all capacities: the linear
/// program of one round, by bisection.
double round_level(const Story& s, const std::map<std::size_t, double>& fixed) {
  double low = 0.0;
  double high = 100.0;
  for (int i = 0; i < 200; ++i) {
    const double t = 0.5 * (low + high);
    bool fits = true;
    for (std::size_t l = 0; l < s.capacities.size(); ++l) {
      double load = 0.0;
      for (std::size_t f = 0; f < s.paths.size(); ++f) {
        if (std::find(s.paths[f].begin(), s.paths[f].end(), l) == s.paths[f].end()) continue;
        load += s.weights[f] * (fixed.contains(f) ? fixed.at(f) : t);
      }
      fits = fits && load <= s.capacities[l];
    }
    (fits ? low : high) = t;
  }
  return low;
}

RC_GTEST_PROP(MaxMinProperty, IsTheLexicographicOptimum, ()) {
  const Story s = story();
  MaxMin m;
  for (const double c : s.capacities) m.add_link(c);
  std::vector<MaxMin::Class> flows;
  for (std::size_t i = 0; i < s.paths.size(); ++i) {
    flows.push_back(m.add_class(s.paths[i], s.weights[i]));
    m.add_members(flows.back(), 1);
  }
  m.solve();
  // Round by round: raise all, fix those that a full link holds.
  std::map<std::size_t, double> fixed;
  while (fixed.size() < s.paths.size()) {
    const double t = round_level(s, fixed);
    std::vector<std::size_t> now;
    for (std::size_t l = 0; l < s.capacities.size(); ++l) {
      double load = 0.0;
      std::vector<std::size_t> here;
      for (std::size_t f = 0; f < s.paths.size(); ++f) {
        if (std::find(s.paths[f].begin(), s.paths[f].end(), l) == s.paths[f].end()) continue;
        load += s.weights[f] * (fixed.contains(f) ? fixed.at(f) : t);
        if (!fixed.contains(f)) here.push_back(f);
      }
      if (load >= s.capacities[l] * (1.0 - 1e-9)) now.insert(now.end(), here.begin(), here.end());
    }
    RC_ASSERT(!now.empty());
    for (const std::size_t f : now) fixed.emplace(f, t);
  }
  for (const auto& [f, level] : fixed) {
    RC_ASSERT(std::abs(m.rate(flows[f]) / s.weights[f] - level) <= 1e-6 * (1.0 + level));
  }
}

}  // namespace
}  // namespace sn::fabric
