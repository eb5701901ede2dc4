// sn/api/claims/claims.cc
//
// Entries read, questions asked, numbers compared (see claims.h).

#include "sn/api/claims/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "sn/api/open.h"
#include "sn/api/plan.h"
#include "sn/api/rack/rack.h"
#include "sn/api/request_error.h"
#include "sn/api/simulate.h"
#include "sn/base/document/document.h"
#include "sn/base/report/report_json.h"
#include "sn/base/text/text.h"

namespace sn::api {

namespace {

constexpr std::array<std::string_view, 4> verdict_names = {"holds", "holds if", "does not hold",
                                                           "cannot be judged"};

struct Claim {
  ClaimResult out;
  std::string question;
  std::string scenario;
  std::string against;
  std::string base;     // value of the swept field there; empty: the same
  std::string compare;  // value, ratio, change
  std::string read;
  std::string in;      // unit of a catalog's value
  double scale = 1.0;  // from the report's unit to the claim's
  std::vector<twin::FieldValue> fields;
  std::string path;  // swept
  std::vector<std::string> values;
  std::int64_t clients = 0;
  double warm_up = 0.05;
};

/// A number of a report by its path: "candidates.0.state.output_tokens_per_s_per_gpu".
std::optional<double> number_at(const Node& report, const std::string& path) {
  const Node* at = &report;
  for (const std::string& key : split(path, ".")) {
    if (at->is_list()) {
      std::size_t i = 0;
      const auto parsed = std::from_chars(key.data(), key.data() + key.size(), i);
      if (parsed.ec != std::errc{} || i >= at->items().size()) return std::nullopt;
      at = &at->items()[i];
    } else {
      at = at->is_map() ? at->find(key) : nullptr;
    }
    if (at == nullptr) return std::nullopt;
  }
  if (!at->is_scalar()) return std::nullopt;
  double value = 0.0;
  const std::string& text = at->text();
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

// --- Asking --------------------------------------------------------------------------------------

Result<std::string> simulated(const Claim& c, const twin::World& world, const Run& run) {
  SimulateRequest request;
  request.options.clients = c.clients;
  request.options.warm_up = c.warm_up;
  const auto result = simulate(world, request, run);
  if (!result) return fail(result.error());
  return report_json(result->report);
}

Result<std::string> planned(const twin::World& world, bool screen, const Run& run) {
  const auto report = plan(world, {.top = 1, .screen = screen, .pareto = false}, run);
  if (!report) return fail(report.error());
  return report_json(*report);
}

/// The report of the claim's question about `scenario`, as JSON.
Result<std::string> ask(const Claim& c, const std::string& scenario,
                        const std::vector<twin::FieldValue>& fields,
                        const catalog::Catalog& catalog, const Run& run) {
  if (c.question == "rack") {
    RackRequest request;
    request.facility.subject = scenario;
    request.facility.fields = fields;
    const auto report = rack_report(request, catalog, run);
    if (!report) return fail(report.error());
    return report_json(*report);
  }
  const Result<Opened> opened = api::open({.file = scenario, .fields = fields}, catalog, run);
  if (!opened) return fail(opened.error());
  if (!opened->world) {
    return fail(request_error("scenario", "a claim is of one model", "a scenario without tenants"));
  }
  if (c.question == "simulate") return simulated(c, *opened->world, run);
  return planned(*opened->world, c.question == "screen", run);
}

/// A value of an entry, "links/alink-14t", in the unit that the claim says.
Result<double> listed(const Claim& c, const std::string& entry, const catalog::Catalog& catalog) {
  const std::size_t slash = entry.find('/');
  const std::string folder = entry.substr(0, slash);
  const auto& kinds = catalog::catalog_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const catalog::CatalogKind& k) { return k.folder == folder; });
  if (slash == std::string::npos || kind == kinds.end()) {
    return fail(request_error("scenario", "no entry " + entry, "links/alink-14t"));
  }
  const Result<Node> tree = catalog.entry(*kind, entry.substr(slash + 1));
  if (!tree) return fail(tree.error());
  const Node* value = tree->find(c.read + ".value");
  const std::string text = value == nullptr ? "" : value->text();
  double number = 0.0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} ||
      text.substr(static_cast<std::size_t>(parsed.ptr - text.data())) != " " + c.in) {
    return fail(request_error("read", entry + " has no " + c.read + " in " + c.in, "its unit"));
  }
  return number * c.scale;
}

