// sn/api/draft.cc
//
// Answers to a scenario's text (see draft.h).

#include "sn/api/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "sn/api/open.h"
#include "sn/api/request_error.h"
#include "sn/base/text/text.h"

namespace sn::api {

namespace {

std::string trimmed(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

void check_name(const std::string& field, std::string_view kind, const std::string& name,
                const catalog::Catalog& catalog, Errors& errors) {
  const catalog::CatalogKind& k = *catalog::find_kind(kind);
  if (catalog.has(k, name)) return;
  errors.push_back(
      request_error(field, fmt::format("no {} '{}' is known", kind, shown(name)),
                    nearest_hint(name, catalog.names(k),
                                 fmt::format("supernode catalog {} lists them", k.folder))));
}

/// "2 x hgx-h200" or "hgx-h200", as keys of `cluster`.
std::string cluster_of(const std::string& text, const catalog::Catalog& catalog, Errors& errors) {
  const std::size_t times = text.find(" x ");
  const std::string name = times == std::string::npos ? text : trimmed(text.substr(times + 3));
  const std::string count = times == std::string::npos ? "1" : trimmed(text.substr(0, times));
  check_name("machine", "rack", name, catalog, errors);
  if (count.empty() || count.find_first_not_of("0123456789") != std::string::npos) {
    errors.push_back(request_error("machine", "'" + shown(count) + "' is no number of racks",
                                   "2 x hgx-h200", ErrorCode::syntax));
  }
  return count == "1" ? "rack: " + name : fmt::format("rack: {}, racks: {}", name, count);
}

/// The lines of `workload`.
std::string workload_of(const std::string& text, const catalog::Catalog& catalog, Errors& errors) {
  if (catalog.has(*catalog::find_kind("workload"), text)) {
    return fmt::format(
        "# A preset: supernode catalog show {} has its lengths, prefixes and source.\n"
        "workload: {{preset: {}, rate: knee}}\n",
        text, text);
  }
  std::error_code ignored;
  if (std::filesystem::is_regular_file(text, ignored)) {
    return fmt::format(
        "# Requests as they came. `supernode workload {}` shows what they are.\n"
        "workload: {{trace: '{}', rate: knee}}\n",
        text, text);
  }
  const std::size_t slash = text.find('/');
  const std::size_t at = text.find(" at ");
  if (slash != std::string::npos && slash < at) {
    const std::string in = trimmed(text.substr(0, slash));
    const std::string out = trimmed(text.substr(slash + 1, at - slash - 1));
    const std::string rate = at == std::string::npos ? "1/s" : trimmed(text.substr(at + 4));
    return fmt::format(
        "# Requests of {} tokens in and {} out, at random moments. Ranges do better: input: "
        "{{median: 1000, p90: 4000, max: 16000}}.\n"
        "workload:\n  synthetic:\n    arrivals: {{process: poisson, rate: {}}}\n    input: {}\n"
        "    output: {}\n  rate: knee  # the most that the SLO allows; or 1x, or 40/s\n",
        in, out, rate.ends_with("/s") ? rate.substr(0, rate.size() - 2) + " req/s" : rate, in, out);
  }
  const auto presets = catalog.names(*catalog::find_kind("workload"));
  errors.push_back(request_error(
      "traffic", "'" + shown(text) + "' is no preset, no file and no lengths",
      nearest_hint(text, presets, "mooncake-conversation, or tokens in and out: 1024/256 at 4/s")));
  return {};
}

/// "ttft 2 s, tpot 50 ms" as a map.
std::string slo_of(const std::string& text, Errors& errors) {
  std::string out;
  for (const std::string& part : split(text, ",")) {
    const std::string words = trimmed(part);
    const std::size_t blank = words.find(' ');
    const std::string name = lower(words.substr(0, blank));
    if (blank == std::string::npos || (name != "ttft" && name != "tpot" && name != "e2e")) {
      errors.push_back(request_error("slo", "'" + shown(words) + "' is no limit",
                                     "ttft 2 s, tpot 50 ms", ErrorCode::syntax));
      continue;
    }
    out += fmt::format("{}{}: {{p90: {}}}", out.empty() ? "" : ", ", name,
                       trimmed(words.substr(blank)));
  }
  return out;
}

struct Budget {
  std::string cluster;  // what it adds to the cluster
  std::string filter;   // of `plan`
};

Budget budget_of(const std::string& text, Errors& errors) {
  if (text.empty() || text == "none") return {};
  std::size_t digits = 0;
  while (digits < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == '.')) {
    ++digits;
  }
  const std::string number = text.substr(0, digits);
  const std::string unit = lower(trimmed(text.substr(digits)));
  if (!number.empty() && (unit == "gpus" || unit == "gpu")) {
    return {.cluster = "gpus: " + number, .filter = {}};
  }
  if (!number.empty() && unit == "kw") return {.cluster = {}, .filter = "kW<" + number};
  if (!number.empty() && unit == "$/mtok") return {.cluster = {}, .filter = "$/Mtok<" + number};
  errors.push_back(request_error("budget", "'" + shown(text) + "' is no budget",
                                 "16 GPUs, 40 kW, 2 $/Mtok, or none", ErrorCode::syntax));
  return {};
}

/// What is traded off for what matters.
std::string pair_of(const std::string& text, Errors& errors) {
  if (text == "throughput") return "tok/s/GPU,tok/s/user";
  if (text == "latency") return "ttft.p90,tok/s/GPU";
  if (text == "energy") return "J/tok,tok/s/GPU";
  if (text == "cost") return "$/Mtok,tok/s/user";
  errors.push_back(request_error(
      "matters", "'" + shown(text) + "' is none of throughput, latency, energy, cost",
      nearest_hint(text, {"throughput", "latency", "energy", "cost"}, "write one of them")));
  return {};
}

}  // namespace

const std::vector<DraftQuestion>& draft_questions() {
  using D = DraftRequest;
  static const std::vector<DraftQuestion> all = {
      {"--machine", "Which machine?", "a rack (supernode catalog racks), or 2 x hgx-h200",
       "hgx-h200", &D::machine},
      {"--model", "Which model?", "of the catalog (supernode catalog models), or a config.json",
       "llama-3.1-70b", &D::model},
      {"--traffic", "Which traffic?",
       "a preset (supernode catalog workloads), a trace's file, or tokens: 1024/256 at 4/s",
       "mooncake-conversation", &D::traffic},
      {"--slo", "Which limits?", "p90 of requests: ttft 2 s, tpot 50 ms", "ttft 2 s, tpot 50 ms",
       &D::slo},
      {"--budget", "Which budget?", "16 GPUs, 40 kW, 2 $/Mtok, or none", "none", &D::budget},
      {"--matters", "What matters most?", "throughput, latency, energy, cost", "throughput",
       &D::matters},
  };
  return all;
}

Result<std::string> draft_scenario(const DraftRequest& request, const catalog::Catalog& catalog) {
  DraftRequest r = request;
  for (const DraftQuestion& q : draft_questions()) {
    r.*q.answer = trimmed(r.*q.answer);
    if ((r.*q.answer).empty()) r.*q.answer = std::string(q.fallback);
  }
  Errors errors;
  std::string cluster = cluster_of(r.machine, catalog, errors);
  if (!r.model.ends_with(".json")) check_name("model", "model", r.model, catalog, errors);
  const std::string workload = workload_of(r.traffic, catalog, errors);
  const std::string slo = slo_of(r.slo, errors);
  const Budget budget = budget_of(r.budget, errors);
  const std::string pair = pair_of(r.matters, errors);
  if (!errors.empty()) return fail(std::move(errors));
  // A number of GPUs stands in place of one of racks.
  if (!budget.cluster.empty())
    cluster = cluster.substr(0, cluster.find(',')) + ", " + budget.cluster;
  const std::string filter = budget.filter.empty() ? "" : " --filter '" + budget.filter + "'";
  std::string out = fmt::format(
      "# {} on {}. Every key: schema/scenario.md.\n#\n"
      "#   supernode plan THIS --explain{}\n"
      "#   supernode plan THIS --pareto '{}' --svg=front.svg{}\n"
      "#   supernode simulate THIS\n#   supernode rack THIS --load plan\n"
      "supernode: 1\nname: {} on {}\n\n"
      "# The machine. `cluster.rack.gpus` and other fields of a rack may be changed: {{rack: "
      "{{base: "
      "al128, gpus: 64}}}}.\ncluster: {{{}}}\n\n"
      "# Weights, activations and KV cache: left out, the planner takes what the model comes in.\n"
      "model: {}\n\n{}\n"
      "# What requests must meet, here 90 % of them.\nslo: {{{}}}\n",
      r.model, r.machine, filter, pair, filter, r.model, r.machine, cluster, r.model, workload,
      slo);
  const Result<Opened> opened = open({.file = {}, .name = "draft", .text = out}, catalog);
  if (!opened) return fail(opened.error());
  return out;
}

}  // namespace sn::api
