// sn/draw/kit/table.h
//
// The tables of all views, as plain text in fixed columns or as HTML, and the words around them.
//
// Widths count characters, not bytes. Text that came from a file is shown with control characters
// made harmless, so that it cannot steer a terminal, and escaped in HTML. Nothing here depends on
// the locale.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sn::draw {

/// How a text view is printed. Colour never carries a meaning of its own.
struct TextStyle {
  bool colour = false;
  std::string file = {};  // how the reader calls the scenario; used in suggested commands
  std::size_t width = 0;  // of the page, characters; 0: as wide as it takes
};

enum class Align { left, right };

struct Column {
  std::string header;
  Align align = Align::right;
};

/// Rows of cells, as text or as a part of a page.
///   text  two blanks between columns, no blanks at the end of a line; where the page is too
///         narrow, columns follow below, each band with the first column
///   HTML  a table that scrolls where it is wider than its page
class Table {
 public:
  explicit Table(std::vector<Column> columns, std::size_t indent = 2)
      : columns_(std::move(columns)), indent_(indent) {}
  /// The first `left` columns hold words, the others numbers.
  Table(std::size_t left, const std::vector<std::string>& headers);

  /// One cell for each column. The last of fewer runs on over the columns that are missing. `mark`
  /// is the class of the row in HTML: "met", "missed" or nothing.
  void row(std::vector<std::string> cells, std::string_view mark = {});
  /// A line of dashes under the numbers, before a total; of text alone.
  void rule();
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  [[nodiscard]] std::string str(const TextStyle& style) const;
  [[nodiscard]] std::string html() const;

 private:
  struct Row {
    bool rule = false;
    std::vector<std::string> cells;
    std::size_t given = 0;  // cells that were not missing
    std::string mark;
  };
  std::vector<Column> columns_;
  std::size_t indent_ = 2;
  std::vector<Row> rows_;
};

/// `value` with three significant digits, trailing zeros kept, thousands separated by a blank;
/// "-" when it is not finite.
[[nodiscard]] std::string significant(double value, int digits = 3);
/// `value` with a fixed number of decimals.
[[nodiscard]] std::string fixed(double value, int decimals);
/// "+3.2 %", "-0.05 %": a relative change.
[[nodiscard]] std::string signed_percent(double share);

/// How the reader calls the file of `style`; "FILE" when it is not known.
[[nodiscard]] std::string file_name(const TextStyle& style);

[[nodiscard]] std::string heading(std::string_view text, const TextStyle& style);
/// `text` broken between words at `width`; every line but the first starts with `indent` blanks.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent,
                                  std::size_t width = 100);

}  // namespace sn::draw
