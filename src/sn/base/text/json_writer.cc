// sn/base/text/json_writer.cc
//
// JSON text, built as it is asked for; see the header. Misuse (a value without its key, a key in an
// array, a second top-level value) is a programmer's mistake and asserted.

#include "sn/base/text/json_writer.h"

#include <charconv>
#include <cmath>

#include "sn/base/result.h"
#include "sn/base/text/utf8.h"

namespace sn {

namespace {

void append_escaped(std::string& out, std::string_view text, std::size_t pos) {
  constexpr std::string_view hex = "0123456789abcdef";
  const char c = text[pos];
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto code = static_cast<unsigned char>(c);
  if (code < 0x20) {
    out += "\\u00";
    out += hex[code >> 4];
    out += hex[code & 15];
  } else {
    out += c;
  }
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t length = utf8_length(text, pos);
    if (length == 1) {
      append_escaped(out, text, pos);
    } else if (length == 0) {
      out += "\xEF\xBF\xBD";  // U+FFFD
    } else {
      out += text.substr(pos, length);
    }
    pos += length == 0 ? 1 : length;
  }
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
  char buffer[32];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, number);
  SN_ASSERT(written.ec == std::errc{});
  out.append(buffer, written.ptr);
}

}  // namespace

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) {
    SN_ASSERT(out_.empty());  // one top-level value
    return;
  }
  Level& level = levels_.back();
  SN_ASSERT(level.array);  // in an object a key comes first
  out_ += level.empty ? "\n" : ",\n";
  level.empty = false;
  out_.append(2 * levels_.size(), ' ');
}

void JsonWriter::close(char bracket) {
  SN_ASSERT(!levels_.empty() && !after_key_);
  SN_ASSERT(levels_.back().array == (bracket == ']'));
  const bool empty = levels_.back().empty;
  levels_.pop_back();
  if (!empty) {
    out_ += '\n';
    out_.append(2 * levels_.size(), ' ');
  }
  out_ += bracket;
}

JsonWriter& JsonWriter::begin_object() {
  before_value();
  out_ += '{';
  levels_.push_back({.array = false, .empty = true});
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  close('}');
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  before_value();
  out_ += '[';
  levels_.push_back({.array = true, .empty = true});
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  close(']');
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  SN_ASSERT(!levels_.empty() && !levels_.back().array && !after_key_);
  Level& level = levels_.back();
  out_ += level.empty ? "\n" : ",\n";
  level.empty = false;
  out_.append(2 * levels_.size(), ' ');
  append_text(out_, name);
  out_ += ": ";
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  before_value();
  append_text(out_, text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  before_value();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
  before_value();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  before_value();
  append_number(out_, number);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
  before_value();
  out_ += flag ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  before_value();
  out_ += "null";
  return *this;
}

std::string JsonWriter::str() && {
  SN_ASSERT(levels_.empty() && !after_key_ && !out_.empty());
  return std::move(out_) + '\n';
}

}  // namespace sn
