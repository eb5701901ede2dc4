// sn/draw/plan/pareto_svg.cc
//
// The Pareto chart (see pareto_svg.h). Marks that fall on the same half unit are drawn once.

#include "sn/draw/plan/pareto_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "sn/base/units/units.h"
#include "sn/draw/kit/chart.h"
#include "sn/draw/kit/table.h"
#include "sn/draw/plan/plan_text_parts.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

using planner::Candidate;
using planner::ParetoPoint;
using planner::PlanReport;

constexpr double sheet_width = 1190.0;
constexpr double sheet_height = 842.0;
constexpr Box plot{122.0, 150.0, 740.0, 634.0};
constexpr double balloon_x = 790.0;
constexpr double callout_x = 812.0;
constexpr double callout_width = 330.0;
constexpr double callout_pitch = 84.0;
constexpr std::size_t most_callouts = 6;

Mark mark_of(bool disaggregated) { return disaggregated ? Mark::diamond : Mark::circle; }
std::string_view colour_of(bool disaggregated) {
  return disaggregated ? colour::orange : colour::teal;
}

/// What is called out: a point of the front, or the deployment that the plan ranks first.
struct CallOut {
  Point at;
  bool disaggregated = false;
  bool ranked_first = false;
  std::string label;
  std::string figures;
  double y = 0.0;  // of its balloon
};

std::string figures(double per_gpu, double per_user) {
  return significant(per_gpu) + " tok/s per GPU, " + significant(per_user) + " tok/s per user";
}

std::vector<const ParetoPoint*> front_of(const PlanReport& report) {
  std::vector<const ParetoPoint*> out;
  for (const ParetoPoint& p : report.pareto) {
    if (p.front) out.push_back(&p);
  }
  std::stable_sort(out.begin(), out.end(), [](const ParetoPoint* a, const ParetoPoint* b) {
    return a->per_user < b->per_user;
  });
  return out;
}

Plane frame_of(const PlanReport& report) {
  double x = 0.0;
  double y = 0.0;
  for (const ParetoPoint& p : report.pareto) {
    x = std::max(x, p.per_user);
    y = std::max(y, p.per_gpu);
  }
  if (!report.candidates.empty()) {
    x = std::max(x, report.candidates.front().state.per_user);
    y = std::max(y, report.candidates.front().state.output_per_gpu);
  }
  return plane_for(plot, 1.02 * x, 1.04 * y);
}

void draw_axes(Sheet& sheet, const Plane& frame) {
  sheet.begin_group("Axes");
  const auto number = [](double v) { return format_number(v); };
  draw_x_axis(sheet, plot, frame.x, {.size = 10.0, .gap = 20.0, .tick = 7.0}, number);
  draw_y_axis(sheet, plot, frame.y, {.size = 10.0, .gap = 11.0, .tick = 7.0}, number);
  draw_axis_titles(sheet, plot, "OUTPUT TOKENS / S PER USER  (1 / MEAN TPOT)",
                   "OUTPUT TOKENS / S PER GPU", 42.0, 1.6);
  sheet.end_group();
}

/// The steps between the points of the front, from one axis to the other.
std::vector<Point> steps_of(const std::vector<const ParetoPoint*>& front, const Plane& frame) {
  std::vector<Point> out;
  double x = 0.0;
  for (const ParetoPoint* p : front) {
    out.push_back(frame.at(x, p->per_gpu));
    out.push_back(frame.at(p->per_user, p->per_gpu));
    x = p->per_user;
  }
  if (!front.empty()) out.push_back(frame.at(x, 0.0));
  return out;
}

void draw_points(Sheet& sheet, const PlanReport& report, const Plane& frame) {
  sheet.begin_group("Deployments off the front");
  std::set<std::pair<long, long>> drawn;
  for (const ParetoPoint& p : report.pareto) {
    if (p.front) continue;
    const Point at = frame.at(p.per_user, p.per_gpu);
    const long kind = p.disaggregated ? 1 : 0;
    if (!drawn.insert({std::lround(2.0 * at.x) * 2 + kind, std::lround(2.0 * at.y)}).second) {
      continue;
    }
    sheet.mark(at, mark_of(p.disaggregated), 2.2, {Pen::hair, colour_of(p.disaggregated)});
  }
  sheet.end_group();
}

void draw_front(Sheet& sheet, const std::vector<const ParetoPoint*>& front, const Plane& frame) {
  if (front.empty()) return;
  sheet.begin_group("Pareto front");
  sheet.polyline(steps_of(front, frame), {Pen::heavy, colour::ink, Dash::solid});
  for (const ParetoPoint* p : front) {
    sheet.mark(frame.at(p->per_user, p->per_gpu), mark_of(p->disaggregated), 4.6,
               {Pen::medium, colour_of(p->disaggregated), Dash::solid}, colour::paper,
               p->label + ": " + figures(p->per_gpu, p->per_user));
  }
  sheet.end_group();
}

