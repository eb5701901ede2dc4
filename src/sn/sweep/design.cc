// sn/sweep/design.cc
//
// Reads sweep files (see design.h).

#include "sn/sweep/design.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <utility>

#include "sn/api/open.h"
#include "sn/api/scenarios.h"
#include "sn/base/files/files.h"
#include "sn/base/text/text.h"
#include "sn/base/units/units.h"
#include "sn/twin/scenario/tenants.h"

namespace sn::sweep {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t values_max = 10'000;
constexpr std::size_t levels_max = 16;

Error error_at(const Node& at, std::string message, std::string hint,
               ErrorCode code = ErrorCode::syntax) {
  return {
      .code = code, .message = std::move(message), .where = at.where(), .hint = std::move(hint)};
}

bool is_path(const std::string& name) {
  const std::vector<std::string> levels = split(name, ".");
  return levels.size() <= levels_max &&
         std::none_of(levels.begin(), levels.end(), [](const auto& l) { return l.empty(); });
}

/// A number and the unit behind it, "20 ms".
struct Measure {
  double value = 0.0;
  std::string unit;  // with the blank before it
};

std::optional<Measure> measure_of(const Node* node, Errors& errors, std::string_view what) {
  if (node == nullptr) return std::nullopt;
  const std::string& text = node->text();
  Measure out;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out.value);
  out.unit.assign(parsed.ptr, text.data() + text.size());
  if (node->is_scalar() && parsed.ec == std::errc{}) return out;
  errors.push_back(error_at(*node, fmt::format("'{}' is no number", what),
                            "a number, with a unit where the field has one: 20 ms"));
  return std::nullopt;
}

/// {from: 20 ms, to: 80 ms, factor: 2} or {..., step: 5 ms}.
void read_range(const std::string& path, const Node& node, std::vector<AxisValue>& out,
                Errors& errors) {
  MapReader reader(node, path, errors);
  const std::size_t before = errors.size();
  const auto from = measure_of(reader.require("from"), errors, "from");
  const auto to = measure_of(reader.require("to"), errors, "to");
  const Node* factor_node = reader.get("factor");
  const Node* step_node = reader.get("step");
  reader.finish();
  if ((factor_node == nullptr) == (step_node == nullptr)) {
    errors.push_back(
        error_at(node, "a range has 'factor' or 'step'", "{from: 8, to: 64, step: 8}"));
  }
  const auto factor = measure_of(factor_node, errors, "factor");
  const auto step = measure_of(step_node, errors, "step");
  if (errors.size() > before) return;
  if (from->unit != to->unit || (step && step->unit != from->unit)) {
    errors.push_back(error_at(node, "the ends of a range have one unit",
                              "write all of it in the same unit", ErrorCode::unit));
    return;
  }
  if (from->value > to->value || (step && step->value <= 0.0) ||
      (factor && (factor->value <= 1.0 || from->value <= 0.0))) {
    errors.push_back(error_at(node, "a range runs upwards: from <= to, step > 0, factor > 1",
                              "list the values to have them in another order", ErrorCode::range));
    return;
  }
  const double end = to->value * (1.0 + 1e-9);
  double value = from->value;
  for (std::size_t i = 1; value <= end && i <= values_max; ++i) {
    const std::string text = fmt::format("{:.12g}{}", value, from->unit);
    out.push_back({text, {{path, text}}});
    value = factor ? value * factor->value : from->value + static_cast<double>(i) * step->value;
  }
}

/// A map of fields: one value that sets several of them.
AxisValue fields_of(const Node& node, Errors& errors) {
  AxisValue out;
  for (const Node::Member& m : node.members()) {
    if (!m.value.is_scalar() || !is_path(m.key)) {
      errors.push_back({.code = ErrorCode::wrong_type,
                        .message = "'" + shown(m.key) + "' is not set to one value",
                        .where = m.where(),
                        .hint = "FIELD: VALUE, as in cluster.rack: al128"});
      continue;
    }
    out.label += (out.label.empty() ? "" : ", ") + m.value.text();
    out.fields.push_back({m.key, m.value.text()});
  }
  return out;
}

