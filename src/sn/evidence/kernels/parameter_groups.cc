// sn/evidence/kernels/parameter_groups.cc
//
// See the header.

#include "sn/evidence/kernels/parameter_groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/units/units.h"

namespace sn::evidence {

namespace {

using kernel::Family;
using kernel::Format;

/// Where the parameters of a family stand below a generation.
std::string_view generation_path(Family family) {
  switch (family) {
    case Family::gemm:
      return "gemm";
    case Family::moe:
      return "moe";
    case Family::prefill:
      return "attention.prefill";
    case Family::decode:
      return "attention.decode";
    case Family::mla_prefill:
      return "mla.prefill";
    case Family::mla_decode:
      return "mla.decode";
    case Family::elementwise:
      return "elementwise";
  }
  return "";
}

constexpr std::string_view generations = "kernels.";
constexpr std::string_view shared = "kernel_software.";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Scope, family and owner of a group, from its name.
void describe_group(const std::string& group, bool of_generation, ParameterLine& out) {
  constexpr std::string_view libraries = "libraries.";
  const auto dot = group.find('.');
  const std::string first = group.substr(0, dot);
  const std::string rest = dot == std::string::npos ? std::string() : group.substr(dot + 1);
  if (of_generation) {
    out.scope = "generation";
    out.of = first;
    out.family = rest;
  } else if (group.starts_with(libraries)) {
    const auto last = group.find_last_of('.');
    out.scope = "library";
    out.of = group.substr(libraries.size(), last - libraries.size());
    out.family = group.substr(last + 1);
  } else if (first == "fp8_cache") {
    out.scope = "data type";
    out.of = "fp8 cache";
    out.family = rest;
  } else {
    out.scope = "data type";
    out.of = rest;
    out.family = first;
  }
}

}  // namespace

std::vector<std::string> parameter_groups(const OperatorKind& kind, std::string_view generation) {
  const std::string family(to_string(kind.family));
  std::vector<std::string> out = {
      fmt::format("{}.{}", generation, generation_path(kind.family)),
      fmt::format("{}.host", generation),
      fmt::format("libraries.{}.{}", to_string(kind.library), family),
  };
  if (kind.format != Format::bf16) {
    out.push_back(fmt::format("{}.{}", family, to_string(kind.format)));
  }
  if (kind.narrow_cache) out.push_back("fp8_cache." + family);
  return out;
}

std::string group_of(const catalog::Param& param) {
  std::string_view path = param.path;
  const bool generation = path.starts_with(generations);
  if (generation) {
    path.remove_prefix(generations.size());
  } else if (path.starts_with(shared)) {
    path.remove_prefix(path.find('.', shared.size()) + 1);
  } else {
    return {};
  }
  return std::string(path.substr(0, path.find_last_of('.')));
}

std::vector<ParameterLine> parameter_lines(const catalog::Params& params,
                                           const std::vector<std::string>& groups) {
  std::vector<ParameterLine> out;
  for (const catalog::Param& p : params) {
    const std::string group = group_of(p);
    if (group.empty() || (!groups.empty() && !contains(groups, group))) continue;
    const bool of_generation = p.path.starts_with(generations);
    if (!of_generation && p.provenance.source.id == "family-default" && p.value == 1.0) continue;
    ParameterLine line;
    describe_group(group, of_generation, line);
    line.name = p.path.substr(p.path.find_last_of('.') + 1);
    line.value = format_quantity(p.value, p.dimension);
    line.source = p.provenance.source.id;
    line.confidence = to_string(p.provenance.confidence);
    line.note = p.provenance.note;
    out.push_back(std::move(line));
  }
  return out;
}

std::vector<BudgetLine> parameter_budget(const std::vector<ParameterLine>& lines) {
  std::vector<BudgetLine> out;
  for (const ParameterLine& p : lines) {
    const auto same = [&](const BudgetLine& b) {
      return b.scope == p.scope && b.family == p.family && b.of == p.of;
    };
    auto at = std::find_if(out.begin(), out.end(), same);
    if (at == out.end()) {
      const std::size_t limit = p.scope == "generation" ? generation_budget : shared_budget;
      out.push_back({p.scope, p.family, p.of, 0, limit});
      at = out.end() - 1;
    }
    ++at->count;
  }
  return out;
}

void list_parameters(const catalog::Params& params, Validation& validation) {
  std::vector<std::string> groups;
  for (const FileReport& file : validation.files) {
    for (const TableReport& table : file.tables) {
      for (const std::string& group : table.rests_on) {
        if (!contains(groups, group)) groups.push_back(group);
      }
    }
  }
  if (groups.empty()) return;
  validation.parameters = parameter_lines(params, groups);
  validation.budget = parameter_budget(validation.parameters);
}

}  // namespace sn::evidence
