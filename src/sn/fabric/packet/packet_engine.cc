// sn/fabric/packet/packet_engine.cc
//
// Links, queues, credits and the event loop (see packet_engine.h).

#include "sn/fabric/packet/packet_engine.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sn::fabric {

namespace {

constexpr double ticks_per_s = 1e12;

std::int64_t ticks(Time t) { return static_cast<std::int64_t>(std::llround(t.si() * ticks_per_s)); }

}  // namespace

PacketEngine::PacketEngine(Router& router, const PacketSetup& setup)
    : router_(router), topology_(router.topology()), setup_(setup) {
  SN_ASSERT(setup.channels >= 1 && setup.channels <= 8);
  shift_ = static_cast<std::uint32_t>(
      std::countr_zero(std::bit_ceil(static_cast<std::uint64_t>(setup.channels))));
  sources_.resize(topology_.devices().size());
  pulled_.resize(topology_.devices().size(), 0);
  make_wires();
}

void PacketEngine::make_wires() {
  wires_.resize(topology_.links().size());
  ports_.resize(topology_.links().size() << shift_);
  for (LinkId l = 0; l < wires_.size(); ++l) {
    const Link& link = topology_.links()[l];
    const Device& to = topology_.devices()[link.to];
    Wire& w = wires_[l];
    const double rate =
        std::max(1.0, router_.rate(l).si() * (1.0 - setup_.background.of(link.kind)));
    w.kind = link.kind;
    w.from = link.from;
    w.wire_byte = ticks_per_s / rate;
    w.per_byte = ticks_per_s / (rate * link.efficiency);
    w.full = service(w, unit_bytes);
    w.latency = ticks(link.latency);
    w.ahead = w.latency + ticks(to.latency);
    w.credited = link.kind == LinkKind::scale_up || link.kind == LinkKind::pcie;
    w.switching = to.kind == DeviceKind::up_switch || to.kind == DeviceKind::leaf ||
                  to.kind == DeviceKind::spine || to.kind == DeviceKind::pcie_switch ||
                  to.kind == DeviceKind::gpu;
    w.bit_errors = link.kind == LinkKind::scale_up ? setup_.bit_errors : 0.0;
    const double round = 2.0 * static_cast<double>(w.ahead + w.full);
    const std::int64_t room = std::max<std::int64_t>(
        2 * unit_bytes, static_cast<std::int64_t>(2.0 * round / w.wire_byte));
    for (std::uint32_t c = 0; c < (1u << shift_); ++c) {
      ports_[(l << shift_) + c].credits = setup_.credits > 0 ? setup_.credits : room;
    }
  }
  for (DeviceId d = 0; d < topology_.devices().size(); ++d) {
    const std::vector<LinkId>& out = topology_.out_of(d);
    for (std::size_t i = 0; i < out.size(); ++i) {
      wires_[out[i]].member = static_cast<std::uint32_t>(i);
    }
  }
}

std::int64_t PacketEngine::service(const Wire& w, std::int64_t bytes) const {
  const Protocol& framing = w.kind == LinkKind::scale_up ? setup_.scale_up
                            : w.kind == LinkKind::pcie   ? protocol("")
                                                         : ethernet();
  return static_cast<std::int64_t>(
      std::ceil(std::max(static_cast<double>(framing.wire(bytes)) * w.wire_byte,
                         static_cast<double>(bytes) * w.per_byte)));
}

void PacketEngine::make_lanes(Wire& w) {
  w.laned = true;
  w.done_lane = events_.lane_of(w.full);
  w.head_lane = events_.lane_of(w.ahead);
  w.tail_lane = events_.lane_of(w.full + w.ahead);
  w.credit_lane = events_.lane_of(w.latency);
}

double PacketEngine::uniform(Wire& w) {
  const auto link = static_cast<std::uint64_t>(&w - wires_.data());
  return static_cast<double>(mixed(mixed(setup_.seed, link), w.draws++) >> 11) * 0x1p-53;
}

std::uint32_t PacketEngine::take_packet() {
  if (free_ == none) {
    packets_.push_back({});
    return static_cast<std::uint32_t>(packets_.size() - 1);
  }
  const std::uint32_t p = free_;
  free_ = packets_[p].next;
  return p;
}

void PacketEngine::free_packet(std::uint32_t packet) {
  packets_[packet].next = free_;
  free_ = packet;
}

std::uint32_t PacketEngine::add_stream(const Stream& s) {
  ++under_way_;
  if (free_streams_.empty()) {
    streams_.push_back(s);
    return static_cast<std::uint32_t>(streams_.size() - 1);
  }
  const std::uint32_t at = free_streams_.back();
  free_streams_.pop_back();
  streams_[at] = s;
  return at;
}

void PacketEngine::list(std::uint32_t stream) {
  Stream& s = streams_[stream];
  if (s.listed) return;
  s.listed = true;
  sources_[s.from].streams.push_back(stream);
}

