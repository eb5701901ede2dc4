// sn/draw/plan/share_json.cc
//
// Writes the sharing of a machine as JSON (see share_views.h).

#include "sn/base/json_writer.h"
#include "sn/draw/kit/error_json.h"
#include "sn/draw/plan/plan_json.h"
#include "sn/draw/plan/share_views.h"

namespace sn::draw {

std::string share_json(const planner::ShareReport& report) {
  JsonWriter w;
  w.begin_object();
  w.member("format", "supernode-share").member("version", 1);
  w.member("name", report.name).member("machine", report.machine);
  w.member("gpus", report.gpus).member("left_over_gpus", report.left_over);
  w.key("common_multiple");
  if (report.common_multiple > 0.0) {
    w.value(report.common_multiple);
  } else {
    w.null();
  }
  w.member("output_tokens_per_second", report.output_tokens);
  w.member("total_tokens_per_second", report.total_tokens);
  w.member("output_tokens_per_second_per_gpu", report.output_per_gpu);
  w.member("chip_power_watts", report.power.si()).member("feed_watts", report.feed.si());
  w.key("tenants").begin_array();
  for (const planner::TenantReport& t : report.tenants) {
    w.begin_object();
    w.member("name", t.name).member("share", planner::to_string(t.kind));
    w.member("gpus", t.gpus).member("weight", t.weight);
    w.key("plan");
    write_plan(w, t.plan);
    w.end_object();
  }
  w.end_array();
  w.key("modelling").begin_array();
  for (const std::string& note : report.modelling) w.value(note);
  w.end_array();
  w.key("warnings").begin_array();
  for (const Error& e : report.warnings) write_error(w, e);
  w.end_array();
  w.end_object();
  return std::move(w).str();
}

}  // namespace sn::draw
