// sn/planner/vary.cc
//
// Plans every combination of varied fields and draws the verdict (see vary.h).

#include "sn/planner/vary.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "sn/twin/scenario.h"

namespace sn::planner {

namespace {

constexpr double flat_share = 0.95;

Error flag_error(std::string message, std::string hint) {
  Error e;
  e.code = ErrorCode::syntax;
  e.message = std::move(message);
  e.where.file = "--vary";
  e.hint = std::move(hint);
  return e;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(separator, from), text.size());
    out.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

Node laid(const Node& node, const std::vector<std::string>& keys, std::size_t depth,
          const Node& value) {
  if (depth == keys.size()) return value;
  Node map = node;
  if (node.is_scalar()) {
    map = Node::map();
    map.set("base", node);
  } else if (!node.is_map()) {
    map = Node::map();
  }
  const Node* child = map.find(keys[depth]);
  map.set(keys[depth], laid(child == nullptr ? Node::map() : *child, keys, depth + 1, value));
  return map;
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

VaryPoint plan_point(const VaryInputs& inputs, const std::vector<VaryAxis>& axes,
                     std::vector<std::string> values, const PlanOptions& options,
                     VaryReport& report, Errors& first_errors) {
  VaryPoint point;
  Node scenario = inputs.scenario;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    scenario = with_field(scenario, axes[i].path, values[i]);
  }
  point.values = std::move(values);
  const Result<twin::World> world =
      twin::resolve(scenario, inputs.catalog, inputs.load, inputs.directory);
  if (!world) {
    point.why_not = first_message(world.error());
    if (first_errors.empty()) first_errors = world.error();
    return point;
  }
  point.gpus = world->cluster.gpus();
  const Result<PlanReport> planned = plan(*world, options);
  if (!planned) {
    point.why_not = first_message(planned.error());
    return point;
  }
  if (report.subject.name.empty()) report.subject = planned->subject;
  if (planned->candidates.empty() || !planned->candidates.front().meets_slo) {
    point.why_not = "no deployment meets " + planned->subject.slo;
    return point;
  }
  point.best = planned->candidates.front();
  const Bills bills = bill_of(*world, point.best->plan, point.best->state.requests);
  point.binds = "TPOT: " + largest(bills.tpot) + "; TTFT: " + largest(bills.ttft);
  return point;
}

double value_of(const VaryPoint& p) { return p.best ? p.best->state.output_per_gpu : 0.0; }

std::string limit_of(const VaryPoint& p) {
  if (!p.best) return p.why_not;
  return fmt::format("limit {}; {}", p.best->limit, p.binds);
}

/// Verdict over points [from, to) of the last axis.
std::optional<VaryVerdict> verdict_of(const std::vector<VaryPoint>& points, std::size_t from,
                                      std::size_t to) {
  std::size_t best = from;
  for (std::size_t i = from; i < to; ++i) {
    if (value_of(points[i]) > value_of(points[best])) best = i;
  }
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
  if (low > from) v.below = limit_of(points[low - 1]);
  if (high + 1 < to) v.above = limit_of(points[high + 1]);
  return v;
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
    if (equals != std::string::npos) axis.values = split(flag.substr(equals + 1), ',');
    std::erase(axis.values, "");
    if (axis.path.empty() || axis.values.empty()) {
      errors.push_back(flag_error("'" + shown(flag) + "' names no field or no values", form));
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

Node with_field(const Node& scenario, const std::string& path, const std::string& value) {
  const auto source = std::make_shared<const Source>(Source{"--vary " + path, value, {}});
  return laid(scenario, split(path, '.'), 0, Node::scalar(value, source, 1, 1));
}

Result<VaryReport> vary(const VaryInputs& inputs, const std::vector<VaryAxis>& axes,
                        const PlanOptions& options,
                        const std::function<void(std::size_t, std::size_t)>& progress) {
  SN_ASSERT(!axes.empty());
  VaryReport report;
  report.axes = axes;
  std::size_t count = 1;
  for (const VaryAxis& a : axes) count *= a.values.size();
  Errors first_errors;
  bool any_resolved = false;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> values(axes.size());
    std::size_t rest = i;
    for (std::size_t a = axes.size(); a-- > 0;) {
      values[a] = axes[a].values[rest % axes[a].values.size()];
      rest /= axes[a].values.size();
    }
    report.points.push_back(
        plan_point(inputs, axes, std::move(values), options, report, first_errors));
    any_resolved = any_resolved || report.points.back().gpus > 0;
    progress(i + 1, count);
  }
  if (!any_resolved) return fail(std::move(first_errors));
  const std::size_t run = axes.back().values.size();
  for (std::size_t from = 0; from < count; from += run) {
    report.verdicts.push_back(verdict_of(report.points, from, from + run));
  }
  return report;
}

}  // namespace sn::planner