void PacketEngine::unlist(Source& source, std::size_t at) {
  streams_[source.streams[at]].listed = false;
  source.streams.erase(source.streams.begin() + static_cast<std::ptrdiff_t>(at));
  if (source.turn > at) --source.turn;
  if (source.turn >= source.streams.size()) source.turn = 0;
}

void PacketEngine::start(DeviceId from, DeviceId to, std::int64_t bytes, Tag tag) {
  SN_ASSERT(bytes > 0);
  const Ways& ways = ways_between(from, to);
  Stream s{.tag = tag, .bytes = bytes, .unsent = bytes};
  s.ways = ways.first;
  s.each = ways.each;
  s.from = from;
  if (ways.networked) make_control(s, ways, to);
  const std::uint32_t stream = add_stream(s);
  list(stream);
  kick(stream);
}

void PacketEngine::wait(std::int64_t delay, Tag tag) {
  std::uint32_t slot = 0;
  if (free_waits_.empty()) {
    slot = static_cast<std::uint32_t>(waits_.size());
    waits_.push_back(tag);
  } else {
    slot = free_waits_.back();
    free_waits_.pop_back();
    waits_[slot] = tag;
  }
  at(now_ + delay, event(Kind::tag, 0, slot));
}

void PacketEngine::kick(std::uint32_t stream) {
  const Stream s = streams_[stream];
  const std::vector<LinkId>& out = topology_.out_of(s.from);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (wires_[out[i]].busy || table_[s.ways + i * s.each] == none) continue;
    try_start(out[i]);
  }
}

void PacketEngine::try_start(std::uint32_t link) {
  Wire& w = wires_[link];
  if (w.busy || w.paused) return;
  const std::uint32_t mask = (1u << shift_) - 1;
  for (std::uint32_t k = 0; k <= mask; ++k) {
    const std::uint32_t port = (link << shift_) + ((w.turn + k) & mask);
    Port& q = ports_[port];
    if (q.head == none) continue;
    const Packet& p = packets_[q.head];
    const bool last = p.hop + 1 == p.hops;
    if (w.credited && !last && q.credits < p.bytes) continue;
    const std::uint32_t packet = q.head;
    q.head = p.next;
    if (q.head == none) q.tail = none;
    q.bytes -= p.bytes;
    w.turn = static_cast<std::uint8_t>((w.turn + k + 1) & mask);
    send(link, port, packet);
    return;
  }
  if (!sources_[w.from].streams.empty()) static_cast<void>(pull_from_source(link));
}

bool PacketEngine::pull_from_source(std::uint32_t link) {
  Wire& w = wires_[link];
  Source& source = sources_[w.from];
  for (std::size_t tries = source.streams.size(); tries > 0 && !source.streams.empty(); --tries) {
    const std::size_t place = source.turn;
    const std::uint32_t stream = source.streams[place];
    source.turn = place + 1 == source.streams.size() ? 0 : place + 1;
    Stream& s = streams_[stream];
    if (s.reduction != none) {
      if (pull_reduction(link, stream)) return true;
      continue;
    }
    const std::uint32_t turn = s.each == 1 ? 0 : s.sequence % s.each;
    const std::uint32_t route = table_[s.ways + w.member * s.each + turn];
    if (route == none) continue;
    const std::uint32_t port = routes_[route + 1];
    const auto hops = static_cast<std::uint16_t>(routes_[route]);
    if (w.credited && hops > 1 && ports_[port].credits < unit_bytes) continue;
    std::int64_t bytes = std::min(s.unsent, unit_bytes);
    if (s.control != none) bytes = allowed(stream);
    if (bytes == 0) continue;
    const std::uint32_t packet = take_packet();
    packets_[packet] = {.stream = stream,
                        .route = route + 1,
                        .next = none,
                        .bytes = static_cast<std::uint32_t>(bytes),
                        .hop = 0,
                        .hops = hops,
                        .marked = false,
                        .trimmed = false,
                        .reduced = false};
    ++s.sequence;
    if (s.control != none) {
      sent_one(s, bytes);
    } else {
      s.unsent -= bytes;
    }
    const bool more = s.unsent > 0 || (s.control != none && !controls_[s.control].again.empty());
    if (!more) unlist(source, place);
    send(link, port, packet);
    return true;
  }
  return false;
}

