// apps/cli/catalog_verb.cc
//
// `supernode catalog [KIND | show NAME]`: what the catalog knows, and from where.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/open_catalog.h"
#include "sn/base/files.h"
#include "sn/catalog/catalog.h"
#include "sn/draw/catalog/datasheet.h"
#include "sn/draw/catalog/datasheet_diff.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode catalog";

struct Found {
  const catalog::CatalogKind* kind = nullptr;
  std::string name;
};

std::string of_kind(const catalog::CatalogKind& kind, const std::string& name) {
  return std::string(kind.folder) + "/" + name;
}

Error unknown_kind(const std::string& name) {
  std::vector<std::string> folders;
  std::string all;
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    folders.emplace_back(k.folder);
    all += (all.empty() ? "" : ", ") + folders.back();
  }
  const std::string near = nearest(name, folders);
  return flag_error(verb, "unknown kind '" + shown(name) + "'",
                    near.empty() ? "kinds are " + all : "did you mean '" + near + "'?");
}

/// Entries called `name` in any kind.
std::vector<Found> find_everywhere(const catalog::Catalog& catalog, const std::string& name) {
  std::vector<Found> out;
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    if (catalog.has(k, name)) out.push_back({&k, name});
  }
  return out;
}

Error unknown_name(const catalog::Catalog& catalog, const std::string& name) {
  std::vector<std::string> names;
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    for (const std::string& n : catalog.names(k)) names.push_back(n);
  }
  const std::string near = nearest(name, names);
  return flag_error(
      verb, "the catalog has no '" + shown(name) + "'",
      near.empty() ? "supernode catalog lists what it has" : "did you mean '" + near + "'?");
}

/// `text` is NAME or KIND/NAME.
Result<Found> find_entry(const catalog::Catalog& catalog, const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const catalog::CatalogKind* kind = catalog::find_kind(text.substr(0, slash));
    if (kind == nullptr) return fail(unknown_kind(text.substr(0, slash)));
    return Found{kind, text.substr(slash + 1)};
  }
  const std::vector<Found> found = find_everywhere(catalog, text);
  if (found.size() == 1) return found.front();
  if (found.empty()) return fail(unknown_name(catalog, text));
  std::string choices;
  for (const Found& f : found) {
    choices += (choices.empty() ? "" : " or ") + of_kind(*f.kind, text);
  }
  return fail(
      flag_error(verb, "'" + shown(text) + "' is the name of several entries", "write " + choices));
}

int show(const catalog::Catalog& catalog, const std::string& name, bool json) {
  const Result<Found> found = find_entry(catalog, name);
  if (!found) return refuse(found.error());
  const Result<draw::Datasheet> sheet = draw::read_datasheet(catalog, *found->kind, found->name);
  if (!sheet) return refuse(sheet.error());
  return print(json ? draw::datasheet_json(*sheet) : draw::datasheet_text(*sheet, text_style({})));
}

/// Two entries of one kind; a kind that only one of the names has settles the other.
int diff(const catalog::Catalog& catalog, const std::string& a, const std::string& b, bool json) {
  Errors errors;
  const auto found = [&](const std::string& name) -> std::optional<Found> {
    Result<Found> one = find_entry(catalog, name);
    if (one) return *one;
    errors.insert(errors.end(), one.error().begin(), one.error().end());
    return std::nullopt;
  };
  const std::optional<Found> left = found(a);
  const std::optional<Found> right = found(b);
  if (!errors.empty()) return refuse(errors);
  if (left->kind != right->kind) {
    return refuse({flag_error(verb,
                              "'" + of_kind(*left->kind, left->name) + "' and '" +
                                  of_kind(*right->kind, right->name) + "' are of two kinds",
                              "compare entries of one kind (supernode catalog)")});
  }
  const Result<draw::Datasheet> one = draw::read_datasheet(catalog, *left->kind, left->name);
  const Result<draw::Datasheet> two = draw::read_datasheet(catalog, *right->kind, right->name);
  if (!one) return refuse(one.error());
  if (!two) return refuse(two.error());
  const draw::DatasheetDiff d = draw::diff_of(*one, *two);
  return print(json ? draw::diff_json(d) : draw::diff_text(d, text_style({})));
}

