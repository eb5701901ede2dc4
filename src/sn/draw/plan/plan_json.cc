// sn/draw/plan/plan_json.cc
//
// Writes reports as JSON (see plan_json.h).

#include "sn/draw/plan/plan_json.h"

#include "sn/base/report/report_json.h"

namespace sn::draw {

std::string plan_json(const planner::PlanReport& report) { return report_json(report); }

std::string plans_json(const std::vector<planner::PlanReport>& reports) {
  return report_json(planner::PlanReports{reports});
}

}  // namespace sn::draw
