// sn/draw/sweep/sweep_svg.cc
//
// Two columns of a sweep as a chart, a line for each value of the others (see sweep_views.h).

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "sn/draw/kit/chart.h"
#include "sn/draw/sweep/sweep_views.h"

namespace sn::draw {

namespace {

constexpr double sheet_width = 1190.0;
constexpr double sheet_height = 780.0;
constexpr std::size_t lines_most = 12;
constexpr std::array<Mark, 4> marks = {Mark::circle, Mark::diamond, Mark::square, Mark::cross};
constexpr std::array<Dash, 3> dashes = {Dash::solid, Dash::dashed, Dash::chain};

std::optional<double> number_of(const store::Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  return std::nullopt;
}

struct Dot {
  double x = 0.0;
  double y = 0.0;
  std::string label;
};

struct Line {
  std::string name;
  std::vector<Dot> dots = {};
};

struct Chart {
  std::vector<Line> lines;
  std::vector<std::string> words;  // of the x axis, where its values are no numbers
  double most_x = 0.0;
  double most_y = 0.0;
};

Error column_error(const store::Rows& rows, const std::string& name) {
  std::string all;
  for (const std::string& c : rows.columns) all += (all.empty() ? "" : ", ") + c;
  const std::string near = nearest(name, rows.columns);
  return {.code = ErrorCode::unknown_name,
          .message = "there is no column '" + shown(name) + "'",
          .where = {},
          .hint = near.empty() ? "columns are " + all : "did you mean '" + near + "'?"};
}

std::optional<std::size_t> column(const store::Rows& rows, const std::string& name,
                                  Errors& errors) {
  const auto at = std::find(rows.columns.begin(), rows.columns.end(), name);
  if (at != rows.columns.end()) return static_cast<std::size_t>(at - rows.columns.begin());
  errors.push_back(column_error(rows, name));
  return std::nullopt;
}

template <class T>
std::size_t place_in(std::vector<T>& list, const std::string& name, const auto& name_of) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (name_of(list[i]) == name) return i;
  }
  list.push_back(T{name});
  return list.size() - 1;
}

struct Columns {
  std::size_t x = 0;
  std::size_t y = 0;
  std::vector<std::size_t> by;
};

Chart chart_of(const store::Rows& rows, const Columns& c) {
  Chart out;
  const bool numbers = std::all_of(rows.rows.begin(), rows.rows.end(), [&](const auto& row) {
    return number_of(row[c.x]).value_or(-1.0) >= 0.0;
  });
  for (const auto& row : rows.rows) {
    const std::string label = store::cell_text(row[c.x]);
    // A value without a figure has its place on the axis all the same.
    const double x =
        numbers ? *number_of(row[c.x])
                : static_cast<double>(place_in(
                      out.words, label, [](const std::string& w) -> const auto& { return w; })) +
                      0.5;
    const std::optional<double> y = number_of(row[c.y]);
    if (!y || !std::isfinite(*y) || *y < 0.0) continue;
    std::string name;
    for (const std::size_t b : c.by) {
      name += (name.empty() ? "" : ", ") + store::cell_text(row[b]);
    }
    const std::size_t line =
        place_in(out.lines, name, [](const Line& l) -> const auto& { return l.name; });
    out.lines[line].dots.push_back({x, *y, label});
    out.most_x = std::max(out.most_x, x);
    out.most_y = std::max(out.most_y, *y);
  }
  if (!numbers) out.most_x = static_cast<double>(out.words.size());
  for (Line& l : out.lines) {
    std::stable_sort(l.dots.begin(), l.dots.end(),
                     [](const Dot& a, const Dot& b) { return a.x < b.x; });
  }
  return out;
}

std::string_view colour_of(std::size_t line) {
  return line % 2 == 0 ? colour::teal : colour::orange;
}

void draw_lines(Sheet& sheet, const Plane& plane, const Chart& chart) {
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    const Line& l = chart.lines[i];
    const Stroke stroke{Pen::medium, colour_of(i), dashes[(i / 2) % dashes.size()]};
    sheet.begin_group(l.name.empty() ? "all" : l.name);
    std::vector<Point> points;
    for (const Dot& d : l.dots) points.push_back(plane.at(d.x, d.y));
    if (points.size() > 1) sheet.polyline(points, stroke);
    for (std::size_t k = 0; k < points.size(); ++k) {
      sheet.mark(points[k], marks[(i / 2) % marks.size()], 4.0, {Pen::medium, colour_of(i)},
                 colour::paper,
                 fmt::format("{}{}{}: {}", l.name, l.name.empty() ? "" : ", ", l.dots[k].label,
                             significant(l.dots[k].y)));
    }
    sheet.end_group();
  }
}

