// apps/cli/load_scenario.cc
//
// Reads and resolves one scenario file (see load_scenario.h).

#include "apps/cli/load_scenario.h"

#include <algorithm>
#include <filesystem>

#include "apps/cli/cli.h"
#include "sn/base/files.h"
#include "sn/measured/measured_tables.h"

namespace sn::cli {

namespace {

constexpr std::size_t scenario_bytes = 4u << 20;

}  // namespace

Result<Node> read_scenario(const std::string& file, const twin::Overrides& overrides) {
  Result<std::string> text = read_file(input_path(file), scenario_bytes);
  if (!text) return fail(text.error());
  Result<Node> scenario = parse_document(file == "-" ? "standard input" : file, *std::move(text));
  if (!scenario) return scenario;
  // The name of a scenario names its model; with another one it would mislead.
  if (!overrides.model.empty() && scenario->is_map()) scenario->erase("name");
  if (scenario->is_map()) twin::apply(overrides, *scenario);
  return scenario;
}

void load_measurements(const std::string& directory, twin::World& world, Errors& errors) {
  if (world.measurements.empty()) return;
  std::error_code ignored;
  const bool here = std::filesystem::exists(world.measurements, ignored);
  const std::string folder =
      here ? world.measurements : (std::filesystem::path(directory) / world.measurements).string();
  Result<evidence::MeasuredTables> tables =
      evidence::read_measured_tables(folder, world.cluster.rack.chip, world.kernels);
  if (!tables) {
    errors.insert(errors.end(), tables.error().begin(), tables.error().end());
    return;
  }
  world.warnings.insert(world.warnings.end(), tables->faults.begin(), tables->faults.end());
  const bool latent = world.model.attention.kind == llm::AttentionKind::mla;
  std::vector<kernel::Family> used = {
      kernel::Family::gemm, latent ? kernel::Family::mla_prefill : kernel::Family::prefill,
      latent ? kernel::Family::mla_decode : kernel::Family::decode};
  if (world.model.is_moe()) used.push_back(kernel::Family::moe);
  std::string missing;
  for (const kernel::Family f : used) {
    if (tables->ratios->size(f) > 0) continue;
    missing += (missing.empty() ? "" : ", ") + std::string(to_string(f));
  }
  if (!missing.empty()) {
    world.warnings.push_back({.code = ErrorCode::missing,
                              .message = "no measured row of " + missing + " for this chip",
                              .where = {.file = folder},
                              .hint = "the models alone price them"});
  }
  world.kernels.measured = tables->ratios;
}

std::string directory_of(const std::string& file) {
  const std::size_t slash = file.find_last_of('/');
  return slash == std::string::npos ? "" : file.substr(0, std::max<std::size_t>(1, slash));
}

}  // namespace sn::cli
