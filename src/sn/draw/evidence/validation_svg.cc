// sn/draw/evidence/validation_svg.cc
//
// One sheet per family of operators: measured against predicted time, and the error by time.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sn/base/units/units.h"
#include "sn/draw/evidence/validation_views.h"
#include "sn/draw/kit/chart.h"

namespace sn::draw {

namespace {

using evidence::Density;

constexpr double width = 1190.0;
constexpr double height = 640.0;
/// From few rows to many, by powers of ten of the largest count.
constexpr std::array<std::string_view, 4> shades = {"#d8cba8", "#b3a57f", "#7b6f56", "#2b2926"};
constexpr std::size_t bins_per_decade = 8;
constexpr double error_most = 1.0;  // of |ln(predicted / measured)| on the right-hand plot

/// Bins of measured time that hold rows.
struct Range {
  std::size_t first = Density::times;
  std::size_t last = 0;
};

Range used(const Density& d) {
  Range r;
  for (std::size_t i = 0; i < Density::times; ++i) {
    const bool any = std::any_of(d.predicted[i].begin(), d.predicted[i].end(),
                                 [](std::uint32_t n) { return n > 0; });
    if (!any) continue;
    r.first = std::min(r.first, i);
    r.last = std::max(r.last, i);
  }
  if (r.first > r.last) return {0, bins_per_decade - 1};
  r.first -= r.first % bins_per_decade;
  r.last += bins_per_decade - 1 - r.last % bins_per_decade;
  r.last = std::min(r.last, Density::times - 1);
  return r;
}

std::string_view shade(std::uint32_t n, std::uint32_t most) {
  const double rank = std::log10(static_cast<double>(n)) / std::log10(std::max(most, 2u) + 1.0);
  const auto at = static_cast<std::size_t>(rank * static_cast<double>(shades.size()));
  return shades[std::min(at, shades.size() - 1)];
}

std::string time_label(double seconds) { return format(Time::from_si(seconds)); }

class Plate {
 public:
  Plate(Sheet& sheet, const Density& density, const evidence::Summary& summary)
      : sheet_(sheet),
        density_(density),
        target_(summary.target),
        target_of_(summary.by_median ? "median" : "mean"),
        range_(used(density)) {
    const Box area = sheet.area();
    const double side = 410.0;
    left_ = {area.left + 70.0, area.top + 70.0, area.left + 70.0 + side, area.top + 70.0 + side};
    right_ = {left_.right + 90.0, left_.top, area.right - 40.0, left_.top + 300.0};
  }

  void draw() {
    against();
    errors();
    key();
  }

 private:
  [[nodiscard]] double share(double bin) const {
    const auto first = static_cast<double>(range_.first);
    return (bin - first) / (static_cast<double>(range_.last) + 1.0 - first);
  }
  [[nodiscard]] double x(const Box& plot, double bin) const {
    return plot.left + plot.width() * share(bin);
  }
  [[nodiscard]] double y(double bin) const { return left_.bottom - left_.height() * share(bin); }
  [[nodiscard]] double y_error(double log_ratio) const {
    const double at = std::clamp(log_ratio, -error_most, error_most) / error_most;
    return right_.top + 0.5 * right_.height() * (1.0 - at);
  }

  /// Of the bins' times along one side of a plot: they are whole decades of seconds.
  [[nodiscard]] Scale times(double from, double to) const {
    const auto decade = [](std::size_t bin) { return static_cast<int>(bin / bins_per_decade) - 6; };
    return Scale::decades(decade(range_.first), decade(range_.last + 1), from, to);
  }
  void time_axis(const Box& plot) {
    draw_x_axis(sheet_, plot, times(plot.left, plot.right), {}, time_label);
  }

  void against() {
    sheet_.begin_group("predicted against measured time");
    sheet_.text({left_.left, left_.top - 14.0}, "PREDICTED AGAINST MEASURED", {.size = 11.0});
    std::uint32_t most = 1;
    for (const auto& row : density_.predicted) {
      most = std::max(most, *std::max_element(row.begin(), row.end()));
    }
    for (std::size_t i = range_.first; i <= range_.last; ++i) {
      for (std::size_t j = range_.first; j <= range_.last; ++j) {
        const std::uint32_t n = density_.predicted[i][j];
        if (n == 0) continue;
        const Box cell{x(left_, static_cast<double>(i)), y(static_cast<double>(j + 1)),
                       x(left_, static_cast<double>(i + 1)), y(static_cast<double>(j))};
        const std::string_view ink = shade(n, most);
        sheet_.box(cell, {Pen::hair, ink}, ink);
      }
    }
    time_axis(left_);
    draw_y_axis(sheet_, left_, times(left_.bottom, left_.top), {.gap = 8.0}, time_label);
    sheet_.line({left_.left, left_.bottom}, {left_.right, left_.top}, {Pen::fine, colour::orange});
    sheet_.box(left_, {Pen::medium});
    sheet_.text({0.5 * (left_.left + left_.right), left_.bottom + 34.0}, "MEASURED",
                {.size = 10.0, .anchor = Anchor::middle});
    sheet_.end_group();
  }

