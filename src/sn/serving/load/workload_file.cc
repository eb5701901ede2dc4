// sn/serving/load/workload_file.cc
//
// Reads and writes workload presets (see workload_file.h).

#include "sn/serving/load/workload_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sn::serving {

namespace {

constexpr Range tokens{0.0, 1e8};  // of a request, as in a trace

std::vector<double> read_numbers(const Node* list, std::string_view what, Range range,
                                 Errors& errors) {
  std::vector<double> out;
  if (list == nullptr) return out;
  if (!list->is_list()) {
    errors.push_back({.code = ErrorCode::wrong_type,
                      .message = "'" + std::string(what) + "' must be a list of numbers",
                      .where = list->where(),
                      .hint = {}});
    return out;
  }
  for (const Node& item : list->items()) {
    out.push_back(read_quantity(item, what, {}, range, errors).value_or(range.min));
  }
  return out;
}

/// One row: weight, input, output, cached tokens at each capacity.
void read_class(const Node& row, std::size_t capacities, Workload& w, Errors& errors) {
  const std::vector<double> v = read_numbers(&row, "classes", tokens, errors);
  if (v.size() != 3 + capacities) {
    errors.push_back({.code = ErrorCode::wrong_type,
                      .message = "a class needs " + std::to_string(3 + capacities) +
                                 " numbers, this one has " + std::to_string(v.size()),
                      .where = row.where(),
                      .hint = "[weight, input, output, cached at each capacity]"});
    return;
  }
  RequestClass c{.weight = v[0], .input = v[1], .output = v[2], .cached = {}};
  c.cached.assign(v.begin() + 3, v.end());
  if (c.weight <= 0.0 || c.input < 1.0 || c.output < 1.0) {
    errors.push_back({.code = ErrorCode::range,
                      .message = "a class needs a positive weight and at least one token each way",
                      .where = row.where(),
                      .hint = {}});
  }
  const bool within = c.cached.empty() || c.cached.back() <= c.input;
  if (!within || !std::is_sorted(c.cached.begin(), c.cached.end())) {
    errors.push_back({.code = ErrorCode::range,
                      .message = "cached tokens grow with the capacity, up to the input",
                      .where = row.where(),
                      .hint = {}});
  }
  w.classes.push_back(std::move(c));
}

std::string join(const std::vector<double>& values) {
  std::string out;
  for (const double v : values) {
    out += (out.empty() ? "" : ", ") + fmt::format("{}", std::llround(v));
  }
  return out;
}

}  // namespace

Result<Workload> read_workload(const Node& document, std::string name) {
  Errors errors;
  Workload w;
  MapReader r(document, "workload", errors);
  w.name = std::move(name);
  w.origin = r.text("title").value_or(w.name);
  static_cast<void>(r.text("name"));
  static_cast<void>(r.text("source"));
  for (const char* key : {"requests", "rate", "input_max", "output_max"}) {
    static_cast<void>(r.require(key));
  }
  w.requests = r.integer("requests", {1.0, 1e12}).value_or(1);
  w.rate = r.quantity<Rate>("rate", Rate::from_si(1e-9), Rate::from_si(1e9)).value_or(Rate{});
  w.dispersion = r.number("dispersion", {0.0, 1e6}).value_or(1.0);
  w.block_tokens = r.number("block_tokens", {0.0, 1e6}).value_or(0.0);
  if (w.block_tokens > 0.0 && w.block_tokens < 1.0) {
    r.report(ErrorCode::range, "'block_tokens' is below 1", r.get("block_tokens"),
             "0: without hashed blocks");
  }
  w.input_max = r.number("input_max", {1.0, tokens.max}).value_or(1.0);
  w.output_max = r.number("output_max", {1.0, tokens.max}).value_or(1.0);
  w.capacities = read_numbers(r.get("capacities"), "capacities", {1.0, 1e15}, errors);
  if (!std::is_sorted(w.capacities.begin(), w.capacities.end())) {
    r.report(ErrorCode::range, "'capacities' must ascend", r.get("capacities"));
  }
  const std::vector<double> hits =
      read_numbers(r.get("hit_rates"), "hit_rates", {0.0, 1.0}, errors);
  if (hits.size() == w.capacities.size()) {
    for (std::size_t i = 0; i < hits.size(); ++i) {
      w.hit_rate_curve.push_back({w.capacities[i], hits[i]});
    }
  } else {
    r.report(ErrorCode::wrong_type, "'hit_rates' and 'capacities' differ in length",
             r.get("hit_rates"));
  }
  if (const Node* classes = r.require("classes")) {
    for (const Node& row : classes->items()) read_class(row, w.capacities.size(), w, errors);
    if (classes->items().empty()) r.report(ErrorCode::missing, "'classes' is empty", classes);
  }
  r.finish();
  if (!errors.empty()) return fail(std::move(errors));
  const double total =
      std::accumulate(w.classes.begin(), w.classes.end(), 0.0,
                      [](double sum, const RequestClass& c) { return sum + c.weight; });
  for (RequestClass& c : w.classes) c.weight /= total;
  return w;
}

std::string write_workload(const Workload& w, const std::string& title, const std::string& source) {
  std::string out = "title: " + title + "\nsource: " + source + "\n";
  out += fmt::format("requests: {}\nrate: {:.6g} req/s\ndispersion: {:.4g}\n", w.requests,
                     w.rate.si(), w.dispersion);
  out += fmt::format("block_tokens: {:.0f}\ninput_max: {:.0f}\noutput_max: {:.0f}\n",
                     w.block_tokens, w.input_max, w.output_max);
  out += "capacities: [" + join(w.capacities) + "]  # tokens of KV cache\nhit_rates: [";
  for (std::size_t i = 0; i < w.hit_rate_curve.size(); ++i) {
    out += fmt::format("{}{:.5f}", i == 0 ? "" : ", ", w.hit_rate_curve[i].hit_rate);
  }
  out += "]  # share of blocks, LRU\n";
  out += "classes:  # weight, input, output, then cached tokens at each capacity\n";
  for (const RequestClass& c : w.classes) {
    out += fmt::format("  - [{:.6g}, {:.0f}, {:.0f}{}{}]\n", c.weight, c.input,
                       std::max(1.0, c.output), c.cached.empty() ? "" : ", ", join(c.cached));
  }
  return out;
}

}  // namespace sn::serving
