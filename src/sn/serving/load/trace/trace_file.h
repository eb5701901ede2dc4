// sn/serving/load/trace/trace_file.h
//
// A trace of any length in bounded memory: read once to check and summarise it, and again for each
// replay.
//
// What is held at a time is a window of requests (`TraceLimits::window_requests`, and as many of
// their block hashes as `window_blocks`): none where the file is in order of arrival; a heap of
// them where it is not, which puts a request right that comes up to a window too late. Where that
// is not enough the trace is held whole, and its warnings say so. A trace that fits into the window
// is held too, so that it is read once.

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "sn/serving/load/trace/trace_reader.h"
#include "sn/serving/load/workload_summary.h"

namespace sn::serving {

class RequestSource;  // request_source.h

/// Requests that may be held to bring them into order, and how many hashes among them.
struct Window {
  std::size_t requests = 0;
  std::size_t blocks = 0;

  [[nodiscard]] static Window all() {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    return {.requests = most, .blocks = most};
  }
};

/// Requests of a text by arrival, lines breaking ties, as far as a window brings them in order.
class ArrivalOrder {
 public:
  ArrivalOrder(std::string name, std::unique_ptr<TextReader> text, const TraceLimits& limits,
               Window window);

  [[nodiscard]] bool next(Request& request);
  /// As those of `TraceReader`.
  [[nodiscard]] Errors faults() const { return reader_.faults(); }
  [[nodiscard]] const TraceFacts& facts() const { return reader_.facts(); }
  /// The window was too small: a request came after a later one.
  [[nodiscard]] bool displaced() const { return displaced_; }
  /// Requests held at once, at most.
  [[nodiscard]] std::size_t most_held() const { return most_held_; }

 private:
  struct Entry {
    std::uint64_t line = 0;
    Request request;

    friend bool operator>(const Entry& a, const Entry& b) {
      return a.request.arrival != b.request.arrival ? a.request.arrival > b.request.arrival
                                                    : a.line > b.line;
    }
  };

  TraceReader reader_;
  Window window_;
  std::vector<Entry> heap_;  // the earliest on top
  std::size_t blocks_ = 0;   // of the heap
  std::uint64_t lines_ = 0;
  Nanos given_;
  bool displaced_ = false;
  std::size_t most_held_ = 0;
};

/// What one reading of a trace found, and how to read it again.
struct TraceFile {
  std::string name;
  TraceFacts facts;
  std::int64_t requests = 0;
  Nanos first;  // arrivals, as they are in the trace
  Nanos last;
  Window window;
  std::shared_ptr<const std::vector<Request>> held;  // by arrival; empty: read anew
  TextOpener open;
  TraceLimits limits;

  /// Its requests by arrival, of a held trace from request `from` on. The source refers to this.
  [[nodiscard]] std::unique_ptr<RequestSource> read(std::int64_t from = 0) const;
};

struct TraceScan {
  std::shared_ptr<const TraceFile> file;
  WorkloadSummary summary;
};

/// Reads a trace through, twice or thrice where it is out of order. Errors: those of `read_trace`,
/// and of the text.
[[nodiscard]] Result<TraceScan> scan_trace(const std::string& name, const TextOpener& open,
                                           const TraceLimits& limits = {},
                                           const SummaryOptions& options = {});

}  // namespace sn::serving
