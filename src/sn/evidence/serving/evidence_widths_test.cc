// sn/evidence/serving/evidence_widths_test.cc

#include "sn/evidence/serving/evidence_widths.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sn::evidence {
namespace {

TEST(EvidenceWidths, FittedPointsSayWhatIsNeededAndOthersWhetherItHolds) {
  EvidenceWidths widths;
  for (int i = 1; i <= 10; ++i) {
    widths.add({.evidence = "hopper vllm",
                .metric = "tpot",
                .measured = std::exp(0.01 * i),
                .predicted = 1.0,
                .sigma = 0.1,
                .fitted = true});
  }
  for (const double measured : {1.05, 1.10, 1.30}) {
    widths.add({.evidence = "hopper vllm",
                .metric = "tpot",
                .measured = measured,
                .predicted = 1.0,
                .sigma = 0.1});
  }
  const std::vector<EvidenceWidth> all = widths.report();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fitted, 10u);
  EXPECT_EQ(all[0].others, 3u);
  EXPECT_NEAR(all[0].needed, 0.08 / 1.28155, 1e-4) << "eight of ten inside";
  EXPECT_NEAR(all[0].covered, 2.0 / 3.0, 1e-12) << "80 % reach to 1.137";
  EXPECT_NEAR(all[0].half_width, std::sinh(0.128155), 1e-6);
  EXPECT_NEAR(all[0].error, (0.05 / 1.05 + 0.10 / 1.10 + 0.30 / 1.30) / 3.0, 1e-12);
  EXPECT_TRUE(all[0].sharp());
}

TEST(EvidenceWidths, ModesAndMetricsAreApart) {
  EvidenceWidths widths;
  widths.add({.evidence = "a", .metric = "tpot", .measured = 1.0, .predicted = 1.0});
  widths.add({.evidence = "a",
              .disaggregated = true,
              .metric = "tpot",
              .measured = 1.0,
              .predicted = 1.0});
  widths.add({.evidence = "a", .metric = "ttft", .measured = 1.0, .predicted = 1.0});
  EXPECT_EQ(widths.report().size(), 3u);
  EXPECT_TRUE(std::isnan(widths.report()[0].needed)) << "nothing fitted";
}

}  // namespace
}  // namespace sn::evidence
