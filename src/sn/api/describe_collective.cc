// sn/api/describe_collective.cc
//
// What the table of a collective holds, field by field.

#include "sn/api/collective.h"

namespace sn::api {

void describe(ReportVisitor& v, const PlayedRow& p) {
  using collective::Fidelity;
  using collective::Pattern;
  static constexpr Fidelity fidelities[] = {Fidelity::flow, Fidelity::packet};
  static constexpr Pattern patterns[] = {
      Pattern::ring, Pattern::direct,       Pattern::one_shot, Pattern::halving_doubling,
      Pattern::tree, Pattern::hierarchical, Pattern::in_switch};
  v.type("PlayedRow", "A collective played on a fabric where bytes contend.");
  v.choice("fidelity", "", p.fidelity, fidelities);
  v.choice("schedule", "", p.pattern, patterns);
  v.flag("done", "false: too many packets, no times", p.done);
  v.quantity("time_s", "with software", p.time);
  v.quantity("fabric_s", "the schedule alone", p.fabric);
  v.quantity("ideal_s", "its closed form on an idle fabric", p.ideal);
  v.number("ratio", "fabric_s over ideal_s", p.ideal > Time{} ? p.fabric / p.ideal : 0.0);
  v.list("chain", "moves that each waited for the one before", p.chain,
         [](ReportVisitor& list, const collective::Waited& w) {
           list.begin_object({}, {});
           list.type("WaitedMove", "One transfer of the chain.");
           list.count("from", "rank", w.from);
           list.count("to", "rank", w.to);
           list.count("size_bytes", "", w.bytes);
           list.quantity("begin_s", "", w.begin);
           list.quantity("end_s", "", w.end);
           list.end_object();
         });
}

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
  v.begin_object("background", "share of each layer that other traffic holds");
  v.type("Background", "What other traffic holds, 0 to 1.");
  v.number("scale_up", "", t.background.scale_up);
  v.number("scale_out", "", t.background.scale_out);
  v.end_object();
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
    list.list("played", "at finer fidelities", r.played);
    list.end_object();
  });
  v.flag("interrupted", "stopped: larger sizes are missing", t.interrupted);
}

}  // namespace sn::api