void PacketEngine::send(std::uint32_t link, std::uint32_t port, std::uint32_t packet) {
  Wire& w = wires_[link];
  const Packet& p = packets_[packet];
  const bool whole = p.bytes == unit_bytes && !p.trimmed;
  std::int64_t span = whole ? w.full : service(w, p.trimmed ? 1 : p.bytes);
  bool constant = whole;
  if (w.bit_errors > 0.0) {
    const double bits = 8.0 * static_cast<double>(setup_.scale_up.wire(p.bytes));
    const double fails = -std::expm1(bits * std::log1p(-w.bit_errors));
    while (uniform(w) < fails) {
      // Found out a round trip later, then sent again.
      span += 2 * w.latency + (whole ? w.full : service(w, p.bytes));
      constant = false;
      ++counts_.repeated;
    }
  }
  if (!w.laned) make_lanes(w);
  w.busy = true;
  w.sent += p.bytes;
  w.in_bytes = p.bytes;
  w.in_port = p.hop > 0 ? routes_[p.route + p.hop - 1u] : none;
  ++counts_.hops;
  const bool last = p.hop + 1 == p.hops;
  if (w.credited && !last) ports_[port].credits -= p.bytes;
  const Event done = event(Kind::done, link);
  const Event arrival = event(Kind::arrive, 0, packet);
  if (constant) {
    events_.push(w.done_lane, now_, w.full, done);
  } else {
    at(now_ + span, done);
  }
  const bool through = !last && w.switching && (constant || w.bit_errors == 0.0) &&
                       wires_[link_of(routes_[p.route + p.hop + 1u])].full >= w.full;
  if (through) {
    events_.push(w.head_lane, now_, w.ahead, arrival);
  } else if (constant) {
    events_.push(w.tail_lane, now_, w.full + w.ahead, arrival);
  } else {
    at(now_ + span + w.ahead, arrival);
  }
}

void PacketEngine::sent(std::uint32_t link) {
  Wire& w = wires_[link];
  w.busy = false;
  if (w.in_port != none) {
    const std::uint32_t before = link_of(w.in_port);
    Wire& in = wires_[before];
    if (in.credited) {
      events_.push(in.credit_lane, now_, in.latency, event(Kind::credit, w.in_port, w.in_bytes));
    } else {
      fill(before, -static_cast<std::int64_t>(w.in_bytes));
    }
  }
  try_start(link);
}

void PacketEngine::enqueue(std::uint32_t port, std::uint32_t packet) {
  Packet& p = packets_[packet];
  Wire& w = wires_[link_of(port)];
  Port& q = ports_[port];
  if (!w.credited && !admit(w, q, packet)) return;
  p.next = none;
  if (q.tail == none) {
    q.head = packet;
  } else {
    packets_[q.tail].next = packet;
  }
  q.tail = packet;
  q.bytes += p.bytes;
  w.longest = std::max(w.longest, q.bytes);
  const std::uint32_t before = link_of(routes_[p.route + p.hop - 1u]);
  if (!wires_[before].credited) fill(before, p.bytes);
  if (!w.busy) try_start(link_of(port));
}

void PacketEngine::arrive(std::uint32_t packet) {
  Packet& p = packets_[packet];
  ++p.hop;
  if (p.hop == p.hops) return deliver(packet);
  enqueue(routes_[p.route + p.hop], packet);
}

void PacketEngine::deliver(std::uint32_t packet) {
  Packet& p = packets_[packet];
  const std::uint32_t stream = p.stream;
  Stream& s = streams_[stream];
  ++counts_.delivered;
  if (s.reduction != none) {
    reduce(stream, p);
    return free_packet(packet);
  }
  if (s.control != none) received(stream, p);
  if (!p.trimmed) {
    s.arrived += p.bytes;
    delivered_bytes_ += p.bytes;
  }
  free_packet(packet);
  if (s.arrived == s.bytes) finish(stream);
}

void PacketEngine::finish(std::uint32_t stream) {
  Stream& s = streams_[stream];
  finished_.push_back(s.tag);
  --under_way_;
  // What a transport still has on the way to the sender finds nobody: its number is not used again.
  if (s.control == none) free_streams_.push_back(stream);
}

void PacketEngine::handle(Event e) {
  const std::uint32_t index = e.what & 0x0fffffff;
  switch (static_cast<Kind>(e.what >> 28)) {
    case Kind::arrive:
      return arrive(e.arg);
    case Kind::done:
      return sent(index);
    case Kind::credit: {
      ports_[index].credits += e.arg;
      if (!wires_[link_of(index)].busy) try_start(link_of(index));
      return;
    }
    case Kind::pause:
      wires_[index].paused = e.arg != 0;
      if (e.arg == 0) try_start(index);
      return;
    case Kind::kick:
      controls_[streams_[index].control].kicked = false;
      return kick(index);
    case Kind::ack:
      return on_ack(index, e.arg);
    case Kind::lost:
      return on_lost(index, e.arg);
    case Kind::notice:
      return on_notice(index);
    case Kind::timer:
      return on_timer(index);
    case Kind::pull:
      ++controls_[streams_[index].control].allowed;
      return kick(index);
    case Kind::tag:
      finished_.push_back(waits_[e.arg]);
      free_waits_.push_back(e.arg);
      return;
  }
}

bool PacketEngine::next(std::vector<Tag>& done) {
  finished_.clear();
  while (finished_.empty()) {
    Event e{};
    if (!events_.pop(now_, e)) return false;
    ++counts_.events;
    handle(e);
  }
  for (Event e{}; events_.next_time() == now_ && events_.pop(now_, e);) {
    ++counts_.events;
    handle(e);
  }
  done.insert(done.end(), finished_.begin(), finished_.end());
  return true;
}

}  // namespace sn::fabric
