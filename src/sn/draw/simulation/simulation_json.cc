// sn/draw/simulation/simulation_json.cc
//
// `supernode simulate` as JSON, CSV and a timeline (see simulation_views.h).

#include <fmt/format.h>

#include "sn/base/json_writer.h"
#include "sn/draw/simulation/simulation_views.h"

namespace sn::draw {

namespace {

using twin::LatencySummary;
using twin::SimulationReport;

void latency(JsonWriter& w, const char* name, const LatencySummary& s) {
  w.key(name).begin_object();
  w.member("count", s.count);
  w.member("mean_s", s.mean.si());
  w.member("p50_s", s.p50.si());
  w.member("p90_s", s.p90.si());
  w.member("p95_s", s.p95.si());
  w.member("p99_s", s.p99.si());
  w.member("max_s", s.max.si());
  w.end_object();
}

void requests(JsonWriter& w, const SimulationReport& r) {
  w.key("requests").begin_object();
  w.member("submitted", r.requests);
  for (std::size_t i = 0; i < r.endings.size(); ++i) {
    std::string name(serving::to_string(static_cast<serving::Ending>(i)));
    for (char& c : name) c = c == ' ' ? '_' : c;
    w.member(name, r.endings[i]);
  }
  w.member("measured", r.measured);
  w.member("preemptions", r.preemptions);
  w.member("out_of_order", r.out_of_order);
  w.end_object();
}

void pools(JsonWriter& w, const SimulationReport& r) {
  w.key("pools").begin_array();
  for (const twin::PoolResult& p : r.pools) {
    w.begin_object();
    w.member("role", p.role).member("instances_text", p.parallel);
    w.member("instances", p.instances).member("gpus", p.gpus).member("steps", p.steps);
    w.member("busy", p.busy).member("compute", p.compute).member("memory", p.memory);
    w.member("batch", p.batch).member("chunk_tokens", p.chunk);
    w.member("kv_held", p.held).member("kv_held_max", p.held_most);
    w.member("waiting", p.waiting).member("up", p.up).member("energy_joules", p.joules);
    w.end_object();
  }
  w.end_array();
}

void slo(JsonWriter& w, const SimulationReport& r) {
  w.key("slo").begin_array();
  for (const twin::SloResult& t : r.targets) {
    w.begin_object();
    w.member("target", serving::to_string(t.target));
    w.member("value_s", t.value.si()).member("limit_s", t.target.limit.si()).member("met", t.met);
    w.end_object();
  }
  w.end_array();
  w.key("priorities").begin_array();
  for (const twin::ClassResult& c : r.classes) {
    w.begin_object();
    w.member("priority", c.priority).member("requests", c.requests).member("good", c.good);
    w.member("ttft_p90_s", c.ttft_p90.si()).member("tpot_p90_s", c.tpot_p90.si());
    w.end_object();
  }
  w.end_array();
  w.key("faults").begin_object();
  w.member("policy", r.fault_policy).member("requests", r.faults.requests);
  for (std::size_t i = 0; i < r.faults.counts.size(); ++i) {
    w.member(twin::to_string(static_cast<twin::FaultAction>(i)), r.faults.counts[i]);
  }
  w.key("events").begin_array();
  for (const twin::FaultRecord& f : r.faults.records) {
    w.begin_object();
    w.member("at_s", f.at.si()).member("action", f.action).member("target", f.target);
    w.member("requests", f.requests);
    w.end_object();
  }
  w.end_array().end_object();
  w.key("unfinished").begin_array();
  for (const twin::Unfinished& u : r.unfinished) {
    w.begin_object();
    w.member("state", u.state).member("cause", u.cause).member("requests", u.requests);
    w.end_object();
  }
  w.end_array();
  w.key("probes").begin_array();
  for (const twin::KneeProbe& p : r.probes) {
    w.begin_object();
    w.member("multiple", p.multiple).member("met", p.met).member("cut_short", p.cut_short);
    w.member("worst_ratio", p.worst);
    w.end_object();
  }
  w.end_array();
}

void series(JsonWriter& w, const SimulationReport& r) {
  w.member("window_s", r.window.si());
  w.key("series").begin_array();
  for (const twin::SeriesPoint& p : r.series) {
    w.begin_object();
    w.member("begin_s", p.begin.si()).member("arrivals", p.arrivals);
    w.member("finished", p.finished).member("output_tokens", p.output);
    w.member("input_tokens", p.input).member("waiting", p.waiting);
    w.member("decoding", p.decoding).member("kv_held", p.held).member("kv_cached", p.cached);
    w.member("hit_rate", p.hit_rate).member("ttft_s", p.ttft);
    w.end_object();
  }
  w.end_array();
}

void one(JsonWriter& w, const SimulationReport& r) {
  w.begin_object();
  w.member("name", r.name).member("model", r.model).member("machine", r.machine);
  w.member("workload", r.workload).member("deployment", r.deployment);
  w.member("routing", r.routing).member("eviction", r.eviction).member("slo_text", r.slo);
  w.member("scaling", r.scaling).member("gpus", r.gpus).member("multiple", r.multiple);
  w.member("knee", r.knee).member("limit", r.limit).member("meets_slo", r.meets_slo);
  w.member("interrupted", r.interrupted).member("queue_grows", r.growing);
  w.member("warm_up_s", r.warm_up.si()).member("last_arrival_s", r.last_arrival.si());
  w.member("end_s", r.end.si()).key("saturated_s");
  if (r.saturated) {
    w.value(r.saturated->si());
  } else {
    w.null();
  }
  requests(w, r);
  latency(w, "ttft", r.ttft);
  latency(w, "tpot", r.tpot);
  latency(w, "itl", r.itl);
  latency(w, "e2e", r.e2e);
  latency(w, "queue", r.queue);
  slo(w, r);
  w.member("request_rate", r.request_rate).member("good", r.good).member("goodput", r.goodput);
  w.member("output_tokens", r.output_tokens).member("total_tokens", r.total_tokens);
  w.member("output_per_gpu", r.output_per_gpu).member("joules_per_token", r.joules_per_token);
  w.member("hit_rate", r.hit_rate).member("hit_blocks", r.hit_blocks);
  w.member("transfers", r.transfers).member("transferred_bytes", r.transferred.si());
  w.member("transfer_exposed_s", r.transfer_exposed.si());
  pools(w, r);
  series(w, r);
  w.end_object();
}

std::string micros(Nanos t) { return fmt::format("{:.3f}", static_cast<double>(t.count) * 1e-3); }

}  // namespace

std::string simulation_json(const std::vector<SimulationReport>& reports) {
  JsonWriter w;
  if (reports.size() == 1) {
    one(w, reports.front());
    return std::move(w).str();
  }
  w.begin_object().key("simulations").begin_array();
  for (const SimulationReport& r : reports) one(w, r);
  w.end_array().end_object();
  return std::move(w).str();
}

std::string shared_simulation_json(const twin::SharedReport& r) {
  JsonWriter w;
  w.begin_object();
  w.member("name", r.name).member("machine", r.machine).member("gpus", r.gpus);
  w.member("left_over_gpus", r.left_over).member("meets_slo", r.meets_slo);
  w.member("interrupted", r.interrupted).member("measured_s", r.measured.si());
  w.member("request_rate", r.request_rate).member("goodput", r.goodput);
  w.member("output_tokens", r.output_tokens).member("total_tokens", r.total_tokens);
  w.member("output_per_gpu", r.output_per_gpu).member("joules_per_token", r.joules_per_token);
  w.key("tenants").begin_array();
  for (const twin::TenantResult& t : r.tenants) {
    w.begin_object();
    w.member("name", t.name).member("gpus", t.gpus).key("simulation");
    one(w, t.report);
    w.end_object();
  }
  w.end_array().end_object();
  return std::move(w).str();
}

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
                          const std::vector<twin::TimelineEvent>& timeline) {
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
    process(i + 1, r.pools[i].role + ": " + r.pools[i].parallel);
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
  return out + "\n]}\n";
}

}  // namespace sn::draw
