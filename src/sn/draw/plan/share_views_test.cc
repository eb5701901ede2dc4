// sn/draw/plan/share_views_test.cc

#include "sn/draw/plan/share_views.h"

#include <gtest/gtest.h>

#include "sn/base/document/document.h"
#include "sn/draw/plan/plan_samples_test.h"

namespace sn::draw {
namespace {

const TextStyle plain{.colour = false, .file = "a.yaml"};

planner::ShareReport sample_share() {
  planner::ShareReport r;
  r.name = "two on one";
  r.machine = "256 x b200";
  r.gpus = 256;
  r.left_over = 28;
  r.output_tokens = 4000.0;
  r.total_tokens = 9000.0;
  r.output_per_gpu = 15.625;
  r.power = Power::from_si(90e3);
  r.feed = Power::from_si(700e3);
  r.tenants.push_back({"chat", planner::ShareKind::fixed_rate, 128, 1.0, sample_report()});
  r.tenants.push_back({"code", planner::ShareKind::max_min, 100, 2.0, sample_report()});
  r.common_multiple = 1.5;
  r.modelling = {"first note", "second note"};
  r.warnings = {{.code = ErrorCode::data, .message = "odd line"}};
  return r;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ShareTable, HasEveryTenantAndTheTotals) {
  const std::string text = share_table(sample_share(), plain);
  EXPECT_TRUE(text.starts_with("two on one (256 x b200)\n 2 tenants on disjoint GPUs"));
  EXPECT_TRUE(has(text, "\n  chat     128  fixed rate  "));
  EXPECT_TRUE(has(text, "\n  code     100  max-min     "));
  EXPECT_TRUE(has(text, "228 of 256 GPUs, 28 left over; 4 000 output tokens/s (15.6/GPU"));
  EXPECT_TRUE(has(text, "draw 90 kW on a feed of"));
  EXPECT_TRUE(has(text,
                  " common multiple 1.50x of their own rates times their weights is what all "
                  "max-min tenants reach; no "));
  EXPECT_TRUE(has(text, "; weight 2"));
  EXPECT_TRUE(has(text, " modelled as     first note\n                 second note\n"));
  EXPECT_TRUE(text.ends_with(" next            supernode plan a.yaml --tenant chat --explain\n"));
  EXPECT_FALSE(has(text, " \n"));
}

TEST(ShareTable, WithoutMaxMinTenantsThereIsNoCommonMultiple) {
  planner::ShareReport r = sample_share();
  r.tenants.pop_back();
  r.common_multiple = 0.0;
  const std::string text = share_table(r, plain);
  EXPECT_TRUE(has(text, " 1 tenant on disjoint GPUs"));
  EXPECT_FALSE(has(text, "common multiple"));
  const Result<Node> json = parse_document("share.json", share_json(r));
  ASSERT_TRUE(json.has_value());
  EXPECT_TRUE(json->find("common_multiple")->is_null());
}

TEST(ShareJson, HoldsTheReport) {
  const Result<Node> json = parse_document("share.json", share_json(sample_share()));
  ASSERT_TRUE(json.has_value()) << render(json.error());
  EXPECT_EQ(json->find("format")->text(), "supernode-share");
  EXPECT_EQ(json->find("left_over_gpus")->text(), "28");
  EXPECT_EQ(json->find("chip_power_w")->text(), "90000");
  EXPECT_EQ(json->find("common_multiple")->text(), "1.5");
  ASSERT_EQ(json->find("tenants")->items().size(), 2u);
  const Node& second = json->find("tenants")->items()[1];
  EXPECT_EQ(second.find("share")->text(), "max-min");
  EXPECT_EQ(second.find("weight")->text(), "2");
  EXPECT_EQ(second.find("plan.format")->text(), "supernode-plan");
  const Node& target = second.find("plan.subject.slo")->items()[0];
  EXPECT_EQ(target.find("metric")->text(), "ttft");
  EXPECT_EQ(target.find("quantile")->text(), "0.9");
  EXPECT_EQ(target.find("limit_s")->text(), "2");
  EXPECT_EQ(json->find("warnings")->items().size(), 1u);
  EXPECT_EQ(json->find("modelling")->items().size(), 2u);
}

}  // namespace
}  // namespace sn::draw
