// sn/draw/simulation/simulation_json.cc
//
// `supernode simulate` as JSON, CSV and a timeline (see simulation_views.h).

#include <fmt/format.h>

#include "sn/base/report/report_json.h"
#include "sn/base/text/json_writer.h"
#include "sn/draw/simulation/simulation_views.h"

namespace sn::draw {

namespace {

using twin::SimulationReport;

std::string micros(Nanos t) { return fmt::format("{:.3f}", static_cast<double>(t.count) * 1e-3); }

}  // namespace

std::string simulation_json(const std::vector<SimulationReport>& reports) {
  if (reports.size() == 1) return report_json(reports.front());
  return report_json(twin::SimulationReports{reports});
}

std::string shared_simulation_json(const twin::SharedReport& r) { return report_json(r); }

std::string simulation_csv(const SimulationReport& r) {
  std::string out =
      "begin_s,arrivals_per_s,finished_per_s,output_tokens_per_s,input_tokens_per_s,waiting,"
      "decoding,kv_held,kv_cached,hit_rate,ttft_mean_s\n";
  for (const twin::SeriesPoint& p : r.series) {
    out +=
        fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", p.begin.si(), p.arrivals, p.finished,
                    p.output, p.input, p.waiting, p.decoding, p.held, p.cached, p.hit_rate, p.ttft);
  }
  return out;
}

std::string timeline_json(const SimulationReport& r,
                          const std::vector<twin::TimelineEvent>& timeline,
                          std::uint64_t left_out) {
  using Kind = twin::TimelineEvent::Kind;
  std::string out = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
  const std::size_t transfers = r.pools.size() + 1;
  const std::size_t lives = r.pools.size() + 2;
  const auto process = [&](std::size_t pid, const std::string& name) {
    JsonWriter quoted;
    quoted.value(name);
    std::string text = std::move(quoted).str();
    text.pop_back();
    out += fmt::format(
        "{{\"ph\":\"M\",\"pid\":{},\"name\":\"process_name\",\"args\":{{\"name\":{}}}}},\n", pid,
        text);
  };
  for (std::size_t i = 0; i < r.pools.size(); ++i) {
    const std::string_view role = to_string(r.pools[i].role);
    process(i + 1, fmt::format("{}: {}", role, twin::pool_text(r.pools[i].pool)));
    for (std::int64_t k = 0; k < r.pools[i].instances; ++k) {
      out += fmt::format(
          "{{\"ph\":\"M\",\"pid\":{},\"tid\":{},\"name\":\"thread_name\",\"args\":{{\"name\":"
          "\"{} instance {}\"}}}},\n",
          i + 1, k, role, k);
    }
  }
  process(transfers, "KV transfers");
  process(lives, "requests");
  for (const twin::TimelineEvent& e : timeline) {
    const std::string begin = micros(e.begin);
    const std::string length = micros({e.end.count - e.begin.count});
    if (e.kind == Kind::step) {
      const char* name = e.prefill_tokens <= 0.0 ? "decode"
                         : e.decoding > 0.0      ? "mixed"
                                                 : "prefill";
      out += fmt::format(
          "{{\"ph\":\"X\",\"pid\":{},\"tid\":{},\"ts\":{},\"dur\":{},\"name\":\"{}\",\"args\":"
          "{{\"decoding\":{},\"prompt tokens\":{}}}}},\n",
          e.pool + 1, e.instance, begin, length, name, e.decoding, e.prefill_tokens);
      continue;
    }
    const char* name = e.kind == Kind::transfer  ? "transfer"
                       : e.kind == Kind::queued  ? "queued"
                       : e.kind == Kind::prefill ? "prefill"
                                                 : "decode";
    const std::size_t pid = e.kind == Kind::transfer ? transfers : lives;
    const std::string common =
        fmt::format("\"pid\":{},\"tid\":{},\"cat\":\"request\",\"id\":{},\"name\":\"{}\"", pid,
                    e.id, e.id, name);
    out += fmt::format("{{\"ph\":\"b\",{},\"ts\":{}}},\n", common, begin);
    out += fmt::format("{{\"ph\":\"e\",{},\"ts\":{}}},\n", common, micros(e.end));
  }
  // No comma after the last event.
  if (out.ends_with(",\n")) out.resize(out.size() - 2);
  return out + fmt::format("\n],\"otherData\":{{\"events\":{},\"events_left_out\":{}}}}}\n",
                           timeline.size(), left_out);
}

}  // namespace sn::draw
