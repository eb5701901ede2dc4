// sn/evidence/serving/validate_serving.h
//
// Measured serving deployments predicted, point by point: what `validate serving` reports.
//
// A point is played on the ServingEngine that `simulate` uses, under the load that its benchmark
// made (closed loop or all at once). Metrics: `ttft` and `tpot`, means over requests, and
// `tput_per_gpu`, tokens per second and GPU in the measure of the table. Groups are what shares a
// system, model, engine, precision, mode and speculation. Points whose speculation is unknown are
// groups of their own; TTFT that includes queueing elsewhere is not judged.
//
// `covered` is the share of points that were not fitted whose measurement lies in the 80 % interval
// of its prediction (llm/uncertainty.h).

#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/evidence/common/validation.h"
#include "sn/evidence/serving/evidence_widths.h"
#include "sn/evidence/serving/replay_vllm.h"
#include "sn/evidence/serving/rows/serving_points.h"
#include "sn/evidence/serving/scale_cases.h"
#include "sn/evidence/serving/serving_load.h"
#include "sn/measured/metrics.h"

namespace sn::evidence {

enum class ServingMetric { ttft, tpot, tput_per_gpu };
inline constexpr std::size_t serving_metric_count = 3;
[[nodiscard]] std::string_view to_string(ServingMetric metric);
/// Mean error asked for, of points that were not fitted.
[[nodiscard]] double serving_target(ServingMetric metric, bool disaggregated);

struct ServingMetrics {
  measured::Metrics all;
  measured::Metrics held_out;
  double covered = 0.0;  // NaN without points
};

/// A group, a file, or everything.
struct ServingReport {
  std::string name;
  std::size_t rows = 0;
  std::size_t predicted = 0;
  std::vector<Skip> skipped;
  std::array<ServingMetrics, serving_metric_count> metrics;
};

struct ServingFileReport {
  ServingReport report;
  std::vector<ServingReport> groups;
  Errors faults;
};

/// A point far from its prediction.
struct ServingMiss {
  std::string where;  // "aic_silicon_e2e.csv:17"
  std::string name;
  ServingMetric metric = ServingMetric::tpot;
  double measured = 0.0;
  double predicted = 0.0;
  bool fitted = false;
};

/// One judged value of a point, for drawings.
struct ServingDot {
  ServingMetric metric = ServingMetric::tpot;
  bool disaggregated = false;
  bool fitted = false;
  double measured = 0.0;
  double predicted = 0.0;
};

struct ServingValidation {
  std::vector<ServingFileReport> files;
  std::vector<ServingReport> groups;  // over all files
  ServingReport aggregated;
  ServingReport disaggregated;
  ServingReport assumed;  // MLPerf and experimental runs: what their tables leave open is assumed
  /// Points of whose engine no recipe says batches, budgets and slots: not in the groups above.
  ServingReport unlimited_aggregated;
  ServingReport unlimited_disaggregated;
  std::vector<EvidenceWidth> widths;  // of the points in `aggregated` and `disaggregated`
  std::size_t limits = 0;             // rows of engine_limits tables, and
  std::size_t limited = 0;            // points that found theirs
  std::vector<ServingMiss> worst;
  std::vector<ServingDot> dots;  // of `aggregated` and `disaggregated`, in the order of the files
  std::vector<std::string> ignored;
  ReplayReports replays;  // recorded vLLM runs, request by request
  ScaleCases cases;
  Errors errors;
  bool interrupted = false;  // stopped: points that were not reached are skipped, and say so
  double seconds = 0.0;
};

void describe(ReportVisitor& v, const ServingReport& report);
void describe(ReportVisitor& v, const ServingFileReport& file);
void describe(ReportVisitor& v, const ServingMiss& miss);
void describe(ReportVisitor& v, const ScaleCase& scale_case);
void describe(ReportVisitor& v, const ReplayMetric& metric);
void describe(ReportVisitor& v, const ReplayReport& replay);
void describe(ReportVisitor& v, const ServingValidation& validation);

struct ServingOptions {
  std::size_t worst = 10;
};

/// Without `directory` (empty) the published cases alone.
[[nodiscard]] ServingValidation validate_serving(const std::string& directory,
                                                 const catalog::Catalog& catalog,
                                                 const ServingOptions& options = {},
                                                 const Run& run = Run());

}  // namespace sn::evidence