void draw_axes(Sheet& sheet, Plane& plane, const Chart& chart, const PlotRequest& request) {
  const auto label = [](double v) { return fmt::format("{:.6g}", v); };
  draw_y_axis(sheet, plane.plot, plane.y, {}, label);
  if (chart.words.empty()) {
    draw_x_axis(sheet, plane.plot, plane.x, {}, label);
  } else {
    const Lettering small{.size = 9.5, .anchor = Anchor::middle};
    const double room = plane.plot.width() / static_cast<double>(chart.words.size()) - 4.0;
    for (std::size_t i = 0; i < chart.words.size(); ++i) {
      sheet.text({plane.x.at(static_cast<double>(i) + 0.5), plane.plot.bottom + 16.0},
                 fitted(chart.words[i], room, small), small);
    }
  }
  sheet.line({plane.plot.left, plane.plot.bottom}, {plane.plot.right, plane.plot.bottom});
  draw_axis_titles(sheet, plane.plot, request.x, request.y, 40.0, 1.0);
}

void draw_legend(Sheet& sheet, const Box& plot, const Chart& chart) {
  if (chart.lines.size() < 2) return;
  Legend legend(sheet, {plot.right + 30.0, plot.top + 10.0}, 10.5, Legend::Flow::column, 20.0);
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    const Point at = legend.item(30.0, fitted(chart.lines[i].name, 260.0, Lettering{.size = 10.5}));
    const Stroke stroke{Pen::medium, colour_of(i), dashes[(i / 2) % dashes.size()]};
    sheet.line({at.x, at.y - 3.5}, {at.x + 22.0, at.y - 3.5}, stroke);
    sheet.mark({at.x + 11.0, at.y - 3.5}, marks[(i / 2) % marks.size()], 4.0,
               {Pen::medium, colour_of(i)}, colour::paper);
  }
}

}  // namespace

Result<std::string> sweep_svg(const store::Rows& rows, const PlotRequest& request) {
  Errors errors;
  Columns c;
  c.x = column(rows, request.x, errors).value_or(0);
  c.y = column(rows, request.y, errors).value_or(0);
  for (const std::string& name : request.by) {
    if (const auto at = column(rows, name, errors)) c.by.push_back(*at);
  }
  if (!errors.empty()) return fail(std::move(errors));
  const Chart chart = chart_of(rows, c);
  if (chart.lines.empty() || chart.lines.size() > lines_most) {
    return fail({.code = ErrorCode::limit,
                 .message = chart.lines.empty()
                                ? "no row has a number for '" + shown(request.y) + "'"
                                : fmt::format("{} lines; {} can be told apart", chart.lines.size(),
                                              lines_most),
                 .where = {},
                 .hint = "choose rows with --where, or fewer columns with --by"});
  }
  Sheet sheet(sheet_width, sheet_height,
              {.drawing = "DESIGN SPACE",
               .number = "SN-S1",
               .subject = request.title,
               .scale = "AXES LINEAR, FROM ZERO"},
              fmt::format("{} over {}, {} lines.", request.y, request.x, chart.lines.size()));
  const double left = sheet.area().left + 26.0;
  sheet.text({left, 66.0}, capitals(request.title), {.size = 17.0, .spacing = 2.0, .bold = true});
  sheet.line({left, 84.0}, {sheet.area().right - 26.0, 84.0}, {Pen::heavy});
  Plane plane = plane_for({left + 70.0, 110.0, 800.0, 620.0}, std::max(chart.most_x, 1e-12),
                          std::max(chart.most_y, 1e-12));
  if (!chart.words.empty()) {
    plane.x = Scale::linear({.step = chart.most_x, .ticks = 1}, plane.plot.left, plane.plot.right);
  }
  draw_axes(sheet, plane, chart, request);
  draw_lines(sheet, plane, chart);
  draw_legend(sheet, plane.plot, chart);
  return std::move(sheet).svg();
}

}  // namespace sn::draw
