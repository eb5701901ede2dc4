// sn/fabric/topology/topology.cc
//
// Names, look-ups and the making of a graph (see topology.h).

#include "sn/fabric/topology/topology.h"

#include <algorithm>

namespace sn::fabric {

std::string_view to_string(DeviceKind kind) {
  static constexpr std::string_view names[] = {
      "gpu", "cpu", "pcie_switch", "nic", "storage", "cxl", "up_switch", "leaf", "spine", "dcn"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(LinkKind kind) {
  static constexpr std::string_view names[] = {"scale_up", "pcie", "scale_out", "dcn"};
  return names[static_cast<std::size_t>(kind)];
}

std::optional<DeviceId> Topology::find(std::string_view name) const {
  const auto at = by_name_.find(std::string(name));
  if (at == by_name_.end()) return std::nullopt;
  return at->second;
}

Result<DeviceId> Topology::device(std::string_view name, std::string_view where) const {
  if (const auto found = find(name)) return *found;
  std::vector<std::string> names;
  for (const Device& d : devices_) names.push_back(d.name);
  const std::string near = nearest(name, names);
  return fail({.code = ErrorCode::unknown_name,
               .message = "no device '" + shown(name) + "' in this fabric",
               .where = {.file = std::string(where)},
               .hint = near.empty() ? "such as '" + devices_.front().name + "'"
                                    : "did you mean '" + near + "'?"});
}

std::string Topology::link_name(LinkId link) const {
  const Link& l = links_[link];
  const Device& from = devices_[l.from];
  const Device& to = devices_[l.to];
  if (from.kind == DeviceKind::gpu && to.kind == DeviceKind::up_switch) {
    return from.name + "/up/plane" + std::to_string(l.plane);
  }
  std::string name = from.name + "/to/" + to.name;
  // A second cable between the same two devices.
  const bool several = std::any_of(out_[l.from].begin(), out_[l.from].end(), [&](LinkId other) {
    return other < link && links_[other].to == l.to;
  });
  return several ? name + ":" + std::to_string(l.plane) : name;
}

std::optional<LinkId> Topology::find_link(std::string_view name) const {
  // A link's name begins with the device that it leaves.
  for (std::size_t cut = name.find('/'); cut != name.npos; cut = name.find('/', cut + 1)) {
    const auto from = find(name.substr(0, cut));
    if (!from) continue;
    for (const LinkId l : out_[*from]) {
      if (link_name(l) == name) return l;
    }
  }
  return std::nullopt;
}

std::int64_t Topology::count(DeviceKind kind) const {
  return std::count_if(devices_.begin(), devices_.end(),
                       [&](const Device& d) { return d.kind == kind; });
}

std::int64_t Topology::count(LinkKind kind) const {
  return std::count_if(links_.begin(), links_.end(), [&](const Link& l) { return l.kind == kind; });
}

DeviceId TopologyBuilder::add(Device device) {
  const auto id = static_cast<DeviceId>(t_.devices_.size());
  SN_ASSERT(t_.by_name_.emplace(device.name, id).second);
  if (device.kind == DeviceKind::gpu) t_.gpus_.push_back(id);
  t_.devices_.push_back(std::move(device));
  t_.out_.emplace_back();
  return id;
}

TrunkId TopologyBuilder::add_trunk() {
  t_.trunks_.emplace_back();
  return static_cast<TrunkId>(t_.trunks_.size() - 1);
}

LinkId TopologyBuilder::add_link(DeviceId a, DeviceId b, const Cable& cable, TrunkId trunk) {
  const auto id = static_cast<LinkId>(t_.links_.size());
  if (trunk == nowhere) trunk = add_trunk();
  t_.links_.push_back({.from = a,
                       .to = b,
                       .trunk = trunk,
                       .kind = cable.kind,
                       .plane = cable.plane,
                       .closes = cable.closes,
                       .raw = cable.raw,
                       .efficiency = cable.efficiency,
                       .latency = cable.latency});
  t_.trunks_[trunk].links.push_back(id);
  t_.out_[a].push_back(id);
  return id;
}

LinkId TopologyBuilder::connect(DeviceId a, DeviceId b, const Cable& cable, TrunkId ab,
                                TrunkId ba) {
  SN_ASSERT(a != b && cable.raw.si() > 0.0);
  const LinkId there = add_link(a, b, cable, ab);
  const LinkId back = add_link(b, a, cable, ba);
  t_.links_[there].back = back;
  t_.links_[back].back = there;
  return there;
}

}  // namespace sn::fabric
