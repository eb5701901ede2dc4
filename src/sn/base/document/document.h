// sn/base/document/document.h
//
// A YAML or JSON text as a tree whose every node knows its line and column.
//
// One tree serves both formats. A text that starts with '{' or '[' is read as strict JSON
// (RFC 8259) and, where it is not JSON, as YAML; a name that ends in ".json" makes it JSON alone.
// Not accepted: anchors, aliases, tags, duplicate keys, several documents in one text, keys that
// are not text, NUL and other control characters, text that is not UTF-8. Limits: `DocumentLimits`.
// yaml-cpp is wrapped behind this header and leaks nowhere else.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sn/base/result.h"
#include "sn/base/units/quantity.h"

namespace sn {

struct DocumentLimits {
  std::size_t bytes = 4u << 20;
  std::size_t nodes = 200'000;  // values, lists and maps; keys do not count
  int depth = 32;               // lists and maps within each other
};

/// The text a node came from; shared by all its nodes so that merged trees still point at their own
/// file. `line_starts` (offset of each line) is an index that `parse_document` fills; may be empty.
struct Source {
  std::string name;
  std::string text;
  std::vector<std::size_t> line_starts = {};
};

/// A place in `source` (line and column from 1, 0 when unknown) with its line as excerpt. `length`
/// is cut at the end of the line; at least 1. A long line is cut to 160 bytes around the column.
[[nodiscard]] Location locate(const Source& source, int line, int column, int length = 1);

class Node {
 public:
  enum class Kind { null, scalar, list, map };
  struct Member;  // key, its node and the key's own position

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_null() const { return kind_ == Kind::null; }
  [[nodiscard]] bool is_scalar() const { return kind_ == Kind::scalar; }
  [[nodiscard]] bool is_list() const { return kind_ == Kind::list; }
  [[nodiscard]] bool is_map() const { return kind_ == Kind::map; }

  /// Text of a scalar as written (unquoted); empty otherwise.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool quoted() const { return quoted_; }
  [[nodiscard]] const std::vector<Node>& items() const { return items_; }
  [[nodiscard]] const std::vector<Member>& members() const;

  /// Member by key or by dotted path ("slo.ttft.p90"); nullptr when absent.
  [[nodiscard]] const Node* find(std::string_view path) const;

  /// Position of this node, with the source line as excerpt. Without a source: line and column.
  [[nodiscard]] Location where() const;

  static Node scalar(std::string text, std::shared_ptr<const Source> source = {}, int line = 0,
                     int column = 0, bool quoted = false);
  static Node list(std::shared_ptr<const Source> source = {}, int line = 0, int column = 0);
  static Node map(std::shared_ptr<const Source> source = {}, int line = 0, int column = 0);
  static Node null(std::shared_ptr<const Source> source = {}, int line = 0, int column = 0);

  void append(Node item);
  /// Sets or replaces `key`; the new node's own position stands for the key's when none is given.
  void set(std::string key, Node value, int key_line = 0, int key_column = 0);
  void erase(std::string_view key);

 private:
  friend class NodeBuilder;  // fills a tree without the search for the key that `set` makes

  Kind kind_ = Kind::null;
  bool quoted_ = false;
  int line_ = 0;
  int column_ = 0;
  std::shared_ptr<const Source> source_;
  std::string text_;
  std::vector<Node> items_;
  std::vector<Member> members_;
};

struct Node::Member {
  std::string key;
  Node value;
  int key_line = 0;
  int key_column = 0;

  /// Position of the key.
  [[nodiscard]] Location where() const;
};

/// Parses YAML or JSON. `name` is what messages call the text (a path, as a rule). An empty text is
/// a null node.
[[nodiscard]] Result<Node> parse_document(std::string name, std::string text,
                                          DocumentLimits limits = {});

/// `base` with every member of `over` laid over it: maps merged recursively, anything else
/// replaced, also by null. `over` as a whole may be null (an empty file): the result is `base`.
[[nodiscard]] Node merge(const Node& base, const Node& over);

/// Inclusive range that a number must lie in; the message shows it with units. An infinite end is
/// no limit.
struct Range {
  double min = 0.0;
  double max = 0.0;
};

/// Reads the members of one map, collecting every mistake into `errors`. `finish` reports keys that
/// nobody asked for, with the nearest valid one. A missing required member is reported at the map's
/// position. An absent member is no error to the readers below `require`: they return nothing. The
/// node must outlive the reader.
class MapReader {
 public:
  /// `what` names the map in messages ("slo", "cluster"); may be empty for the whole document. A
  /// node that is not a map is reported at once, and then nothing in it is called missing.
  MapReader(const Node& node, std::string what, Errors& errors);

  [[nodiscard]] bool has(std::string_view key);
  /// The member, or nullptr. Marks the key as known.
  [[nodiscard]] const Node* get(std::string_view key);
  [[nodiscard]] const Node* require(std::string_view key);

  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, Range range);
  [[nodiscard]] std::optional<double> number(std::string_view key, Range range);
  [[nodiscard]] std::optional<bool> boolean(std::string_view key);
  /// One of `choices`, else an error with the nearest.
  [[nodiscard]] std::optional<std::string> choice(std::string_view key,
                                                  const std::vector<std::string>& choices);
  template <class Q>
  [[nodiscard]] std::optional<Q> quantity(std::string_view key, Q min, Q max) {
    const auto v = raw_quantity(key, Q::dimension, {min.si(), max.si()});
    if (!v) return std::nullopt;
    return Q::from_si(*v);
  }
  [[nodiscard]] std::optional<double> raw_quantity(std::string_view key, Dimension dimension,
                                                   Range range);

  /// Reports unknown keys. Call once, after every key was asked for.
  void finish();
  /// An error at `at`, or at the map when null.
  void report(ErrorCode code, std::string message, const Node* at, std::string hint = {});

 private:
  [[nodiscard]] std::string name_of(std::string_view key) const;

  const Node* node_;
  std::string what_;
  Errors* errors_;
  std::vector<std::string> known_;
};

/// Scalars to values, with the errors that `MapReader` gives; also for items of lists.
[[nodiscard]] std::optional<double> read_quantity(const Node& node, std::string_view what,
                                                  Dimension dimension, Range range, Errors& errors);
[[nodiscard]] std::optional<std::int64_t> read_integer(const Node& node, std::string_view what,
                                                       Range range, Errors& errors);
[[nodiscard]] std::optional<bool> read_boolean(const Node& node, std::string_view what,
                                               Errors& errors);
[[nodiscard]] std::optional<std::string> read_text(const Node& node, std::string_view what,
                                                   Errors& errors);

}  // namespace sn
