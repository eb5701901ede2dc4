// sn/serving/load/trace/trace_file_test.cc
//
// A trace read through a window: never more held than that, and the same requests and the same
// workload as of the whole.

#include "sn/serving/load/trace/trace_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sn/base/random.h"
#include "sn/serving/load/request_source.h"

namespace sn::serving {
namespace {

/// A text in pieces of a few bytes, and how often it was begun.
class Pieces final : public TextReader {
 public:
  Pieces(std::string text, std::size_t size) : text_(std::move(text)), size_(size) {}
  Result<std::string_view> next() override {
    const std::string_view piece = std::string_view(text_).substr(at_, size_);
    at_ += piece.size();
    return piece;
  }

 private:
  std::string text_;
  std::size_t size_;
  std::size_t at_ = 0;
};

TextOpener in_pieces(const std::string& text, std::size_t size = 7) {
  return
      [=]() -> Result<std::unique_ptr<TextReader>> { return std::make_unique<Pieces>(text, size); };
}

/// Conversations that grow, `late` lines of them swapped with one `by` lines before.
std::string trace_text(int requests, int late = 0, int by = 0) {
  RandomStream random(1, entity_key("trace"));
  std::vector<std::string> lines;
  for (int i = 0; i < requests; ++i) {
    const int blocks = 1 + static_cast<int>(random.uniform() * 4.0);
    std::string hashes;
    for (int b = 0; b < blocks; ++b) {
      hashes += (b > 0 ? ", " : "") + std::to_string(b < 2 ? i % 5 * 10 + b : i * 100 + b);
    }
    lines.push_back("{\"timestamp\": " + std::to_string(i * 90) +
                    ", \"input_length\": " + std::to_string(512 * blocks) +
                    ", \"output_length\": " + std::to_string(1 + i % 3) + ", \"hash_ids\": [" +
                    hashes + "]}\n");
  }
  for (int i = 0; i < late; ++i) {
    std::swap(lines[static_cast<std::size_t>(20 + 10 * i)],
              lines[static_cast<std::size_t>(20 + 10 * i - by)]);
  }
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

TraceLimits small_window() {
  TraceLimits limits;
  limits.window_requests = 8;
  return limits;
}

std::vector<Request> all_of(RequestSource& source) {
  std::vector<Request> out;
  Request r;
  while (source.next(r)) out.push_back(r);
  return out;
}

bool same(const Request& a, const Request& b) {
  return a.arrival == b.arrival && a.input_tokens == b.input_tokens &&
         a.output_tokens == b.output_tokens && a.blocks == b.blocks;
}

/// Scanned with a window of 8, `text` must give what it gives whole; returns what was scanned.
TraceFile equal_to_whole(const std::string& text) {
  Result<TraceScan> scan = scan_trace("t", in_pieces(text), small_window());
  const Result<Trace> whole = read_trace("t", text);
  EXPECT_TRUE(scan && whole);
  const auto streamed = all_of(*scan->file->read());
  EXPECT_EQ(streamed.size(), whole->requests.size());
  EXPECT_TRUE(std::equal(streamed.begin(), streamed.end(), whole->requests.begin(), same));
  EXPECT_EQ(scan->file->facts.out_of_order, whole->out_of_order);
  EXPECT_EQ(std::move(scan->summary).finish("t", "o").value(),
            summarise("t", "o", whole->requests, whole->block_tokens).value());
  return *scan->file;
}

TEST(ArrivalOrder, HoldsNoMoreThanItsWindow) {
  const auto most = [](const std::string& text, Window window) {
    ArrivalOrder order("t", std::make_unique<Pieces>(text, 100), {}, window);
    Request r;
    while (order.next(r)) {
    }
    EXPECT_FALSE(order.displaced());
    return order.most_held();
  };
  EXPECT_EQ(most(trace_text(300), {}), 1u);
  EXPECT_EQ(most(trace_text(300, 10, 3), {.requests = 8, .blocks = 1000}), 9u);
  EXPECT_LE(most(trace_text(300), {.requests = 8, .blocks = 3}), 4u);  // a block a request at least
}

TEST(TraceFile, InOrderNothingIsHeld) {
  const TraceFile file = equal_to_whole(trace_text(300));
  EXPECT_EQ(file.window.requests, 0u);
  EXPECT_EQ(file.held, nullptr);
  EXPECT_TRUE(file.facts.warnings.empty());
}

TEST(TraceFile, ALittleOutOfOrderIsSortedInTheWindow) {
  const TraceFile file = equal_to_whole(trace_text(300, 10, 3));
  EXPECT_EQ(file.window.requests, 8u);
  EXPECT_EQ(file.held, nullptr);
  ASSERT_EQ(file.facts.warnings.size(), 1u);
  EXPECT_EQ(file.facts.warnings[0].message, "30 requests are out of order; they are sorted");
}

TEST(TraceFile, FarOutOfOrderIsHeldWholeAndSaysSo) {
  const TraceFile file = equal_to_whole(trace_text(300, 1, 15));
  ASSERT_NE(file.held, nullptr);
  EXPECT_EQ(file.held->size(), 300u);
  ASSERT_EQ(file.facts.warnings.size(), 1u);
  EXPECT_NE(file.facts.warnings[0].message.find("held in memory"), std::string::npos);
}

TEST(TraceFile, WhatFitsTheWindowIsReadOnce) {
  EXPECT_NE(equal_to_whole(trace_text(8)).held, nullptr);
  EXPECT_EQ(equal_to_whole(trace_text(9)).held, nullptr);
  TraceLimits limits = small_window();
  limits.window_requests = 1000;
  limits.window_blocks = 3;
  EXPECT_EQ(scan_trace("t", in_pieces(trace_text(9)), limits)->file->held, nullptr);
}

TEST(TraceFile, ReplaysAsTheHeldTrace) {
  const auto replayed = [](const TraceLimits& limits, const Replay& how) {
    const Result<TraceScan> scan = scan_trace("t", in_pieces(trace_text(60), 1000), limits);
    return all_of(*replay(scan->file, how));
  };
  for (const Replay& how : {Replay{.multiple = 1.7}, Replay{.repeat = 3},
                            Replay{.multiple = 2.4, .scaling = Scaling::copies, .repeat = 2},
                            Replay{.multiple = 70.0, .scaling = Scaling::copies},  // many readers
                            Replay{.repeat = 2, .limit = 90}}) {
    const auto read = replayed(small_window(), how);
    const auto held = replayed({}, how);
    EXPECT_TRUE(std::equal(read.begin(), read.end(), held.begin(), held.end(), same));
  }
}

TEST(TraceFile, EveryFormatIsSplitAtAnyPlace) {
  const std::string azure =
      "\xEF\xBB\xBFTIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46,3,4\r\n\r\n"
      "2023-11-16 18:15:47,5,6";
  const std::string burst = "Timestamp,Request tokens,Response tokens\n1,2,3\n2,3,4\n";
  const std::string bailian =
      "{\"chat_id\": 1, \"timestamp\": 0, \"input_length\": 3, \"output_length\": 4, "
      "\"hash_ids\": [1]}\n{\"chat_id\": 2, \"timestamp\": 1, \"input_length\": 3, "
      "\"output_length\": 4, \"hash_ids\": [1]}\n";
  const std::string vllm =
      "{\"arrival_time\": 5, \"input_toks\": 3, \"output_toks\": 4}\n"
      "{\"arrival_time\": 6, \"input_toks\": 3, \"output_toks\": 4}";
  for (const std::string& text : {azure, burst, bailian, vllm, trace_text(3)}) {
    const Result<Trace> whole = read_trace("t", text);
    ASSERT_TRUE(whole) << text;
    for (const std::size_t size : {1u, 2u, 5u, 64u}) {
      const Result<TraceScan> scan = scan_trace("t", in_pieces(text, size));
      ASSERT_TRUE(scan) << text;
      EXPECT_EQ(scan->file->facts.format, whole->format);
      EXPECT_EQ(scan->file->requests, static_cast<std::int64_t>(whole->requests.size()));
      EXPECT_EQ(scan->file->last.count - scan->file->first.count,
                whole->requests.back().arrival.count - whole->requests.front().arrival.count);
    }
  }
}

TEST(TraceFile, MistakesAreThoseOfTheWhole) {
  TraceLimits limits = small_window();
  limits.line_bytes = 300;
  const std::string text = trace_text(20) + "oops\n" + std::string(700, 'x') + "\n{}";
  const auto whole = read_trace("t", text, limits);
  const auto scan = scan_trace("t", in_pieces(text), limits);
  ASSERT_FALSE(whole || scan);
  EXPECT_EQ(whole.error().size(), 4u);
  EXPECT_EQ(render(scan.error()), render(whole.error()));
  limits = {};
  limits.text_bytes = 50;
  const auto large = scan_trace("t", in_pieces(text), limits);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().front().code, ErrorCode::limit);
}

TEST(TraceFile, AFileThatChangesIsNoticed) {
  for (const std::string& later : {trace_text(20), trace_text(40), std::string("oops")}) {
    bool first = true;
    const TextOpener open = [&]() -> Result<std::unique_ptr<TextReader>> {
      const std::string text = std::exchange(first, false) ? trace_text(30) : later;
      return std::make_unique<Pieces>(text, 4096);
    };
    const Result<TraceScan> scan = scan_trace("t", open, small_window());
    const auto source = replay(scan->file, {});
    EXPECT_LE(all_of(*source).size(), 30u);
    EXPECT_FALSE(source->faults().empty());
  }
}

TEST(WorkloadSummary, ClassesEndWithTheHashes) {
  const Trace trace = *read_trace("t", trace_text(300));
  WorkloadSummary summary(trace.block_tokens, {.blocks = 100});
  for (const Request& r : trace.requests) summary.add(r);
  EXPECT_EQ(summary.requests(), 300);
  EXPECT_LT(summary.classed(), 100);
  EXPECT_GT(summary.classed(), 20);
  const Workload w = *std::move(summary).finish("t", "o");
  EXPECT_EQ(w.requests, 300);
  double weights = 0.0;
  for (const RequestClass& c : w.classes) weights += c.weight;
  EXPECT_NEAR(weights, 1.0, 1e-12);
}

}  // namespace
}  // namespace sn::serving
