// sn/planner/sensitivity.cc
//
// Perturbs a World number by number (see sensitivity.h).

#include "sn/planner/sensitivity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "sn/base/units/units.h"
#include "sn/kernel/measured.h"
#include "sn/planner/plan.h"

namespace sn::planner {

namespace {

constexpr double step = 0.10;
constexpr double off = 0.20;
constexpr double negligible = 5e-4;

Evidence evidence_of_param(const catalog::Param& p) {
  if (p.provenance.assumed()) return Evidence::assumption;
  if (p.provenance.source.id == "kernel-fit") return Evidence::calibrated;
  if (p.provenance.source.grade == catalog::Grade::family_default) return Evidence::family_default;
  return Evidence::published;
}

/// Evaluates a plan on a World whose numbers are replaced one at a time.
class Probe {
 public:
  Probe(const twin::World& world, const serving::ServingPlan& plan)
      : world_(world), plan_(plan), values_(twin::param_values(world)) {}

  /// Largest rate under the SLO with parameter `id` times `factor`, clamped to its range.
  [[nodiscard]] double rate(std::size_t id, double factor) const {
    std::vector<double> values = values_;
    values[id] = scaled(id, factor);
    const twin::World changed = twin::with_values(world_, values);
    const serving::ServingInputs inputs = changed.inputs();
    return serving::ServingModel(inputs, plan_).knee(changed.load.slo);
  }

  [[nodiscard]] double scaled(std::size_t id, double factor) const {
    const catalog::Param& p = world_.machine.params[id];
    return std::clamp(p.value * factor, p.min, p.max);
  }

 private:
  const twin::World& world_;
  const serving::ServingPlan& plan_;
  std::vector<double> values_;
};

struct Effect {
  double elasticity = 0.0;
  double less = 0.0;
  double more = 0.0;
  double low = 0.0;
  double high = 0.0;
};

Effect measure(const Probe& probe, const twin::World& world, std::size_t id, double base) {
  const catalog::Param& p = world.machine.params[id];
  Effect e;
  const double down = probe.scaled(id, 1.0 - step);
  const double up = probe.scaled(id, 1.0 + step);
  if (down <= 0.0 || up <= down) return e;
  const double low = probe.rate(id, 1.0 - step);
  const double high = probe.rate(id, 1.0 + step);
  if (low <= 0.0 || high <= 0.0) return e;
  e.elasticity = std::log(high / low) / std::log(up / down);
  e.less = low / base - 1.0;
  e.more = high / base - 1.0;
  if (!p.provenance.assumed() || std::abs(e.elasticity) < negligible) return e;
  e.low = probe.rate(id, 1.0 - off) / base - 1.0;
  e.high = probe.rate(id, 1.0 + off) / base - 1.0;
  return e;
}

double size_of(const AssumptionLine& a) {
  return std::max(std::abs(a.result_low), std::abs(a.result_high));
}

}  // namespace

Sensitivity sensitivity(const twin::World& world, const serving::ServingPlan& plan,
                        const Run& run) {
  const serving::ServingInputs inputs = world.inputs();
  const double base = serving::ServingModel(inputs, plan).knee(world.load.slo);
  Sensitivity out;
  if (base <= 0.0) return out;
  const Probe probe(world, plan);
  std::vector<Effect> effects(world.machine.params.size());
  run.for_each(effects.size(), [&](std::size_t i) {
    const catalog::Param& p = world.machine.params[i];
    if (p.discrete || !p.present || p.value == 0.0) return;
    effects[i] = measure(probe, world, i, base);
  });
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const Effect& e = effects[i];
    if (std::abs(e.elasticity) < negligible) continue;
    const catalog::Param& p = world.machine.params[i];
    const std::string value = format_quantity(p.value, p.dimension);
    out.elasticities.push_back({p.path, value, e.elasticity, e.less, e.more, p.provenance.source.id,
                                evidence_of_param(p)});
    if (p.provenance.assumed()) {
      out.assumptions.push_back({p.path, value, p.provenance.note, e.low, e.high});
    }
  }
  std::stable_sort(out.elasticities.begin(), out.elasticities.end(),
                   [](const Elasticity& a, const Elasticity& b) {
                     return std::abs(a.elasticity) > std::abs(b.elasticity);
                   });
  std::stable_sort(
      out.assumptions.begin(), out.assumptions.end(),
      [](const AssumptionLine& a, const AssumptionLine& b) { return size_of(a) > size_of(b); });
  return out;
}

namespace {

/// A family of operators, where its parameters stand, and whether the model runs it.
struct FamilyUse {
  kernel::Family family;
  std::string_view path;
  bool used;
};

/// Of a parameter of a family: interpolated where that was measured by the user, nothing where the
/// model does not run it.
std::optional<Evidence> measured_evidence(const twin::World& world, const catalog::Param& p) {
  using kernel::Family;
  const bool latent = world.machine.model.attention.kind == llm::AttentionKind::mla;
  const std::array<FamilyUse, 6> families = {{
      {Family::gemm, "kernels.gemm.", true},
      {Family::moe, "kernels.moe.", world.machine.model.experts > 0},
      {Family::prefill, "kernels.attention.prefill.", !latent},
      {Family::decode, "kernels.attention.decode.", !latent},
      {Family::mla_prefill, "kernels.mla.prefill.", latent},
      {Family::mla_decode, "kernels.mla.decode.", latent},
  }};
  for (const FamilyUse& f : families) {
    if (!p.path.starts_with(f.path)) continue;
    if (!f.used) return std::nullopt;
    return world.machine.kernels.measured->size(f.family) > 0 ? Evidence::interpolated
                                                              : evidence_of_param(p);
  }
  return std::nullopt;  // the host's
}

}  // namespace

Evidence evidence_of(const twin::World& world) {
  Evidence out = Evidence::calibrated;
  for (const catalog::Param& p : world.machine.params) {
    const bool kernels = p.path.starts_with("kernels.");
    const bool chip = p.path.starts_with("rack.chip.peak.") || p.path.starts_with("rack.chip.hbm.");
    // A term of 0 is absent; norms and activations are a few per cent of any step.
    const bool minor = p.value == 0.0 || p.path.starts_with("kernels.elementwise.");
    if (!p.present || minor || (!kernels && !chip)) continue;
    const Evidence e = kernels && world.machine.kernels.measured != nullptr
                           ? measured_evidence(world, p).value_or(Evidence::published)
                           : evidence_of_param(p);
    // A family's minor constants may be assumed without making every result on it an assumption.
    if (chip || e != Evidence::assumption) out = std::max(out, e);
  }
  return out;
}

Evidence evidence_of(const twin::World& world, const serving::ServingPlan& plan) {
  const auto borrows = [&](const serving::Pool& pool) {
    return !llm::borrowed_kernels(world.machine.framework.name, world.machine.cluster.rack.chip,
                                  world.machine.model, pool.deployment)
                .empty();
  };
  // What the user measured stands above any fit.
  const bool own = world.machine.kernels.measured != nullptr;
  const bool any =
      !own && (borrows(plan.decode) || (plan.disaggregated() && borrows(plan.prefill)));
  return std::max(evidence_of(world), any ? Evidence::other_generation : Evidence::published);
}

}  // namespace sn::planner
