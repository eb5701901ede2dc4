// sn/planner/search/shapes.h
//
// The decision space: which instance shapes a model can take on a cluster, and whether a plan's
// instances fit into its ScaleUp domains.
//
// Stage sizes: 1, 2, 4, 8, 12, ... in steps of an eighth up to a ScaleUp domain, then such
// multiples of the domain. An instance that is not larger than a domain stays inside one, or, where
// such instances would not fill the domains, spreads its pipeline stages over several (their sends
// then go over ScaleOut).

#pragma once

#include <cstdint>
#include <vector>

#include "sn/serving/steady/steady_state.h"
#include "sn/twin/simulate/simulation_report.h"
#include "sn/twin/world.h"

namespace sn::planner {

using Role = twin::PoolRole;  // that a shape is considered for

/// One instance shape with its choices, before replicas.
struct Shape {
  Role role = Role::aggregated;
  llm::Deployment deployment;
  std::int64_t chunk = 0;

  friend bool operator==(const Shape&, const Shape&) = default;
};

/// Every way to cut the model that `llm::why_not` allows, in a fixed order.
[[nodiscard]] std::vector<llm::Parallelism> parallelisms(const twin::World& world);

/// Every shape to consider, in a fixed order: aggregated, prefill, decode.
[[nodiscard]] std::vector<Shape> shapes(const twin::World& world);

/// GPUs that one instance takes from a domain at once, and how many such pieces it has.
struct Piece {
  std::int64_t size = 1;
  std::int64_t count = 1;

  friend auto operator<=>(const Piece&, const Piece&) = default;
};
[[nodiscard]] Piece piece_of(const twin::World& world, const llm::Parallelism& p);

/// The number of instances to look at after `n`: every one up to 128, beyond at steps of a 32nd,
/// where what pooling still gains is below 0.1 %.
[[nodiscard]] constexpr std::int64_t next_replicas(std::int64_t n) {
  constexpr std::int64_t exact = 128;
  return n + 1 + (n < exact ? 0 : n / 32);
}

/// Most instances of `more` beside `replicas` instances of `held`, first-fit decreasing; -1 where
/// those alone do not fit.
[[nodiscard]] std::int64_t most_beside(const twin::World& world, Piece held, std::int64_t replicas,
                                       Piece more);

/// First-fit decreasing of all instances into the cluster's domains, within the GPUs that a plan of
/// `world` may take.
[[nodiscard]] bool fits_domains(const twin::World& world, const serving::ServingPlan& plan);

/// The same for several plans side by side on the whole cluster.
[[nodiscard]] bool fit_together(const hw::Cluster& cluster,
                                const std::vector<serving::ServingPlan>& plans);

/// Most replicas of one instance that the cluster's domains and the World's GPUs hold.
[[nodiscard]] std::int64_t most_replicas(const twin::World& world, const llm::Parallelism& p);

}  // namespace sn::planner
