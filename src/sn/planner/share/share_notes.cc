// sn/planner/share/share_notes.cc
//
// Each layer that tenants could meet on, with the numbers of this machine (see share_notes.h).

#include "sn/planner/share/share_notes.h"

#include <fmt/format.h>

#include "sn/base/units/units.h"

namespace sn::planner {

namespace {

std::string scale_up_note(const hw::ScaleUp& up) {
  const std::string disjoint = "tenants have disjoint GPUs: no chip, HBM or ScaleUp port is shared";
  if (up.stages > 1) {
    return disjoint +
           "; their flows meet on the spine switches of ScaleUp, which are non-blocking in sum: "
           "collisions of paths are not modelled";
  }
  return disjoint +
         "; ScaleUp is a single non-blocking stage, where flows of different ports do not meet";
}

std::string scale_out_note(const hw::Cluster& c) {
  if (c.domains() == 1) return "one ScaleUp domain: nothing of a plan runs over ScaleOut";
  std::string out = fmt::format(
      "a plan no larger than a ScaleUp domain stays inside one, and its pools reach "
      "each other by ScaleUp; every GPU has its own ScaleOut share of {}",
      format(c.rack.nic.bandwidth));
  if (c.scale_out.oversubscription > 1.0 && c.gpus() > c.scale_out.segment) {
    return out + fmt::format(
                     "; above segments of {} GPUs the fabric is oversubscribed {}:1, "
                     "each tenant is timed as if it met no other there",
                     c.scale_out.segment, format_number(c.scale_out.oversubscription));
  }
  return out + "; the fabric above is non-blocking, collisions of paths are not modelled";
}

/// Shares that are not whole OS images meet others on one.
std::string os_note(const hw::Cluster& c, const std::vector<TenantReport>& tenants) {
  const std::int64_t per_os = c.rack.gpus_per_os;
  std::string torn;
  for (const TenantReport& t : tenants) {
    if (per_os > 0 && t.gpus % per_os != 0) torn += (torn.empty() ? "" : ", ") + shown(t.name);
  }
  const std::string image = fmt::format("an OS image of {} GPUs", per_os);
  if (torn.empty() || tenants.size() == 1) {
    return "every share can be whole OS images: host CPUs and DCN links are not shared";
  }
  return fmt::format(
      "{} shares its host CPUs and its DCN link of {}: tenants that do not fill "
      "theirs ({}) may meet others there, which is not modelled",
      image, format(c.dcn.bandwidth), torn);
}

}  // namespace

std::vector<std::string> sharing_notes(const hw::Cluster& cluster,
                                       const std::vector<TenantReport>& tenants) {
  return {
      scale_up_note(cluster.rack.scale_up), scale_out_note(cluster), os_note(cluster, tenants),
      "the power feed is shared: clocks are those of conditions.clock whatever the others draw",
      "tenants are planned at their rates at the same time: bursts that coincide meet no common "
      "queue"};
}

}  // namespace sn::planner
