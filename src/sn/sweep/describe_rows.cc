// sn/sweep/describe_rows.cc
//
// What rows hold, and the same as columns and cells (see point.h).

#include <variant>

#include "sn/sweep/point.h"
#include "sn/sweep/row_cells.h"

namespace sn::sweep {

namespace {

void describe_state(ReportVisitor& v, PointState state, const std::string& why) {
  static constexpr PointState all[] = {PointState::met, PointState::missed, PointState::impossible};
  v.choice("state", "the SLO or envelope is met, is missed, or the point cannot be", state, all);
  v.text("why", "what was said of a point that is missed or cannot be", why);
}

}  // namespace

std::string_view to_string(PointState state) {
  switch (state) {
    case PointState::met:
      return "met";
    case PointState::missed:
      return "missed";
    case PointState::impossible:
      return "impossible";
  }
  return "impossible";
}

void describe(ReportVisitor& v, const PlanRow& r) {
  v.type("SweptPlan", "The best deployment of a point.");
  describe_state(v, r.state, r.why);
  v.count("gpus", "of the machine", r.gpus);
  v.count("plan_gpus", "of the deployment", r.plan_gpus);
  v.text("deployment", "", r.deployment);
  v.number("output_tokens_per_s_per_gpu", "", r.output_per_gpu);
  v.number("output_tokens_per_s", "", r.output);
  v.number("output_tokens_per_s_per_user", "", r.per_user);
  v.number("requests_per_s", "", r.requests);
  v.number("multiple", "of the workload's own rate", r.multiple);
  v.quantity("ttft_p90_s", "", r.ttft_p90);
  v.quantity("tpot_p90_s", "", r.tpot_p90);
  v.quantity("e2e_mean_s", "", r.e2e);
  v.number("joules_per_token", "of the chips, an output token", r.joules);
  v.number("hit_rate", "prefix cache, share of input tokens", r.hit_rate);
  v.text("limit", "what fails just above this rate", r.limit);
  v.text("evidence", "how far the numbers behind it are measured", r.evidence);
  v.count("played_requests", "that the engine played; 0: formulas alone", r.played);
  v.optional("rack_input_w", "of its part of the racks", r.input);
  v.optional("output_mtoken_usd", "a million output tokens", r.per_mtoken);
  v.count("considered", "deployments", r.considered);
  v.count("meet", "deployments that meet the SLO", r.meet);
}

void describe(ReportVisitor& v, const SimulateRow& r) {
  v.type("SweptSimulation", "A simulation of a point.");
  describe_state(v, r.state, r.why);
  v.count("gpus", "of the deployment", r.gpus);
  v.text("deployment", "", r.deployment);
  v.number("multiple", "of the workload's own rate", r.multiple);
  v.count("requests", "submitted", r.requests);
  v.number("good", "share of requests that meet every limit", r.good);
  v.number("good_requests_per_s", "", r.goodput);
  v.number("requests_per_s", "arrived after warm-up", r.request_rate);
  v.number("output_tokens_per_s", "", r.output);
  v.number("output_tokens_per_s_per_gpu", "", r.output_per_gpu);
  v.quantity("ttft_p50_s", "", r.ttft_p50);
  v.quantity("ttft_p90_s", "", r.ttft_p90);
  v.quantity("ttft_p99_s", "", r.ttft_p99);
  v.quantity("tpot_p50_s", "", r.tpot_p50);
  v.quantity("tpot_p90_s", "", r.tpot_p90);
  v.quantity("tpot_p99_s", "", r.tpot_p99);
  v.quantity("e2e_p90_s", "", r.e2e_p90);
  v.number("joules_per_token", "of the chips, an output token", r.joules);
  v.number("hit_rate", "prefix cache, share of input tokens", r.hit_rate);
  v.count("preemptions", "", r.preemptions);
  v.text("limit", "of a knee: what fails just above it", r.limit);
}

void describe(ReportVisitor& v, const RackRow& r) {
  v.type("SweptRack", "The rack of a point.");
  describe_state(v, r.state, r.why);
  v.text("rack", "", r.rack);
  v.count("gpus", "", r.gpus);
  v.quantity("input_w", "what the feed gives", r.input);
  v.quantity("chips_w", "accelerators", r.chips);
  v.quantity("feed_w", "what the feed can give", r.feed);
  v.flag("within_feed", "", r.within);
  v.quantity("shelves_w", "rating without the spare ones", r.capacity);
  v.number("gpus_up", "share of them, mean over time", r.up);
  v.optional("gpu_hour_usd", "", r.gpu_hour);
}

RowCells::RowCells(bool over_types) : over_types_(over_types) {}

void RowCells::number(Name name, Doc doc, double value) {
  add(name, doc, RowColumn::Kind::number, value);
}
void RowCells::text(Name name, Doc doc, std::string_view value) {
  add(name, doc, RowColumn::Kind::text, std::string(value));
}
void RowCells::flag(Name name, Doc doc, bool value) {
  add(name, doc, RowColumn::Kind::whole, std::int64_t{value ? 1 : 0});
}
void RowCells::choice(Name name, Doc doc, std::string_view value,
                      std::span<const std::string_view>) {
  text(name, doc, value);
}
void RowCells::whole(Name name, Doc doc, std::int64_t value, bool) {
  add(name, doc, RowColumn::Kind::whole, value);
}
void RowCells::constant(Name name, Doc doc, std::string_view value) { text(name, doc, value); }
void RowCells::constant(Name name, Doc doc, std::int64_t value) { whole(name, doc, value, true); }
void RowCells::null(Name name, Doc doc) { add(name, doc, RowColumn::Kind::number, {}); }

void RowCells::add(Name name, Doc doc, RowColumn::Kind kind, store::Cell cell) {
  if (over_types_) columns_.push_back({std::string(name), std::string(doc), kind});
  if (!over_types_) cells_.push_back(std::move(cell));
}

// A row is flat.
void RowCells::begin_object(Name name, Doc) { SN_ASSERT(name.empty()); }
void RowCells::begin_list(Name, Doc) { SN_ASSERT(false); }

const std::vector<RowColumn>& columns_of(Question question) {
  static const std::vector<RowColumn> plan = columns_of_type<PlanRow>();
  static const std::vector<RowColumn> simulate = columns_of_type<SimulateRow>();
  static const std::vector<RowColumn> rack = columns_of_type<RackRow>();
  if (question == Question::rack) return rack;
  return question == Question::plan ? plan : simulate;
}

std::string_view objective_of(Question question) {
  return question == Question::rack ? "gpus_up" : "output_tokens_per_s_per_gpu";
}

}  // namespace sn::sweep
