// sn/base/report/report_type.h
//
// The type of a described report: a tree of fields, written as JSON Schema (draft 7) or TypeScript.
//
// Every field of an object is required, and none besides is allowed; what may be absent is null.
// Objects that name themselves become definitions (interfaces); one name stands for one type.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/report/report_visitor.h"

namespace sn {

struct ReportField;

struct ReportType {
  enum class Kind { number, count, integer, text, flag, choice, constant, list, object };
  Kind kind = Kind::number;
  bool nullable = false;
  std::string name = {};                 // of an object's type; may be empty
  std::string doc = {};                  // of an object's type
  std::vector<std::string> values = {};  // of a choice; the one of a constant text
  std::int64_t constant = 0;             // of a constant number
  std::vector<ReportField> fields;       // without a default: its element is incomplete here
  std::vector<ReportType> element = {};  // of a list: one

  friend bool operator==(const ReportType&, const ReportType&) = default;
};

struct ReportField {
  std::string name;
  std::string doc;
  ReportType type;

  friend bool operator==(const ReportField&, const ReportField&) = default;
};

/// Collects the type; see `type_of`.
class TypeReport final : public ReportVisitor {
 public:
  TypeReport();
  /// Of the one object that was visited.
  [[nodiscard]] ReportType root() &&;

  void type(Name name, Doc doc) override;
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
  [[nodiscard]] bool over_types() const override { return true; }

 private:
  void whole(Name name, Doc doc, std::int64_t value, bool is_signed) override;
  void constant(Name name, Doc doc, std::string_view value) override;
  void constant(Name name, Doc doc, std::int64_t value) override;
  void null(Name name, Doc doc) override;
  void nullable() override { nullable_ = true; }
  void open(Name name, Doc doc, ReportType::Kind kind);
  void close();
  void add(Name name, Doc doc, ReportType type);

  std::vector<ReportField> open_;  // from the root, itself a list, to what is being described
  bool nullable_ = false;
};

template <class T>
[[nodiscard]] ReportType type_of() {
  TypeReport visitor;
  visitor.object({}, {}, T{});
  return std::move(visitor).root();
}

/// A schema for documents that are one of `roots`. Types of one name must be one type (asserted).
[[nodiscard]] std::string json_schema(std::string_view title, std::string_view doc,
                                      const std::vector<ReportType>& roots);

/// A module of interfaces, a type before those that use it.
[[nodiscard]] std::string typescript(std::string_view doc, const std::vector<ReportType>& roots);

}  // namespace sn
