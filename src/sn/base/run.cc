// sn/base/run.cc
//
// Parallel loops on an arena of the run's own (see run.h).
//
// The thread sanitizer sees no order that an uninstrumented oneTBB keeps between tasks, so that
// with SN_PLAIN_THREADS (preset `tsan`) every loop has std::threads of its own: slower, and what
// the sanitizer says of it counts.

#include "sn/base/run.h"

#ifdef SN_PLAIN_THREADS
#include <thread>
#include <vector>
#else
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#endif

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

namespace sn {

namespace {

/// `some(begin, end)` over parts of at most `grain` of a loop, and nested ones inside of it.
using Part = std::function<void(std::size_t, std::size_t)>;

#ifdef SN_PLAIN_THREADS

class Arena {
 public:
  explicit Arena(int threads)
      : threads_(threads > 0 ? static_cast<std::size_t>(threads)
                             : std::max(1u, std::thread::hardware_concurrency())) {}

  void loop(std::size_t count, std::size_t grain, const Part& some) const {
    std::atomic<std::size_t> next = 0;
    const auto take = [&] {
      for (std::size_t begin = next.fetch_add(grain); begin < count;
           begin = next.fetch_add(grain)) {
        some(begin, std::min(begin + grain, count));
      }
    };
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < threads_ && i * grain < count; ++i) others.emplace_back(take);
    take();
    for (std::thread& t : others) t.join();
  }

 private:
  std::size_t threads_;
};

#else

class Arena {
 public:
  explicit Arena(int threads) : arena_(threads > 0 ? threads : tbb::task_arena::automatic) {}

  void loop(std::size_t count, std::size_t grain, const Part& some) const {
    arena_.execute([&] {
      tbb::parallel_for(
          tbb::blocked_range<std::size_t>(0, count, grain),
          [&](const tbb::blocked_range<std::size_t>& range) { some(range.begin(), range.end()); },
          tbb::simple_partitioner());
    });
  }

 private:
  mutable tbb::task_arena arena_;  // takes its threads when the first loop runs
};

#endif

}  // namespace

struct Run::State {
  explicit State(RunSetup s) : setup(std::move(s)), arena(setup.threads) {}

  RunSetup setup;
  Arena arena;
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
  state_->arena.loop(count, grain, some);
  return all;
}

Error interrupted(const std::string& what) {
  return {.code = ErrorCode::interrupted,
          .message = what + " was stopped before there was a result",
          .where = {},
          .hint = {}};
}

}  // namespace sn
