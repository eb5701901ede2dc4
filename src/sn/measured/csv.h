// sn/measured/csv.h
//
// Comma-separated measurement tables: a header line, then rows, read without copying.
//
// Fields may be quoted (RFC 4180, "" for a quote; no line feed inside quotes). Rows with another
// number of fields than the header are faults of their line; the rest is still read. `#` opens no
// comment: the tables of this field have none.

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"

namespace sn::measured {

/// Faults of one file: the first few in full, all of them counted.
class Faults {
 public:
  static constexpr std::size_t kept = 8;

  void add(Error error);
  [[nodiscard]] std::size_t count() const { return count_; }
  /// The kept ones, and one line that counts the rest.
  [[nodiscard]] Errors list(const std::string& file) const;

 private:
  Errors first_;
  std::size_t count_ = 0;
};

class CsvReader {
 public:
  /// `text` must outlive the reader. Without `header` the columns have no names.
  CsvReader(std::string_view text, std::string file, bool header = true);

  /// Names of the columns; a byte order mark and surrounding blanks are removed.
  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  /// Index of a column by name.
  [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;

  /// Steps to the next row with the right number of fields; false at the end. Blank lines are
  /// skipped, others reported to `faults`.
  bool next(Faults& faults);
  [[nodiscard]] std::string_view field(std::size_t index) const { return fields_[index]; }
  [[nodiscard]] std::size_t fields() const { return fields_.size(); }
  [[nodiscard]] int line() const { return line_; }
  [[nodiscard]] const std::string& file() const { return file_; }

  /// A number of the current row: finite. Otherwise nothing, and a fault that names the column.
  [[nodiscard]] std::optional<double> number(std::size_t index, Faults& faults) const;
  /// The same, above zero: what every measured time must be.
  [[nodiscard]] std::optional<double> positive(std::size_t index, Faults& faults) const;
  /// An error at a field of the current row.
  [[nodiscard]] Error error(std::size_t index, std::string message, std::string hint = {}) const;

 private:
  bool take_line(std::string_view& line);
  void split(std::string_view line);

  std::string_view text_;
  std::string file_;
  std::size_t at_ = 0;
  int line_ = 0;
  std::vector<std::string> columns_;
  std::vector<std::string_view> fields_;
  std::vector<std::string> unquoted_;  // fields that needed a copy
  std::string_view current_;
};

}  // namespace sn::measured
