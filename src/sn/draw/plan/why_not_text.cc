// sn/draw/plan/why_not_text.cc
//
// Why a deployment is not the answer, as text and JSON (see choice_views.h).

#include <fmt/format.h>

#include "sn/base/json_writer.h"
#include "sn/base/units.h"
#include "sn/base/utf8.h"
#include "sn/draw/plan/choice_views.h"
#include "sn/draw/plan/plan_text_parts.h"

namespace sn::draw {

namespace {

constexpr std::size_t page_width = 118;
constexpr std::size_t most_items = 6;
constexpr double least_difference = 1e-6;  // seconds of GPU time a token

std::string verdict_of(const planner::WhyNotReport& r) {
  if (r.ruled_out) return "ruled out";
  if (r.best_of_all) return "nothing speaks against it";
  return r.best ? "possible, but not the best" : "possible";
}

std::string times(const planner::WhyNotReport& r, const TextStyle& style) {
  TextTable table({{"GPU time of an output token", Align::left},
                   {"here", Align::right},
                   {"#1", Align::right},
                   {"more", Align::right}});
  std::size_t rows = 0;
  for (const planner::TimeAgainst& t : r.times) {
    const double more = (t.here - t.best).si();
    if (std::abs(more) < least_difference || rows++ == most_items) break;
    table.row({t.item, format(t.here), format(t.best),
               (more > 0.0 ? "+" : "-") + format(Time::from_si(std::abs(more)))});
  }
  return rows == 0 ? std::string() : "\n" + table.str(style);
}

}  // namespace

std::string why_not_text(const planner::WhyNotReport& r, const TextStyle& style) {
  std::string out = heading(shown(r.subject.name + " (" + r.subject.machine + ")", 300), style);
  out += "\n why not " + shown(r.deployment, 200) + "?\n\n " + verdict_of(r) + "\n";
  for (const std::string& reason : r.reasons) {
    out += "  - " + wrapped(shown(reason, 1000), 4, page_width) + "\n";
  }
  if (r.best)
    out += " #1 is " + pools_text(*r.best) + ": " +
           (r.best->disaggregated ? pool_text(r.best->prefill) + " + " : "") +
           decode_text(r.best->decode) + "\n";
  return out + times(r, style);
}

std::string why_not_json(const planner::WhyNotReport& r) {
  JsonWriter w;
  w.begin_object();
  w.member("format", "supernode-why-not").member("version", 1);
  w.member("scenario", r.subject.name).member("deployment", r.deployment);
  w.member("ruled_out", r.ruled_out).member("best_of_all", r.best_of_all);
  w.key("reasons").begin_array();
  for (const std::string& reason : r.reasons) w.value(reason);
  w.end_array();
  const auto figures = [&](std::string_view key, const std::optional<planner::Candidate>& c) {
    w.key(key);
    if (!c) {
      w.null();
      return;
    }
    w.begin_object();
    w.member("meets_slo", c->meets_slo).member("limit", c->limit);
    w.member("requests_per_second", c->state.requests);
    w.member("output_tokens_per_second_per_gpu", c->state.output_per_gpu);
    w.member("tokens_per_second_per_user", c->state.per_user);
    w.member("ttft_p90_seconds", c->state.ttft.p90.si());
    w.member("tpot_p90_seconds", c->state.tpot.p90.si());
    w.end_object();
  };
  figures("candidate", r.candidate);
  figures("best", r.best);
  w.member("rank", r.rank);
  w.key("gpu_time_of_an_output_token").begin_array();
  for (const planner::TimeAgainst& t : r.times) {
    w.begin_object();
    w.member("item", t.item).member("seconds", t.here.si()).member("best_seconds", t.best.si());
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return std::move(w).str();
}

}  // namespace sn::draw
