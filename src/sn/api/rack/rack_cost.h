// sn/api/rack/rack_cost.h
//
// What a rack costs, by part and by year, with the range that its prices have; what a token costs
// where there is a deployment; what moves it.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/api/rack/facility.h"
#include "sn/base/report/report_visitor.h"
#include "sn/facility/cost.h"
#include "sn/facility/power.h"

namespace sn::api {

struct CostRequest {
  std::string site = {};     // of the catalog; empty: the scenario's, or the average of the US
  bool sensitivity = false;  // what each price does
};

/// Tokens of a deployment that the rack serves at its load.
struct ServedTokens {
  double input = 0.0;             // per second
  double output = 0.0;            // per second
  std::int64_t prefill_gpus = 0;  // 0: all GPUs do both
  std::int64_t gpus = 0;
};

/// A figure with what the ranges of its inputs make of it: deviations of one input at a time, added
/// as squares on each side.
struct MoneyRange {
  Money value;
  Money low;
  Money high;
};

struct PriceEffect {
  std::string param;
  std::string value;
  std::string low;  // of the sources, or 20 % off where there is one alone
  std::string high;
  bool assumed_range = false;
  double at_low = 0.0;  // relative change of the cost of a GPU-hour
  double at_high = 0.0;
};

struct TokenCost {
  MoneyRange output;      // per million, all of the cost on output tokens
  MoneyRange blended;     // per million of input and output
  Money prefill;          // per million input tokens, the prefill pool's GPUs alone; 0: one pool
  Money decode;           // per million output tokens, the decode pool's
  double joules = 0.0;    // per output token at the wall of the building
  double carbon_g = 0.0;  // per million output tokens
};

struct CostReport {
  std::string prices;
  std::string site;
  std::string site_title;
  facility::Pue pue;
  double up = 1.0;
  double utilisation = 1.0;
  facility::Cost cost;
  MoneyRange gpu_hour;
  Money mw_year;                        // per MW of input
  std::optional<Money> published_rack;  // price of the whole
  std::optional<TokenCost> tokens;
  std::vector<PriceEffect> effects;  // by size, those above 0.01 %
};

void describe(ReportVisitor& v, const CostReport& report);

/// Nothing, and a warning, where the chip has no price. Errors: entries that do not read.
[[nodiscard]] Result<std::optional<CostReport>> rack_costs(
    const CostRequest& request, const Facility& rack, const catalog::Catalog& catalog,
    Power mean_input, double up, const std::optional<ServedTokens>& served, Errors& warnings);

}  // namespace sn::api
