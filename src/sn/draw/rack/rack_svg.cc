// sn/draw/rack/rack_svg.cc
//
// The elevation of a rack as a sheet (see rack_views.h): modules as they are stacked, each with a
// bar of what it draws; the budget against the feed; figures of heat, faults and cost; the course
// of an event where one was asked for. An engineer of 1.75 m gives the scale.
//
// Heights are those of the catalog; a module without one is drawn as 2 U. Order: shelves, compute,
// switches, compute, hosts, shelves: how real racks are stacked is not in the catalog.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/base/units/units.h"
#include "sn/draw/kit/chart.h"
#include "sn/draw/rack/rack_parts.h"

namespace sn::draw {

namespace {

constexpr double unit_m = 0.04445;
constexpr double width = 1190.0;
constexpr double height = 842.0;

struct Drawn {
  const api::RackModule* module;
  std::int64_t from;   // number of the first one that stands here
  std::int64_t count;  // that are drawn here
};

double units(const api::RackModule& m) { return m.height_u > 0.0 ? m.height_u : 2.0; }

/// What one module of a place draws, and the most that one of any place does.
double watts_of(const api::RackReport& r, const api::RackModule& m) {
  double sum = 0.0;
  for (const api::RackPowerRow& row : r.rows) {
    if (row.row.place == m.place) sum += row.row.total.si();
  }
  return m.count > 0 ? sum / static_cast<double>(m.count) : 0.0;
}

std::vector<Drawn> stack_of(const api::RackReport& r) {
  std::vector<Drawn> out;
  const auto half = [&](std::string_view place, bool first) {
    for (const api::RackModule& m : r.modules) {
      if (m.place != place) continue;
      const std::int64_t upper = m.count / 2;
      const std::int64_t n = first ? upper : m.count - upper;
      if (n > 0) out.push_back({&m, first ? 0 : upper, n});
    }
  };
  const auto all = [&](std::string_view place) {
    for (const api::RackModule& m : r.modules) {
      if (m.place == place) out.push_back({&m, 0, m.count});
    }
  };
  half("shelf", true);
  half("compute", true);
  all("switch");
  all("extra");
  half("compute", false);
  all("host");
  half("shelf", false);
  return out;
}

/// A person of 1.75 m whose feet stand at `foot`.
void draw_person(Sheet& sheet, Point foot, double per_metre) {
  const double tall = 1.75 * per_metre;
  const double head = 0.045 * tall;
  const Stroke pen{.pen = Pen::fine};
  sheet.begin_group("an engineer of 1.75 m");
  sheet.mark({foot.x, foot.y - tall + head}, Mark::circle, head, pen);
  const double hip = foot.y - 0.48 * tall;
  const double neck = foot.y - tall + 2.0 * head;
  sheet.line({foot.x, neck}, {foot.x, hip}, pen);
  sheet.line({foot.x, hip}, {foot.x - 0.06 * tall, foot.y}, pen);
  sheet.line({foot.x, hip}, {foot.x + 0.06 * tall, foot.y}, pen);
  sheet.line({foot.x, neck + 0.05 * tall}, {foot.x - 0.08 * tall, hip}, pen);
  sheet.line({foot.x, neck + 0.05 * tall}, {foot.x + 0.08 * tall, hip}, pen);
  sheet.text({foot.x, foot.y + 14.0}, "1.75 m", {.size = 8.0, .anchor = Anchor::middle});
  sheet.end_group();
}

void draw_elevation(Sheet& sheet, const api::RackReport& r, const Box& area) {
  const std::vector<Drawn> stack = stack_of(r);
  double total = 0.0;
  double most = 1.0;
  for (const Drawn& d : stack) {
    total += units(*d.module) * static_cast<double>(d.count);
    most = std::max(most, watts_of(r, *d.module));
  }
  // Cabinets side by side where one would be taller than 2.4 m.
  const double columns = std::max(1.0, std::ceil(total * unit_m / 2.4));
  const double tall = std::max(1.9, (total / columns + 2.0) * unit_m + 0.15);
  const double per_metre = (area.height() - 34.0) / tall;
  const double wide = std::min((area.width() - 120.0) / columns - 8.0, 0.6 * per_metre);
  const double floor = area.bottom - 24.0;
  double left = area.left + 4.0;
  double y = floor - tall * per_metre + 0.1 * per_metre;
  const double first = y;
  double in_column = 0.0;
  for (const Drawn& d : stack) {
    const double watts = watts_of(r, *d.module);
    sheet.begin_group(fmt::format("{} x {}: {:.0f} W each", d.count, d.module->name, watts));
    for (std::int64_t i = 0; i < d.count; ++i) {
      const double high = units(*d.module) * unit_m * per_metre;
      if (in_column + units(*d.module) > total / columns + 2.0) {
        left += wide + 8.0;
        y = first;
        in_column = 0.0;
      }
      const Box box{left, y, left + wide, y + high};
      sheet.box(box, {.pen = Pen::fine}, colour::shade);
      const double bar = (wide - 4.0) * watts / most;
      sheet.box({left + 2.0, y + 0.25 * high, left + 2.0 + bar, y + 0.75 * high},
                {.pen = Pen::hair}, d.module->gpus > 0 ? colour::orange : colour::teal);
      y += high;
      in_column += units(*d.module);
    }
    sheet.end_group();
  }
  sheet.line({area.left - 4.0, floor}, {area.right, floor}, {.pen = Pen::medium});
  draw_person(sheet, {std::min(left + wide + 60.0, area.right - 40.0), floor}, per_metre);
}

void draw_budget(Sheet& sheet, const api::RackReport& r, const Box& box) {
  const double most = std::max(r.feed.si(), r.power.input.si());
  const double scale = box.width() / most;
  double x = box.left;
  sheet.text({box.left, box.top - 8.0},
             fmt::format("BUDGET: {} OF {} AT LOAD {}", format(r.power.input), format(r.feed),
                         capitals(r.load)),
             {.size = 11.0, .bold = true});
  bool shaded = false;
  for (const api::RackPowerRow& row : r.rows) {
    const double wide = row.row.total.si() * scale;
    const Box part{x, box.top, x + wide, box.bottom};
    sheet.begin_group(fmt::format("{} {}: {}", row.row.place, row.row.item, format(row.row.total)));
    sheet.box(part, {.pen = Pen::hair},
              row.row.item == "gpu" ? colour::orange
              : shaded              ? colour::shade
                                    : colour::paper);
    if (row.assumed && wide > 2.0) {
      sheet.hatched({{part.left, part.top},
                     {part.right, part.top},
                     {part.right, part.bottom},
                     {part.left, part.bottom}},
                    Hatch::sparse);
    }
    sheet.end_group();
    shaded = !shaded;
    x += wide;
  }
  const double feed = box.left + r.feed.si() * scale;
  sheet.line({feed, box.top - 4.0}, {feed, box.bottom + 12.0}, {.pen = Pen::heavy});
  sheet.text({feed, box.bottom + 22.0}, "feed", {.size = 9.0, .anchor = Anchor::end});
  sheet.text({box.left, box.bottom + 22.0}, "orange: chips; hatched: not published, assumed",
             {.size = 9.0});
}

std::vector<std::string> figures_of(const api::RackReport& r) {
  std::vector<std::string> out;
  const auto heat = [&](const facility::Loop& l) {
    out.push_back(fmt::format("coolant {} l/min at {} kPa, {} to {} C",
                              significant(l.flow_l_per_min), significant(l.drop_kpa),
                              fixed(l.supply_celsius, 0), fixed(l.return_celsius, 0)));
    out.push_back(fmt::format("junction {} C, throttle at {} C, trip at {} C",
                              fixed(l.junction_celsius, 0), fixed(r.heat.throttle_celsius, 0),
                              fixed(r.heat.trip_celsius, 0)));
  };
  if (r.heat.liquid) heat(r.heat.loop);
  out.push_back(
      fmt::format("air {} m3/h for {}", format_number(r.heat.air_m3_per_h), format(r.power.air)));
  if (r.published) {
    out.push_back(fmt::format("published {} at full load, residual {:+.1f} kW",
                              format(r.published->used), r.published->residual.si() * 1e-3));
  }
  for (const api::RackFit& f : r.fits) {
    if (f.possible) {
      out.push_back(fmt::format("at {} GPUs a chip of up to {} fits {}", f.gpus, format(f.by_feed),
                                format(r.feed)));
    }
  }
  out.push_back(fmt::format("a job on the whole rack: interrupted every {} h",
                            significant(r.reliability.job_every.si() / 3600.0)));
  for (const api::SparePolicy& p : r.reliability.policies) {
    out.push_back(
        fmt::format("{} GPUs with {} spare: up {:.3f} %", p.gpus, p.spares, 100.0 * p.exact.up));
  }
  if (r.cost) {
    out.push_back(fmt::format("{} of capital; a GPU-hour {} $ ({} to {})",
                              format(r.cost->cost.capex), significant(r.cost->gpu_hour.value.si()),
                              significant(r.cost->gpu_hour.low.si()),
                              significant(r.cost->gpu_hour.high.si())));
    if (r.cost->tokens) {
      const api::MoneyRange& t = r.cost->tokens->output;
      out.push_back(fmt::format("a million tokens out {} $ ({} to {})", significant(t.value.si()),
                                significant(t.low.si()), significant(t.high.si())));
    }
  }
  return out;
}

/// One curve of the course over time, with its axis.
void draw_course(Sheet& sheet, const api::RackReport& r, const Box& box, std::string_view title,
                 double (*value)(const api::RackReport&, const facility::HeatPoint&)) {
  double most = 0.0;
  for (const facility::HeatPoint& p : r.heat.course.points) most = std::max(most, value(r, p));
  const Box plot{box.left + 40.0, box.top + 16.0, box.right - 8.0, box.bottom - 26.0};
  const double end = std::min(120.0, r.heat.course.points.back().time_s);
  const Plane plane = plane_for(plot, end, std::max(most, 1e-9));
  sheet.text({plot.left, box.top + 8.0}, title, {.size = 10.0, .bold = true});
  draw_x_axis(sheet, plot, plane.x, {.size = 8.5}, [](double x) { return fixed(x, 0); });
  draw_y_axis(sheet, plot, plane.y, {.size = 8.5, .gap = 6.0},
              [](double y) { return significant(y, 2); });
  std::vector<Point> points;
  for (const facility::HeatPoint& p : r.heat.course.points) {
    if (p.time_s <= end) points.push_back(plane.at(p.time_s, value(r, p)));
  }
  sheet.polyline(points, {.pen = Pen::medium, .colour = colour::orange});
}

double tpot_ms(const api::RackReport& r, const facility::HeatPoint& p) {
  const api::ClockEffect* e = clock_effect(r, p.clock);
  return e == nullptr || !e->carried ? 0.0 : e->tpot.si() * 1e3;
}

void draw_courses(Sheet& sheet, const api::RackReport& r, const Box& box) {
  sheet.text({box.left, box.top}, capitals(r.heat.course.name) + ", SECONDS AFTER",
             {.size = 11.0, .bold = true});
  const double third = box.width() / 3.0;
  const auto part = [&](double i) {
    return Box{box.left + i * third, box.top + 10.0, box.left + (i + 1.0) * third - 8.0,
               box.bottom};
  };
  draw_course(
      sheet, r, part(0.0), "junction, C",
      [](const api::RackReport&, const facility::HeatPoint& p) { return p.junction_celsius; });
  draw_course(sheet, r, part(1.0), "clock, % of nominal",
              [](const api::RackReport&, const facility::HeatPoint& p) { return 100.0 * p.clock; });
  if (r.plan) draw_course(sheet, r, part(2.0), "TPOT, ms (0: not carried)", tpot_ms);
}

}  // namespace

std::string rack_svg(const api::RackReport& r) {
  Sheet sheet(width, height,
              {.drawing = "THE WORKS: ELEVATION",
               .number = "SN-R1",
               .subject = r.title.empty() ? r.rack : r.title,
               .scale = "AS THE FIGURE"},
              fmt::format("Elevation of {}: {} GPUs draw {} of a feed of {} at load {}.", r.rack,
                          r.gpus, format(r.power.input), format(r.feed), r.load));
  const Box area = sheet.area();
  const double middle = area.left + 0.42 * area.width();
  draw_elevation(sheet, r, {area.left + 12.0, area.top + 8.0, middle - 16.0, area.bottom - 8.0});
  draw_budget(sheet, r, {middle, area.top + 40.0, area.right - 16.0, area.top + 80.0});
  double y = area.top + 132.0;
  for (const api::RackModule& m : r.modules) {
    sheet.text({middle, y},
               fitted(fmt::format("{} x {}: {} each", m.count, m.name,
                                  format(Power::from_si(watts_of(r, m)))),
                      area.right - middle - 16.0, {.size = 11.0}),
               {.size = 11.0});
    y += 17.0;
  }
  y += 8.0;
  for (const std::string& line : figures_of(r)) {
    sheet.text({middle, y}, fitted(line, area.right - middle - 16.0, {.size = 11.0}),
               {.size = 11.0});
    y += 17.0;
  }
  if (!r.heat.course.points.empty()) {
    const double bottom = sheet.title_box().top - 12.0;
    draw_courses(sheet, r, {middle, std::min(y + 16.0, bottom - 150.0), area.right - 16.0, bottom});
  }
  return std::move(sheet).svg();
}

}  // namespace sn::draw
