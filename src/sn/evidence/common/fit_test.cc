// sn/evidence/common/fit_test.cc
//
// Parameters that made the data are found again; what the data cannot tell is said.

#include "sn/evidence/common/fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sn/base/random.h"

namespace sn::evidence {
namespace {

/// t = launch + bytes / rate over a range of sizes.
struct Line {
  std::vector<double> bytes;
  std::vector<double> measured;

  [[nodiscard]] Residuals residuals() const {
    return [this](std::span<const double> p, std::span<double> out) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = std::log((p[0] + bytes[i] / p[1]) / measured[i]);
      }
    };
  }
};

Line line(double launch, double rate, double outlier) {
  Line data;
  for (int i = 0; i < 200; ++i) {
    const double size = std::pow(10.0, 3.0 + i * 0.03);
    const double noise = 1.0 + 0.02 * std::sin(12.9898 * i);
    data.bytes.push_back(size);
    data.measured.push_back((launch + size / rate) * noise * (i % 10 == 0 ? outlier : 1.0));
  }
  return data;
}

const std::vector<FitParameter> two = {{"launch", 1e-6, 1e-8, 1e-3}, {"rate", 1e11, 1e9, 1e14}};

TEST(Fit, FindsTheParametersThatMadeTheData) {
  const Line data = line(3e-6, 2e12, 1.0);
  const std::vector<double> weights(data.bytes.size(), 1.0);
  const Fit f = fit(two, weights, data.residuals());
  EXPECT_NEAR(f.parameters[0].value / 3e-6, 1.0, 0.01);
  EXPECT_NEAR(f.parameters[1].value / 2e12, 1.0, 0.02);
  EXPECT_TRUE(f.parameters[0].determined);
  EXPECT_TRUE(f.parameters[1].determined);
  EXPECT_LT(f.loss, 0.1 * f.loss_before);
}

TEST(Fit, OutliersOfATenthMoveLittle) {
  const Line data = line(3e-6, 2e12, 5.0);
  const std::vector<double> weights(data.bytes.size(), 1.0);
  const Fit f = fit(two, weights, data.residuals());
  EXPECT_NEAR(f.parameters[0].value / 3e-6, 1.0, 0.03);
  EXPECT_NEAR(f.parameters[1].value / 2e12, 1.0, 0.06);
}

TEST(Fit, SaysWhatTheDataCannotTell) {
  Line data = line(3e-6, 2e12, 1.0);
  for (std::size_t i = 0; i < data.bytes.size(); ++i) {  // all sizes are tiny: no rate in the data
    data.bytes[i] = 10.0;
    data.measured[i] = 3e-6;
  }
  const std::vector<double> weights(data.bytes.size(), 1.0);
  const Fit f = fit(two, weights, data.residuals());
  EXPECT_TRUE(f.parameters[0].determined);
  EXPECT_FALSE(f.parameters[1].determined);
}

TEST(Fit, StaysInsideTheRanges) {
  const Line data = line(3e-6, 2e12, 1.0);
  const std::vector<double> weights(data.bytes.size(), 1.0);
  const Fit f =
      fit({{"launch", 1e-6, 1e-8, 2e-6}, {"rate", 1e12, 1e9, 1e14}}, weights, data.residuals());
  EXPECT_LE(f.parameters[0].value, 2e-6 * (1 + 1e-12));
  EXPECT_FALSE(f.parameters[0].determined);
}

TEST(Fit, RowsWithoutWeightDoNotCount) {
  const Line data = line(3e-6, 2e12, 50.0);
  std::vector<double> weights(data.bytes.size(), 1.0);
  for (std::size_t i = 0; i < weights.size(); i += 10) weights[i] = 0.0;
  const Fit f = fit(two, weights, data.residuals());
  EXPECT_NEAR(f.parameters[0].value / 3e-6, 1.0, 0.01);
}

}  // namespace
}  // namespace sn::evidence
