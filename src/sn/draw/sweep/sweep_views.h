// sn/draw/sweep/sweep_views.h
//
// A sweep as text, its rows as table, CSV and JSON, and two of its columns as a chart.
//
// CSV is RFC 4180; numbers are in the shortest form that reads back to the same value. JSON is a
// list of objects, one a row, by the names of its columns.

#pragma once

#include <string>
#include <vector>

#include "sn/base/result.h"
#include "sn/draw/kit/table.h"
#include "sn/sweep/sweep.h"

namespace sn::draw {

[[nodiscard]] std::string sweep_text(const sweep::SweepReport& report, const TextStyle& style);
[[nodiscard]] std::string sweep_json(const sweep::SweepReport& report);

/// The first `most` rows, numbers with three digits.
[[nodiscard]] std::string rows_text(const store::Rows& rows, std::size_t most,
                                    const TextStyle& style);
[[nodiscard]] std::string rows_csv(const store::Rows& rows);
[[nodiscard]] std::string rows_json(const store::Rows& rows);

struct PlotRequest {
  std::string title;
  std::string x;                // a column
  std::string y;                // a column of numbers
  std::vector<std::string> by;  // a line for each combination of these columns
};

/// Rows without a number for `y` are left out; where `x` is not a number everywhere its values
/// stand evenly, in the order of their first row. Errors: columns that are not there, nothing to
/// draw, more than 12 lines.
[[nodiscard]] Result<std::string> sweep_svg(const store::Rows& rows, const PlotRequest& request);

}  // namespace sn::draw
