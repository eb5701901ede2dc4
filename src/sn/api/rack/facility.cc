// sn/api/rack/facility.cc
//
// Finds and reads rack and plant (see facility.h).

#include "sn/api/rack/facility.h"

#include <algorithm>
#include <filesystem>

#include "sn/api/request_error.h"
#include "sn/api/scenarios.h"
#include "sn/hw/rack_check.h"
#include "sn/twin/scenario/facility_part.h"

namespace sn::api {

namespace {

const catalog::CatalogKind& kind(std::string_view name) {
  const catalog::CatalogKind* k = catalog::find_kind(name);
  SN_ASSERT(k != nullptr);
  return *k;
}

std::string text_at(const Node& node, std::string_view path) {
  const Node* at = node.find(path);
  return at == nullptr ? std::string() : at->text();
}

/// `cluster: {rack: NAME}`, or the file.
Result<Node> scenario_of(const FacilityRequest& request, const catalog::Catalog& catalog,
                         bool& is_scenario) {
  if (request.scenario) {
    is_scenario = true;
    return *request.scenario;
  }
  if (request.subject.empty()) {
    return fail(request_error("subject", "which rack?",
                              "a rack (supernode catalog racks) or a scenario",
                              ErrorCode::missing));
  }
  if (catalog.has(kind("rack"), request.subject)) {
    Node cluster = Node::map();
    cluster.set("rack", Node::scalar(request.subject));
    Node scenario = Node::map();
    scenario.set("cluster", std::move(cluster));
    return scenario;
  }
  std::error_code ignored;
  const bool shipped =
      names_scenario(request.subject) && find_scenario(request.subject).has_value();
  if (!shipped && request.subject != "/dev/stdin" &&
      !std::filesystem::exists(request.subject, ignored)) {
    const std::vector<std::string> names = catalog.names(kind("rack"));
    return fail(request_error(
        "subject", "'" + shown(request.subject) + "' is no rack and no scenario",
        nearest_hint(request.subject, names, "racks: supernode catalog racks; or a file")));
  }
  is_scenario = true;
  return read_scenario({.file = request.subject});
}

/// Lays the changes over it; the plant has the rack's name unless the scenario has another.
Result<Node> with_fields(Node scenario, const FacilityRequest& request,
                         const catalog::Catalog& catalog) {
  Errors errors;
  // Another rack first: it brings its plant.
  for (const twin::FieldValue& f : request.fields) {
    if (f.path == "cluster.rack") scenario = twin::with_field(scenario, f.path, f.value, "--set");
  }
  const std::string rack = twin::base_of(scenario.find("cluster.rack"));
  scenario.set("facility", twin::with_defaults(scenario.find("facility"), rack, catalog, errors));
  for (const twin::FieldValue& f : request.fields) {
    const std::size_t dot = f.path.find('.');
    const std::string top = f.path.substr(0, dot);
    if (top != "cluster" && top != "facility" && scenario.find("supernode") == nullptr) {
      errors.push_back(request_error("fields", "'" + shown(f.path) + "' is no part of a rack",
                                     "cluster.rack.... or facility.plant....",
                                     ErrorCode::unknown_key));
      continue;
    }
    if (f.path != "cluster.rack") {
      scenario = twin::with_field(scenario, f.path, f.value, "--set");
    }
  }
  if (errors.empty()) {
    // Keys that a change brought in.
    static_cast<void>(twin::with_defaults(scenario.find("facility"), rack, catalog, errors));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return scenario;
}

void read_rack(const Node& tree, const catalog::Catalog& catalog, Facility& out, Errors& errors) {
  const std::size_t before = errors.size();
  catalog::read_entry(catalog, tree, "rack", out.rack, out.params, errors);
  out.rack.name = out.name = text_at(tree, "name");
  out.rack.title = out.title = text_at(tree, "title");
  out.rack.chip.name = text_at(tree, "chip.name");
  out.rack.scale_up.fabric_switch.name = text_at(tree, "scale_up.switch.name");
  hw::complete(out.rack);
  if (errors.size() == before) hw::check_rack(out.rack, out.where, errors);
}

void read_plant(const Node& tree, const catalog::Catalog& catalog, Facility& out, Errors& errors) {
  const std::size_t before = errors.size();
  catalog::read_entry(catalog, tree, "plant", out.plant, out.params, errors);
  out.plant.name = out.entry = text_at(tree, "name");
  for (const facility::Place p : facility::all_places) {
    const std::string key(to_string(p));
    ModuleName& m = out.modules[static_cast<std::size_t>(p)];
    m = {text_at(tree, key + ".name"), text_at(tree, key + ".title")};
    out.plant.at(p).module.name = m.name;
  }
  if (errors.size() != before) return;
  facility::complete(out.plant, out.rack);
  facility::check_plant(out.plant, out.rack, tree.where(), errors);
}

}  // namespace

Result<Facility> open_facility(const FacilityRequest& request, const catalog::Catalog& catalog) {
  Facility out;
  Result<Node> plain = scenario_of(request, catalog, out.is_scenario);
  if (!plain) return fail(plain.error());
  Result<Node> scenario = with_fields(*std::move(plain), request, catalog);
  if (!scenario) return fail(scenario.error());
  out.scenario = *std::move(scenario);
  const Node* rack = out.scenario.find("cluster.rack");
  if (rack == nullptr) {
    return fail(request_error("subject", "the scenario has no 'cluster.rack'",
                              "cluster: {rack: al128}", ErrorCode::missing));
  }
  out.where = rack->where();
  Errors errors;
  const Result<Node> tree = catalog.resolve(kind("rack"), *rack);
  if (!tree) return fail(tree.error());
  read_rack(*tree, catalog, out, errors);
  const Node* plant = out.scenario.find("facility.plant");
  if (plant == nullptr) {
    errors.push_back({.code = ErrorCode::missing,
                      .message = "rack '" + twin::base_of(rack) + "' has no plant of its name",
                      .where = out.where,
                      .hint = "facility: {plant: NAME}; supernode catalog plants lists them"});
    return fail(std::move(errors));
  }
  const Result<Node> around = catalog.resolve(kind("plant"), *plant);
  if (!around) {
    errors.insert(errors.end(), around.error().begin(), around.error().end());
    return fail(std::move(errors));
  }
  if (errors.empty()) read_plant(*around, catalog, out, errors);
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

const catalog::Param* find_param(const catalog::Params& params, const std::string& path) {
  const auto at = std::find_if(params.begin(), params.end(),
                               [&](const catalog::Param& p) { return p.path == path; });
  return at == params.end() ? nullptr : &*at;
}

}  // namespace sn::api
