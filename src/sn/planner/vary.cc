// sn/planner/vary.cc
//
// Plans every combination of varied fields and draws the verdict (see vary.h).

#include "sn/planner/vary.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "sn/base/text/text.h"
#include "sn/base/units/units.h"
#include "sn/planner/search/price.h"
#include "sn/twin/scenario/fields.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::planner {

namespace {

constexpr double flat_share = 0.95;
constexpr double equal_share = 0.999;
constexpr std::size_t point_second = 4;  // plans of the second round at a point

Error flag_error(std::string message, std::string hint) {
  Error e;
  e.code = ErrorCode::syntax;
  e.message = std::move(message);
  e.where.file = "--vary";
  e.hint = std::move(hint);
  return e;
}

std::string largest(const std::vector<BillLine>& bill) {
  const auto most =
      std::max_element(bill.begin(), bill.end(),
                       [](const BillLine& a, const BillLine& b) { return a.time < b.time; });
  return most == bill.end() ? std::string("nothing")
                            : fmt::format("{} {:.0f} %", most->item, 100.0 * most->share);
}

std::string first_message(const Errors& errors) {
  return errors.empty() ? std::string("unknown") : errors.front().message;
}

/// A point, and what the report takes from the first of them.
struct Planned {
  VaryPoint point;
  PlanSubject subject;
  Errors errors;  // of resolving the scenario
};

/// The message without the model's own name, that every point of a row would repeat.
std::string without_name(const std::string& message, const std::string& name) {
  const std::string head = name + " in ";
  return message.starts_with(head) ? message.substr(head.size()) : message;
}

Planned plan_point(const VaryInputs& inputs, const std::vector<VaryAxis>& axes,
                   std::vector<std::string> values, PlanOptions options, PriceBook& prices,
                   const Run& run) {
  Planned out;
  VaryPoint& point = out.point;
  Node scenario = inputs.scenario;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    scenario = twin::with_field(scenario, axes[i].path, values[i], "--vary");
  }
  point.values = std::move(values);
  const Result<twin::World> world =
      twin::resolve(scenario, inputs.catalog, inputs.load, inputs.directory);
  if (!world) {
    point.why_not = first_message(world.error());
    out.errors = world.error();
    return out;
  }
  point.gpus = world->machine.gpus();
  point.left_over = world->machine.cluster.left_over;
  options.prices = &prices.of(*world);
  const Result<PlanReport> planned = plan(*world, options, run);
  if (!planned) {
    point.why_not = without_name(first_message(planned.error()), world->machine.model.name);
    return out;
  }
  out.subject = planned->subject;
  if (planned->candidates.empty() || !planned->candidates.front().meets_slo) {
    point.why_not = "no deployment meets " + serving::to_string(planned->subject.slo);
    return out;
  }
  point.best = planned->candidates.front();
  Bills bills = bill_of(*world, point.best->plan, billed_rate(*world, *point.best));
  point.binds = "TPOT: " + largest(bills.tpot) + "; TTFT: " + largest(bills.ttft);
  point.bill = std::move(bills.gpu);
  return out;
}

double value_of(const VaryPoint& p) { return p.best ? p.best->state.output_per_gpu : 0.0; }

Time time_of(const std::vector<BillLine>& bill, const std::string& item) {
  for (const BillLine& l : bill) {
    if (l.item == item) return l.time;
  }
  return Time{};
}

/// "decode experts 0.16 ms, at the optimum 0.076 ms": a part of a token's GPU time.
std::string part_of(const BillLine& line, const VaryPoint& best) {
  return fmt::format("{} {} ms, at the optimum {} ms", line.item,
                     format_number(1e3 * line.time.si(), 2),
                     format_number(1e3 * time_of(best.bill, line.item).si(), 2));
}

/// What is worse at `p` than at the optimum.
std::string loss_of(const VaryPoint& p, const VaryPoint& best) {
  if (!p.best) return fmt::format("at {} {}", p.values.back(), p.why_not);
  const auto growth = [&](const BillLine& l) { return (l.time - time_of(best.bill, l.item)).si(); };
  const auto by_growth = [&](const BillLine& a, const BillLine& b) {
    return growth(a) < growth(b);
  };
  const auto by_time = [](const BillLine& a, const BillLine& b) { return a.time < b.time; };
  const auto grown = std::max_element(p.bill.begin(), p.bill.end(), by_growth);
  const auto most = std::max_element(p.bill.begin(), p.bill.end(), by_time);
  std::string out = fmt::format("at {} {:.0f} % less, limit {}", p.values.back(),
                                100.0 * (1.0 - value_of(p) / value_of(best)), p.best->limit);
  if (grown == p.bill.end()) return out;
  out += "; of a token's GPU time grows most " + part_of(*grown, best);
  if (most != grown) out += ", and largest is " + part_of(*most, best);
  return out;
}

