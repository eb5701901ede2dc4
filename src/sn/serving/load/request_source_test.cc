// sn/serving/load/request_source_test.cc

#include "sn/serving/load/request_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "sn/kv/paged_cache.h"

namespace sn::serving {
namespace {

std::vector<Request> all_of(RequestSource& source) {
  std::vector<Request> out;
  Request r;
  while (source.next(r)) out.push_back(r);
  return out;
}

std::shared_ptr<const TraceFile> small_trace() {
  std::vector<Request> requests;
  for (int i = 0; i < 5; ++i) {
    Request r;
    r.arrival = {1'000'000'000 + i * 100'000'000};
    r.input_tokens = 100 + i;
    r.output_tokens = 10;
    r.blocks = {1, static_cast<std::uint64_t>(i)};
    requests.push_back(r);
  }
  TraceFile trace;
  trace.requests = 5;
  trace.first = requests.front().arrival;
  trace.last = requests.back().arrival;
  trace.held = std::make_shared<const std::vector<Request>>(std::move(requests));
  return std::make_shared<const TraceFile>(std::move(trace));
}

TEST(Replay, FasterInTime) {
  const auto source = replay(small_trace(), {.multiple = 2.0});
  const auto all = all_of(*source);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[0].arrival.count, 0);
  EXPECT_EQ(all[4].arrival.count, 200'000'000);
  EXPECT_EQ(source->expected(), 5);
  EXPECT_NEAR(source->span().si(), 0.25, 1e-9);
}

TEST(Replay, RepeatsWithPrefixesOfItsOwn) {
  const auto all = all_of(*replay(small_trace(), {.repeat = 3}));
  ASSERT_EQ(all.size(), 15u);
  EXPECT_EQ(all[5].arrival.count, 500'000'000);  // one mean gap after the last
  EXPECT_NE(all[5].blocks[0], all[0].blocks[0]);
  EXPECT_EQ(all[6].blocks[0], all[5].blocks[0]);
}

TEST(Replay, CopiesAreMoreUsersInTheSameTime) {
  const auto source = replay(small_trace(), {.multiple = 2.5, .scaling = Scaling::copies});
  const auto all = all_of(*source);
  EXPECT_GE(all.size(), 10u);
  EXPECT_LE(all.size(), 15u);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i - 1].arrival, all[i].arrival);
  EXPECT_LT(all.back().arrival.count, 500'000'000);
  std::set<std::uint64_t> firsts;
  for (const Request& r : all) firsts.insert(r.blocks[0]);
  EXPECT_GE(firsts.size(), 2u);
}

TEST(Replay, EndsAtALimitOrATime) {
  EXPECT_EQ(all_of(*replay(small_trace(), {.limit = 3})).size(), 3u);
  EXPECT_EQ(all_of(*replay(small_trace(), {.until = Time::from_si(0.25)})).size(), 3u);
}

SyntheticSpec chat_sessions() {
  SyntheticSpec spec;
  spec.requests = 20'000;
  spec.arrivals.rate = Rate::from_si(5.0);
  spec.input = {.kind = LengthDistribution::Kind::uniform, .min = 50, .max = 150};
  spec.output = {.kind = LengthDistribution::Kind::uniform, .min = 100, .max = 300};
  spec.sessions = SessionSpec{
      .turns = 5.0, .pause = Time::from_si(20.0), .shared_prefix = 640, .context = 8000};
  return spec;
}

