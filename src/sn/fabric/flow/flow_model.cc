// sn/fabric/flow/flow_model.cc
//
// Starts, ends and what lies between (see flow_model.h).

#include "sn/fabric/flow/flow_model.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace sn::fabric {

namespace {

constexpr std::int64_t together = 1000;  // ticks: ends so near are one moment
constexpr std::uint64_t no_key = ~std::uint64_t{0};

std::int64_t ticks(Time t) {
  const auto p = to_picos(t);
  SN_ASSERT(p.has_value());
  return p->count;
}

}  // namespace

FlowModel::FlowModel(Router& router, const FlowSetup& setup) : router_(router), setup_(setup) {
  const Topology& t = router.topology();
  trunks_ = t.trunks().size();
  constexpr double dead = 1e-6;  // bytes/s of what is down: no route leads over it
  const auto capacity = [&](LinkId l) {
    const Link& link = t.links()[l];
    return router.rate(l).si() * link.efficiency * (1.0 - setup.background.of(link.kind));
  };
  for (const Trunk& trunk : t.trunks()) {
    double sum = 0.0;
    for (const LinkId l : trunk.links) sum += capacity(l);
    solver_.add_link(std::max(dead, sum));
  }
  if (setup.ecmp) {
    for (LinkId l = 0; l < t.links().size(); ++l) solver_.add_link(std::max(dead, capacity(l)));
  }
  given_.assign(solver_.links(), 0.0);
  known_.assign(1024, {no_key, 0});
}

MaxMin::Link FlowModel::link_for(LinkId link) const {
  const Link& l = router_.topology().links()[link];
  const bool single = setup_.ecmp && l.kind == LinkKind::scale_out;
  return single ? static_cast<MaxMin::Link>(trunks_ + link) : l.trunk;
}

void FlowModel::rehash() {
  std::vector<Known> old = std::move(known_);
  known_.assign(old.size() * 2, {no_key, 0});
  for (const Known& k : old) {
    if (k.key == no_key) continue;
    std::size_t at = mixed(k.key, 0) & (known_.size() - 1);
    while (known_[at].key != no_key) at = (at + 1) & (known_.size() - 1);
    known_[at] = k;
  }
}

std::uint32_t FlowModel::make_flow(std::span<const MaxMin::Link> path, Time latency) {
  const MaxMin::Class c = solver_.add_class(path);
  const std::int64_t delay = ticks(latency);
  const auto at = std::find(latencies_.begin(), latencies_.end(), delay);
  const auto way = static_cast<std::uint32_t>(at - latencies_.begin());
  if (at == latencies_.end()) {
    latencies_.push_back(delay);
    lanes_.push_back(arrivals_.lane_of(delay));
  }
  flows_.push_back({.way = way});
  return c;
}

std::uint32_t FlowModel::flow_between(DeviceId from, DeviceId to) {
  const std::uint64_t key = (std::uint64_t{from} << 32) | to;
  if (2 * (known_count_ + 1) > known_.size()) rehash();
  std::size_t at = mixed(key, 0) & (known_.size() - 1);
  while (known_[at].key != no_key) {
    if (known_[at].key == key) return known_[at].flow;
    at = (at + 1) & (known_.size() - 1);
  }
  LinkId up = 0;
  LinkId down = 0;
  if (router_.over_one_switch(from, to, up, down)) {
    const MaxMin::Link pair[] = {link_for(up), link_for(down)};
    const Topology& t = router_.topology();
    const std::uint32_t flow =
        make_flow(pair, t.links()[up].latency + t.devices()[t.links()[up].to].latency +
                            t.links()[down].latency);
    known_[at] = {key, flow};
    ++known_count_;
    return flow;
  }
  const Choice choice = setup_.ecmp ? Choice::ecmp : Choice::deterministic;
  const std::vector<LinkId> path = router_.path(from, to, choice, setup_.seed);
  SN_ASSERT(!path.empty());
  scratch_.clear();
  for (const LinkId l : path) scratch_.push_back(link_for(l));
  const std::uint32_t flow = make_flow(scratch_, router_.latency(path));
  known_[at] = {key, flow};
  ++known_count_;
  return flow;
}

void FlowModel::progress(Flow& f) const {
  f.progress += f.rate * (static_cast<double>(now_ - f.since) * 1e-12);
  f.since = now_;
}

void FlowModel::schedule(std::uint32_t flow) {
  Flow& f = flows_[flow];
  ++f.version;
  if (!f.busy || f.rate <= 0.0) return;
  const double left = std::max(0.0, f.first.at - f.progress);
  const double span = std::ceil(left / f.rate * 1e12);
  SN_ASSERT(span < 9e18);
  push_end(f.since + static_cast<std::int64_t>(span), {flow, f.version});
}

