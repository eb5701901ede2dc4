// sn/api/open.cc
//
// Reads and resolves one scenario; lays a folder of entries over the catalog (see open.h).

#include "sn/api/open.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "sn/api/request_error.h"
#include "sn/api/scenarios.h"
#include "sn/base/files/files.h"

namespace sn::api {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_most = 10'000;
constexpr std::size_t bytes_most = 4u << 20;

/// Paths of .yaml files below `folder`, relative and sorted.
std::vector<std::string> entries_below(const std::string& folder, Errors& errors) {
  std::vector<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".yaml" || !it->is_regular_file(error)) continue;
    out.push_back(fs::path(it->path()).lexically_relative(folder).generic_string());
    if (out.size() <= files_most) continue;
    errors.push_back(request_error(
        "catalog",
        "more than " + std::to_string(files_most) + " entries below '" + shown(folder, 200) + "'",
        "name a folder of catalog entries", ErrorCode::limit));
    return {};
  }
  if (error) {
    errors.push_back(request_error("catalog", "cannot list '" + shown(folder, 200) + "'",
                                   error.message(), ErrorCode::io));
  } else if (out.empty()) {
    errors.push_back(request_error("catalog", "no catalog entry below '" + shown(folder, 200) + "'",
                                   "entries are KIND/NAME.yaml, as a calibration writes them",
                                   ErrorCode::missing));
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// The file as a tree, without changes.
Result<Node> parse(const OpenRequest& request) {
  if (request.scenario) return *request.scenario;
  const std::string& name = request.name.empty() ? request.file : request.name;
  if (request.text) return parse_document(name, *request.text);
  if (request.file.empty()) {
    Node empty = Node::map();
    empty.set("supernode", Node::scalar("1"));
    return empty;
  }
  std::error_code ignored;
  if (names_scenario(request.file) && !fs::exists(request.file, ignored)) {
    const Result<ShippedScenario> shipped = find_scenario(request.file);
    if (!shipped) return fail(shipped.error());
    return parse_document("scenarios/" + std::string(shipped->name) + ".yaml (shipped)",
                          std::string(shipped->text));
  }
  Result<std::string> text = read_file(request.file, bytes_most);
  if (!text) return fail(text.error());
  return parse_document(name, *std::move(text));
}

/// Changes of single fields that tenants have for themselves.
void check_shared(const OpenRequest& request, const std::string& name, Errors& errors) {
  if (!request.overrides.any()) return;
  errors.push_back(request_error("overrides",
                                 "'" + shown(name) +
                                     "' has tenants; rack, model, trace, lengths, rate and SLO "
                                     "change a scenario of one model",
                                 "change them in the tenants of " + shown(name),
                                 ErrorCode::syntax));
}

}  // namespace

Result<catalog::Catalog> open_catalog(const std::string& folder) {
  Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (!catalog || folder.empty()) return catalog;
  Errors errors;
  std::vector<catalog::OverlayFile> files;
  for (const std::string& path : entries_below(folder, errors)) {
    const std::string name = (fs::path(folder) / path).string();
    Result<std::string> text = read_file(name, bytes_most);
    if (text) {
      files.push_back({path, name, *std::move(text)});
    } else {
      errors.insert(errors.end(), text.error().begin(), text.error().end());
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return catalog->with(std::move(files));
}

Result<Node> read_scenario(const OpenRequest& request, const Run& run) {
  Result<Node> scenario = parse(request);
  if (!scenario || !scenario->is_map()) return scenario;
  // The name of a scenario names its model and machine; with others it would mislead.
  if (!request.overrides.model.empty() || !request.overrides.rack.empty()) scenario->erase("name");
  twin::apply(request.overrides, *scenario);
  for (const twin::FieldValue& field : request.fields) {
    *scenario = twin::with_field(*scenario, field.path, field.value, "--set");
  }
  if (!request.faults.empty()) {
    Result<Node> faults = parse({.file = request.faults});
    if (!faults) return faults;
    scenario->set("faults", *std::move(faults));
  }
  if (run.seed()) {
    *scenario = twin::with_field(*scenario, "seed", std::to_string(*run.seed()), "seed");
  }
  return scenario;
}

Result<Opened> open(const OpenRequest& request, const catalog::Catalog& catalog, const Run& run) {
  const Result<Node> scenario = read_scenario(request, run);
  if (!scenario) return fail(scenario.error());
  const std::string directory = directory_of(request.file);
  const FileLoader disk = FileLoader::disk();
  Opened out;
  if (!twin::has_tenants(*scenario)) {
    Result<twin::World> world = twin::resolve(*scenario, catalog, disk, directory);
    if (!world) return fail(world.error());
    out.world = *std::move(world);
    return out;
  }
  Errors errors;
  check_shared(request, request.file, errors);
  Result<twin::SharedMachine> machine = twin::resolve_tenants(*scenario, catalog, disk, directory);
  if (!machine) errors.insert(errors.end(), machine.error().begin(), machine.error().end());
  if (!errors.empty()) return fail(std::move(errors));
  out.shared = *std::move(machine);
  return out;
}

std::string directory_of(const std::string& file) {
  const std::size_t slash = file.find_last_of('/');
  return slash == std::string::npos ? "" : file.substr(0, std::max<std::size_t>(1, slash));
}

}  // namespace sn::api
