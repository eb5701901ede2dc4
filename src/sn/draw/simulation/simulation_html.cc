// sn/draw/simulation/simulation_html.cc
//
// One simulation as a self-contained page (see simulation_views.h).

#include <fmt/format.h>

#include "sn/base/result.h"
#include "sn/base/units/units.h"
#include "sn/draw/kit/html_page.h"
#include "sn/draw/kit/table.h"
#include "sn/draw/simulation/simulation_views.h"
#include "sn/twin/report_parts.h"

namespace sn::draw {

namespace {

std::string latencies(const twin::SimulationReport& r) {
  Table table(1, {"latency", "requests", "mean", "p50", "p90", "p95", "p99", "most"});
  const auto line = [&](const char* name, const twin::LatencySummary& s) {
    table.row({name, std::to_string(s.count), format(s.mean), format(s.p50), format(s.p90),
               format(s.p95), format(s.p99), format(s.max)});
  };
  line("TTFT", r.ttft);
  line("TPOT", r.tpot);
  line("ITL", r.itl);
  line("end to end", r.e2e);
  return table.html();
}

std::string targets(const twin::SimulationReport& r) {
  Table table(1, {"limit", "reached", ""});
  for (const twin::SloResult& t : r.targets) {
    table.row({serving::to_string(t.target), format(t.value), t.met ? "met" : "missed"},
              html_mark(true, t.met));
  }
  return table.html();
}

std::string pools(const twin::SimulationReport& r) {
  Table table(2, {"pool", "deployment", "instances", "busy", "sequences a step", "KV held",
                  "KV held, most"});
  for (const twin::PoolResult& p : r.pools) {
    table.row({std::string(to_string(p.role)), twin::pool_text(p.pool), std::to_string(p.instances),
               html_percent(p.busy), significant(p.batch), html_percent(p.held),
               html_percent(p.held_most)});
  }
  return table.html();
}

}  // namespace

std::string simulation_html(const twin::SimulationReport& r) {
  const std::string subject = shown(r.name.empty() ? r.model : r.name, 200);
  std::string out = html_title_block(
      subject, shown(r.model + " on " + r.machine, 300),
      {{"LOAD", fmt::format("{}x the workload, {} requests/s", significant(r.multiple),
                            significant(r.request_rate))},
       {"GOODPUT",
        fmt::format("{} requests/s, {} of all", significant(r.goodput), html_percent(r.good))},
       {"ENERGY", significant(r.joules_per_token) + " J per output token, chips only"}});
  out += "<h2>Limits</h2>\n" + targets(r);
  out += "<h2>Latencies</h2>\n" + latencies(r);
  out += "<h2>Pools</h2>\n" + pools(r);
  out += "<h2>Charts</h2>\n" + html_drawing(simulation_svg(r));
  return html_page("Supernode: " + subject, out);
}

}  // namespace sn::draw
