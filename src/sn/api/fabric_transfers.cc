// sn/api/fabric_transfers.cc
//
// Reads, starts and times named transfers (see fabric_transfers.h).

#include "sn/api/fabric_transfers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "sn/api/request_error.h"
#include "sn/base/text/text.h"
#include "sn/base/units/units.h"
#include "sn/collective/schedule/fidelity.h"
#include "sn/fabric/flow/flow_model.h"

namespace sn::api {

namespace {

constexpr std::size_t transfers_most = 262'144;
constexpr std::int64_t bytes_most = 1'000'000'000'000;  // a terabyte each
constexpr std::size_t busiest_shown = 5;

/// `*` stands for any characters.
bool fits(std::string_view name, std::string_view pattern) {
  std::size_t n = 0;
  std::size_t p = 0;
  std::size_t star = pattern.npos;
  std::size_t from = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != pattern.npos) {
      p = star + 1;
      n = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

struct Transfer {
  fabric::DeviceId from = 0;
  fabric::DeviceId to = 0;
  std::int64_t bytes = 0;
  std::size_t group = 0;
};

/// All transfers of a request, and their groups.
class Reader {
 public:
  Reader(fabric::Router& router, Errors& errors) : router_(router), errors_(errors) {}

  void read(const std::string& text) {
    const std::size_t equals = text.rfind('=');
    const std::size_t colon = text.find(':');
    if (colon == text.npos || equals == text.npos || equals < colon) {
      errors_.push_back(request_error("send", "'" + shown(text) + "' is no transfer",
                                      "FROM:TO=SIZE, such as 'rack0/gpu*:rack0/gpu0=16 MiB'"));
      return;
    }
    TransferGroup group{.from = text.substr(0, colon),
                        .to = text.substr(colon + 1, equals - colon - 1)};
    const auto size = parse_quantity(text.substr(equals + 1), Bytes::dimension);
    if (!size || *size < 1.0 || *size > static_cast<double>(bytes_most)) {
      errors_.push_back(request_error("send", "'" + shown(text.substr(equals + 1)) + "' is no size",
                                      "1 B to 1 TB, such as '16 MiB'", ErrorCode::range));
    }
    const std::vector<fabric::DeviceId> from = devices(group.from);
    const std::vector<fabric::DeviceId> to = devices(group.to);
    if (!errors_.empty()) return;
    group.each = Bytes::from_si(std::floor(*size));
    for (const fabric::DeviceId a : from) {
      for (const fabric::DeviceId b : to) {
        if (a != b && !add(a, b, group)) return;
      }
    }
    if (group.count == 0) {
      errors_.push_back(request_error("send", "'" + shown(text) + "' sends from a device to itself",
                                      "name another", ErrorCode::infeasible));
    }
    groups.push_back(std::move(group));
  }

  std::vector<Transfer> transfers;
  std::vector<TransferGroup> groups;
  double hops = 0.0;  // of packets

 private:
  std::vector<fabric::DeviceId> devices(const std::string& pattern) {
    const fabric::Topology& t = router_.topology();
    std::vector<fabric::DeviceId> out;
    if (pattern.find('*') == pattern.npos) {
      const fabric::DeviceId one =
          take(t.device(pattern, std::string(request_prefix) + "send"), errors_);
      if (errors_.empty()) out.push_back(one);
      return out;
    }
    for (fabric::DeviceId d = 0; d < t.devices().size(); ++d) {
      if (fits(t.devices()[d].name, pattern)) out.push_back(d);
    }
    if (out.empty()) {
      errors_.push_back(request_error("send", "no device is named '" + shown(pattern) + "'",
                                      "such as '" + t.devices().front().name + "'"));
    }
    return out;
  }

  bool add(fabric::DeviceId from, fabric::DeviceId to, TransferGroup& group) {
    const fabric::Topology& t = router_.topology();
    if (transfers.size() >= transfers_most) {
      errors_.push_back(request_error("send", "more than 262 144 transfers",
                                      "fewer devices, or sizes for a part of them",
                                      ErrorCode::limit));
      return false;
    }
    const std::vector<fabric::LinkId> path = router_.path(from, to);
    if (path.empty()) {
      errors_.push_back(request_error(
          "send",
          "'" + t.devices()[to].name + "' is not reached from '" + t.devices()[from].name + "'",
          "fewer --degrade", ErrorCode::infeasible));
      return false;
    }
    double narrowest = INFINITY;
    for (const fabric::LinkId l : path) {
      const fabric::Link& link = t.links()[l];
      narrowest = std::min(narrowest, router_.trunk_rate(link.trunk).si() * link.efficiency);
    }
    const Time alone =
        router_.latency(path) + Time::from_si(group.each.si() / std::max(1.0, narrowest));
    group.alone = std::max(group.alone, alone);
    ++group.count;
    transfers.push_back({.from = from,
                         .to = to,
                         .bytes = static_cast<std::int64_t>(group.each.si()),
                         .group = groups.size()});
    hops += std::ceil(group.each.si() / 4096.0) * static_cast<double>(path.size());
    return true;
  }

  fabric::Router& router_;
  Errors& errors_;
};

/// Starts all and waits for the last; `first` and `last` of each group.
Result<bool> play(fabric::TransferModel& model, const Reader& all, const Run& run,
                  const std::function<void(TransferGroup&, Time)>& done_at,
                  std::vector<TransferGroup>& groups) {
  for (std::size_t i = 0; i < all.transfers.size(); ++i) {
    const Transfer& t = all.transfers[i];
    model.start(t.from, t.to, t.bytes, i);
  }
  std::vector<fabric::TransferModel::Tag> done;
  std::size_t left = all.transfers.size();
  while (!run.stopped() && model.next(done)) {
    for (const auto tag : done) done_at(groups[all.transfers[tag].group], model.now().to_time());
    left -= done.size();
    done.clear();
  }
  if (run.stopped()) return false;
  if (left == 0) return true;
  std::string cycle;
  for (const std::string& link : model.stuck()) cycle += (cycle.empty() ? "" : " -> ") + link;
  return fail(request_error("send", "the transfers wait for one another: " + shown(cycle, 400),
                            "other routes, or more virtual channels", ErrorCode::infeasible));
}

std::vector<LoadedLink> busiest(fabric::Router& router, const fabric::TransferModel& model) {
  const fabric::Topology& t = router.topology();
  const double end = model.now().to_time().si();
  std::vector<std::pair<double, fabric::LinkId>> loads;
  for (fabric::LinkId l = 0; l < t.links().size(); ++l) {
    const double could = router.rate(l).si() * t.links()[l].efficiency * end;
    if (could > 0.0 && model.carried(l) > 0.0) loads.emplace_back(model.carried(l) / could, l);
  }
  std::stable_sort(loads.begin(), loads.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<LoadedLink> out;
  for (std::size_t i = 0; i < std::min(loads.size(), busiest_shown); ++i) {
    const auto [share, link] = loads[i];
    out.push_back(
        {t.link_name(link), std::string(to_string(t.links()[link].kind)), std::min(1.0, share)});
  }
  return out;
}

void set_flow(TransferGroup& g, Time at) {
  if (g.flow_last == Time{}) g.flow_first = at;
  g.flow_last = std::max(g.flow_last, at);
}

void set_packet(TransferGroup& g, Time at) {
  if (g.packet_last == Time{}) g.packet_first = at;
  g.packet_last = std::max(g.packet_last, at);
}

}  // namespace

Result<PlayedTransfers> play_transfers(fabric::Router& router, const std::string& protocol,
                                       const TransfersRequest& request, const Run& run) {
  Errors errors;
  PlayedTransfers out;
  out.flow = request.fidelity == "flow" || request.fidelity == "all";
  out.packet = request.fidelity == "packet" || request.fidelity == "all";
  if (!out.flow && !out.packet) {
    errors.push_back(request_error("fidelity", "unknown '" + shown(request.fidelity) + "'",
                                   "flow, packet or all"));
  }
  if (request.transport != "roce" && request.transport != "uec") {
    errors.push_back(
        request_error("transport", "unknown '" + shown(request.transport) + "'", "roce or uec"));
  }
  Reader all(router, errors);
  for (const std::string& text : request.sends) all.read(text);
  if (out.packet && all.hops > collective::hops_max) {
    errors.push_back(
        request_error("send", "packets of these sizes would pass more than 500 million links",
                      "smaller sizes, fewer transfers, or the fidelity 'flow'", ErrorCode::limit));
  }
  if (!errors.empty()) return fail(std::move(errors));
  out.groups = all.groups;
  const bool sprayed = request.transport == "uec";
  if (out.flow) {
    fabric::FlowModel model(router, {.ecmp = !sprayed});
    const Result<bool> ended = play(model, all, run, set_flow, out.groups);
    if (!ended) return fail(ended.error());
    out.interrupted = !*ended;
    out.busiest = busiest(router, model);
  }
  if (out.packet && !out.interrupted) {
    fabric::PacketSetup setup;
    setup.scale_up = fabric::protocol(protocol);
    setup.scale_out = sprayed ? fabric::Transport::uec : fabric::Transport::roce;
    fabric::PacketModel model(router, setup);
    const Result<bool> ended = play(model, all, run, set_packet, out.groups);
    if (!ended) return fail(ended.error());
    out.interrupted = !*ended;
    out.packets = model.counts();
    if (!out.flow) out.busiest = busiest(router, model);
  }
  return out;
}

void describe(ReportVisitor& v, const PlayedTransfers& r) {
  v.type("PlayedTransfers", "Transfers that began at the same moment.");
  v.list("groups", "in the order of the request", r.groups,
         [&](ReportVisitor& list, const TransferGroup& g) {
           list.begin_object({}, {});
           list.type("TransferGroup", "Transfers of one pattern; times from the first start on.");
           list.text("from", "", g.from);
           list.text("to", "", g.to);
           list.count("count", "", g.count);
           list.quantity("each_bytes", "", g.each);
           list.quantity("alone_s", "the longest of them on an idle fabric", g.alone);
           list.optional("flow_first_s", "the first is done; null: not played", r.flow,
                         g.flow_first);
           list.optional("flow_last_s", "", r.flow, g.flow_last);
           list.optional("packet_first_s", "", r.packet, g.packet_first);
           list.optional("packet_last_s", "", r.packet, g.packet_last);
           list.end_object();
         });
  v.list("busiest", "links by the share of what they could have carried until the end", r.busiest,
         [](ReportVisitor& list, const LoadedLink& l) {
           list.begin_object({}, {});
           list.type("LoadedLink", "A link and its load.");
           list.text("link", "", l.link);
           list.text("kind", "", l.kind);
           list.number("share", "", l.share);
           list.end_object();
         });
  v.count("packets_marked", "by ECN", r.packets.marked);
  v.count("packets_trimmed", "", r.packets.trimmed);
  v.count("packets_dropped", "", r.packets.dropped);
  v.count("pauses", "of PFC", r.packets.pauses);
  v.flag("interrupted", "", r.interrupted);
}

}  // namespace sn::api