Result<double> number_of(const Claim& c, const std::string& scenario, const std::string& value,
                         const catalog::Catalog& catalog, const Run& run) {
  if (c.question == "catalog") {
    return listed(c, c.path.empty() ? scenario : value, catalog);
  }
  std::vector<twin::FieldValue> fields = c.fields;
  if (!c.path.empty()) fields.push_back({c.path, value});
  const Result<std::string> json = ask(c, scenario, fields, catalog, run);
  if (!json) return fail(json.error());
  const Result<Node> report = parse_document(c.out.id + " (report)", *json);
  if (!report) return fail(report.error());
  const std::optional<double> found = number_at(*report, c.read);
  if (!found) {
    return fail(
        request_error("read", "the report has no number at " + c.read, "a path of its JSON"));
  }
  return *found * c.scale;
}

ClaimPoint point_of(const Claim& c, const std::string& value, const catalog::Catalog& catalog,
                    const Run& run) {
  ClaimPoint p{.at = c.path.empty() ? "" : c.path + " = " + value, .why_not = {}};
  const Result<double> here = number_of(c, c.scenario, value, catalog, run);
  if (!here) {
    p.why_not = here.error().front().message;
    return p;
  }
  p.found = *here;
  if (c.compare == "ratio" || c.compare == "change") {
    const Result<double> there =
        number_of(c, c.against, c.base.empty() ? value : c.base, catalog, run);
    if (!there || *there == 0.0) {
      p.why_not = there ? "nothing to compare with" : there.error().front().message;
      return p;
    }
    p.found = *here / *there - (c.compare == "change" ? 1.0 : 0.0);
  }
  const double wide = c.out.tolerance;
  const double low = c.out.low - wide * std::abs(c.out.low);
  const double high = c.out.high + wide * std::abs(c.out.high);
  p.holds = p.found >= low && p.found <= high;
  return p;
}

ClaimVerdict verdict_of(const ClaimResult& r) {
  const auto judged = static_cast<std::size_t>(std::count_if(
      r.points.begin(), r.points.end(), [](const ClaimPoint& p) { return p.why_not.empty(); }));
  if (judged == 0) return ClaimVerdict::cannot_be_judged;
  const auto held = static_cast<std::size_t>(
      std::count_if(r.points.begin(), r.points.end(), [](const ClaimPoint& p) { return p.holds; }));
  if (held == judged) return ClaimVerdict::holds;
  if (held > 0) return ClaimVerdict::holds_if;
  // Between two points of a sweep the claimed value is passed.
  for (std::size_t i = 1; i < r.points.size(); ++i) {
    const double a = r.points[i - 1].found;
    const double b = r.points[i].found;
    if (r.points[i - 1].why_not.empty() && r.points[i].why_not.empty() && std::min(a, b) <= r.low &&
        std::max(a, b) >= r.high) {
      return ClaimVerdict::holds_if;
    }
  }
  return ClaimVerdict::does_not_hold;
}

/// Who comes within the tolerance of the best; the claimed value should.
ClaimVerdict verdict_of_best(Claim& c) {
  double best = 0.0;
  for (const ClaimPoint& p : c.out.points) best = std::max(best, p.found);
  ClaimVerdict out = ClaimVerdict::cannot_be_judged;
  for (std::size_t i = 0; i < c.out.points.size(); ++i) {
    ClaimPoint& p = c.out.points[i];
    p.holds = p.why_not.empty() && p.found >= (1.0 - c.out.tolerance) * best;
    if (c.values[i] == fmt::format("{}", c.out.low) && p.why_not.empty()) {
      out = p.holds ? ClaimVerdict::holds : ClaimVerdict::does_not_hold;
    }
  }
  return out;
}

// --- Reading -------------------------------------------------------------------------------------

void read_claimed(MapReader& r, ClaimResult& out, Errors& errors) {
  const Node* node = r.require("claimed");
  if (node == nullptr) return;
  MapReader c(*node, "claimed", errors);
  const Range any{-1e12, 1e12};
  const double value = c.number("about", any).value_or(0.0);
  out.low = c.number("low", any).value_or(value);
  out.high = c.number("high", any).value_or(value);
  out.unit = c.text("unit").value_or("");
  out.tolerance = c.number("tolerance", {0.0, 1.0}).value_or(0.1);
  c.finish();
}

