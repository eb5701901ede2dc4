// sn/api/fabric.cc
//
// Builds the topology of a World, degrades it as asked, measures it (see fabric.h).

#include "sn/api/fabric.h"

#include <algorithm>

#include "sn/api/request_error.h"
#include "sn/base/files/files.h"
#include "sn/base/units/units.h"
#include "sn/fabric/topology/build.h"
#include "sn/fabric/topology/nccl_xml.h"

namespace sn::api {

namespace {

constexpr std::size_t bytes_most = std::size_t{2} << 20;  // its reader takes half

void degrade(const FabricRequest& request, fabric::Router& router, Errors& errors) {
  const fabric::Topology& t = router.topology();
  for (const std::string& text : request.degraded) {
    const std::size_t equals = text.find('=');
    const std::string name = text.substr(0, equals);
    const auto share =
        parse_quantity(equals == text.npos ? "0" : text.substr(equals + 1), Dimension{});
    const auto link = t.find_link(name);
    if (!link) {
      errors.push_back(request_error("degraded", "no link '" + shown(name) + "' in this fabric",
                                     "such as '" + t.link_name(0) + "'"));
    } else if (!share || *share < 0.0 || *share > 1.0) {
      errors.push_back(request_error("degraded", "'" + shown(text) + "' is no share of a rate",
                                     "LINK or LINK=SHARE, 0 to 1", ErrorCode::range));
    } else {
      router.set_health(*link, *share);
    }
  }
}

void route(const FabricRequest& request, fabric::Router& router, FabricReport& out,
           Errors& errors) {
  if (request.from.empty() && request.to.empty()) return;
  const fabric::Topology& t = router.topology();
  const auto device = [&](const std::string& name, const std::string& field) {
    return take(t.device(name, std::string(request_prefix) + field), errors);
  };
  const fabric::DeviceId from = device(request.from, "from");
  const fabric::DeviceId to = device(request.to, "to");
  if (!errors.empty()) return;
  const std::vector<fabric::LinkId> path = router.path(from, to);
  if (path.empty()) {
    errors.push_back(request_error(
        "to",
        from == to ? "the two are one device"
                   : "'" + request.to + "' is not reached from '" + request.from + "'",
        from == to ? "name another" : "fewer --degrade", ErrorCode::infeasible));
    return;
  }
  out.routed = true;
  out.path = {.from = request.from,
              .to = request.to,
              .hops = fabric::hops(router, path),
              .latency = router.latency(path),
              .raw = {},
              .sustained = {}};
  out.path.ways = static_cast<std::int64_t>(router.ways(from, to, 64).size());
  for (const fabric::LinkId l : path) {
    const fabric::Link& link = t.links()[l];
    const Bandwidth trunk = router.trunk_rate(link.trunk);
    if (out.path.raw.si() == 0.0 || trunk < out.path.raw) out.path.raw = trunk;
    const Bandwidth sustained = trunk * link.efficiency;
    if (out.path.sustained.si() == 0.0 || sustained < out.path.sustained) {
      out.path.sustained = sustained;
    }
  }
}

Result<FabricReport> finished(const fabric::Topology& topology, const FabricRequest& request,
                              const Run& run, FabricReport out) {
  fabric::Router router(topology);
  Errors errors;
  degrade(request, router, errors);
  route(request, router, out, errors);
  if (!errors.empty()) return fail(std::move(errors));
  if (!request.transfers.sends.empty()) {
    Result<PlayedTransfers> played = play_transfers(router, out.protocol, request.transfers, run);
    if (!played) return fail(played.error());
    out.played = true;
    out.transfers = *std::move(played);
  }
  out.measures = fabric::measure(router);
  if (request.dot) out.dot = fabric::dot(topology);
  return out;
}

}  // namespace

Result<FabricReport> fabric_report(const twin::World& world, const FabricRequest& request,
                                   const Run& run) {
  const hw::Cluster& cluster = world.machine.cluster;
  const Result<fabric::Topology> topology = fabric::build_topology(cluster);
  if (!topology) return fail(topology.error());
  FabricReport out;
  out.scenario = world.name;
  out.rack = cluster.rack.name;
  out.gpus = cluster.gpus();
  out.domain = cluster.rack.scale_up.domain;
  const hw::ScaleUp& up = cluster.rack.scale_up;
  out.topology = !up.switched()  ? up.topology + (up.torus.empty() ? "" : " " + up.torus)
                 : up.stages > 1 ? "leaf-spine"
                                 : "single stage";
  out.protocol = up.link.protocol;
  return finished(*topology, request, run, std::move(out));
}

Result<FabricReport> fabric_report_of_file(const std::string& file, const FabricRequest& request,
                                           const Run& run) {
  const Result<std::string> text = read_file(file, bytes_most);
  if (!text) return fail(text.error());
  const Result<fabric::Topology> topology = fabric::read_nccl_topology(file, *text);
  if (!topology) return fail(topology.error());
  FabricReport out;
  out.scenario = shown(file, 200);
  out.gpus = static_cast<std::int64_t>(topology->gpus().size());
  out.domain = out.gpus;
  out.topology = "as NCCL found it";
  return finished(*topology, request, run, std::move(out));
}

void describe(ReportVisitor& v, const FabricReport& r) {
  const auto elements = [&](std::string_view name, std::string_view doc,
                            const std::vector<fabric::ElementCount>& all) {
    v.list(name, doc, all, [](ReportVisitor& list, const fabric::ElementCount& c) {
      list.begin_object({}, {});
      list.type("ElementCount", "How many there are of one kind.");
      list.text("kind", "", c.kind);
      list.count("count", "links: of one direction each", c.count);
      list.quantity("rate_bytes_per_s", "raw, of one link; 0 for devices", c.rate);
      list.end_object();
    });
  };
  v.type("FabricReport", "Devices and links of a machine, and one path through them.");
  v.document("supernode-fabric");
  v.text("scenario", "", r.scenario);
  v.text("rack", "", r.rack);
  v.count("gpus", "", r.gpus);
  v.count("domain", "GPUs of a ScaleUp domain", r.domain);
  v.text("topology", "of ScaleUp", r.topology);
  v.text("protocol", "of ScaleUp; empty: none known", r.protocol);
  elements("devices", "by kind", r.measures.devices);
  elements("links", "by kind", r.measures.links);
  v.quantity("bisection_domain_bytes_per_s", "half of a ScaleUp domain to the other half",
             r.measures.bisection_up);
  v.quantity("bisection_cluster_bytes_per_s", "half of all GPUs to the others; 0: one domain",
             r.measures.bisection_cluster);
  v.count("diameter", "links of the longest shortest path between GPUs", r.measures.diameter);
  v.quantity("farthest_s", "its latency", r.measures.farthest);
  v.optional("transfers", "that were asked for; null: none", r.played, r.transfers);
  if (!v.maybe("path", "between the two devices that were asked for", r.routed)) return;
  v.begin_object("path", "between the two devices that were asked for");
  v.type("FabricPath", "One path, hop by hop.");
  v.text("from", "", r.path.from);
  v.text("to", "", r.path.to);
  v.quantity("latency_s", "first byte out to first byte in", r.path.latency);
  v.quantity("raw_bytes_per_s", "of its narrowest trunk", r.path.raw);
  v.quantity("sustained_bytes_per_s", "", r.path.sustained);
  v.count("ways", "equal ones, 64 at most", r.path.ways);
  v.list("hops", "", r.path.hops, [](ReportVisitor& list, const fabric::Hop& h) {
    list.begin_object({}, {});
    list.type("FabricHop", "One link, and the device behind it.");
    list.text("link", "the port that it leaves", h.link);
    list.text("to", "", h.to);
    list.text("kind", "", to_string(h.kind));
    list.quantity("raw_bytes_per_s", "", h.raw);
    list.number("efficiency", "", h.efficiency);
    list.quantity("wire_s", "of the link", h.wire);
    list.quantity("passing_s", "of the device behind it", h.passing);
    list.quantity("so_far_s", "", h.so_far);
    list.end_object();
  });
  v.end_object();
}

}  // namespace sn::api