  void errors() {
    sheet_.begin_group("error by measured time");
    sheet_.text({right_.left, right_.top - 14.0}, "ERROR BY SIZE (MEASURED TIME)", {.size = 11.0});
    const double high_target = y_error(std::log1p(target_));
    const double low_target = y_error(std::log1p(-target_));
    sheet_.hatched({{right_.left, high_target},
                    {right_.right, high_target},
                    {right_.right, low_target},
                    {right_.left, low_target}},
                   Hatch::sparse);
    for (const double error : {-0.5, -0.2, 0.0, 0.2, 0.5, 1.0}) {
      const double at = y_error(std::log1p(error));
      const bool zero = error == 0.0;
      sheet_.line({right_.left, at}, {right_.right, at},
                  {zero ? Pen::fine : Pen::hair, zero ? colour::orange : colour::faint,
                   zero ? Dash::solid : Dash::dotted});
      sheet_.text({right_.left - 8.0, at + 3.5},
                  zero ? std::string("0") : fmt::format("{:+.0f} %", 100.0 * error),
                  {.size = 9.5, .anchor = Anchor::end});
    }
    time_axis(right_);
    std::vector<Point> middle;
    for (std::size_t i = range_.first; i <= range_.last; ++i) {
      const double low = density_.quantile(i, 0.1);
      const double median = density_.quantile(i, 0.5);
      const double high = density_.quantile(i, 0.9);
      if (!std::isfinite(median)) continue;
      const double at = x(right_, static_cast<double>(i) + 0.5);
      sheet_.line({at, y_error(low)}, {at, y_error(high)}, {Pen::medium, colour::teal});
      middle.push_back({at, y_error(median)});
    }
    if (middle.size() > 1) sheet_.polyline(middle, {Pen::heavy});
    sheet_.box(right_, {Pen::medium});
    sheet_.end_group();
  }

  void key() {
    sheet_.begin_group("what the signs mean");
    const double top = right_.bottom + 46.0;
    Legend legend(sheet_, {right_.left, top + 4.0}, 9.5, Legend::Flow::row, 22.0);
    double x = legend.item(32.0, "median").x;
    sheet_.line({x, top}, {x + 26.0, top}, {Pen::heavy});
    x = legend.item(8.0, "10 to 90 % of rows").x;
    sheet_.line({x, top - 9.0}, {x, top + 9.0}, {Pen::medium, colour::teal});
    x = legend.item(32.0, fmt::format("target, {} {:.1f} %", target_of_, 100.0 * target_)).x;
    sheet_.hatched({{x, top - 8.0}, {x + 26.0, top - 8.0}, {x + 26.0, top + 8.0}, {x, top + 8.0}},
                   Hatch::sparse);
    x = left_.left;
    const double below = left_.bottom + 56.0;
    for (const std::string_view ink : shades) {
      sheet_.box({x, below - 8.0, x + 16.0, below + 8.0}, {Pen::hair, ink}, ink);
      x += 16.0;
    }
    sheet_.text({x + 8.0, below + 4.0}, "few rows to many; the line: predicted = measured",
                {.size = 9.5});
    sheet_.end_group();
  }

  Sheet& sheet_;
  const Density& density_;
  double target_;
  std::string_view target_of_;
  Range range_;
  Box left_;
  Box right_;
};

std::string percent(double share) { return fmt::format("{:.1f} %", 100.0 * share); }

}  // namespace

std::string validation_svg(const Density& density, const evidence::Summary& summary, int number,
                           const std::string& sheet_of) {
  const std::string result =
      fmt::format("{} tables, {} rows: mean error {}, on target {} of {}", summary.tables,
                  summary.predicted, percent(summary.mape), summary.met, summary.tables);
  Sheet sheet(width, height,
              {.drawing = capitals(density.family),
               .number = fmt::format("SN-V{}", number),
               .subject = result,
               .scale = "8 BINS A DECADE",
               .sheet = sheet_of},
              "Predicted against measured time of " + density.family + ". " + result + ".");
  Plate(sheet, density, summary).draw();
  return std::move(sheet).svg();
}

}  // namespace sn::draw
