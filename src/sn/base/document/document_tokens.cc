// sn/base/document/document_tokens.cc
//
// See the header.

#include "sn/base/document/document_tokens.h"

#include <cstdint>
#include <utility>

namespace sn {

namespace {

void put(std::string& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7) out += static_cast<char>(0x80 | (n & 0x7f));
  out += static_cast<char>(n);
}

void put(std::string& out, const std::string& text) {
  put(out, text.size());
  out += text;
}

void put(std::string& out, int line, int column) {
  put(out, static_cast<std::uint64_t>(line));
  put(out, static_cast<std::uint64_t>(column));
}

char tag_of(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::null:
      break;
    case Node::Kind::scalar:
      return node.quoted() ? 'q' : 's';
    case Node::Kind::list:
      return 'l';
    case Node::Kind::map:
      return 'm';
  }
  return 'n';
}

void put(std::string& out, const Node& node) {
  const Location at = node.where();
  out += tag_of(node);
  put(out, at.line, at.column);
  if (node.is_scalar()) put(out, node.text());
  if (node.is_list()) put(out, node.items().size());
  for (const Node& item : node.items()) put(out, item);
  if (node.is_map()) put(out, node.members().size());
  for (const Node::Member& m : node.members()) {
    put(out, m.key);
    put(out, m.key_line, m.key_column);
    put(out, m.value);
  }
}

class TokenReader {
 public:
  TokenReader(std::string_view tokens, std::shared_ptr<const Source> source)
      : left_(tokens), source_(std::move(source)) {}

  Node node() {
    const char tag = byte();
    const int line = small();
    const int column = small();
    if (tag == 's' || tag == 'q') return Node::scalar(text(), source_, line, column, tag == 'q');
    if (tag == 'n') return Node::null(source_, line, column);
    SN_ASSERT(tag == 'l' || tag == 'm');
    Node out = tag == 'l' ? Node::list(source_, line, column) : Node::map(source_, line, column);
    for (std::uint64_t count = number(); count > 0; --count) {
      if (tag == 'l') {
        out.append(node());
        continue;
      }
      std::string key = text();
      const int key_line = small();
      const int key_column = small();
      out.set(std::move(key), node(), key_line, key_column);
    }
    return out;
  }

  [[nodiscard]] bool done() const { return left_.empty(); }

 private:
  char byte() {
    SN_ASSERT(!left_.empty());
    const char c = left_.front();
    left_.remove_prefix(1);
    return c;
  }
  std::uint64_t number() {
    std::uint64_t out = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      const auto b = static_cast<unsigned char>(byte());
      out |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) break;
    }
    return out;
  }
  int small() { return static_cast<int>(number()); }
  std::string text() {
    const std::uint64_t size = number();
    SN_ASSERT(size <= left_.size());
    std::string out(left_.substr(0, size));
    left_.remove_prefix(size);
    return out;
  }

  std::string_view left_;
  std::shared_ptr<const Source> source_;
};

}  // namespace

std::string to_tokens(const Node& root) {
  std::string out;
  put(out, root);
  return out;
}

Node from_tokens(std::string_view tokens, std::shared_ptr<const Source> source) {
  TokenReader reader(tokens, std::move(source));
  Node out = reader.node();
  SN_ASSERT(reader.done());
  return out;
}

}  // namespace sn
