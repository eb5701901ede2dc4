// sn/planner/vary.h
//
// The same question over the values of one or several scenario fields: how big should the supernode
// be?
//
// Each axis names a field of the scenario by its dotted path and lists values, as text with units.
// Every combination is laid over the scenario, resolved with all its checks and planned. A
// combination that cannot be (a rack that violates its switch, a model that does not fit) is a
// point with its reason, not an error.
//
// Verdict along a numeric axis: the first value with the most output tokens/s per GPU (to 0.1 %),
// and the range around it that stays within 5 % of it. On either side of that range: what is lost,
// what limits the plan, and which part of a token's GPU time (Bills::gpu, which adds up to 1 /
// (tokens/s per GPU)) grew most against the optimum.
//
// Points are planned in parallel into fixed slots: the report does not depend on the number of
// threads.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/files/files.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/planner/plan.h"
#include "sn/planner/report.h"

namespace sn::planner {

inline constexpr std::size_t vary_axes_max = 4;
inline constexpr std::size_t vary_levels_max = 16;  // keys of a field's path
inline constexpr std::size_t vary_points_max = 1000;

struct VaryAxis {
  std::string path;                 // "cluster.rack.gpus"
  std::vector<std::string> values;  // as written
};

/// "cluster.rack.gpus=8,16,32". Errors: no '=', no value, the same path twice, too many
/// combinations.
[[nodiscard]] Result<std::vector<VaryAxis>> parse_axes(const std::vector<std::string>& flags);

/// One combination.
struct VaryPoint {
  std::vector<std::string> values;  // one per axis
  std::optional<Candidate> best;    // when a plan meets the SLO
  std::string why_not;              // otherwise: the first error, or the closest miss
  std::string binds;                // largest part of the mean TPOT and of the mean TTFT
  std::vector<BillLine> bill;       // GPU time of an output token (Bills::gpu)
  std::int64_t gpus = 0;
  std::int64_t left_over = 0;  // of `cluster.gpus`, that fill no whole rack
};

struct VaryVerdict {
  std::string best;       // value of the varied axis
  std::string flat_from;  // contiguous range within 5 % of the best
  std::string flat_to;
  std::string below;  // what is worse just below the range; empty at the end of the axis
  std::string above;
};

struct VaryReport {
  PlanSubject subject;  // of the first point that resolved
  std::vector<VaryAxis> axes;
  std::vector<VaryPoint> points;  // last axis runs fastest
  /// Along the last axis, one per combination of the other axes; nothing where no point meets the
  /// SLO.
  std::vector<std::optional<VaryVerdict>> verdicts;
  bool interrupted = false;  // points that were not reached say so in `why_not`
};

void describe(ReportVisitor& v, const VaryAxis& axis);
void describe(ReportVisitor& v, const VaryPoint& point);
void describe(ReportVisitor& v, const VaryVerdict& verdict);
void describe(ReportVisitor& v, const VaryReport& report);

struct VaryInputs {
  const Node& scenario;
  const catalog::Catalog& catalog;
  const FileLoader& load;
  const std::string& directory;
};

/// Errors: a path that the scenario does not have in any combination (all combinations fail the
/// same way).
[[nodiscard]] Result<VaryReport> vary(const VaryInputs& inputs, const std::vector<VaryAxis>& axes,
                                      const PlanOptions& options, const Run& run = Run());

}  // namespace sn::planner
