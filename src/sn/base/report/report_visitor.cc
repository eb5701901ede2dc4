// sn/base/report/report_visitor.cc
//
// The dialect of names that reports share; see the header.

#include "sn/base/report/report_visitor.h"

#include "sn/base/result.h"

namespace sn {

std::string_view unit_suffix(Dimension dimension) {
  struct Row {
    Dimension dimension;
    std::string_view suffix;
  };
  static constexpr Row rows[] = {
      {Time::dimension, "_s"},        {Rate::dimension, "_per_s"},
      {Bytes::dimension, "_bytes"},   {Bandwidth::dimension, "_bytes_per_s"},
      {Flops::dimension, "_flop"},    {FlopRate::dimension, "_flop_per_s"},
      {Energy::dimension, "_j"},      {Power::dimension, "_w"},
      {Temperature::dimension, "_k"}, {Money::dimension, "_usd"},
      {Length::dimension, "_m"},
  };
  for (const Row& row : rows) {
    if (row.dimension == dimension) return row.suffix;
  }
  return {};
}

void ReportVisitor::check_unit(Name name, Dimension dimension) {
  // An element of a list has no name; its list bears the unit.
  SN_ASSERT(name.empty() || name.ends_with(unit_suffix(dimension)));
}

void ReportVisitor::document(std::string_view format) {
  constant("format", "what kind of document this is", format);
  constant("version", "of the format: it may gain fields, none changes", std::int64_t{1});
}

}  // namespace sn
