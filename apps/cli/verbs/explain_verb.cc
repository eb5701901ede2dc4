// apps/cli/verbs/explain_verb.cc
//
// `supernode explain TERM`: what a word means; without one, all words.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "sn/api/glossary.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode explain";

std::string title_of(const api::Term& t) {
  return std::string(t.name) + (t.long_name.empty() ? "" : " (" + std::string(t.long_name) + ")");
}

std::string page_of_all() {
  std::string out =
      "# Glossary\n\n<!-- Written by `supernode explain --markdown`; the terms are in "
      "src/sn/api/glossary.cc. -->\n\n";
  for (const api::Term& t : api::glossary()) {
    out += "**" + title_of(t) + "**: " + std::string(t.meaning);
    if (!t.see.empty()) out += " See `" + std::string(t.see) + "`.";
    out += "\n\n";
  }
  out.pop_back();
  return out;
}

}  // namespace

int run_explain(const Args& args) {
  CLI::App app("What a word of this program means.", verb);
  std::vector<std::string> words;
  bool markdown = false;
  app.add_option("TERM", words, "TTFT, knee, ...; all terms without one");
  app.add_flag("--markdown", markdown, "all terms as a page (docs/glossary.md)");
  app.footer("\nexamples:\n  supernode explain TPOT\n  supernode explain time to first token");
  if (const auto code = parse(app, args)) return *code;
  if (markdown) return print(page_of_all());
  std::string name;
  for (const std::string& w : words) name += (name.empty() ? "" : " ") + w;
  if (name.empty()) {
    std::string out;
    for (const api::Term& t : api::glossary()) out += title_of(t) + "\n";
    return print(out);
  }
  const Result<api::Term> term = api::find_term(name);
  if (!term) return refuse(verb, term.error());
  const std::string see = term->see.empty() ? "" : "  see: " + std::string(term->see) + "\n";
  return print(title_of(*term) + "\n" + "  " + draw::wrapped(term->meaning, 2, 98) + "\n" + see);
}

}  // namespace sn::cli
