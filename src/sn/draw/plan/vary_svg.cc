// sn/draw/plan/vary_svg.cc
//
// Varied fields as a sheet of small multiples (see vary_views.h).

#include <fmt/format.h>

#include <algorithm>

#include "sn/base/units/units.h"
#include "sn/draw/kit/chart.h"
#include "sn/draw/plan/vary_views.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

using planner::VaryPoint;
using planner::VaryReport;

constexpr double sheet_width = 1190.0;
constexpr double head_height = 130.0;
constexpr double strip_height = 150.0;
constexpr double foot_height = 150.0;
constexpr std::size_t most_strips = 12;

double value_of(const VaryPoint& p) { return p.best ? p.best->state.output_per_gpu : 0.0; }

/// One strip: points [from, from + count) of the report.
class Strip {
 public:
  Strip(const VaryReport& report, std::size_t index, Box plot)
      : report_(report),
        count_(report.axes.back().values.size()),
        from_(index * count_),
        index_(index),
        plot_(plot) {
    double most = 0.0;
    for (std::size_t i = 0; i < count_; ++i) most = std::max(most, value_of(point(i)));
    empty_ = most <= 0.0;
    y_ = Scale::linear(axis_for(empty_ ? 1.0 : 1.1 * most, 4), plot.bottom, plot.top);
  }

  void draw(Sheet& sheet) const {
    sheet.begin_group(name());
    scale(sheet);
    flat(sheet);
    std::vector<Point> line;
    for (std::size_t i = 0; i < count_; ++i) {
      if (point(i).best) line.push_back(at(i));
    }
    if (line.size() > 1) sheet.polyline(line, {Pen::medium});
    for (std::size_t i = 0; i < count_; ++i) mark(sheet, i);
    caption(sheet);
    sheet.end_group();
  }

 private:
  [[nodiscard]] const VaryPoint& point(std::size_t i) const { return report_.points[from_ + i]; }

  [[nodiscard]] double x(std::size_t i) const {
    const double step = plot_.width() / static_cast<double>(count_);
    return plot_.left + step * (static_cast<double>(i) + 0.5);
  }

  [[nodiscard]] Point at(std::size_t i) const { return {x(i), y_.at(value_of(point(i)))}; }

  [[nodiscard]] std::string name() const {
    std::string out;
    for (std::size_t a = 0; a + 1 < report_.axes.size(); ++a) {
      out += (out.empty() ? "" : ", ") + report_.axes[a].path + " " + point(0).values[a];
    }
    return out.empty() ? report_.subject.model : out;
  }

  void scale(Sheet& sheet) const {
    if (!empty_) {
      draw_y_axis(sheet, plot_, y_, {.size = 9.0, .gap = 8.0},
                  [](double v) { return format_number(v); });
    }
    sheet.line({plot_.left, plot_.bottom}, {plot_.right, plot_.bottom}, {Pen::fine});
    for (std::size_t i = 0; i < count_; ++i) {
      const Lettering small{.size = 9.0, .anchor = Anchor::middle};
      const double room = plot_.width() / static_cast<double>(count_) - 4.0;
      sheet.text({x(i), plot_.bottom + 14.0}, fitted(point(i).values.back(), room, small), small);
    }
  }

  void flat(Sheet& sheet) const {
    const auto& verdict = report_.verdicts[index_];
    if (!verdict) return;
    const std::vector<std::string>& values = report_.axes.back().values;
    const auto index = [&](const std::string& v) {
      return static_cast<std::size_t>(std::find(values.begin(), values.end(), v) - values.begin());
    };
    const double half = 0.5 * plot_.width() / static_cast<double>(count_);
    const double left = x(index(verdict->flat_from)) - half;
    const double right = x(index(verdict->flat_to)) + half;
    sheet.hatched(
        {{left, plot_.top}, {right, plot_.top}, {right, plot_.bottom}, {left, plot_.bottom}},
        Hatch::sparse);
  }

