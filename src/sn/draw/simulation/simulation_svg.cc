// sn/draw/simulation/simulation_svg.cc
//
// One sheet of six charts of a simulation (see simulation_views.h): latencies as distributions,
// then throughput, queue, sequences, KV occupancy and cache hits over time.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/base/units/units.h"
#include "sn/draw/kit/chart.h"
#include "sn/draw/simulation/simulation_views.h"

namespace sn::draw {

namespace {

using twin::SeriesPoint;
using twin::SimulationReport;

constexpr double sheet_width = 1190.0;
constexpr double sheet_height = 900.0;

/// One curve: what it is called, its points in data units, how it is drawn.
struct Curve {
  std::string name;
  std::vector<Point> points;
  Stroke stroke;
};

struct Chart {
  std::string title;
  std::string x_name;
  std::vector<Curve> curves;
  double y_max = 0.0;                                        // 0: as the data
  bool log_x = false;                                        // decades
  std::vector<std::pair<double, std::string>> markers = {};  // vertical lines, dashed, with names
};

/// Draws a chart into a box, axes and curves.
class Plot {
 public:
  Plot(const Chart& chart, const Box& box)
      : chart_(chart), plot_{box.left + 58.0, box.top + 24.0, box.right - 16.0, box.bottom - 34.0} {
    double most_x = 0.0;
    double most_y = chart.y_max;
    double least_x = 1e300;
    for (const Curve& c : chart.curves) {
      for (const Point& p : c.points) {
        most_x = std::max(most_x, p.x);
        if (p.x > 0.0) least_x = std::min(least_x, p.x);
        if (chart.y_max <= 0.0) most_y = std::max(most_y, p.y);
      }
    }
    const Axis y = chart.y_max > 0.0 ? Axis{.step = chart.y_max / 5.0, .ticks = 5}
                                     : axis_for(std::max(most_y, 1e-12), 5);
    y_ = Scale::linear(y, plot_.bottom, plot_.top);
    most_x = std::max(most_x, 1e-9);
    x_ = chart.log_x
             ? Scale::decades_around(std::min(least_x, most_x), most_x, plot_.left, plot_.right)
             : Scale::linear(axis_for(most_x, 8), plot_.left, plot_.right);
  }

  void draw(Sheet& sheet) const {
    sheet.begin_group(chart_.title);
    sheet.text({plot_.left, plot_.top - 10.0}, capitals(chart_.title),
               {.size = 10.0, .spacing = 0.6, .bold = true});
    axes(sheet);
    double named = plot_.top + 9.0;
    for (const auto& [value, name] : chart_.markers) {
      const Lettering small{.size = 8.5, .colour = colour::orange};
      const double at = x_.at(value);
      sheet.line({at, plot_.top}, {at, plot_.bottom}, {Pen::hair, colour::orange, Dash::chain});
      // A name that would leave the chart stands on the other side of its line.
      const bool right = at + 3.0 + text_width(name, small) <= plot_.right;
      sheet.text({right ? at + 3.0 : at - 3.0 - text_width(name, small), named}, name, small);
      named += 11.0;
    }
    Legend legend(sheet, {plot_.left + 6.0, plot_.bottom + 28.0}, 8.5, Legend::Flow::row, 12.0);
    for (const Curve& c : chart_.curves) {
      std::vector<Point> line;
      for (const Point& p : c.points) line.push_back({x_.at(p.x), y_.at(p.y)});
      if (line.size() > 1) sheet.polyline(line, c.stroke);
      if (chart_.curves.size() < 2) continue;
      const Point at = legend.item(24.0, c.name);
      sheet.line({at.x, at.y - 3.0}, {at.x + 20.0, at.y - 3.0}, c.stroke);
    }
    sheet.end_group();
  }

 private:
  void axes(Sheet& sheet) const {
    const auto number = [](double v) { return format_number(v); };
    draw_y_axis(sheet, plot_, y_, {.size = 8.5, .gap = 6.0}, number);
    sheet.line({plot_.left, plot_.top}, {plot_.left, plot_.bottom}, {Pen::fine});
    sheet.line({plot_.left, plot_.bottom}, {plot_.right, plot_.bottom}, {Pen::fine});
    const AxisStyle below{.size = 8.5, .gap = 14.0, .tick = 4.0, .grid = false};
    if (chart_.log_x) {
      draw_x_axis(sheet, plot_, x_, below, [](double v) { return format(Time::from_si(v)); });
    } else {
      draw_x_axis(sheet, plot_, x_, below, number);
    }
    sheet.text({plot_.right, plot_.bottom + 28.0}, chart_.x_name,
               {.size = 8.5, .anchor = Anchor::end});
  }

