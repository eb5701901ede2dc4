// sn/draw/evidence/serving_text.cc
//
// Measured deployments predicted, as text (see serving_views.h).

#include <fmt/format.h>

#include <cmath>

#include "sn/draw/evidence/serving_views.h"

namespace sn::draw {

namespace {

using evidence::ScaleCase;
using evidence::ServingMetric;
using evidence::ServingMetrics;
using evidence::ServingReport;
using evidence::ServingValidation;

std::string percent(double share) {
  return std::isfinite(share) ? fixed(100.0 * share, 1) + " %" : "-";
}

std::string counted(const measured::Metrics& m, double value) {
  return m.n > 0 ? percent(value) : "-";
}

void add_row(Table& table, const ServingReport& r) {
  std::vector<std::string> cells = {r.name, std::to_string(r.rows), std::to_string(r.predicted)};
  for (const ServingMetric metric :
       {ServingMetric::tpot, ServingMetric::ttft, ServingMetric::tput_per_gpu}) {
    const ServingMetrics& m = r.metrics[static_cast<std::size_t>(metric)];
    cells.push_back(std::to_string(m.held_out.n));
    cells.push_back(counted(m.held_out, m.held_out.mape));
    cells.push_back(counted(m.held_out, m.held_out.median));
    cells.push_back(m.held_out.n > 0 ? signed_percent(m.held_out.bias) : "-");
  }
  table.row(std::move(cells));
}

Table groups_table() {
  return Table({{"group", Align::left},
                {"rows"},
                {"predicted"},
                {"TPOT n"},
                {"mean"},
                {"median"},
                {"bias"},
                {"TTFT n"},
                {"mean"},
                {"median"},
                {"bias"},
                {"tok/s/GPU n"},
                {"mean"},
                {"median"},
                {"bias"}});
}

std::string targets(const ServingReport& r, bool disaggregated) {
  std::string out;
  for (const ServingMetric metric :
       {ServingMetric::tpot, ServingMetric::ttft, ServingMetric::tput_per_gpu}) {
    const ServingMetrics& m = r.metrics[static_cast<std::size_t>(metric)];
    if (m.held_out.n == 0) continue;
    const double target = evidence::serving_target(metric, disaggregated);
    out += fmt::format(
        "  {}, {}: {} mean error of {} points never fitted, target {}: {}; "
        "80 % interval holds {}\n",
        r.name, to_string(metric), percent(m.held_out.mape), m.held_out.n, percent(target),
        m.held_out.mape <= target ? "met" : "missed", percent(m.covered));
  }
  return out;
}

std::string skips(const ServingValidation& v) {
  std::string out;
  for (const evidence::ServingFileReport& f : v.files) {
    for (const evidence::Skip& s : f.report.skipped) {
      out += fmt::format("  {}: {} rows skipped: {}\n", f.report.name, s.rows, s.reason);
    }
  }
  for (const auto& [name, because] : serving_not_read(v)) {
    out += fmt::format("  {}: not read; {}\n", name, because);
  }
  return out;
}

std::string worst(const ServingValidation& v, const TextStyle& style) {
  if (v.worst.empty()) return {};
  Table table({{"file:line", Align::left},
               {"point", Align::left},
               {"metric", Align::left},
               {"measured"},
               {"predicted"},
               {"error"}});
  for (const evidence::ServingMiss& m : v.worst) {
    const bool rate = m.metric == ServingMetric::tput_per_gpu;
    const auto shown = [&](double x) {
      return rate ? significant(x) + " tok/s" : significant(1e3 * x) + " ms";
    };
    table.row({m.where, m.name, std::string(to_string(m.metric)), shown(m.measured),
               shown(m.predicted), signed_percent(m.predicted / m.measured - 1.0)});
  }
  return "\nWorst points\n" + table.str(style);
}

std::string widths(const ServingValidation& v, const TextStyle& style) {
  Table table({{"evidence", Align::left},
               {"metric", Align::left},
               {"fitted"},
               {"deviation they need"},
               {"never fitted"},
               {"mean error"},
               {"half-width"},
               {"holds"},
               {"", Align::left}});
  for (const evidence::EvidenceWidth& w : v.widths) {
    if (w.others == 0) continue;
    table.row({w.evidence + (w.disaggregated ? ", pools" : ""), w.metric, std::to_string(w.fitted),
               std::isfinite(w.needed) ? fixed(w.needed, 2) : "-", std::to_string(w.others),
               percent(w.error), percent(w.half_width), percent(w.covered),
               w.sharp() ? "" : "wider than twice the error"});
  }
  return "\nWidths of 80 % intervals by evidence: generation and engine; median half-width beside "
         "the mean\n  error of points never fitted, and the deviation of ln that holds 80 % of "
         "the fitted ones\n" +
         table.str(style);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> serving_not_read(const ServingValidation& v) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& name : v.ignored) {
    out.emplace_back(
        name, name.ends_with(".json")
                  ? "runs of vllm bench are named SYSTEM__ENGINE-VERSION__PRECISION__tpN.json"
                  : "no table of a known name");
  }
  return out;
}

std::string scale_cases_text(const evidence::ScaleCases& cases, const TextStyle& style) {
  Table table({{"case", Align::left},
               {"GPUs"},
               {"published"},
               {"predicted"},
               {"80 % from"},
               {"to"},
               {"error"},
               {"in interval", Align::left}});
  std::string notes;
  std::size_t held = 0;
  for (const ScaleCase& c : cases.cases) {
    const bool in = c.interval.holds(c.published);
    held += in ? 1 : 0;
    table.row({c.name, std::to_string(c.gpus), significant(c.published), significant(c.predicted),
               significant(c.interval.low), significant(c.interval.high), signed_percent(c.error()),
               in ? "yes" : "no"});
    notes += fmt::format("\n{}\n  {}\n  {} ({})\n  conditions: {}\n  differs:    {}\n", c.name,
                         c.title, c.citation, c.date, c.note, c.differs);
  }
  return fmt::format(
      "Supernodes as published, on which nothing is fitted: tokens per second and GPU\n"
      "  {} of {} lie in their 80 % interval\n\n{}{}",
      held, cases.cases.size(), table.str(style), notes);
}

std::string serving_validation_text(const ServingValidation& v, const TextStyle& style) {
  std::string out = "Serving deployments: predicted against measured\n";
  if (!v.files.empty()) {
    std::size_t rows = 0;
    std::size_t predicted = 0;
    for (const evidence::ServingFileReport& f : v.files) {
      rows += f.report.rows;
      predicted += f.report.predicted;
    }
    out += fmt::format("  {} files, {} rows, {} predicted\n", v.files.size(), rows, predicted);
    out += fmt::format("  {} rows of engine limits, found by {} points\n", v.limits, v.limited);
    out += targets(v.aggregated, false) + targets(v.disaggregated, true) + skips(v);
    Table table = groups_table();
    for (const ServingReport& r : v.groups) add_row(table, r);
    table.rule();
    add_row(table, v.aggregated);
    add_row(table, v.disaggregated);
    add_row(table, v.unlimited_aggregated);
    add_row(table, v.unlimited_disaggregated);
    add_row(table, v.assumed);
    out +=
        "\nGroups (errors of points never fitted; unknown speculation counts in its own alone,\n"
        "  so do points whose lengths or deployments are assumed in part: MLPerf, token "
        "position)\n";
    out += table.str(style) + widths(v, style) + worst(v, style) + "\n";
  }
  if (!v.replays.runs.empty()) out += evidence::replay_text(v.replays) + "\n";
  return out + scale_cases_text(v.cases, style);
}

std::string serving_calibration_text(const evidence::ServingCalibration& c,
                                     const TextStyle& style) {
  Table engines({{"engine", Align::left},
                 {"points"},
                 {"TPOT before"},
                 {"after"},
                 {"TTFT before"},
                 {"after"},
                 {"steps"}});
  Table parameters({{"engine", Align::left},
                    {"parameter", Align::left},
                    {"value"},
                    {"standard error"},
                    {"", Align::left}});
  for (const evidence::EngineFit& e : c.engines) {
    engines.row({e.framework.name, std::to_string(e.points), percent(e.before.tpot),
                 percent(e.after.tpot), percent(e.before.ttft), percent(e.after.ttft),
                 std::to_string(e.fit.iterations)});
    for (const evidence::FittedParameter& p : e.fit.parameters) {
      parameters.row({e.framework.name, p.name, significant(p.value * 1e6) + " us",
                      std::isfinite(p.standard_error) ? percent(p.standard_error) : "-",
                      p.determined ? "" : "the data does not determine it"});
    }
  }
  return heading("Host times of engines: mean errors of the fitted points", style) + "\n" +
         engines.str(style) + "\n" + parameters.str(style);
}

}  // namespace sn::draw
