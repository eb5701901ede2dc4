// apps/cli/load_scenario.cc
//
// Reads and resolves one scenario file (see load_scenario.h).

#include "apps/cli/load_scenario.h"

#include <algorithm>

#include "apps/cli/cli.h"
#include "sn/base/files.h"

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

std::string directory_of(const std::string& file) {
  const std::size_t slash = file.find_last_of('/');
  return slash == std::string::npos ? "" : file.substr(0, std::max<std::size_t>(1, slash));
}

}  // namespace sn::cli
