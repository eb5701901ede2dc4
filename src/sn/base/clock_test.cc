// sn/base/clock_test.cc
//
// Rounding, and the ends of both clocks.

#include "sn/base/clock.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sn {
namespace {

using namespace literals;

constexpr std::int64_t top = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t bottom = std::numeric_limits<std::int64_t>::min();

TEST(Clock, NearestTick) {
  EXPECT_EQ(to_nanos(1.5_us), Nanos{1500});
  EXPECT_EQ(to_nanos(Time::from_si(2.4e-9)), Nanos{2});
  EXPECT_EQ(to_nanos(Time::from_si(2.6e-9)), Nanos{3});
  EXPECT_EQ(to_nanos(Time::from_si(-2.6e-9)), Nanos{-3});
  EXPECT_EQ(to_picos(150_ns), Picos{150'000});
  EXPECT_EQ(to_nanos(0_s), Nanos{0});
}

TEST(Clock, BackToTime) {
  EXPECT_EQ((Nanos{1'500'000'000}).to_time(), 1.5_s);
  EXPECT_EQ((Picos{250'000'000'000}).to_time(), 250_ms);
}

TEST(Clock, RangeOfNanoseconds) {
  // 2^63 ns = 9 223 372 036.854 775 808 s = 292.3 years
  EXPECT_TRUE(to_nanos(Time::from_si(9.2233720e9)).has_value());
  EXPECT_FALSE(to_nanos(Time::from_si(9.2233721e9)).has_value());
  EXPECT_TRUE(to_nanos(Time::from_si(-9.2233720e9)).has_value());
  EXPECT_FALSE(to_nanos(Time::from_si(-9.2233721e9)).has_value());
}

TEST(Clock, RangeOfPicoseconds) {
  // 2^63 ps = 9 223 372.04 s = 106.75 days
  EXPECT_TRUE(to_picos(Time::from_si(106.7 * 86400)).has_value());
  EXPECT_FALSE(to_picos(Time::from_si(106.8 * 86400)).has_value());
}

TEST(Clock, NotFinite) {
  EXPECT_FALSE(to_nanos(Time::from_si(std::nan(""))).has_value());
  EXPECT_FALSE(to_nanos(Time::from_si(HUGE_VAL)).has_value());
  EXPECT_FALSE(to_picos(Time::from_si(-HUGE_VAL)).has_value());
}

TEST(Clock, CheckedAdd) {
  EXPECT_EQ(checked_add(Nanos{2}, Nanos{3}), Nanos{5});
  EXPECT_EQ(checked_add(Nanos{top - 1}, Nanos{1}), Nanos{top});
  EXPECT_FALSE(checked_add(Nanos{top}, Nanos{1}).has_value());
  EXPECT_FALSE(checked_add(Picos{bottom}, Picos{-1}).has_value());
  EXPECT_EQ(checked_add(Picos{bottom}, Picos{1}), Picos{bottom + 1});
}

TEST(Clock, Ordered) { EXPECT_LT(Nanos{1}, Nanos{2}); }

}  // namespace
}  // namespace sn
