// sn/evidence/serving/rows/engine_versions.cc
//
// See the header.

#include "sn/evidence/serving/rows/engine_versions.h"

#include <array>
#include <charconv>

namespace sn::evidence {

namespace {

using Version = std::array<int, 3>;

/// The first three numbers of "…:v0.5.12-cu130"; zeros where there are none.
Version version_of(std::string_view text) {
  text = text.substr(0, text.find('@'));  // the digest of an image
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos) text.remove_prefix(colon + 1);
  if (text.starts_with('v')) text.remove_prefix(1);
  Version out = {};
  for (int& number : out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) break;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace

std::string engine_entry(std::string_view engine, std::string_view version) {
  const Version v = version_of(version);
  std::string_view family;
  if (engine == "vllm" && v < Version{0, 13, 0}) family = "-0.11";
  if (engine == "sglang" && v < Version{0, 5, 7}) family = "-0.5.5";
  // Dynamo numbers its own releases, from 0.5 on, and ships later builds of the engine.
  const bool dynamo = v[0] == 0 && v[1] > 0;
  if (engine == "trtllm" && !dynamo) {
    if (v < Version{1, 2, 0}) family = "-1.1";
    if (v >= Version{1, 0, 0} && v < Version{1, 1, 0}) family = "-1.0";
  }
  return std::string(engine) + std::string(family);
}

}  // namespace sn::evidence
