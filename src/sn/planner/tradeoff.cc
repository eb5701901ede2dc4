// sn/planner/tradeoff.cc
//
// Curves of plans in two chosen figures (see tradeoff.h).

#include "sn/planner/tradeoff.h"

#include <algorithm>

#include "sn/planner/search/evaluate.h"

namespace sn::planner {

namespace {

const std::vector<double> loads = {1.0, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05};

TradeoffAxis axis_of(const Metric& m) {
  return {std::string(m.name), std::string(m.title), m.dimension == Time::dimension,
          m.more_is_better};
}

/// `a` is at least as good as `b` on both axes and better on one.
bool beats(const TradeoffPoint& a, const TradeoffPoint& b, const Tradeoff& t) {
  const auto good = [](double v, const TradeoffAxis& axis) { return axis.more_is_better ? v : -v; };
  const double ax = good(a.x, t.x);
  const double ay = good(a.y, t.y);
  const double bx = good(b.x, t.x);
  const double by = good(b.y, t.y);
  return ax >= bx && ay >= by && (ax > bx || ay > by);
}

}  // namespace

Tradeoff tradeoff(const twin::World& world, const std::vector<Candidate>& candidates,
                  const MetricPair& pair, const Run& run) {
  Tradeoff out{axis_of(*pair.x), axis_of(*pair.y), {}};
  std::vector<std::vector<Candidate>> curves(candidates.size());
  run.for_each(candidates.size(), [&](std::size_t i) {
    if (candidates[i].meets_slo) curves[i] = along_load(world, {candidates[i].plan, 0.0}, loads);
  });
  for (std::size_t i = 0; i < curves.size(); ++i) {
    for (std::size_t j = 0; j < curves[i].size(); ++j) {
      out.points.push_back({.x = pair.x->value(curves[i][j]),
                            .y = pair.y->value(curves[i][j]),
                            .load = loads[j],
                            .rank = candidates[i].rank,
                            .front = false,
                            .label = point_label(candidates[i].plan)});
    }
  }
  std::stable_sort(out.points.begin(), out.points.end(),
                   [](const TradeoffPoint& a, const TradeoffPoint& b) { return a.x < b.x; });
  for (TradeoffPoint& p : out.points) {
    p.front = std::none_of(out.points.begin(), out.points.end(),
                           [&](const TradeoffPoint& q) { return beats(q, p, out); });
  }
  return out;
}

}  // namespace sn::planner
