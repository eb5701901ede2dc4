// apps/cli/verbs/catalog_verb.cc
//
// `supernode catalog [KIND | show NAME | search WORD]`: what the catalog knows, and from where.

#include <CLI/CLI.hpp>
#include <functional>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "sn/api/catalog/datasheet.h"
#include "sn/api/open.h"
#include "sn/draw/catalog/datasheet.h"
#include "sn/draw/catalog/datasheet_diff.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode catalog";

/// Where the answer goes to.
using Write = std::function<int(const std::function<std::string()>& json,
                                const std::function<std::string()>& text)>;

int show(const Result<api::Datasheet>& sheet, const Write& write) {
  if (!sheet) return refuse(verb, sheet.error());
  return write([&] { return draw::datasheet_json(*sheet); },
               [&] { return draw::datasheet_text(*sheet, text_style({})); });
}

int diff(const catalog::Catalog& catalog, const std::string& a, const std::string& b,
         const Write& write) {
  const auto both = api::datasheets(catalog, a, b);
  if (!both) return refuse(verb, both.error());
  const api::DatasheetDiff d = api::diff_of(both->first, both->second);
  return write([&] { return draw::diff_json(d); },
               [&] { return draw::diff_text(d, text_style({})); });
}

int list(const Result<std::vector<api::CatalogListing>>& kinds, const Write& write) {
  if (!kinds) return refuse(verb, kinds.error());
  return write([&] { return draw::listing_json(*kinds); },
               [&] { return draw::listing_text(*kinds, text_style({})); });
}

}  // namespace

int run_catalog(const Args& args) {
  CLI::App app("What is known of chips, links, racks, networks, models and software.", verb);
  std::vector<std::string> words;
  std::string folder;
  app.add_option("WORDS", words,
                 "nothing, a KIND, or: show NAME, show KIND/NAME, search WORD, diff A B, "
                 "model PATH|NAME");
  Outputs outputs(app, {{"--json", "JSON (schema/catalog.schema.json)"}});
  add_catalog_flag(app, folder);
  app.footer(
      "\nexamples:\n"
      "  supernode catalog                    kinds and names\n"
      "  supernode catalog racks              racks with their titles\n"
      "  supernode catalog scenarios          questions to start from\n"
      "  supernode catalog search h100        entries with it in their name or title\n"
      "  supernode catalog show al128         every number with its source\n"
      "  supernode catalog show models/deepseek-v3 --json\n"
      "  supernode catalog diff b200 b300     values that differ, and by which factor\n"
      "  supernode catalog model config.json  what a Hugging Face configuration comes to");
  if (const auto code = parse(app, args)) return *code;

  Errors errors;
  outputs.check(verb, {}, errors);
  if (!errors.empty()) return refuse(errors);
  const bool showing = !words.empty() && words.front() == "show";
  const bool sizing = words.size() == 2 && words.front() == "model";
  const bool searching = !words.empty() && words.front() == "search";
  if (searching && (words.size() != 2 || words[1].empty())) {
    return refuse({flag_error(verb, "search takes one word", "supernode catalog search h100")});
  }
  const bool comparing = !words.empty() && words.front() == "diff";
  if (comparing && words.size() != 3) {
    return refuse({flag_error(verb, "diff takes two entries", "supernode catalog diff b200 b300")});
  }
  if (words.size() > (comparing ? 3u : showing || sizing || searching ? 2u : 1u)) {
    return refuse({flag_error(verb, "unexpected argument '" + shown(words.back()) + "'",
                              "supernode catalog show NAME shows one entry")});
  }
  if (showing && words.size() < 2) {
    return refuse({flag_error(verb, "show what?", "supernode catalog show al128")});
  }
  const Result<catalog::Catalog> catalog = api::open_catalog(folder);
  if (!catalog) return refuse(verb, catalog.error());
  const Write write = [&](const auto& json, const auto& text) {
    return outputs.write({{"--json", json}}, text);
  };
  if (comparing) return diff(*catalog, words[1], words[2], write);
  if (sizing) return show(api::model_datasheet(*catalog, words[1]), write);
  if (showing) return show(api::datasheet(*catalog, words[1]), write);
  if (searching) return list(api::search_catalog(*catalog, words[1]), write);
  return list(api::list_catalog(*catalog, words.empty() ? std::string() : words.front()), write);
}

}  // namespace sn::cli