  const Chart& chart_;
  Box plot_;
  Scale x_;
  Scale y_;
};

Curve distribution(const char* name, const twin::LatencySummary& s, Stroke stroke) {
  Curve c{.name = name, .points = {}, .stroke = stroke};
  for (const auto& [value, q] : s.cdf) c.points.push_back({value.si(), q});
  return c;
}

Curve over_time(const char* name, const SimulationReport& r, double (*of)(const SeriesPoint&),
                Stroke stroke) {
  Curve c{.name = name, .points = {}, .stroke = stroke};
  for (const SeriesPoint& p : r.series) c.points.push_back({p.begin.si(), of(p)});
  return c;
}

/// Limits of the SLO, where the distributions have to have reached their quantile.
std::vector<std::pair<double, std::string>> limits_of(const SimulationReport& r) {
  std::vector<std::pair<double, std::string>> out;
  for (const twin::SloResult& t : r.targets) {
    out.emplace_back(t.target.limit.si(), serving::to_string(t.target));
  }
  return out;
}

std::vector<Chart> charts_of(const SimulationReport& r) {
  const Stroke ink{Pen::medium};
  const Stroke teal{Pen::medium, colour::teal};
  const Stroke orange{Pen::medium, colour::orange, Dash::dashed};
  std::vector<Chart> charts;
  charts.push_back(
      {.title = "latency, share of requests at most",
       .x_name = "time",
       .curves = {distribution("TTFT", r.ttft, ink), distribution("TPOT", r.tpot, teal),
                  distribution("end to end", r.e2e, orange)},
       .y_max = 1.0,
       .log_x = true,
       .markers = limits_of(r)});
  const auto chart = [&](const char* title, std::vector<Curve> curves, double y_max) {
    charts.push_back({.title = title,
                      .x_name = "s",
                      .curves = std::move(curves),
                      .y_max = y_max,
                      .markers = {{r.warm_up.si(), "measured from here"}}});
  };
  chart("tokens per second",
        {over_time(
             "output", r, [](const SeriesPoint& p) { return p.output; }, ink),
         over_time(
             "prompt, computed", r, [](const SeriesPoint& p) { return p.input; }, orange)},
        0.0);
  chart("waiting requests",
        {over_time("waiting", r, [](const SeriesPoint& p) { return p.waiting; }, ink)}, 0.0);
  chart("decoding sequences",
        {over_time("decoding", r, [](const SeriesPoint& p) { return p.decoding; }, teal)}, 0.0);
  chart("KV memory, share of pages",
        {over_time(
             "held by requests", r, [](const SeriesPoint& p) { return p.held; }, ink),
         over_time(
             "prefix cache", r, [](const SeriesPoint& p) { return p.cached; }, orange)},
        1.0);
  chart("prefix cache hits, share of input tokens",
        {over_time("hits", r, [](const SeriesPoint& p) { return p.hit_rate; }, teal)}, 1.0);
  return charts;
}

}  // namespace

std::string simulation_svg(const SimulationReport& r) {
  const std::string subject = r.name.empty() ? r.model : r.name;
  const std::string load = fmt::format("{}x the workload, {} requests/s", significant(r.multiple),
                                       significant(r.request_rate));
  Sheet sheet(sheet_width, sheet_height,
              {.drawing = "SERVING UNDER A TRACE",
               .number = "SN-S1",
               .subject = subject,
               .scale = "TIME FROM THE FIRST ARRIVAL"},
              fmt::format("Six charts of a simulation of {} at {}: TTFT p90 {}, TPOT p90 {}.",
                          subject, load, format(r.ttft.p90), format(r.tpot.p90)));
  const Box area = sheet.area();
  const Lettering head{.size = 15.0, .spacing = 1.0, .bold = true};
  sheet.text({area.left + 14.0, area.top + 26.0},
             fitted(capitals(subject), area.width() - 40.0, head), head);
  const Lettering body{.size = 10.5};
  sheet.text({area.left + 14.0, area.top + 44.0},
             fitted(load + "; " + twin::plan_text(r.plan), area.width() - 40.0, body), body);
  const std::vector<Chart> charts = charts_of(r);
  const double top = area.top + 62.0;
  const double bottom = sheet.title_box().top - 10.0;
  const double width = area.width() / 2.0;
  const double height = (bottom - top) / 3.0;
  for (std::size_t i = 0; i < charts.size(); ++i) {
    const double left = area.left + width * static_cast<double>(i % 2);
    const double upper = top + height * static_cast<double>(i / 2);
    Plot(charts[i], {left + 8.0, upper, left + width - 8.0, upper + height}).draw(sheet);
  }
  return std::move(sheet).svg();
}

}  // namespace sn::draw
