// sn/catalog/catalog.cc
//
// Finds, inherits and resolves catalog entries (see catalog.h).

#include "sn/catalog/catalog.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "sn/base/document/document_tokens.h"
#include "sn/base/text/text.h"
#include "sn/base/units/units.h"
#include "sn/catalog/catalog_tokens.h"

namespace sn::catalog {

namespace {

constexpr int max_depth = 8;

constexpr std::array kinds = {
    CatalogKind{"chip", "chips", "accelerators: peak rates, memory, power"},
    CatalogKind{"link", "links", "point-to-point links: ScaleUp protocols, PCIe"},
    CatalogKind{"switch", "switches", "ScaleUp switch chips: ports, latency, in-switch reduction"},
    CatalogKind{"nic", "nics", "network adapters, per GPU"},
    CatalogKind{"rack", "racks", "supernodes and servers: chips, ScaleUp domain, power feed"},
    CatalogKind{"scale-out", "scale_out", "networks between supernodes (layer 2)"},
    CatalogKind{"dcn", "dcn", "data-centre networks (layer 3)"},
    CatalogKind{"memory", "memory", "memory beyond the chip: expanders, pools, drives, hosts"},
    CatalogKind{"medium", "media", "what ScaleUp runs over: copper and optics"},
    CatalogKind{"mover", "movers", "what moves KV blocks between HBM and other memory"},
    CatalogKind{"module", "modules", "parts of racks: nodes, trays, power shelves; what they draw"},
    CatalogKind{"plant", "plants", "what a rack consists of and hangs on: modules, power, cooling"},
    CatalogKind{"failure", "failures",
                "what fails in a fleet, how often, and how long repairs take"},
    CatalogKind{"price", "prices", "what parts, energy, space and capital cost"},
    CatalogKind{"site", "sites", "where a rack stands: tariff, carbon, space, climate"},
    CatalogKind{"model", "models", "large language models"},
    CatalogKind{"kernels", "kernels", "efficiencies of kernel families"},
    CatalogKind{"kernel_software", "kernel_software",
                "arithmetics and kernel libraries, relative to bf16 and a reference"},
    CatalogKind{"collectives", "collectives", "communication libraries: latencies, efficiencies"},
    CatalogKind{"framework", "frameworks", "serving software: host overhead, memory reserve"},
    CatalogKind{"case", "cases", "published throughputs of supernodes that nothing is fitted to"},
    CatalogKind{"claim", "claims", "what is claimed of supernodes, and how it is judged"},
    CatalogKind{"benchmark", "benchmarks",
                "public serving benchmarks: lengths, limits, deployments"},
    CatalogKind{"uncertainty", "uncertainty", "how far off predictions are, by family of costs"},
    CatalogKind{"traits", "traits", "behaviour of models under load"},
    CatalogKind{"workload", "workloads", "published workload statistics"},
    CatalogKind{"published", "published", "published measurements that models are held against"},
    CatalogKind{"tool", "tools", "serving tools: the arguments that exported scripts use"},
};

/// Parts that an entry refers to by name: key in the entry -> kind of the part.
struct Part {
  std::string_view owner;
  std::string_view key;
  std::string_view kind;
};

constexpr std::array parts = {
    Part{"rack", "chip", "chip"},      Part{"rack", "nic", "nic"},
    Part{"rack", "host_link", "link"}, Part{"plant", "compute", "module"},
    Part{"plant", "host", "module"},   Part{"plant", "switch", "module"},
    Part{"plant", "shelf", "module"},  Part{"plant", "extra", "module"},
};

/// A part is named, or named and changed; any other map lays changes over the part that is there.
bool is_reference(const Node& node) { return !node.is_map() || node.find("base") != nullptr; }

/// As `merge`, but a leaf replaces a leaf as a whole: a new value must not keep the note and the
/// alternatives of the old one.
Node overlay(const Node& from, const Node& over) {
  if (!from.is_map() || !over.is_map() || over.find("value") != nullptr) return over;
  Node out = from;
  for (const Node::Member& m : over.members()) {
    const Node* old = from.find(m.key);
    out.set(m.key, old == nullptr ? m.value : overlay(*old, m.value), m.key_line, m.key_column);
  }
  return out;
}

bool parse_grade(std::string_view text, Grade& out) {
  for (int i = 0; i <= static_cast<int>(Grade::scenario); ++i) {
    if (to_string(static_cast<Grade>(i)) != text) continue;
    out = static_cast<Grade>(i);
    return true;
  }
  return false;
}

void read_sources(const Node& root, SourceBook& book, Errors& errors) {
  for (const Node::Member& m : root.members()) {
    MapReader reader(m.value, "source " + m.key, errors);
    SourceInfo info;
    info.id = m.key;
    info.title = reader.text("title").value_or("");
    info.date = reader.text("date").value_or("");
    const std::string grade = reader.text("grade").value_or("");
    if (!parse_grade(grade, info.grade)) {
      errors.push_back({.code = ErrorCode::unknown_name,
                        .message = "unknown grade '" + grade + "'",
                        .where = m.value.where(),
                        .hint = "official, measured, third party, estimate, memory, family "
                                "default or assumption"});
    }
    reader.finish();
    book.add(std::move(info));
  }
}

/// Another part replaces the base's as a whole: nothing of the old chip may shine through.
void erase_replaced(const CatalogKind& kind, const Node& changes, Node& from) {
  for (const Part& part : parts) {
    const Node* other = changes.find(part.key);
    if (part.owner == kind.name && other != nullptr && is_reference(*other)) from.erase(part.key);
  }
  const Node* old = from.find("scale_up");
  if (kind.name != "rack" || old == nullptr) return;
  Node scale_up = *old;
  // How many chips a rack needs follows from switch and link; a count given for others is void.
  const Node* chip = changes.find("scale_up.switch");
  if (chip != nullptr && is_reference(*chip)) {
    scale_up.erase("switch");
    scale_up.erase("switches");
  }
  if (changes.find("scale_up.link") != nullptr) {
    // A link's leaves stand beside the rack's own.
    for (const Node::Member& m : old->members()) {
      if (m.key != "switch" && m.key != "stages" && m.key != "domain") scale_up.erase(m.key);
    }
  }
  from.set("scale_up", std::move(scale_up));
}

/// The tree of one file; those that are built in were parsed when they were.
Result<Node> tree_of(const EmbeddedFile& file) {
  std::string name = "catalog/" + std::string(file.path);
  const std::span<const EmbeddedFile> built_in = embedded_catalog();
  const auto at = std::find_if(built_in.begin(), built_in.end(),
                               [&](const EmbeddedFile& f) { return &f == &file; });
  if (at == built_in.end()) return parse_document(std::move(name), std::string(file.text));
  return from_tokens(
      embedded_tokens()[static_cast<std::size_t>(at - built_in.begin())],
      std::make_shared<const Source>(Source{std::move(name), std::string(file.text)}));
}

Error unknown_entry(const CatalogKind& kind, std::string_view name, const Node* at,
                    const std::vector<std::string>& names) {
  // "H100" where racks are asked for: nearer to hgx-h100 than any distance of letters says.
  std::string holding;
  for (const std::string& n : names) {
    if (name.size() < 3 || n.find(lower(name)) == std::string::npos) continue;
    holding += (holding.empty() ? "" : ", ") + n;
  }
  const std::string near = holding.empty() ? nearest(name, names) : "";
  const std::string list = "supernode catalog " + std::string(kind.folder);
  return {.code = ErrorCode::unknown_name,
          .message = "unknown " + std::string(kind.name) + " '" + std::string(name) + "'",
          .where = at == nullptr ? Location{} : at->where(),
          .hint = !holding.empty() ? "names with it: " + holding + " (" + list + ")"
                  : near.empty()   ? "see " + list
                                   : "did you mean '" + near + "'? (" + list + ")"};
}

}  // namespace

std::span<const CatalogKind> catalog_kinds() { return kinds; }

const CatalogKind* find_kind(std::string_view name) {
  for (const CatalogKind& k : kinds) {
    if (k.name == name || k.folder == name) return &k;
  }
  return nullptr;
}

Result<Catalog> Catalog::embedded() { return open(embedded_catalog()); }

Result<Catalog> Catalog::open(std::span<const EmbeddedFile> files) {
  Catalog catalog;
  catalog.files_ = files;
  Errors errors;
  for (const EmbeddedFile& f : files) {
    if (f.path != "sources.yaml") continue;
    const Result<Node> doc = tree_of(f);
    if (!doc) return fail(doc.error());
    read_sources(*doc, catalog.sources_, errors);
  }
  if (!errors.empty()) return fail(std::move(errors));
  return catalog;
}

std::vector<std::string> Catalog::names(const CatalogKind& kind) const {
  std::vector<std::string> out;
  const std::string folder = std::string(kind.folder) + "/";
  for (const EmbeddedFile& f : files_) {
    if (!f.path.starts_with(folder) || !f.path.ends_with(".yaml")) continue;
    out.emplace_back(f.path.substr(folder.size(), f.path.size() - folder.size() - 5));
  }
  for (const auto& [path, tree] : overlay_) {
    if (!path.starts_with(folder)) continue;
    std::string name = path.substr(folder.size(), path.size() - folder.size() - 5);
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
  }
  return out;
}

Result<Catalog> Catalog::with(std::vector<OverlayFile> files) const {
  Catalog out = *this;
  Errors errors;
  for (OverlayFile& f : files) {
    const auto slash = f.path.find('/');
    const bool entry =
        slash != std::string::npos && f.path.find('/', slash + 1) == std::string::npos;
    const CatalogKind* kind = entry ? find_kind(f.path.substr(0, slash)) : nullptr;
    const bool sources = f.path == "sources.yaml";
    if (!sources && (kind == nullptr || !f.path.starts_with(std::string(kind->folder) + "/"))) {
      errors.push_back({.code = ErrorCode::unknown_name,
                        .message = "'" + shown(f.path) + "' is no entry of the catalog",
                        .where = {.file = f.name},
                        .hint = "entries are KIND/NAME.yaml; supernode catalog lists the kinds"});
      continue;
    }
    const Result<Node> tree = parse_document(f.name, std::move(f.text));
    if (!tree) {
      errors.insert(errors.end(), tree.error().begin(), tree.error().end());
    } else if (!tree->is_map()) {
      errors.push_back({.code = ErrorCode::wrong_type,
                        .message = "'" + shown(f.path) + "' is " +
                                   (tree->is_null() ? "empty" : "no map of keys"),
                        .where = tree->is_null() ? Location{.file = f.name} : tree->where(),
                        .hint = "an entry is a map of its keys: title, base, ..."});
    } else if (sources) {
      read_sources(*tree, out.sources_, errors);
    } else {
      out.overlay_.insert_or_assign(f.path, *tree);
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

/// The text of one path as a tree, with what lies over it.
Result<Node> Catalog::document(const std::string& path) const {
  const auto file = std::find_if(files_.begin(), files_.end(),
                                 [&](const EmbeddedFile& f) { return f.path == path; });
  const auto over = overlay_.find(path);
  if (file == files_.end()) return over->second;
  Result<Node> doc = tree_of(*file);
  if (!doc || over == overlay_.end()) return doc;
  return over->second.find("base") != nullptr ? over->second : overlay(*doc, over->second);
}

bool Catalog::has(const CatalogKind& kind, std::string_view name) const {
  const std::vector<std::string> all = names(kind);
  return std::find(all.begin(), all.end(), name) != all.end();
}

Result<Node> Catalog::entry(const CatalogKind& kind, std::string_view name, const Node* at) const {
  return entry_at_depth(kind, name, at, 0);
}

Result<Node> Catalog::resolve(const CatalogKind& kind, const Node& reference) const {
  return resolve_at_depth(kind, reference, 0);
}

Result<Node> Catalog::entry_at_depth(const CatalogKind& kind, std::string_view name, const Node* at,
                                     int depth) const {
  const std::string path = std::string(kind.folder) + "/" + std::string(name) + ".yaml";
  if (!has(kind, name)) return fail(unknown_entry(kind, name, at, names(kind)));
  Result<Node> doc = document(path);
  if (!doc) return doc;
  if (doc->find("base") != nullptr) {
    doc = resolve_at_depth(kind, *doc, depth);
    if (!doc) return doc;
  } else {
    Errors errors;
    resolve_parts(kind, *doc, errors, depth);
    if (!errors.empty()) return fail(std::move(errors));
  }
  doc->set("name", Node::scalar(std::string(name)));
  return doc;
}

Result<Node> Catalog::resolve_at_depth(const CatalogKind& kind, const Node& reference,
                                       int depth) const {
  if (depth >= max_depth && !reference.is_scalar()) {
    return fail({.code = ErrorCode::limit,
                 .message = "'base' refers to itself, or more than 8 levels deep",
                 .where = reference.where(),
                 .hint = {}});
  }
  if (reference.is_scalar()) {
    return entry_at_depth(kind, reference.text(), &reference, depth);
  }
  const Node* base = reference.find("base");
  if (base == nullptr || !base->is_scalar()) {
    return fail({.code = ErrorCode::missing,
                 .message = "expected the name of a " + std::string(kind.name) +
                            ", or a map with 'base' and changes",
                 .where = reference.where(),
                 .hint = "{base: NAME, KEY: VALUE, ...}"});
  }
  Result<Node> from = entry_at_depth(kind, base->text(), base, depth + 1);
  if (!from) return from;
  Node changes = reference;
  changes.erase("base");
  erase_replaced(kind, changes, *from);
  Errors errors;
  resolve_parts(kind, changes, errors, depth);
  if (!errors.empty()) return fail(std::move(errors));
  Node out = overlay(*from, changes);
  const bool modified = !changes.members().empty();
  out.set("name", Node::scalar(base->text() + (modified ? " (modified)" : "")));
  return out;
}

void Catalog::resolve_parts(const CatalogKind& kind, Node& tree, Errors& errors, int depth) const {
  for (const Part& part : parts) {
    const Node* reference = tree.find(part.key);
    if (part.owner != kind.name || reference == nullptr || !is_reference(*reference)) continue;
    Result<Node> resolved = resolve_at_depth(*find_kind(part.kind), *reference, depth);
    tree.set(std::string(part.key), take(std::move(resolved), errors));
  }
  const Node* scale_up = kind.name == "rack" ? tree.find("scale_up") : nullptr;
  if (scale_up == nullptr || !scale_up->is_map()) return;
  Node own = *scale_up;
  const Node* chip = own.find("switch");
  if (chip != nullptr && is_reference(*chip)) {
    own.set("switch", take(resolve_at_depth(*find_kind("switch"), *chip, depth), errors));
  }
  // ScaleUp lays its own leaves (domain, switch) over those of the link that it names.
  const Node* link = own.find("link");
  if (link != nullptr) {
    const Node at_link = take(resolve_at_depth(*find_kind("link"), *link, depth), errors);
    own.erase("link");
    own = overlay(at_link, own);
  }
  tree.set("scale_up", std::move(own));
}

}  // namespace sn::catalog
