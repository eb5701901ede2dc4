// sn/serving/load/trace/trace_file.cc
//
// Brings requests into order through a window, and reads a trace again (see trace_file.h).

#include "sn/serving/load/trace/trace_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "sn/serving/load/request_source.h"

namespace sn::serving {

namespace {

/// A trace that is held.
class HeldRequests final : public RequestSource {
 public:
  HeldRequests(const TraceFile& file, std::int64_t from)
      : file_(file), at_(static_cast<std::size_t>(from)) {}

  bool next(Request& request) override {
    if (at_ == file_.held->size()) return false;
    request = (*file_.held)[at_++];
    return true;
  }
  [[nodiscard]] std::int64_t expected() const override { return file_.requests; }
  [[nodiscard]] Time span() const override {
    return Nanos{file_.last.count - file_.first.count}.to_time();
  }

 private:
  const TraceFile& file_;
  std::size_t at_;
};

/// A trace that is read anew. It was good when it was scanned.
class ReadRequests final : public RequestSource {
 public:
  explicit ReadRequests(const TraceFile& file) : file_(file) {
    Result<std::unique_ptr<TextReader>> text = file.open();
    if (!text) {
      faults_ = text.error();
      return;
    }
    order_.emplace(file.name, *std::move(text), file.limits, file.window);
  }

  bool next(Request& request) override {
    if (!order_ || !faults_.empty()) return false;
    const bool more = order_->next(request);
    given_ += more ? 1 : 0;
    if (!more) faults_ = order_->faults();
    if (order_->displaced() || given_ > file_.requests ||
        (!more && faults_.empty() && given_ < file_.requests)) {
      faults_ = {{.code = ErrorCode::data,
                  .message = "the trace is not what it was when it was read first",
                  .where = {.file = file_.name},
                  .hint = "let nothing write to it during a run"}};
    }
    return more && faults_.empty();
  }
  [[nodiscard]] std::int64_t expected() const override { return file_.requests; }
  [[nodiscard]] Time span() const override {
    return Nanos{file_.last.count - file_.first.count}.to_time();
  }
  [[nodiscard]] Errors faults() const override { return faults_; }

 private:
  const TraceFile& file_;
  std::optional<ArrivalOrder> order_;
  std::int64_t given_ = 0;
  Errors faults_;
};

/// Keeps requests as long as they fit into a window.
class Keep {
 public:
  explicit Keep(Window window) : window_(window) {}

  void add(const Request& request) {
    blocks_ += request.blocks.size();
    fits_ = fits_ && kept_.size() < window_.requests && blocks_ <= window_.blocks;
    if (fits_) kept_.push_back(request);
    if (!fits_) kept_ = {};
  }
  [[nodiscard]] std::shared_ptr<const std::vector<Request>> take() && {
    if (!fits_) return nullptr;
    return std::make_shared<const std::vector<Request>>(std::move(kept_));
  }

 private:
  Window window_;
  std::vector<Request> kept_;
  std::size_t blocks_ = 0;
  bool fits_ = true;
};

void warn_of_order(TraceFile& file, bool whole) {
  if (file.facts.out_of_order == 0) return;
  std::string message =
      fmt::format("{} requests are out of order; they are sorted", file.facts.out_of_order);
  if (whole) {
    message += fmt::format(", and the trace is held in memory: some come more than {} lines late",
                           file.limits.window_requests);
  }
  file.facts.warnings.push_back({.code = ErrorCode::data,
                                 .message = std::move(message),
                                 .where = {.file = file.name},
                                 .hint = "sort the trace by arrival"});
}

/// One reading with `window`; nothing when that is too small.
std::optional<Result<TraceScan>> attempt(const TraceFile& plain, Window window, bool whole,
                                         const SummaryOptions& options) {
  Result<std::unique_ptr<TextReader>> text = plain.open();
  if (!text) return fail(text.error());
  auto file = std::make_shared<TraceFile>(plain);
  file->window = window;
  if (!whole) file->limits.total_blocks = std::numeric_limits<std::size_t>::max();
  ArrivalOrder order(file->name, *std::move(text), file->limits, window);
  WorkloadSummary summary(order.facts().block_tokens, options);
  Keep keep(whole ? window : Window{file->limits.window_requests, file->limits.window_blocks});
  Request request;
  while (order.next(request)) {
    if (order.displaced()) return std::nullopt;
    if (file->requests++ == 0) file->first = request.arrival;
    file->last = request.arrival;
    summary.add(request);
    keep.add(request);
  }
  if (Errors faults = order.faults(); !faults.empty()) return fail(std::move(faults));
  file->facts = order.facts();
  file->held = std::move(keep).take();
  warn_of_order(*file, whole);
  return TraceScan{.file = std::move(file), .summary = std::move(summary)};
}

}  // namespace

ArrivalOrder::ArrivalOrder(std::string name, std::unique_ptr<TextReader> text,
                           const TraceLimits& limits, Window window)
    : reader_(std::move(name), std::move(text), limits),
      window_(window),
      given_{std::numeric_limits<std::int64_t>::min()} {}

bool ArrivalOrder::next(Request& request) {
  Entry entry;
  while (heap_.size() <= window_.requests && blocks_ <= window_.blocks &&
         reader_.next(entry.request)) {
    entry.line = lines_++;
    blocks_ += entry.request.blocks.size();
    heap_.push_back(std::move(entry));
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    most_held_ = std::max(most_held_, heap_.size());
  }
  if (heap_.empty()) return false;
  std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
  request = std::move(heap_.back().request);
  heap_.pop_back();
  blocks_ -= request.blocks.size();
  displaced_ = displaced_ || request.arrival < given_;
  given_ = request.arrival;
  return true;
}

std::unique_ptr<RequestSource> TraceFile::read(std::int64_t from) const {
  if (held) return std::make_unique<HeldRequests>(*this, from);
  SN_ASSERT(from == 0);
  return std::make_unique<ReadRequests>(*this);
}

Result<TraceScan> scan_trace(const std::string& name, const TextOpener& open,
                             const TraceLimits& limits, const SummaryOptions& options) {
  const TraceFile plain{.name = name,
                        .facts = {},
                        .first = {},
                        .last = {},
                        .window = {},
                        .held = nullptr,
                        .open = open,
                        .limits = limits};
  const Window window{.requests = limits.window_requests, .blocks = limits.window_blocks};
  for (const Window& w : {Window{}, window}) {
    if (auto scan = attempt(plain, w, false, options)) return *std::move(scan);
  }
  return *attempt(plain, Window::all(), true, options);
}

}  // namespace sn::serving
