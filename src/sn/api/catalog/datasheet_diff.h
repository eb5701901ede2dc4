// sn/api/catalog/datasheet_diff.h
//
// Two catalog entries of one kind beside each other: values that differ, and by which factor.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/api/catalog/datasheet.h"

namespace sn::api {

struct DiffLine {
  std::string path;
  std::string a = {};  // text with unit; empty: the entry has none
  std::string b = {};
  std::optional<double> ratio = {};  // b over a, where both are numbers and a is not 0
  bool a_assumed = false;
  bool b_assumed = false;
};

struct DatasheetDiff {
  std::string kind;
  std::string a;
  std::string b = {};
  std::string a_title;
  std::string b_title;
  std::vector<DiffLine> lines = {};  // that differ, in the order of the entries
  std::size_t equal = 0;             // values that do not
};

/// For models, what follows from their architecture is compared too: parameters, KV bytes, FLOPs.
/// Both are of one kind (asserted).
[[nodiscard]] DatasheetDiff diff_of(const Datasheet& a, const Datasheet& b);

void describe(ReportVisitor& v, const DiffLine& line);
void describe(ReportVisitor& v, const DatasheetDiff& diff);

}  // namespace sn::api
