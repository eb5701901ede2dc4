// sn/fabric/packet/packet_reduction.cc
//
// In-switch reduction: unit u goes up in plane u mod planes from every member, is added there, and
// goes down to every member. A plane keeps the order of its units, so that sums need no search.

#include <algorithm>

#include "sn/fabric/packet/packet_engine.h"

namespace sn::fabric {

void PacketEngine::start_in_switch(std::span<const DeviceId> members, std::int64_t bytes, Tag tag) {
  SN_ASSERT(members.size() > 1 && members.size() < 65536 && bytes > 0);
  Reduction r;
  r.tag = tag;
  r.members.assign(members.begin(), members.end());
  r.bytes = bytes;
  std::vector<LinkId> planes;
  for (const LinkId l : topology_.out_of(members[0])) {
    const bool up = topology_.links()[l].kind == LinkKind::scale_up &&
                    topology_.devices()[topology_.links()[l].to].kind == DeviceKind::up_switch;
    if (up && router_.health(l) > 0.0) planes.push_back(l);
  }
  SN_ASSERT(!planes.empty());
  r.planes = static_cast<std::uint32_t>(planes.size());
  r.seen.assign(static_cast<std::size_t>((bytes + unit_bytes - 1) / unit_bytes), 0);
  const auto number = static_cast<std::uint32_t>(reductions_.size());
  std::vector<std::uint32_t> begun;
  for (const DeviceId member : members) {
    // Links of this member to the same switches, and back.
    const std::vector<LinkId>& out = topology_.out_of(member);
    Stream s{.tag = tag, .bytes = bytes, .unsent = bytes};
    s.from = member;
    s.reduction = number;
    s.ways = static_cast<std::uint32_t>(table_.size());
    table_.resize(table_.size() + out.size(), none);
    r.down.emplace_back();
    r.next.emplace_back();
    for (std::uint32_t p = 0; p < r.planes; ++p) {
      const DeviceId via = topology_.links()[planes[p]].to;
      const auto up = std::find_if(out.begin(), out.end(),
                                   [&](LinkId l) { return topology_.links()[l].to == via; });
      SN_ASSERT(up != out.end());
      table_[s.ways + wires_[*up].member] = add_route({*up}, 0);
      r.down.back().push_back(add_route({topology_.links()[*up].back}, 0));
      r.next.back().push_back(p);
    }
    begun.push_back(add_stream(s));
    r.streams.push_back(begun.back());
    // The place among the members, for the order of its units.
    streams_[begun.back()].sequence = static_cast<std::uint32_t>(r.down.size() - 1);
  }
  reductions_.push_back(std::move(r));
  under_way_ -= members.size() - 1;  // one transfer in all
  for (const std::uint32_t stream : begun) list(stream);
  for (const std::uint32_t stream : begun) kick(stream);
}

bool PacketEngine::pull_reduction(std::uint32_t link, std::uint32_t stream) {
  Stream& s = streams_[stream];
  Reduction& r = reductions_[s.reduction];
  const std::uint32_t route = table_[s.ways + wires_[link].member];
  if (route == none) return false;
  // Which plane this link is of: the one whose way down comes from the same switch.
  const LinkId back = topology_.links()[link].back;
  const std::vector<std::uint32_t>& down = r.down[s.sequence];
  std::uint32_t plane = wires_[link].member;
  while (link_of(routes_[down[plane % r.planes] + 1]) != back) ++plane;
  plane %= r.planes;
  std::uint32_t& unit = r.next[s.sequence][plane];
  if (unit >= r.seen.size()) return false;
  const std::int64_t bytes = std::min(unit_bytes, s.bytes - std::int64_t{unit} * unit_bytes);
  const std::uint32_t packet = take_packet();
  packets_[packet] = {.stream = stream,
                      .route = route + 1,
                      .next = unit,
                      .bytes = static_cast<std::uint32_t>(bytes),
                      .hop = 0,
                      .hops = 1,
                      .marked = false,
                      .trimmed = false,
                      .reduced = false};
  unit += r.planes;
  s.unsent -= bytes;
  if (s.unsent == 0) {
    Source& source = sources_[s.from];
    const auto place = std::find(source.streams.begin(), source.streams.end(), stream);
    unlist(source, static_cast<std::size_t>(place - source.streams.begin()));
  }
  send(link, routes_[route + 1], packet);
  return true;
}

void PacketEngine::reduce(std::uint32_t stream, Packet& p) {
  Reduction& r = reductions_[streams_[stream].reduction];
  if (p.reduced) {
    r.arrived += p.bytes;
    delivered_bytes_ += p.bytes;
    if (r.arrived < r.bytes * static_cast<std::int64_t>(r.members.size())) return;
    finished_.push_back(r.tag);
    --under_way_;
    r = {};
    return;
  }
  const std::uint32_t unit = p.next;
  const std::uint32_t bytes = p.bytes;
  if (++r.seen[unit] < r.members.size()) return;
  const std::uint32_t plane = unit % r.planes;
  for (std::size_t m = 0; m < r.streams.size(); ++m) {
    const std::uint32_t route = r.down[m][plane];
    const std::uint32_t packet = take_packet();
    packets_[packet] = {.stream = r.streams[m],
                        .route = route + 1,
                        .next = none,
                        .bytes = bytes,
                        .hop = 0,
                        .hops = 1,
                        .marked = false,
                        .trimmed = false,
                        .reduced = true};
    Port& q = ports_[routes_[route + 1]];
    if (q.tail == none) {
      q.head = packet;
    } else {
      packets_[q.tail].next = packet;
    }
    q.tail = packet;
    q.bytes += bytes;
    const std::uint32_t link = link_of(routes_[route + 1]);
    wires_[link].longest = std::max(wires_[link].longest, q.bytes);
    if (!wires_[link].busy) try_start(link);
  }
}

}  // namespace sn::fabric
