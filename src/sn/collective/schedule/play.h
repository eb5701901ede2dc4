// sn/collective/schedule/play.h
//
// Plays a schedule on a fabric: every move starts when what it waits for is done.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sn/base/run.h"
#include "sn/collective/schedule/schedule.h"
#include "sn/fabric/transfer_model.h"

namespace sn::collective {

/// A move of the chain that made the end as late as it is.
struct Waited {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::int64_t bytes = 0;
  Time begin;
  Time end;
};

struct Played {
  Time time;
  std::vector<Waited> chain;  // first to last; where it was asked for
};

/// Ranks of the schedule on the devices `ranks`. Errors: a deadlock, with the links in its cycle;
/// stopped.
[[nodiscard]] Result<Played> play(const Schedule& schedule, fabric::TransferModel& model,
                                  std::span<const fabric::DeviceId> ranks, const Run& run,
                                  bool chain = false);

}  // namespace sn::collective