/// Verdict over points [from, to) of the last axis.
std::optional<VaryVerdict> verdict_of(const std::vector<VaryPoint>& points, std::size_t from,
                                      std::size_t to) {
  double most = 0.0;
  for (std::size_t i = from; i < to; ++i) most = std::max(most, value_of(points[i]));
  // The first of those that the ranking calls equal: nobody needs more of a field than that.
  std::size_t best = from;
  while (value_of(points[best]) < equal_share * most) ++best;
  if (!points[best].best) return std::nullopt;
  const double least = flat_share * value_of(points[best]);
  std::size_t low = best;
  std::size_t high = best;
  while (low > from && value_of(points[low - 1]) >= least) --low;
  while (high + 1 < to && value_of(points[high + 1]) >= least) ++high;
  VaryVerdict v;
  v.best = points[best].values.back();
  v.flat_from = points[low].values.back();
  v.flat_to = points[high].values.back();
  if (low > from) v.below = loss_of(points[low - 1], points[best]);
  if (high + 1 < to) v.above = loss_of(points[high + 1], points[best]);
  return v;
}

/// Values of combination `index`, last axis fastest.
std::vector<std::string> values_at(const std::vector<VaryAxis>& axes, std::size_t index) {
  std::vector<std::string> values(axes.size());
  for (std::size_t a = axes.size(); a-- > 0;) {
    values[a] = axes[a].values[index % axes[a].values.size()];
    index /= axes[a].values.size();
  }
  return values;
}

}  // namespace

Result<std::vector<VaryAxis>> parse_axes(const std::vector<std::string>& flags) {
  std::vector<VaryAxis> axes;
  Errors errors;
  const std::string form = "write FIELD=VALUE,VALUE,...: cluster.rack.gpus=8,16,32";
  std::size_t points = 1;
  for (const std::string& flag : flags) {
    const std::size_t equals = flag.find('=');
    VaryAxis axis;
    axis.path = flag.substr(0, equals);
    if (equals != std::string::npos) axis.values = split(flag.substr(equals + 1), ",");
    std::erase(axis.values, "");
    if (axis.path.empty() || axis.values.empty()) {
      errors.push_back(flag_error("'" + shown(flag) + "' names no field or no values", form));
      continue;
    }
    if (const auto levels = split(axis.path, ".").size(); levels > vary_levels_max) {
      errors.push_back(flag_error(fmt::format("'{}' has {} levels; the limit is {}",
                                              shown(axis.path, 40), levels, vary_levels_max),
                                  form));
      continue;
    }
    const auto same = [&](const VaryAxis& a) { return a.path == axis.path; };
    if (std::any_of(axes.begin(), axes.end(), same)) {
      errors.push_back(
          flag_error("'" + shown(axis.path) + "' is varied twice", "list all its values once"));
    }
    points *= axis.values.size();
    axes.push_back(std::move(axis));
    if (points > vary_points_max || axes.size() > vary_axes_max) {
      errors.push_back(flag_error(
          fmt::format("more than {} fields or {} combinations", vary_axes_max, vary_points_max),
          "vary fewer values"));
      break;
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  return axes;
}

Result<VaryReport> vary(const VaryInputs& inputs, const std::vector<VaryAxis>& axes,
                        const PlanOptions& options, const Run& run) {
  SN_ASSERT(!axes.empty());
  std::size_t count = 1;
  for (const VaryAxis& a : axes) count *= a.values.size();
  std::vector<Planned> planned(count);
  std::atomic<std::size_t> done = 0;
  const Run quiet = run.quiet();
  PlanOptions each = options;
  each.pareto = false;
  each.operating = false;
  each.race.second = point_second;
  each.race.last = 1;
  PriceBook prices;
  run.for_each(count, [&](std::size_t i) {
    planned[i] = plan_point(inputs, axes, values_at(axes, i), each, prices, quiet);
    const std::size_t now = ++done;
    run.tell({.doing = fmt::format("{} of {} combinations", now, count),
              .share = static_cast<double>(now) / static_cast<double>(count),
              .done = now,
              .all = count});
  });
  VaryReport report;
  report.axes = axes;
  report.interrupted = run.stopped();
  bool any_resolved = false;
  for (std::size_t i = 0; i < count; ++i) {
    Planned& p = planned[i];
    if (p.point.values.empty()) {
      p.point.values = values_at(axes, i);
      p.point.why_not = "not planned: stopped before";
    }
    any_resolved = any_resolved || p.point.gpus > 0;
    if (report.subject.name.empty()) report.subject = std::move(p.subject);
    report.points.push_back(std::move(p.point));
  }
  if (!any_resolved && run.stopped()) return fail(interrupted("the comparison"));
  if (!any_resolved) return fail(std::move(planned.front().errors));
  const std::size_t row = axes.back().values.size();
  for (std::size_t from = 0; from < count; from += row) {
    report.verdicts.push_back(verdict_of(report.points, from, from + row));
  }
  return report;
}

}  // namespace sn::planner
