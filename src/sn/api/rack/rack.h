// sn/api/rack/rack.h
//
// A rack as a physical thing under a load: what each part draws, whether the feed and the shelves
// carry it, how far the sum of the parts is from what is published.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sn/api/rack/facility.h"
#include "sn/api/rack/rack_cost.h"
#include "sn/api/rack/rack_heat.h"
#include "sn/api/rack/rack_reliability.h"
#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/facility/power.h"

namespace sn::api {

struct RackRequest {
  FacilityRequest facility;
  /// idle; max: every part at its limit; training: the crest and trough of a synchronous step;
  /// plan: what the best deployment of the scenario makes of it.
  std::string load = "max";
  std::string cap = {};                 // on the input of the rack: "120 kW"; empty: none
  std::string policy = "proportional";  // hard, proportional, priority
  HeatRequest heat = {};
  ReliabilityRequest reliability = {};
  CostRequest cost = {};
  double high_share = 0.5;  // of the chips that priority is given to
};

struct RackModule {
  std::string place;
  std::string name;
  std::string title;
  std::int64_t count = 0;
  std::int64_t gpus = 0;   // on one
  double height_u = 0.0;   // of one; 0: not known
  double weight_kg = 0.0;  // of one; 0: not known
};

/// A row of the bill of power, with who says so.
struct RackPowerRow {
  facility::PowerRow row;
  std::string source;  // title; empty where the row is derived
  std::string grade;
  bool assumed = false;
};

/// Which limit of a chip fits the envelope at a number of GPUs.
struct RackFit {
  std::int64_t gpus = 0;
  bool possible = false;  // the machine can be built with so many
  std::string reason;     // why not
  Power by_feed;          // the rack at full load stays within its feed
  Power by_cooling;       // what the cooling of one chip removes; 0: not published
  Power rest;             // of the rack without the chips at full load, per GPU
};

/// The published total beside the sum of the parts.
struct PublishedPower {
  Power low;  // least and most of the sources
  Power high;
  Power used;      // the one the catalog goes by
  Power residual;  // used - sum of the parts
  bool within = false;
};

struct RackCap {
  std::string policy;
  Power cap;
  facility::Capped result;
};

/// Of synchronous training.
struct RackSwing {
  facility::Swing wave;
  double duty = 0.0;
  Power mean;
};

/// The deployment at a clock below nominal, through the Conditions of the step model.
struct ClockEffect {
  double clock = 1.0;
  bool carried = false;      // the plan's load at nominal clock is still carried
  Time tpot;                 // mean, at that load; 0 where it is not carried
  double knee_tokens = 0.0;  // output tokens a second at the load that still meets the SLO
};

/// What the planner's deployment makes of the machine.
struct RackPlan {
  std::string deployment;
  double output_tokens = 0.0;     // per second, of the plan
  double input_tokens = 0.0;      // likewise
  std::int64_t prefill_gpus = 0;  // 0: one pool does both
  std::int64_t gpus = 0;          // of the plan
  double racks = 0.0;             // that it fills
  double load = 0.0;              // requests a second that clocks are judged at: 80 % of the plan's
  std::vector<ClockEffect> clocks = {};  // of the cap and of the event, highest first
};

struct RackReport {
  std::string rack;
  std::string title;
  std::string plant;
  std::string chip;
  std::int64_t gpus = 0;
  std::int64_t gpus_per_os = 0;
  std::string load;
  double chip_share = 0.0;  // dynamic, of one chip
  std::vector<RackModule> modules;
  double weight_kg = 0.0;  // of modules whose weight is known
  facility::PowerReport power;
  std::vector<RackPowerRow> rows;
  Power assumed;  // of the parts that rest on assumptions or memory
  Power feed;
  std::optional<PublishedPower> published;  // at full load
  std::vector<RackFit> fits;
  std::optional<RackSwing> swing;
  std::optional<RackCap> cap;
  std::optional<RackPlan> plan;
  HeatReport heat;
  ReliabilityReport reliability;
  std::optional<CostReport> cost;  // nothing where the chip has no price
  bool interrupted = false;
  Errors warnings;  // the envelope is exceeded, and the like
};

void describe(ReportVisitor& v, const RackReport& report);

/// Errors: those of `open_facility`; an unknown load or policy; load `plan` without a scenario.
[[nodiscard]] Result<RackReport> rack_report(const RackRequest& request,
                                             const catalog::Catalog& catalog,
                                             const Run& run = Run());

}  // namespace sn::api
