// sn/collective/schedule/fidelity.h
//
// A collective at three fidelities: the closed form, and the same with what its schedule took on
// flows or on packets.
//
// Software is the same in all three. A schedule is played without any; T_played over T_ideal, the
// same schedule's closed form over an idle fabric, is how much longer the bytes take than that form
// says:
//   ratio = T_played / T_ideal,  time = closed form at ScaleUp and ScaleOut rates / ratio
// so that measured shares and latencies of kernels stay, and what contends shows. T_ideal, with
// L and B of ScaleUp, l and b of ScaleOut, n ranks in each of m domains, N = n m, k = 2 for
// all-reduce, else 1:
//   ring          k (N-1)(L + S/(N B)); m > 1: the longer of
//                 k (N-1) max(S (n-1)/(n N B), S/(n N b)), where the links are full, and the way
//                 of one share around alone
//   direct        k (L + S (N-1)/(N B)); m > 1: the longer of both layers
//   one-shot      L + S (N-1)/B
//   halving       k (log2 N L + S (N-1)/(N B))
//   tree          2 log2 N L + 2 S (N-1)/(N B): its filling is not in it
//   hierarchical  i (L + S (n-1)/(n B)) + k (m-1)(l + S/(N b)), i = 2 for all-reduce, else 1
//   in-switch     L + S/B
// Where they differ and why: docs/fabric.md.

#pragma once

#include <string_view>
#include <vector>

#include "sn/collective/schedule/play.h"
#include "sn/fabric/packet/packet_model.h"
#include "sn/fabric/topology/routing.h"

namespace sn::collective {

enum class Fidelity { analytic, flow, packet };

[[nodiscard]] std::string_view to_string(Fidelity fidelity);

/// The fabric that schedules are played on, and how.
struct PlayedFabric {
  fabric::Router& router;
  fabric::PacketSetup packets = {};  // `background` and `seed` are of flows too
  bool ecmp = false;                 // flows of ScaleOut are hashed
};

struct FabricTime {
  Time played;
  Time ideal;
  std::vector<Waited> chain;

  [[nodiscard]] double ratio() const { return played / ideal; }
};

/// Closed form of the schedule's wire time.
[[nodiscard]] Time ideal_time(Pattern pattern, Op op, Group group, Bytes size,
                              const fabric::Fabric& fabric);

/// `fabric` is what `played` was built from, with its background taken off. Errors: no such
/// schedule; more than `hops_max` packet hops; a deadlock; stopped.
[[nodiscard]] Result<FabricTime> fabric_time(Fidelity fidelity, Pattern pattern, Op op, Group group,
                                             Bytes size, const fabric::Fabric& fabric,
                                             const PlayedFabric& played, const Run& run,
                                             bool chain = false);

/// Packet hops of the longest run, one to two minutes of one core.
inline constexpr double hops_max = 5e8;

/// `fabric` with rates divided by `ratio`, never above what they were.
[[nodiscard]] fabric::Fabric slowed(const fabric::Fabric& fabric, double ratio);

}  // namespace sn::collective
