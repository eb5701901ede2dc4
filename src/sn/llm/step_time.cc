// sn/llm/step_time.cc
//
// Names of the parts of a step, and their sum.

#include <array>

#include "sn/llm/step.h"

namespace sn::llm {

namespace {

constexpr std::array<std::string_view, part_count> part_names = {
    "attention",  "projections", "dense ffn", "experts",  "dispatch+combine",
    "all-reduce", "elementwise", "logits",    "pipeline", "host"};

}  // namespace

std::string_view to_string(Part part) { return part_names[static_cast<std::size_t>(part)]; }

Time StepTime::bound_total() const {
  Time sum;
  for (const Time t : bound) sum += t;
  return sum;
}

}  // namespace sn::llm
