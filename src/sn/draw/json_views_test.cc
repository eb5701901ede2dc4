// sn/draw/json_views_test.cc
//
// The JSON of plans and errors, read back. That it meets the schemas is tested end to end.

#include <gtest/gtest.h>

#include "sn/base/document/document.h"
#include "sn/draw/kit/error_json.h"
#include "sn/draw/plan/plan_json.h"
#include "sn/draw/plan/plan_samples_test.h"

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
  EXPECT_EQ(at(root, "subject.slo"), "TTFT p90 2 s, TPOT p90 50 ms");
  EXPECT_EQ(at(root, "considered"), "1312");
  ASSERT_EQ(root.find("candidates")->items().size(), 2u);
  const Node& first = root.find("candidates")->items()[0];
  EXPECT_EQ(at(first, "prefill.replicas"), "6");
  EXPECT_EQ(at(first, "decode.dp"), "80");
  EXPECT_EQ(at(first, "decode.precision.weights"), "bf16");
  EXPECT_EQ(at(first, "decode.memory_bytes_per_gpu.kv"), "1.37e+11");
  EXPECT_EQ(at(first, "state.ttft_seconds.p90"), "1.5");
  EXPECT_EQ(at(first, "evidence"), "calibrated");
  const Node& second = root.find("candidates")->items()[1];
  EXPECT_TRUE(second.find("prefill")->is_null());
  EXPECT_EQ(root.find("pareto")->items().size(), 4u);
  EXPECT_EQ(at(root.find("explanation")->find("tpot")->items()[0], "bound_seconds"), "0.0055");
}

TEST(PlanJson, SeveralPlansAndNothing) {
  const Node root = parsed(plans_json({sample_miss(), planner::PlanReport{}}));
  EXPECT_EQ(at(root, "format"), "supernode-plans");
  ASSERT_EQ(root.find("plans")->items().size(), 2u);
  EXPECT_TRUE(root.find("plans")->items()[0].find("explanation")->is_null());
}

TEST(ErrorJson, EveryCodeHasItsName) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::infeasible); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    EXPECT_EQ(code_name(code) == "syntax", code == ErrorCode::syntax);
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