void FlowModel::push_end(std::int64_t time, End end) {
  if (time != last_time_) {
    if (free_slots_.empty()) {
      free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    last_time_ = time;
    last_slot_ = free_slots_.back();
    free_slots_.pop_back();
    moments_.push_back({time, last_slot_});
    std::push_heap(moments_.begin(), moments_.end(), std::greater<>());
  }
  slots_[last_slot_].push_back(end);
}

void FlowModel::add_goal(std::uint32_t flow, std::int64_t bytes, Tag tag) {
  SN_ASSERT(bytes > 0);
  Flow& f = flows_[flow];
  progress(f);
  if (!f.busy) f.progress = 0.0;  // sums stay small
  const Goal goal{f.progress + static_cast<double>(bytes), tag};
  for (const MaxMin::Link l : solver_.path(flow)) given_[l] += static_cast<double>(bytes);
  solver_.add_members(flow, 1);
  if (!f.busy) {
    f.busy = true;
    f.first = goal;
    // At the rate that it had: `settle` says whether it is another.
    f.rate = solver_.rate(flow);
    schedule(flow);
    return;
  }
  if (f.more < 0) {
    if (free_queues_.empty()) {
      free_queues_.push_back(static_cast<std::int32_t>(queues_.size()));
      queues_.emplace_back();
    }
    f.more = free_queues_.back();
    free_queues_.pop_back();
  }
  const auto after = [](const Goal& a, const Goal& b) { return a.at > b.at; };
  std::vector<Goal>& queue = queues_[static_cast<std::size_t>(f.more)];
  const bool nearer = goal.at < f.first.at;
  queue.push_back(nearer ? f.first : goal);
  std::push_heap(queue.begin(), queue.end(), after);
  if (nearer) {
    f.first = goal;
    schedule(flow);
  }
}

void FlowModel::start(DeviceId from, DeviceId to, std::int64_t bytes, Tag tag) {
  add_goal(flow_between(from, to), bytes, tag);
}

void FlowModel::start_in_switch(std::span<const DeviceId> members, std::int64_t bytes, Tag tag) {
  SN_ASSERT(members.size() > 1);
  std::vector<MaxMin::Link> path;
  Time latency;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const DeviceId next = members[(i + 1) % members.size()];
    const std::vector<LinkId> way = router_.path(members[i], next);
    SN_ASSERT(way.size() == 2);  // one switch between them
    path.push_back(link_for(way[0]));
    path.push_back(link_for(way[1]));
    latency = std::max(latency, router_.latency(way));
  }
  add_goal(make_flow(path, latency), bytes, tag);
}

void FlowModel::wait(Time delay, Tag tag) { arrivals_.push_at(now_ + ticks(delay), tag); }

void FlowModel::settle() {
  for (const MaxMin::Class c : solver_.solve()) {
    Flow& f = flows_[c];
    progress(f);
    f.rate = solver_.rate(c);
    schedule(c);
  }
}

void FlowModel::finish(std::int64_t until) {
  const auto after = [](const Goal& a, const Goal& b) { return a.at > b.at; };
  ended_.clear();
  while (!moments_.empty() && moments_.front().time <= until) {
    const Moment moment = moments_.front();
    std::pop_heap(moments_.begin(), moments_.end(), std::greater<>());
    moments_.pop_back();
    if (moment.time == last_time_) last_time_ = -1;
    const std::size_t before = ended_.size();
    for (const End& e : slots_[moment.slot]) {
      if (e.version == flows_[e.flow].version) ended_.push_back(e.flow);
    }
    slots_[moment.slot].clear();
    free_slots_.push_back(moment.slot);
    if (ended_.size() > before) now_ = moment.time;  // the last of them is the moment of all
  }
  for (const std::uint32_t flow : ended_) {
    Flow& f = flows_[flow];
    progress(f);
    const double reached = f.progress * (1.0 + 1e-12);
    while (f.busy && f.first.at <= reached) {
      arrivals_.push(lanes_[f.way], now_, latencies_[f.way], f.first.tag);
      solver_.add_members(flow, -1);
      if (f.more < 0) {
        f.busy = false;
        break;
      }
      std::vector<Goal>& queue = queues_[static_cast<std::size_t>(f.more)];
      std::pop_heap(queue.begin(), queue.end(), after);
      f.first = queue.back();
      queue.pop_back();
      if (queue.empty()) {
        free_queues_.push_back(f.more);
        f.more = -1;
      }
    }
    schedule(flow);
  }
}

bool FlowModel::next(std::vector<Tag>& done) {
  for (;;) {
    settle();
    const std::int64_t sent = moments_.empty() ? EventLanes<Tag>::never : moments_.front().time;
    const std::int64_t arrived = arrivals_.next_time();
    if (sent == EventLanes<Tag>::never && arrived == EventLanes<Tag>::never) return false;
    if (arrived <= sent) {
      now_ = arrived;
      std::int64_t time = 0;
      Tag tag = 0;
      while (arrivals_.next_time() == arrived && arrivals_.pop(time, tag)) done.push_back(tag);
      return true;
    }
    finish(std::min(sent + together, arrived));
  }
}

double FlowModel::carried(LinkId link) const {
  const MaxMin::Link l = link_for(link);
  if (l >= trunks_) return given_[l];
  const double all = router_.trunk_rate(l).si();
  return all > 0.0 ? given_[l] * (router_.rate(link).si() / all) : 0.0;
}

}  // namespace sn::fabric
