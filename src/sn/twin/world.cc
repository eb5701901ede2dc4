// sn/twin/world.cc
//
// Numbers in and out of a World (see world.h).

#include "sn/twin/world.h"

namespace sn::twin {

std::optional<double> World::target_rate() const {
  switch (rate.kind) {
    case RateSpec::Kind::knee:
      return std::nullopt;
    case RateSpec::Kind::multiple:
      return rate.value * workload.rate.si();
    case RateSpec::Kind::absolute:
      return rate.value;
  }
  return std::nullopt;
}

std::vector<double> param_values(const World& world) {
  std::vector<double> out;
  out.reserve(world.params.size());
  for (const hw::Param& p : world.params) out.push_back(p.value);
  return out;
}

World with_values(const World& world, const std::vector<double>& values) {
  SN_ASSERT(values.size() == world.params.size());
  World out = world;
  // The order in which resolve() reads them.
  hw::ParamAssigner assign(values);
  describe(assign, out.cluster);
  describe(assign, out.kernels);
  describe(assign, out.collectives);
  describe(assign, out.framework);
  describe(assign, out.traits);
  SN_ASSERT(assign.next() == values.size());
  hw::complete(out.cluster);
  for (std::size_t i = 0; i < values.size(); ++i) out.params[i].value = values[i];
  return out;
}

}  // namespace sn::twin
