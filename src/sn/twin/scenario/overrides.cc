// sn/twin/scenario/overrides.cc
//
// Flags of a command line laid over the tree of a scenario, before it is resolved (see scenario.h).

#include <memory>

#include "sn/base/text/text.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::twin {

namespace {

Node flag(const std::string& name, const std::string& value) {
  auto source = std::make_shared<const Source>(Source{name, value, {}});
  return Node::scalar(value, source, 1, 1);
}

/// The member `key` as a map to lay things over.
Node map_of(const Node& scenario, std::string_view key) {
  const Node* old = scenario.find(key);
  return old != nullptr && old->is_map() ? *old : Node::map();
}

void set_cluster(const Overrides& o, Node& scenario) {
  if (o.rack.empty() && o.gpus.empty()) return;
  Node cluster = map_of(scenario, "cluster");
  if (!o.rack.empty()) cluster.set("rack", flag("--rack", o.rack));
  if (!o.gpus.empty()) {
    cluster.erase("racks");
    cluster.set("gpus", flag("--gpus", o.gpus));
  }
  scenario.set("cluster", std::move(cluster));
}

/// Requests of one length: arrivals by chance, whose own rate is 1/s unless the load says another.
Node synthetic(const Overrides& o) {
  Node arrivals = Node::map();
  arrivals.set("process", Node::scalar("poisson"));
  arrivals.set("rate", Node::scalar("1 req/s"));
  Node out = Node::map();
  out.set("arrivals", std::move(arrivals));
  if (!o.input.empty()) out.set("input", flag("--isl", o.input));
  if (!o.output.empty()) out.set("output", flag("--osl", o.output));
  return out;
}

void set_workload(const Overrides& o, Node& scenario) {
  const bool lengths = !o.input.empty() || !o.output.empty();
  if (o.trace.empty() && o.rate.empty() && !lengths) return;
  Node w = map_of(scenario, "workload");
  if (!o.trace.empty() || lengths) {
    for (const std::string_view key : {"trace", "preset", "synthetic"}) w.erase(key);
  }
  if (!o.trace.empty()) w.set("trace", flag("--trace", o.trace));
  if (lengths) w.set("synthetic", synthetic(o));
  if (!o.rate.empty()) w.set("rate", flag("--rate", o.rate));
  scenario.set("workload", std::move(w));
}

/// "1 s" as a p90, or "p99=1 s".
Node limit(const std::string& name, const std::string& text) {
  const std::size_t equals = text.find('=');
  const bool said = equals != std::string::npos;
  Node out = Node::map();
  out.set(said ? text.substr(0, equals) : "p90", flag(name, said ? text.substr(equals + 1) : text));
  return out;
}

void set_slo(const Overrides& o, Node& scenario) {
  if (o.ttft.empty() && o.tpot.empty() && o.e2e.empty()) return;
  Node slo = map_of(scenario, "slo");
  if (!o.ttft.empty()) slo.set("ttft", limit("--ttft", o.ttft));
  if (!o.tpot.empty()) slo.set("tpot", limit("--tpot", o.tpot));
  if (!o.e2e.empty()) slo.set("e2e", limit("--e2e", o.e2e));
  scenario.set("slo", std::move(slo));
}

}  // namespace

void apply(const Overrides& overrides, Node& scenario) {
  set_cluster(overrides, scenario);
  if (!overrides.framework.empty()) {
    Node software = map_of(scenario, "software");
    software.set("framework", flag("--framework", overrides.framework));
    scenario.set("software", std::move(software));
  }
  if (!overrides.model.empty()) scenario.set("model", flag("--model", overrides.model));
  set_workload(overrides, scenario);
  set_slo(overrides, scenario);
}

}  // namespace sn::twin
