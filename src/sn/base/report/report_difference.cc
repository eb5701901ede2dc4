// sn/base/report/report_difference.cc
//
// Reports as lists of paths and values; see the header.

#include "sn/base/report/report_difference.h"

#include <fmt/format.h>

namespace sn {

std::string ReportLeaves::path(Name name) {
  if (levels_.empty()) return std::string(name);
  Level& level = levels_.back();
  if (name.empty()) return fmt::format("{}[{}]", level.path, level.next++);
  return level.path.empty() ? std::string(name) : fmt::format("{}.{}", level.path, name);
}

void ReportLeaves::add(Name name, std::string value) {
  leaves_.emplace_back(path(name), std::move(value));
}

void ReportLeaves::number(Name name, Doc, double value) { add(name, fmt::format("{}", value)); }
void ReportLeaves::text(Name name, Doc, std::string_view value) {
  add(name, fmt::format("\"{}\"", value));
}
void ReportLeaves::flag(Name name, Doc, bool value) { add(name, value ? "true" : "false"); }
void ReportLeaves::choice(Name name, Doc, std::string_view value,
                          std::span<const std::string_view>) {
  add(name, fmt::format("\"{}\"", value));
}
void ReportLeaves::whole(Name name, Doc, std::int64_t value, bool) {
  add(name, fmt::format("{}", value));
}
void ReportLeaves::constant(Name name, Doc, std::string_view value) {
  add(name, fmt::format("\"{}\"", value));
}
void ReportLeaves::constant(Name name, Doc, std::int64_t value) {
  add(name, fmt::format("{}", value));
}
void ReportLeaves::null(Name name, Doc) { add(name, "null"); }

void ReportLeaves::begin_object(Name name, Doc) { levels_.push_back({.path = path(name)}); }
void ReportLeaves::end_object() { levels_.pop_back(); }
void ReportLeaves::begin_list(Name name, Doc) { levels_.push_back({.path = path(name)}); }
void ReportLeaves::end_list() {
  // The length is a value too: a list that goes on, or is empty where the other is not, differs.
  leaves_.emplace_back(levels_.back().path + ".length", std::to_string(levels_.back().next));
  levels_.pop_back();
}

std::string first_difference(const std::vector<ReportLeaves::Leaf>& a,
                             const std::vector<ReportLeaves::Leaf>& b) {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (a[i] == b[i]) continue;
    if (a[i].first == b[i].first) {
      return fmt::format("{}: {}, not {}", a[i].first, a[i].second, b[i].second);
    }
    return fmt::format("{}: {}, not {}: {}", a[i].first, a[i].second, b[i].first, b[i].second);
  }
  if (a.size() == b.size()) return {};
  const bool more = a.size() > b.size();
  const ReportLeaves::Leaf& leaf = more ? a[common] : b[common];
  return fmt::format("{}: {}", leaf.first, more ? "only in the first" : "only in the second");
}

}  // namespace sn
