// sn/base/run.h
//
// What a program holds of work in progress: whom it tells, whether it shall stop, on how many
// threads it runs, from which seed it draws.
//
// Threads are an arena of the handle's own: two runs of one process, on 2 and on 16 threads, do not
// know of each other. A stop is a flag that every loop over work looks at before each item, so work
// ends after the items that are running; what was done is kept, and reports say `interrupted`.
// Results go to fixed slots: they do not depend on the number of threads.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sn/base/result.h"

namespace sn {

/// What is being done, and how much of it is behind.
struct Progress {
  std::string doing;       // "probe 3 at 1.2x", "plan 2 of chat on 16 GPUs"
  double share = -1.0;     // of the whole, 0 to 1; negative: nobody knows
  std::uint64_t done = 0;  // items of `all`, where items are counted
  std::uint64_t all = 0;   // 0: none are
};

struct RunSetup {
  int threads = 0;                         // 0: as many as the machine has
  std::optional<std::uint64_t> seed = {};  // in place of a scenario's own
  /// Called from one thread at a time, from any.
  std::function<void(const Progress&)> progress = {};
};

/// A handle: copies are the same run.
class Run {
 public:
  Run() : Run(RunSetup{}) {}
  explicit Run(RunSetup setup);

  /// The same threads and the same stop, without telling anybody: for work inside of other work.
  [[nodiscard]] Run quiet() const;
  /// The same run, which says "`what`: ..." of what it does.
  [[nodiscard]] Run within(const std::string& what) const;

  /// From any thread or signal handler.
  void stop() const noexcept;
  [[nodiscard]] bool stopped() const noexcept;

  [[nodiscard]] std::optional<std::uint64_t> seed() const;
  void tell(const Progress& progress) const;

  /// `work(i)` for each i < count, in parallel, the lower i earlier; `grain` of them by one thread
  /// on end. Returns whether all were done: those after a stop are not. May be called inside
  /// itself.
  bool for_each(std::size_t count, const std::function<void(std::size_t)>& work,
                std::size_t grain = 1) const;

 private:
  struct State;

  std::shared_ptr<const State> state_;
  std::string within_;
  bool quiet_ = false;
};

/// That `what` was stopped before there was anything to keep.
[[nodiscard]] Error interrupted(const std::string& what);

}  // namespace sn
