// sn/facility/faults.cc
//
// Rates from a fleet, and what fails in a rack (see faults.h).

#include "sn/facility/faults.h"

#include <algorithm>
#include <cmath>

namespace sn::facility {

namespace {

double d(std::int64_t n) { return static_cast<double>(n); }

struct CauseRow {
  Cause cause;
  std::string_view name;
  Scope scope;
};

constexpr std::array<CauseRow, causes> table = {{
    {Cause::gpu, "gpu", Scope::chip},
    {Cause::hbm, "hbm", Scope::chip},
    {Cause::sram, "sram", Scope::chip},
    {Cause::system_processor, "system_processor", Scope::chip},
    {Cause::thermal, "thermal", Scope::chip},
    {Cause::silent_corruption, "silent_corruption", Scope::chip},
    {Cause::network, "network", Scope::chip},
    {Cause::nic, "nic", Scope::chip},
    {Cause::host_maintenance, "host_maintenance", Scope::host},
    {Cause::cpu, "cpu", Scope::host},
    {Cause::memory, "memory", Scope::host},
    {Cause::drive, "drive", Scope::host},
    {Cause::supply, "supply", Scope::host},
    {Cause::chassis, "chassis", Scope::host},
    {Cause::io_board, "io_board", Scope::host},
    {Cause::software, "software", Scope::job},
    {Cause::watchdog, "watchdog", Scope::job},
    {Cause::dependency, "dependency", Scope::job},
}};

std::string images_of(std::int64_t gpus) {
  return "the OS image, " + std::to_string(gpus) + " GPUs";
}

/// Probability that more than `allowed` of `n` are down at once, each with probability `q`.
double more_than(std::int64_t n, std::int64_t allowed, double q) {
  double sum = 0.0;
  for (std::int64_t k = allowed + 1; k <= n; ++k) {
    sum += std::exp(std::lgamma(d(n) + 1.0) - std::lgamma(d(k) + 1.0) -
                    std::lgamma(d(n - k) + 1.0) + d(k) * std::log(q) + d(n - k) * std::log1p(-q));
  }
  return sum;
}

}  // namespace

std::string_view to_string(Cause cause) { return table[static_cast<std::size_t>(cause)].name; }

std::array<Cause, causes> all_causes() {
  std::array<Cause, causes> out = {};
  for (std::size_t i = 0; i < causes; ++i) out[i] = table[i].cause;
  return out;
}

Scope scope_of(Cause cause) { return table[static_cast<std::size_t>(cause)].scope; }

std::int64_t Fleet::total() const {
  std::int64_t sum = 0;
  for (const std::int64_t n : counts) sum += n;
  return sum;
}

Rate Fleet::rate(Cause cause) const {
  const double pieces = scope_of(cause) == Scope::host ? d(gpus) / d(gpus_per_host) : d(gpus);
  return Rate::from_si(d(counts[static_cast<std::size_t>(cause)]) / (pieces * time.si()));
}

Rate Fleet::rate(Scope scope) const {
  Rate sum;
  for (const CauseRow& row : table) {
    if (row.scope == scope) sum += rate(row.cause);
  }
  return sum;
}

FaultClass shelf_class(const Failures& failures, const Plant& plant, std::int64_t gpus) {
  const Slot& shelf = plant.at(Place::shelf);
  const double off = failures.parts.shelf.si() * failures.repair.replace.si();
  const double q = off / (1.0 + off);
  const std::int64_t spare = plant.spare_shelves;
  FaultClass out{.name = "power shelves beyond the spare ones",
                 .takes = "the rack",
                 .pieces = 1,
                 .each = {},
                 .gpus = gpus,
                 .scale_up = 0.0,
                 .repair = failures.repair.replace / d(spare + 1),
                 .image = false,
                 .whole = true};
  if (shelf.count <= spare || q <= 0.0) return out;
  // The state ends when one of the spare + 1 (or more) is replaced: rate = probability / time in
  // it.
  out.each = Rate::from_si(more_than(shelf.count, spare, q) / out.repair.si());
  return out;
}

std::vector<FaultClass> fault_classes(const Failures& f, const hw::Rack& rack, const Plant& plant,
                                      const Location& where, Errors& errors) {
  const std::int64_t images = rack.gpus / std::max<std::int64_t>(1, rack.gpus_per_os);
  const Rate chip = f.fleet.rate(Scope::chip);
  const Rate host = f.fleet.rate(Scope::host);
  const double replaced = f.repair.replaced;
  std::vector<FaultClass> out;
  const auto image = [&](const char* name, std::int64_t pieces, Rate each, Time repair) {
    out.push_back({.name = name,
                   .takes = images_of(rack.gpus_per_os),
                   .pieces = pieces,
                   .each = each,
                   .gpus = rack.gpus_per_os,
                   .scale_up = 1.0,
                   .repair = repair,
                   .image = true,
                   .whole = false});
  };
  image("GPU, adapter or cable, reset", rack.gpus, chip * (1.0 - replaced), f.repair.recover);
  image("GPU, adapter or cable, replaced", rack.gpus, chip * replaced, f.repair.replace);
  image("host, restarted", images, host * (1.0 - replaced), f.repair.recover);
  image("host, replaced", images, host * replaced, f.repair.replace);
  const std::int64_t chips = switch_chips(rack);
  const std::int64_t on_tray =
      std::max<std::int64_t>(1, plant.at(Place::fabric).module.part(PartKind::switch_chip).count);
  if (chips > 0) {
    const double lost = std::min(1.0, d(on_tray) / d(chips));
    out.push_back({.name = "switch module",
                   .takes = "1/" + std::to_string((chips + on_tray - 1) / on_tray) + " of ScaleUp",
                   .pieces = chips,
                   .each = f.parts.switch_chip,
                   .gpus = lost >= 1.0 ? rack.gpus : 0,
                   .scale_up = 1.0 - lost,
                   .repair = f.repair.replace,
                   .image = false,
                   .whole = lost >= 1.0});
  }
  if (plant.optics.scale_up > EnergyPerByte{}) {
    const std::int64_t planes = std::max<std::int64_t>(1, rack.scale_up.planes());
    out.push_back(
        {.name = "transceiver of ScaleUp",
         .takes = "1/" + std::to_string(planes) + " of one GPU's ScaleUp",
         .pieces = rack.gpus * planes * plant.optics.ends,
         .each = plant.optics.medium.empty() ? f.parts.lane_optics : plant.optics.failures,
         .gpus = 0,
         .scale_up = 1.0 - 1.0 / d(planes),
         .repair = f.repair.replace,
         .image = false,
         .whole = false});
  }
  out.push_back(shelf_class(f, plant, rack.gpus));
  out.push_back({.name = "busbar, coolant, feed",
                 .takes = "the rack",
                 .pieces = 1,
                 .each = f.parts.rack,
                 .gpus = rack.gpus,
                 .scale_up = 0.0,
                 .repair = f.repair.rack,
                 .image = false,
                 .whole = true});
  if (chip <= Rate{}) {
    errors.push_back({.code = ErrorCode::range,
                      .message = "a fleet without a single failure of a chip gives a rate of zero",
                      .where = where,
                      .hint = "a longer time, or an upper bound: three failures (95 %)"});
  }
  return out;
}

Rate interruptions(const std::vector<FaultClass>& classes, const Failures& failures,
                   std::int64_t gpus) {
  Rate sum = failures.fleet.rate(Scope::job) * d(gpus);
  for (const FaultClass& c : classes) {
    if (c.gpus > 0) sum += c.all();
  }
  return sum;
}

MeanTime mean_time(const Fleet& fleet, std::int64_t gpus) {
  const double n = d(fleet.total());
  const double exposure = fleet.time.si() * d(fleet.gpus) / d(gpus);
  MeanTime out;
  if (n <= 0.0) return out;
  // Wilson and Hilferty's approximation of the exact interval of a Poisson count.
  const double z = 1.959964;
  const double low = n * std::pow(1.0 - 1.0 / (9.0 * n) - z / (3.0 * std::sqrt(n)), 3.0);
  const double m = n + 1.0;
  const double high = m * std::pow(1.0 - 1.0 / (9.0 * m) + z / (3.0 * std::sqrt(m)), 3.0);
  out.mean = Time::from_si(exposure / n);
  out.low = Time::from_si(exposure / high);
  out.high = Time::from_si(exposure / low);
  return out;
}

}  // namespace sn::facility
