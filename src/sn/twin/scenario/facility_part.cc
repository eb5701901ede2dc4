// sn/twin/scenario/facility_part.cc
//
// Reads what stands around a machine (see facility_part.h).

#include "sn/twin/scenario/facility_part.h"

namespace sn::twin {

namespace {

/// An entry as a T, without the provenance of its numbers.
template <class T>
void read(const Node& reference, std::string_view kind, const catalog::Catalog& catalog, T& out,
          std::string* name, Errors& errors) {
  const catalog::CatalogKind* k = catalog::find_kind(kind);
  SN_ASSERT(k != nullptr);
  const Result<Node> tree = catalog.resolve(*k, reference);
  if (!tree) {
    errors.insert(errors.end(), tree.error().begin(), tree.error().end());
    return;
  }
  if constexpr (std::is_same_v<T, facility::Prices>) out = facility::names_of(*tree);
  catalog::Params params;
  catalog::read_entry(catalog, *tree, "facility." + std::string(kind), out, params, errors);
  const Node* at = tree->find("name");
  if (name != nullptr && at != nullptr) *name = at->text();
}

}  // namespace

std::string base_of(const Node* reference) {
  if (reference == nullptr) return {};
  if (reference->is_scalar()) return reference->text();
  const Node* base = reference->find("base");
  return base == nullptr ? std::string() : base->text();
}

Node with_defaults(const Node* node, const std::string& rack_entry, const catalog::Catalog& catalog,
                   Errors& errors) {
  Node out = node == nullptr ? Node::map() : *node;
  MapReader keys(out, "facility", errors);
  if (!out.is_map()) return Node::map();
  for (const char* key : {"plant", "failures", "prices", "site"}) static_cast<void>(keys.get(key));
  keys.finish();
  const catalog::CatalogKind& plants = *catalog::find_kind("plant");
  if (out.find("plant") == nullptr && catalog.has(plants, rack_entry)) {
    out.set("plant", Node::scalar(rack_entry));
  }
  for (const char* key : {"failures", "prices", "site"}) {
    if (out.find(key) == nullptr) out.set(key, Node::scalar("default"));
  }
  return out;
}

std::optional<facility::Surroundings> read_facility(const Node* node, const Node* rack_reference,
                                                    const hw::Rack& rack,
                                                    const catalog::Catalog& catalog,
                                                    Errors& errors) {
  const std::size_t before = errors.size();
  const Node around = with_defaults(node, base_of(rack_reference), catalog, errors);
  const Node* plant = around.find("plant");
  if (plant == nullptr || errors.size() != before) return std::nullopt;
  facility::Surroundings out;
  read(*plant, "plant", catalog, out.plant, &out.plant.name, errors);
  read(*around.find("failures"), "failure", catalog, out.failures, nullptr, errors);
  read(*around.find("prices"), "price", catalog, out.prices, nullptr, errors);
  read(*around.find("site"), "site", catalog, out.site, nullptr, errors);
  if (errors.size() != before) return std::nullopt;
  facility::complete(out.plant, rack);
  // A rack that a scenario changed may no longer fit its own plant: said where the plant is asked
  // for (`supernode rack`), or where the scenario names one.
  Errors misfits;
  facility::check_plant(out.plant, rack, plant->where(), misfits);
  if (misfits.empty()) return out;
  if (node != nullptr) errors.insert(errors.end(), misfits.begin(), misfits.end());
  return std::nullopt;
}

}  // namespace sn::twin
