// sn/fabric/packet/packet_transport.cc
//
// End to end: DCQCN with pauses, pulls with trimming, DCTCP (see packet_model.h).
//
// DCQCN: a marked packet makes its receiver send a notice, one in 50 us; the sender keeps
//   target = rate, rate *= 1 - alpha/2, alpha = (1 - g) alpha + g
// and every 55 us without one halves the way back to the target, after five times raising it.
// Constants g = 1/256, 50 us, 55 us: Zhu et al. 2015; the step of 1 % of the line rate is assumed.

#include <algorithm>
#include <cmath>

#include "sn/fabric/packet/packet_engine.h"

namespace sn::fabric {

namespace {

constexpr double gain = 1.0 / 256.0;
constexpr std::int64_t notice_gap = 50'000'000;  // ticks
constexpr std::int64_t timer_gap = 55'000'000;
constexpr int fast_stages = 5;
constexpr double dctcp_gain = 1.0 / 16.0;
constexpr std::uint32_t mark_bit = 0x80000000u;

}  // namespace

void PacketEngine::make_control(Stream& s, const Ways& ways, DeviceId to) {
  if (free_controls_.empty()) {
    free_controls_.push_back(static_cast<std::uint32_t>(controls_.size()));
    controls_.emplace_back();
  }
  s.control = free_controls_.back();
  free_controls_.pop_back();
  Control& c = controls_[s.control];
  c.rule = ways.dcn ? Rule::dctcp : setup_.scale_out == Transport::uec ? Rule::uec : Rule::roce;
  c.line = ways.line;
  c.rate = ways.line;
  c.target = ways.line;
  c.back = ways.latency;
  c.to = to;
  // What fills the way there and back, and the packets that stand at each device.
  const double round = ways.line * 2.0 * static_cast<double>(ways.latency) + 8.0 * unit_bytes;
  c.window = round;
  c.allowed = static_cast<std::int64_t>(std::ceil(round / static_cast<double>(unit_bytes)));
}

std::int64_t PacketEngine::allowed(std::uint32_t stream) {
  Stream& s = streams_[stream];
  Control& c = controls_[s.control];
  const std::int64_t bytes =
      c.again.empty() ? std::min(s.unsent, unit_bytes) : std::int64_t{c.again.back()};
  if (bytes == 0) return 0;
  if (c.rule == Rule::uec) return c.allowed > 0 ? bytes : 0;
  if (c.rule == Rule::dctcp) {
    return static_cast<double>(c.inflight) < c.window ? bytes : 0;
  }
  if (now_ >= c.next_time) return bytes;
  if (!c.kicked) {
    c.kicked = true;
    at(c.next_time, event(Kind::kick, stream));
  }
  return 0;
}

void PacketEngine::sent_one(Stream& s, std::int64_t bytes) {
  Control& c = controls_[s.control];
  if (c.again.empty()) {
    s.unsent -= bytes;
  } else {
    c.again.pop_back();
  }
  if (c.rule == Rule::uec) --c.allowed;
  if (c.rule == Rule::dctcp) c.inflight += bytes;
  if (c.rule == Rule::roce && c.rate < c.line) {
    c.next_time = now_ + static_cast<std::int64_t>(static_cast<double>(bytes) / c.rate);
  }
}

void PacketEngine::fill(std::uint32_t link, std::int64_t change) {
  Wire& w = wires_[link];
  w.fill += change;
  if (w.kind != LinkKind::scale_out || setup_.scale_out != Transport::roce) return;
  if (!w.pausing && w.fill > setup_.pause_at) {
    w.pausing = true;
    ++counts_.pauses;
    at(now_ + w.latency, event(Kind::pause, link, 1));
  } else if (w.pausing && w.fill < setup_.resume_at) {
    w.pausing = false;
    at(now_ + w.latency, event(Kind::pause, link, 0));
  }
}

bool PacketEngine::admit(Wire& w, Port& q, std::uint32_t packet) {
  Packet& p = packets_[packet];
  const Stream& s = streams_[p.stream];
  const Rule rule = controls_[s.control].rule;
  const auto gone = [&] {
    const std::uint32_t before = routes_[p.route + p.hop - 1u];
    const Wire& in = wires_[link_of(before)];
    if (in.credited) {
      at(now_ + in.latency, event(Kind::credit, before, p.bytes));
    }
  };
  if (rule == Rule::uec) {
    if (p.trimmed || q.bytes <= setup_.trim_at) return true;
    ++counts_.trimmed;
    p.trimmed = true;
    // The header goes on before the queue: it reaches the receiver as if nothing stood there.
    std::int64_t way = 0;
    for (std::uint32_t h = p.hop; h < p.hops; ++h) {
      way += wires_[link_of(routes_[p.route + h])].ahead;
    }
    gone();
    p.hop = static_cast<std::uint16_t>(p.hops - 1);
    at(now_ + way, event(Kind::arrive, 0, packet));
    return false;
  }
  if (rule == Rule::dctcp && q.bytes + p.bytes > setup_.drop_at) {
    ++counts_.dropped;
    gone();
    at(now_ + 2 * controls_[s.control].back, event(Kind::lost, p.stream, p.bytes));
    free_packet(packet);
    return false;
  }
  if (!p.marked && q.bytes > setup_.mark_from) {
    const double share = static_cast<double>(q.bytes - setup_.mark_from) /
                         static_cast<double>(setup_.mark_all - setup_.mark_from);
    p.marked = share >= 1.0 || uniform(w) < share * setup_.mark_most;
    if (p.marked) ++counts_.marked;
  }
  return true;
}

void PacketEngine::received(std::uint32_t stream, Packet& p) {
  Control& c = controls_[streams_[stream].control];
  switch (c.rule) {
    case Rule::roce:
      if (p.marked && setup_.congestion_control && now_ - c.last_notice >= notice_gap) {
        c.last_notice = now_;
        at(now_ + c.back, event(Kind::notice, stream));
      }
      return;
    case Rule::uec:
      if (p.trimmed) at(now_ + c.back, event(Kind::lost, stream, p.bytes));
      return pull_at(stream);
    case Rule::dctcp:
      at(now_ + c.back, event(Kind::ack, stream, p.bytes | (p.marked ? mark_bit : 0u)));
      return;
  }
}

/// One pull for each packet that came, whole or not, at the rate of the receiver's line.
void PacketEngine::pull_at(std::uint32_t stream) {
  const Control& c = controls_[streams_[stream].control];
  const auto gap = static_cast<std::int64_t>(static_cast<double>(unit_bytes) / c.line);
  std::int64_t& next = pulled_[c.to];
  next = std::max(now_, next + gap);
  at(next + c.back, event(Kind::pull, stream));
}

void PacketEngine::on_ack(std::uint32_t stream, std::uint32_t arg) {
  Control& c = controls_[streams_[stream].control];
  const std::int64_t bytes = arg & ~mark_bit;
  c.inflight -= bytes;
  c.acked += bytes;
  if ((arg & mark_bit) != 0) c.acked_marked += bytes;
  if (static_cast<double>(c.acked) >= c.window) {
    const double share = static_cast<double>(c.acked_marked) / static_cast<double>(c.acked);
    if (c.acked_marked > 0) {
      c.alpha = (1.0 - dctcp_gain) * c.alpha + dctcp_gain * share;
      c.window = std::max<double>(unit_bytes, c.window * (1.0 - c.alpha / 2.0));
    } else {
      c.alpha *= 1.0 - dctcp_gain;
      c.window += unit_bytes;
    }
    c.acked = 0;
    c.acked_marked = 0;
  }
  kick(stream);
}

void PacketEngine::on_lost(std::uint32_t stream, std::uint32_t bytes) {
  Control& c = controls_[streams_[stream].control];
  c.again.push_back(bytes);
  if (c.rule == Rule::dctcp) {
    c.inflight -= bytes;
    c.window = std::max<double>(unit_bytes, c.window / 2.0);
  }
  list(stream);
  kick(stream);
}

void PacketEngine::on_notice(std::uint32_t stream) {
  Control& c = controls_[streams_[stream].control];
  c.target = c.rate;
  c.rate = std::max(c.line * 1e-3, c.rate * (1.0 - c.alpha / 2.0));
  c.alpha = (1.0 - gain) * c.alpha + gain;
  c.stage = 0;
  if (!c.timed) {
    c.timed = true;
    at(now_ + timer_gap, event(Kind::timer, stream));
  }
}

void PacketEngine::on_timer(std::uint32_t stream) {
  const Stream& s = streams_[stream];
  Control& c = controls_[s.control];
  c.timed = false;
  if (s.arrived == s.bytes) return;
  c.alpha *= 1.0 - gain;
  if (++c.stage > fast_stages) c.target = std::min(c.line, c.target + 0.01 * c.line);
  c.rate = 0.5 * (c.rate + c.target);
  if (c.rate > 0.999 * c.line) c.rate = c.line;
  if (c.rate < c.line) {
    c.timed = true;
    at(now_ + timer_gap, event(Kind::timer, stream));
  }
  c.next_time = std::min(c.next_time, now_);
  kick(stream);
}

}  // namespace sn::fabric
