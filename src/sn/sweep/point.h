// sn/sweep/point.h
//
// One point: a question asked of one scenario, and its answer as a row of plain cells.
//
// A point that cannot be (a rack against its switch, a model that does not fit, an SLO that nobody
// meets) has a row too: `state` says which, `why` what was said. Rows of a question are described
// once (below); their columns, with names, units and kinds, follow from that.

#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/base/units/quantity.h"
#include "sn/catalog/catalog.h"
#include "sn/store/database.h"
#include "sn/sweep/design.h"

namespace sn::planner {
class PriceBook;
}

namespace sn::sweep {

enum class PointState { met, missed, impossible };
[[nodiscard]] std::string_view to_string(PointState state);

/// What the best deployment of a scenario does, by the planner.
struct PlanRow {
  PointState state = PointState::impossible;
  std::string why;
  std::int64_t gpus = 0;       // of the machine
  std::int64_t plan_gpus = 0;  // of the deployment
  std::string deployment;
  double output_per_gpu = 0.0;
  double output = 0.0;
  double per_user = 0.0;
  double requests = 0.0;
  double multiple = 0.0;
  Time ttft_p90;
  Time tpot_p90;
  Time e2e;
  double joules = 0.0;  // of the chips, an output token
  double hit_rate = 0.0;
  std::string limit;
  std::string evidence;
  std::int64_t played = 0;
  std::optional<Power> input;       // of its racks
  std::optional<Money> per_mtoken;  // output
  std::int64_t considered = 0;
  std::int64_t meet = 0;
};

/// What a simulation of a deployment gave.
struct SimulateRow {
  PointState state = PointState::impossible;
  std::string why;
  std::int64_t gpus = 0;  // of the deployment
  std::string deployment;
  double multiple = 0.0;
  std::int64_t requests = 0;
  double good = 0.0;
  double goodput = 0.0;
  double request_rate = 0.0;
  double output = 0.0;
  double output_per_gpu = 0.0;
  Time ttft_p50;
  Time ttft_p90;
  Time ttft_p99;
  Time tpot_p50;
  Time tpot_p90;
  Time tpot_p99;
  Time e2e_p90;
  double joules = 0.0;
  double hit_rate = 0.0;
  std::int64_t preemptions = 0;
  std::string limit;
};

/// The rack of a scenario as a physical thing.
struct RackRow {
  PointState state = PointState::impossible;
  std::string why;
  std::string rack;
  std::int64_t gpus = 0;
  Power input;
  Power chips;
  Power feed;
  bool within = false;  // input and feed
  Power capacity;       // of the shelves
  double up = 0.0;      // GPUs, mean over time
  std::optional<Money> gpu_hour;
};

void describe(ReportVisitor& v, const PlanRow& row);
void describe(ReportVisitor& v, const SimulateRow& row);
void describe(ReportVisitor& v, const RackRow& row);

struct RowColumn {
  enum class Kind { number, whole, text };
  std::string name;
  std::string doc;
  Kind kind = Kind::number;
};

/// The columns of a question's rows, in their order; `state` and `why` come first.
[[nodiscard]] const std::vector<RowColumn>& columns_of(Question question);
/// The figure that rows are ranked by, the largest first.
[[nodiscard]] std::string_view objective_of(Question question);

using Row = std::vector<store::Cell>;

/// Asks points of one design. Threads may share it: what several points have in common (prices of
/// instance shapes) is computed once and kept as long as points near it use it.
class PointAsker {
 public:
  PointAsker(const Design& design, const catalog::Catalog& catalog);
  ~PointAsker();

  /// Nothing where the run was stopped on the way.
  [[nodiscard]] std::optional<Row> ask(const Node& scenario, const std::string& directory,
                                       const Run& run);

 private:
  [[nodiscard]] std::shared_ptr<planner::PriceBook> book();
  PlanRow plan(const Node& scenario, const std::string& directory, const Run& run);
  SimulateRow simulate(const Node& scenario, const std::string& directory, const Run& run);
  RackRow rack(const Node& scenario, const std::string& directory, const Run& run);

  const Design& design_;
  const catalog::Catalog& catalog_;
  std::mutex mutex_;
  std::shared_ptr<planner::PriceBook> book_;
};

}  // namespace sn::sweep
