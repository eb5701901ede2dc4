// sn/catalog/param.h
//
// Numbers with provenance, kept apart from the structs that models read.
//
// A hardware struct is described once, by a `describe(visitor, struct)` template that names every
// field with its path, dimension and range. Two visitors use that description: `ParamReader` fills
// the struct from a catalog tree and records a `Param` for each number; `ParamAssigner` fills it
// again from a list of values, which is how elasticities and assumption checks perturb one number
// of a World without any model knowing of it.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/base/units/quantity.h"

namespace sn::catalog {

/// Where a number comes from, in the order of trust of `facts`: who said so, and how sure we are.
enum class Grade {
  official,
  measured,
  third_party,
  estimate,
  memory,
  family_default,
  assumption,
  scenario
};
enum class Confidence { high, medium, low };

[[nodiscard]] std::string_view to_string(Grade grade);
[[nodiscard]] std::string_view to_string(Confidence confidence);

/// A published source, from `catalog/sources.yaml`.
struct SourceInfo {
  std::string id;
  std::string title;
  std::string date;
  Grade grade = Grade::assumption;
};

struct Provenance {
  SourceInfo source;
  Confidence confidence = Confidence::low;
  std::string note;

  [[nodiscard]] bool assumed() const {
    return source.grade == Grade::assumption || source.grade == Grade::memory;
  }
};

/// Another source's value for the same number, kept because sources disagree.
struct Alternative {
  double value = 0.0;
  Provenance provenance;
};

/// One number of the machine. Its index in `Params` is its ParamId within one World.
struct Param {
  std::string path;  // "rack.chip.hbm.bandwidth"
  Dimension dimension;
  double value = 0.0;     // base units
  bool discrete = false;  // a count: shown, never perturbed
  bool present = true;    // false: optional and absent (value 0)
  double min = 0.0;
  double max = 0.0;
  Provenance provenance;
  std::vector<Alternative> alternatives;
};

using Params = std::vector<Param>;

/// Looks a source id up; the catalog implements it from `sources.yaml`.
class SourceBook {
 public:
  void add(SourceInfo info);
  [[nodiscard]] const SourceInfo* find(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> ids() const;

 private:
  std::vector<SourceInfo> sources_;
};

enum class Need { required, optional };

/// Fills a struct from a catalog tree. Leaves are `{value, source, confidence, note, date, also}`,
/// or a bare scalar where a scenario overrides the number. All mistakes go to `errors`; unknown
/// keys are reported by `finish`.
class ParamReader {
 public:
  ParamReader(const Node& root, std::string prefix, const SourceBook& sources, Params& params,
              Errors& errors);

  template <Dimension D>
  void quantity(std::string_view path, Quantity<D>& out, Quantity<D> min, Quantity<D> max,
                Need need = Need::required) {
    out = Quantity<D>::from_si(number(path, D, min.si(), max.si(), false, need));
  }
  void ratio(std::string_view path, double& out, double min, double max,
             Need need = Need::required) {
    out = number(path, {}, min, max, false, need);
  }
  void count(std::string_view path, std::int64_t& out, std::int64_t min, std::int64_t max,
             Need need = Need::required) {
    out = static_cast<std::int64_t>(
        number(path, {}, static_cast<double>(min), static_cast<double>(max), true, need));
  }
  void flag(std::string_view path, bool& out);
  void text(std::string_view path, std::string& out, Need need = Need::required);

  template <class Group>
  void group(std::string_view path, Group& out) {
    const std::string saved = scope_;
    scope_ = join(path);
    describe(*this, out);
    scope_ = saved;
  }

  /// Reports leaves of the tree that no field asked for, with the nearest valid path.
  void finish();

 private:
  double number(std::string_view path, Dimension dimension, double min, double max, bool integer,
                Need need);
  void read_leaf(const Node& leaf, Param& param, bool integer);
  double leaf_value(const Node& node, const Param& param, bool integer);
  Provenance provenance_of(const Node& leaf);
  void report_unknown(const Node& map, const std::string& at);
  [[nodiscard]] std::string join(std::string_view path) const;

  const Node& root_;
  std::string prefix_;
  const SourceBook& sources_;
  Params& params_;
  Errors& errors_;
  std::string scope_;               // path of the current group below root
  std::vector<std::string> known_;  // leaf paths asked for, relative to root; sorted by `finish`
};

/// Fills the numbers of a struct from `values`, in the order in which `ParamReader` recorded them.
class ParamAssigner {
 public:
  explicit ParamAssigner(const std::vector<double>& values, std::size_t first = 0)
      : values_(values), next_(first) {}

  template <Dimension D>
  void quantity(std::string_view, Quantity<D>& out, Quantity<D>, Quantity<D>,
                Need = Need::required) {
    out = Quantity<D>::from_si(take());
  }
  void ratio(std::string_view, double& out, double, double, Need = Need::required) { out = take(); }
  void count(std::string_view, std::int64_t& out, std::int64_t, std::int64_t,
             Need = Need::required) {
    out = static_cast<std::int64_t>(take());
  }
  void flag(std::string_view, bool&) {}
  void text(std::string_view, std::string&, Need = Need::required) {}

  template <class Group>
  void group(std::string_view, Group& out) {
    describe(*this, out);
  }

  [[nodiscard]] std::size_t next() const { return next_; }

 private:
  double take() {
    SN_ASSERT(next_ < values_.size());
    return values_[next_++];
  }

  const std::vector<double>& values_;
  std::size_t next_;
};

}  // namespace sn::catalog
