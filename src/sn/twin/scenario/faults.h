// sn/twin/scenario/faults.h
//
// What breaks during a simulation: instances and OS images that fail, drain, slow down and come
// back, at given times or at a rate.
//
//   up times of a rate   exponential with mean `every`, one keyed stream for each instance or image
//   after a fault        `repair` later the entity is whole again; a failed one then starts cold
//
// Instances take the machine's GPUs in order, those of the first pool first; an image takes every
// instance down that has a GPU on it. Faults on one instance add up: it is back when the last of
// them is repaired, and as slow as the worst of them makes it. A link's fault is its instance's
// `scale_up` or `scale_out`. Whether what is named exists is known with the deployment: `Schedule`.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/units/quantity.h"
#include "sn/hw/conditions.h"

namespace sn::twin {

enum class FaultAction { fail, drain, degrade, repair };
[[nodiscard]] std::string_view to_string(FaultAction action);

/// One instance, image or part of a tier, or of a rate every one.
struct FaultTarget {
  bool image = false;
  std::string pool = {};     // "prefill", "decode", "aggregated"; empty: counted over all pools
  std::int64_t number = -1;  // from 0; -1: every one
  std::string tier = {};     // not empty: a tier of KV cache, of which `number` of `parts` loses
  std::int64_t parts = 1;    // what it holds (a host of a pool, a drive); it takes blocks again at
                             // once, so there is nothing to repair

  friend bool operator==(const FaultTarget&, const FaultTarget&) = default;
};
/// "instance 2 of decode", "image 0".
[[nodiscard]] std::string to_string(const FaultTarget& target);

struct FaultEvent {
  Time at;
  FaultAction action = FaultAction::fail;
  FaultTarget target;
  hw::Conditions conditions;  // of `degrade`
  Location where = {};

  friend bool operator==(const FaultEvent&, const FaultEvent&) = default;
};

struct FaultRate {
  FaultAction action = FaultAction::fail;
  FaultTarget target;
  Time every;   // mean time between faults of one entity, from its repair on
  Time repair;  // until it is whole again
  hw::Conditions conditions;
  Location where = {};

  friend bool operator==(const FaultRate&, const FaultRate&) = default;
};

struct FaultPlan {
  bool requeue = true;  // requests of a failed instance start again and wait for one; else they end
  std::vector<FaultEvent> events;
  std::vector<FaultRate> rates;

  [[nodiscard]] bool empty() const { return events.empty() && rates.empty(); }
  friend bool operator==(const FaultPlan&, const FaultPlan&) = default;
};

/// `faults` of a scenario, or a file of its own (`simulate --faults`).
[[nodiscard]] FaultPlan read_faults(const Node& node, Errors& errors);

}  // namespace sn::twin
