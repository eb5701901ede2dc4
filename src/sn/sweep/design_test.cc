// sn/sweep/design_test.cc

#include "sn/sweep/design.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sn::sweep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> out;
  for (const AxisValue& v : axis.values) out.push_back(v.label);
  return out;
}

std::string errors_of(const std::string& text) {
  const Result<Design> design = parse_design("s.yaml", text);
  return design ? "none" : render(design.error());
}

TEST(Design, EveryCombinationOnceLastAxisFastest) {
  const Result<Design> d = parse_design("s.yaml",
                                        "sweep: 1\nscenarios: [{name: a, x: 1}, {name: b}]\n"
                                        "vary: {p.q: [1, 2], r: {from: 10 ms, to: 40 ms, factor: "
                                        "2}}\nset: {p.z: 9}\n");
  ASSERT_TRUE(d) << render(d.error());
  EXPECT_EQ(d->points(), 12u);
  EXPECT_THAT(labels(d->axes[1]), ElementsAre("10 ms", "20 ms", "40 ms"));
  const PointPlace place = place_of(*d, 10);
  EXPECT_EQ(place.scenario, 1u);
  EXPECT_THAT(place.values, ElementsAre(1, 1));
  const Node s = scenario_of(*d, place);
  EXPECT_EQ(s.find("name")->text(), "b");
  EXPECT_EQ(s.find("p.q")->text(), "2");
  EXPECT_EQ(s.find("p.z")->text(), "9");
  EXPECT_EQ(s.find("r")->text(), "20 ms");
}

TEST(Design, RangesEndWhereTheySay) {
  const Result<Design> d = parse_design(
      "s.yaml", "sweep: 1\nscenarios: {a: 1}\nvary: {r: {from: 0.1, to: 0.5, step: 0.1}}\n");
  ASSERT_TRUE(d) << render(d.error());
  EXPECT_THAT(labels(d->axes[0]), ElementsAre("0.1", "0.2", "0.3", "0.4", "0.5"));
}

TEST(Design, AMapSetsSeveralFields) {
  const Result<Design> d = parse_design(
      "s.yaml",
      "sweep: 1\nscenarios: {a: 1}\nvary: {machine: [{c.r: x, c.n: 1}, {c.r: y, c.n: 16}]}\n");
  ASSERT_TRUE(d) << render(d.error());
  EXPECT_THAT(labels(d->axes[0]), ElementsAre("x, 1", "y, 16"));
  const Node s = scenario_of(*d, place_of(*d, 1));
  EXPECT_EQ(s.find("c.r")->text(), "y");
  EXPECT_EQ(s.find("c.n")->text(), "16");
  EXPECT_EQ(s.find("machine"), nullptr);
}

TEST(Design, ShippedScenariosByName) {
  const Result<Design> d = parse_design(
      "s.yaml", "sweep: 1\nscenarios: [llama70b]\nvary: {cluster.rack.gpus: [4, 8]}\n");
  ASSERT_TRUE(d) << render(d.error());
  EXPECT_EQ(scenario_of(*d, place_of(*d, 0)).find("cluster.rack.base")->text(), "hgx-h200");
}

TEST(Design, AllMistakesAtOnce) {
  const std::string said = errors_of(
      "sweep: 2\nquestion: plann\nscenarios: [llama7]\nvary: {a..b: [1], c: [1, 1], d: [], e: "
      "{from: 1, to: 2}}\nrack: {load: max}\nmore: 1\n");
  for (const char* part :
       {"did you mean 'plan'", "llama7", "'a..b' is no path", "has '1' twice", "'d' has no values",
        "a range has 'factor' or 'step'", "options of 'rack', which is not asked", "more"}) {
    EXPECT_THAT(said, HasSubstr(part));
  }
}

TEST(Design, Limits) {
  std::string many = "sweep: 1\nscenarios: {a: 1}\nvary:\n";
  for (int a = 0; a < 7; ++a) {
    many += "  f" + std::to_string(a) + ": {from: 1, to: 10, step: 1}\n";
  }
  EXPECT_THAT(errors_of(many), HasSubstr("more than 16 axes or 1000000 points"));
  EXPECT_THAT(errors_of("sweep: 1\nscenarios: []\nvary: {a: 1}\n"),
              HasSubstr("from 1 to 64 scenarios"));
  EXPECT_THAT(errors_of("sweep: 1\nscenarios: {a: 1}\nvary: {r: {from: 2 ms, to: 1 s, step: 1}}"),
              HasSubstr("one unit"));
  EXPECT_THAT(errors_of("sweep: 1\nscenarios: {a: 1}\nvary: {r: {from: 2, to: 1, step: 1}}"),
              HasSubstr("runs upwards"));
}

}  // namespace
}  // namespace sn::sweep
