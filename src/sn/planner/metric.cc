// sn/planner/metric.cc
//
// The table of metrics, and filters on them (see metric.h).

#include "sn/planner/metric.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>

#include "sn/base/text/text.h"
#include "sn/base/units/units.h"

namespace sn::planner {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

const llm::Parallelism& prefill(const Candidate& c) {
  return c.disaggregated ? c.plan.prefill.deployment.parallel : c.plan.decode.deployment.parallel;
}
const llm::Parallelism& decode(const Candidate& c) { return c.plan.decode.deployment.parallel; }

template <Time serving::Percentiles::* value, serving::Percentiles serving::SteadyState::* of>
double time_of(const Candidate& c) {
  return (c.state.*of.*value).si();
}

template <std::int64_t llm::Parallelism::* value, const llm::Parallelism& (*of)(const Candidate&)>
double cut_of(const Candidate& c) {
  return d(of(c).*value);
}

constexpr bool more = true;
constexpr bool less = false;

template <serving::Percentiles serving::SteadyState::* of>
void add_times(std::vector<Metric>& out, const std::array<std::string_view, 10>& names) {
  using P = serving::Percentiles;
  const Dimension s = Time::dimension;
  out.push_back({names[0], names[1], s, less, MetricScope::state, time_of<&P::mean, of>});
  out.push_back({names[2], names[3], s, less, MetricScope::state, time_of<&P::p50, of>});
  out.push_back({names[4], names[5], s, less, MetricScope::state, time_of<&P::p90, of>});
  out.push_back({names[6], names[7], s, less, MetricScope::state, time_of<&P::p95, of>});
  out.push_back({names[8], names[9], s, less, MetricScope::state, time_of<&P::p99, of>});
}

void add_rates(std::vector<Metric>& out) {
  using C = const Candidate&;
  out.push_back({"tok/s/GPU", "output tokens/s per GPU", {}, more, MetricScope::state, [](C c) {
                   return c.state.output_per_gpu;
                 }});
  out.push_back({"tok/s/user", "output tokens/s per user", {}, more, MetricScope::state, [](C c) {
                   return c.state.per_user;
                 }});
  out.push_back({"tok/s", "output tokens/s", {}, more, MetricScope::state, [](C c) {
                   return c.state.output_tokens;
                 }});
  out.push_back(
      {"req/s", "requests/s", {}, more, MetricScope::state, [](C c) { return c.state.requests; }});
  out.push_back(
      {"J/tok", "joules of the chips per output token", {}, less, MetricScope::state, [](C c) {
         return c.state.energy_per_token;
       }});
  // Of the racks around the plan; not a number where they have no plant or the chip no price.
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  out.push_back({"kW", "input of the racks, kW", {}, less, MetricScope::state, [](C c) {
                   return c.running ? c.running->input.si() * 1e-3 : none;
                 }});
  out.push_back(
      {"J/tok/rack", "joules of the racks per output token", {}, less, MetricScope::state, [](C c) {
         return c.running ? c.running->rack_joules : none;
       }});
  out.push_back(
      {"$/Mtok", "dollars per million output tokens", {}, less, MetricScope::state, [](C c) {
         return c.running && c.running->priced ? c.running->per_million_output.si() : none;
       }});
  out.push_back({"batch", "sequences decoding per replica", {}, more, MetricScope::state, [](C c) {
                   return c.decode.batch;
                 }});
  out.push_back({"kv", "share of KV memory in use", {}, less, MetricScope::state, [](C c) {
                   return c.state.kv_utilisation;
                 }});
  out.push_back({"hits",
                 "share of input tokens from the prefix cache",
                 {},
                 more,
                 MetricScope::state,
                 [](C c) { return c.state.hit_rate; }});
  using S = serving::SteadyState;
  add_times<&S::ttft>(out, {"ttft.mean", "TTFT mean", "ttft.p50", "TTFT p50", "ttft.p90",
                            "TTFT p90", "ttft.p95", "TTFT p95", "ttft.p99", "TTFT p99"});
  add_times<&S::tpot>(out, {"tpot.mean", "TPOT mean", "tpot.p50", "TPOT p50", "tpot.p90",
                            "TPOT p90", "tpot.p95", "TPOT p95", "tpot.p99", "TPOT p99"});
  add_times<&S::itl>(out, {"itl.mean", "ITL mean", "itl.p50", "ITL p50", "itl.p90", "ITL p90",
                           "itl.p95", "ITL p95", "itl.p99", "ITL p99"});
  out.push_back({"e2e", "mean end-to-end latency", Time::dimension, less, MetricScope::state,
                 [](C c) { return c.state.e2e_mean.si(); }});
}

void add_shape(std::vector<Metric>& out) {
  using C = const Candidate&;
  using P = llm::Parallelism;
  constexpr MetricScope of_plan = MetricScope::plan;
  constexpr MetricScope of_prefill = MetricScope::prefill_cut;
  constexpr MetricScope of_decode = MetricScope::decode_cut;
  const auto add = [&](MetricScope scope, std::string_view name, std::string_view title,
                       double (*value)(C)) {
    out.push_back({name, title, {}, less, scope, value});
  };
  add(of_plan, "gpus", "GPUs of the plan", [](C c) { return d(c.plan.gpus()); });
  add(of_plan, "prefill.gpus", "GPUs of the prefill pool",
      [](C c) { return d(c.plan.prefill.gpus()); });
  add(of_plan, "decode.gpus", "GPUs of the decode pool",
      [](C c) { return d(c.plan.decode.gpus()); });
  add(of_plan, "prefill.replicas", "prefill instances",
      [](C c) { return d(c.plan.prefill.replicas); });
  add(of_plan, "decode.replicas", "decode instances",
      [](C c) { return d(c.plan.decode.replicas); });
  add(of_prefill, "prefill.tp", "TP of prefill", cut_of<&P::tp, prefill>);
  add(of_prefill, "prefill.cp", "CP of prefill", cut_of<&P::cp, prefill>);
  add(of_prefill, "prefill.dp", "DP of prefill", cut_of<&P::dp, prefill>);
  add(of_prefill, "prefill.ep", "EP of prefill", cut_of<&P::ep, prefill>);
  add(of_prefill, "prefill.pp", "PP of prefill", cut_of<&P::pp, prefill>);
  add(of_decode, "decode.tp", "TP of decode", cut_of<&P::tp, decode>);
  add(of_decode, "decode.dp", "DP of decode", cut_of<&P::dp, decode>);
  add(of_decode, "decode.ep", "EP of decode", cut_of<&P::ep, decode>);
  add(of_decode, "decode.pp", "PP of decode", cut_of<&P::pp, decode>);
  add(of_decode, "mtp", "draft tokens a step",
      [](C c) { return d(c.plan.decode.deployment.draft_tokens); });
  add(of_decode, "redundant", "expert replicas of decode",
      [](C c) { return d(c.plan.decode.deployment.redundant); });
  add(of_prefill, "chunk", "prefill tokens a step and rank",
      [](C c) { return d(c.disaggregated ? c.plan.prefill.chunk : c.plan.decode.chunk); });
}

void add_words(std::vector<Metric>& out) {
  using C = const Candidate&;
  const auto add = [&](MetricScope scope, std::string_view name, std::string_view title,
                       std::string (*word)(C)) {
    out.push_back({name, title, {}, less, scope, nullptr, word});
  };
  add(MetricScope::pools, "pools", "aggregated or disaggregated",
      [](C c) { return std::string(c.disaggregated ? "disaggregated" : "aggregated"); });
  add(MetricScope::both_cuts, "weights", "format of the weights", [](C c) {
    return std::string(kernel::to_string(c.plan.decode.deployment.precision.weights));
  });
  add(MetricScope::both_cuts, "kv-format", "format of the KV cache",
      [](C c) { return std::string(kernel::to_string(c.plan.decode.deployment.precision.kv)); });
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

Error mistake(std::string_view flag, std::string message, std::string hint) {
  return {.code = ErrorCode::unknown_name,
          .message = std::move(message),
          .where = {.file = std::string(flag)},
          .hint = std::move(hint)};
}

Error unknown(std::string_view flag, const std::string& name) {
  std::vector<std::string> names;
  std::string all;
  for (const Metric& m : metrics()) {
    names.emplace_back(m.name);
    all += (all.empty() ? "" : ", ") + names.back();
  }
  const std::string near = nearest(name, names);
  return mistake(flag, "unknown metric '" + shown(name) + "'",
                 near.empty() ? "metrics are " + all : "did you mean '" + near + "'?");
}

/// Errors about `text` go to `errors`.
void read_limit(const std::string& value, Condition& c, Errors& errors) {
  const Metric& m = *c.metric;
  const std::string about = "'" + shown(c.text) + "'";
  if (m.word != nullptr) {
    c.word = lower(value);
    if (c.comparison == "=" || c.comparison == "!=") return;
    return errors.push_back(mistake("--filter", about + " compares words", "write = or !="));
  }
  if (m.dimension == Time::dimension) {
    const auto time = parse_quantity(value, m.dimension);
    if (time) {
      c.limit = *time;
      return;
    }
    return errors.push_back(mistake("--filter", about + " needs a time with its unit",
                                    std::string(m.name) + c.comparison + "50 ms"));
  }
  const char* end = value.data() + value.size();
  const auto parsed = std::from_chars(value.data(), end, c.limit);
  if (parsed.ec == std::errc{} && parsed.ptr == end) return;
  errors.push_back(mistake("--filter", about + " needs a plain number",
                           std::string(m.name) + c.comparison + "8"));
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all = [] {
    std::vector<Metric> out;
    add_rates(out);
    add_shape(out);
    add_words(out);
    return out;
  }();
  return all;
}

const Metric* find_metric(std::string_view name) {
  const std::string wanted = lower(name);
  for (const Metric& m : metrics()) {
    if (lower(m.name) == wanted) return &m;
  }
  return nullptr;
}

std::string metric_text(const Metric& metric, double value) {
  if (metric.dimension == Time::dimension) return format(Time::from_si(value));
  return format_number(value, 3);
}

Result<std::vector<Condition>> parse_filters(const std::vector<std::string>& texts) {
  std::vector<Condition> out;
  Errors errors;
  for (const std::string& text : texts) {
    const std::size_t at = text.find_first_of("<>=!");
    const std::size_t end = text.find_first_not_of("<>=!", at);
    Condition c;
    c.text = text;
    if (at != std::string::npos) c.comparison = text.substr(at, end - at);
    constexpr std::array<std::string_view, 6> known = {"<", "<=", ">", ">=", "=", "!="};
    if (std::find(known.begin(), known.end(), c.comparison) == known.end() ||
        end == std::string::npos) {
      errors.push_back(mistake("--filter", "'" + shown(text) + "' is no condition",
                               "METRIC OP VALUE, as in 'decode.tp<=4' or 'ttft.p90<1.5 s'"));
      continue;
    }
    const std::string name = trimmed(text.substr(0, at));
    c.metric = find_metric(name);
    if (c.metric == nullptr) {
      errors.push_back(unknown("--filter", name));
      continue;
    }
    read_limit(trimmed(text.substr(end)), c, errors);
    out.push_back(std::move(c));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

bool holds(const Condition& c, const Candidate& candidate) {
  const std::string& op = c.comparison;
  if (c.metric->word != nullptr) return (c.metric->word(candidate) == c.word) == (op == "=");
  const double v = c.metric->value(candidate);
  if (op == "<") return v < c.limit;
  if (op == "<=") return v <= c.limit;
  if (op == ">") return v > c.limit;
  if (op == ">=") return v >= c.limit;
  return (v == c.limit) == (op == "=");
}

Result<MetricPair> parse_pair(const std::string& text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos) {
    return fail(mistake("--pareto", "'" + shown(text) + "' names no pair of metrics",
                        "--pareto J/tok,tok/s/GPU"));
  }
  Errors errors;
  const auto metric = [&](const std::string& name) -> const Metric* {
    const Metric* m = find_metric(name);
    if (m == nullptr) errors.push_back(unknown("--pareto", name));
    if (m == nullptr || m->word == nullptr) return m;
    errors.push_back(mistake("--pareto", "'" + shown(name) + "' is a word, not a number",
                             "it can be a --filter"));
    return nullptr;
  };
  const MetricPair out{metric(trimmed(text.substr(0, comma))),
                       metric(trimmed(text.substr(comma + 1)))};
  if (errors.empty() && out.x == out.y) {
    errors.push_back(mistake("--pareto", "a metric cannot be traded off against itself",
                             "--pareto J/tok,tok/s/GPU"));
  }
  if (!errors.empty()) return fail(std::move(errors));
  return out;
}

}  // namespace sn::planner