TEST(Sessions, TurnsGrowByWhatWasSaid) {
  const auto all = all_of(*synthetic_source(chat_sessions(), 3));
  ASSERT_EQ(all.size(), 20'000u);
  std::map<std::uint64_t, Request> last;
  std::size_t first_turns = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Request& r = all[i];
    if (i > 0) {
      ASSERT_LE(all[i - 1].arrival, r.arrival);
    }
    const auto before = last.find(r.session);
    const std::int64_t said =
        before == last.end() ? 640 : before->second.input_tokens + before->second.output_tokens;
    first_turns += before == last.end() ? 1 : 0;
    ASSERT_GE(r.input_tokens, said + 50);
    ASSERT_LE(r.input_tokens, said + 150);
    // Whole blocks of all that was said come back.
    if (before != last.end()) {
      const auto& old = before->second.blocks;
      ASSERT_TRUE(std::equal(old.begin(), old.end(), r.blocks.begin()));
    }
    last[r.session] = r;
  }
  EXPECT_NEAR(20'000.0 / static_cast<double>(first_turns), 5.0, 0.4);
  EXPECT_NEAR(20'000.0 / all.back().arrival.to_time().si(), 5.0, 0.3);
}

TEST(Sessions, EverySessionSharesThePrefixAndNothingElse) {
  SyntheticSpec spec = chat_sessions();
  spec.requests = 500;
  const auto all = all_of(*synthetic_source(spec, 4));
  for (const Request& r : all) {
    for (std::size_t i = 0; i < r.blocks.size(); ++i) {
      EXPECT_EQ(r.blocks[i] < (1u << 24), i < 10) << i;  // 640 tokens are ten blocks of 64
    }
  }
}

TEST(Diurnal, TheRateFollowsTheHour) {
  SyntheticSpec spec;
  spec.requests = 100'000;
  spec.arrivals = {.kind = ArrivalProcess::Kind::diurnal,
                   .rate = Rate::from_si(100.0),
                   .amplitude = 0.8,
                   .period = Time::from_si(100.0)};
  double high = 0.0;
  double low = 0.0;
  const auto source = synthetic_source(spec, 1);
  Request r;
  while (source->next(r)) {
    const double phase = std::fmod(r.arrival.to_time().si(), 100.0);
    (phase < 50.0 ? high : low) += 1.0;
  }
  // Means over half a period: 1 +- 2 x 0.8 / pi.
  const double swing = 2.0 * 0.8 / 3.14159265;
  EXPECT_NEAR(high / low, (1.0 + swing) / (1.0 - swing), 0.1);
}

TEST(Replay, SkipsWhatComesFirst) {
  SyntheticSpec spec;
  spec.arrivals.rate = Rate::from_si(10.0);
  spec.requests = 400;
  spec.input = {.min = 10, .max = 2000};
  const auto whole = all_of(*draw(spec, 7, {}));
  const auto source = draw(spec, 7, {.skip = 100, .limit = 200});
  EXPECT_EQ(source->expected(), 200);
  const auto part = all_of(*source);
  ASSERT_EQ(part.size(), 200u);
  for (std::size_t i = 0; i < part.size(); ++i) {
    EXPECT_EQ(part[i].input_tokens, whole[100 + i].input_tokens);
    EXPECT_EQ(part[i].arrival.count, whole[100 + i].arrival.count - whole[99].arrival.count);
  }
  EXPECT_EQ(draw(spec, 7, {.skip = 300})->expected(), 100);
  EXPECT_TRUE(all_of(*draw(spec, 7, {.skip = 500})).empty());
}

TEST(Imitation, KeepsRateLengthsAndHits) {
  Workload w;
  w.rate = Rate::from_si(10.0);
  w.dispersion = 2.0;
  w.block_tokens = 64.0;
  w.capacities = {1e5, 1e7};
  w.classes = {{.weight = 0.5, .input = 640, .output = 100, .cached = {128, 320}},
               {.weight = 0.5, .input = 1280, .output = 200, .cached = {128, 320}}};
  const auto source = imitate(w, 1, 50'000, {});
  const auto all = all_of(*source);
  ASSERT_EQ(all.size(), 50'000u);
  EXPECT_NEAR(50'000.0 / all.back().arrival.to_time().si(), 10.0, 0.3);
  kv::PagedCache cache({.pages = 2'000'000});
  double input = 0.0;
  double hits = 0.0;
  std::vector<std::uint64_t> keys;
  for (const Request& r : all) {
    keys.clear();
    kv::chain_keys(r.blocks, 0, keys);
    const std::size_t hit = cache.match(keys);
    kv::NodeId leaf = cache.pin(keys, hit);
    ASSERT_TRUE(cache.allocate(static_cast<std::int64_t>(keys.size() - hit)));
    for (std::size_t i = hit; i < keys.size(); ++i) leaf = cache.extend(leaf, keys[i], 1, 64);
    cache.release(leaf, r.arrival);
    hits += static_cast<double>(hit) * 64.0;
    input += static_cast<double>(r.input_tokens);
  }
  EXPECT_NEAR(input / 50'000.0, 960.0, 10.0);
  // An earlier request that is too short to lend its prefix costs some of the hits.
  EXPECT_NEAR(hits / input, 320.0 / 960.0, 0.04);
}

/// Two requests, the clock's whole range apart.
std::shared_ptr<const TraceFile> endless_trace() {
  std::vector<Request> requests(2);
  requests[0].input_tokens = requests[1].input_tokens = 1;
  requests[1].arrival = {std::numeric_limits<std::int64_t>::max()};
  TraceFile trace;
  trace.requests = 2;
  trace.last = requests[1].arrival;
  trace.held = std::make_shared<const std::vector<Request>>(std::move(requests));
  return std::make_shared<const TraceFile>(std::move(trace));
}

TEST(Replay, WhatTheClockDoesNotHoldIsRefused) {
  const auto refused = [](std::shared_ptr<const TraceFile> trace, const Replay& how) {
    const auto source = replay(std::move(trace), how);
    EXPECT_TRUE(all_of(*source).empty());
    const Result<Nanos> span = span_on_clock(*source);
    ASSERT_FALSE(span.has_value());
    EXPECT_EQ(span.error().front().code, ErrorCode::limit);
    EXPECT_NE(span.error().front().message.find("146 years"), std::string::npos);
  };
  refused(endless_trace(), {});
  // 0.5 s of requests: a million times over, a million times slower, both.
  EXPECT_TRUE(span_on_clock(*replay(small_trace(), {.repeat = 1'000'000})).has_value());
  EXPECT_TRUE(span_on_clock(*replay(small_trace(), {.multiple = 1e-6})).has_value());
  refused(small_trace(), {.multiple = 1e-6, .repeat = 1'000'000});
}

TEST(Replay, ManyCopiesAreRefusedAndThousandsBeginInTheirMiddle) {
  const auto many = replay(small_trace(), {.multiple = 1e18, .scaling = Scaling::copies});
  EXPECT_TRUE(all_of(*many).empty());
  ASSERT_EQ(many->faults().size(), 1u);
  EXPECT_NE(many->faults()[0].message.find("10000"), std::string::npos);
  const auto most = all_of(*replay(small_trace(), {.multiple = 1000, .scaling = Scaling::copies}));
  EXPECT_EQ(most.size(), 5000u);
  EXPECT_TRUE(std::is_sorted(most.begin(), most.end(), [](const Request& a, const Request& b) {
    return a.arrival < b.arrival;
  }));
}

TEST(Draw, FarBelowALoadersLeastRateAndUpToTheEndOfTheClock) {
  SyntheticSpec spec;
  spec.arrivals.kind = ArrivalProcess::Kind::fixed;
  spec.arrivals.rate = Rate::from_si(0.01);
  spec.requests = 100;
  const auto slow = draw(spec, 1, {.multiple = 1e-3});
  EXPECT_NEAR(all_of(*slow).back().arrival.to_time().si(), 1e7, 1e-3);  // 100 x 1e5 s
  EXPECT_TRUE(slow->faults().empty());
  // 100 x 1e8 s are 317 years: it ends on the way, and says why.
  const auto late = draw(spec, 1, {.multiple = 1e-6});
  EXPECT_FALSE(span_on_clock(*late).has_value());
  EXPECT_EQ(all_of(*late).size(), 46u);  // 46e8 s < 2^62 ns
  EXPECT_EQ(late->faults().front().code, ErrorCode::limit);
}

TEST(Draw, SessionsThatPauseForYearsAreRefused) {
  SyntheticSpec spec = chat_sessions();
  spec.arrivals.rate = Rate::from_si(0.01);
  spec.requests = 100'000'000;
  spec.sessions->turns = 1000.0;
  spec.sessions->context = 16;  // one turn a session
  const Result<WorkloadSummary> drawn = summarise(spec, 1);
  ASSERT_FALSE(drawn.has_value());
  EXPECT_EQ(drawn.error().front().code, ErrorCode::limit);
}

}  // namespace
}  // namespace sn::serving
