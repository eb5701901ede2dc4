// sn/serving/load/describe_workload.cc
//
// What reports say of a workload, field by field.

#include "sn/serving/load/workload.h"

namespace sn::serving {

void describe_fields(ReportVisitor& v, const Workload& load) {
  v.text("name", "", load.name);
  v.text("origin", "", load.origin);
  v.count("requests", "", load.requests);
  v.number("requests_per_s", "", load.rate.si());
  v.number("dispersion", "index of dispersion of arrival counts in 10 s windows", load.dispersion);
  v.number("mean_input_tokens", "", mean_input(load));
  v.number("mean_output_tokens", "", mean_output(load));
  v.number("max_input_tokens", "", load.input_max);
  v.number("max_output_tokens", "", load.output_max);
  v.value("block_tokens", "KV block size of the hashes; 0 without", load.block_tokens);
  v.count("classes", "", load.classes.size());
  v.list("hit_rate_curve", "of a prefix cache by capacity", load.hit_rate_curve,
         [](ReportVisitor& list, const HitRatePoint& p) {
           list.begin_object({}, {});
           list.type("HitRatePoint", "An LRU cache of one capacity.");
           list.number("capacity_tokens", "", p.capacity_tokens);
           list.number("block_hit_rate", "share of blocks that it serves", p.hit_rate);
           list.end_object();
         });
}

void describe(ReportVisitor& v, const Workload& workload) {
  v.type("Workload", "A workload of the catalog.");
  describe_fields(v, workload);
}

}  // namespace sn::serving
