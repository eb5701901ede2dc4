// sn/llm/model/config_reader.h
//
// Private to the layer: reads integers and flags of a config.json, each within a range.

#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "sn/base/document/document.h"
#include "sn/base/result.h"

namespace sn::llm {

inline bool absent(const Node* node) { return node == nullptr || node->is_null(); }

/// Reads integers of a config, each with a range; collects what is missing.
class ConfigReader {
 public:
  ConfigReader(const Node& config, Errors& errors) : config_(config), errors_(errors) {}

  std::int64_t integer(std::string_view key, std::int64_t min, std::int64_t max) {
    const Node* node = config_.find(key);
    if (absent(node)) {
      errors_.push_back({.code = ErrorCode::missing,
                         .message = "config.json lacks '" + std::string(key) + "'",
                         .where = config_.where(),
                         .hint = "this family needs it to size the model"});
      return min;
    }
    const Range range{static_cast<double>(min), static_cast<double>(max)};
    return read_integer(*node, key, range, errors_).value_or(min);
  }

  std::int64_t integer_or(std::string_view key, std::int64_t fallback, std::int64_t min,
                          std::int64_t max) {
    return absent(config_.find(key)) ? fallback : integer(key, min, max);
  }

  bool flag(std::string_view key) {
    const Node* node = config_.find(key);
    return !absent(node) && read_boolean(*node, key, errors_).value_or(false);
  }

  [[nodiscard]] const Node* find(std::string_view key) const { return config_.find(key); }
  [[nodiscard]] bool has(std::string_view key) const { return !absent(config_.find(key)); }
  [[nodiscard]] const Node& config() const { return config_; }
  [[nodiscard]] Errors& errors() { return errors_; }

  /// The first of `keys` that is there, "" if none: families name one thing in several ways.
  [[nodiscard]] std::string_view first_of(std::initializer_list<std::string_view> keys) const {
    const auto at = std::find_if(keys.begin(), keys.end(), [&](auto key) { return has(key); });
    return at == keys.end() ? std::string_view() : *at;
  }

  /// A number, or the first of a list that gives one for every layer (Hunyuan).
  std::int64_t first_integer(std::string_view key, std::int64_t min, std::int64_t max) {
    const Node* node = config_.find(key);
    if (absent(node) || !node->is_list() || node->items().empty()) return integer(key, min, max);
    const Range range{static_cast<double>(min), static_cast<double>(max)};
    return read_integer(node->items().front(), key, range, errors_).value_or(min);
  }

  void refuse(const Node& node, std::string message) {
    errors_.push_back({.code = ErrorCode::unknown_name,
                       .message = std::move(message),
                       .where = node.where(),
                       .hint = "layers of this pattern are not modelled"});
  }

 private:
  const Node& config_;
  Errors& errors_;
};

}  // namespace sn::llm
