// sn/measured/metrics_test.cc
//
// Metrics by hand; the noise floor on tables whose interpolation error is known in closed form.

#include "sn/measured/metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace sn::measured {
namespace {

TEST(Metrics, ByHand) {
  std::vector<double> errors = {-0.1, 0.2, 0.0, 0.3, -0.4};
  const Metrics m = metrics_of(errors);
  EXPECT_DOUBLE_EQ(m.mape, 0.2);
  EXPECT_DOUBLE_EQ(m.median, 0.2);
  EXPECT_DOUBLE_EQ(m.bias, 0.0);
  EXPECT_DOUBLE_EQ(m.p90, 0.4);
  EXPECT_EQ(m.n, 5u);
  EXPECT_TRUE(std::isnan(m.floor));
  std::vector<double> none;
  EXPECT_EQ(metrics_of(none).n, 0u);
}

TEST(NoiseFloor, APowerLawHasNone) {
  NoiseFloor floor(2);
  for (const double x : {1.0, 2.0, 8.0, 64.0}) {
    for (const double y : {1.0, 3.0, 10.0}) {
      floor.add(0, std::array{x, y}, 3.0 * std::pow(x, 0.7) * std::pow(y, -0.2));
    }
  }
  const std::vector<double> errors = floor.errors();
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const bool corner = (i < 3 || i >= 9) && i % 3 != 1;
    EXPECT_EQ(std::isnan(errors[i]), corner) << i;
    if (!corner) {
      EXPECT_NEAR(errors[i], 0.0, 1e-12);
    }
  }
}

TEST(NoiseFloor, AnOutlierIsSeenByItself) {
  NoiseFloor floor(1);
  for (int i = 1; i <= 5; ++i) floor.add(7, std::array{double(i)}, i == 3 ? 1.1 : 1.0);
  EXPECT_NEAR(floor.errors()[2], 1.0 - 1.0 / 1.1, 1e-12);
}

TEST(NoiseFloor, CategoriesNeverNeighbour) {
  NoiseFloor floor(1);
  for (int i = 1; i <= 5; ++i) floor.add(i % 2 == 0 ? 0u : 1u, std::array{double(i)}, i % 2 + 1.0);
  EXPECT_NEAR(floor.errors()[2], 0.0, 1e-12);
  EXPECT_TRUE(std::isnan(floor.errors()[1]));
}

}  // namespace
}  // namespace sn::measured
