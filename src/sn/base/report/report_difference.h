// sn/base/report/report_difference.h
//
// Where two reports differ first, for tests of equality: every described field is compared, numbers
// by the text that reads back to the same double.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sn/base/report/report_visitor.h"

namespace sn {

/// The values of a report with their paths, "pools[1].gpus", in the order of the description.
class ReportLeaves final : public ReportVisitor {
 public:
  using Leaf = std::pair<std::string, std::string>;  // path, value

  [[nodiscard]] const std::vector<Leaf>& leaves() const { return leaves_; }

  void type(Name, Doc) override {}
  void number(Name name, Doc doc, double value) override;
  void text(Name name, Doc doc, std::string_view value) override;
  void flag(Name name, Doc doc, bool value) override;
  using ReportVisitor::choice;
  void choice(Name name, Doc doc, std::string_view value,
              std::span<const std::string_view> allowed) override;
  void begin_object(Name name, Doc doc) override;
  void end_object() override;
  void begin_list(Name name, Doc doc) override;
  void end_list() override;

 private:
  struct Level {
    std::string path;
    std::size_t next = 0;  // element of a list
  };
  void whole(Name name, Doc doc, std::int64_t value, bool is_signed) override;
  void constant(Name name, Doc doc, std::string_view value) override;
  void constant(Name name, Doc doc, std::int64_t value) override;
  void null(Name name, Doc doc) override;
  std::string path(Name name);
  void add(Name name, std::string value);

  std::vector<Level> levels_;
  std::vector<Leaf> leaves_;
};

/// "pools[1].gpus: 8, not 16"; empty when there is none.
[[nodiscard]] std::string first_difference(const std::vector<ReportLeaves::Leaf>& a,
                                           const std::vector<ReportLeaves::Leaf>& b);

template <class T>
[[nodiscard]] std::string first_difference(const T& a, const T& b) {
  ReportLeaves of_a;
  ReportLeaves of_b;
  of_a.object({}, {}, a);
  of_b.object({}, {}, b);
  return first_difference(of_a.leaves(), of_b.leaves());
}

}  // namespace sn
