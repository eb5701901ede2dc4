// sn/base/document/document_builder.h
//
// Where both readers (YAML events, JSON) put what they find; internal to document*.cc.
//
// The builder keeps the rules that hold for both: the limits of nodes and depth, keys are text, no
// key twice, well-formed text. What stops a reader travels as `Stop`, an exception that
// `parse_document` catches; what does not is collected.

#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sn/base/document/document.h"

namespace sn {

/// Thrown when reading cannot go on; the reason is the last of the collected errors.
struct Stop {};

/// Line and column, both from 1.
struct Place {
  int line = 0;
  int column = 0;
};

class NodeBuilder {
 public:
  NodeBuilder(std::shared_ptr<const Source> source, DocumentLimits limits)
      : source_(std::move(source)), limits_(limits), root_(Node::null(source_, 1, 1)) {}

  void open_list(Place at) { open(Node::list(source_, at.line, at.column), at); }
  void open_map(Place at) { open(Node::map(source_, at.line, at.column), at); }
  void close();
  /// A scalar is a key where a map waits for one.
  void scalar(std::string text, Place at, bool quoted);
  void null(Place at);

  /// Collects an error; stops the reader after many.
  void report(ErrorCode code, std::string message, Place at, int length, std::string hint = {});
  [[noreturn]] void stop(ErrorCode code, std::string message, Place at, std::string hint = {});

  /// True when the next scalar is a key.
  [[nodiscard]] bool wants_key() const;
  [[nodiscard]] const Source& source() const { return *source_; }
  [[nodiscard]] Errors take_errors() { return std::move(errors_); }
  /// The tree; a null node when nothing was read.
  [[nodiscard]] Node take_root() { return std::move(root_); }

  /// `merge` for two maps; here because it looks keys up by index, not one by one.
  [[nodiscard]] static Node merged(const Node& base, const Node& over);

 private:
  struct Frame {
    Node node;
    std::string key = {};
    Place key_at = {};
    bool key_waits = false;  // a key was read, its value not yet
    bool key_twice = false;  // reported; the value is read and dropped
    std::set<std::string> keys = {};
  };

  void open(Node node, Place at);
  void add(Node node);
  void key(std::string text, Place at);
  void count(Place at);

  std::shared_ptr<const Source> source_;
  DocumentLimits limits_;
  std::size_t nodes_ = 0;
  std::vector<Frame> open_;
  Node root_;
  Errors errors_;
};

/// Each reads the whole text of `builder.source()`; throws `Stop`.
void read_json(NodeBuilder& builder);
void read_yaml(NodeBuilder& builder);

}  // namespace sn
