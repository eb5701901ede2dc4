// sn/training/schedule_play.cc
//
// Orders of tasks per stage, and the player (see schedule_play.h).

#include "sn/training/schedule_play.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sn::training {

namespace {

using Kind = PlayedTask::Kind;

struct Task {
  Kind kind = Kind::forward;
  std::int64_t chunk = 0;
  std::int64_t micro = 0;
  std::int64_t back_chunk = 0;  // of `both`: what goes backward
  std::int64_t back_micro = 0;
};

using Order = std::vector<Task>;

/// The k-th forward (or backward) of a stage under interleaving: groups of `p` micro-batches take
/// the chunks in turn.
Task interleaved_task(Kind kind, std::int64_t k, std::int64_t p, std::int64_t v) {
  const std::int64_t group = k / (p * v);
  const std::int64_t in_group = k % (p * v);
  const std::int64_t chunk = in_group / p;
  return {.kind = kind,
          .chunk = kind == Kind::forward ? chunk : v - 1 - chunk,
          .micro = group * p + in_group % p};
}

Order megatron_order(std::int64_t stage, std::int64_t p, std::int64_t v, std::int64_t n) {
  const std::int64_t all = n * v;
  std::int64_t warm = v == 1 ? p - stage - 1 : 2 * (p - stage - 1) + (v - 1) * p;
  if (v > 1 && n == p) warm = all;
  warm = std::min(warm, all);
  Order out;
  const auto add = [&](Kind kind, std::int64_t k) {
    out.push_back(v == 1 ? Task{.kind = kind, .micro = k} : interleaved_task(kind, k, p, v));
  };
  for (std::int64_t k = 0; k < warm; ++k) add(Kind::forward, k);
  for (std::int64_t k = warm; k < all; ++k) {
    add(Kind::forward, k);
    add(Kind::backward, k - warm);
  }
  for (std::int64_t k = all - warm; k < all; ++k) add(Kind::backward, k);
  return out;
}

/// Counters of one rank of DualPipe while its order is written down.
class DualPipeOrder {
 public:
  DualPipeOrder(std::int64_t rank, std::int64_t p, std::int64_t n)
      : second_(rank >= p / 2), half_(std::min(rank, p - 1 - rank)), p_(p), n_(n / 2) {}

  Order order() && {
    const std::int64_t ranks = p_ / 2;
    for (std::int64_t i = 0; i < 2 * (ranks - half_ - 1); ++i) forward(0);
    for (std::int64_t i = 0; i <= half_; ++i) {
      forward(0);
      forward(1);
    }
    for (std::int64_t i = 0; i < ranks - half_ - 1; ++i) {
      input(1);
      weight();
      forward(1);
    }
    for (std::int64_t i = 0; i < n_ - p_ + half_ + 1; ++i) {
      both(0, 1);
      both(1, 0);
    }
    for (std::int64_t i = 0; i < ranks - half_ - 1; ++i) {
      backward(1);
      both(1, 0);
    }
    phase_six();
    for (std::int64_t i = 0; i < ranks - half_ - 1; ++i) {
      weight();
      input(0);
    }
    for (std::int64_t i = 0; i <= half_; ++i) weight();
    return std::move(out_);
  }

 private:
  void phase_six() {
    bool zero_bubble = false;
    const std::int64_t steps = half_ + 1;
    for (std::int64_t i = 0; i < steps; ++i) {
      if (i == steps / 2 && half_ % 2 == 1) zero_bubble = true;
      zero_bubble ? input(1) : backward(1);
      if (i == steps / 2 && half_ % 2 == 0) zero_bubble = true;
      zero_bubble ? input(0) : backward(0);
    }
  }
  /// The direction that phase `d` means on this half of the ranks.
  [[nodiscard]] std::int64_t way(std::int64_t d) const { return second_ ? 1 - d : d; }
  void forward(std::int64_t d) {
    out_.push_back({.kind = Kind::forward, .chunk = way(d), .micro = forward_[d]++});
  }
  void backward(std::int64_t d) {
    out_.push_back({.kind = Kind::backward, .chunk = way(d), .micro = backward_[d]++});
  }
  void input(std::int64_t d) {
    out_.push_back({.kind = Kind::input, .chunk = way(d), .micro = backward_[d]});
    waiting_.push_back({.kind = Kind::weight, .chunk = way(d), .micro = backward_[d]++});
  }
  void weight() {
    if (next_ < waiting_.size()) out_.push_back(waiting_[next_++]);
  }
  void both(std::int64_t f, std::int64_t b) {
    out_.push_back({.kind = Kind::both,
                    .chunk = way(f),
                    .micro = forward_[f]++,
                    .back_chunk = way(b),
                    .back_micro = backward_[b]++});
  }