  void mark(Sheet& sheet, std::size_t i) const {
    const VaryPoint& p = point(i);
    if (!p.best) {
      sheet.mark({x(i), plot_.bottom - 8.0}, Mark::cross, 4.0, {Pen::fine}, "none",
                 p.values.back() + ": " + p.why_not);
      return;
    }
    const auto& verdict = report_.verdicts[index_];
    const bool best = verdict && verdict->best == p.values.back();
    sheet.mark(at(i), best ? Mark::diamond : Mark::circle, best ? 6.0 : 4.0,
               {Pen::medium, best ? colour::orange : colour::teal},
               best ? colour::orange : colour::paper,
               fmt::format("{}: {} tok/s per GPU, {}", p.values.back(), significant(value_of(p)),
                           p.binds));
    sheet.text({at(i).x, at(i).y - 9.0}, significant(value_of(p)),
               {.size = 8.5, .anchor = Anchor::middle, .bold = best});
  }

  void caption(Sheet& sheet) const {
    const Lettering head{.size = 11.0, .bold = true};
    const Lettering body{.size = 9.0};
    const double left = plot_.right + 24.0;
    const double room = 270.0;
    double y = plot_.top + 6.0;
    for (const std::string& line : fitted_lines(name(), room, 2, head)) {
      sheet.text({left, y}, line, head);
      y += 14.0;
    }
    const auto& verdict = report_.verdicts[index_];
    std::string text = "no value meets the SLO";
    if (verdict) {
      text = flat_words(*verdict);
      if (!verdict->below.empty()) text += "; below: " + verdict->below;
      if (!verdict->above.empty()) text += "; above: " + verdict->above;
    }
    for (const std::string& line : fitted_lines(text, room, 8, body)) {
      sheet.text({left, y}, line, body);
      y += 12.0;
    }
  }

  const VaryReport& report_;
  std::size_t count_;
  std::size_t from_;
  std::size_t index_;
  Box plot_;
  Scale y_;
  bool empty_ = false;  // no value meets the SLO: there is nothing to scale
};

}  // namespace

std::string vary_svg(const VaryReport& r) {
  const std::size_t strips = std::min(r.verdicts.size(), most_strips);
  const double height = head_height + strip_height * static_cast<double>(strips) + foot_height;
  Sheet sheet(sheet_width, height,
              {.drawing = "ONE QUESTION, MANY VALUES",
               .number = "SN-V1",
               .subject = r.subject.name,
               .scale = "EACH STRIP FROM ZERO"},
              fmt::format("Output tokens per second and GPU over {} in {} strips.",
                          r.axes.back().path, strips));
  const double left = sheet.area().left + 26.0;
  sheet.text({left, 66.0}, capitals("Output tokens / s per GPU over " + r.axes.back().path),
             {.size = 17.0, .spacing = 2.0, .bold = true});
  const Lettering line{.size = 10.5};
  sheet.text({left, 88.0},
             fitted(r.subject.workload + ", " + twin::to_string(r.subject.rate) + "; SLO " +
                        vary_slo_text(r),
                    1000.0, line),
             line);
  sheet.line({left, 100.0}, {sheet.area().right - 26.0, 100.0}, {Pen::heavy});
  for (std::size_t i = 0; i < strips; ++i) {
    const double top = head_height + strip_height * static_cast<double>(i);
    Strip(r, i, {left + 56.0, top + 6.0, 800.0, top + strip_height - 34.0}).draw(sheet);
  }
  Legend legend(sheet, {left, head_height + strip_height * static_cast<double>(strips) + 24.0},
                line.size, Legend::Flow::column, 19.0);
  Point at = legend.item(24.0, "best value; hatched: within 5 % of it");
  sheet.mark({at.x + 8.0, at.y - 3.5}, Mark::diamond, 5.0, {Pen::medium, colour::orange},
             colour::orange);
  at = legend.item(24.0, "cannot be, or meets no SLO");
  sheet.mark({at.x + 8.0, at.y - 3.5}, Mark::cross, 4.0, {Pen::fine});
  return std::move(sheet).svg();
}

}  // namespace sn::draw
