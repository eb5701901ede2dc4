// sn/twin/world.cc
//
// Numbers in and out of a World (see world.h).

#include "sn/twin/world.h"

namespace sn::twin {

std::optional<double> Load::target_rate() const {
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

World with_tiers(const World& world, std::int64_t tiers) {
  SN_ASSERT(tiers >= 1);
  World out = world;
  auto& kept = out.machine.kv.tiers;
  while (static_cast<std::int64_t>(kept.size()) >= tiers) {
    const std::string prefix = "kv." + std::string(serving::to_string(kept.back().kind)) + ".";
    std::erase_if(out.machine.params,
                  [&](const catalog::Param& p) { return p.path.starts_with(prefix); });
    kept.pop_back();
  }
  return out;
}

std::vector<double> param_values(const World& world) {
  std::vector<double> out;
  out.reserve(world.machine.params.size());
  for (const catalog::Param& p : world.machine.params) out.push_back(p.value);
  return out;
}

World with_values(const World& world, const std::vector<double>& values) {
  SN_ASSERT(values.size() == world.machine.params.size());
  World out = world;
  // The order in which resolve() reads them.
  catalog::ParamAssigner assign(values);
  describe(assign, out.machine.cluster);
  describe(assign, out.machine.kernels);
  describe(assign, out.machine.collectives);
  describe(assign, out.machine.framework);
  describe(assign, out.machine.traits);
  for (serving::KvTier& tier : out.machine.kv.tiers) {
    describe(assign, tier.memory);
    describe(assign, tier.mover);
  }
  SN_ASSERT(assign.next() == values.size());
  hw::complete(out.machine.cluster);
  for (std::size_t i = 0; i < values.size(); ++i) out.machine.params[i].value = values[i];
  return out;
}

}  // namespace sn::twin