  bool second_;
  std::int64_t half_;
  std::int64_t p_;
  std::int64_t n_;
  std::int64_t forward_[2] = {0, 0};
  std::int64_t backward_[2] = {0, 0};
  std::vector<Task> waiting_;
  std::size_t next_ = 0;
  Order out_;
};

constexpr double never = std::numeric_limits<double>::infinity();

class Player {
 public:
  Player(Schedule schedule, std::int64_t p, std::int64_t v, std::int64_t n,
         const std::vector<StageTimes>& times, double send)
      : schedule_(schedule),
        p_(p),
        v_(schedule == Schedule::dual_pipe ? 2 : v),
        n_(n),
        times_(times),
        send_(send) {
    const auto places = static_cast<std::size_t>(p_ * v_ * n_);
    forward_.assign(places, never);
    backward_.assign(places, never);
    free_.assign(static_cast<std::size_t>(p), 0.0);
    holds_.assign(static_cast<std::size_t>(p), 0.0);
    out_.busy.assign(static_cast<std::size_t>(p), 0.0);
    out_.held.assign(static_cast<std::size_t>(p), 0.0);
    lists_.resize(static_cast<std::size_t>(p));
  }

  Played play() && {
    if (schedule_ == Schedule::zero_bubble) {
      play_greedy();
    } else {
      play_orders();
    }
    for (const std::vector<PlayedTask>& list : lists_) {
      out_.tasks.insert(out_.tasks.end(), list.begin(), list.end());
    }
    for (const double end : free_) out_.total = std::max(out_.total, end);
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::size_t place(std::int64_t stage, std::int64_t chunk, std::int64_t m) const {
    return static_cast<std::size_t>((stage * v_ + chunk) * n_ + m);
  }
  /// When the input of a forward is there.
  [[nodiscard]] double forward_ready(std::int64_t s, std::int64_t c, std::int64_t m) const {
    if (schedule_ == Schedule::dual_pipe) {
      const std::int64_t before = c == 0 ? s - 1 : s + 1;
      if (before < 0 || before >= p_) return 0.0;
      return forward_[place(before, c, m)] + send_;
    }
    if (s > 0) return forward_[place(s - 1, c, m)] + send_;
    return c > 0 ? forward_[place(p_ - 1, c - 1, m)] + send_ : 0.0;
  }
  /// When the gradient for a backward is there.
  [[nodiscard]] double backward_ready(std::int64_t s, std::int64_t c, std::int64_t m) const {
    const double own = forward_[place(s, c, m)];
    if (schedule_ == Schedule::dual_pipe) {
      const std::int64_t after = c == 0 ? s + 1 : s - 1;
      if (after < 0 || after >= p_) return own;
      return std::max(own, backward_[place(after, c, m)] + send_);
    }
    if (s + 1 < p_) return std::max(own, backward_[place(s + 1, c, m)] + send_);
    return c + 1 < v_ ? std::max(own, backward_[place(0, c + 1, m)] + send_) : own;
  }
  [[nodiscard]] double ready(std::int64_t s, const Task& t) const {
    switch (t.kind) {
      case Kind::forward:
        return forward_ready(s, t.chunk, t.micro);
      case Kind::backward:
      case Kind::input:
        return backward_ready(s, t.chunk, t.micro);
      case Kind::weight:
        return 0.0;
      case Kind::both:
        return std::max(forward_ready(s, t.chunk, t.micro),
                        backward_ready(s, t.back_chunk, t.back_micro));
    }
    return never;
  }
  [[nodiscard]] double length(std::int64_t s, Kind kind) const {
    const StageTimes& t = times_[static_cast<std::size_t>(s)];
    // A direction of DualPipe is a stage of its own; a chunk of interleaving a part of one.
    const double share = schedule_ == Schedule::interleaved ? 1.0 / static_cast<double>(v_) : 1.0;
    switch (kind) {
      case Kind::forward:
        return share * t.forward;
      case Kind::backward:
        return share * (t.input + t.weight);
      case Kind::input:
        return share * t.input;
      case Kind::weight:
        return share * t.weight;
      case Kind::both:
        return t.overlapped;
    }
    return 0.0;
  }
  void run(std::int64_t s, const Task& t, double at) {
    const auto i = static_cast<std::size_t>(s);
    const double start = std::max(free_[i], at);
    const double end = start + length(s, t.kind);
    const double share = schedule_ == Schedule::interleaved ? 1.0 / static_cast<double>(v_) : 1.0;
    lists_[i].push_back({t.kind, s, t.chunk, t.micro, start, end});
    out_.busy[i] += end - start;
    free_[i] = end;
    if (t.kind == Kind::forward || t.kind == Kind::both) {
      forward_[place(s, t.chunk, t.micro)] = end;
      holds_[i] += share;
    }
    out_.held[i] = std::max(out_.held[i], holds_[i]);
    if (t.kind == Kind::backward || t.kind == Kind::input) {
      backward_[place(s, t.chunk, t.micro)] = end;
      holds_[i] -= share;
    }
    if (t.kind == Kind::both) {
      backward_[place(s, t.back_chunk, t.back_micro)] = end;
      holds_[i] -= share;
    }
  }

  void play_orders() {
    std::vector<Order> orders;
    for (std::int64_t s = 0; s < p_; ++s) {
      orders.push_back(schedule_ == Schedule::dual_pipe ? DualPipeOrder(s, p_, n_).order()
                                                        : megatron_order(s, p_, v_, n_));
    }
    std::vector<std::size_t> next(static_cast<std::size_t>(p_), 0);
    bool moved = true;
    while (moved) {
      moved = false;
      for (std::int64_t s = 0; s < p_; ++s) {
        const auto i = static_cast<std::size_t>(s);
        while (next[i] < orders[i].size()) {
          const double at = ready(s, orders[i][next[i]]);
          if (at == never) break;
          run(s, orders[i][next[i]++], at);
          moved = true;
        }
      }
    }
    for (std::size_t i = 0; i < orders.size(); ++i) out_.stuck |= next[i] < orders[i].size();
  }

  /// The next task of a stage under the greedy rule and when it can start; weight work fills gaps.
  struct Choice {
    Task task;
    double start = never;
  };
  struct Counters {
    std::int64_t forward = 0;
    std::int64_t input = 0;
    std::int64_t weight = 0;
  };
  [[nodiscard]] Choice choose(std::int64_t s, const Counters& c) const {
    const double now = free_[static_cast<std::size_t>(s)];
    Choice best;
    const auto consider = [&](const Task& task) {
      const double at = std::max(now, ready(s, task));
      if (at < best.start) best = {task, at};
    };
    if (c.input < n_ && c.input < c.forward) consider({.kind = Kind::input, .micro = c.input});
    if (c.forward < n_ && c.forward - c.input < p_ - s) {
      consider({.kind = Kind::forward, .micro = c.forward});
    }
    // A weight is never later than the end of a gap that it would delay a little.
    if (c.weight < c.input && best.start > now) consider({.kind = Kind::weight, .micro = c.weight});
    return best;
  }
  void play_greedy() {
    std::vector<Counters> counters(static_cast<std::size_t>(p_));
    for (;;) {
      std::int64_t stage = -1;
      Choice first;
      for (std::int64_t s = 0; s < p_; ++s) {
        const Choice c = choose(s, counters[static_cast<std::size_t>(s)]);
        if (c.start < first.start) {
          first = c;
          stage = s;
        }
      }
      if (stage < 0) break;
      Counters& c = counters[static_cast<std::size_t>(stage)];
      if (first.task.kind == Kind::forward) ++c.forward;
      if (first.task.kind == Kind::input) ++c.input;
      if (first.task.kind == Kind::weight) ++c.weight;
      run(stage, first.task, first.start);
    }
    for (const Counters& c : counters) out_.stuck |= c.weight < n_;
  }

  Schedule schedule_;
  std::int64_t p_;
  std::int64_t v_;
  std::int64_t n_;
  const std::vector<StageTimes>& times_;
  double send_;
  std::vector<double> forward_;   // ends of forwards by stage, chunk, micro-batch
  std::vector<double> backward_;  // likewise of backwards
  std::vector<double> free_;
  std::vector<double> holds_;
  std::vector<std::vector<PlayedTask>> lists_;
  Played out_;
};

}  // namespace

Played play(Schedule schedule, std::int64_t stages, std::int64_t chunks, std::int64_t micro_batches,
            const std::vector<StageTimes>& times, double send) {
  return Player(schedule, stages, chunks, micro_batches, times, send).play();
}

}  // namespace sn::training
