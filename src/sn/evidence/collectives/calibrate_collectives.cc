// sn/evidence/collectives/calibrate_collectives.cc
//
// The families, their rows, and one robust fit after the other.

#include "sn/evidence/collectives/calibrate_collectives.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sn/base/files/files.h"
#include "sn/evidence/common/param_slots.h"
#include "sn/measured/metrics.h"

namespace sn::evidence {

namespace {

/// Parameters, and the families of cases that tell them.
struct FamilySpec {
  std::string_view name;
  std::vector<std::string_view> slots;  // paths, or prefixes that end with a dot
  std::vector<std::string_view> cases;  // prefixes of CollectiveCase::family
  /// `rings` and `switches`: all-reduce where the library takes one or the other.
  enum class Reach { any, one_domain, several_domains, rings, switches } reach = Reach::any;
};

const std::vector<FamilySpec>& specs() {
  using Reach = FamilySpec::Reach;
  static const std::vector<FamilySpec> all = {
      {"library.all_reduce", {"library.all_reduce."}, {"NCCL all_reduce"}, Reach::rings},
      {"in_switch",
       {"in_switch.share", "in_switch.fill", "in_switch.alpha", "in_switch.fill_volume"},
       {"NCCL all_reduce", "published all_reduce"},
       Reach::switches},
      {"library.all_gather", {"library.all_gather."}, {"NCCL all_gather"}, Reach::one_domain},
      {"library.reduce_scatter",
       {"library.reduce_scatter."},
       {"NCCL reduce_scatter"},
       Reach::one_domain},
      {"library.all_to_all", {"library.all_to_all."}, {"NCCL all_to_all"}, Reach::one_domain},
      {"custom",
       {"custom.alpha", "custom.doubling", "custom.one_shot", "custom.barrier", "custom.two_shot",
        "custom.legacy"},
       {"engine all_reduce, graph"}},
      {"custom.host", {"custom.host"}, {"engine all_reduce, eager"}},
      {"moe.low_latency.dispatch",
       {"moe.low_latency.dispatch."},
       {"low-latency dispatch"},
       Reach::one_domain},
      {"moe.low_latency.combine",
       {"moe.low_latency.combine."},
       {"low-latency combine"},
       Reach::one_domain},
      {"moe.normal.dispatch", {"moe.normal.dispatch."}, {"normal dispatch"}, Reach::one_domain},
      {"moe.normal.combine", {"moe.normal.combine."}, {"normal combine"}, Reach::one_domain},
      {"moe.one_sided.dispatch", {"moe.one_sided.dispatch."}, {"one-sided dispatch"}},
      {"moe.one_sided.combine", {"moe.one_sided.combine."}, {"one-sided combine"}},
      {"moe.two_sided.prepare",
       {"moe.two_sided.prepare.alpha", "moe.two_sided.prepare.per_peer",
        "moe.two_sided.prepare.per_token"},
       {"two-sided prepare"}},
      {"moe.two_sided.dispatch", {"moe.two_sided.dispatch."}, {"two-sided dispatch"}},
      {"moe.two_sided.combine", {"moe.two_sided.combine."}, {"two-sided combine"}},
      {"network",
       {"network.alpha", "network.efficiency"},
       {"low-latency dispatch", "low-latency combine", "published exchange"},
       Reach::several_domains},
      {"in_switch.tree",
       {"in_switch.level", "in_switch.tree", "network.ring"},
       {"published all_reduce"},
       Reach::several_domains},
      {"point_to_point", {"point_to_point.alpha"}, {"NCCL send_recv"}},
  };
  return all;
}

std::int64_t domains_of(const CollectiveCase& c) {
  if (const auto* r = std::get_if<collective::Request>(&c.request)) return r->group.domains();
  if (const auto* r = std::get_if<ExchangeRequest>(&c.request)) return r->group.domains();
  return 1;
}

/// Reduction in the switch pays from eight ranks on, and for floating-point data.
bool switch_sized(const CollectiveCase& c) {
  const auto* r = std::get_if<collective::Request>(&c.request);
  return r != nullptr && r->group.ranks >= collective::server_gpus && r->switch_reducible;
}

bool belongs(const FamilySpec& spec, const CollectiveCase& c) {
  using Reach = FamilySpec::Reach;
  const bool named = std::any_of(spec.cases.begin(), spec.cases.end(), [&](std::string_view p) {
    return c.family == p || (spec.reach == Reach::several_domains && c.family.starts_with(p));
  });
  if (!named) return false;
  const bool one = domains_of(c) == 1;
  if (spec.reach == Reach::rings) return one && !switch_sized(c);
  if (spec.reach == Reach::switches) return one && switch_sized(c);
  return spec.reach == Reach::any || one == (spec.reach == Reach::one_domain);
}

bool chosen(const FamilySpec& spec, const std::vector<std::string>& families) {
  return families.empty() ||
         std::any_of(families.begin(), families.end(),
                     [&](const std::string& f) { return spec.name.starts_with(f); });
}

/// The family's parameters, the weightiest first.
std::vector<ParamSlot> slots_for(const FamilySpec& spec, collective::CollectiveParams& p) {
  std::vector<ParamSlot> out;
  const std::vector<ParamSlot> all = slots_of(p);
  for (const std::string_view n : spec.slots) {
    for (const ParamSlot& s : all) {
      if (n.ends_with('.') ? s.path.starts_with(n) : s.path == n) out.push_back(s);
    }
  }
  return out;
}

using Rows = std::vector<const CollectiveCase*>;

double median_error(const CollectiveSet& set, const collective::CollectiveParams& p,
                    const Rows& rows) {
  std::vector<double> errors;
  errors.reserve(rows.size());
  for (const CollectiveCase* c : rows) {
    errors.push_back(predicted_seconds(set.machines.find(c->rack)->second, p, *c) / c->seconds -
                     1.0);
  }
  return measured::metrics_of(errors).median;
}

CollectiveFit fit_family(const FamilySpec& spec, const std::string& entry, const CollectiveSet& set,
                         collective::CollectiveParams& p, const Rows& rows, const Run& run) {
  CollectiveFit out;
  out.entry = entry;
  out.family = spec.name;
  std::vector<ParamSlot> slots = slots_for(spec, p);
  out.rows = rows.size();
  if (rows.size() < 2) return out;
  // A handful of rows tells as many parameters at most.
  slots.resize(std::min(slots.size(), rows.size()));
  out.median_before = median_error(set, p, rows);
  std::vector<FitParameter> parameters;
  for (const ParamSlot& s : slots) {
    parameters.push_back(
        {.name = s.path, .start = std::clamp(s.get(), s.min, s.max), .min = s.min, .max = s.max});
  }
  const std::vector<double> weights(rows.size(), 1.0);
  out.fit = fit(parameters, weights,
                [&](std::span<const double> x, std::span<double> r) {
                  for (std::size_t i = 0; i < slots.size(); ++i) slots[i].set(x[i]);
                  for (std::size_t i = 0; i < rows.size(); ++i) {
                    const double t =
                        predicted_seconds(set.machines.find(rows[i]->rack)->second, p, *rows[i]);
                    r[i] = std::log(t / rows[i]->seconds);
                  }
                },
                {.iterations = 120, .stopped = [&] { return run.stopped(); }});
  for (std::size_t i = 0; i < slots.size(); ++i) slots[i].set(out.fit.parameters[i].value);
  out.median = median_error(set, p, rows);
  return out;
}

/// Reads everything below `directory`; cases that no model describes are left out.
std::vector<CollectiveCase> read_fitted(const std::string& directory, const CollectiveSet& set,
                                        const std::string& rack, Errors& errors) {
  std::vector<CollectiveCase> out;
  const CollectiveFiles found = find_collective_files(directory);
  errors = found.errors;
  for (const CollectiveFile& file : found.files) {
    const Salvage text = salvage_file(file.path, table_bytes);
    if (text.stopped_by) errors.push_back(*text.stopped_by);
    measured::Faults faults;
    for (CollectiveCase& c : read_collective_file(file.name, text.text, rack, faults)) {
      const auto machine = set.machines.find(c.rack);
      if (!c.skip.empty() || !c.fitted() || machine == set.machines.end()) continue;
      if (!misfit(machine->second, c).empty()) continue;
      out.push_back(std::move(c));
    }
    const Errors listed = faults.list(file.name);
    errors.insert(errors.end(), listed.begin(), listed.end());
  }
  return out;
}

void say_undetermined(const CollectiveFit& f, std::vector<std::string>& out) {
  if (f.fit.parameters.empty()) {
    out.push_back(fmt::format("{} {}: {} rows are too few", f.entry, f.family, f.rows));
    return;
  }
  for (const FittedParameter& p : f.fit.parameters) {
    if (!p.determined) out.push_back(fmt::format("{} {}", f.entry, p.name));
  }
}

}  // namespace

std::vector<std::string> collective_families() {
  std::vector<std::string> out;
  for (const FamilySpec& spec : specs()) out.emplace_back(spec.name);
  return out;
}

CollectiveCalibration calibrate_collectives(const std::string& directory, const CollectiveSet& set,
                                            const CalibrateCollectivesOptions& options,
                                            const Run& run) {
  CollectiveCalibration out;
  const std::vector<CollectiveCase> cases = read_fitted(directory, set, options.rack, out.errors);
  std::map<std::string, std::map<std::string_view, Rows>> rows;
  for (const CollectiveCase& c : cases) {
    const CollectiveMachine& machine = set.machines.find(c.rack)->second;
    for (const FamilySpec& spec : specs()) {
      if (spec.name.starts_with("in_switch") && !machine.fabric.in_switch_reduction) continue;
      if (belongs(spec, c) && chosen(spec, options.families)) {
        rows[machine.generation][spec.name].push_back(&c);
      }
    }
  }
  const auto wide = set.params.find(collective::wide_entry);
  for (const auto& [entry, families] : rows) {
    const auto own = set.params.find(entry);
    collective::CollectiveParams p = own != set.params.end()    ? own->second
                                     : wide != set.params.end() ? wide->second
                                                                : collective::CollectiveParams{};
    p.name = entry;
    for (const FamilySpec& spec : specs()) {
      const auto at = families.find(spec.name);
      if (at == families.end()) continue;
      if (run.stopped()) break;
      collective::CollectiveParams fitted = p;
      CollectiveFit one = fit_family(spec, entry, set, fitted, at->second, run);
      if (run.stopped()) break;  // in the middle of it
      p = std::move(fitted);
      out.fits.push_back(std::move(one));
      say_undetermined(out.fits.back(), out.undetermined);
    }
    out.params.emplace(entry, std::move(p));
  }
  out.interrupted = run.stopped();
  return out;
}

}  // namespace sn::evidence
