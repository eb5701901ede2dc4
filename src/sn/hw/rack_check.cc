// sn/hw/rack_check.cc
//
// Ports, planes, reach and power of a rack against each other (see rack_check.h).

#include "sn/hw/rack_check.h"

#include "sn/base/units/units.h"

namespace sn::hw {

namespace {

/// Appends range errors about one rack.
class RackCheck {
 public:
  RackCheck(const Rack& rack, const Location& where, Errors& errors)
      : rack_(rack), where_(where), errors_(errors) {
    complete(rack_);
  }

  void domain() {
    const std::int64_t domain = rack_.scale_up.domain;
    if (domain > 0 && rack_.gpus % domain != 0) {
      report(std::to_string(rack_.gpus) + " GPUs do not divide into ScaleUp domains of " +
                 std::to_string(domain),
             "set scale_up.domain to a divisor of gpus");
    }
    const std::int64_t per_os = rack_.gpus_per_os;
    if (per_os > 0 && rack_.gpus % per_os != 0) {
      report(std::to_string(rack_.gpus) + " GPUs do not divide into OS images of " +
                 std::to_string(per_os),
             "set gpus_per_os to a divisor of gpus");
    }
  }

  void topology() {
    const ScaleUp& up = rack_.scale_up;
    if (!up.switched() && up.topology != "mesh" && up.topology != "torus") {
      return report("unknown scale_up.topology '" + shown(up.topology) + "'",
                    "switched, mesh or torus");
    }
    if (up.topology != "torus") {
      if (!up.torus.empty()) report("scale_up.torus goes with topology: torus", "");
      return;
    }
    std::int64_t gpus = 1;
    const std::vector<std::int64_t> sides = up.torus_sides();
    for (const std::int64_t side : sides) gpus *= side;
    if (!sides.empty() && gpus == up.domain) return;
    report("a torus '" + shown(up.torus) + "' does not hold a domain of " +
               std::to_string(up.domain) + " GPUs",
           "scale_up.torus: two or three sides whose product is the domain, such as 8x16");
  }

  void protocol() {
    const std::string& protocol = rack_.scale_up.link.protocol;
    for (const char* known : {"", "alink", "ualink", "nvlink", "sue", "ub"}) {
      if (protocol == known) return;
    }
    report("unknown scale_up.protocol '" + shown(protocol) + "'", "alink, ualink, nvlink, sue, ub");
  }

  void radix() {
    const ScaleUp& up = rack_.scale_up;
    if (!up.switched()) return;
    const std::int64_t ports = up.fabric_switch.ports;
    // A non-blocking leaf-spine of this switch reaches ports^2 / 2 GPUs a plane (Clos, 1953).
    const std::int64_t most = up.stages == 1 ? ports : ports * ports / 2;
    if (up.domain <= most) return;
    const std::string reaches =
        up.stages == 1 ? "" : ", which reach " + std::to_string(most) + " GPUs over two stages";
    report("a ScaleUp domain of " + std::to_string(up.domain) + " GPUs needs " +
               std::to_string(up.domain) + " ports in each of its " + std::to_string(up.planes()) +
               " planes; " + switch_ports() + reaches,
           "a smaller scale_up.domain, a switch of more ports (supernode catalog switches), or "
           "more ports at a lower port_bandwidth");
  }

  void planes() {
    const ScaleUp& up = rack_.scale_up;
    if (up.switches == 0 || !up.switched()) return;  // as many as it takes
    const std::int64_t needed = rack_.gpus * up.planes();
    const std::int64_t there = up.switches * up.fabric_switch.ports;
    if (needed <= there) return;
    report(std::to_string(rack_.gpus) + " GPUs at " + format(up.link.bandwidth) + " need " +
               std::to_string(up.planes()) + " ports each, " + std::to_string(needed) +
               " in all; " + switch_ports() + ", " + std::to_string(up.switches) +
               " switches have " + std::to_string(there),
           "more scale_up.switches, a lower scale_up.bandwidth, or fewer GPUs");
  }

  void reach() {
    const Link& link = rack_.scale_up.link;
    if (link.reach <= Length{} || rack_.span <= link.reach) return;
    report("the longest ScaleUp run is " + format(rack_.span) + "; the link reaches " +
               format(link.reach),
           "a link of longer reach (optics), or a shorter span");
  }

  void chip() {
    const Chip& chip = rack_.chip;
    if (chip.idle > chip.tdp) {
      report("chip '" + chip.name + "': idle power " + format(chip.idle) + " is above TDP " +
                 format(chip.tdp),
             "");
    }
    if (chip.l2_bandwidth < chip.hbm_bandwidth) {
      report("chip '" + chip.name + "': L2 at " + format(chip.l2_bandwidth) +
                 " is slower than HBM at " + format(chip.hbm_bandwidth),
             "");
    }
  }

  void power() {
    const Power chips = rack_.chip.tdp * static_cast<double>(rack_.gpus);
    if (chips <= rack_.feed) return;
    report(std::to_string(rack_.gpus) + " chips of " + format(rack_.chip.tdp) + " draw " +
               format(chips) + ", above the feed of " + format(rack_.feed),
           "fewer GPUs, a chip of lower TDP, or a larger power.feed");
  }

 private:
  void report(std::string message, std::string hint) {
    errors_.push_back({.code = ErrorCode::range,
                       .message = "rack '" + rack_.name + "': " + std::move(message),
                       .where = where_,
                       .hint = std::move(hint)});
  }

  [[nodiscard]] std::string switch_ports() const {
    const Switch& s = rack_.scale_up.fabric_switch;
    return "switch '" + s.name + "' has " + std::to_string(s.ports) + " ports of " +
           format(s.port_bandwidth);
  }

  Rack rack_;  // completed
  const Location& where_;
  Errors& errors_;
};

}  // namespace

void check_rack(const Rack& rack, const Location& where, Errors& errors) {
  RackCheck check(rack, where, errors);
  check.domain();
  check.topology();
  check.protocol();
  check.radix();
  check.planes();
  check.reach();
  check.chip();
  check.power();
}

}  // namespace sn::hw
