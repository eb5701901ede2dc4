// sn/base/document/document_json.cc
//
// A strict JSON reader (RFC 8259) into the document tree. Internal to document.cc.
//
// Not recursive: the open lists and maps are a stack of brackets, and the builder limits it.
// Surrogate pairs of \u escapes become one character; a lone surrogate and \u0000 are refused.
// Infinity is read, as Python's json writes it (time_step_limit in config.json of Mamba models).
// yaml-cpp cannot do this part: it knows neither \/ nor surrogate pairs, and no tabs before keys.

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "sn/base/document/document_builder.h"
#include "sn/base/text/utf8.h"

namespace sn {

namespace {

class JsonReader {
 public:
  explicit JsonReader(NodeBuilder& builder) : builder_(builder), text_(builder.source().text) {}

  void read() {
    skip_blanks();
    value();
    while (!brackets_.empty()) next_in_container();
    skip_blanks();
    if (pos_ < text_.size()) refuse("expected the end of the text");
  }

 private:
  [[nodiscard]] char peek() const { return pos_ < text_.size() ? text_[pos_] : '\0'; }

  [[nodiscard]] Place place() const { return place_of(pos_); }
  [[nodiscard]] Place place_of(std::size_t pos) const {
    return {line_, static_cast<int>(pos - line_start_) + 1};
  }

  /// "expected ',' or ']', found 'x'"
  [[noreturn]] void refuse(const std::string& expected, const std::string& hint = {}) {
    std::string found = "the end of the text";
    if (pos_ < text_.size()) {
      const std::size_t length = utf8_length(text_, pos_);
      found = "'" + shown(text_.substr(pos_, length == 0 ? 1 : length)) + "'";
    }
    builder_.stop(ErrorCode::syntax, fmt::format("not valid JSON: {}, found {}", expected, found),
                  place(), hint);
  }

  void skip_blanks() {
    while (pos_ < text_.size()) {
      const char c = text_[pos_];
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
      ++pos_;
      if (c != '\n') continue;
      ++line_;
      line_start_ = pos_;
    }
  }

  /// After a value inside a list or map: its separator and the next value, or the closing bracket.
  void next_in_container() {
    const bool map = brackets_.back() == '{';
    const char end = map ? '}' : ']';
    skip_blanks();
    if (peek() == end) {
      close();
      return;
    }
    if (!fresh_) {
      if (peek() != ',') refuse(fmt::format("expected ',' or '{}'", end));
      ++pos_;
      skip_blanks();
      if (peek() == end) refuse("expected a value after ','", "remove the last comma");
    }
    fresh_ = false;
    if (map) key();
    value();
  }

  void open(char bracket) {
    const Place at = place();
    bracket == '{' ? builder_.open_map(at) : builder_.open_list(at);
    brackets_.push_back(bracket);
    ++pos_;
    fresh_ = true;
  }

  void close() {
    builder_.close();
    brackets_.pop_back();
    ++pos_;
    fresh_ = false;
  }

  void key() {
    if (peek() != '"') refuse("expected a key in double quotes");
    const Place at = place();
    builder_.scalar(string(), at, true);
    skip_blanks();
    if (peek() != ':') refuse("expected ':' after the key");
    ++pos_;
    skip_blanks();
  }

  void value() {
    const char c = peek();
    const Place at = place();
    if (c == '{' || c == '[') {
      open(c);
    } else if (c == '"') {
      builder_.scalar(string(), at, true);
    } else if (word("Infinity") || word("-Infinity")) {
      builder_.scalar(c == '-' ? "-Infinity" : "Infinity", at, false);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      builder_.scalar(number(), at, false);
    } else if (word("true")) {
      builder_.scalar("true", at, false);
    } else if (word("false")) {
      builder_.scalar("false", at, false);
    } else if (word("null")) {
      builder_.null(at);
    } else {
      refuse("expected a value");
    }
  }

  bool word(std::string_view expected) {
    if (text_.substr(pos_, expected.size()) != expected) return false;
    pos_ += expected.size();
    return true;
  }

  std::string number() {
    const std::size_t begin = pos_;
    if (peek() == '-') ++pos_;
    if (peek() == '0') {
      ++pos_;
    } else {
      digits();
    }
    if (peek() == '.') {
      ++pos_;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      ++pos_;
      if (peek() == '-' || peek() == '+') ++pos_;
      digits();
    }
    return std::string(text_.substr(begin, pos_ - begin));
  }

  void digits() {
    if (peek() < '0' || peek() > '9') refuse("expected a digit");
    while (peek() >= '0' && peek() <= '9') ++pos_;
  }

  std::string string() {
    ++pos_;  // the opening quote
    std::string out;
    while (true) {
      if (pos_ >= text_.size()) refuse("expected '\"' at the end of the text in quotes");
      const char c = text_[pos_];
      if (c == '"') break;
      if (static_cast<unsigned char>(c) < 0x20) {
        refuse("expected '\"' or an escape before the end of the line", "write \\n or \\t");
      }
      if (c == '\\') {
        escape(out);
      } else {
        out += c;
        ++pos_;
      }
    }
    ++pos_;
    return out;
  }

  void escape(std::string& out) {
    ++pos_;  // the backslash
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    const char c = peek();
    if (c == 'u') {
      ++pos_;
      append_utf8(out, code_point());
      return;
    }
    const std::size_t which = c == '\0' ? std::string_view::npos : letters.find(c);
    if (which == std::string_view::npos) refuse("expected one of \" \\ / b f n r t u after \\");
    out += meanings[which];
    ++pos_;
  }

  std::uint32_t code_point() {
    const std::uint32_t first = four_hex_digits();
    if (first == 0) refuse("\\u0000 is not accepted");
    if (first < 0xd800 || first > 0xdfff) return first;
    if (first > 0xdbff || !word("\\u")) refuse("expected a surrogate pair (\\ud8xx\\udcxx)");
    const std::uint32_t second = four_hex_digits();
    if (second < 0xdc00 || second > 0xdfff) refuse("expected the second half of a surrogate pair");
    return 0x10000u + ((first - 0xd800u) << 10) + (second - 0xdc00u);
  }

  std::uint32_t four_hex_digits() {
    std::uint32_t out = 0;
    for (int i = 0; i < 4; ++i, ++pos_) {
      const char c = peek();
      std::uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<std::uint32_t>(c - '0');
      } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
        digit = static_cast<std::uint32_t>((c | 0x20) - 'a') + 10;
      } else {
        refuse("expected four hexadecimal digits after \\u");
      }
      out = out * 16 + digit;
    }
    return out;
  }

  NodeBuilder& builder_;
  std::string_view text_;
  std::size_t pos_ = 0;
  int line_ = 1;
  std::size_t line_start_ = 0;
  std::string brackets_;
  bool fresh_ = false;  // the innermost list or map has no value yet
};

}  // namespace

void read_json(NodeBuilder& builder) { JsonReader(builder).read(); }

}  // namespace sn
