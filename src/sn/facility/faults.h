// sn/facility/faults.h
//
// What fails in a rack, how often, how much of it goes with it, and how long.
//
// Rates are counts of a fleet over its exposure: count / (pieces * time), with the Poisson interval
// of the count. Causes are counted per accelerator, per host, or per job; a rack has its own
// numbers of these. Rates of parts that the fleet does not tell apart (links, switches, supplies)
// stand beside them with sources of their own.
//
// Units: an OS image with its accelerators is up or down as a whole. Limits: failures are
// independent and memoryless; a job spans the rack.
// Sources: catalog/failures.

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sn/facility/plant.h"

namespace sn::facility {

/// What an interruption of a fleet was put down to.
enum class Cause {
  gpu,
  hbm,
  sram,
  system_processor,
  thermal,
  silent_corruption,
  network,
  nic,
  host_maintenance,
  cpu,
  memory,
  drive,
  supply,
  chassis,
  io_board,
  software,
  watchdog,
  dependency,
};
inline constexpr std::size_t causes = 18;
[[nodiscard]] std::string_view to_string(Cause cause);
[[nodiscard]] std::array<Cause, causes> all_causes();

/// Of what there is one that fails.
enum class Scope { chip, host, job };
[[nodiscard]] Scope scope_of(Cause cause);

/// A fleet that was watched: interruptions by cause, and how large and long it was.
struct Fleet {
  std::int64_t gpus = 0;
  std::int64_t gpus_per_host = 0;
  Time time;
  std::array<std::int64_t, causes> counts = {};

  [[nodiscard]] std::int64_t total() const;
  /// Interruptions of one piece of the cause's scope per second; a job's are per accelerator.
  [[nodiscard]] Rate rate(Cause cause) const;
  /// Of all causes of a scope.
  [[nodiscard]] Rate rate(Scope scope) const;

  friend bool operator==(const Fleet&, const Fleet&) = default;
};

template <class V>
void describe(V& v, Fleet& f) {
  v.count("gpus", f.gpus, 1, 10'000'000);
  v.count("gpus_per_host", f.gpus_per_host, 1, 1024);
  v.quantity("time", f.time, Time::from_si(3600.0), Time::from_si(1e9));
  for (const Cause c : all_causes()) {
    v.count("counts." + std::string(to_string(c)), f.counts[static_cast<std::size_t>(c)], 0,
            100'000'000);
  }
}

/// Parts that a fleet's causes do not tell apart, or that another machine has more of.
struct PartRates {
  Rate switch_chip;
  Rate lane_optics;  // one transceiver of 400 to 800 Gbit/s, pluggable
  Rate lane_copackaged;
  Rate shelf;  // a supply unit of a server's size
  Rate rack;   // busbar, leak, coolant, feed: what takes all of it

  friend bool operator==(const PartRates&, const PartRates&) = default;
};

template <class V>
void describe(V& v, PartRates& p) {
  const Rate lo = Rate::from_si(1e-15);
  const Rate hi = Rate::from_si(1e-2);
  v.quantity("switch_chip", p.switch_chip, lo, hi);
  v.quantity("lane_optics", p.lane_optics, lo, hi);
  v.quantity("lane_copackaged", p.lane_copackaged, lo, hi);
  v.quantity("shelf", p.shelf, lo, hi);
  v.quantity("rack", p.rack, lo, hi);
}

/// How long until what failed is back.
struct RepairTimes {
  Time restart;           // of the job alone
  Time recover;           // of a host: drain, reset, reboot, test
  Time replace;           // of a module, with a spare one at hand
  double replaced = 0.0;  // share of chip and host failures that take a new part
  Time rack;              // of what took the whole rack

  friend bool operator==(const RepairTimes&, const RepairTimes&) = default;
};

template <class V>
void describe(V& v, RepairTimes& r) {
  const Time lo = Time::from_si(1.0);
  const Time hi = Time::from_si(1e8);
  v.quantity("restart", r.restart, lo, hi);
  v.quantity("recover", r.recover, lo, hi);
  v.quantity("replace", r.replace, lo, hi);
  v.ratio("replaced", r.replaced, 0.0, 1.0);
  v.quantity("rack", r.rack, lo, hi);
}

/// A published mean time between failures of a job.
struct PublishedMean {
  std::int64_t gpus = 0;
  Time mean;

  friend bool operator==(const PublishedMean&, const PublishedMean&) = default;
};

template <class V>
void describe(V& v, PublishedMean& p) {
  v.count("gpus", p.gpus, 1, 10'000'000);
  v.quantity("mean", p.mean, Time::from_si(1.0), Time::from_si(1e9));
}

/// Other fleets, which nothing is fitted to: a rate of nodes with what it is said to give, and one
/// more.
struct HeldAgainst {
  Rate per_node;
  std::int64_t gpus_per_node = 0;
  PublishedMean small;
  PublishedMean middle;
  PublishedMean large;
  PublishedMean other;  // of its own

  friend bool operator==(const HeldAgainst&, const HeldAgainst&) = default;
};

template <class V>
void describe(V& v, HeldAgainst& h) {
  v.quantity("per_node", h.per_node, Rate::from_si(1e-15), Rate::from_si(1.0));
  v.count("gpus_per_node", h.gpus_per_node, 1, 1024);
  v.group("small", h.small);
  v.group("middle", h.middle);
  v.group("large", h.large);
  v.group("other", h.other);
}

/// An entry of catalog/failures.
struct Failures {
  Fleet fleet;
  PartRates parts;
  RepairTimes repair;
  HeldAgainst held_against;

  friend bool operator==(const Failures&, const Failures&) = default;
};

template <class V>
void describe(V& v, Failures& f) {
  v.group("fleet", f.fleet);
  v.group("parts", f.parts);
  v.group("repair", f.repair);
  v.group("held_against", f.held_against);
}

/// What one failure takes with it.
struct FaultClass {
  std::string name;         // "chip, reset", "switch module", ...
  std::string takes;        // "one OS image of 16 GPUs", "1/18 of ScaleUp"
  std::int64_t pieces = 0;  // in the rack
  Rate each;                // of one piece
  std::int64_t gpus = 0;    // out of service until the repair
  double scale_up = 1.0;    // share of the ScaleUp bandwidth that is left
  Time repair;
  bool image = false;  // takes an OS image down
  bool whole = false;  // takes the rack down

  [[nodiscard]] Rate all() const { return each * static_cast<double>(pieces); }
};

/// The classes of a rack. Errors go to `errors`: a rate of zero, of everything that could fail.
[[nodiscard]] std::vector<FaultClass> fault_classes(const Failures& failures, const hw::Rack& rack,
                                                    const Plant& plant, const Location& where,
                                                    Errors& errors);

/// Shelves beyond the spare ones down at once: as a class of its own, from the binomial of shelves.
[[nodiscard]] FaultClass shelf_class(const Failures& failures, const Plant& plant,
                                     std::int64_t gpus);

/// Interruptions of the whole rack's job per second: of every class that takes GPUs, and of jobs.
[[nodiscard]] Rate interruptions(const std::vector<FaultClass>& classes, const Failures& failures,
                                 std::int64_t gpus);

/// Mean time between interruptions of a job on `gpus` accelerators by a fleet's rates, all causes,
/// with the 95 % interval of the count.
struct MeanTime {
  Time mean;
  Time low;
  Time high;
};
[[nodiscard]] MeanTime mean_time(const Fleet& fleet, std::int64_t gpus);

}  // namespace sn::facility
