// sn/twin/scenario/slo_part.cc
//
// `slo` of a scenario: limits on TTFT, TPOT and end-to-end latency (see scenario_parts.h).

#include <utility>

#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

void read_slo(MapReader& root, World& world, Errors& errors) {
  const Node* node = root.require("slo");
  const std::string example = "slo: {ttft: {p90: 2 s}, tpot: {p90: 50 ms}}";
  if (node == nullptr || !is_map(*node, "slo", example, errors)) return;
  MapReader r(*node, "slo", errors);
  for (const auto& [key, metric] :
       {std::pair{"ttft", serving::Metric::ttft}, std::pair{"tpot", serving::Metric::tpot},
        std::pair{"e2e", serving::Metric::e2e}}) {
    const Node* target = r.get(key);
    if (target == nullptr) continue;
    const std::string limit_text = target->is_scalar() ? shown(target->text()) : "1 s";
    if (!is_map(*target, "slo." + std::string(key),
                std::string(key) + ": {p90: " + limit_text + "}", errors)) {
      continue;
    }
    MapReader t(*target, "slo." + std::string(key), errors);
    for (const auto& [name, quantile] :
         {std::pair{"mean", -1.0}, std::pair{"p50", 0.5}, std::pair{"p90", 0.9},
          std::pair{"p95", 0.95}, std::pair{"p99", 0.99}}) {
      const auto limit = t.quantity<Time>(name, Time::from_si(1e-6), Time::from_si(1e5));
      if (limit)
        world.load.slo.push_back({.metric = metric, .quantile = quantile, .limit = *limit});
    }
    t.finish();
  }
  r.finish();
  if (node->is_map() && world.load.slo.empty() && errors.empty()) {
    r.report(ErrorCode::missing, "slo names no target", node,
             "slo: {ttft: {p90: 2 s}, tpot: {p90: 50 ms}}");
  }
}

}  // namespace sn::twin
