// sn/base/document/document.cc
//
// The document tree, places in a text, and the choice of reader; see the header. The readers are in
// document_json.cc and document_yaml.cc, `MapReader` in map_reader.cc.

#include "sn/base/document/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>

#include "sn/base/document/document_builder.h"
#include "sn/base/text/utf8.h"

namespace sn {

namespace {

constexpr std::size_t longest_excerpt = 160;

/// `pos`, or the end of the character that it is inside; at most three bytes further.
std::size_t next_character(std::string_view text, std::size_t pos) {
  const std::size_t last = std::min(pos + 3, text.size());
  while (pos < last && (static_cast<unsigned char>(text[pos]) & 0xc0u) == 0x80u) ++pos;
  return pos;
}

std::vector<std::size_t> line_starts_of(std::string_view text) {
  std::vector<std::size_t> starts = {0};
  for (std::size_t pos = text.find('\n'); pos != std::string_view::npos;
       pos = text.find('\n', pos + 1)) {
    starts.push_back(pos + 1);
  }
  return starts;
}

/// Line `line` (from 1) without its end; empty when there is no such line.
std::string_view line_of(const Source& source, int line) {
  const std::string_view text = source.text;
  const auto number = static_cast<std::size_t>(line - 1);
  const std::vector<std::size_t> scanned =
      source.line_starts.empty() ? line_starts_of(text) : std::vector<std::size_t>{};
  const std::vector<std::size_t>& starts = scanned.empty() ? source.line_starts : scanned;
  if (number >= starts.size() || starts[number] > text.size()) return {};
  std::string_view out = text.substr(starts[number]);
  if (number + 1 < starts.size()) out = out.substr(0, starts[number + 1] - starts[number] - 1);
  if (out.ends_with('\r')) out.remove_suffix(1);
  return out;
}

/// Bytes that a scalar takes in its line, quotes included.
int length_in_source(const Source& source, int line, int column, std::string_view text,
                     bool quoted) {
  std::size_t length = text.size();
  if (quoted && column > 0) {
    const std::string_view whole = line_of(source, line);
    const auto at = static_cast<std::size_t>(column - 1);
    const char opening = at < whole.size() ? whole[at] : '\0';
    length = opening == '"' || opening == '\'' ? length + 2 : 1;  // else a block scalar's sign
  }
  return static_cast<int>(std::min<std::size_t>(length, 1u << 20));
}

const Node::Member* member(const Node& node, std::string_view key) {
  const auto& members = node.members();
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const Node::Member& m) { return m.key == key; });
  return found == members.end() ? nullptr : &*found;
}

}  // namespace

Location locate(const Source& source, int line, int column, int length) {
  Location out{.file = source.name, .line = line, .column = column, .length = std::max(1, length)};
  if (line < 1) return out;
  const std::string_view whole = line_of(source, line);
  const std::size_t at = std::min(static_cast<std::size_t>(std::max(1, column) - 1), whole.size());
  const auto rest = static_cast<int>(std::min<std::size_t>(whole.size() - at, 1u << 20));
  out.length = std::clamp(out.length, 1, std::max(1, rest));
  std::size_t begin = 0;
  if (whole.size() > longest_excerpt && at > longest_excerpt / 2) {
    const std::size_t latest = whole.size() - longest_excerpt;
    begin = next_character(whole, std::min(at - longest_excerpt / 2, latest));
  }
  const std::size_t end = next_character(whole, std::min(begin + longest_excerpt, whole.size()));
  out.excerpt = std::string(whole.substr(begin, end - begin));
  out.excerpt_column = static_cast<int>(begin) + 1;
  return out;
}

const std::vector<Node::Member>& Node::members() const { return members_; }

const Node* Node::find(std::string_view path) const {
  if (const Member* whole = member(*this, path)) return &whole->value;
  // Keys may hold dots themselves ("DeepSeek-V3.1"): every dot may be the one that divides.
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos;
       dot = path.find('.', dot + 1)) {
    const Member* head = member(*this, path.substr(0, dot));
    const Node* found = head == nullptr ? nullptr : head->value.find(path.substr(dot + 1));
    if (found != nullptr) return found;
  }
  return nullptr;
}

Location Node::where() const {
  if (!source_) return Location{.line = line_, .column = column_};
  int length = 1;
  if (is_scalar()) length = length_in_source(*source_, line_, column_, text_, quoted_);
  const bool at_first_key =
      !members_.empty() && members_[0].key_line == line_ && members_[0].key_column == column_;
  return at_first_key ? members_[0].where() : locate(*source_, line_, column_, length);
}

Location Node::Member::where() const {
  if (key_line < 1) return value.where();
  if (!value.source_) return Location{.line = key_line, .column = key_column};
  const Source& source = *value.source_;
  const std::string_view line = line_of(source, key_line);
  const auto at = static_cast<std::size_t>(std::max(1, key_column) - 1);
  const bool quoted = at < line.size() && (line[at] == '"' || line[at] == '\'');
  return locate(source, key_line, key_column,
                length_in_source(source, key_line, key_column, key, quoted));
}

Node Node::scalar(std::string text, std::shared_ptr<const Source> source, int line, int column,
                  bool quoted) {
  Node out = null(std::move(source), line, column);
  out.kind_ = Kind::scalar;
  out.text_ = std::move(text);
  out.quoted_ = quoted;
  return out;
}

Node Node::list(std::shared_ptr<const Source> source, int line, int column) {
  Node out = null(std::move(source), line, column);
  out.kind_ = Kind::list;
  return out;
}

