// sn/evidence/kernels/kernel_set.cc
//
// Chips, generations and software terms of a catalog, by name.

#include "sn/evidence/kernels/kernel_set.h"

namespace sn::evidence {

namespace {

template <class T>
void read_all(const catalog::Catalog& catalog, std::string_view kind_name,
              const std::string& prefix, std::map<std::string, T, std::less<>>& out,
              catalog::Params& params, Errors& errors) {
  const catalog::CatalogKind& kind = *catalog::find_kind(kind_name);
  for (const std::string& name : catalog.names(kind)) {
    const Result<Node> tree = catalog.entry(kind, name);
    if (!tree) {
      errors.insert(errors.end(), tree.error().begin(), tree.error().end());
      continue;
    }
    T value;
    catalog::read_entry(catalog, *tree, prefix + name, value, params, errors);
    value.name = name;
    out.emplace(name, std::move(value));
  }
}

}  // namespace

Result<KernelSet> read_chips(const catalog::Catalog& catalog) {
  KernelSet set;
  Errors errors;
  catalog::Params params;
  read_all(catalog, "chip", "chip.", set.chips, params, errors);
  if (!errors.empty()) return fail(std::move(errors));
  return set;
}

Result<KernelSet> read_kernel_set(const catalog::Catalog& catalog, catalog::Params& params) {
  Result<KernelSet> set = read_chips(catalog);
  if (!set) return set;
  Errors errors;
  read_all(catalog, "kernels", "kernels.", set->generations, params, errors);
  std::map<std::string, kernel::SoftwareParams, std::less<>> software;
  read_all(catalog, "kernel_software", "kernel_software.", software, params, errors);
  if (!software.empty()) set->software = software.begin()->second;
  for (auto& [name, generation] : set->generations) generation.software = set->software;
  if (!errors.empty()) return fail(std::move(errors));
  return set;
}

}  // namespace sn::evidence
