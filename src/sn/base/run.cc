// sn/base/run.cc
//
// Parallel loops on an arena of the run's own (see run.h).

#include "sn/base/run.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <mutex>
#include <utility>

namespace sn {

struct Run::State {
  explicit State(RunSetup s)
      : setup(std::move(s)),
        arena(setup.threads > 0 ? setup.threads : tbb::task_arena::automatic) {}

  RunSetup setup;
  mutable tbb::task_arena arena;  // takes its threads when the first loop runs
  mutable std::atomic<bool> stop = false;
  mutable std::mutex telling;
};

static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler may stop a run

Run::Run(RunSetup setup) : state_(std::make_shared<const State>(std::move(setup))) {}

Run Run::quiet() const {
  Run out = *this;
  out.quiet_ = true;
  return out;
}

Run Run::within(const std::string& what) const {
  Run out = *this;
  out.within_ += what + ": ";
  return out;
}

void Run::stop() const noexcept { state_->stop.store(true, std::memory_order_relaxed); }

bool Run::stopped() const noexcept { return state_->stop.load(std::memory_order_relaxed); }

std::optional<std::uint64_t> Run::seed() const { return state_->setup.seed; }

void Run::tell(const Progress& progress) const {
  if (quiet_ || !state_->setup.progress) return;
  Progress told = progress;
  told.doing = within_ + told.doing;
  const std::lock_guard<std::mutex> lock(state_->telling);
  state_->setup.progress(told);
}

bool Run::for_each(std::size_t count, const std::function<void(std::size_t)>& work,
                   std::size_t grain) const {
  if (stopped()) return count == 0;
  std::atomic<bool> all = true;
  const auto some = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if (stopped()) {
        all.store(false, std::memory_order_relaxed);
        return;
      }
      work(i);
    }
  };
  if (count <= grain) {
    some(0, count);
    return all;
  }
  state_->arena.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, count, grain),
        [&](const tbb::blocked_range<std::size_t>& range) { some(range.begin(), range.end()); },
        tbb::simple_partitioner());
  });
  return all;
}

Error interrupted(const std::string& what) {
  return {.code = ErrorCode::interrupted,
          .message = what + " was stopped before there was a result",
          .where = {},
          .hint = {}};
}

}  // namespace sn