/// The plan's first, then points of the front: both ends and what lies evenly between them.
std::vector<CallOut> choose_callouts(const PlanReport& report,
                                     const std::vector<const ParetoPoint*>& front,
                                     const Plane& frame) {
  std::vector<CallOut> out;
  if (report.meet > 0 && !report.candidates.empty()) {
    const Candidate& c = report.candidates.front();
    const std::string layout = c.disaggregated
                                   ? pool_text(c.prefill) + " + " + decode_text(c.decode)
                                   : decode_text(c.decode);
    out.push_back({.at = frame.at(c.state.per_user, c.state.output_per_gpu),
                   .disaggregated = c.disaggregated,
                   .ranked_first = true,
                   .label = pools_text(c) + ", " + layout,
                   .figures = figures(c.state.output_per_gpu, c.state.per_user)});
  }
  const std::size_t places = std::min(front.size(), most_callouts - 1);
  std::size_t last = front.size();
  for (std::size_t i = 0; i < places; ++i) {
    const std::size_t at = places == 1 ? 0 : i * (front.size() - 1) / (places - 1);
    if (at == last) continue;
    last = at;
    const ParetoPoint& p = *front[at];
    const Point where = frame.at(p.per_user, p.per_gpu);
    const bool known = std::any_of(out.begin(), out.end(), [&](const CallOut& c) {
      return std::hypot(c.at.x - where.x, c.at.y - where.y) < 8.0;
    });
    if (known) continue;
    out.push_back({.at = where,
                   .disaggregated = p.disaggregated,
                   .label = p.label,
                   .figures = figures(p.per_gpu, p.per_user)});
  }
  return out;
}

