// sn/api/catalog/datasheet_names.cc
//
// Entries of the catalog by what a user calls them (see datasheet.h).

#include <algorithm>
#include <optional>

#include "sn/api/catalog/datasheet.h"
#include "sn/api/request_error.h"
#include "sn/api/scenarios.h"
#include "sn/base/files/files.h"
#include "sn/base/text/text.h"

namespace sn::api {

namespace {

std::string of_kind(const EntryName& e) { return std::string(e.kind->folder) + "/" + e.name; }

Error unknown_kind(const std::string& name) {
  std::vector<std::string> folders;
  std::string all;
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    folders.emplace_back(k.folder);
    all += (all.empty() ? "" : ", ") + folders.back();
  }
  return request_error("kind", "unknown kind '" + shown(name) + "'",
                       nearest_hint(name, folders, "kinds are " + all));
}

/// Entries called `name` in any kind. A plant has the name of its rack: the rack is meant.
std::vector<EntryName> find_everywhere(const catalog::Catalog& catalog, const std::string& name) {
  std::vector<EntryName> out;
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    if (catalog.has(k, name)) out.push_back({&k, name});
  }
  const auto plant = [](const EntryName& e) { return e.kind->name == "plant"; };
  if (!std::all_of(out.begin(), out.end(), plant)) std::erase_if(out, plant);
  return out;
}

Error unknown_name(const catalog::Catalog& catalog, const std::string& name) {
  std::vector<std::string> names;
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    for (const std::string& n : catalog.names(k)) names.push_back(n);
  }
  return request_error("entry", "the catalog has no '" + shown(name) + "'",
                       nearest_hint(name, names, "supernode catalog lists what it has"));
}

}  // namespace

Result<EntryName> find_entry(const catalog::Catalog& catalog, const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const catalog::CatalogKind* kind = catalog::find_kind(text.substr(0, slash));
    if (kind == nullptr) return fail(unknown_kind(text.substr(0, slash)));
    return EntryName{kind, text.substr(slash + 1)};
  }
  const std::vector<EntryName> found = find_everywhere(catalog, text);
  if (found.size() == 1) return found.front();
  if (found.empty()) return fail(unknown_name(catalog, text));
  std::string choices;
  for (const EntryName& f : found) choices += (choices.empty() ? "" : " or ") + of_kind(f);
  return fail(request_error("entry", "'" + shown(text) + "' is the name of several entries",
                            "write " + choices));
}

Result<Datasheet> datasheet(const catalog::Catalog& catalog, const std::string& entry) {
  const Result<EntryName> found = find_entry(catalog, entry);
  if (!found) return fail(found.error());
  return read_datasheet(catalog, *found->kind, found->name);
}

Result<Datasheet> model_datasheet(const catalog::Catalog& catalog, const std::string& text) {
  const catalog::CatalogKind* kind = catalog::find_kind("model");
  SN_ASSERT(kind != nullptr);
  if (catalog.has(*kind, text)) return read_datasheet(catalog, *kind, text);
  // A word without a dot or slash is meant as a name: offer the nearest one.
  if (text.find_first_of("./") == std::string::npos) {
    return fail(catalog.entry(*kind, text).error());
  }
  constexpr std::size_t most_bytes = 4u << 20;
  Result<std::string> file = read_file(text, most_bytes);
  if (!file) return fail(file.error());
  Result<Node> tree = parse_document(text, *std::move(file));
  if (!tree) return fail(tree.error());
  // NVIDIA's checkpoints say their format in a file of its own.
  const std::string folder = text.substr(0, text.find_last_of('/') + 1);
  if (const auto beside = read_file(folder + "hf_quant_config.json", most_bytes);
      beside && tree->is_map() && tree->find("quantization_config") == nullptr) {
    Result<Node> format = parse_document(folder + "hf_quant_config.json", *beside);
    if (!format) return fail(format.error());
    tree->set("hf_quant_config", *std::move(format));
  }
  return read_model_datasheet(*tree, text);
}

Result<std::pair<Datasheet, Datasheet>> datasheets(const catalog::Catalog& catalog,
                                                   const std::string& a, const std::string& b) {
  Errors errors;
  const EntryName left = take(find_entry(catalog, a), errors);
  const EntryName right = take(find_entry(catalog, b), errors);
  if (!errors.empty()) return fail(std::move(errors));
  if (left.kind != right.kind) {
    return fail(request_error(
        "entry", "'" + of_kind(left) + "' and '" + of_kind(right) + "' are of two kinds",
        "compare entries of one kind (supernode catalog)"));
  }
  Result<Datasheet> one = read_datasheet(catalog, *left.kind, left.name);
  if (!one) return fail(one.error());
  Result<Datasheet> two = read_datasheet(catalog, *right.kind, right.name);
  if (!two) return fail(two.error());
  return std::pair{*std::move(one), *std::move(two)};
}

Result<std::vector<CatalogListing>> list_catalog(const catalog::Catalog& catalog,
                                                 const std::string& kind) {
  std::vector<CatalogListing> out;
  if (kind == "scenarios") return std::vector{list_scenarios()};
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    if (kind.empty() || &k == catalog::find_kind(kind)) out.push_back(list_kind(catalog, k));
  }
  if (!out.empty()) return out;
  const std::vector<EntryName> found = find_everywhere(catalog, kind);
  if (found.empty()) return fail(unknown_kind(kind));
  return fail(request_error("kind", "'" + shown(kind) + "' is an entry, not a kind",
                            "supernode catalog show " + of_kind(found.front())));
}

CatalogListing list_scenarios() {
  CatalogListing out{.kind = "scenario",
                     .folder = "scenarios",
                     .description = "questions to start from: supernode plan NAME",
                     .entries = {}};
  for (const ShippedScenario& s : shipped_scenarios()) {
    const Result<Node> tree = parse_document(std::string(s.name), std::string(s.text));
    const Node* name = tree ? tree->find("name") : nullptr;
    std::string title = name != nullptr ? name->text() : "";
    if (!s.short_name.empty()) title += " (for short: " + std::string(s.short_name) + ")";
    out.entries.emplace_back(s.name, std::move(title));
  }
  return out;
}

Result<std::vector<CatalogListing>> search_catalog(const catalog::Catalog& catalog,
                                                   const std::string& word) {
  const std::string wanted = lower(word);
  std::vector<CatalogListing> kinds;
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    kinds.push_back(list_kind(catalog, k));
  }
  kinds.push_back(list_scenarios());
  std::vector<CatalogListing> out;
  for (CatalogListing& kind : kinds) {
    std::erase_if(kind.entries, [&](const auto& entry) {
      return lower(entry.first).find(wanted) == std::string::npos &&
             lower(entry.second).find(wanted) == std::string::npos;
    });
    if (!kind.entries.empty()) out.push_back(std::move(kind));
  }
  if (out.empty()) {
    Error e = unknown_name(catalog, word);
    e.message = "no entry has '" + shown(word) + "' in its name or title";
    return fail(std::move(e));
  }
  return out;
}

}  // namespace sn::api