Node Node::map(std::shared_ptr<const Source> source, int line, int column) {
  Node out = null(std::move(source), line, column);
  out.kind_ = Kind::map;
  return out;
}

Node Node::null(std::shared_ptr<const Source> source, int line, int column) {
  Node out;
  out.source_ = std::move(source);
  out.line_ = line;
  out.column_ = column;
  return out;
}

void Node::append(Node item) {
  SN_ASSERT(is_list());
  items_.push_back(std::move(item));
}

void Node::set(std::string key, Node value, int key_line, int key_column) {
  SN_ASSERT(is_map());
  if (key_line < 1) {
    key_line = value.line_;
    key_column = value.column_;
  }
  Member fresh{.key = std::move(key),
               .value = std::move(value),
               .key_line = key_line,
               .key_column = key_column};
  const auto old = std::find_if(members_.begin(), members_.end(),
                                [&](const Member& m) { return m.key == fresh.key; });
  if (old == members_.end()) {
    members_.push_back(std::move(fresh));
  } else {
    *old = std::move(fresh);
  }
}

void Node::erase(std::string_view key) {
  std::erase_if(members_, [&](const Member& m) { return m.key == key; });
}

Node NodeBuilder::merged(const Node& base, const Node& over) {
  if (!base.is_map() || !over.is_map()) return over;
  Node out = base;
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < base.members_.size(); ++i) index.emplace(base.members_[i].key, i);
  for (const Node::Member& m : over.members_) {
    const auto found = index.find(m.key);
    if (found == index.end()) {
      out.members_.push_back(m);
      continue;
    }
    Node::Member& old = out.members_[found->second];
    if (old.value.is_map() && m.value.is_map()) {
      old.value = merged(old.value, m.value);
    } else {
      old = m;
    }
  }
  return out;
}

Node merge(const Node& base, const Node& over) {
  return over.is_null() ? base : NodeBuilder::merged(base, over);
}

namespace {

/// The first byte that no document may hold, and why; nothing when all is well.
struct BadByte {
  std::size_t pos = 0;
  std::string message;
};

std::optional<BadByte> find_bad_byte(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const auto code = static_cast<unsigned char>(text[pos]);
    const std::size_t length = utf8_length(text, pos);
    if (length == 0) return BadByte{pos, fmt::format("byte 0x{:02x} is not UTF-8 text", code)};
    const bool line_end = code == '\n' || (code == '\r' && text.substr(pos).starts_with("\r\n"));
    if (code < 0x20 && code != '\t' && !line_end) {
      return BadByte{pos, fmt::format("control character 0x{:02x}", code)};
    }
    pos += length;
  }
  return std::nullopt;
}

Place place_at(const Source& source, std::size_t pos) {
  const auto& starts = source.line_starts;
  const auto after = std::upper_bound(starts.begin(), starts.end(), pos);
  return {static_cast<int>(after - starts.begin()), static_cast<int>(pos - *(after - 1)) + 1};
}

using Reader = void (*)(NodeBuilder&);

Result<Node> read_with(Reader reader, const std::shared_ptr<const Source>& source,
                       DocumentLimits limits) {
  NodeBuilder builder(source, limits);
  try {
    reader(builder);
  } catch (const Stop&) {
    // The reason is among the collected errors.
  } catch (const std::exception& e) {
    Errors errors = builder.take_errors();
    errors.push_back(Error{.code = ErrorCode::syntax,
                           .message = fmt::format("cannot be read: {}", shown(e.what(), 120)),
                           .where = {.file = source->name}});
    return fail(std::move(errors));
  }
  Errors errors = builder.take_errors();
  if (!errors.empty()) return fail(std::move(errors));
  return builder.take_root();
}

/// After an opening bracket, what only JSON (or a person who means it) writes.
bool looks_like_json(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const std::size_t second = text.find_first_not_of(" \t\r\n", first + 1);
  if (second == std::string_view::npos) return true;
  return std::string_view("\"{}[]").find(text[second]) != std::string_view::npos;
}

bool has_limit_error(const Errors& errors) {
  return std::any_of(errors.begin(), errors.end(),
                     [](const Error& e) { return e.code == ErrorCode::limit; });
}

}  // namespace

Result<Node> parse_document(std::string name, std::string text, DocumentLimits limits) {
  if (text.size() > limits.bytes) {
    return fail(Error{.code = ErrorCode::limit,
                      .message = fmt::format("the document has {} bytes; at most {} are read",
                                             text.size(), limits.bytes),
                      .where = {.file = name}});
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  auto filled = std::make_shared<Source>(Source{.name = std::move(name), .text = std::move(text)});
  filled->line_starts = line_starts_of(filled->text);
  const std::shared_ptr<const Source> source = filled;
  if (const auto bad = find_bad_byte(source->text)) {
    const Place at = place_at(*source, bad->pos);
    return fail(Error{.code = ErrorCode::syntax,
                      .message = bad->message,
                      .where = locate(*source, at.line, at.column),
                      .hint = "save the file as UTF-8 text"});
  }
  const std::size_t first = source->text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return Node::null(source, 1, 1);
  if (source->name.ends_with(".json")) return read_with(read_json, source, limits);
  const bool bracket = source->text[first] == '{' || source->text[first] == '[';
  if (!bracket) return read_with(read_yaml, source, limits);
  Result<Node> json = read_with(read_json, source, limits);
  if (json || has_limit_error(json.error())) return json;
  Result<Node> yaml = read_with(read_yaml, source, limits);
  return yaml || !looks_like_json(source->text) ? yaml : json;
}

}  // namespace sn
