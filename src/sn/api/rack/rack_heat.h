// sn/api/rack/rack_heat.h
//
// Temperatures, flows and what a loss of flow does, of a rack under a load.

#pragma once

#include <string>
#include <vector>

#include "sn/api/rack/facility.h"
#include "sn/base/report/report_visitor.h"
#include "sn/facility/thermal.h"

namespace sn::api {

struct HeatRequest {
  /// pump: one of those that run; half: half of the flow; none: all of it. Its course is kept
  /// second by second; empty: of none.
  std::string event = {};
  std::int64_t seconds = 600;
};

struct HeatReport {
  bool liquid = false;  // else all of it goes into air, and no junction is modelled
  facility::Loop loop;  // at the load
  facility::Loop full;  // at full load
  double throttle_celsius = 0.0;
  double trip_celsius = 0.0;
  double air_m3_per_h = 0.0;
  double pump_share = 0.0;                  // of the input
  std::vector<facility::HeatEvent> events;  // without their courses
  facility::HeatEvent course;               // of the one that was asked for
};

void describe(ReportVisitor& v, const HeatReport& report);

/// Errors: an unknown event. Warnings: a supply warmer than the chips are made for, a junction that
/// throttles, a return that is too warm.
[[nodiscard]] Result<HeatReport> rack_heat(const HeatRequest& request, const Facility& rack,
                                           const facility::PowerLoad& load, Errors& warnings);

}  // namespace sn::api
