// sn/draw/kit/chart.cc
//
// See the header.

#include "sn/draw/kit/chart.h"

#include <algorithm>
#include <cmath>

namespace sn::draw {

Axis axis_for(double max, int most_ticks) {
  if (!(max > 0.0) || !std::isfinite(max)) return {};
  const double least = max / std::max(1, most_ticks);
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  double step = 10.0 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= least * (1.0 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  return {step, std::max(1, static_cast<int>(std::ceil(max / step - 1e-9)))};
}

Scale Scale::linear(const Axis& axis, double from, double to) {
  Scale s;
  s.from_ = from;
  s.to_ = to;
  s.ticks_.clear();
  for (int i = 0; i <= axis.ticks; ++i) s.ticks_.push_back(i * axis.step);
  return s;
}

Scale Scale::decades(int first, int last, double from, double to) {
  Scale s;
  s.log_ = true;
  s.low_ = first;
  s.high_ = last;
  s.from_ = from;
  s.to_ = to;
  s.ticks_.clear();
  for (int e = first; e <= last; ++e) s.ticks_.push_back(std::pow(10.0, e));
  return s;
}

Scale Scale::decades_around(double least, double most, double from, double to) {
  const auto first = static_cast<int>(std::floor(std::log10(least)));
  return decades(first, std::max(first + 1, static_cast<int>(std::ceil(std::log10(most)))), from,
                 to);
}

double Scale::at(double value) const {
  const double share =
      log_ ? (std::log10(std::max(value, ticks_.front())) - low_) / (high_ - low_) : value / end();
  return from_ + (to_ - from_) * std::clamp(share, 0.0, 1.0);
}

Plane plane_for(const Box& plot, double most_x, double most_y) {
  return {plot, Scale::linear(axis_for(most_x), plot.left, plot.right),
          Scale::linear(axis_for(most_y), plot.bottom, plot.top)};
}

void draw_x_axis(Sheet& sheet, const Box& plot, const Scale& x, const AxisStyle& style,
                 const TickLabel& label) {
  const Lettering number{.size = style.size, .anchor = Anchor::middle};
  for (const double value : x.ticks()) {
    const double at = x.at(value);
    if (style.grid && value > 0.0) {
      sheet.line({at, plot.top}, {at, plot.bottom}, {Pen::hair, colour::faint, Dash::dotted});
    }
    if (style.tick > 0.0) sheet.line({at, plot.bottom}, {at, plot.bottom + style.tick});
    sheet.text({at, plot.bottom + style.gap}, label(value), number);
  }
}

void draw_y_axis(Sheet& sheet, const Box& plot, const Scale& y, const AxisStyle& style,
                 const TickLabel& label) {
  const Lettering number{.size = style.size, .anchor = Anchor::end};
  const double half = std::round(0.7 * style.size) / 2.0;  // of the height of a figure
  for (const double value : y.ticks()) {
    const double at = y.at(value);
    if (style.grid && value > 0.0) {
      sheet.line({plot.left, at}, {plot.right, at}, {Pen::hair, colour::faint, Dash::dotted});
    }
    if (style.tick > 0.0) sheet.line({plot.left - style.tick, at}, {plot.left, at});
    sheet.text({plot.left - style.gap, at + half}, label(value), number);
  }
}

void draw_axis_titles(Sheet& sheet, const Box& plot, std::string_view x, std::string_view y,
                      double below, double spacing) {
  Lettering title{.size = 11.0, .anchor = Anchor::middle, .spacing = spacing};
  sheet.text({(plot.left + plot.right) / 2.0, plot.bottom + below}, x, title);
  title.upright = false;
  sheet.text({plot.left - 62.0, (plot.top + plot.bottom) / 2.0}, y, title);
}

Point Legend::item(double room, std::string_view words) {
  const Point sign = at_;
  sheet_.text({at_.x + room, at_.y}, words, lettering_);
  if (flow_ == Flow::row) at_.x += room + text_width(words, lettering_) + pitch_;
  if (flow_ == Flow::column) at_.y += pitch_;
  return sign;
}

}  // namespace sn::draw
