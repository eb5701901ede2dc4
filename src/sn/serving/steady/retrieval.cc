// sn/serving/steady/retrieval.cc
//
// Retrievals in closed form (see retrieval.h).

#include "sn/serving/steady/retrieval.h"

#include <algorithm>
#include <cmath>

namespace sn::serving {

double StorageLinks::most(Bytes retrieval) const {
  if (retrieval.si() <= 0.0) return INFINITY;
  return static_cast<double>(links) * each.sustained.si() / retrieval.si();
}

StorageLinks storage_links(const hw::Cluster& cluster, const hw::Conditions& conditions,
                           std::int64_t gpus) {
  const std::int64_t image = std::max<std::int64_t>(1, cluster.rack.gpus_per_os);
  return {.links = std::max<std::int64_t>(1, (gpus + image - 1) / image),
          .each = fabric::make_fabric(hw::under(conditions, cluster)).dcn};
}

Time before_queue(const llm::StepProgram& program, const Workload& workload, double input) {
  const Time front = program.framework().before_first_step(input);
  if (workload.retrieval.si() <= 0.0) return front;
  return front + fabric::delivery_time(program.fabric().dcn, workload.retrieval);
}

}  // namespace sn::serving
