// apps/cli/verb_page.cc
//
// Pages of the verbs (see verb_page.h).

#include "apps/cli/verb_page.h"

namespace sn::cli {

VerbPage describe(const Verb& verb) {
  VerbPage page;
  try {
    static_cast<void>(verb.run({std::string(describe_word)}));
  } catch (VerbPage& found) {
    page = std::move(found);
  }
  page.name = verb.name;
  page.summary = verb.summary;
  for (std::string_view rest = verb.words; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    page.words.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return page;
}

std::vector<VerbPage> describe_all() {
  std::vector<VerbPage> out;
  for (const Verb& verb : verbs()) out.push_back(describe(verb));
  return out;
}

}  // namespace sn::cli
