// sn/draw/kit/chart_test.cc
//
// Ticks, scales and legends of charts.

#include "sn/draw/kit/chart.h"

#include <gtest/gtest.h>

namespace sn::draw {
namespace {

TEST(Chart, RoundTicks) {
  EXPECT_DOUBLE_EQ(axis_for(311.0).step, 50.0);
  EXPECT_EQ(axis_for(311.0).ticks, 7);
  EXPECT_DOUBLE_EQ(axis_for(0.0137).end(), 0.014);
  EXPECT_DOUBLE_EQ(axis_for(8.0).step, 1.0);
  EXPECT_EQ(axis_for(8.0).ticks, 8);
  EXPECT_DOUBLE_EQ(axis_for(0.0).end(), 1.0);
  for (double max = 1e-7; max < 1e12; max *= 1.37) {
    const Axis axis = axis_for(max);
    EXPECT_GE(axis.end(), max * (1.0 - 1e-8));
    EXPECT_LE(axis.ticks, 8);
    EXPECT_LT(axis.end() - axis.step, max);
  }
}

TEST(Chart, ALinearScaleBeginsAtNought) {
  const Scale s = Scale::linear({.step = 50.0, .ticks = 4}, 100.0, 500.0);
  EXPECT_EQ(s.ticks(), (std::vector<double>{0.0, 50.0, 100.0, 150.0, 200.0}));
  EXPECT_DOUBLE_EQ(s.at(0.0), 100.0);
  EXPECT_DOUBLE_EQ(s.at(50.0), 200.0);
  EXPECT_DOUBLE_EQ(s.at(1e6), 500.0);
  EXPECT_DOUBLE_EQ(s.at(-1.0), 100.0);
}

TEST(Chart, DecadesHoldWhatTheyAreMadeFor) {
  const Scale s = Scale::decades_around(0.03, 7.0, 600.0, 0.0);  // upwards
  ASSERT_EQ(s.ticks().size(), 4u);
  EXPECT_DOUBLE_EQ(s.ticks().front(), 0.01);
  EXPECT_DOUBLE_EQ(s.end(), 10.0);
  EXPECT_DOUBLE_EQ(s.at(0.1), 400.0);
  EXPECT_DOUBLE_EQ(s.at(0.0), 600.0);
  EXPECT_EQ(Scale::decades_around(2.0, 3.0, 0.0, 1.0).ticks().size(), 2u);
  EXPECT_EQ(Scale::decades_around(10.0, 10.0, 0.0, 1.0).ticks().size(), 2u);
}

TEST(Chart, AnItemOfALegendMovesTheNext) {
  Sheet sheet(400.0, 300.0, {}, "");
  Legend row(sheet, {10.0, 20.0}, 10.0, Legend::Flow::row, 5.0);
  EXPECT_DOUBLE_EQ(row.item(12.0, "abc").x, 10.0);
  EXPECT_DOUBLE_EQ(row.item(12.0, "").x, 10.0 + 12.0 + text_width("abc", {.size = 10.0}) + 5.0);
  Legend column(sheet, {10.0, 20.0}, 10.0, Legend::Flow::column, 19.0);
  static_cast<void>(column.item(12.0, "abc"));
  const Point second = column.item(12.0, "d");
  EXPECT_DOUBLE_EQ(second.x, 10.0);
  EXPECT_DOUBLE_EQ(second.y, 39.0);
}

}  // namespace
}  // namespace sn::draw
