// sn/collective/schedule/play.cc
//
// Counts down what each move waits for (see play.h).

#include "sn/collective/schedule/play.h"

#include <algorithm>

namespace sn::collective {

namespace {

constexpr std::uint32_t none = 0xffffffff;

class Player {
 public:
  Player(const Schedule& s, fabric::TransferModel& model, std::span<const fabric::DeviceId> ranks,
         bool chain)
      : s_(s), model_(model), ranks_(ranks), left_(s.needs()) {
    if (!chain) return;
    begin_.resize(s.moves().size());
    end_.resize(s.moves().size());
    last_.assign(s.moves().size(), none);
  }

  void begin() {
    for (Schedule::Id id = 0; id < left_.size(); ++id) {
      if (s_.needs()[id] == 0) start(id);
    }
    settle();
  }

  /// What is done now, and what that lets start.
  void done(std::span<const fabric::TransferModel::Tag> tags) {
    for (const auto tag : tags) over_.push_back(static_cast<Schedule::Id>(tag));
    settle();
  }

  [[nodiscard]] bool finished() const { return finished_ == left_.size(); }

  [[nodiscard]] std::vector<Waited> chain() const {
    std::vector<Waited> out;
    for (Schedule::Id id = end_.empty() ? none : latest_; id != none; id = last_[id]) {
      const Move& m = s_.moves()[id];
      if (m.bytes > 0) {
        out.push_back({m.from, m.to, m.bytes, begin_[id].to_time(), end_[id].to_time()});
      }
    }
    std::reverse(out.begin(), out.end());
    return out;
  }

 private:
  void start(Schedule::Id id) {
    const Move& m = s_.moves()[id];
    if (!begin_.empty()) begin_[id] = model_.now();
    if (m.bytes == 0) {
      over_.push_back(id);
    } else if (m.to == Move::everyone) {
      model_.start_in_switch(ranks_, m.bytes, id);
    } else {
      model_.start(ranks_[m.from], ranks_[m.to], m.bytes, id);
    }
  }

  void settle() {
    for (std::size_t i = 0; i < over_.size(); ++i) {
      const Schedule::Id id = over_[i];
      ++finished_;
      latest_ = id;
      if (!end_.empty()) end_[id] = model_.now();
      for (const Schedule::Id then : s_.after(id)) {
        if (--left_[then] > 0) continue;
        if (!last_.empty()) last_[then] = id;
        start(then);
      }
    }
    over_.clear();
  }

  const Schedule& s_;
  fabric::TransferModel& model_;
  std::span<const fabric::DeviceId> ranks_;
  std::vector<std::uint32_t> left_;
  std::vector<Schedule::Id> over_;
  std::vector<Picos> begin_;
  std::vector<Picos> end_;
  std::vector<Schedule::Id> last_;  // what a move waited for longest
  std::size_t finished_ = 0;
  Schedule::Id latest_ = none;
};

}  // namespace

Result<Played> play(const Schedule& schedule, fabric::TransferModel& model,
                    std::span<const fabric::DeviceId> ranks, const Run& run, bool chain) {
  SN_ASSERT(static_cast<std::int64_t>(ranks.size()) >= schedule.ranks());
  Player player(schedule, model, ranks, chain);
  const Picos began = model.now();
  player.begin();
  std::vector<fabric::TransferModel::Tag> done;
  while (!player.finished()) {
    if (run.stopped()) return fail(interrupted("the schedule"));
    done.clear();
    if (!model.next(done)) {
      std::string cycle;
      for (const std::string& link : model.stuck()) cycle += (cycle.empty() ? "" : ", ") + link;
      return fail({.code = ErrorCode::infeasible,
                   .message = "the fabric is deadlocked; each waits for the next: " + cycle,
                   .where = {},
                   .hint = "more virtual channels, larger buffers, or other routes"});
    }
    player.done(done);
  }
  return Played{.time = Time::from_si(static_cast<double>(model.now().count - began.count) * 1e-12),
                .chain = player.chain()};
}

}  // namespace sn::collective
