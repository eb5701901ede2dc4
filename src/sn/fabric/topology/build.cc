// sn/fabric/topology/build.cc
//
// ScaleUp, PCIe trees, ScaleOut and DCN of a cluster (see build.h).

#include "sn/fabric/topology/build.h"

#include <algorithm>
#include <cmath>

#include "sn/fabric/topology/build_parts.h"

namespace sn::fabric {

namespace {

/// PCIe trees, ScaleOut and DCN.
class Peripherals {
 public:
  Peripherals(const hw::Cluster& c, TopologyBuilder& b, ScaleUpParts& up) : c_(c), b_(b), up_(up) {
    per_os_ = std::max<std::int64_t>(1, c.rack.gpus_per_os);
    nics_ = c.rack.nics_per_os > 0 ? c.rack.nics_per_os : per_os_;
  }

  void os_images(std::int64_t rack, const std::vector<DeviceId>& gpus) {
    const auto images = static_cast<std::int64_t>(gpus.size()) / per_os_;
    for (std::int64_t os = 0; os < images; ++os) {
      os_image("rack" + std::to_string(rack) + "/os" + std::to_string(os),
               gpus.data() + os * per_os_);
    }
  }

  void scale_out() {
    const auto images = static_cast<std::int64_t>(adapters_.size()) / nics_;
    const std::int64_t each = std::max<std::int64_t>(1, c_.scale_out.segment / per_os_);
    const std::int64_t segments = (images + each - 1) / each;
    const bool rail = c_.scale_out.topology != "fat_tree";
    const std::int64_t rails = rail ? nics_ : 1;
    const std::int64_t ports = rail ? each : each * nics_;
    planes_ = std::max<std::int64_t>(1, c_.scale_out.planes);
    const Bandwidth port = c_.rack.nic.bandwidth / static_cast<double>(planes_);
    const Bandwidth uplink = c_.scale_out.uplink.si() > 0.0 ? c_.scale_out.uplink : port;
    const double wanted =
        static_cast<double>(ports) * port.si() / (c_.scale_out.oversubscription * uplink.si());
    spines(segments * rails > 1 ? std::max(1.0, std::round(wanted)) : 0.0);
    for (std::int64_t s = 0; s < segments; ++s) {
      for (std::int64_t r = 0; r < rails; ++r) {
        std::vector<DeviceId> below;
        for (std::int64_t os = s * each; os < std::min(images, (s + 1) * each); ++os) {
          for (std::int64_t n = 0; n < nics_; ++n) {
            if (!rail || n == r)
              below.push_back(adapters_[static_cast<std::size_t>(os * nics_ + n)]);
          }
        }
        const std::string segment = "out/segment" + std::to_string(s);
        leaf(rail ? segment + "/rail" + std::to_string(r) : segment, below, port, uplink);
      }
    }
  }

  void dcn() {
    const DeviceId core = b_.add(
        {.name = "dcn", .kind = DeviceKind::dcn, .forwards = true, .group = 0, .latency = {}});
    const Cable cable{.kind = LinkKind::dcn,
                      .raw = c_.dcn.bandwidth,
                      .efficiency = c_.dcn.efficiency,
                      .latency = 0.5 * c_.dcn.latency};
    for (const DeviceId cpu : cpus_) b_.connect(cpu, core, cable);
  }

 private:
  /// A device of the tree, below `parent` unless it hangs on ScaleUp.
  DeviceId peripheral(const std::string& name, DeviceKind kind, hw::Attachment at, DeviceId parent,
                      Bandwidth rate, Time latency) {
    const DeviceId d = b_.add({.name = name,
                               .kind = kind,
                               .forwards = kind == DeviceKind::nic,
                               .group = static_cast<std::int32_t>(image_),
                               .latency = latency});
    if (at == hw::Attachment::scale_up) {
      up_.attach(d, domain_, rate);
    } else {
      b_.connect(parent, d, pcie(rate));
    }
    return d;
  }

  /// A slot carries at least what its device does.
  [[nodiscard]] Cable pcie(Bandwidth least, Time latency = {}) const {
    return {.kind = LinkKind::pcie,
            .raw = std::max(c_.rack.host_link.bandwidth, least),
            .efficiency = c_.rack.host_link.efficiency,
            .latency = latency};
  }