Axis read_axis(const Node::Member& member, Errors& errors) {
  Axis axis{.name = member.key, .values = {}};
  const Node& node = member.value;
  if (node.is_map()) {
    if (is_path(axis.name)) read_range(axis.name, node, axis.values, errors);
  } else if (node.is_list()) {
    for (const Node& item : node.items()) {
      if (item.is_map()) {
        axis.values.push_back(fields_of(item, errors));
      } else if (item.is_scalar() && is_path(axis.name)) {
        axis.values.push_back({item.text(), {{axis.name, item.text()}}});
      } else {
        errors.push_back(error_at(item, "no value of a field",
                                  "8, 20 ms, al128, or a map of fields", ErrorCode::wrong_type));
      }
    }
  } else if (node.is_scalar()) {
    axis.values.push_back({node.text(), {{axis.name, node.text()}}});
  }
  if (!is_path(axis.name)) {
    errors.push_back({.message = "'" + shown(axis.name) + "' is no path of a field",
                      .where = member.where(),
                      .hint = "levels with dots between them: cluster.rack.gpus"});
  } else if (axis.values.empty()) {
    errors.push_back({.message = "'" + shown(axis.name) + "' has no values",
                      .where = member.where(),
                      .hint = "a list, or {from: 8, to: 64, factor: 2}"});
  }
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (axis.values[i].label != axis.values[j].label) continue;
      errors.push_back(
          {.message = "'" + shown(axis.name) + "' has '" + shown(axis.values[i].label) + "' twice",
           .where = member.where(),
           .hint = "list each value once"});
      return axis;
    }
  }
  return axis;
}

/// A file, or a shipped scenario; the sweep file's folder is looked in as well.
DesignScenario read_named(const Node& node, const std::string& directory, Errors& errors) {
  DesignScenario out{.label = node.text(), .directory = {}, .tree = {}};
  std::string file = node.text();
  std::error_code ignored;
  if (!directory.empty() && !fs::exists(file, ignored) && fs::exists(directory + file, ignored)) {
    file = directory + file;
  }
  out.directory = api::directory_of(file);
  Result<Node> tree = api::read_scenario({.file = file});
  if (!tree) {
    for (Error e : tree.error()) {
      if (e.where.line == 0) e.where = node.where();
      errors.push_back(std::move(e));
    }
    return out;
  }
  out.tree = *std::move(tree);
  return out;
}

void read_scenarios(const Node& node, const std::string& directory, Design& design,
                    Errors& errors) {
  const std::vector<Node> one = {node};
  const std::vector<Node>& all = node.is_list() ? node.items() : one;
  for (const Node& item : all) {
    DesignScenario s;
    if (item.is_map()) {
      const Node* name = item.find("name");
      s.label = name != nullptr && name->is_scalar()
                    ? name->text()
                    : fmt::format("scenario {}", design.scenarios.size() + 1);
      s.directory = directory;
      s.tree = item;
    } else if (item.is_scalar()) {
      s = read_named(item, directory, errors);
    } else {
      errors.push_back(error_at(item, "no scenario", "a file, a shipped scenario, or a map",
                                ErrorCode::wrong_type));
      continue;
    }
    if (twin::has_tenants(s.tree)) {
      errors.push_back(error_at(item, "'" + shown(s.label) + "' has tenants",
                                "sweep a scenario of the tenant alone"));
    }
    for (const DesignScenario& other : design.scenarios) {
      if (other.label == s.label) {
        errors.push_back(error_at(item, "'" + shown(s.label) + "' is named twice",
                                  "give each map a name of its own"));
      }
    }
    design.scenarios.push_back(std::move(s));
  }
  if (design.scenarios.empty() || design.scenarios.size() > scenarios_max) {
    errors.push_back(error_at(node, fmt::format("from 1 to {} scenarios", scenarios_max),
                              "scenarios: [al128-deepseek-v3]", ErrorCode::limit));
  }
}

void read_axes(const Node& node, Design& design, Errors& errors) {
  if (!node.is_map()) {
    errors.push_back(error_at(node, "'vary' is a map of fields and their values",
                              "vary: {cluster.rack.gpus: [16, 32]}", ErrorCode::wrong_type));
    return;
  }
  for (const Node::Member& m : node.members()) {
    design.axes.push_back(read_axis(m, errors));
  }
  std::size_t points = design.scenarios.size();
  for (const Axis& a : design.axes) {
    points = std::min(points * std::max<std::size_t>(1, a.values.size()), points_max + 1);
  }
  if (design.axes.size() > axes_max || points > points_max) {
    errors.push_back(
        error_at(node, fmt::format("more than {} axes or {} points", axes_max, points_max),
                 "vary fewer values, or several sweeps into one database", ErrorCode::limit));
  }
}

