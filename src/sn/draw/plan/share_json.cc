// sn/draw/plan/share_json.cc
//
// Writes the sharing of a machine as JSON (see share_views.h).

#include "sn/base/report/report_json.h"
#include "sn/draw/plan/share_views.h"

namespace sn::draw {

std::string share_json(const planner::ShareReport& report) { return report_json(report); }

}  // namespace sn::draw
