// sn/twin/scenario/tenants.cc
//
// Lays each tenant over the common keys and resolves it (see tenants.h).

#include "sn/twin/scenario/tenants.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "sn/twin/scenario/scenario.h"

namespace sn::twin {

namespace {

/// Keys that a tenant has in place of the scenario.
constexpr std::array<std::string_view, 7> own_keys = {
    "model", "precision", "speculation", "workload", "slo", "deployments", "search"};
constexpr Range share_range{1.0, 1e8};
constexpr Range weight_range{1e-3, 1e3};
constexpr std::size_t name_max = 40;

struct Reading {
  const Node& scenario;
  const catalog::Catalog& catalog;
  const FileLoader& load;
  const std::string& directory;
  std::string name;  // of the scenario
};

/// `item` over the common keys of the scenario, as a scenario of its own. Positioned at `item`.
Node laid_over(const Reading& reading, const Node& item, const std::string& name) {
  Node out = item;
  for (const std::string_view key : {"name", "gpus", "weight"}) out.erase(key);
  for (const Node::Member& m : reading.scenario.members()) {
    if (m.key == "tenants" || m.key == "name") continue;
    out.set(m.key, m.value, m.key_line, m.key_column);
  }
  out.set("name",
          Node::scalar(reading.name.empty() ? "tenant " + name : reading.name + ": " + name));
  return out;
}

std::string read_name(MapReader& r, std::set<std::string>& names) {
  const Node* node = r.require("name");
  const std::string name = r.text("name").value_or("");
  if (node == nullptr || name.empty()) return name;
  if (name.size() > name_max) {
    r.report(ErrorCode::limit, fmt::format("a tenant's name has at most {} bytes", name_max), node);
  }
  if (!names.insert(name).second) {
    r.report(ErrorCode::syntax, "there are two tenants '" + shown(name) + "'", node,
             "give each its own name");
  }
  return name;
}

/// GPUs of the share; a tenant with listed deployments has those of its plan.
std::int64_t read_share(MapReader& r, Errors& errors) {
  const Node* node = r.get("gpus");
  if (node == nullptr || (node->is_scalar() && node->text() == "auto")) return 0;
  return read_integer(*node, "gpus", share_range, errors).value_or(0);
}

void check_weight(MapReader& r, const Tenant& tenant) {
  const Node* weight = r.get("weight");
  if (weight == nullptr) return;
  if (tenant.gpus == 0 && tenant.world.load.rate.kind == RateSpec::Kind::knee) return;
  r.report(ErrorCode::syntax,
           "'weight' counts between tenants that share what is left: '" + shown(tenant.name) +
               "' has a fixed rate or a fixed share",
           weight, "leave it out, or give the tenant 'rate: knee' and 'gpus: auto'");
}

void settle_listed(MapReader& r, Tenant& tenant) {
  if (tenant.world.load.search.fixed.empty()) return;
  const std::int64_t taken = tenant.world.load.search.fixed.front().gpus();
  if (tenant.gpus > 0 && tenant.gpus < taken) {
    r.report(ErrorCode::infeasible,
             fmt::format("the deployments of '{}' take {} GPUs; its share is {}",
                         shown(tenant.name), taken, tenant.gpus),
             r.get("gpus"));
  }
  if (tenant.gpus == 0) tenant.gpus = taken;
}

Tenant read_tenant(const Reading& reading, const Node& item, std::set<std::string>& names,
                   Errors& errors) {
  Tenant out;
  const std::size_t before = errors.size();
  MapReader r(item, "tenant", errors);
  if (!item.is_map()) return out;
  out.name = read_name(r, names);
  out.gpus = read_share(r, errors);
  out.weight = r.number("weight", weight_range).value_or(1.0);
  for (const std::string_view key : own_keys) static_cast<void>(r.get(key));
  r.finish();
  // A key that a tenant cannot have would be replaced by the common one, or reported twice.
  Node own = item;
  for (const Node::Member& m : item.members()) {
    if (std::find(own_keys.begin(), own_keys.end(), m.key) == own_keys.end()) own.erase(m.key);
  }
  Result<World> world =
      resolve(laid_over(reading, own, out.name), reading.catalog, reading.load, reading.directory);
  if (!world) {
    errors.insert(errors.end(), world.error().begin(), world.error().end());
    return out;
  }
  out.world = *std::move(world);
  if (out.world.machine.gpu_limit > 0) {
    const Node* gpus = reading.scenario.find("cluster.gpus");
    r.report(ErrorCode::infeasible, "tenants share whole racks; 'cluster.gpus' is a part of one",
             gpus, "a rack of that size: cluster: {rack: {base: ..., gpus: ...}}");
  }
  if (errors.size() != before) return out;
  settle_listed(r, out);
  check_weight(r, out);
  return out;
}

/// Keys of the scenario that belong to its tenants, and those that it must have itself.
void check_common(MapReader& root, Errors& errors) {
  for (const std::string_view key : own_keys) {
    const Node* node = root.get(key);
    if (node == nullptr) continue;
    errors.push_back({.code = ErrorCode::unknown_key,
                      .message = fmt::format("'{}' belongs into each tenant of this scenario", key),
                      .where = node->where(),
                      .hint = "tenants: [{name: chat, model: ..., workload: ..., slo: ...}, ...]"});
  }
  if (const Node* faults = root.get("faults")) {
    errors.push_back({.code = ErrorCode::unknown_key,
                      .message = "'faults' are of scenarios of one model",
                      .where = faults->where(),
                      .hint = "write a scenario for one of the tenants"});
  }
  static_cast<void>(root.require("supernode"));
  static_cast<void>(root.require("cluster"));
}

void check_sum(const SharedMachine& machine, const Node& list, Errors& errors) {
  std::int64_t sum = 0;
  std::string parts;
  for (const Tenant& t : machine.tenants) {
    sum += t.gpus;
    if (t.gpus > 0) parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", t.name, t.gpus);
  }
  const std::int64_t all = machine.tenants.front().world.machine.cluster.gpus();
  if (sum <= all) return;
  errors.push_back({.code = ErrorCode::infeasible,
                    .message = fmt::format("the shares take {} GPUs ({}); the cluster has {}: {} "
                                           "missing",
                                           sum, shown(parts, 200), all, sum - all),
                    .where = list.where(),
                    .hint = "smaller shares, or 'gpus: auto'"});
}

}  // namespace

bool has_tenants(const Node& scenario) {
  return scenario.is_map() && scenario.find("tenants") != nullptr;
}

Result<SharedMachine> resolve_tenants(const Node& scenario, const catalog::Catalog& catalog,
                                      const FileLoader& load, const std::string& directory) {
  SN_ASSERT(has_tenants(scenario));
  Errors errors;
  MapReader root(scenario, "scenario", errors);
  SharedMachine out;
  out.name = root.text("name").value_or("");
  check_common(root, errors);
  const Node& list = *root.get("tenants");
  if (!list.is_list() || list.items().empty() || list.items().size() > tenants_max) {
    root.report(list.is_list() ? ErrorCode::range : ErrorCode::wrong_type,
                fmt::format("'tenants' must be a list of 1 to {} tenants", tenants_max), &list,
                "tenants: [{name: chat, model: ..., workload: ..., slo: ...}, ...]");
  }
  if (!errors.empty()) return fail(std::move(errors));
  const Reading reading{scenario, catalog, load, directory, out.name};
  std::set<std::string> names;
  for (const Node& item : list.items()) {
    out.tenants.push_back(read_tenant(reading, item, names, errors));
  }
  if (errors.empty()) check_sum(out, list, errors);
  // A mistake in what all share is found once for each tenant.
  Errors once;
  for (Error& e : errors) {
    if (std::find(once.begin(), once.end(), e) == once.end()) once.push_back(std::move(e));
  }
  if (!once.empty()) return fail(std::move(once));
  const hw::Cluster& cluster = out.tenants.front().world.machine.cluster;
  if (out.name.empty()) {
    out.name = fmt::format("{} tenants on {}", out.tenants.size(), cluster.rack.name);
  }
  return out;
}

}  // namespace sn::twin
