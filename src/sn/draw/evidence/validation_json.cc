// sn/draw/evidence/validation_json.cc
//
// A validation as JSON (see validation_views.h).

#include "sn/base/report/report_json.h"
#include "sn/draw/evidence/validation_views.h"

namespace sn::draw {

std::string validation_json(const evidence::Validation& v) { return report_json(v); }

}  // namespace sn::draw
