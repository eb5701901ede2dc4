// sn/catalog/catalog_test_util.h
//
// What the tests of catalog entries share: reading an entry of any described struct, checking that
// every number says where it comes from, and taking the numbers of a struct out again.

#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sn/catalog/catalog.h"

namespace sn::catalog {

/// The catalog built into the program; the test stops when it does not open.
inline Catalog shipped_catalog() {
  Result<Catalog> catalog = Catalog::embedded();
  if (!catalog) ADD_FAILURE() << render(catalog.error());
  return catalog ? *std::move(catalog) : Catalog{};
}

inline const CatalogKind& kind_named(std::string_view name) {
  const CatalogKind* kind = find_kind(name);
  SN_ASSERT(kind != nullptr);
  return *kind;
}

/// Every number has a source with a date; what is assumed, remembered or derived says why.
inline void expect_provenance(const Params& params) {
  for (const Param& p : params) {
    if (!p.present) continue;
    EXPECT_GE(p.value, p.min) << p.path;
    EXPECT_LE(p.value, p.max) << p.path;
    EXPECT_FALSE(p.provenance.source.id.empty()) << p.path;
    EXPECT_FALSE(p.provenance.source.title.empty()) << p.path;
    EXPECT_FALSE(p.provenance.source.date.empty()) << p.path;
    const Grade grade = p.provenance.source.grade;
    const bool explained = grade == Grade::assumption || grade == Grade::memory ||
                           grade == Grade::family_default || grade == Grade::estimate;
    if (explained) {
      EXPECT_FALSE(p.provenance.note.empty()) << p.path << " needs a note";
    }
    if (grade == Grade::assumption) {
      EXPECT_NE(p.provenance.confidence, Confidence::high) << p.path;
    }
    for (const Alternative& a : p.alternatives) {
      EXPECT_FALSE(a.provenance.source.id.empty()) << p.path;
      EXPECT_FALSE(a.provenance.source.date.empty()) << p.path;
    }
  }
}

/// Every number that has a dimension is written with its unit.
inline void expect_units(const Node& tree, const Params& params) {
  for (const Param& p : params) {
    if (!p.present || p.dimension == Dimension{}) continue;
    const Node* value = tree.find(p.path + ".value");
    if (value == nullptr) {
      ADD_FAILURE() << p.path << " is a bare value";
      continue;
    }
    EXPECT_FALSE(value->text().empty());
    const bool digit = value->text().find_last_of("0123456789.") + 1 == value->text().size();
    EXPECT_FALSE(digit) << p.path << " has no unit: " << value->text();
  }
}

/// Reads entry `name` of `kind` into a T and checks its provenance.
template <class T>
T read_shipped(const Catalog& catalog, std::string_view kind, std::string_view name,
               Params& params) {
  T out;
  Errors errors;
  const Result<Node> tree = catalog.entry(kind_named(kind), name);
  if (tree) {
    read_entry(catalog, *tree, "", out, params, errors);
    expect_units(*tree, params);
  } else {
    errors = tree.error();
  }
  EXPECT_TRUE(errors.empty()) << kind << " " << name << "\n" << render(errors);
  expect_provenance(params);
  return out;
}

/// Reads every entry of `kind` as a T.
template <class T>
void expect_all_read(std::string_view kind, std::size_t at_least) {
  const Catalog catalog = shipped_catalog();
  const std::vector<std::string> names = catalog.names(kind_named(kind));
  EXPECT_GE(names.size(), at_least);
  for (const std::string& name : names) {
    SCOPED_TRACE(std::string(kind) + " " + name);
    Params params;
    static_cast<void>(read_shipped<T>(catalog, kind, name, params));
    EXPECT_FALSE(params.empty());
  }
}

/// A visitor that takes the numbers of a struct out, in the order of its description.
class ParamCollector {
 public:
  template <Dimension D>
  void quantity(std::string_view, Quantity<D>& q, Quantity<D>, Quantity<D>, Need = Need::required) {
    values.push_back(q.si());
  }
  void ratio(std::string_view, double& v, double, double, Need = Need::required) {
    values.push_back(v);
  }
  void count(std::string_view, std::int64_t& v, std::int64_t, std::int64_t, Need = Need::required) {
    values.push_back(static_cast<double>(v));
  }
  void flag(std::string_view, bool&) {}
  void text(std::string_view, std::string&, Need = Need::required) {}
  template <class Group>
  void group(std::string_view, Group& g) {
    describe(*this, g);
  }

  std::vector<double> values;
};

template <class T>
std::vector<double> numbers_of(T object) {
  ParamCollector collector;
  describe(collector, object);
  return collector.values;
}

inline std::vector<double> numbers_of(const Params& params) {
  std::vector<double> out;
  for (const Param& p : params) out.push_back(p.value);
  return out;
}

/// Assigning what was read changes nothing; moving one number moves that number alone.
template <class T>
void expect_round_trip(const T& read, const Params& params) {
  const std::vector<double> values = numbers_of(params);
  ASSERT_EQ(numbers_of(read), values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::vector<double> moved = values;
    moved[i] = params[i].discrete ? values[i] + 1.0 : values[i] * 1.01 + 1.0;
    T copy = read;
    ParamAssigner assigner(moved);
    describe(assigner, copy);
    EXPECT_EQ(assigner.next(), values.size());
    EXPECT_EQ(numbers_of(copy), moved) << params[i].path;
  }
}

}  // namespace sn::catalog