void read_fields(MapReader& r, Claim& c) {
  const Node* set = r.get("set");
  if (set != nullptr && set->is_map()) {
    for (const Node::Member& m : set->members()) c.fields.push_back({m.key, m.value.text()});
  }
  const Node* over = r.get("over");
  if (over == nullptr || !over->is_map() || over->members().size() != 1) return;
  c.path = over->members().front().key;
  for (const Node& v : over->members().front().value.items()) c.values.push_back(v.text());
}

std::string conditions_of(const Claim& c) {
  std::string out;
  const auto add = [&](const std::string& text) { out += (out.empty() ? "" : ", ") + text; };
  for (const twin::FieldValue& f : c.fields) add(f.path + " = " + f.value);
  if (c.clients > 0) add(fmt::format("{} clients in a closed loop", c.clients));
  if (!c.path.empty()) add(fmt::format("swept over {} ({} values)", c.path, c.values.size()));
  return out.empty() ? "as the scenario has it" : out;
}

std::optional<Claim> read_claim(const std::string& id, const Node& entry, Errors& errors) {
  const std::size_t before = errors.size();
  MapReader r(entry, "claim", errors);
  Claim c;
  c.out.id = id;
  static_cast<void>(r.get("name"));
  static_cast<void>(r.get("source"));
  c.out.title = r.text("title").value_or("");
  c.out.citation = r.text("citation").value_or("");
  c.out.note = r.text("note").value_or("");
  read_claimed(r, c.out, errors);
  c.question =
      r.choice("question", {"simulate", "plan", "screen", "rack", "catalog"}).value_or("simulate");
  c.scenario = r.text("scenario").value_or("");
  c.against = r.text("against").value_or("");
  c.base = r.text("base_value").value_or("");
  c.compare = r.choice("compare", {"value", "ratio", "change", "best"}).value_or("value");
  c.read = r.text("read").value_or("");
  c.in = r.text("in").value_or("");
  c.out.found_unit = r.text("found_unit").value_or(c.out.unit);
  c.scale = r.number("scale", {1e-15, 1e15}).value_or(1.0);
  c.clients = r.integer("clients", {0.0, 1e6}).value_or(0);
  c.warm_up = r.number("warm_up", {0.0, 0.99}).value_or(0.05);
  read_fields(r, c);
  r.finish();
  if (errors.size() != before) return std::nullopt;
  if (c.values.empty()) c.values.emplace_back();
  c.out.measure =
      c.compare == "value" || c.compare == "best"
          ? fmt::format("{} of {} {}", c.read, c.question, c.scenario)
          : fmt::format("{} of {}, {} over {}", c.compare, c.read, c.scenario, c.against);
  c.out.conditions = conditions_of(c);
  return c;
}

}  // namespace

std::string_view to_string(ClaimVerdict verdict) {
  return verdict_names[static_cast<std::size_t>(verdict)];
}

Result<ClaimsReport> claims(const std::vector<std::string>& ids, const catalog::Catalog& catalog,
                            const Run& run) {
  const catalog::CatalogKind* kind = catalog::find_kind("claim");
  SN_ASSERT(kind != nullptr);
  Errors errors;
  std::vector<Claim> asked;
  for (const std::string& id : ids.empty() ? catalog.names(*kind) : ids) {
    const Result<Node> entry = catalog.entry(*kind, id);
    if (!entry) {
      errors.insert(errors.end(), entry.error().begin(), entry.error().end());
    } else if (auto claim = read_claim(id, *entry, errors)) {
      asked.push_back(*std::move(claim));
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  // All points of all claims, side by side.
  std::vector<std::pair<std::size_t, std::size_t>> jobs;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    asked[i].out.points.resize(asked[i].values.size());
    for (std::size_t k = 0; k < asked[i].values.size(); ++k) jobs.emplace_back(i, k);
  }
  run.for_each(jobs.size(), [&](std::size_t j) {
    const auto [i, k] = jobs[j];
    asked[i].out.points[k] = point_of(asked[i], asked[i].values[k], catalog, run);
  });
  ClaimsReport out;
  for (Claim& c : asked) {
    c.out.verdict = c.compare == "best" ? verdict_of_best(c) : verdict_of(c.out);
    out.claims.push_back(std::move(c.out));
  }
  out.interrupted = run.stopped();
  return out;
}

}  // namespace sn::api
