// sn/draw/evidence/serving_json.cc
//
// Measured deployments predicted, as JSON (see serving_views.h).

#include "sn/base/report/report_json.h"
#include "sn/draw/evidence/serving_views.h"

namespace sn::draw {

std::string serving_validation_json(const evidence::ServingValidation& v) { return report_json(v); }

}  // namespace sn::draw
