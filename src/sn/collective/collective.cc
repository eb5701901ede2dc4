// sn/collective/collective.cc
//
// Algorithms of the rank-to-rank operations and their choice (equations in collective.h).

#include "sn/collective/collective.h"

#include <algorithm>
#include <cmath>

#include "sn/base/result.h"
#include "sn/collective/candidate.h"

namespace sn::collective {

namespace {

/// Ranks beyond which trees compete: NCCL builds them across servers.
constexpr double server = static_cast<double>(server_gpus);

double levels(double n) { return std::max(0.0, std::ceil(std::log2(n) - 1e-9)); }

/// What every formula needs of one request.
struct Shape {
  Shape(const fabric::Fabric& fabric, const Request& r)
      : f(fabric),
        request(r),
        n(static_cast<double>(r.group.per_domain)),
        m(static_cast<double>(r.group.domains())),
        ranks(static_cast<double>(r.group.ranks)),
        size(r.size.si()),
        free(1.0 - r.background),
        hop(fabric.scale_up.latency.si()),
        rate(fabric.scale_up.sustained.si() * free),
        out(fabric.scale_out_for(r.group.ranks)) {}

  [[nodiscard]] bool in_switch() const { return f.in_switch_reduction && request.switch_reducible; }

  const fabric::Fabric& f;
  const Request& request;
  double n;      // ranks in a domain
  double m;      // domains
  double ranks;  // n m
  double size;
  double free;
  double hop;
  double rate;  // of ScaleUp, sustained and free
  const fabric::Path& out;
};

/// Ring or direct exchange of a library: `steps` one after the other, `wire` bytes over the link
/// in all, `own` bytes of the rank's own share, `peers` whose data come in one low-latency stream.
double library_time(const LibraryCurve& c, const Shape& s, double steps, double wire, double own,
                    double small) {
  const double low = c.alpha.si() + small + wire / (c.low_latency * s.rate);
  const double bulk = wire / (c.bulk * s.rate) + own / (c.local * s.rate);
  return std::min(low, c.alpha.si() + c.bulk_alpha.si() + steps * s.hop +
                           cubic(steps * c.bulk_step.si(), bulk));
}

double ring_time(const LibraryCurve& c, const Shape& s, double passes) {
  const double steps = passes * (s.n - 1.0);
  return library_time(c, s, steps, passes * s.size * (s.n - 1.0) / s.n, s.size / s.n,
                      steps * (c.step.si() + s.hop));
}

double tree_time(const Library& l, const Shape& s) {
  const double wire = 2.0 * s.size * (s.ranks - 1.0) / s.ranks;
  return l.all_reduce.alpha.si() + 2.0 * levels(s.n) * (l.tree_step.si() + s.hop) +
         wire / (l.all_reduce.low_latency * s.rate);
}

double one_shot_time(const Custom& c, const Shape& s, double alpha) {
  return alpha + s.hop + s.size * (s.n - 1.0) / (c.one_shot * s.rate);
}

double two_shot_time(const Custom& c, const Shape& s, double alpha) {
  return alpha + c.barrier.si() + 2.0 * s.hop +
         2.0 * s.size * (s.n - 1.0) / (s.n * c.two_shot * s.rate);
}

double custom_alpha(const Custom& c, const Shape& s) {
  const double first = c.alpha.si() * (s.request.legacy ? c.legacy : 1.0);
  return first + c.doubling.si() * std::max(0.0, std::log2(s.n) - 1.0);
}

/// In-switch reduction in every domain, a tree across domains; both move data at the same time.
double in_switch_time(const CollectiveParams& p, const Shape& s) {
  const InSwitch& c = p.in_switch;
  const double up = s.size * (1.0 + 1.0 / s.n) / (c.share * s.rate);
  const double full = s.size / (s.size + c.fill_volume.si());
  const double fixed = c.alpha.si() + 2.0 * s.hop;
  if (s.m == 1.0) return fixed + up + c.fill.si() * full;
  const double across =
      2.0 * (s.size / s.n) * (s.m - 1.0) / s.m / (s.out.sustained.si() * p.network * s.free);
  const double depth = levels(s.m);
  const double inside = s.m > 2.0 ? up / c.tree : up;
  return fixed + p.network_alpha.si() + 2.0 * depth * s.out.latency.si() + cubic(inside, across) +
         (c.fill.si() + depth * c.level.si()) * full;
}

/// Between domains, for the share that one rank holds after its domain's own phase.
double across_time(const CollectiveParams& p, const Shape& s, double passes) {
  return p.network_alpha.si() + passes * (s.m - 1.0) * s.out.latency.si() +
         passes * (s.size / s.n) * (s.m - 1.0) / s.m / (s.out.sustained.si() * p.network * s.free);
}

/// One ring through all ranks of all domains.
double long_ring_time(const CollectiveParams& p, const Shape& s) {
  const double steps = 2.0 * (s.ranks - 1.0);
  const double wire = 2.0 * s.size * (s.ranks - 1.0) / s.ranks;
  const double crossing = wire / (s.n * s.out.sustained.si() * p.network * s.free);
  return p.library.all_reduce.alpha.si() + p.network_alpha.si() +
         steps * (p.library.all_reduce.step.si() + s.hop) + 2.0 * s.m * s.out.latency.si() +
         std::max(wire / (p.ring * s.rate), crossing);
}

/// All-reduce inside one domain. As a part of one across domains it is the library's: engines have
/// kernels of their own for one domain alone.
Candidate inside_all_reduce(const CollectiveParams& p, const Shape& s) {
  Kernels k = s.request.kernels;
  if (s.m > 1.0 && k == Kernels::automatic) k = Kernels::library;
  const double none = INFINITY;
  const bool custom = k == Kernels::automatic || k == Kernels::custom;
  const bool library = k == Kernels::automatic || k == Kernels::library;
  const bool fits = s.size <= p.custom.limit.si();
  const double alpha = custom_alpha(p.custom, s);
  return fastest(
      {{(custom && fits) || k == Kernels::one_shot ? one_shot_time(p.custom, s, alpha) : none,
        "one-shot"},
       {(custom && fits) || k == Kernels::two_shot ? two_shot_time(p.custom, s, alpha) : none,
        "two-shot"},
       {library || k == Kernels::ring ? ring_time(p.library.all_reduce, s, 2.0) : none, "ring"},
       {(library && s.n > server) || k == Kernels::tree ? tree_time(p.library, s) : none, "tree"},
       {(library || k == Kernels::in_switch) && s.in_switch() ? in_switch_time(p, s) : none,
        "in-switch"}});
}

Timing all_reduce(const CollectiveParams& p, const Shape& s) {
  const fabric::Path& up = s.f.scale_up;
  const double share = 2.0 * s.size * (s.n - 1.0) / s.n;
  // In-switch: each byte still enters and leaves every GPU once.
  const double bound_up = (s.in_switch() ? s.size : share) / up.raw.si();
  if (s.m == 1.0) return timing(inside_all_reduce(p, s), bound_up);
  const double slice = 2.0 * (s.size / s.n) * (s.m - 1.0) / s.m;
  const double bound = std::max(s.n > 1.0 ? bound_up : 0.0, slice / s.out.raw.si());
  const Kernels k = s.request.kernels;
  const bool any = k == Kernels::automatic || k == Kernels::library;
  const double none = INFINITY;
  const double inside = s.n > 1.0 ? inside_all_reduce(p, s).time : 0.0;
  const bool tree = s.in_switch() && s.n > 1.0 && (any || k == Kernels::in_switch);
  return timing(fastest({{any || k == Kernels::custom ? inside + across_time(p, s, 2.0) : none,
                          "hierarchical"},
                         {any || k == Kernels::ring ? long_ring_time(p, s) : none, "ring"},
                         {tree ? in_switch_time(p, s) : none, "in-switch tree"}}),
                bound);
}

Timing gather(const CollectiveParams& p, const Shape& s) {
  const Kernels k = s.request.kernels;
  const LibraryCurve& curve =
      s.request.op == Op::all_gather ? p.library.all_gather : p.library.reduce_scatter;
  const double wire = s.size * (s.n - 1.0) / s.n;
  const bool direct = k == Kernels::automatic || k == Kernels::custom;
  const bool ring = k == Kernels::automatic || k == Kernels::library || k == Kernels::ring;
  const bool fits = s.size <= p.custom.limit.si();
  const double none = INFINITY;
  // Device-side: what each half of a two-shot all-reduce does.
  const Candidate inside = s.n == 1.0
                               ? Candidate{0.0, "ring"}
                               : fastest({{direct && fits ? custom_alpha(p.custom, s) + s.hop +
                                                                wire / (p.custom.two_shot * s.rate)
                                                          : none,
                                           "direct"},
                                          {ring ? ring_time(curve, s, 1.0) : none, "ring"}});
  const double bound_up = wire / s.f.scale_up.raw.si();
  if (s.m == 1.0) return timing(inside, bound_up);
  const double slice = (s.size / s.n) * (s.m - 1.0) / s.m;
  return timing({inside.time + across_time(p, s, 1.0), "hierarchical"},
                std::max(s.n > 1.0 ? bound_up : 0.0, slice / s.out.raw.si()));
}

Timing all_to_all(const CollectiveParams& p, const Shape& s) {
  const Kernels k = s.request.kernels;
  const LibraryCurve& c = p.library.all_to_all;
  const double near = s.size * (s.n - 1.0) / s.ranks;
  const double far = s.size * (s.ranks - s.n) / s.ranks;
  const double peers = (s.n - 1.0) * c.step.si();
  const double part = s.size / s.ranks;  // to each peer
  const double low = c.alpha.si() + peers + s.hop + part / (c.low_latency * s.rate) +
                     std::max(0.0, near - part) / s.rate;
  const double bulk = c.alpha.si() + c.bulk_alpha.si() + peers + s.hop +
                      cubic(c.bulk_step.si(), near / (c.bulk * s.rate) + part / (c.local * s.rate));
  double time = s.n > 1.0 ? std::min(low, bulk) : 0.0;
  double bound = near / s.f.scale_up.raw.si();
  if (k != Kernels::automatic && k != Kernels::library) time = INFINITY;
  if (far > 0.0) {
    // Both layers carry their share at the same time.
    const double out = far / (s.out.sustained.si() * p.network * s.free);
    time = c.alpha.si() + p.network_alpha.si() + s.out.latency.si() +
           std::max(time - (s.n > 1.0 ? c.alpha.si() : 0.0), out);
    bound = std::max(bound, far / s.out.raw.si());
  }
  return timing({time, "direct"}, bound);
}

}  // namespace

std::string_view to_string(Op op) {
  switch (op) {
    case Op::all_reduce:
      return "all_reduce";
    case Op::all_gather:
      return "all_gather";
    case Op::reduce_scatter:
      return "reduce_scatter";
    case Op::all_to_all:
      return "all_to_all";
  }
  return "all_reduce";
}

std::string_view to_string(Kernels kernels) {
  switch (kernels) {
    case Kernels::automatic:
      return "auto";
    case Kernels::library:
      return "library";
    case Kernels::custom:
      return "custom";
    case Kernels::ring:
      return "ring";
    case Kernels::tree:
      return "tree";
    case Kernels::in_switch:
      return "in-switch";
    case Kernels::one_shot:
      return "one-shot";
    case Kernels::two_shot:
      return "two-shot";
  }
  return "auto";
}

Timing CollectiveTimer::time(Op op, Group group, Bytes size, double background) const {
  return time({.op = op, .group = group, .size = size, .background = background});
}

Timing CollectiveTimer::time(const Request& request) const {
  const Group& group = request.group;
  SN_ASSERT(group.ranks >= 1 && group.per_domain >= 1 && group.ranks % group.per_domain == 0);
  SN_ASSERT(group.per_domain <= fabric_.domain && group.domains() <= fabric_.domains);
  SN_ASSERT(request.background >= 0.0 && request.background < 1.0);
  if (group.ranks == 1) return {Time{}, Time{}, "none"};
  const Shape shape(fabric_, request);
  switch (request.op) {
    case Op::all_reduce:
      return all_reduce(params_, shape);
    case Op::all_gather:
    case Op::reduce_scatter:
      return gather(params_, shape);
    case Op::all_to_all:
      return all_to_all(params_, shape);
  }
  return {};
}

Timing CollectiveTimer::send(Bytes size, bool far) const {
  const fabric::Path& path = far ? fabric_.scale_out : fabric_.scale_up;
  return {params_.point_to_point + fabric::delivery_time(path, size),
          fabric::delivery_bound(path, size), "send"};
}

Bandwidth bus_bandwidth(Op op, std::int64_t ranks, Bytes size, Time time) {
  const double n = static_cast<double>(ranks);
  const double factor = op == Op::all_reduce ? 2.0 * (n - 1.0) / n : (n - 1.0) / n;
  return size / time * factor;
}

}  // namespace sn::collective
