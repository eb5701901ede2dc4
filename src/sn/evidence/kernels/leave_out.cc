// sn/evidence/kernels/leave_out.cc
//
// See the header.

#include "sn/evidence/kernels/leave_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "sn/evidence/kernels/parameter_groups.h"
#include "sn/evidence/kernels/validate_kernels.h"

namespace sn::evidence {

namespace {

constexpr double near_target = 0.15;
constexpr double far_target = 0.25;

/// Generations in the order in which they came, by class of machine.
struct Lineage {
  int order;
  bool workstation;
};

std::optional<Lineage> lineage_of(std::string_view family) {
  using enum hw::Generation;
  switch (hw::generation_of(family)) {
    case ampere:
      return Lineage{0, false};
    case ada:
      return Lineage{1, true};
    case hopper:
      return Lineage{1, false};
    case blackwell:
      return Lineage{2, false};
    case blackwell_rtx:
      return Lineage{2, true};
    case other:
      break;
  }
  return std::nullopt;
}

/// Where a generation's values come from.
struct Donor {
  std::string generation;
  int distance = 0;  // generations; -1: unknown
};

/// Steps from one generation to another; another class of machine counts as one more.
int distance(std::string_view from, std::string_view to) {
  const std::optional<Lineage> a = lineage_of(from);
  const std::optional<Lineage> b = lineage_of(to);
  if (!a || !b) return 3;
  return std::abs(a->order - b->order) + (a->workstation != b->workstation ? 1 : 0);
}

std::optional<Donor> donor_of(const std::string& generation, const KernelSet& fitted) {
  if (fitted.generations.contains(generation)) return Donor{generation, 0};
  std::optional<Donor> best;
  for (const auto& [name, params] : fitted.generations) {
    const int steps = std::max(1, distance(generation, name));
    if (!best || steps < best->distance) best = Donor{name, steps};
  }
  return best;
}

/// Whether a fit has seen the arithmetic of every operator of the table.
bool known_type(const TableReport& table, const Calibration& c) {
  return std::all_of(table.rests_on.begin(), table.rests_on.end(), [&](const std::string& group) {
    const bool type =
        group.starts_with("gemm.") || group.starts_with("moe.") || group.starts_with("fp8_cache.");
    if (!type) return true;
    return std::any_of(c.families.begin(), c.families.end(), [&](const FamilyFit& f) {
      return std::any_of(f.support.begin(), f.support.end(),
                         [&](const FitSupport& s) { return s.group == group; });
    });
  });
}

struct Tally {
  LeftOutFamily sum;

  void add(const TableReport& t, bool known) {
    ++sum.tables;
    sum.rows += t.predicted;
    sum.met += t.latency.mape <= t.target ? 1 : 0;
    sum.mape += t.latency.mape;
    sum.worst = std::max(sum.worst, t.latency.mape);
    sum.bias += std::abs(t.latency.bias);
    sum.target += t.target;
    sum.new_types += known ? 0.0 : 1.0;
  }

  [[nodiscard]] LeftOutFamily means() const {
    LeftOutFamily out = sum;
    const double n = std::max(1.0, static_cast<double>(sum.tables));
    for (double* x : {&out.mape, &out.bias, &out.target, &out.new_types}) *x /= n;
    return out;
  }
};

Tally& of(std::vector<Tally>& all, const std::string& family) {
  for (Tally& t : all) {
    if (t.sum.family == family) return t;
  }
  all.emplace_back().sum.family = family;
  return all.back();
}

/// Gives each chip that was left out a generation; notes which.
int lend_values(LeftOut& out, KernelSet& fitted) {
  int farthest = 0;
  for (const std::string& name : out.chips) {
    const auto chip = fitted.chips.find(name);
    if (chip == fitted.chips.end()) {
      out.errors.push_back({.code = ErrorCode::unknown_name,
                            .message = fmt::format("unknown chip '{}'", shown(name)),
                            .where = {.file = "--leave-out"},
                            .hint = "known chips: supernode catalog chips"});
      continue;
    }
    const std::string& generation = chip->second.kernels;
    const std::optional<Donor> donor = donor_of(generation, fitted);
    if (!donor) continue;
    constexpr std::array<std::string_view, 3> near = {"same generation", "adjacent generation",
                                                      "two generations away"};
    const auto step = static_cast<std::size_t>(std::min(donor->distance, 2));
    out.values.push_back(fmt::format("{}: values of {} ({})", name, donor->generation, near[step]));
    farthest = std::max(farthest, donor->distance);
    kernel::KernelParams values = fitted.generations.at(donor->generation);
    values.name = generation;
    fitted.generations.emplace(generation, std::move(values));
  }
  return farthest;
}

}  // namespace

LeftOut leave_out(const std::string& directory, const KernelSet& kernels,
                  const CalibrateOptions& options, const Run& run) {
  LeftOut out;
  out.chips = options.without;
  Calibration c = calibrate_kernels(directory, kernels, options, run);
  out.errors = c.errors;
  KernelSet& fitted = c.kernels;
  const int farthest = lend_values(out, fitted);
  for (auto& [name, generation] : fitted.generations) generation.software = fitted.software;
  out.validation = validate_kernels(directory, fitted, {.worst = 5, .chips = options.without}, run);
  std::vector<Tally> families;
  Tally all;
  all.sum.family = "all";
  for (FileReport& file : out.validation.files) {
    for (TableReport& table : file.tables) {
      if (table.predicted == 0) continue;
      const bool known = known_type(table, c);
      table.target = known && farthest <= 1 ? near_target : far_target;
      of(families, file.family).add(table, known);
      all.add(table, known);
    }
  }
  for (const Tally& t : families) out.families.push_back(t.means());
  std::sort(out.families.begin(), out.families.end(),
            [](const LeftOutFamily& a, const LeftOutFamily& b) { return a.family < b.family; });
  out.all = all.means();
  summarise(out.validation);
  return out;
}

}  // namespace sn::evidence
