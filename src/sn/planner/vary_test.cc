// sn/planner/vary_test.cc

#include "sn/planner/vary.h"

#include <gtest/gtest.h>

namespace sn::planner {
namespace {

TEST(ParseAxes, ReadsFieldsAndValues) {
  const auto axes = parse_axes({"cluster.rack.gpus=8,16", "model=a"});
  ASSERT_TRUE(axes.has_value());
  ASSERT_EQ(axes->size(), 2u);
  EXPECT_EQ((*axes)[0].path, "cluster.rack.gpus");
  EXPECT_EQ((*axes)[0].values, (std::vector<std::string>{"8", "16"}));
}

TEST(ParseAxes, ReportsEveryMistake) {
  const auto axes = parse_axes({"no-values", "=1", "a=1", "a=2"});
  ASSERT_FALSE(axes.has_value());
  EXPECT_EQ(axes.error().size(), 3u);  // no '=', no field, the same field twice
}

TEST(ParseAxes, LimitsCombinations) {
  std::string many = "x=";
  for (int i = 0; i < 1001; ++i) many += std::to_string(i) + ",";
  EXPECT_FALSE(parse_axes({many}).has_value());  // 1000 at most
}

TEST(WithField, TurnsANameIntoABaseWithChanges) {
  const auto scenario = parse_document("s.yaml", "cluster: {rack: al128}\nmodel: m\n");
  ASSERT_TRUE(scenario.has_value());
  const Node changed = with_field(*scenario, "cluster.rack.gpus", "64");
  EXPECT_EQ(changed.find("cluster.rack.base")->text(), "al128");
  EXPECT_EQ(changed.find("cluster.rack.gpus")->text(), "64");
  EXPECT_EQ(changed.find("model")->text(), "m");
  EXPECT_EQ(with_field(*scenario, "model", "n").find("model")->text(), "n");
}

}  // namespace
}  // namespace sn::planner
