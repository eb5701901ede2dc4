// sn/evidence/serving/rows/serving_tables.h
//
// Rows of the tables of serving deployments as points: one reader for each kind of table.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sn/base/text/text.h"
#include "sn/evidence/serving/rows/serving_points.h"
#include "sn/measured/csv.h"

namespace sn::evidence {

/// Reads fields of one row by column name.
class ServingRow {
 public:
  ServingRow(const measured::CsvReader& csv, measured::Faults& faults)
      : csv_(csv), faults_(faults) {}

  [[nodiscard]] std::string_view text(std::string_view column) const {
    const auto at = csv_.column(column);
    return at ? csv_.field(*at) : std::string_view{};
  }
  [[nodiscard]] bool has(std::string_view column) const { return !text(column).empty(); }
  /// A whole number, or `otherwise` where the field is empty.
  [[nodiscard]] std::int64_t count(std::string_view column, std::int64_t otherwise) const {
    if (!has(column)) return otherwise;
    const auto value = csv_.number(*csv_.column(column), faults_);
    return value ? static_cast<std::int64_t>(std::clamp(*value, -1e9, 1e9)) : otherwise;
  }
  [[nodiscard]] bool flag(std::string_view column) const { return lower(text(column)) == "true"; }
  /// A number above zero in `unit`s; empty fields are absent, others faults.
  [[nodiscard]] std::optional<double> positive(std::string_view column, double unit = 1.0) const {
    if (!has(column)) return std::nullopt;
    const auto value = csv_.positive(*csv_.column(column), faults_);
    if (!value) return std::nullopt;
    return *value * unit;
  }

  [[nodiscard]] const measured::CsvReader& csv() const { return csv_; }

 private:
  const measured::CsvReader& csv_;
  measured::Faults& faults_;
};

struct ServingTable {
  std::string_view prefix;                // of the file's name
  std::array<std::string_view, 4> needs;  // columns without which it is another table
  void (*read)(const ServingRow&, ServingPoint&);
};

/// The kind of table by the name of its file without endings; nullptr: none.
[[nodiscard]] const ServingTable* serving_table_of(std::string_view stem);

/// A submission to MLPerf Inference: what the row says. `describe_benchmarks` adds the rest.
void read_mlperf(const ServingRow& row, ServingPoint& point);
/// A figure from a blog, a paper or a guide.
void read_published(const ServingRow& row, ServingPoint& point);

}  // namespace sn::evidence
