// sn/api/describe_collective.cc
//
// What the table of a collective holds, field by field.

#include "sn/api/collective.h"

namespace sn::api {

void describe(ReportVisitor& v, const CollectiveTable& t) {
  using collective::Kernels;
  using collective::Op;
  static constexpr Op ops[] = {Op::all_reduce, Op::all_gather, Op::reduce_scatter, Op::all_to_all};
  static constexpr Kernels kernels[] = {Kernels::automatic, Kernels::library, Kernels::custom,
                                        Kernels::ring,      Kernels::tree,    Kernels::in_switch,
                                        Kernels::one_shot,  Kernels::two_shot};
  v.type("CollectiveTable", "Predicted times of one collective by size, sizes as in nccl-tests.");
  v.document("supernode-collective");
  v.text("rack", "", t.rack);
  v.text("parameters", "entry of catalog/collectives", t.entry);
  v.choice("op", "", t.op, ops);
  v.count("ranks", "", t.group.ranks);
  v.count("ranks_per_domain", "", t.group.per_domain);
  v.choice("kernels", "", t.kernels, kernels);
  v.list("rows", "", t.rows, [&](ReportVisitor& list, const CollectiveRow& r) {
    const bool any = r.timing.time > Time{};  // an element of a walk over types has no time
    list.begin_object({}, {});
    list.type("CollectiveRow", "One size.");
    list.quantity("size_bytes", "", r.size);
    list.quantity("time_s", "", r.timing.time);
    list.quantity("algbw_bytes_per_s", "", any ? r.size / r.timing.time : Bandwidth{});
    list.quantity("busbw_bytes_per_s", "",
                  any ? bus_bandwidth(t.op, t.group.ranks, r.size, r.timing.time) : Bandwidth{});
    list.quantity("bound_s", "least time by physics", r.timing.bound);
    list.number("bound_share", "bound over time", any ? r.timing.bound / r.timing.time : 0.0);
    list.text("algorithm", "", r.timing.algorithm);
    list.end_object();
  });
  v.flag("interrupted", "stopped: larger sizes are missing", t.interrupted);
}

}  // namespace sn::api
