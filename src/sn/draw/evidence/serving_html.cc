// sn/draw/evidence/serving_html.cc
//
// Measured deployments, replays and published supernodes as one HTML page (see html_page.h).

#include <fmt/format.h>

#include <cmath>

#include "sn/draw/evidence/serving_views.h"
#include "sn/draw/kit/html_page.h"
#include "sn/draw/kit/table.h"

namespace sn::draw {

namespace {

using evidence::ReplayMetric;
using evidence::ReplayReport;
using evidence::ScaleCase;
using evidence::ServingMetric;
using evidence::ServingMetrics;
using evidence::ServingReport;
using evidence::ServingValidation;

constexpr ServingMetric metrics[] = {ServingMetric::tpot, ServingMetric::ttft,
                                     ServingMetric::tput_per_gpu};

std::string count(std::size_t n) { return std::to_string(n); }

const ServingMetrics& of(const ServingReport& r, ServingMetric metric) {
  return r.metrics[static_cast<std::size_t>(metric)];
}

struct Sums {
  std::size_t rows = 0;
  std::size_t predicted = 0;
  std::size_t judged = 0;  // targets
  std::size_t met = 0;
  std::size_t held = 0;  // cases in their interval
};

Sums sums_of(const ServingValidation& v) {
  Sums s;
  for (const evidence::ServingFileReport& f : v.files) {
    s.rows += f.report.rows;
    s.predicted += f.report.predicted;
  }
  for (const bool disaggregated : {false, true}) {
    for (const ServingMetric metric : metrics) {
      const ServingMetrics& m = of(disaggregated ? v.disaggregated : v.aggregated, metric);
      if (m.held_out.n == 0) continue;
      ++s.judged;
      s.met += m.held_out.mape <= evidence::serving_target(metric, disaggregated) ? 1 : 0;
    }
  }
  for (const ScaleCase& c : v.cases.cases) s.held += c.interval.holds(c.published) ? 1 : 0;
  return s;
}

std::string title_block(const ServingValidation& v) {
  const Sums s = sums_of(v);
  return html_title_block(
      "Serving: predicted against measured",
      "errors are of points that no fit has seen; cases are published figures, nothing fitted",
      {{"TARGETS",
        v.files.empty() ? "no tables given" : fmt::format("{} of {} met", s.met, s.judged)},
       {"POINTS PREDICTED", fmt::format("{} of {}", s.predicted, s.rows)},
       {"SUPERNODES",
        fmt::format("{} of {} in their 80 % interval", s.held, v.cases.cases.size())}});
}

std::string targets(const ServingValidation& v) {
  Table out(2, {"deployments", "metric", "never fitted", "mean error", "median", "bias",
                "80 % interval holds", "target of the mean", ""});
  for (const bool disaggregated : {false, true}) {
    const ServingReport& r = disaggregated ? v.disaggregated : v.aggregated;
    for (const ServingMetric metric : metrics) {
      const ServingMetrics& m = of(r, metric);
      const bool any = m.held_out.n > 0;
      const double target = evidence::serving_target(metric, disaggregated);
      const std::string_view mark = html_mark(any, m.held_out.mape <= target);
      out.row(
          {r.name, std::string(to_string(metric)), count(m.held_out.n),
           any ? html_percent(m.held_out.mape) : "-", any ? html_percent(m.held_out.median) : "-",
           any ? signed_percent(m.held_out.bias) : "-", any ? html_percent(m.covered) : "-",
           html_percent(target), std::string(mark)},
          mark);
    }
  }
  return out.html();
}

std::string groups(const ServingValidation& v) {
  Table out(1, {"group", "rows", "predicted", "TPOT n", "mean", "median", "bias", "TTFT n", "mean",
                "median", "bias", "tok/s/GPU n", "mean", "median", "bias"});
  for (const ServingReport& r : v.groups) {
    std::vector<std::string> cells = {r.name, count(r.rows), count(r.predicted)};
    for (const ServingMetric metric : metrics) {
      const measured::Metrics& m = of(r, metric).held_out;
      cells.push_back(count(m.n));
      cells.push_back(m.n > 0 ? html_percent(m.mape) : "-");
      cells.push_back(m.n > 0 ? html_percent(m.median) : "-");
      cells.push_back(m.n > 0 ? signed_percent(m.bias) : "-");
    }
    out.row(cells);
  }
  return out.html();
}

std::string worst(const ServingValidation& v) {
  if (v.worst.empty()) return {};
  Table out(3, {"file:line", "point", "metric", "measured", "predicted", "error"});
  for (const evidence::ServingMiss& m : v.worst) {
    const bool rate = m.metric == ServingMetric::tput_per_gpu;
    const auto shown = [&](double x) {
      return rate ? significant(x) + " tok/s" : significant(1e3 * x) + " ms";
    };
    out.row({m.where, m.name, std::string(to_string(m.metric)), shown(m.measured),
             shown(m.predicted), signed_percent(m.predicted / m.measured - 1.0)});
  }
  return "<h2>Points farthest from their prediction</h2>\n" + out.html();
}

std::string skips(const ServingValidation& v) {
  Table out(2, {"file", "because", "rows"});
  for (const evidence::ServingFileReport& f : v.files) {
    for (const evidence::Skip& s : f.report.skipped) {
      out.row({f.report.name, s.reason, count(s.rows)});
    }
  }
  for (const auto& [file, because] : serving_not_read(v)) {
    out.row({file, "not read: " + because, "all"});
  }
  if (out.empty()) return {};
  return "<h2>Rows without a prediction</h2>\n" + out.html();
}

std::string replays(const ServingValidation& v) {
  if (v.replays.runs.empty()) return {};
  Table out(2, {"run", "metric", "requests", "mean measured, ms", "predicted", "ratio",
                "p99 measured, ms", "predicted", "ratio", "typical error", "targets", ""});
  const auto ms = [](double seconds) { return significant(1e3 * seconds); };
  for (const ReplayReport& r : v.replays.runs) {
    const std::string_view mark = html_mark(!r.metrics.empty(), r.met());
    for (const ReplayMetric& m : r.metrics) {
      out.row(
          {fmt::format("{}: {} on {}, {}", r.name, r.model, r.chip, r.deployment), m.name,
           count(r.requests), ms(m.mean_measured), ms(m.mean_predicted), fixed(m.mean_ratio(), 3),
           ms(m.p99_measured), ms(m.p99_predicted), fixed(m.p99_ratio(), 3), ms(m.typical_error),
           fmt::format("{}, {}", html_percent(r.mean_target), html_percent(r.p99_target)),
           std::string(mark)},
          mark);
    }
  }
  return "<h2>Recorded runs, request by request</h2>\n" + out.html();
}

std::string cases(const ServingValidation& v) {
  Table out(2, {"case", "machine", "GPUs", "published", "predicted", "80 % from", "to", "error",
                "in interval"});
  Table conditions(5, {"case", "what", "conditions", "may differ", "from"});
  for (const ScaleCase& c : v.cases.cases) {
    const bool in = c.interval.holds(c.published);
    out.row({c.name, c.chip, std::to_string(c.gpus), significant(c.published),
             significant(c.predicted), significant(c.interval.low), significant(c.interval.high),
             signed_percent(c.error()), in ? "yes" : "no"},
            html_mark(true, in));
    conditions.row(
        {c.name, c.title, c.note, c.differs, fmt::format("{} ({})", c.citation, c.date)});
  }
  return out.html() + html_folded("Conditions, sources and why they may differ", conditions.html());
}

}  // namespace

std::string serving_validation_section(const ServingValidation& v) {
  const bool drawn = !v.dots.empty();
  std::string out = "<section id=\"serving\">\n" + title_block(v);
  if (!v.files.empty()) out += "<h2>Against the targets</h2>\n" + targets(v);
  if (drawn) out += html_drawing(serving_points_svg(v, "1 OF 2"));
  out += html_drawing(scale_cases_svg(v.cases, drawn ? "2 OF 2" : "1 OF 1"));
  out += "<h2>Supernodes as published: tokens per second and GPU</h2>\n" + cases(v);
  out += replays(v);
  if (!v.files.empty()) {
    out += "<h2>Groups</h2>\n" + html_folded(count(v.groups.size()) +
                                                 " groups; unknown speculation counts in its own "
                                                 "alone",
                                             groups(v));
  }
  return out + worst(v) + skips(v) + "</section>\n";
}

std::string serving_validation_html(const ServingValidation& v) {
  return html_page("Supernode: serving, predicted against measured", serving_validation_section(v));
}

}  // namespace sn::draw
