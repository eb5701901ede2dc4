// sn/draw/rack/compare_text.cc
//
// A row a figure, a column a rack (see compare_views.h).

#include <fmt/format.h>

#include <functional>

#include "sn/base/report/report_json.h"
#include "sn/base/units/units.h"
#include "sn/draw/rack/compare_views.h"

namespace sn::draw {

namespace {

using api::Carried;
using api::ComparedRack;
using api::Spread;

std::string spread(const Spread& s) {
  if (!(s.value > 0.0)) return "-";
  return fmt::format("{} ({} to {})", significant(s.value), significant(s.low),
                     significant(s.high));
}

struct Line {
  const char* name;
  std::function<std::string(const ComparedRack&)> text;
};

std::vector<Line> sheet_lines() {
  using R = const ComparedRack&;
  return {
      {"GPUs", [](R r) { return fmt::format("{} x {}", r.gpus, r.chip); }},
      {"full load", [](R r) { return format(r.input); }},
      {"of a feed of", [](R r) { return format(r.feed); }},
      {"not published", [](R r) { return fixed(100.0 * r.assumed, 0) + " %"; }},
      {"a GPU, all in", [](R r) { return format(r.per_gpu); }},
      {"HBM", [](R r) { return format(r.hbm); }},
      {"HBM bandwidth", [](R r) { return format(r.hbm_bandwidth); }},
      {"peak, narrowest", [](R r) { return format(r.peak); }},
      {"ScaleUp a GPU", [](R r) { return format(r.scale_up); }},
      {"domain", [](R r) { return std::to_string(r.domain); }},
      {"job interrupted", [](R r) { return significant(r.job_every.si() / 3600.0) + " h"; }},
      {"GPUs up", [](R r) { return fixed(100.0 * r.up, 2) + " %"; }},
      {"capital", [](R r) { return r.capex ? format(*r.capex) : std::string("-"); }},
      {"GPU-hour $",
       [](R r) {
         if (!r.gpu_hour) return std::string("-");
         return spread({r.gpu_hour->value.si(), r.gpu_hour->low.si(), r.gpu_hour->high.si()});
       }},
  };
}

std::vector<Line> plan_lines() {
  using R = const ComparedRack&;
  const auto of = [](std::function<std::string(const Carried&)> text) {
    return [text = std::move(text)](R r) { return r.carried ? text(*r.carried) : "-"; };
  };
  return {
      {"tokens/s a GPU", of([](const Carried& c) { return spread(c.per_gpu); })},
      {"tokens/s a kW", of([](const Carried& c) { return spread(c.per_kw); })},
      {"tokens a $", of([](const Carried& c) { return spread(c.per_dollar); })},
      {"$ a million", of([](const Carried& c) { return spread(c.million); })},
      {"TPOT mean", of([](const Carried& c) { return format(c.tpot); })},
      {"evidence", of([](const Carried& c) { return c.evidence; })},
  };
}

}  // namespace

std::string compare_text(const api::CompareReport& r, const TextStyle& style) {
  std::vector<Column> columns = {{"", Align::left}};
  for (const ComparedRack& c : r.racks) columns.push_back({c.rack, Align::left});
  Table table(std::move(columns));
  const auto add = [&](const std::vector<Line>& lines) {
    for (const Line& line : lines) {
      std::vector<std::string> cells = {line.name};
      for (const ComparedRack& c : r.racks) cells.push_back(line.text(c));
      table.row(std::move(cells));
    }
  };
  add(sheet_lines());
  std::string out;
  if (r.model.empty()) {
    out = heading("Racks side by side", style) + "\n";
  } else {
    out = heading(fmt::format("{} ({})", r.model, r.asked), style) + "\n";
    add(plan_lines());
  }
  out += "\n" + table.str(style) + "\n";
  for (const ComparedRack& c : r.racks) {
    if (c.carried) {
      out +=
          wrapped(fmt::format(" {}: {} on {} GPUs", c.rack, c.carried->deployment, c.carried->gpus),
                  4) +
          "\n";
    }
    if (!c.reason.empty()) out += wrapped(fmt::format(" {}: {}", c.rack, c.reason), 4) + "\n";
  }
  out += wrapped(
             "Tokens are output tokens. Intervals: middle 80 % of the models' error; with dollars, "
             "the ranges of prices too (supernode rack NAME --sensitivity).",
             1) +
         "\n";
  return out;
}

std::string compare_json(const api::CompareReport& r) { return report_json(r); }

}  // namespace sn::draw