  void os_image(const std::string& name, const DeviceId* gpus) {
    const hw::Nic& nic = c_.rack.nic;
    const Time host = c_.rack.host_link.endpoint_latency;
    domain_ = b_.so_far().devices()[gpus[0]].group;
    const DeviceId cpu = b_.add({.name = name + "/cpu",
                                 .kind = DeviceKind::cpu,
                                 .forwards = true,
                                 .group = static_cast<std::int32_t>(image_),
                                 .latency = {}});
    cpus_.push_back(cpu);
    const std::int64_t switches = std::min(nics_, per_os_);
    std::vector<DeviceId> tree;
    // What payload the slots sustain is that of the host link; an adapter's own share is less.
    const Bandwidth share = nic.bandwidth * (nic.efficiency / c_.rack.host_link.efficiency);
    for (std::int64_t i = 0; i < switches; ++i) {
      tree.push_back(b_.add({.name = name + "/pcie" + std::to_string(i),
                             .kind = DeviceKind::pcie_switch,
                             .forwards = true,
                             .group = static_cast<std::int32_t>(image_),
                             .latency = {}}));
      b_.connect(tree.back(), cpu, pcie({}, host));
    }
    for (std::int64_t g = 0; g < per_os_; ++g) {
      const auto at = static_cast<std::size_t>(g * switches / per_os_);
      const double adapters = std::max(1.0, c_.rack.nic_share());
      b_.connect(gpus[g], tree[at], pcie(share * adapters, host));
    }
    for (std::int64_t n = 0; n < nics_; ++n) {
      const auto at = static_cast<std::size_t>(n * switches / nics_);
      adapters_.push_back(peripheral(name + "/nic" + std::to_string(n), DeviceKind::nic,
                                     c_.attach.nic, tree[at], share, nic.latency));
    }
    peripheral(name + "/ssd0", DeviceKind::storage, c_.attach.storage, cpu, {}, {});
    peripheral(name + "/cxl0", DeviceKind::cxl, c_.attach.cxl, cpu, {}, {});
    ++image_;
  }

  void spines(double each) {
    for (std::int64_t p = 0; p < planes_; ++p) {
      for (std::int64_t i = 0; i < static_cast<std::int64_t>(each); ++i) {
        spines_.push_back(
            b_.add({.name = "out/plane" + std::to_string(p) + "/spine" + std::to_string(i),
                    .kind = DeviceKind::spine,
                    .forwards = true,
                    .group = static_cast<std::int32_t>(p),
                    .latency = c_.scale_out.latency / 3.0}));
      }
    }
  }

  /// One leaf a plane above `below`.
  void leaf(const std::string& name, const std::vector<DeviceId>& below, Bandwidth port,
            Bandwidth uplink) {
    Cable cable{.kind = LinkKind::scale_out, .raw = port, .efficiency = c_.rack.nic.efficiency};
    std::vector<TrunkId> up(below.size());
    std::vector<TrunkId> down(below.size());
    for (std::size_t i = 0; i < below.size(); ++i) {
      up[i] = b_.add_trunk();
      down[i] = b_.add_trunk();
    }
    const std::size_t each = spines_.size() / static_cast<std::size_t>(planes_);
    const TrunkId to_spines = each > 0 ? b_.add_trunk() : nowhere;
    const TrunkId from_spines = each > 0 ? b_.add_trunk() : nowhere;
    for (std::size_t p = 0; p < static_cast<std::size_t>(planes_); ++p) {
      const DeviceId tor = b_.add({.name = name + "/plane" + std::to_string(p),
                                   .kind = DeviceKind::leaf,
                                   .forwards = true,
                                   .group = static_cast<std::int32_t>(p),
                                   .latency = c_.scale_out.latency / 3.0});
      cable.plane = static_cast<std::uint16_t>(p);
      cable.raw = port;
      for (std::size_t i = 0; i < below.size(); ++i) {
        b_.connect(below[i], tor, cable, up[i], down[i]);
      }
      cable.raw = uplink;
      for (std::size_t i = 0; i < each; ++i) {
        b_.connect(tor, spines_[p * each + i], cable, to_spines, from_spines);
      }
    }
  }

  const hw::Cluster& c_;
  TopologyBuilder& b_;
  ScaleUpParts& up_;
  std::int64_t per_os_;
  std::int64_t nics_;
  std::int64_t planes_ = 1;
  std::int64_t image_ = 0;
  std::int32_t domain_ = 0;
  std::vector<DeviceId> adapters_;
  std::vector<DeviceId> cpus_;
  std::vector<DeviceId> spines_;  // by plane
};

}  // namespace

double links_of(const hw::Cluster& c) {
  const auto gpus = static_cast<double>(c.gpus());
  const auto domain = static_cast<double>(c.rack.scale_up.domain);
  const auto planes = static_cast<double>(std::max<std::int64_t>(1, c.rack.scale_up.planes()));
  const double up = c.rack.scale_up.topology == "mesh"    ? gpus * domain
                    : c.rack.scale_up.topology == "torus" ? gpus * 6.0
                    : c.rack.scale_up.stages > 1          ? 4.0 * gpus * planes
                                                          : 2.0 * gpus * planes;
  const auto out = static_cast<double>(std::max<std::int64_t>(1, c.scale_out.planes));
  return up + gpus * (6.0 + 6.0 * out);
}

Result<Topology> build_topology(const hw::Cluster& cluster) {
  hw::Cluster c = cluster;
  hw::complete(c);
  if (const double links = links_of(c); links > static_cast<double>(links_max)) {
    return fail({.code = ErrorCode::limit,
                 .message = "the fabric of " + std::to_string(c.gpus()) + " GPUs has about " +
                            std::to_string(static_cast<std::int64_t>(links)) + " links, " +
                            std::to_string(links_max) + " at most",
                 .where = {},
                 .hint = "fewer racks"});
  }
  TopologyBuilder b;
  Errors errors;
  ScaleUpParts up(c, b, errors);
  Peripherals rest(c, b, up);
  for (std::int64_t r = 0; r < c.racks; ++r) rest.os_images(r, up.add_rack(r));
  rest.scale_out();
  rest.dcn();
  if (!errors.empty()) return fail(std::move(errors));
  return b.finish();
}

}  // namespace sn::fabric