bool cross(Point a, Point b, Point c, Point d) {
  const auto side = [](Point p, Point q, Point r) {
    return (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
  };
  return side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0;
}

/// Gives every call-out its place in the column so that the fewest leaders cross, then the least
/// length is drawn. There are few, so all orders are tried.
void place_callouts(std::vector<CallOut>& callouts) {
  std::vector<std::size_t> order(callouts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::size_t> best = order;
  double least = 1e18;
  const auto slot = [](std::size_t i) {
    return Point{balloon_x, plot.top + 14.0 + callout_pitch * static_cast<double>(i)};
  };
  do {
    double cost = 0.0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Point a = callouts[order[i]].at;
      cost += std::hypot(slot(i).x - a.x, slot(i).y - a.y);
      for (std::size_t j = i + 1; j < order.size(); ++j) {
        if (cross(a, slot(i), callouts[order[j]].at, slot(j))) cost += 1e6;
      }
    }
    if (cost < least) {
      least = cost;
      best = order;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  std::vector<CallOut> placed;
  for (std::size_t i = 0; i < best.size(); ++i) {
    placed.push_back(callouts[best[i]]);
    placed.back().y = slot(i).y;
  }
  callouts = std::move(placed);
}

void draw_callouts(Sheet& sheet, std::vector<CallOut> callouts) {
  if (callouts.empty()) return;
  place_callouts(callouts);
  sheet.begin_group("Call-outs");
  const Lettering head{.size = 10.5, .bold = true};
  const Lettering body{.size = 10.0};
  char letter = 'A';  // numbers are ranks, as in the table
  for (const CallOut& c : callouts) {
    const std::string_view ink = colour_of(c.disaggregated);
    sheet.leader(c.at, {balloon_x, c.y}, c.ranked_first ? "#1" : std::string(1, letter++), ink);
    if (c.ranked_first) {
      sheet.mark(c.at, mark_of(c.disaggregated), 7.5, {Pen::medium, ink}, "none");
    }
    sheet.mark(c.at, mark_of(c.disaggregated), 4.6, {Pen::medium, ink}, ink, c.label);
    double y = c.y - 4.0;
    for (const std::string& text : fitted_lines(c.label, callout_width, 2, head)) {
      sheet.text({callout_x, y}, text, head);
      y += 14.0;
    }
    sheet.text({callout_x, y}, fitted(c.figures, callout_width, body), body);
  }
  sheet.end_group();
}

/// The slowest that the SLO on TPOT lets a user be.
void draw_slo(Sheet& sheet, const PlanReport& report, const Plane& frame) {
  const Candidate none;
  for (const TargetView& t : targets_of(report, none)) {
    if (!t.label.starts_with("TPOT") || !(t.limit.si() > 0.0)) continue;
    const double per_user = 1.0 / t.limit.si();
    if (per_user >= frame.x.end()) continue;
    const Point foot = frame.at(per_user, 0.0);
    sheet.line({foot.x, plot.top - 8.0}, foot, {Pen::fine, colour::orange, Dash::chain});
    const Lettering note{
        .size = 9.0, .anchor = Anchor::middle, .colour = colour::orange, .spacing = 0.5};
    sheet.text({foot.x, plot.top - 13.0}, capitals("SLO TPOT " + format(t.limit)), note);
    return;
  }
}

void draw_head(Sheet& sheet, const PlanReport& report) {
  const planner::PlanSubject& s = report.subject;
  const double left = sheet.area().left + 26.0;
  const double room = sheet.area().width() - 52.0;
  sheet.text({left, 66.0}, "THROUGHPUT AGAINST INTERACTIVITY",
             {.size = 21.0, .spacing = 3.2, .bold = true});
  sheet.text({sheet.area().right - 26.0, 66.0}, "PLATE P1",
             {.size = 13.0,
              .anchor = Anchor::end,
              .colour = colour::orange,
              .spacing = 2.6,
              .bold = true});
  const Lettering line{.size = 10.5};
  sheet.text({left, 88.0}, fitted(s.model + " on " + s.machine, room, line), line);
  sheet.text(
      {left, 104.0},
      fitted(s.workload + ", " + twin::to_string(s.rate) + "; SLO " + serving::to_string(s.slo),
             room, line),
      line);
  sheet.line({left, 114.0}, {sheet.area().right - 26.0, 114.0}, {Pen::heavy});
  sheet.line({left, 117.0}, {sheet.area().right - 26.0, 117.0}, {Pen::hair});
}

void draw_legend(Sheet& sheet, const PlanReport& report) {
  sheet.begin_group("Legend");
  const double left = sheet.area().left + 26.0;
  const double top = sheet.title_box().top + 18.0;
  const Lettering head{.size = 9.0, .spacing = 2.0, .bold = true};
  const Lettering text{.size = 10.0};
  const auto row = [top](int i) { return top + 22.0 + 19.0 * i; };
  sheet.text({left, top}, "LEGEND", head);
  Legend legend(sheet, {left, row(0)}, text.size, Legend::Flow::column, 19.0);
  Point at = legend.item(34.0, "aggregated: one pool prefills and decodes");
  sheet.mark({at.x + 11.0, at.y - 3.5}, Mark::circle, 4.6, {Pen::medium, colour::teal});
  at = legend.item(34.0, "disaggregated: a prefill pool and a decode pool");
  sheet.mark({at.x + 11.0, at.y - 3.5}, Mark::diamond, 4.6, {Pen::medium, colour::orange});
  at = legend.item(34.0, "Pareto front; below it, what can be had");
  sheet.line({at.x, at.y - 3.5}, {at.x + 22.0, at.y - 3.5}, {Pen::heavy});
  at = legend.item(34.0, "slowest mean user that the SLO on TPOT allows");
  sheet.line({at.x, at.y - 3.5}, {at.x + 22.0, at.y - 3.5},
             {Pen::fine, colour::orange, Dash::chain});
  const double right = left + 362.0;
  const auto number = [](std::int64_t n) { return format_number(static_cast<double>(n), 15); };
  sheet.text({right, top}, "DEPLOYMENTS", head);
  sheet.text({right, row(0)}, number(report.considered) + " considered", text);
  sheet.text({right, row(1)}, number(report.fit) + " fit in memory", text);
  sheet.text({right, row(2)}, number(report.meet) + " meet the SLO", text);
  sheet.text({right, row(3)}, number(static_cast<std::int64_t>(report.pareto.size())) + " drawn",
             text);
  if (!report.candidates.empty()) {
    sheet.text({right + 160.0, top}, "EVIDENCE", head);
    sheet.text({right + 160.0, row(0)}, std::string(to_string(report.candidates.front().evidence)),
               text);
  }
  sheet.end_group();
}

std::string description_of(const PlanReport& report, const std::vector<const ParetoPoint*>& front) {
  std::string out = fmt::format(
      "Output tokens per second and GPU against output tokens per second and user for {} points; "
      "{} of them on the Pareto front.",
      report.pareto.size(), front.size());
  if (!front.empty()) {
    out += " From " + front.front()->label + " with " +
           figures(front.front()->per_gpu, front.front()->per_user) + " to " + front.back()->label +
           " with " + figures(front.back()->per_gpu, front.back()->per_user) + ".";
  }
  return out;
}

}  // namespace

std::string pareto_svg(const PlanReport& report) {
  const std::vector<const ParetoPoint*> front = front_of(report);
  Sheet sheet(sheet_width, sheet_height,
              {.drawing = "THROUGHPUT AGAINST INTERACTIVITY",
               .number = "SN-P1",
               .subject = report.subject.name,
               .scale = "LINEAR AXES, FROM ZERO"},
              description_of(report, front));
  draw_head(sheet, report);
  const Plane frame = frame_of(report);
  if (!front.empty()) {
    std::vector<Point> region = steps_of(front, frame);
    region.push_back(frame.at(0.0, 0.0));
    sheet.hatched(region, Hatch::sparse);
  }
  draw_axes(sheet, frame);
  draw_slo(sheet, report, frame);
  draw_points(sheet, report, frame);
  draw_front(sheet, front, frame);
  sheet.line({plot.left, plot.top}, {plot.left, plot.bottom}, {Pen::medium});
  sheet.line({plot.left, plot.bottom}, {plot.right, plot.bottom}, {Pen::medium});
  draw_callouts(sheet, choose_callouts(report, front, frame));
  if (report.pareto.empty()) {
    sheet.text({(plot.left + plot.right) / 2.0, (plot.top + plot.bottom) / 2.0},
               "NO DEPLOYMENT TO DRAW", {.size = 14.0, .anchor = Anchor::middle, .spacing = 2.0});
  }
  draw_legend(sheet, report);
  return std::move(sheet).svg();
}

}  // namespace sn::draw
