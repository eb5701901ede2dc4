// sn/planner/search/price.h
//
// What one instance shape carries under the SLO. Internal to the planner.
//
// All shapes of a world take seconds to price, and worlds that differ in size alone
// share most of them: a domain enters a step through the ranks of a stage that share one and
// through whether stages, and pools, sit in one. `PriceMemo` keeps prices by just that, and
// `PriceBook` a memo for all worlds that are the same in everything else that a price reads.

#pragma once

#include <cmath>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sn/planner/search/shapes.h"
#include "sn/twin/world.h"

namespace sn::planner {

/// A batch size of a decode or aggregated shape, for the Pareto front.
struct BatchPoint {
  double requests = 0.0;  // per instance
  double per_user = 0.0;

  friend bool operator==(const BatchPoint&, const BatchPoint&) = default;
};

/// What one shape can do.
struct Capacity {
  bool fits = false;
  double shortfall = 0.0;       // bytes per GPU, when it does not fit
  double requests = 0.0;        // decode: per instance; aggregated: whole cluster
  double idle_miss = INFINITY;  // worst target over its limit at vanishing load; 0 when all are met
  std::int64_t carrying = 0;    // aggregated, fixed rate: fewest replicas that carry it
  std::vector<BatchPoint> batches;  // decode, aggregated
  std::vector<double> by_replicas;  // prefill: rate of 1, 2, ... replicas

  friend bool operator==(const Capacity&, const Capacity&) = default;
};

/// Without `points` no batch sizes for the Pareto front are priced.
[[nodiscard]] Capacity price(const twin::World& world, const Shape& shape, bool points);

/// Prices of shapes in worlds of one `PriceBasis`. Threads may share it: what two price at once is
/// the same.
class PriceMemo {
 public:
  [[nodiscard]] std::shared_ptr<const Capacity> price(const twin::World& world, const Shape& shape,
                                                      bool points);

 private:
  /// A shape with all that its price takes from the size of the world.
  struct Key {
    Shape shape;
    bool points = false;
    std::int64_t stage_per_domain = 1;  // ranks of a stage that share a domain
    bool stages_far = false;            // stages sit in different domains
    std::int64_t replicas = 0;          // most of them; 0 for a decode shape, priced alone
    std::int64_t gpus = 0;              // of the cluster; prefill: how far the KV cache travels
    bool pools_near = false;            // prefill: both pools in one domain
    bool wide = false;                  // domains beyond a server: other kernels and parameters

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  [[nodiscard]] static Key key_of(const twin::World& world, const Shape& shape, bool points);

  std::mutex mutex_;
  std::unordered_map<Key, std::shared_ptr<const Capacity>, Hash> prices_;
};

/// What a price reads of a world, but for its size: racks, GPUs of a rack and of a ScaleUp domain
/// come with the shape.
struct PriceBasis {
  hw::Cluster cluster;  // without its size
  kernel::KernelParams kernels;
  collective::CollectiveParams collectives;
  llm::Framework framework;
  llm::ModelTraits traits;
  llm::ModelSpec model;
  hw::Conditions conditions;
  double kv_block = 0.0;
  serving::KvTiering kv;
  serving::Workload workload;
  serving::Slo slo;
  std::optional<double> target;  // requests/s

  friend bool operator==(const PriceBasis&, const PriceBasis&) = default;
};

[[nodiscard]] PriceBasis basis_of(const twin::World& world);

/// A memo for each basis, found by its values. Threads may share it.
class PriceBook {
 public:
  [[nodiscard]] PriceMemo& of(const twin::World& world);
  /// How many bases there are.
  [[nodiscard]] std::size_t size() const { return memos_.size(); }

 private:
  struct Entry {
    PriceBasis basis;
    PriceMemo memo;
  };
  std::mutex mutex_;
  std::list<Entry> memos_;
};

}  // namespace sn::planner
