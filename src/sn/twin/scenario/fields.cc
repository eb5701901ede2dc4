// sn/twin/scenario/fields.cc
//
// Lays values over paths of a scenario (see fields.h).

#include "sn/twin/scenario/fields.h"

#include <memory>
#include <vector>

#include "sn/base/text/text.h"

namespace sn::twin {

namespace {

Node laid(const Node& node, const std::vector<std::string>& keys, std::size_t depth,
          const Node& value) {
  if (depth == keys.size()) return value;
  Node map = node;
  if (node.is_scalar()) {
    map = Node::map();
    map.set("base", node);
  } else if (!node.is_map()) {
    map = Node::map();
  }
  const Node* child = map.find(keys[depth]);
  map.set(keys[depth], laid(child == nullptr ? Node::map() : *child, keys, depth + 1, value));
  return map;
}

}  // namespace

Result<FieldValue> parse_field(const std::string& text, const std::string& flag) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && equals > 0) {
    return FieldValue{text.substr(0, equals), text.substr(equals + 1)};
  }
  return fail({.code = ErrorCode::syntax,
               .message = "'" + shown(text) + "' names no field and value",
               .where = {.file = flag},
               .hint = "write PATH=VALUE: cluster.rack.gpus=16"});
}

Node with_field(const Node& scenario, const std::string& path, const std::string& value,
                const std::string& flag) {
  const auto source = std::make_shared<const Source>(Source{flag + " " + path, value, {}});
  Node node = Node::scalar(value, source, 1, 1);
  if (value.starts_with('[') || value.starts_with('{')) {  // a list or a map, as in the file
    if (Result<Node> parsed = parse_document(flag + " " + path, value)) node = *std::move(parsed);
  }
  return laid(scenario, split(path, "."), 0, node);
}

}  // namespace sn::twin
