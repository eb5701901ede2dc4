// sn/collective/collective.cc
//
// Algorithms and their choice (equations and sources in collective.h).

#include "sn/collective/collective.h"

#include <algorithm>
#include <cmath>

#include "sn/base/result.h"

namespace sn::collective {

namespace {

struct Candidate {
  double time;
  std::string_view name;
};

Candidate fastest(std::initializer_list<Candidate> all) {
  return *std::min_element(all.begin(), all.end(),
                           [](const Candidate& a, const Candidate& b) { return a.time < b.time; });
}

Timing timing(Candidate c, double bound) {
  return {Time::from_si(c.time), Time::from_si(bound), c.name};
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

double hit_probability(std::int64_t experts, std::int64_t top_k, double units) {
  const double e = static_cast<double>(experts);
  const double outside = e - e / units;
  double miss = 1.0;
  for (std::int64_t i = 0; i < top_k; ++i) {
    const double d = static_cast<double>(i);
    miss *= std::max(0.0, (outside - d) / (e - d));
  }
  return 1.0 - miss;
}

Timing CollectiveTimer::time(Op op, Group group, Bytes size, double background) const {
  SN_ASSERT(group.ranks >= 1 && group.per_domain >= 1 && group.ranks % group.per_domain == 0);
  SN_ASSERT(group.per_domain <= fabric_.domain && group.domains() <= fabric_.domains);
  SN_ASSERT(background >= 0.0 && background < 1.0);
  if (group.ranks == 1) return {Time{}, Time{}, "none"};
  const double free = 1.0 - background;
  switch (op) {
    case Op::all_reduce:
      return all_reduce(group, size.si(), free);
    case Op::all_gather:
    case Op::reduce_scatter:
      return gather(group, size.si(), free);
    case Op::all_to_all:
      return all_to_all(group, size.si(), free);
  }
  return {};
}

Timing CollectiveTimer::all_reduce(Group group, double size, double free) const {
  const double n = static_cast<double>(group.per_domain);
  const double m = static_cast<double>(group.domains());
  const fabric::Path& up = fabric_.scale_up;
  const double hop = up.latency.si();
  const double custom = up.sustained.si() * params_.custom * free;
  const double library = up.sustained.si() * params_.library * free;
  const double reduce = up.sustained.si() * params_.in_switch * free;
  const double share = 2.0 * size * (n - 1.0) / n;
  const double alpha_c = params_.custom_alpha.si();
  const bool in_switch = fabric_.in_switch_reduction;
  const Candidate inside =
      n == 1.0
          ? Candidate{0.0, "ring"}
          : fastest(
                {{alpha_c + hop + size * (n - 1.0) / custom, "one-shot"},
                 {alpha_c + params_.custom_barrier.si() + 2.0 * hop + share / custom, "two-shot"},
                 {params_.library_alpha.si() + 2.0 * (n - 1.0) * (params_.library_step.si() + hop) +
                      share / library,
                  "ring"},
                 {in_switch
                      ? params_.in_switch_alpha.si() + 2.0 * hop + size * (1.0 + 1.0 / n) / reduce
                      : INFINITY,
                  "in-switch"}});
  // In-switch: each byte still enters and leaves every GPU once.
  const double bound_up = in_switch ? size / up.raw.si() : share / up.raw.si();
  if (m == 1.0) return timing(inside, bound_up);
  const fabric::Path& out = fabric_.scale_out_for(group.ranks);
  const double slice = 2.0 * (size / n) * (m - 1.0) / m;
  const double across = params_.network_alpha.si() + 2.0 * (m - 1.0) * out.latency.si() +
                        slice / (out.sustained.si() * params_.network * free);
  const double bound_out = slice / out.raw.si();
  const double bound = std::max(n > 1.0 ? bound_up : 0.0, bound_out);
  return timing({inside.time + across, "hierarchical"}, bound);
}

Timing CollectiveTimer::gather(Group group, double size, double free) const {
  const double n = static_cast<double>(group.per_domain);
  const double m = static_cast<double>(group.domains());
  const fabric::Path& up = fabric_.scale_up;
  const double hop = up.latency.si();
  const double custom = up.sustained.si() * params_.custom * free;
  const double library = up.sustained.si() * params_.library * free;
  const double inside_bytes = size * (n - 1.0) / n;
  const Candidate inside =
      n == 1.0
          ? Candidate{0.0, "ring"}
          : fastest({{params_.custom_alpha.si() + hop + inside_bytes / custom, "direct"},
                     {params_.library_alpha.si() + (n - 1.0) * (params_.library_step.si() + hop) +
                          inside_bytes / library,
                      "ring"}});
  if (m == 1.0) return timing(inside, inside_bytes / up.raw.si());
  const fabric::Path& out = fabric_.scale_out_for(group.ranks);
  const double slice = (size / n) * (m - 1.0) / m;
  const double across = params_.network_alpha.si() + (m - 1.0) * out.latency.si() +
                        slice / (out.sustained.si() * params_.network * free);
  const double bound = std::max(n > 1.0 ? inside_bytes / up.raw.si() : 0.0, slice / out.raw.si());
  return timing({inside.time + across, "hierarchical"}, bound);
}

Timing CollectiveTimer::all_to_all(Group group, double size, double free) const {
  const double ranks = static_cast<double>(group.ranks);
  const double n = static_cast<double>(group.per_domain);
  const fabric::Path& up = fabric_.scale_up;
  const double near = size * (n - 1.0) / ranks;
  const double far = size * (ranks - n) / ranks;
  const double up_time = near / (up.sustained.si() * params_.library * free);
  double time = params_.library_alpha.si() + up.latency.si() + up_time;
  double bound = near / up.raw.si();
  if (far > 0.0) {
    const fabric::Path& out = fabric_.scale_out_for(group.ranks);
    // Both layers carry their share at the same time.
    const double out_time = far / (out.sustained.si() * params_.network * free);
    time = params_.library_alpha.si() + params_.network_alpha.si() + out.latency.si() +
           std::max(up_time, out_time);
    bound = std::max(bound, far / out.raw.si());
  }
  return timing({time, "direct"}, bound);
}

Timing CollectiveTimer::one_way(const ExpertExchange& e, Group group, Bytes per_token, Time alpha,
                                double free) const {
  const double ranks = static_cast<double>(group.ranks);
  const double n = static_cast<double>(group.per_domain);
  const double m = static_cast<double>(group.domains());
  const fabric::Path& up = fabric_.scale_up;
  const double holders = ranks / static_cast<double>(e.slices);
  const double hit = hit_probability(e.experts, e.top_k, holders);
  const double volume = e.tokens * per_token.si();
  const double near = volume * (n - 1.0) * hit;
  const double up_rate = up.sustained.si() * params_.moe * free;
  const double fixed = alpha.si() + params_.per_peer.si() * (ranks - 1.0) + up.latency.si();
  if (m == 1.0) {
    return timing({fixed + near / up_rate, "direct"}, near / up.raw.si());
  }
  const fabric::Path& out = fabric_.scale_out_for(group.ranks);
  const double out_rate = out.sustained.si() * params_.network * free;
  const double net = params_.network_alpha.si() + out.latency.si();
  // Direct: a copy per remote rank. Forwarded: one copy per remote domain, spread inside it by
  // ScaleUp (what DeepEP's normal kernels do), at the price of a second hop.
  const double far_ranks = volume * (ranks - n) * hit;
  const double hit_domain = hit_probability(e.experts, e.top_k, std::min(m, holders));
  const double far_domains = volume * (m - 1.0) * hit_domain;
  const Candidate best =
      fastest({{fixed + net + std::max(near / up_rate, far_ranks / out_rate), "direct"},
               {fixed + net + params_.custom_barrier.si() +
                    std::max((near + far_ranks) / up_rate, far_domains / out_rate),
                "forwarded"}});
  return timing(best, std::max(near / up.raw.si(), far_domains / out.raw.si()));
}

ExchangeTiming CollectiveTimer::exchange(const ExpertExchange& e, Group group,
                                         double background) const {
  SN_ASSERT(group.per_domain <= fabric_.domain && group.domains() <= fabric_.domains);
  SN_ASSERT(background >= 0.0 && background < 1.0);
  SN_ASSERT(e.slices >= 1 && group.ranks % e.slices == 0);
  if (group.ranks == 1) return {{Time{}, Time{}, "none"}, {Time{}, Time{}, "none"}};
  const double free = 1.0 - background;
  return {one_way(e, group, e.dispatch_bytes, params_.dispatch_alpha, free),
          one_way(e, group, e.combine_bytes, params_.combine_alpha, free)};
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
