// sn/draw/plan/tradeoff_views.cc
//
// Two chosen figures of the plans of a report against each other (see choice_views.h).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sn/base/units/units.h"
#include "sn/draw/kit/chart.h"
#include "sn/draw/plan/choice_views.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

using planner::Tradeoff;
using planner::TradeoffAxis;
using planner::TradeoffPoint;

constexpr Box plot{122.0, 150.0, 1120.0, 634.0};

std::string value_text(const TradeoffAxis& axis, double value) {
  return axis.seconds ? format(Time::from_si(value)) : significant(value);
}

std::string axis_title(const TradeoffAxis& axis) {
  return axis.title + (axis.seconds ? ", s" : "") +
         (axis.more_is_better ? " (more is better)" : " (less is better)");
}

std::size_t front_size(const Tradeoff& t) {
  return static_cast<std::size_t>(std::count_if(t.points.begin(), t.points.end(),
                                                [](const TradeoffPoint& p) { return p.front; }));
}

Plane frame_of(const Tradeoff& t) {
  double x = 0.0;
  double y = 0.0;
  for (const TradeoffPoint& p : t.points) {
    x = std::max(x, p.x);
    y = std::max(y, p.y);
  }
  return plane_for(plot, 1.02 * x, 1.04 * y);
}

void draw_axes(Sheet& sheet, const Tradeoff& t, const Plane& f) {
  sheet.begin_group("Axes");
  const auto number = [](double v) { return format_number(v); };
  draw_x_axis(sheet, plot, f.x, {.size = 10.0, .gap = 18.0}, number);
  draw_y_axis(sheet, plot, f.y, {.size = 10.0, .gap = 9.0}, number);
  sheet.line({plot.left, plot.top}, {plot.left, plot.bottom}, {Pen::medium});
  sheet.line({plot.left, plot.bottom}, {plot.right, plot.bottom}, {Pen::medium});
  draw_axis_titles(sheet, plot, capitals(axis_title(t.x)), capitals(axis_title(t.y)), 40.0, 1.4);
  sheet.end_group();
}

void draw_curves(Sheet& sheet, const Tradeoff& t, const Plane& f) {
  std::map<int, std::vector<const TradeoffPoint*>> curves;
  for (const TradeoffPoint& p : t.points) curves[p.rank].push_back(&p);
  sheet.begin_group("Plans along their load");
  for (auto& [rank, points] : curves) {
    std::sort(points.begin(), points.end(),
              [](const auto* a, const auto* b) { return a->load < b->load; });
    std::vector<Point> line;
    for (const TradeoffPoint* p : points) line.push_back(f.at(p->x, p->y));
    sheet.polyline(line, {Pen::hair, colour::teal, Dash::solid});
  }
  sheet.end_group();
  sheet.begin_group("Front");
  std::set<int> named;  // each plan once
  for (const TradeoffPoint& p : t.points) {
    const std::string hint =
        fmt::format("#{} at {:.0f} % of its knee: {}", p.rank, 100.0 * p.load, p.label);
    if (!p.front) {
      sheet.mark(f.at(p.x, p.y), Mark::circle, 2.2, {Pen::hair, colour::teal}, "none", hint);
      continue;
    }
    sheet.mark(f.at(p.x, p.y), Mark::diamond, 4.6, {Pen::medium, colour::orange}, colour::paper,
               hint);
    if (named.insert(p.rank).second) {
      sheet.text({f.at(p.x, p.y).x + 8.0, f.at(p.x, p.y).y - 6.0}, fmt::format("#{}", p.rank),
                 {.size = 9.0});
    }
  }
  sheet.end_group();
}

}  // namespace

std::string tradeoff_table(const Tradeoff& t, const TextStyle& style) {
  Table table({{"#", Align::right},
               {"plan", Align::left},
               {"load", Align::right},
               {t.x.name, Align::right},
               {t.y.name, Align::right}});
  for (const TradeoffPoint& p : t.points) {
    if (!p.front) continue;
    table.row({std::to_string(p.rank), p.label, fmt::format("{:.0f} %", 100.0 * p.load),
               value_text(t.x, p.x), value_text(t.y, p.y)});
  }
  return fmt::format(
             " {} against {}: {} of {} points beat all others; load is of the plan's own "
             "knee\n\n",
             t.x.title, t.y.title, front_size(t), t.points.size()) +
         table.str(style);
}

std::string tradeoff_svg(const planner::PlanReport& report) {
  const Tradeoff none;
  const Tradeoff& t = report.tradeoff ? *report.tradeoff : none;
  Sheet sheet(1190.0, 842.0,
              {.drawing = "TWO FIGURES OF CHOICE",
               .number = "SN-P2",
               .subject = report.subject.name,
               .scale = "LINEAR AXES, FROM ZERO"},
              fmt::format("{} against {}: {} points, {} of them on the front.", t.x.title,
                          t.y.title, t.points.size(), front_size(t)));
  const double left = sheet.area().left + 26.0;
  const double room = sheet.area().width() - 52.0;
  sheet.text({left, 66.0}, capitals(t.x.title + " against " + t.y.title),
             {.size = 19.0, .spacing = 2.4, .bold = true});
  const Lettering line{.size = 10.5};
  const planner::PlanSubject& s = report.subject;
  sheet.text({left, 88.0}, fitted(s.model + " on " + s.machine, room, line), line);
  sheet.text(
      {left, 104.0},
      fitted(s.workload + ", " + twin::to_string(s.rate) + "; SLO " + serving::to_string(s.slo),
             room, line),
      line);
  sheet.line({left, 114.0}, {sheet.area().right - 26.0, 114.0}, {Pen::heavy});
  const Plane frame = frame_of(t);
  draw_axes(sheet, t, frame);
  draw_curves(sheet, t, frame);
  const double top = sheet.title_box().top + 18.0;
  sheet.text({left, top}, "LEGEND", {.size = 9.0, .spacing = 2.0, .bold = true});
  Legend legend(sheet, {left, top + 22.0}, line.size, Legend::Flow::column, 19.0);
  Point at = legend.item(34.0, "front, with the rank of its plan");
  sheet.mark({at.x + 11.0, at.y - 3.5}, Mark::diamond, 4.6, {Pen::medium, colour::orange});
  at = legend.item(34.0, "a plan from a twentieth of its knee to the knee");
  sheet.line({at.x, at.y - 3.5}, {at.x + 22.0, at.y - 3.5}, {Pen::hair, colour::teal});
  return std::move(sheet).svg();
}

}  // namespace sn::draw
