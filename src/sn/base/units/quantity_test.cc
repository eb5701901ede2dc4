// sn/base/units/quantity_test.cc
//
// Dimensions in types: what compiles, what the result is, and what must not compile.

#include "sn/base/units/quantity.h"

#include <gtest/gtest.h>

#include <concepts>
#include <type_traits>

namespace sn {
namespace {

using namespace literals;

template <class A, class B>
concept Addable = requires(A a, B b) { a + b; };
template <class A, class B>
concept Comparable = requires(A a, B b) { a < b; };

static_assert(Addable<Time, Time> && !Addable<Time, Bytes> && !Addable<Time, double>);
static_assert(Comparable<Time, Time> && !Comparable<Time, Bytes>);
static_assert(!std::convertible_to<double, Time> && !std::convertible_to<Time, double>);
static_assert(std::same_as<decltype(1_GB / 1_s), Bandwidth>);
static_assert(std::same_as<decltype(1_GB_per_s * 1_s), Bytes>);
static_assert(std::same_as<decltype(1_W * 1_s), Energy>);
static_assert(std::same_as<decltype(1_s / 1_s), double>);
static_assert(std::same_as<decltype(1_s * Rate{}), double>);
static_assert(std::is_trivially_copyable_v<Time> && sizeof(Time) == sizeof(double));

TEST(Quantity, Arithmetic) {
  EXPECT_EQ(2_s + 500_ms, 2.5_s);
  EXPECT_EQ(2_s - 500_ms, 1.5_s);
  EXPECT_EQ(-(2_s), Time::from_si(-2.0));
  EXPECT_EQ(2.0 * 3_GB, 6_GB);
  EXPECT_EQ(3_GB / 2.0, 1.5_GB);
  EXPECT_EQ(900_GB / 900_GB_per_s, 1_s);
  EXPECT_EQ(3_s / 2_s, 1.5);
  EXPECT_LT(1_ms, 1_s);
}

TEST(Quantity, BinaryAndDecimalBytesDiffer) {
  EXPECT_EQ((1_GiB).si(), 1073741824.0);
  EXPECT_EQ((1_GB).si(), 1e9);
}

}  // namespace
}  // namespace sn