/// `text` is the name of a model or the path of a config.json (or of a file like a catalog entry).
int show_model(const catalog::Catalog& catalog, const std::string& text, bool json) {
  const catalog::CatalogKind* kind = catalog::find_kind("model");
  SN_ASSERT(kind != nullptr);
  if (catalog.has(*kind, text)) return show(catalog, of_kind(*kind, text), json);
  // A word without a dot or slash is meant as a name: offer the nearest one.
  if (text.find_first_of("./") == std::string::npos) {
    return refuse(catalog.entry(*kind, text).error());
  }
  constexpr std::size_t most_bytes = 4u << 20;
  Result<std::string> file = read_file(text, most_bytes);
  if (!file) return refuse(file.error());
  Result<Node> tree = parse_document(text, *std::move(file));
  if (!tree) return refuse(tree.error());
  // NVIDIA's checkpoints say their format in a file of its own.
  const std::string folder = text.substr(0, text.find_last_of('/') + 1);
  if (const auto beside = read_file(folder + "hf_quant_config.json", most_bytes);
      beside && tree->is_map() && tree->find("quantization_config") == nullptr) {
    Result<Node> format = parse_document(folder + "hf_quant_config.json", *beside);
    if (!format) return refuse(format.error());
    tree->set("hf_quant_config", *std::move(format));
  }
  const Result<draw::Datasheet> sheet = draw::read_model_datasheet(*tree, text);
  if (!sheet) return refuse(sheet.error());
  return print(json ? draw::datasheet_json(*sheet) : draw::datasheet_text(*sheet, text_style({})));
}

int list(const catalog::Catalog& catalog, const std::string& name, bool json) {
  std::vector<draw::CatalogListing> kinds;
  for (const catalog::CatalogKind& k : catalog::catalog_kinds()) {
    if (name.empty() || &k == catalog::find_kind(name))
      kinds.push_back(draw::list_kind(catalog, k));
  }
  if (kinds.empty()) {
    const std::vector<Found> found = find_everywhere(catalog, name);
    if (found.empty()) return refuse({unknown_kind(name)});
    return refuse({flag_error(verb, "'" + shown(name) + "' is an entry, not a kind",
                              "supernode catalog show " + of_kind(*found.front().kind, name))});
  }
  return print(json ? draw::listing_json(kinds) : draw::listing_text(kinds, text_style({})));
}

}  // namespace

int run_catalog(const Args& args) {
  CLI::App app("What is known of chips, links, racks, networks, models and software.", verb);
  std::vector<std::string> words;
  bool json = false;
  std::string folder;
  app.add_option("WORDS", words,
                 "nothing, a KIND, or: show NAME, show KIND/NAME, diff A B, model PATH|NAME");
  app.add_flag("--json", json, "JSON instead of text (schema/catalog.schema.json)");
  add_catalog_flag(app, folder);
  app.footer(
      "\nexamples:\n"
      "  supernode catalog                    kinds and names\n"
      "  supernode catalog racks              racks with their titles\n"
      "  supernode catalog show al128         every number with its source\n"
      "  supernode catalog show models/deepseek-v3 --json\n"
      "  supernode catalog diff b200 b300     values that differ, and by which factor\n"
      "  supernode catalog model config.json  what a Hugging Face configuration comes to");
  if (const auto code = parse(app, args)) return *code;

  const bool showing = !words.empty() && words.front() == "show";
  const bool sizing = words.size() == 2 && words.front() == "model";
  const bool comparing = !words.empty() && words.front() == "diff";
  if (comparing && words.size() != 3) {
    return refuse({flag_error(verb, "diff takes two entries", "supernode catalog diff b200 b300")});
  }
  if (words.size() > (comparing ? 3u : showing || sizing ? 2u : 1u)) {
    return refuse({flag_error(verb, "unexpected argument '" + shown(words.back()) + "'",
                              "supernode catalog show NAME shows one entry")});
  }
  if (showing && words.size() < 2) {
    return refuse({flag_error(verb, "show what?", "supernode catalog show al128")});
  }
  const Result<catalog::Catalog> catalog = open_catalog(folder);
  if (!catalog) return refuse(catalog.error());
  if (comparing) return diff(*catalog, words[1], words[2], json);
  if (sizing) return show_model(*catalog, words[1], json);
  if (showing) return show(*catalog, words[1], json);
  return list(*catalog, words.empty() ? std::string() : words.front(), json);
}

}  // namespace sn::cli
