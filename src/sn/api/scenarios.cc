// sn/api/scenarios.cc
//
// Shipped scenarios by name (see scenarios.h).

#include "sn/api/scenarios.h"

#include <array>
#include <utility>

#include "sn/api/request_error.h"
#include "sn/base/text/text.h"
#include "sn/catalog/catalog_data.h"

namespace sn::api {

namespace {

/// What the first of its kind is called for short.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> short_names = {
    {{"al128", "al128-deepseek-v3"},
     {"deepseek-v3", "al128-deepseek-v3"},
     {"llama70b", "llama70b-hgx-h200"},
     {"nvl72", "nvl72-deepseek-v3"}}};

}  // namespace

std::vector<ShippedScenario> shipped_scenarios() {
  constexpr std::string_view ending = ".yaml";
  std::vector<ShippedScenario> out;
  for (const catalog::EmbeddedFile& file : catalog::embedded_scenarios()) {
    ShippedScenario s{.name = file.path, .text = file.text, .short_name = {}};
    s.name.remove_suffix(ending.size());
    for (const auto& [name, of] : short_names) {
      if (of == s.name) s.short_name = name;
    }
    out.push_back(s);
  }
  return out;
}

bool names_scenario(std::string_view text) {
  return !text.empty() && text.find_first_of("/.") == std::string_view::npos && text != "-";
}

Result<ShippedScenario> find_scenario(const std::string& name) {
  std::string wanted = lower(name);
  for (const auto& [shortened, of] : short_names) {
    if (shortened == wanted) wanted = of;
  }
  std::vector<ShippedScenario> parts;
  std::vector<std::string> names;
  for (const ShippedScenario& s : shipped_scenarios()) {
    if (s.name == wanted) return s;
    names.emplace_back(s.name);
    if (s.name.find(wanted) != std::string_view::npos) parts.push_back(s);
  }
  if (parts.size() == 1) return parts.front();
  std::string all;
  for (const ShippedScenario& s : parts) all += (all.empty() ? "" : ", ") + std::string(s.name);
  return fail(request_error(
      "scenario",
      parts.empty() ? "there is no file and no scenario '" + shown(name) + "'"
                    : "'" + shown(name) + "' is a part of several names",
      parts.empty() ? nearest_hint(name, names, "supernode catalog scenarios lists them")
                    : "write one of " + all));
}

}  // namespace sn::api
