// apps/python/report_object.h
//
// A described report as Python's own values: dicts, lists, numbers, texts, None. The same fields as
// its JSON, out of the same description.

#pragma once

#include <pybind11/pybind11.h>

#include <string_view>
#include <vector>

#include "sn/base/report/report_visitor.h"

namespace sn::python {

class ObjectReport final : public ReportVisitor {
 public:
  [[nodiscard]] pybind11::object root() && { return std::move(root_); }

  void type(Name, Doc) override {}
  void number(Name name, Doc doc, double value) override;
  void text(Name name, Doc doc, std::string_view value) override;
  void flag(Name name, Doc doc, bool value) override;
  using ReportVisitor::choice;
  void choice(Name name, Doc doc, std::string_view value,
              std::span<const std::string_view> allowed) override;
  void begin_object(Name name, Doc doc) override;
  void end_object() override { levels_.pop_back(); }
  void begin_list(Name name, Doc doc) override;
  void end_list() override { levels_.pop_back(); }

 private:
  void whole(Name name, Doc doc, std::int64_t value, bool is_signed) override;
  void constant(Name name, Doc doc, std::string_view value) override;
  void constant(Name name, Doc doc, std::int64_t value) override;
  void null(Name name, Doc doc) override;
  void put(Name name, pybind11::object value);

  pybind11::object root_;
  std::vector<pybind11::object> levels_;
};

/// Needs the interpreter's lock.
template <class T>
[[nodiscard]] pybind11::object report_object(const T& report) {
  ObjectReport visitor;
  visitor.object({}, {}, report);
  return std::move(visitor).root();
}

}  // namespace sn::python
