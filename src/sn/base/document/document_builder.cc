// sn/base/document/document_builder.cc
//
// The rules that YAML and JSON texts share; see the header.

#include "sn/base/document/document_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/text/utf8.h"

namespace sn {

namespace {

constexpr std::size_t most_errors = 100;

bool well_formed(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t length = utf8_length(text, pos);
    if (length == 0 || text[pos] == '\0') return false;
    pos += length;
  }
  return true;
}

}  // namespace

bool NodeBuilder::wants_key() const {
  return !open_.empty() && open_.back().node.is_map() && !open_.back().key_waits;
}

void NodeBuilder::report(ErrorCode code, std::string message, Place at, int length,
                         std::string hint) {
  errors_.push_back(Error{.code = code,
                          .message = std::move(message),
                          .where = locate(*source_, at.line, at.column, length),
                          .hint = std::move(hint)});
  if (errors_.size() >= most_errors) throw Stop{};
}

void NodeBuilder::stop(ErrorCode code, std::string message, Place at, std::string hint) {
  report(code, std::move(message), at, 1, std::move(hint));
  throw Stop{};
}

void NodeBuilder::count(Place at) {
  if (++nodes_ > limits_.nodes) {
    stop(ErrorCode::limit, fmt::format("more than {} values in one document", limits_.nodes), at);
  }
}

void NodeBuilder::open(Node node, Place at) {
  if (wants_key()) stop(ErrorCode::syntax, "a key must be text, not a list or a map", at);
  count(at);
  if (open_.size() >= static_cast<std::size_t>(std::max(0, limits_.depth))) {
    stop(ErrorCode::limit, fmt::format("nested deeper than {} levels", limits_.depth), at);
  }
  open_.push_back(Frame{.node = std::move(node)});
}

void NodeBuilder::close() {
  SN_ASSERT(!open_.empty() && !open_.back().key_waits);
  Node done = std::move(open_.back().node);
  open_.pop_back();
  add(std::move(done));
}

void NodeBuilder::scalar(std::string text, Place at, bool quoted) {
  if (!well_formed(text)) {
    report(ErrorCode::syntax, "text with a NUL or a broken escape in it", at, 1);
    text.clear();
  }
  if (wants_key()) {
    key(std::move(text), at);
    return;
  }
  count(at);
  add(Node::scalar(std::move(text), source_, at.line, at.column, quoted));
}

void NodeBuilder::null(Place at) {
  if (wants_key()) stop(ErrorCode::syntax, "a key must be text; found nothing or null", at);
  count(at);
  // A value left out ("slo:") has no place of its own; its key's is where a person would look.
  const bool keyed = !open_.empty() && open_.back().node.is_map();
  const Place place = keyed ? open_.back().key_at : at;
  add(Node::null(source_, place.line, place.column));
}

void NodeBuilder::key(std::string text, Place at) {
  Frame& frame = open_.back();
  frame.key_twice = !frame.keys.insert(text).second;
  if (frame.key_twice) {
    const auto& members = frame.node.members_;
    const auto first = std::find_if(members.begin(), members.end(),
                                    [&](const Node::Member& m) { return m.key == text; });
    const std::string hint =
        first == members.end() ? "" : fmt::format("first used in line {}", first->key_line);
    report(ErrorCode::syntax, fmt::format("key '{}' appears twice", shown(text)), at,
           static_cast<int>(text.size()), hint);
  }
  frame.key = std::move(text);
  frame.key_at = at;
  frame.key_waits = true;
}

void NodeBuilder::add(Node node) {
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  Frame& frame = open_.back();
  if (frame.node.is_list()) {
    frame.node.items_.push_back(std::move(node));
    return;
  }
  SN_ASSERT(frame.key_waits);
  frame.key_waits = false;
  if (frame.key_twice) return;
  frame.node.members_.push_back(Node::Member{.key = std::move(frame.key),
                                             .value = std::move(node),
                                             .key_line = frame.key_at.line,
                                             .key_column = frame.key_at.column});
}

}  // namespace sn
