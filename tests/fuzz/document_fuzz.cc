// tests/fuzz/document_fuzz.cc
//
// libFuzzer entry for the document reader: any bytes are a tree or a list of errors, never a crash,
// a hang or a place outside the text.
//
//   First byte: which name the text has (so that the JSON reader is reached alone). Rest: the text.
//   With limits small enough to be reached.

#include <cstddef>
#include <cstdint>
#include <string>

#include "sn/base/document/document.h"
#include "sn/base/units/units.h"

namespace {

void check_place(const sn::Location& where, const std::string& name) {
  SN_ASSERT(where.file == name);
  SN_ASSERT(where.line >= 0 && where.column >= 0 && where.length >= 1);
  SN_ASSERT(where.excerpt.size() <= 170);
}

std::size_t walk(const sn::Node& node, const std::string& name, int depth) {
  check_place(node.where(), name);
  SN_ASSERT(depth <= 16);
  std::size_t count = 1;
  for (const sn::Node& item : node.items()) count += walk(item, name, depth + 1);
  for (const sn::Node::Member& m : node.members()) {
    check_place(m.where(), name);
    SN_ASSERT(node.find(m.key) != nullptr);
    count += walk(m.value, name, depth + 1);
  }
  sn::Errors errors;
  const sn::Range range{0.0, 1e6};
  static_cast<void>(sn::read_quantity(node, "value", sn::Time::dimension, range, errors));
  static_cast<void>(sn::read_integer(node, "value", range, errors));
  static_cast<void>(sn::read_boolean(node, "value", errors));
  sn::MapReader reader(node, "", errors);
  static_cast<void>(reader.require("name"));
  reader.finish();
  static_cast<void>(sn::render(errors));
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string name = data[0] % 2 == 0 ? "fuzz.yaml" : "fuzz.json";
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const sn::DocumentLimits limits{.bytes = 1u << 16, .nodes = 500, .depth = 16};
  const auto document = sn::parse_document(name, text, limits);
  if (!document) {
    SN_ASSERT(!document.error().empty());
    for (const sn::Error& e : document.error()) check_place(e.where, name);
    SN_ASSERT(!sn::render(document.error()).empty());
    return 0;
  }
  SN_ASSERT(walk(*document, name, 0) <= limits.nodes);
  SN_ASSERT(walk(sn::merge(*document, *document), name, 0) <= limits.nodes);
  return 0;
}
