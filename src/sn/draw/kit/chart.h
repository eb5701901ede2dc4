// sn/draw/kit/chart.h
//
// What charts share: scales from values to the paper, axes with their numbers, legends.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/draw/kit/sheet.h"

namespace sn::draw {

/// Round ticks of a linear axis from 0 that covers `max`: 1, 2 or 5 times a power of ten apart.
struct Axis {
  double step = 1.0;
  int ticks = 1;  // besides the one at 0

  [[nodiscard]] double end() const { return step * ticks; }
};
[[nodiscard]] Axis axis_for(double max, int most_ticks = 8);

/// Values along one side of a plot, from `from` to `to` of the paper; `to` may lie above `from`.
/// What lies beyond an end is drawn at it.
class Scale {
 public:
  Scale() = default;
  /// From 0 to the end of `axis`.
  static Scale linear(const Axis& axis, double from, double to);
  /// From 10^`first` to 10^`last`.
  static Scale decades(int first, int last, double from, double to);
  /// Whole decades around `least` to `most`, at least one; both positive.
  static Scale decades_around(double least, double most, double from, double to);

  [[nodiscard]] double at(double value) const;
  [[nodiscard]] double end() const { return ticks_.back(); }
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }

 private:
  bool log_ = false;
  double low_ = 0.0;  // of the decades, an exponent
  double high_ = 1.0;
  double from_ = 0.0;
  double to_ = 1.0;
  std::vector<double> ticks_ = {0.0, 1.0};
};

/// A plot with both of its scales.
struct Plane {
  Box plot;
  Scale x;
  Scale y;

  [[nodiscard]] Point at(double vx, double vy) const { return {x.at(vx), y.at(vy)}; }
};
/// Linear scales from 0 over all of `plot` that cover both values.
[[nodiscard]] Plane plane_for(const Box& plot, double most_x, double most_y);

/// How the numbers of an axis stand beside a plot.
struct AxisStyle {
  double size = 9.5;  // of the lettering
  double gap = 16.0;  // from the plot to the numbers
  double tick = 0.0;  // length of the strokes outwards
  bool grid = true;   // dotted lines across the plot
};
using TickLabel = std::function<std::string(double)>;

/// Numbers below a plot, and to the left of one.
void draw_x_axis(Sheet& sheet, const Box& plot, const Scale& x, const AxisStyle& style,
                 const TickLabel& label);
void draw_y_axis(Sheet& sheet, const Box& plot, const Scale& y, const AxisStyle& style,
                 const TickLabel& label);

/// The titles of both axes, `below` the plot and left of it.
void draw_axis_titles(Sheet& sheet, const Box& plot, std::string_view x, std::string_view y,
                      double below, double spacing);

/// Signs and their words, one beside the other or one below the other.
class Legend {
 public:
  enum class Flow { row, column };
  /// `pitch`: blank after the words of a row, or from line to line of a column.
  Legend(Sheet& sheet, Point at, double size, Flow flow, double pitch)
      : sheet_(sheet), at_(at), lettering_{.size = size}, flow_(flow), pitch_(pitch) {}

  /// Leaves `room` for a sign, then writes `words`; where the sign begins, on the line of writing.
  Point item(double room, std::string_view words);

 private:
  Sheet& sheet_;
  Point at_;
  Lettering lettering_;
  Flow flow_;
  double pitch_;
};

}  // namespace sn::draw
