// sn/base/report/report_visitor.h
//
// What a report holds, said once: `describe(visitor, report)` beside each struct names its fields,
// and whoever needs its form visits them. JSON (report_json.h), JSON Schema and TypeScript types
// (report_type.h) and the test of equality (report_difference.h) come from the same description.
//
//   void describe(ReportVisitor& v, const PoolResult& p) {
//     v.type("PoolResult", "Instances of one role.");
//     v.count("gpus", "of all instances", p.gpus);
//     v.quantity("energy_j", "of the chips, idle time included", p.energy);
//   }
//
// Names: a quantity ends with its unit (`_s`, `_bytes`, `_bytes_per_s`, `_w`, `_j`, `_usd`, ...),
// asserted; a plain rate ends with `_per_s`. A description takes the same path whatever the values
// are: fields are never left out, and what may be absent is `optional`, so that a walk over types
// (`over_types`) sees all there is. It describes default values and each list by one element.

#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>

#include "sn/base/units/quantity.h"

namespace sn {

/// What the name of a quantity ends with: "_s", "_bytes_per_s"; empty for one without a name here.
[[nodiscard]] std::string_view unit_suffix(Dimension dimension);

class ReportVisitor {
 public:
  using Name = std::string_view;  // empty for an element of a list
  using Doc = std::string_view;   // what the name does not say; may be empty

  virtual ~ReportVisitor() = default;

  /// Names the object that is being described; the first line of each `describe`.
  virtual void type(Name name, Doc doc) = 0;
  virtual void number(Name name, Doc doc, double value) = 0;
  virtual void text(Name name, Doc doc, std::string_view value) = 0;
  virtual void flag(Name name, Doc doc, bool value) = 0;
  /// A text out of a fixed list.
  virtual void choice(Name name, Doc doc, std::string_view value,
                      std::span<const std::string_view> allowed) = 0;

  /// A whole number that is never negative, and one that may be.
  template <std::integral T>
  void count(Name name, Doc doc, T value) {
    whole(name, doc, static_cast<std::int64_t>(value), false);
  }
  template <std::integral T>
  void integer(Name name, Doc doc, T value) {
    whole(name, doc, static_cast<std::int64_t>(value), true);
  }

  template <Dimension D>
  void quantity(Name name, Doc doc, Quantity<D> value) {
    check_unit(name, D);
    number(name, doc, value.si());
  }

  /// One of the values of an enum that has `to_string`.
  template <class E, std::size_t N>
    requires std::is_enum_v<E>
  void choice(Name name, Doc doc, E value, const E (&all)[N]) {
    std::string_view allowed[N];
    for (std::size_t i = 0; i < N; ++i) allowed[i] = to_string(all[i]);
    choice(name, doc, std::string_view(to_string(value)), allowed);
  }

  /// `format` and `version` of a document; a version may gain fields, never change one.
  void document(std::string_view format);

  template <class T>
  void object(Name name, Doc doc, const T& value) {
    begin_object(name, doc);
    describe(*this, value);
    end_object();
  }

  /// Of texts, numbers, quantities or described structs.
  template <class Range>
  void list(Name name, Doc doc, const Range& items) {
    list(name, doc, items, [](ReportVisitor& v, const auto& item) { v.value({}, {}, item); });
  }

  /// `each(visitor, item)` describes one item, under an empty name.
  template <class Range, class Each>
  void list(Name name, Doc doc, const Range& items, Each each) {
    begin_list(name, doc);
    if (over_types()) {
      each(*this, std::ranges::range_value_t<Range>{});
    } else {
      for (const auto& item : items) each(*this, item);
    }
    end_list();
  }

  /// The value, or null where it is not `present`.
  template <class T>
  void optional(Name name, Doc doc, bool present, const T& item) {
    if (maybe(name, doc, present)) value(name, doc, item);
  }
  template <class T>
  void optional(Name name, Doc doc, const std::optional<T>& item) {
    optional(name, doc, item.has_value(), item ? *item : T{});
  }

  /// Opens what may be absent: whether to describe it next, under the same name.
  [[nodiscard]] bool maybe(Name name, Doc doc, bool present) {
    if (over_types()) {
      nullable();
      return true;
    }
    if (!present) null(name, doc);
    return present;
  }

  /// A field by the type of its value.
  template <class T>
  void value(Name name, Doc doc, const T& item) {
    if constexpr (std::is_same_v<T, bool>) {
      flag(name, doc, item);
    } else if constexpr (std::is_integral_v<T>) {
      count(name, doc, item);
    } else if constexpr (std::is_floating_point_v<T>) {
      number(name, doc, item);
    } else if constexpr (requires { item.si(); }) {
      quantity(name, doc, item);
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      text(name, doc, item);
    } else {
      object(name, doc, item);
    }
  }

  /// For descriptions without a struct of their own; `object` and `list` are the rule.
  virtual void begin_object(Name name, Doc doc) = 0;
  virtual void end_object() = 0;
  virtual void begin_list(Name name, Doc doc) = 0;
  virtual void end_list() = 0;

  /// The walk is over types: values do not matter, lists are described by one element.
  [[nodiscard]] virtual bool over_types() const { return false; }

 protected:
  ReportVisitor() = default;
  ReportVisitor(const ReportVisitor&) = default;
  ReportVisitor& operator=(const ReportVisitor&) = default;

 private:
  virtual void whole(Name name, Doc doc, std::int64_t value, bool is_signed) = 0;
  virtual void constant(Name name, Doc doc, std::string_view value) = 0;
  virtual void constant(Name name, Doc doc, std::int64_t value) = 0;
  virtual void null(Name name, Doc doc) = 0;
  virtual void nullable() {}  // what is described next, in a walk over types

  static void check_unit(Name name, Dimension dimension);
};

}  // namespace sn
