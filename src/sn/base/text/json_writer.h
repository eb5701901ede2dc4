// sn/base/text/json_writer.h
//
// A streaming JSON writer: deterministic, valid by construction, two-space indentation.
//
// Numbers are written in the shortest form that reads back to the same double; non-finite ones as
// null. Text is escaped per RFC 8259; bytes that are not UTF-8 become U+FFFD.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sn {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number);
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
  JsonWriter& value(unsigned number) { return value(static_cast<std::uint64_t>(number)); }
  JsonWriter& value(bool flag);
  JsonWriter& null();

  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }

  /// The finished text with a final newline. All objects and arrays must be closed (asserted).
  [[nodiscard]] std::string str() &&;

 private:
  void before_value();
  void close(char bracket);

  struct Level {
    bool array = false;
    bool empty = true;
  };
  std::string out_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

}  // namespace sn
