// sn/serving/engine/engine.h
//
// The serving engine: requests in, steps and requests' lives out. Knows no clock: its owner says
// what time it is, virtual or real.
//
//   engine.submit(request, now);      // now >= any time named before; what was due is done first
//   while (auto t = engine.next_wakeup()) engine.advance(*t);
//
// One step of an instance is one event: all its ranks step together, prompts and decodes as the
// scheduler of each rank composed them, and `StepEvaluator` says how long it takes. A step costs
// O(changed requests): sums of contexts are kept in integers and move by a rate per step; a
// sequence is touched when it joins, needs a page, passes the attention cap or ends. While nothing
// but one instance's steps lies ahead, they run in a loop without the event queue, with identical
// results. Source of the scheduling rules: vLLM v1 (v1/core/sched/scheduler.py). Where a rule is
// simplified: engine_spec.h and README.md.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sn/base/clock.h"
#include "sn/hw/conditions.h"
#include "sn/serving/engine/engine_spec.h"
#include "sn/serving/load/workload.h"

namespace sn::serving {

class EngineCore;  // engine_core.h

/// How things stand, for sampling. Of one pool.
struct PoolState {
  std::int64_t up = 0;       // instances that take requests
  std::int64_t waiting = 0;  // requests
  std::int64_t prefilling = 0;
  std::int64_t decoding = 0;
  std::int64_t moving = 0;  // done with prefill, on their way to a decode rank
  std::int64_t pages = 0;
  std::int64_t held = 0;    // pages that running requests hold
  std::int64_t cached = 0;  // pages of cached blocks, held or not
};

/// A link of the fabric as the engine's transfers see it.
struct LinkState {
  std::string name;  // "prefill 3 rank 0 ScaleUp", "image 2 DCN"
  fabric::Layer layer = fabric::Layer::scale_up;
  Bandwidth capacity;
  Bytes carried;      // by transfers so far
  Bytes collectives;  // and by the steps' collectives
  Bandwidth load;     // of transfers, now
};

/// What a tier below HBM did so far, all its places together.
struct TierState {
  std::int64_t capacity = 0;  // blocks
  std::int64_t blocks = 0;    // there now
  std::uint64_t inserted = 0;
  std::uint64_t evicted = 0;  // for want of room, or of time
  std::uint64_t looked = 0;   // blocks that admissions looked for below HBM
  std::uint64_t hits = 0;     // of them found here and loaded
  std::uint64_t passed = 0;   // found here and computed again, because that was done first
  std::uint64_t lost = 0;     // whose load a fault undid
  Bytes read;
  Bytes written;
};

/// Requests that have not ended, by where they are. Of one deployment.
struct AliveCounts {
  std::int64_t front_end = 0;
  std::int64_t homeless = 0;  // no instance of their pool is up
  std::int64_t waiting = 0;   // in a rank's queue
  std::int64_t loading = 0;   // blocks from a tier below HBM
  std::int64_t prefilling = 0;
  std::int64_t handover = 0;  // prefilled; no decode rank has room
  std::int64_t moving = 0;
  std::int64_t decoding = 0;

  [[nodiscard]] std::int64_t all() const {
    return front_end + homeless + waiting + loading + prefilling + handover + moving + decoding;
  }
  friend bool operator==(const AliveCounts&, const AliveCounts&) = default;
};

class ServingEngine {
 public:
  /// `observer` may be null and must outlive the engine.
  explicit ServingEngine(EngineSpec spec, EngineObserver* observer = nullptr);
  ~ServingEngine();
  ServingEngine(const ServingEngine&) = delete;
  ServingEngine& operator=(const ServingEngine&) = delete;

  /// Takes a request and returns its id, counted from 0. Arrivals must not go back in time; what
  /// can never be served ends at once (`Ending::too_long`, `queue_full`).
  std::uint64_t submit(const Request& request, Nanos now);
  /// False when no such request is alive.
  bool cancel(std::uint64_t id, Nanos now);

  /// When something happens next without new requests; nothing when all is done.
  [[nodiscard]] std::optional<Nanos> next_wakeup() const;
  /// Does all that is due up to `now`, `now` included.
  void advance(Nanos now);

  // Instances are numbered within a deployment, over its pools in order.
  /// Its requests start again elsewhere or end; its memory is lost.
  std::int64_t fail(std::uint32_t deployment, std::uint32_t instance, Nanos now);
  /// Takes no more requests; those it has go on.
  void drain(std::uint32_t deployment, std::uint32_t instance, Nanos now);
  /// Comes up after the cold start of its pool. No effect on one that is up.
  void start(std::uint32_t deployment, std::uint32_t instance, Nanos now);
  /// Other clocks, bandwidths: from the next step on. `alive` false is `fail`.
  void set_conditions(std::uint32_t deployment, std::uint32_t instance,
                      const hw::Conditions& conditions, Nanos now);

  /// A tier loses a part of its blocks, one of `parts`: a host of a pool, a drive. Who was loading
  /// from it computes again. Returns blocks lost.
  std::int64_t lose_tier(std::uint32_t deployment, std::uint32_t tier, std::uint32_t part,
                         std::uint32_t parts, Nanos now);

  [[nodiscard]] std::int64_t alive() const;  // requests
  [[nodiscard]] PoolState state(std::uint32_t deployment, std::uint32_t pool) const;
  /// Ports and links, where the spec is `contended`; else none.
  [[nodiscard]] std::vector<LinkState> links() const;
  [[nodiscard]] TierState tier_state(std::uint32_t deployment, std::uint32_t tier) const;
  [[nodiscard]] AliveCounts alive_by_state(std::uint32_t deployment) const;
  [[nodiscard]] std::uint32_t instances(std::uint32_t deployment) const;
  /// Counts pages and requests again; false when the books do not agree. For tests.
  [[nodiscard]] bool consistent() const;

 private:
  std::unique_ptr<EngineCore> core_;
};

}  // namespace sn::serving
