// sn/llm/op_cost.h
//
// Price of one operator of a step, and what bounds it.

#pragma once

#include <algorithm>
#include <string_view>

#include "sn/collective/collective.h"
#include "sn/kernel/cost.h"

namespace sn::llm {

/// Price of one execution.
struct OpCost {
  kernel::Cost kernel;  // zero for communication and host
  Time time;
  Time bound;
  std::string_view binds = "latency";
};

[[nodiscard]] inline OpCost from_kernel(const kernel::Cost& c) {
  const Time work = std::max(c.compute, c.memory);
  std::string_view binds = c.compute > c.memory ? "compute" : "memory";
  if (work < 0.5 * c.time) binds = "latency";
  return {c, c.time, c.bound, binds};
}

[[nodiscard]] inline OpCost from_link(const collective::Timing& t) {
  return {{}, t.time, t.bound, t.bound > 0.3 * t.time ? "link" : "latency"};
}

/// Two kernels, one after the other.
inline void add_kernel(OpCost& sum, const OpCost& c) {
  sum.time += c.time;
  sum.bound += c.bound;
  sum.kernel.compute += c.kernel.compute;
  sum.kernel.memory += c.kernel.memory;
  sum.kernel.flops += c.kernel.flops;
  sum.kernel.bytes += c.kernel.bytes;
}

}  // namespace sn::llm
