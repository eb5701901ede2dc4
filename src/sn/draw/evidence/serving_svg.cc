// sn/draw/evidence/serving_svg.cc
//
// Drawings of `validate serving`: predicted against measured, point by point, and published
// supernodes with the interval of their prediction. Axes are logarithmic.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "sn/base/units/units.h"
#include "sn/draw/evidence/serving_views.h"
#include "sn/draw/kit/chart.h"

namespace sn::draw {

namespace {

using evidence::ScaleCase;
using evidence::ServingDot;
using evidence::ServingMetric;

constexpr double width = 1190.0;

std::string rate_label(double value) { return format_number(value) + " tok/s"; }

struct Plot {
  ServingMetric metric;
  std::string_view title;
};

constexpr std::array<Plot, 3> plots = {{{ServingMetric::tpot, "TPOT"},
                                        {ServingMetric::ttft, "TTFT"},
                                        {ServingMetric::tput_per_gpu, "TOKENS/S PER GPU"}}};

std::string label_of(ServingMetric metric, double value) {
  if (metric == ServingMetric::tput_per_gpu) return format_number(value);
  return value < 1.0 ? format(Time::from_si(value)) : format_number(value) + " s";
}

/// One metric in `box`.
void scatter(Sheet& sheet, const Box& box, const Plot& plot, const std::vector<ServingDot>& dots) {
  sheet.begin_group(fmt::format("predicted against measured {}", plot.title));
  sheet.text({box.left, box.top - 14.0}, plot.title, {.size = 11.0});
  double least = 1e300;
  double most = 0.0;
  for (const ServingDot& d : dots) {
    if (d.metric != plot.metric) continue;
    least = std::min({least, d.measured, d.predicted});
    most = std::max({most, d.measured, d.predicted});
  }
  sheet.box(box, {Pen::medium});
  if (most <= 0.0) {
    sheet.text({0.5 * (box.left + box.right), 0.5 * (box.top + box.bottom)}, "no points",
               {.anchor = Anchor::middle});
    sheet.end_group();
    return;
  }
  const Scale x = Scale::decades_around(least, most, box.left, box.right);
  const Scale y = Scale::decades_around(least, most, box.bottom, box.top);
  const auto label = [&](double v) { return label_of(plot.metric, v); };
  draw_x_axis(sheet, box, x, {}, label);
  draw_y_axis(sheet, box, y, {.gap = 6.0}, label);
  sheet.line({box.left, box.bottom}, {box.right, box.top}, {Pen::fine, colour::orange});
  for (const ServingDot& d : dots) {
    if (d.metric != plot.metric) continue;
    const std::string_view ink = d.disaggregated ? colour::orange : colour::teal;
    sheet.mark({x.at(d.measured), y.at(d.predicted)},
               d.disaggregated ? Mark::diamond : Mark::circle, d.disaggregated ? 3.4 : 2.4,
               {Pen::hair, ink}, d.fitted ? "none" : ink);
  }
  sheet.text({0.5 * (box.left + box.right), box.bottom + 34.0}, "MEASURED",
             {.size = 10.0, .anchor = Anchor::middle});
  sheet.end_group();
}

void points_key(Sheet& sheet, Point at) {
  sheet.begin_group("what the signs mean");
  Legend legend(sheet, at, 9.5, Legend::Flow::row, 24.0);
  const auto sign = [&](Mark mark, std::string_view ink, bool fitted, std::string_view words) {
    const Point p = legend.item(10.0, words);
    sheet.mark({p.x, p.y - 4.0}, mark, 4.0, {Pen::hair, ink}, fitted ? "none" : ink);
  };
  sign(Mark::circle, colour::teal, false, "aggregated");
  sign(Mark::diamond, colour::orange, false, "disaggregated");
  sign(Mark::circle, colour::ink, true, "hollow: the fit has seen it");
  sheet.text({at.x - 4.0, at.y + 20.0}, "upwards: predicted; the line: predicted = measured",
             {.size = 9.5});
  sheet.end_group();
}

/// A case in its row at `y`.
void case_row(Sheet& sheet, const ScaleCase& c, const Scale& x, double y, const Box& plot) {
  const bool in = c.interval.holds(c.published);
  const std::string_view ink = in ? colour::teal : colour::orange;
  const double low = x.at(c.interval.low);
  const double high = x.at(c.interval.high);
  sheet.text({plot.left - 10.0, y + 4.0}, fitted(c.name, plot.left - 60.0, {.size = 10.5}),
             {.size = 10.5, .anchor = Anchor::end});
  sheet.line({plot.left, y}, {plot.right, y}, {Pen::hair, colour::faint, Dash::dotted});
  sheet.line({low, y}, {high, y}, {Pen::medium, ink});
  for (const double end : {low, high}) sheet.line({end, y - 5.0}, {end, y + 5.0}, {Pen::fine, ink});
  sheet.mark({x.at(c.predicted), y}, Mark::circle, 4.0, {Pen::fine, ink}, colour::paper,
             "predicted " + rate_label(c.predicted));
  sheet.mark({x.at(c.published), y}, Mark::diamond, 4.5, {Pen::fine, colour::ink}, colour::ink,
             "published " + rate_label(c.published));
  sheet.text({plot.right + 12.0, y + 4.0}, signed_percent(c.error()),
             {.size = 10.5, .colour = in ? colour::ink : colour::orange});
}

void cases_key(Sheet& sheet, Point at) {
  sheet.begin_group("what the signs mean");
  Legend legend(sheet, at, 9.5, Legend::Flow::row, 24.0);
  Point p = legend.item(12.0, "published");
  sheet.mark({p.x, p.y - 4.0}, Mark::diamond, 4.5, {Pen::fine}, colour::ink);
  p = legend.item(12.0, "predicted, with its 80 % interval; orange: missed");
  sheet.mark({p.x, p.y - 4.0}, Mark::circle, 4.0, {Pen::fine, colour::teal});
  sheet.end_group();
}

}  // namespace

std::string serving_points_svg(const evidence::ServingValidation& v, const std::string& sheet_of) {
  std::size_t predicted = v.aggregated.predicted + v.disaggregated.predicted;
  const std::string result = fmt::format("{} points: {} aggregated, {} disaggregated", predicted,
                                         v.aggregated.predicted, v.disaggregated.predicted);
  Sheet sheet(width, 560.0,
              {.drawing = "SERVING DEPLOYMENTS",
               .number = "SN-S1",
               .subject = result,
               .scale = "AXES LOGARITHMIC",
               .sheet = sheet_of},
              "Predicted against measured TPOT, TTFT and throughput. " + result + ".");
  const Box area = sheet.area();
  constexpr double side = 280.0;
  const double pitch = area.width() / static_cast<double>(plots.size());
  for (std::size_t i = 0; i < plots.size(); ++i) {
    const double left = area.left + 62.0 + pitch * static_cast<double>(i);
    scatter(sheet, {left, area.top + 50.0, left + side, area.top + 50.0 + side}, plots[i], v.dots);
  }
  points_key(sheet, {area.left + 70.0, area.top + 50.0 + side + 64.0});
  return std::move(sheet).svg();
}

std::string scale_cases_svg(const evidence::ScaleCases& cases, const std::string& sheet_of) {
  constexpr double pitch = 26.0;
  std::size_t held = 0;
  double least = 1e300;
  double most = 1.0;
  for (const ScaleCase& c : cases.cases) {
    held += c.interval.holds(c.published) ? 1 : 0;
    least = std::min({least, c.published, c.interval.low});
    most = std::max({most, c.published, c.interval.high});
  }
  const std::string result = fmt::format("{} of {} in the 80 % interval", held, cases.cases.size());
  Sheet sheet(width, 270.0 + pitch * static_cast<double>(cases.cases.size()),
              {.drawing = "SUPERNODES AS PUBLISHED",
               .number = "SN-S2",
               .subject = result,
               .scale = "TOKENS/S PER GPU, LOGARITHMIC",
               .sheet = sheet_of},
              "Published tokens per second and GPU beside the prediction. " + result + ".");
  const Box area = sheet.area();
  const Box plot{area.left + 270.0, area.top + 40.0, area.right - 110.0,
                 area.top + 40.0 + pitch * static_cast<double>(cases.cases.size())};
  const Scale x = Scale::decades_around(std::min(least, most), most, plot.left, plot.right);
  sheet.begin_group("published and predicted tokens per second and GPU");
  draw_x_axis(sheet, plot, x, {}, rate_label);
  for (std::size_t i = 0; i < cases.cases.size(); ++i) {
    case_row(sheet, cases.cases[i], x, plot.top + pitch * (static_cast<double>(i) + 0.5), plot);
  }
  sheet.box(plot, {Pen::medium});
  sheet.end_group();
  cases_key(sheet, {area.left + 40.0, plot.bottom + 50.0});
  return std::move(sheet).svg();
}

}  // namespace sn::draw
