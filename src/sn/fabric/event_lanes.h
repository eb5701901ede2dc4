// sn/fabric/event_lanes.h
//
// Events in order of time on an integer clock: a FIFO lane for each constant delay, a heap for the
// rest.
//
// Most delays of a fabric are constants: the time of a full packet on a link, a cable's latency.
// Events that are a constant away from `now` come in order of time by themselves, so that a ring
// buffer holds them, and the next event is the least of a few heads. At one time lanes go before
// the heap, the lane of the lower number first; within a lane and the heap, whoever came first.
// Times only grow: what is pushed lies at or behind the last time that was popped.

#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "sn/base/result.h"

namespace sn::fabric {

template <class Event>
class EventLanes {
 public:
  using Lane = std::uint32_t;
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  /// The lane of a constant delay in ticks; `heap_lane` once there are `lanes_max`.
  Lane lane_of(std::int64_t delay) {
    SN_ASSERT(delay >= 0);
    for (Lane i = 0; i < delays_.size(); ++i) {
      if (delays_[i] == delay) return i;
    }
    if (delays_.size() == lanes_max) return heap_lane;
    delays_.push_back(delay);
    heads_.push_back(never);
    rings_.emplace_back();
    return static_cast<Lane>(delays_.size() - 1);
  }

  /// `event` at `now` + `delay`, which is the delay that `lane` was made for.
  void push(Lane lane, std::int64_t now, std::int64_t delay, const Event& event) {
    if (lane == heap_lane) return push_at(now + delay, event);
    Ring& ring = rings_[lane];
    if (ring.first == ring.last) heads_[lane] = now + delay;
    ring.put({now + delay, event});
  }

  /// At any time.
  void push_at(std::int64_t time, const Event& event) {
    heap_.push_back({time, order_++, event});
    std::push_heap(heap_.begin(), heap_.end(), later);
    heap_head_ = heap_.front().time;
  }

  /// The time of the next event; `never` when there is none.
  [[nodiscard]] std::int64_t next_time() const {
    std::int64_t least = heap_head_;
    for (const std::int64_t head : heads_) least = std::min(least, head);
    return least;
  }

  /// Takes the next event; false when there is none.
  bool pop(std::int64_t& time, Event& event) {
    std::int64_t least = never;
    std::size_t from = 0;
    const std::size_t n = heads_.size();
    const std::int64_t* heads = heads_.data();
    for (std::size_t i = 0; i < n; ++i) {
      from = heads[i] < least ? i : from;
      least = std::min(heads[i], least);
    }
    if (heap_head_ < least) {
      pop_heap(time, event);
      return true;
    }
    if (least == never) return false;
    time = least;
    Ring& ring = rings_[from];
    event = ring.take();
    heads_[from] = ring.first == ring.last ? never : ring.front().time;
    return true;
  }

  [[nodiscard]] bool empty() const { return next_time() == never; }

 private:
  static constexpr std::size_t lanes_max = 24;
  static constexpr Lane heap_lane = 0xffffffff;

  struct Timed {
    std::int64_t time;
    Event event;
  };
  struct Ordered {
    std::int64_t time;
    std::uint64_t order;
    Event event;
  };
  static bool later(const Ordered& a, const Ordered& b) {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }

  /// A ring of a power of two that grows.
  struct Ring {
    std::vector<Timed> slots = std::vector<Timed>(64);
    std::size_t first = 0;
    std::size_t last = 0;

    [[nodiscard]] const Timed& front() const { return slots[first & (slots.size() - 1)]; }
    void put(const Timed& t) {
      if (last - first == slots.size()) grow();
      slots[last++ & (slots.size() - 1)] = t;
    }
    Event take() { return slots[first++ & (slots.size() - 1)].event; }
    void grow() {
      std::vector<Timed> more(slots.size() * 2);
      const std::size_t n = last - first;
      for (std::size_t i = 0; i < n; ++i) more[i] = slots[(first + i) & (slots.size() - 1)];
      slots = std::move(more);
      first = 0;
      last = n;
    }
  };

  void pop_heap(std::int64_t& time, Event& event) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Ordered top = heap_.back();
    heap_.pop_back();
    heap_head_ = heap_.empty() ? never : heap_.front().time;
    time = top.time;
    event = top.event;
  }

  std::vector<std::int64_t> delays_;
  std::vector<std::int64_t> heads_;
  std::vector<Ring> rings_;
  std::vector<Ordered> heap_;
  std::int64_t heap_head_ = never;
  std::uint64_t order_ = 0;
};

}  // namespace sn::fabric
