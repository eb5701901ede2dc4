// sn/base/report/report_json.h
//
// A described report as JSON: fields in the order of the description, numbers as in json_writer.h,
// what is absent as null.

#pragma once

#include <string>

#include "sn/base/report/report_visitor.h"
#include "sn/base/text/json_writer.h"

namespace sn {

class JsonReport final : public ReportVisitor {
 public:
  explicit JsonReport(JsonWriter& writer) : writer_(writer) {}

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
  void whole(Name name, Doc doc, std::int64_t value, bool is_signed) override;
  void constant(Name name, Doc doc, std::string_view value) override;
  void constant(Name name, Doc doc, std::int64_t value) override;
  void null(Name name, Doc doc) override;
  JsonWriter& under(Name name);

  JsonWriter& writer_;
};

/// The report where `writer` stands.
template <class T>
void write_report(JsonWriter& writer, const T& report) {
  JsonReport visitor(writer);
  visitor.object({}, {}, report);
}

/// The report as a document.
template <class T>
[[nodiscard]] std::string report_json(const T& report) {
  JsonWriter writer;
  write_report(writer, report);
  return std::move(writer).str();
}

}  // namespace sn
