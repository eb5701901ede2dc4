// sn/serving/load/workload_test.cc
//
// Reduction of requests to classes: hand calculations, invariants on random requests, and the hit
// rate of a published trace (when SN_SHARED_DATA names the folder that holds `traces`, or itself).

#include "sn/serving/load/workload.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <optional>

#include "sn/base/files/files.h"
#include "sn/serving/load/trace/trace.h"

namespace sn::serving {
namespace {

constexpr std::int64_t second = 1'000'000'000;

Request request(double seconds, std::int64_t input, std::int64_t output,
                std::vector<std::uint64_t> blocks = {}) {
  Request r;
  r.arrival = Nanos{static_cast<std::int64_t>(std::llround(seconds * 1e9))};
  r.input_tokens = input;
  r.output_tokens = output;
  r.blocks = std::move(blocks);
  return r;
}

SummaryOptions classes(int n) {
  SummaryOptions options;
  options.max_classes = n;
  return options;
}

TEST(Summarise, TwoClassesByHand) {
  // Uncached order: inputs 10, 20, 30, 40; two classes of two.
  const auto w = summarise(
      "n", "o", {request(0, 30, 1), request(1, 10, 2), request(2, 40, 0), request(6, 20, 4)}, 0.0,
      classes(2));
  ASSERT_TRUE(w.has_value());
  EXPECT_EQ(w->name, "n");
  EXPECT_EQ(w->origin, "o");
  EXPECT_EQ(w->requests, 4);
  EXPECT_DOUBLE_EQ(w->rate.si(), 0.5);  // three gaps in 6 s
  EXPECT_EQ(w->dispersion, 1.0);        // shorter than two windows
  EXPECT_TRUE(w->capacities.empty());
  EXPECT_TRUE(w->hit_rate_curve.empty());
  ASSERT_EQ(w->classes.size(), 2u);
  EXPECT_EQ(w->classes[0], (RequestClass{0.5, 15.0, 3.0, {}}));
  EXPECT_EQ(w->classes[1], (RequestClass{0.5, 35.0, 1.0, {}}));  // outputs 1 and 0, counted as 1
  EXPECT_EQ(w->input_max, 40.0);
  EXPECT_EQ(w->output_max, 4.0);
  EXPECT_DOUBLE_EQ(mean_input(*w), 25.0);
  EXPECT_DOUBLE_EQ(mean_output(*w), 2.0);
  EXPECT_EQ(cached_tokens(*w, w->classes[0], 1e12), 0.0);
}

TEST(Summarise, UnevenSharesDifferByOneRequest) {
  std::vector<Request> requests;
  for (int i = 0; i < 10; ++i) requests.push_back(request(i, 100 + i, 1));
  const auto w = summarise("n", "o", requests, 0.0, classes(4));
  ASSERT_TRUE(w.has_value());
  std::vector<double> weights;
  for (const auto& c : w->classes) weights.push_back(c.weight);
  EXPECT_EQ(weights, (std::vector<double>{0.3, 0.3, 0.2, 0.2}));
  EXPECT_DOUBLE_EQ(w->classes[0].input, 101.0);  // (100 + 101 + 102) / 3
}

TEST(Summarise, DispersionByHand) {
  // Windows from the first arrival: [5, 15) has 3, [15, 25) has 1, [25, 35) has 2; the arrival at
  // 36 lies in a window that is not full and is left out. Mean 2, variance (1 + 1 + 0) / 3.
  std::vector<Request> requests;
  for (const double t : {5.0, 6.0, 14.9, 15.0, 25.0, 26.0, 36.0}) {
    requests.push_back(request(t, 10, 1));
  }
  const auto w = summarise("n", "o", requests, 0.0);
  ASSERT_TRUE(w.has_value());
  EXPECT_NEAR(w->dispersion, (2.0 / 3.0) / 2.0, 1e-12);
  EXPECT_DOUBLE_EQ(w->rate.si(), 6.0 / 31.0);
}

TEST(Summarise, DispersionIsNeverBelowItsFloor) {
  std::vector<Request> requests;
  for (int i = 0; i < 100; ++i) requests.push_back(request(i, 10, 1));
  EXPECT_EQ(summarise("n", "o", requests, 0.0)->dispersion, 0.05);
}

TEST(Summarise, DispersionOfASparseTraceCountsEmptyWindows) {
  // 1 000 windows, one arrival in the first; the last arrival stands at the end of the span.
  // Mean 1/1000, variance 1/1000 - 1/1000^2.
  const auto w = summarise("n", "o", {request(0, 1, 1), request(10'000, 1, 1)}, 0.0);
  EXPECT_NEAR(w->dispersion, 1.0 - 1e-3, 1e-9);
  // The whole clock: no memory in proportion to the span.
  Request last = request(0, 1, 1);
  last.arrival = Nanos{std::numeric_limits<std::int64_t>::max()};
  EXPECT_NEAR(summarise("n", "o", {request(0, 1, 1), last}, 0.0)->dispersion, 1.0, 1e-6);
}

TEST(Summarise, CapacitiesAndHitsByHand) {
  // Blocks of 50 000 tokens. a b | c | a b d: at the third request a needs 3 blocks, b too.
  // Distinct: 4 blocks, 200 000 tokens. Grid: 1e5 (2 blocks), 1.778e5 (3 blocks), 2e5.
  const auto w = summarise("n", "o",
                           {request(0, 100'000, 1, {1, 2}), request(1, 50'000, 1, {3}),
                            request(2, 120'000, 1, {1, 2, 4})},
                           50'000.0, classes(3));
  ASSERT_TRUE(w.has_value());
  ASSERT_EQ(w->capacities.size(), 3u);
  EXPECT_EQ(w->capacities[0], 1e5);
  EXPECT_NEAR(w->capacities[1], 177'827.94, 0.01);
  EXPECT_EQ(w->capacities[2], 2e5);
  EXPECT_EQ(w->hit_rate_curve[0].hit_rate, 0.0);
  EXPECT_DOUBLE_EQ(w->hit_rate_curve[1].hit_rate, 2.0 / 6.0);
  EXPECT_DOUBLE_EQ(w->hit_rate_curve[2].hit_rate, 2.0 / 6.0);
  // Uncached: 100 000, 50 000 and 20 000: the third request comes first.
  const RequestClass& c = w->classes[0];
  EXPECT_EQ(c.input, 120'000.0);
  EXPECT_EQ(c.cached, (std::vector<double>{0.0, 100'000.0, 100'000.0}));

  EXPECT_EQ(cached_tokens(*w, c, 99'999.0), 0.0);
  EXPECT_EQ(cached_tokens(*w, c, 1e5), 0.0);
  // Half way in the logarithm between 1e5 and 10^5.25.
  EXPECT_NEAR(cached_tokens(*w, c, std::pow(10.0, 5.125)), 50'000.0, 1e-6);
  EXPECT_EQ(cached_tokens(*w, c, 2e5), 100'000.0);
  EXPECT_EQ(cached_tokens(*w, c, 1e15), 100'000.0);
  EXPECT_EQ(cached_tokens(*w, c, 0.0), 0.0);
  EXPECT_EQ(cached_tokens(*w, c, std::numeric_limits<double>::quiet_NaN()), 0.0);
}

TEST(Summarise, OneTokenIsAlwaysComputed) {
  // The second request is the first again: 1 024 tokens hit, one of them is computed anyway.
  const auto w = summarise("n", "o", {request(0, 1024, 1, {1, 2}), request(1, 1024, 1, {1, 2})},
                           512.0, classes(2));
  ASSERT_TRUE(w.has_value());
  EXPECT_EQ(w->capacities, (std::vector<double>{1024.0}));  // below the grid: infinite alone
  EXPECT_EQ(w->classes[0].cached, (std::vector<double>{1023.0}));
  EXPECT_EQ(w->classes[1].cached, (std::vector<double>{0.0}));
  EXPECT_DOUBLE_EQ(w->hit_rate_curve[0].hit_rate, 0.5);
}

TEST(Summarise, WithoutRequestsOrSpan) {
  EXPECT_FALSE(summarise("n", "o", {}, 0.0).has_value());
  EXPECT_FALSE(summarise("n", "o", {request(3, 1, 1)}, 0.0).has_value());
  const auto w = summarise("n", "o", {request(3, 1, 1), request(3, 1, 1)}, 0.0);
  ASSERT_FALSE(w.has_value());
  EXPECT_EQ(w.error()[0].code, ErrorCode::data);
  EXPECT_FALSE(w.error()[0].hint.empty());
}

TEST(Summarise, InvariantsOnRandomRequests) {
  EXPECT_TRUE(rc::check("classes keep the sums", [] {
    const int n = *rc::gen::inRange(2, 60);
    std::vector<Request> requests;
    std::int64_t now = 0;
    double inputs = 0.0;
    double outputs = 0.0;
    for (int i = 0; i < n; ++i) {
      now += *rc::gen::inRange<std::int64_t>(1, 20 * second);
      Request r;
      r.arrival = Nanos{now};
      r.input_tokens = *rc::gen::inRange<std::int64_t>(1, 40'000);
      r.output_tokens = *rc::gen::inRange<std::int64_t>(1, 500);
      for (std::int64_t b = 0; b * 10'000 < r.input_tokens; ++b) {
        r.blocks.push_back(*rc::gen::inRange<std::uint64_t>(0, 60));
      }
      inputs += static_cast<double>(r.input_tokens);
      outputs += static_cast<double>(r.output_tokens);
      requests.push_back(std::move(r));
    }
    const int most = *rc::gen::inRange(1, 20);
    const auto w = summarise("n", "o", requests, 10'000.0, classes(most));
    RC_ASSERT(w.has_value());
    RC_ASSERT(w->classes.size() == static_cast<std::size_t>(std::min(most, n)));
    const auto again = summarise("n", "o", requests, 10'000.0, classes(most));
    RC_ASSERT(again.has_value() && *again == *w);
    double weights = 0.0;
    for (const RequestClass& c : w->classes) {
      weights += c.weight;
      RC_ASSERT(c.cached.size() == w->capacities.size());
      RC_ASSERT(std::is_sorted(c.cached.begin(), c.cached.end()));  // more capacity, more hits
      RC_ASSERT(c.cached.back() < c.input);
    }
    RC_ASSERT(std::abs(weights - 1.0) < 1e-12);
    RC_ASSERT(std::abs(mean_input(*w) - inputs / n) < 1e-6);
    RC_ASSERT(std::abs(mean_output(*w) - outputs / n) < 1e-6);
    RC_ASSERT(std::is_sorted(w->capacities.begin(), w->capacities.end()));
    RC_ASSERT(w->dispersion >= 0.05);
  }));
}

/// A trace of the shared data, or nothing when the variable is not set.
std::optional<Trace> shared_trace(const std::string& file) {
  const char* folder = std::getenv("SN_SHARED_DATA");
  if (folder == nullptr) return std::nullopt;
  std::filesystem::path path = std::filesystem::path(folder) / "traces" / file;
  if (!std::filesystem::exists(path)) path = std::filesystem::path(folder) / file;
  const auto text = read_file(path.string());
  EXPECT_TRUE(text.has_value()) << path;
  if (!text) return Trace{};
  const auto trace = read_trace(file, *text);
  EXPECT_TRUE(trace.has_value());
  return trace ? *trace : Trace{};
}

TEST(SharedTraces, MooncakeConversation) {
  const auto trace = shared_trace("mooncake_conversation_trace.jsonl.gz");
  if (!trace) GTEST_SKIP() << "SN_SHARED_DATA is not set";
  EXPECT_EQ(trace->requests.size(), 12'031u);
  EXPECT_EQ(trace->malformed, 0u);
  EXPECT_EQ(trace->out_of_order, 0u);
  const auto w = summarise("conversation", "o", trace->requests, trace->block_tokens);
  ASSERT_TRUE(w.has_value());
  // An infinite cache serves all but the first access of 182 790 blocks: 105 710 of 288 500.
  EXPECT_DOUBLE_EQ(w->hit_rate_curve.back().hit_rate, 0.3664124783362218);
  EXPECT_EQ(w->capacities.back(), 182'790.0 * 512.0);
  EXPECT_EQ(w->classes.size(), 128u);
  EXPECT_NEAR(w->rate.si(), 12'030.0 / 3536.999, 1e-9);
  EXPECT_EQ(w->input_max, 126'195.0);
}

TEST(Coarsened, MergesNeighboursIntoWeightedMeans) {
  Workload w;
  w.capacities = {1000.0};
  w.classes = {{.weight = 0.1, .input = 100.0, .output = 10.0, .cached = {50.0}},
               {.weight = 0.3, .input = 200.0, .output = 20.0, .cached = {0.0}},
               {.weight = 0.6, .input = 900.0, .output = 5.0, .cached = {300.0}}};
  const Workload two = coarsened(w, 2);
  ASSERT_EQ(two.classes.size(), 2u);
  // Classes 0 and 1 of 3 fall into the first half: (0.1 x 100 + 0.3 x 200) / 0.4 = 175.
  EXPECT_NEAR(two.classes[0].weight, 0.4, 1e-12);
  EXPECT_NEAR(two.classes[0].input, 175.0, 1e-9);
  EXPECT_NEAR(two.classes[0].output, 17.5, 1e-9);
  EXPECT_NEAR(two.classes[0].cached[0], 12.5, 1e-9);
  EXPECT_EQ(two.classes[1], w.classes[2]);
  EXPECT_NEAR(mean_input(two), mean_input(w), 1e-9);
  EXPECT_EQ(coarsened(w, 3), w);
}

TEST(SharedTraces, AzureConversation) {
  const auto trace = shared_trace("azure2023_conv.csv.gz");
  if (!trace) GTEST_SKIP() << "SN_SHARED_DATA is not set";
  EXPECT_EQ(trace->requests.size(), 19'366u);
  EXPECT_EQ(trace->malformed, 0u);
  const auto w = summarise("azure", "o", trace->requests, trace->block_tokens);
  ASSERT_TRUE(w.has_value());
  // From 18:15:46.680590 to 19:14:08.402527.
  EXPECT_NEAR(w->rate.si(), 19'365.0 / 3501.721937, 1e-6);
  EXPECT_TRUE(w->capacities.empty());
}

}  // namespace
}  // namespace sn::serving
