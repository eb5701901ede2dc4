// apps/cli/verb_page.h
//
// What a verb's own parser says of it, as values: completion and the manual page are made from it.
//
// A verb builds its parser when it runs, so it is run with a word that no user writes; `parse` then
// throws the page instead of parsing. A verb that calls `parse` needs nothing more.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/cli.h"

namespace sn::cli {

/// One flag ("--json", with "-j" where it has a short name) or one positional argument ("FILES").
struct PageOption {
  std::vector<std::string> names;
  std::string value;  // "FILE"; empty for a switch
  std::string text;
  bool positional = false;
};

struct VerbPage {
  std::string name;     // "plan"
  std::string summary;  // of `supernode --help`
  std::string text;     // of `supernode plan --help`
  std::vector<PageOption> options;
  std::vector<std::string> examples;
  std::vector<std::string> words;  // that its first argument may be
};

/// The argument that asks for the page; `parse` knows it.
inline constexpr std::string_view describe_word = "\x01 describe";

[[nodiscard]] VerbPage describe(const Verb& verb);
[[nodiscard]] std::vector<VerbPage> describe_all();

}  // namespace sn::cli