void read_options(MapReader& top, Design& design, Errors& errors) {
  Options& o = design.options;
  for (const Question q : {Question::plan, Question::simulate, Question::rack}) {
    const Node* node = top.get(to_string(q));
    if (node == nullptr) continue;
    if (q != design.question) {
      errors.push_back(error_at(*node,
                                fmt::format("options of '{}', which is not asked", to_string(q)),
                                fmt::format("question: {}", to_string(q))));
      continue;
    }
    MapReader reader(*node, std::string(to_string(q)), errors);
    if (q != Question::rack) o.screen = reader.boolean("screen").value_or(o.screen);
    if (q == Question::simulate) {
      o.rank = static_cast<int>(reader.integer("rank", {1, 1000}).value_or(o.rank));
      o.requests = reader.integer("requests", {1, 10'000'000}).value_or(o.requests);
    }
    if (q == Question::rack) {
      o.load = reader.choice("load", {"idle", "max", "training", "plan"}).value_or(o.load);
      o.years = reader.integer("years", {0, 10'000'000}).value_or(o.years);
    }
    reader.finish();
  }
}

/// Lays `set` under the axes.
void lay_fields(const Node* set, Design& design, Errors& errors) {
  if (set == nullptr) return;
  if (!set->is_map()) {
    errors.push_back(error_at(*set, "'set' is a map of fields", "set: {workload.rate: knee}",
                              ErrorCode::wrong_type));
    return;
  }
  for (const twin::FieldValue& field : fields_of(*set, errors).fields) {
    for (DesignScenario& s : design.scenarios) {
      s.tree = twin::with_field(s.tree, field.path, field.value, "set");
    }
  }
}

}  // namespace

std::string_view to_string(Question question) {
  switch (question) {
    case Question::plan:
      return "plan";
    case Question::simulate:
      return "simulate";
    case Question::rack:
      return "rack";
  }
  return "plan";
}

std::size_t Design::points() const {
  std::size_t count = scenarios.size();
  for (const Axis& a : axes) count *= a.values.size();
  return count;
}

PointPlace place_of(const Design& design, std::size_t point) {
  PointPlace out;
  out.values.resize(design.axes.size());
  for (std::size_t a = design.axes.size(); a-- > 0;) {
    const std::size_t count = design.axes[a].values.size();
    out.values[a] = point % count;
    point /= count;
  }
  out.scenario = point;
  return out;
}

Node scenario_of(const Design& design, const PointPlace& place) {
  Node out = design.scenarios[place.scenario].tree;
  for (std::size_t a = 0; a < design.axes.size(); ++a) {
    for (const twin::FieldValue& f : design.axes[a].values[place.values[a]].fields) {
      out = twin::with_field(out, f.path, f.value, "vary");
    }
  }
  return out;
}

Result<Design> parse_design(const std::string& name, std::string text,
                            const std::string& directory) {
  const Result<Node> tree = parse_document(name, std::move(text));
  if (!tree) return fail(tree.error());
  Errors errors;
  Design out;
  MapReader top(*tree, "", errors);
  static_cast<void>(top.integer("sweep", {1, 1}));
  if (tree->is_map() && !top.has("sweep")) {
    errors.push_back(error_at(*tree, "no key 'sweep'", "a sweep file begins with 'sweep: 1'",
                              ErrorCode::missing));
  }
  out.name = top.text("name").value_or(name);
  const std::string question =
      top.choice("question", {"plan", "simulate", "rack"}).value_or("plan");
  for (const Question q : {Question::plan, Question::simulate, Question::rack}) {
    if (question == to_string(q)) out.question = q;
  }
  if (const Node* scenarios = top.require("scenarios")) {
    read_scenarios(*scenarios, directory, out, errors);
  }
  lay_fields(top.get("set"), out, errors);
  if (const Node* vary = top.require("vary")) read_axes(*vary, out, errors);
  read_options(top, out, errors);
  top.finish();
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

Result<Design> read_design(const std::string& file) {
  Result<std::string> text = read_file(file, 4u << 20);
  if (!text) return fail(text.error());
  return parse_design(file, *std::move(text), api::directory_of(file));
}

}  // namespace sn::sweep
