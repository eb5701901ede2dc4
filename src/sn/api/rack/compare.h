// sn/api/rack/compare.h
//
// Racks side by side: their datasheets; with a model also what each carries under one SLO, per GPU,
// per kilowatt and per dollar, with intervals.
//
// A rack that cannot answer (no plant, no price, the model does not fit or meets no SLO) stays in
// the table with the reason.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/api/rack/rack.h"
#include "sn/base/report/report_visitor.h"
#include "sn/base/run.h"
#include "sn/llm/uncertainty.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::api {

struct CompareRequest {
  std::vector<std::string> racks;
  /// Model, lengths or trace, SLO and rate, as for a plan; without a model: racks alone.
  twin::Overrides load = {};
  bool screen = false;  // plans by closed forms alone
  std::string site = {};
};

/// A figure with its interval.
struct Spread {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;
};

/// What a rack carries.
struct Carried {
  std::string deployment;
  std::string evidence;  // how far the models are backed for it
  std::int64_t gpus = 0;
  double output = 0.0;  // tokens a second, of the plan
  Spread per_gpu;       // tokens/s; the middle 80 % of the models' error
  Spread per_kw;        // tokens/s per kW of the racks' input
  Spread per_dollar;    // output tokens; prices' range and the models' error together
  Spread million;       // dollars a million output tokens, likewise
  Time tpot;            // mean
};

struct ComparedRack {
  std::string rack;
  std::string title;
  std::string chip;
  std::int64_t gpus = 0;
  Power input;  // at full load
  Power feed;
  double assumed = 0.0;  // share of the input that nobody publishes
  Power per_gpu;
  Bytes hbm;  // of the rack
  Bandwidth hbm_bandwidth;
  FlopRate peak;       // of the rack, its narrowest format
  Bandwidth scale_up;  // per GPU and direction
  std::int64_t domain = 0;
  std::optional<Money> capex;
  std::optional<MoneyRange> gpu_hour;
  Time job_every;
  double up = 0.0;  // share of its GPUs
  std::optional<Carried> carried;
  std::string reason;  // why something is missing
};

struct CompareReport {
  std::string model;  // empty: racks alone
  std::string asked;  // lengths, SLO, rate
  std::vector<ComparedRack> racks;
  bool interrupted = false;
};

void describe(ReportVisitor& v, const CompareReport& report);

/// Errors: no rack, a rack that there is not; mistakes in what is asked of all of them.
[[nodiscard]] Result<CompareReport> compare_racks(const CompareRequest& request,
                                                  const catalog::Catalog& catalog,
                                                  const Run& run = Run());

}  // namespace sn::api
