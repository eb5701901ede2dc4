// sn/fabric/topology/build_parts.h
//
// Private pieces of the building of a graph: ScaleUp domains (see build.h).

#pragma once

#include <vector>

#include "sn/fabric/topology/topology.h"
#include "sn/hw/machine.h"

namespace sn::fabric {

/// The ScaleUp domains of a cluster, rack by rack. Ports that a switch lacks go to `errors`.
class ScaleUpParts {
 public:
  ScaleUpParts(const hw::Cluster& cluster, TopologyBuilder& builder, Errors& errors);

  /// GPUs of the rack, in order.
  std::vector<DeviceId> add_rack(std::int64_t rack);
  /// A peripheral on as many planes of its domain as its rate takes.
  void attach(DeviceId device, std::int32_t domain, Bandwidth rate);

 private:
  struct Domain {
    std::vector<DeviceId> edge;      // switches that GPUs hang on; by plane, then leaf
    std::vector<std::int64_t> used;  // ports, beside it
    std::size_t next = 0;            // where the next peripheral goes
  };

  void single_stage(const std::string& name, const std::vector<DeviceId>& gpus);
  void leaf_spine(const std::string& name, const std::vector<DeviceId>& gpus);
  void mesh(const std::vector<DeviceId>& gpus);
  void torus(const std::vector<DeviceId>& gpus);
  DeviceId add_switch(const std::string& name);
  [[nodiscard]] Cable cable(std::int64_t links, std::int64_t plane) const;

  const hw::ScaleUp& up_;
  const hw::Rack& rack_;
  TopologyBuilder& b_;
  Errors& errors_;
  std::vector<Domain> domains_;
};

}  // namespace sn::fabric
