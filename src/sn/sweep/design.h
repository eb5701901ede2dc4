// sn/sweep/design.h
//
// A design space: scenarios, and values of their fields; every combination is a point.
//
//   sweep: 1
//   name: How large a ScaleUp domain
//   question: plan                       # plan, simulate, rack
//   scenarios: [al128-deepseek-v3, mine.yaml]    # shipped ones, files, or maps
//   vary:
//     cluster.rack.gpus: [16, 32, 64]
//     slo.tpot.p90: {from: 20 ms, to: 80 ms, factor: 2}
//     machine:                           # a value that is a map sets several fields
//       - {cluster.rack: al128, cluster.racks: 1}
//       - {cluster.rack: hgx-h200, cluster.racks: 16}
//   set: {workload.rate: knee}           # of all points, under `vary`
//   plan: {screen: true}                 # options of the question
//
// Points are numbered with the last axis fastest, scenarios slowest. Limits: 16 axes, 64 scenarios,
// a million points.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/twin/scenario/fields.h"

namespace sn::sweep {

inline constexpr std::size_t axes_max = 16;
inline constexpr std::size_t scenarios_max = 64;
inline constexpr std::size_t points_max = 1'000'000;

enum class Question { plan, simulate, rack };
[[nodiscard]] std::string_view to_string(Question question);

struct AxisValue {
  std::string label;  // as written; of several fields "al128, 1"
  std::vector<twin::FieldValue> fields;
};

struct Axis {
  std::string name;  // path of the field, or what the file calls it
  std::vector<AxisValue> values;
};

struct DesignScenario {
  std::string label;      // as it was named
  std::string directory;  // relative paths in it start here too
  Node tree;              // with the fields of `set`
};

struct Options {
  bool screen = false;        // plan, and the deployment of simulate: closed forms alone
  int rank = 1;               // simulate: of the planner's deployments
  std::string load = "max";   // rack
  std::int64_t years = 0;     // rack: of Monte Carlo
  std::int64_t requests = 0;  // simulate: drawn where a scenario draws its requests
};

struct Design {
  std::string name;
  Question question = Question::plan;
  std::vector<DesignScenario> scenarios;
  std::vector<Axis> axes;
  Options options;

  [[nodiscard]] std::size_t points() const;
};

/// What a point is made of: its scenario, and a value of each axis.
struct PointPlace {
  std::size_t scenario = 0;
  std::vector<std::size_t> values;
};
[[nodiscard]] PointPlace place_of(const Design& design, std::size_t point);
/// The scenario of a point, not resolved; `seed` as every program may be told one.
[[nodiscard]] Node scenario_of(const Design& design, const PointPlace& place);

/// Errors: everything that is wrong with the file and with the scenarios that it names.
[[nodiscard]] Result<Design> read_design(const std::string& file);
/// The same of a text that is called `name`; relative paths start at `directory`.
[[nodiscard]] Result<Design> parse_design(const std::string& name, std::string text,
                                          const std::string& directory = {});

}  // namespace sn::sweep
