// sn/twin/simulate/recorder.h
//
// Watches an engine and adds up what a SimulationReport says. Memory is bounded: histograms, sums
// per pool and window, and a timeline of limited length.

#pragma once

#include <optional>
#include <vector>

#include "sn/base/histogram.h"
#include "sn/serving/engine/engine.h"
#include "sn/twin/simulate/simulate.h"
#include "sn/twin/simulate/simulation_report.h"

namespace sn::twin {

/// What utilisation and energy of a pool are measured against.
struct PoolPeaks {
  FlopRate compute;  // of one GPU, at the activations' precision
  Bandwidth memory;  // HBM of one GPU
  Power idle;        // of all the pool's GPUs
};

class Recorder final : public serving::EngineObserver {
 public:
  struct Setup {
    serving::Slo slo;
    std::vector<PoolPeaks> peaks;  // one a pool
    Nanos warm;                    // measured from here
    Nanos end;                     // rates and utilisation up to here
    std::int64_t expected = 0;     // requests
    std::size_t windows = 120;
    std::size_t timeline_limit = 0;
    bool watch_slo = false;
  };

  explicit Recorder(Setup setup);

  void on_step(const serving::StepRecord& step) override;
  void on_gap(const serving::RequestRecord& record, Nanos at, Nanos gap) override;
  void on_transfer(const serving::RequestRecord& record, Nanos begin, Nanos end,
                   Bytes size) override;
  void on_end(const serving::RequestRecord& record) override;

  void on_arrival(Nanos at);
  /// How things stand at `at`; means are over samples. `link`: share of the busiest link in use.
  void sample(Nanos at, const std::vector<serving::PoolState>& pools, double link);

  /// More requests missed a target than it allows of all that were expected.
  [[nodiscard]] bool hopeless() const { return hopeless_; }
  [[nodiscard]] std::optional<Nanos> saturated() const { return saturated_; }
  /// Everything but names. `now`: where the run ended. One that was interrupted in its warm-up is
  /// measured from its start.
  void write(SimulationReport& report, Nanos now, bool interrupted);
  [[nodiscard]] std::vector<TimelineEvent> take_timeline() { return std::move(timeline_); }
  /// Events beyond the limit.
  [[nodiscard]] std::uint64_t timeline_left_out() const { return timeline_left_out_; }

 private:
  struct PoolSums {
    std::int64_t steps = 0;
    std::int64_t decode_steps = 0;
    std::int64_t prefill_steps = 0;
    double busy = 0.0;  // s
    double flops = 0.0;
    double bytes = 0.0;
    double joules = 0.0;
    double decoding = 0.0;
    double prefill = 0.0;
    std::int64_t samples = 0;
    double held = 0.0;
    double held_most = 0.0;
    double waiting = 0.0;
    double up = 0.0;
  };
  struct Window {
    std::uint64_t arrivals = 0;
    std::uint64_t finished = 0;
    std::uint64_t first_tokens = 0;
    double output = 0.0;
    double input = 0.0;
    double admitted = 0.0;  // input tokens
    double cached = 0.0;    // of them
    double ttft = 0.0;
    std::int64_t samples = 0;
    double waiting = 0.0;
    double decoding = 0.0;
    double held = 0.0;
    double blocks = 0.0;
    double link = 0.0;
  };
  struct ClassSums {
    std::uint64_t requests = 0;
    std::uint64_t bad = 0;  // ended in another way, measured
    std::uint64_t good = 0;
    Histogram ttft;
    Histogram tpot;
  };

  [[nodiscard]] Window& window_at(Nanos at);
  /// Whether what began at `at` counts. Until the warm-up is over everything does, in case that the
  /// run ends before; then it is forgotten.
  [[nodiscard]] bool measured(Nanos at) {
    if (at < setup_.warm) return !warm_;
    if (!warm_) begin_measuring();
    return true;
  }
  void begin_measuring();
  void judge(const serving::RequestRecord& r, double ttft, double tpot, double e2e);
  void keep(const TimelineEvent& event);
  void tell_admitted(const serving::RequestRecord& r);
  void write_slo(SimulationReport& report) const;
  void write_classes(SimulationReport& report) const;
  void write_pools(SimulationReport& report, double seconds) const;
  void write_series(SimulationReport& report) const;
  [[nodiscard]] bool growing() const;

  Setup setup_;
  bool warm_ = false;
  Histogram ttft_;
  Histogram tpot_;
  Histogram itl_;
  Histogram e2e_;
  Histogram queue_;
  Histogram load_;
  Histogram retrieval_;
  std::vector<PoolSums> pools_;
  std::vector<Window> windows_;
  std::vector<ClassSums> classes_;
  std::vector<std::uint64_t> misses_;  // per target
  std::vector<double> sums_;           // per target
  std::array<std::uint64_t, serving::ending_count> endings_ = {};
  std::uint64_t submitted_ = 0;
  std::uint64_t arrived_ = 0;  // measured
  std::uint64_t measured_ = 0;
  std::uint64_t preemptions_ = 0;
  std::uint64_t transfers_ = 0;
  double transferred_ = 0.0;
  double exposed_ = 0.0;
  double output_ = 0.0;  // tokens of requests that finished while rates are measured
  double total_ = 0.0;
  double input_ = 0.0;  // of all admitted and measured
  double cached_ = 0.0;
  double loaded_ = 0.0;  // of them from below HBM
  double blocks_ = 0.0;
  double hit_blocks_ = 0.0;
  Nanos last_arrival_;
  std::optional<Nanos> saturated_;
  bool hopeless_ = false;
  Failure hopeless_by_;
  std::vector<TimelineEvent> timeline_;
  std::uint64_t timeline_left_out_ = 0;
  Window drained_;  // after the end of the series
};

}  // namespace sn::twin
