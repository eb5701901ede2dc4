// sn/sweep/row_cells.h
//
// A flat described struct as columns, or as the cells of one row. Internal to the layer.

#pragma once

#include <utility>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/sweep/point.h"

namespace sn::sweep {

class RowCells final : public ReportVisitor {
 public:
  /// Collects columns, or cells.
  explicit RowCells(bool over_types);
  [[nodiscard]] std::vector<RowColumn> columns() && { return std::move(columns_); }
  [[nodiscard]] Row cells() && { return std::move(cells_); }

  void type(Name, Doc) override {}
  void number(Name name, Doc doc, double value) override;
  void text(Name name, Doc doc, std::string_view value) override;
  void flag(Name name, Doc doc, bool value) override;
  using ReportVisitor::choice;
  void choice(Name name, Doc doc, std::string_view value,
              std::span<const std::string_view> allowed) override;
  void begin_object(Name name, Doc doc) override;
  void end_object() override {}
  void begin_list(Name name, Doc doc) override;
  void end_list() override {}
  [[nodiscard]] bool over_types() const override { return over_types_; }

 private:
  void whole(Name name, Doc doc, std::int64_t value, bool is_signed) override;
  void constant(Name name, Doc doc, std::string_view value) override;
  void constant(Name name, Doc doc, std::int64_t value) override;
  void null(Name name, Doc doc) override;
  void add(Name name, Doc doc, RowColumn::Kind kind, store::Cell cell);

  bool over_types_ = false;
  std::vector<RowColumn> columns_;
  Row cells_;
};

template <class T>
[[nodiscard]] std::vector<RowColumn> columns_of_type() {
  RowCells visitor(true);
  visitor.object({}, {}, T{});
  return std::move(visitor).columns();
}

template <class T>
[[nodiscard]] Row cells_of(const T& row) {
  RowCells visitor(false);
  visitor.object({}, {}, row);
  return std::move(visitor).cells();
}

}  // namespace sn::sweep
