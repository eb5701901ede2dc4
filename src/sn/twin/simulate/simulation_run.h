// sn/twin/simulate/simulation_run.h
//
// Private pieces of a simulation: streams of requests into one engine, a recorder for each.
//
// Requests of all streams are submitted by arrival, the earlier stream first at the same time;
// stream i is deployment i of the engine.

#pragma once

#include <memory>
#include <vector>

#include "sn/serving/engine/engine.h"
#include "sn/twin/simulate/fault_schedule.h"
#include "sn/twin/simulate/recorder.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::twin {

/// Names, machine and pools of a report, before anything has run.
[[nodiscard]] SimulationReport describe(const World& world, const serving::ServingPlan& plan,
                                        const SimulationOptions& options);
/// Where the warm-up of a run that ends at `end` is over.
[[nodiscard]] Nanos warm_up_of(const SimulationOptions& options, Nanos end);
/// What the plan makes of its racks, from the report's figures; nothing where they have no plant.
void add_running(const World& world, const serving::ServingPlan& plan, SimulationReport& report);

/// What the pools of `plan` could do at most, in the order of a report's pools.
[[nodiscard]] std::vector<PoolPeaks> peaks_of(const World& world, const serving::ServingPlan& plan);

/// One deployment's requests, targets, and the peaks of its pools.
struct Stream {
  std::unique_ptr<serving::RequestSource> source;
  serving::Slo slo;
  std::vector<PoolPeaks> peaks;
};

/// Engine, recorders, clock.
class SimulationRun final : private serving::EngineObserver {
 public:
  /// Measured from `warm` to `end`; as many streams as deployments.
  SimulationRun(serving::EngineSpec spec, std::vector<Stream> streams, Nanos warm, Nanos end,
                const SimulationOptions& options, const Run& run);

  /// What breaks on the way, of a run of one deployment.
  void set_faults(std::vector<FaultStep> steps, const World& world) {
    faults_ = FaultInjector(std::move(steps), world.machine.conditions);
    fault_policy_ = world.faults.requeue ? "requeue" : "fail";
  }
  void go();
  /// When the options' share of the first deployment's requests had been sent.
  [[nodiscard]] Nanos warm_sent() const { return warm_sent_; }
  /// What a run recorded of deployment `i`, into its description.
  void write(std::size_t i, SimulationReport& report) const;
  /// Of the request sources.
  [[nodiscard]] Errors faults() const;
  [[nodiscard]] std::vector<TimelineEvent> take_timeline(std::size_t i) {
    return lanes_[i].recorder->take_timeline();
  }
  [[nodiscard]] std::uint64_t timeline_left_out(std::size_t i) const {
    return lanes_[i].recorder->timeline_left_out();
  }

 private:
  struct Lane {
    std::unique_ptr<serving::RequestSource> source;
    std::unique_ptr<Recorder> recorder;
    std::size_t pools = 1;
    serving::TieringSpec tiering;
    Bytes block;  // as tiers hold it
    serving::Request next;
    bool more = false;  // `next` is still to come
    std::uint64_t out_of_order = 0;
  };

  void on_step(const serving::StepRecord& step) override {
    lanes_[step.deployment].recorder->on_step(step);
  }
  void on_gap(const serving::RequestRecord& record, Nanos at, Nanos gap) override {
    lanes_[record.deployment].recorder->on_gap(record, at, gap);
  }
  void on_transfer(const serving::RequestRecord& record, Nanos begin, Nanos end,
                   Bytes size) override {
    lanes_[record.deployment].recorder->on_transfer(record, begin, end, size);
  }
  void on_end(const serving::RequestRecord& record) override {
    lanes_[record.deployment].recorder->on_end(record);
  }

  [[nodiscard]] bool interrupted() const { return run_.stopped(); }
  [[nodiscard]] bool stopped() const;
  /// The lane whose request comes next; none when all have ended.
  [[nodiscard]] Lane* first();
  /// Takes the lane's request at `at`, and looks for its next one.
  void take(Lane& lane, Nanos at);
  /// Arrivals as they come, or as clients send them (SimulationOptions::clients).
  void open_loop();
  void closed_loop();
  void advance(Nanos at);
  /// What breaks up to `at`, and `at`.
  void advance_through_faults(Nanos at);
  /// Requests of deployment `i` that have not ended.
  [[nodiscard]] std::vector<Unfinished> unfinished(std::size_t i) const;
  [[nodiscard]] std::vector<TierResult> tiers(std::size_t i) const;
  [[nodiscard]] std::vector<LayerResult> layers() const;
  /// The share of the busiest link that transfers hold now; keeps each link's most.
  [[nodiscard]] double look_at_links();
  void tell(std::int64_t taken) const;

  const SimulationOptions& options_;
  std::int64_t taken_ = 0;  // requests
  std::int64_t warm_requests_ = 0;
  Nanos warm_sent_;
  const Run& run_;
  std::vector<Lane> lanes_;
  serving::ServingEngine engine_;
  std::int64_t sample_step_;
  std::int64_t next_sample_ = 0;
  std::int64_t wider_from_;  // where samples come half as often
  Nanos now_;
  FaultInjector faults_{{}, {}};
  std::string fault_policy_;
  std::vector<serving::PoolState> states_;
  std::vector<double> link_most_;  // of each link, share that transfers held at a sample
};

}  // namespace sn::twin
