// sn/twin/scenario/measurements.cc
//
// `software: {kernels: measured, measurements: FOLDER}`: measured tables of one's own chip laid
// over the models of its kernels, and a word about every family that a model needs and nobody
// measured.

#include <filesystem>
#include <string>
#include <vector>

#include "sn/measured/measured_tables.h"
#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

namespace {

std::vector<kernel::Family> families_of(const llm::ModelSpec& model) {
  const bool latent = model.attention.kind == llm::AttentionKind::mla;
  std::vector<kernel::Family> out = {kernel::Family::gemm,
                                     latent ? kernel::Family::mla_prefill : kernel::Family::prefill,
                                     latent ? kernel::Family::mla_decode : kernel::Family::decode};
  if (model.is_moe()) out.push_back(kernel::Family::moe);
  return out;
}

}  // namespace

void lay_measurements(const Node& path, const PartContext& context, Machine& machine,
                      Errors& warnings, Errors& errors) {
  const std::string named = read_text(path, "measurements", errors).value_or("");
  if (named.empty()) return;
  if (!context.load.on_disk()) {
    errors.push_back({.code = ErrorCode::io,
                      .message = "there is no folder '" + shown(named) + "' of measurements here",
                      .where = path.where(),
                      .hint = "measured tables are read from a disk"});
    return;
  }
  std::error_code ignored;
  const bool here = context.directory.empty() || std::filesystem::exists(named, ignored);
  const std::string folder =
      here ? named : (std::filesystem::path(context.directory) / named).string();
  Result<measured::MeasuredTables> tables =
      measured::read_measured_tables(folder, machine.cluster.rack.chip, machine.kernels);
  if (!tables) {
    errors.insert(errors.end(), tables.error().begin(), tables.error().end());
    return;
  }
  warnings.insert(warnings.end(), tables->faults.begin(), tables->faults.end());
  std::string missing;
  for (const kernel::Family f : families_of(machine.model)) {
    if (tables->ratios->size(f) > 0) continue;
    missing += (missing.empty() ? "" : ", ") + std::string(to_string(f));
  }
  if (!missing.empty()) {
    warnings.push_back({.code = ErrorCode::missing,
                        .message = "no measured row of " + missing + " for this chip",
                        .where = {.file = folder},
                        .hint = "the models alone price them"});
  }
  machine.kernels.measured = tables->ratios;
}

}  // namespace sn::twin
