// sn/twin/simulate/fault_schedule.h
//
// A FaultPlan on a deployment: what is done to which instance and when, and how instances stand
// under all faults together (scenario/faults.h has the rules).

#pragma once

#include <map>
#include <optional>
#include <vector>

#include "sn/serving/engine/engine.h"
#include "sn/twin/simulate/simulation_report.h"
#include "sn/twin/world.h"

namespace sn::twin {

/// One action, with the instances that it meets.
struct FaultStep {
  Nanos at;
  FaultAction action = FaultAction::fail;
  std::uint64_t source = 0;  // 0: listed; else the fault of a rate, which its repair ends
  std::string target;
  std::vector<std::uint32_t> instances;    // of the deployment
  std::optional<std::uint32_t> tier = {};  // of a tier: which one, and what part of it
  std::uint32_t part = 0;
  std::uint32_t parts = 1;
  hw::Conditions conditions;
};

/// In order of time. Faults of rates begin before `end`; their repairs may come later. Errors: what
/// is named does not exist in `plan`, or there are too many.
[[nodiscard]] Result<std::vector<FaultStep>> fault_steps(const World& world,
                                                         const serving::ServingPlan& plan,
                                                         Time end);

/// Does steps to an engine's first deployment, and counts.
class FaultInjector {
 public:
  FaultInjector(std::vector<FaultStep> steps, hw::Conditions usual)
      : steps_(std::move(steps)), usual_(usual) {}

  [[nodiscard]] bool any() const { return !steps_.empty(); }
  [[nodiscard]] std::optional<Nanos> next() const {
    if (done_ == steps_.size()) return std::nullopt;
    return steps_[done_].at;
  }
  /// Does the next step.
  void act(serving::ServingEngine& engine);
  [[nodiscard]] const FaultSummary& summary() const { return summary_; }

 private:
  struct Active {
    std::uint64_t source = 0;
    FaultAction action = FaultAction::fail;
    hw::Conditions conditions;
  };
  void settle(serving::ServingEngine& engine, std::uint32_t instance, Nanos now,
              std::int64_t& requests);

  std::vector<FaultStep> steps_;
  hw::Conditions usual_;
  std::size_t done_ = 0;
  std::map<std::uint32_t, std::vector<Active>> active_;  // by instance
  FaultSummary summary_;
};

}  // namespace sn::twin
