// sn/planner/vary_test.cc

#include "sn/planner/vary.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/planner/planner_test_util.h"
#include "sn/planner/search/price.h"
#include "sn/twin/scenario/fields.h"

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

TEST(ParseAxes, LimitsLevels) {
  std::string deep = "a";
  for (int i = 1; i < 16; ++i) deep += ".a";
  EXPECT_TRUE(parse_axes({deep + "=1"}).has_value());
  for (int i = 16; i < 30'000; ++i) deep += ".a";
  const auto axes = parse_axes({deep + "=1"});
  ASSERT_FALSE(axes.has_value());
  EXPECT_NE(axes.error().front().message.find("30000 levels; the limit is 16"), std::string::npos);
}

TEST(WithField, TurnsANameIntoABaseWithChanges) {
  const auto scenario = parse_document("s.yaml", "cluster: {rack: al128}\nmodel: m\n");
  ASSERT_TRUE(scenario.has_value());
  const Node changed = twin::with_field(*scenario, "cluster.rack.gpus", "64", "--vary");
  EXPECT_EQ(changed.find("cluster.rack.base")->text(), "al128");
  EXPECT_EQ(changed.find("cluster.rack.gpus")->text(), "64");
  EXPECT_EQ(changed.find("model")->text(), "m");
  EXPECT_EQ(twin::with_field(*scenario, "model", "n", "--vary").find("model")->text(), "n");
}

VaryReport varied(const std::vector<std::string>& flags, int threads) {
  const auto scenario = parse_document(
      "s.yaml",
      scenario_text({.cluster = "{rack: {base: al128, gpus: 8, gpus_per_os: 4}, gpus: 24}"}));
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  const auto axes = parse_axes(flags);
  if (!scenario || !catalog || !axes) {
    ADD_FAILURE() << "not readable";
    return {};
  }
  std::size_t last = 0;
  const sn::Run run({.threads = threads, .progress = [&](const Progress& p) {
                       last = std::max(last, static_cast<std::size_t>(p.done));
                     }});
  const FileLoader none = [](const std::string&) -> Result<std::string> { return std::string(); };
  Result<VaryReport> report =
      vary({*scenario, *catalog, none, ""}, *axes, {.top = 1, .screen = true}, run);
  if (!report) {
    ADD_FAILURE() << render(report.error());
    return {};
  }
  EXPECT_EQ(last, report->points.size());
  return *std::move(report);
}

TEST(Vary, AFixedTotalIsCutIntoWholeRacks) {
  const VaryReport r = varied({"cluster.rack.gpus=4,8,16,32"}, 2);
  ASSERT_EQ(r.points.size(), 4u);
  EXPECT_EQ(r.points[0].gpus, 24);
  EXPECT_EQ(r.points[1].gpus, 24);
  EXPECT_EQ(r.points[2].gpus, 16);
  EXPECT_EQ(r.points[2].left_over, 8);
  EXPECT_EQ(r.points[3].gpus, 24) << "a part of one rack of 32";
  EXPECT_EQ(r.points[3].left_over, 0);
  ASSERT_TRUE(r.verdicts.front());
}

TEST(Vary, GpuTimeOfATokenAddsUpToTheThroughput) {
  const VaryReport r =
      varied({"model=llama-3.1-70b,qwen3-235b-a22b", "cluster.rack.gpus=4,8,16"}, 2);
  ASSERT_EQ(r.points.size(), 6u);
  for (const VaryPoint& p : r.points) {
    ASSERT_TRUE(p.best) << p.why_not;
    double sum = 0.0;
    double share = 0.0;
    for (const BillLine& l : p.bill) {
      EXPECT_GT(l.time.si(), 0.0) << l.item;
      sum += l.time.si();
      share += l.share;
    }
    EXPECT_NEAR(sum * p.best->state.output_per_gpu, 1.0, 1e-9);
    EXPECT_NEAR(share, 1.0, 1e-9);
  }
}

TEST(Vary, TheVerdictNamesWhatIsLost) {
  const VaryReport r = varied({"slo.tpot.p90=8 ms,10 ms,40 ms"}, 1);
  ASSERT_TRUE(r.verdicts.front());
  const VaryVerdict& v = *r.verdicts.front();
  EXPECT_EQ(v.best, "40 ms");
  const bool named = v.below.find("% less, limit ") != std::string::npos ||
                     v.below.find("no deployment meets") != std::string::npos;
  EXPECT_TRUE(named) << v.below;
  EXPECT_TRUE(v.above.empty());
}

TEST(Vary, OfEqualValuesTheFirstIsTheOptimum) {
  const VaryReport r = varied({"name=a,b,c"}, 2);
  ASSERT_TRUE(r.verdicts.front());
  EXPECT_EQ(r.verdicts.front()->best, "a");
  EXPECT_EQ(r.verdicts.front()->flat_from, "a");
  EXPECT_EQ(r.verdicts.front()->flat_to, "c");
}

TEST(PriceMemo, SizesThatShareOneSeeTheirOwnPrices) {
  PriceMemo memo;
  for (const char* cluster :
       {"gpus: 4, gpus_per_os: 4}, gpus: 24}", "gpus: 8, gpus_per_os: 4}, gpus: 24}",
        "gpus: 12, gpus_per_os: 4}, gpus: 24}", "gpus: 24, gpus_per_os: 4}}",
        "gpus: 12, gpus_per_os: 4}, racks: 3}", "gpus: 8, gpus_per_os: 4}}"}) {
    SCOPED_TRACE(cluster);
    const twin::World world =
        small_world({.cluster = "{rack: {base: al128, " + std::string(cluster),
                     .model = "qwen3-235b-a22b",
                     .more = "search: {chunk: 4096}\n"});
    for (const Shape& shape : shapes(world)) {
      const auto kept = memo.price(world, shape, true);
      EXPECT_EQ(*kept, price(world, shape, true)) << llm::to_string(shape.deployment.parallel);
      EXPECT_EQ(kept, memo.price(world, shape, true)) << "priced once";
    }
  }
}

TEST(PriceBook, WorldsShareAMemoByWhatAPriceReads) {
  PriceBook book;
  const auto world = [](const std::string& cluster, const std::string& more = "",
                        const std::string& slo = "{tpot: {p90: 40 ms}}") {
    return small_world({.cluster = cluster, .slo = slo, .more = more});
  };
  const twin::World first = world("{rack: al128}");
  PriceMemo& memo = book.of(first);
  // Sizes come with the shape; names and what may be chosen enter no price.
  for (const twin::World& same :
       {world("{rack: al128, racks: 4}"), world("{rack: {base: al128, gpus: 64}}"),
        world("{rack: al128}", "search: {chunk: 512}\n"),
        world("{rack: al128}", "conditions: {clock: 1.0}\n"),
        world("{rack: al128}", "", "{tpot: {p90: 0.04 s}}")}) {
    EXPECT_EQ(&book.of(same), &memo);
  }
  EXPECT_EQ(book.size(), 1u);
  std::size_t others = 1;
  for (const twin::World& other : {world("{rack: al128}", "conditions: {clock: 0.9}\n"),
                                   world("{rack: al128}", "", "{tpot: {p90: 41 ms}}"),
                                   world("{rack: {base: al128, chip: {hbm: {bandwidth: 3 TB/s}}}}"),
                                   world("{rack: al128}", "software: {framework: sglang}\n"),
                                   world("{rack: al128}", "kv: {block: 16}\n")}) {
    EXPECT_NE(&book.of(other), &memo);
    EXPECT_EQ(book.size(), ++others);
  }
}

TEST(Vary, SameReportWithOneAndTwoThreads) {
  const std::vector<std::string> flags = {"model=llama-3.1-70b,qwen3-235b-a22b,sn-10t",
                                          "cluster.rack.gpus=4,8,12"};
  const VaryReport one = varied(flags, 1);
  const VaryReport two = varied(flags, 2);
  ASSERT_EQ(one.points.size(), two.points.size());
  EXPECT_EQ(one.subject.model, two.subject.model);
  for (std::size_t i = 0; i < one.points.size(); ++i) {
    const VaryPoint& a = one.points[i];
    const VaryPoint& b = two.points[i];
    EXPECT_EQ(a.values, b.values);
    EXPECT_EQ(a.why_not, b.why_not);
    EXPECT_EQ(a.binds, b.binds);
    ASSERT_EQ(a.best.has_value(), b.best.has_value());
    if (!a.best) continue;
    EXPECT_EQ(a.best->plan, b.best->plan);
    EXPECT_EQ(a.best->state.output_per_gpu, b.best->state.output_per_gpu);
  }
  for (std::size_t i = 0; i < one.verdicts.size(); ++i) {
    ASSERT_EQ(one.verdicts[i].has_value(), two.verdicts[i].has_value());
    if (!one.verdicts[i]) continue;
    EXPECT_EQ(one.verdicts[i]->below, two.verdicts[i]->below);
  }
}

}  // namespace
}  // namespace sn::planner
