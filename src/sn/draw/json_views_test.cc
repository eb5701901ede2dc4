// sn/draw/json_views_test.cc
//
// The JSON of plans and errors, read back. That it meets the schemas is tested end to end.

#include <gtest/gtest.h>

#include <cmath>

#include "sn/base/document/document.h"
#include "sn/base/report/describe_error.h"
#include "sn/draw/plan/plan_json.h"
#include "sn/draw/plan/plan_samples_test.h"
#include "sn/draw/simulation/simulation_views.h"

namespace sn::draw {
namespace {

Node parsed(const std::string& text) {
  const Result<Node> node = parse_document("plan.json", text);
  EXPECT_TRUE(node.has_value()) << (node ? "" : render(node.error()));
  return node ? *node : Node::map();
}

std::string at(const Node& node, const std::string& path) {
  const Node* found = node.find(path);
  return found == nullptr ? "(absent)" : found->text();
}

TEST(PlanJson, HoldsTheReport) {
  const Node root = parsed(plan_json(sample_report()));
  EXPECT_EQ(at(root, "format"), "supernode-plan");
  EXPECT_EQ(at(root, "subject.rate.kind"), "knee");
  EXPECT_EQ(at(root.find("subject.slo")->items()[1], "limit_s"), "0.05");
  EXPECT_EQ(at(root, "considered"), "1312");
  ASSERT_EQ(root.find("candidates")->items().size(), 2u);
  const Node& first = root.find("candidates")->items()[0];
  EXPECT_EQ(at(first, "prefill.instances"), "6");
  EXPECT_EQ(at(first, "decode.dp"), "80");
  EXPECT_EQ(at(first, "decode.precision.weights"), "fp8");
  EXPECT_EQ(at(first, "decode.memory_per_gpu.kv_bytes"), "1.37e+11");
  EXPECT_EQ(at(first, "state.ttft.p90_s"), "1.5");
  EXPECT_EQ(at(first, "evidence"), "calibrated");
  const Node& second = root.find("candidates")->items()[1];
  EXPECT_TRUE(second.find("prefill")->is_null());
  EXPECT_EQ(root.find("pareto")->items().size(), 4u);
  EXPECT_EQ(at(root.find("explanation")->find("tpot")->items()[0], "bound_s"), "0.0055");
}

TEST(PlanJson, SeveralPlansAndNothing) {
  const Node root = parsed(plans_json({sample_miss(), planner::PlanReport{}}));
  EXPECT_EQ(at(root, "format"), "supernode-plans");
  ASSERT_EQ(root.find("plans")->items().size(), 2u);
  EXPECT_TRUE(root.find("plans")->items()[0].find("explanation")->is_null());
}

TEST(SimulationJson, HoldsValues) {
  twin::SimulationReport r;
  r.slo = {{.metric = serving::Metric::ttft, .quantile = 0.95, .limit = Time::from_si(2.0)},
           {.metric = serving::Metric::tpot, .quantile = -1.0, .limit = Time::from_si(0.05)}};
  r.routing = serving::Routing::prefix_aware;
  r.pools.resize(1);
  r.pools[0].pool.deployment.parallel = {.tp = 4};
  r.probes = {{.multiple = 2.0, .worst = INFINITY}};
  const Node root = parsed(simulation_json({r}));
  EXPECT_EQ(at(root, "format"), "supernode-simulation");
  EXPECT_EQ(at(root, "version"), "1");
  EXPECT_EQ(at(root, "routing"), "prefix-aware");
  EXPECT_EQ(at(root.find("slo")->items()[0], "quantile"), "0.95");
  EXPECT_TRUE(root.find("slo")->items()[1].find("quantile")->is_null());  // the mean
  EXPECT_EQ(at(root.find("pools")->items()[0], "tp"), "4");
  EXPECT_TRUE(root.find("probes")->items()[0].find("worst_ratio")->is_null());
  EXPECT_TRUE(root.find("faults.policy")->is_null());
  const Node both = parsed(simulation_json({r, r}));
  EXPECT_EQ(both.find("simulations")->items().size(), 2u);
}

TEST(PlanJson, HoldsWhatTheEnginePlayed) {
  planner::PlanReport report = sample_report();
  report.screened = false;
  report.shortlisted = 7;
  planner::Candidate& c = report.candidates[1];
  c.place = 1;
  c.played = 5000;
  c.screened = 12.5;
  c.operating.emplace();
  c.operating->share = 0.8;
  c.operating->losses.emplace_back();
  const Node root = parsed(plan_json(report));
  EXPECT_EQ(at(root, "shortlisted"), "7");
  const Node& second = root.find("candidates")->items()[1];
  EXPECT_EQ(at(second, "place"), "1");
  EXPECT_EQ(at(second, "played_requests"), "5000");
  EXPECT_EQ(at(second, "screened_multiple"), "12.5");
  EXPECT_EQ(at(second, "operating.knee_share"), "0.8");
  EXPECT_EQ(at(second.find("operating.losses")->items()[0], "instances_left"), "0");
  EXPECT_TRUE(root.find("candidates")->items()[0].find("operating")->is_null());
}

TEST(ErrorJson, EveryCodeHasItsName) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::interrupted); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(to_string(code) == "syntax", code == ErrorCode::syntax);
  }
  planner::PlanReport report;
  report.warnings = {{.code = ErrorCode::data,
                      .message = "bad \"line\"",
                      .where = {.file = "t.jsonl", .line = 7, .excerpt = {}},
                      .hint = {}}};
  const Node root = parsed(plan_json(report));
  EXPECT_EQ(at(root.find("warnings")->items()[0], "message"), "bad \"line\"");
  EXPECT_EQ(at(root.find("warnings")->items()[0], "line"), "7");
}

}  // namespace
}  // namespace sn::draw
