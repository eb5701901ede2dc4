// sn/collective/schedule/fidelity.cc
//
// Plays a schedule and sets it against its closed form (see fidelity.h).

#include "sn/collective/schedule/fidelity.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "sn/fabric/flow/flow_model.h"

namespace sn::collective {

namespace {

/// Devices of the ranks: `per_domain` of each domain in turn.
std::vector<fabric::DeviceId> devices_of(const fabric::Topology& t, Group group,
                                         std::int64_t domain) {
  std::vector<fabric::DeviceId> out;
  for (std::int64_t d = 0; d < group.domains(); ++d) {
    for (std::int64_t i = 0; i < group.per_domain; ++i) {
      out.push_back(t.gpus()[static_cast<std::size_t>(d * domain + i)]);
    }
  }
  return out;
}

double ring_seconds(double passes, Group g, double size, const fabric::Fabric& f) {
  const auto n = static_cast<double>(g.per_domain);
  const auto m = static_cast<double>(g.domains());
  const double all = n * m;
  const double steps = passes * (all - 1.0);
  const double hop = f.scale_up.latency.si();
  if (m == 1.0) return steps * (hop + size / all / f.scale_up.sustained.si());
  const fabric::Path& out = f.scale_out_for(g.ranks);
  const double inside = size * (n - 1.0) / (n * all) / f.scale_up.sustained.si();
  const double across = size / (n * all) / out.sustained.si();
  const double crossings = passes * m;
  const double alone = size / (n * all) / f.scale_up.sustained.si();
  return std::max(steps * std::max(inside, across),
                  crossings * (out.latency.si() + across) + (steps - crossings) * (hop + alone));
}

double direct_seconds(double passes, Group g, double size, const fabric::Fabric& f) {
  const auto n = static_cast<double>(g.per_domain);
  const auto all = static_cast<double>(g.ranks);
  const double near = f.scale_up.latency.si() + size * (n - 1.0) / all / f.scale_up.sustained.si();
  if (g.domains() == 1) return passes * near;
  const fabric::Path& out = f.scale_out_for(g.ranks);
  const double far = out.latency.si() + size * (all - n) / all / out.sustained.si();
  return passes * std::max(n > 1.0 ? near : 0.0, far);
}

double hierarchical_seconds(Op op, Group g, double size, const fabric::Fabric& f) {
  const auto n = static_cast<double>(g.per_domain);
  const auto m = static_cast<double>(g.domains());
  const double phases = op == Op::all_reduce ? 2.0 : 1.0;
  const double inside =
      n > 1.0 ? f.scale_up.latency.si() + size * (n - 1.0) / n / f.scale_up.sustained.si() : 0.0;
  const fabric::Path& out = f.scale_out_for(g.ranks);
  return phases * inside +
         phases * (m - 1.0) * (out.latency.si() + size / (n * m) / out.sustained.si());
}

}  // namespace

std::string_view to_string(Fidelity fidelity) {
  static constexpr std::string_view names[] = {"analytic", "flow", "packet"};
  return names[static_cast<std::size_t>(fidelity)];
}

Time ideal_time(Pattern pattern, Op op, Group g, Bytes size, const fabric::Fabric& f) {
  const double passes = op == Op::all_reduce ? 2.0 : 1.0;
  const auto n = static_cast<double>(g.ranks);
  const double hop = f.scale_up.latency.si();
  const double rate = f.scale_up.sustained.si();
  const double share = size.si() * (n - 1.0) / n / rate;
  switch (pattern) {
    case Pattern::ring:
      return Time::from_si(ring_seconds(passes, g, size.si(), f));
    case Pattern::direct:
      return Time::from_si(direct_seconds(passes, g, size.si(), f));
    case Pattern::one_shot:
      return Time::from_si(hop + size.si() * (n - 1.0) / rate);
    case Pattern::halving_doubling:
      return Time::from_si(passes * (std::log2(n) * hop + share));
    case Pattern::tree:
      return Time::from_si(2.0 * std::ceil(std::log2(n)) * hop + 2.0 * share);
    case Pattern::hierarchical:
      return Time::from_si(hierarchical_seconds(op, g, size.si(), f));
    case Pattern::in_switch:
      return Time::from_si(hop + size.si() / rate);
  }
  return {};
}

Result<FabricTime> fabric_time(Fidelity fidelity, Pattern pattern, Op op, Group group, Bytes size,
                               const fabric::Fabric& fabric, const PlayedFabric& played,
                               const Run& run, bool chain) {
  FabricTime out;
  out.ideal = ideal_time(pattern, op, group, size, fabric);
  if (fidelity == Fidelity::analytic) {
    out.played = out.ideal;
    return out;
  }
  Result<Schedule> schedule = make_schedule(pattern, op, group, size);
  if (!schedule) return fail(schedule.error());
  const double members = pattern == Pattern::in_switch ? static_cast<double>(group.ranks) : 1.0;
  const double hops = schedule->bytes() * members / 4096.0 * (group.domains() > 1 ? 5.0 : 2.0);
  if (fidelity == Fidelity::packet && hops > hops_max) {
    return fail({.code = ErrorCode::limit,
                 .message = "packets of this size would pass " +
                            std::to_string(static_cast<std::int64_t>(hops / 1e6)) +
                            " million links, 500 million at most",
                 .where = {},
                 .hint = "a smaller size or group, or the fidelity 'flow'"});
  }
  const fabric::Topology& t = played.router.topology();
  std::unique_ptr<fabric::TransferModel> model;
  if (fidelity == Fidelity::flow) {
    model = std::make_unique<fabric::FlowModel>(
        played.router, fabric::FlowSetup{.ecmp = played.ecmp,
                                         .seed = played.packets.seed,
                                         .background = played.packets.background});
  } else {
    model = std::make_unique<fabric::PacketModel>(played.router, played.packets);
  }
  Result<Played> time = play(*schedule, *model, devices_of(t, group, fabric.domain), run, chain);
  if (!time) return fail(time.error());
  out.played = time->time;
  out.chain = std::move(time->chain);
  return out;
}

fabric::Fabric slowed(const fabric::Fabric& fabric, double ratio) {
  fabric::Fabric out = fabric;
  const double by = std::max(1.0, ratio);
  for (fabric::Path* p : {&out.scale_up, &out.scale_out, &out.scale_out_far}) {
    p->sustained = p->sustained / by;
  }
  return out;
}

}  // namespace sn::collective
