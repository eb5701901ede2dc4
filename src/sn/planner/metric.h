// sn/planner/metric.h
//
// Figures of a candidate by name, for what a user chooses: filters and pairs to trade off.
//
// A filter is NAME OP VALUE, as in `ttft.p90<1.5 s`, `decode.tp<=4`, `pools=aggregated`. Times take
// units, everything else is a plain number; `pools`, `weights` and `kv` are words.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"
#include "sn/base/units/quantity.h"
#include "sn/planner/report.h"

namespace sn::planner {

/// What a metric can be told from before a plan is made and evaluated.
enum class MetricScope { state, plan, pools, prefill_cut, decode_cut, both_cuts };

struct Metric {
  std::string_view name;   // "tok/s/GPU"
  std::string_view title;  // "output tokens/s per GPU"
  Dimension dimension;     // time, or a plain number
  bool more_is_better = false;
  MetricScope scope = MetricScope::state;
  double (*value)(const Candidate& candidate) = nullptr;
  std::string (*word)(const Candidate& candidate) = nullptr;  // instead of `value`
};

[[nodiscard]] const std::vector<Metric>& metrics();

/// By name, without regard to case; nothing when there is none.
[[nodiscard]] const Metric* find_metric(std::string_view name);

/// Value with its unit: "1.5 s", "92.1".
[[nodiscard]] std::string metric_text(const Metric& metric, double value);

struct Condition {
  const Metric* metric = nullptr;
  std::string comparison;  // "<", "<=", ">", ">=", "=", "!="
  double limit = 0.0;
  std::string word;
  std::string text;  // as written
};

/// Errors: an unknown name or comparison, a value that does not fit the metric; all of them.
[[nodiscard]] Result<std::vector<Condition>> parse_filters(const std::vector<std::string>& texts);

[[nodiscard]] bool holds(const Condition& condition, const Candidate& candidate);

/// Two metrics, "X,Y". Errors: unknown names, words, one metric twice.
struct MetricPair {
  const Metric* x = nullptr;
  const Metric* y = nullptr;
};
[[nodiscard]] Result<MetricPair> parse_pair(const std::string& text);

}  // namespace sn::planner
