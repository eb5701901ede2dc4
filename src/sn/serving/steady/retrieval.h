// sn/serving/steady/retrieval.h
//
// What a request reads from storage before its prompt is queued (documents of a retrieval), over
// the DCN links of the OS images that its deployment runs on.
//
//   idle time   latency + bytes / sustained rate of one link
//   most        links x rate / bytes requests per second
// In closed form retrievals do not slow one another below that rate: the engine plays them as
// flows.

#pragma once

#include <cstdint>

#include "sn/fabric/fabric.h"
#include "sn/llm/step.h"
#include "sn/serving/load/workload.h"

namespace sn::serving {

struct StorageLinks {
  std::int64_t links = 1;  // one an OS image
  fabric::Path each;

  /// Requests per second that they carry; infinite where nothing is read.
  [[nodiscard]] double most(Bytes retrieval) const;
};

/// Of the OS images that `gpus` GPUs fill.
[[nodiscard]] StorageLinks storage_links(const hw::Cluster& cluster,
                                         const hw::Conditions& conditions, std::int64_t gpus);

/// From arrival until a prompt of `input` tokens is queued, on an idle network: front end and
/// retrieval.
[[nodiscard]] Time before_queue(const llm::StepProgram& program, const Workload& workload,
                                double input);

}  // namespace sn::serving
