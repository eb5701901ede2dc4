// apps/cli/progress.cc
//
// One line about work in progress, on a terminal's standard error alone, from its second second on.
//
// A thread of its own writes it, so that a verb need not report anything; what a verb does report
// is shown in place of the seconds. `print` and `complain` take the line away before they write.

#include "apps/cli/progress.h"

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace sn::cli {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto patience = std::chrono::seconds(1);

/// The terminal is one for the whole process, and so is its line.
struct Line {
  std::mutex mutex;
  std::condition_variable wake;
  std::string what;
  std::string said;
  bool running = false;
  bool shown = false;

  void write(const std::string& text) const {
    static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
  }
  void erase() {
    if (shown) write("\r\033[K");
    shown = false;
  }
};

Line& line() {
  static Line one;
  return one;
}

void tell(Clock::time_point start) {
  Line& l = line();
  std::unique_lock lock(l.mutex);
  while (!l.wake.wait_for(lock, patience, [&] { return !l.running; })) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start);
    l.write("\r" + l.what + ": " + (l.said.empty() ? "" : l.said + ", ") +
            std::to_string(seconds.count()) + " s\033[K");
    l.shown = true;
  }
}

}  // namespace

Progress::Progress(std::string what, bool quiet) {
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody sets any
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  if (quiet || dumb || ::isatty(STDERR_FILENO) == 0) return;
  Line& l = line();
  {
    const std::lock_guard lock(l.mutex);
    l.what = std::move(what);
    l.running = true;
  }
  thread_ = std::thread(tell, Clock::now());
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  Line& l = line();
  {
    const std::lock_guard lock(l.mutex);
    l.running = false;
    l.erase();
  }
  l.wake.notify_all();
  thread_.join();
}

void say(std::string text) {
  Line& l = line();
  const std::lock_guard lock(l.mutex);
  l.said = std::move(text);
}

void erase_progress() {
  Line& l = line();
  const std::lock_guard lock(l.mutex);
  l.erase();
}

}  // namespace sn::cli
