// sn/serving/engine/tiers_test.cc
//
// Blocks below HBM: found, loaded when that is quicker, shared, promoted, lost; by hand.

#include <gtest/gtest.h>

#include <cstdlib>

#include "sn/base/files/files.h"
#include "sn/serving/engine/engine_test_util.h"
#include "sn/serving/load/trace/trace.h"

namespace sn::serving {
namespace {

constexpr double per_token = 131072.0;  // Llama-3.1-8B in bf16
constexpr double rate = 40e9;
constexpr double latency = 20e-6;

/// `instances` with HBM for `pages` of 16 tokens over one shared tier.
EngineSpec pooled(std::int64_t instances, std::int64_t pages, std::int64_t blocks = 10'000) {
  PoolSpec pool = pool_spec(small_bed(), instances, {}, {}, pages);
  pool.load_per_token = pool.save_per_token = Bytes::from_si(per_token);
  pool.tier_rates = {{Bandwidth::from_si(rate), Bandwidth::from_si(rate)}};
  EngineSpec spec = spec_of({pool});
  DeploymentSpec& d = spec.deployments.front();
  TierSpec tier;
  tier.name = "pool";
  tier.blocks = blocks;
  tier.shared = true;
  tier.pool_read = tier.pool_write = Bandwidth::from_si(1e12);
  tier.read_latency = tier.write_latency = Time::from_si(latency);
  d.tiering.tiers = {tier};
  return spec;
}

std::vector<std::uint64_t> blocks_of(std::uint64_t who, std::int64_t n) {
  std::vector<std::uint64_t> out;
  for (std::int64_t i = 0; i < n; ++i) out.push_back(who * 1000 + static_cast<std::uint64_t>(i));
  return out;
}

/// 4,096 tokens are 64 blocks of 64.
Request prompt(double at, std::uint64_t who) { return request_of(at, 4096, 2, blocks_of(who, 64)); }

double ttft(const RequestRecord& r) { return seconds(r.arrival, r.first_token); }

/// Session-sticky routing sends `who` to a rank of its own; sessions tell turns apart.
Request of_session(Request r, std::uint64_t session) {
  r.session = session;
  return r;
}

TEST(Tiers, AHitFromAnotherInstanceCostsItsBytesAndOneToken) {
  EngineSpec spec = pooled(2, 1000);
  spec.deployments.front().routing = Routing::round_robin;
  Collector seen;
  ServingEngine engine(spec, &seen);
  run_all(engine, {prompt(0.0, 1), prompt(5.0, 1), prompt(10.0, 7)});
  ASSERT_EQ(seen.lives.size(), 3u);
  const RequestRecord& cold = seen.lives[0];
  const RequestRecord& hit = seen.lives[1];
  EXPECT_NE(cold.instance, hit.instance);
  EXPECT_EQ(cold.loaded, 0);
  EXPECT_EQ(hit.loaded, 4095);
  EXPECT_EQ(hit.hit_blocks, 64);
  const double load = latency + 4096.0 * per_token / rate;
  EXPECT_NEAR(seconds(hit.load_begin, hit.load_end), load, 1e-6);
  // Never below its bytes over the bandwidth; behind them a step of one token with 4,095 keys.
  EXPECT_GT(ttft(hit), 4096.0 * per_token / rate);
  EXPECT_LT(ttft(hit), load + 0.02);
  EXPECT_LT(ttft(hit), 0.5 * ttft(cold));
  const TierState state = engine.tier_state(0, 0);
  EXPECT_EQ(state.blocks, 128);
  EXPECT_EQ(state.hits, 64u);
  EXPECT_EQ(state.looked, 3u * 64u);
  EXPECT_EQ(state.read.si(), 4096.0 * per_token);
  EXPECT_EQ(state.written.si(), 128.0 * 64.0 * per_token);
}

TEST(Tiers, WhatIsLoadedSlowerThanComputedIsComputed) {
  EngineSpec spec = pooled(2, 1000);
  spec.deployments.front().routing = Routing::round_robin;
  spec.deployments.front().pools.front().tier_rates = {
      {Bandwidth::from_si(1e9), Bandwidth::from_si(1e9)}};
  Collector seen;
  ServingEngine engine(spec, &seen);
  run_all(engine, {prompt(0.0, 1), prompt(5.0, 1)});
  EXPECT_EQ(seen.lives[1].loaded, 0);
  EXPECT_EQ(engine.tier_state(0, 0).passed, 64u);
  EXPECT_NEAR(ttft(seen.lives[0]), ttft(seen.lives[1]), 1e-9);
}

TEST(Tiers, LayersThatOverlapHideTheLoadBehindTheFirstStep) {
  std::vector<double> times;
  for (const double layers : {1.0, 32.0}) {
    EngineSpec spec = pooled(2, 2000);
    spec.deployments.front().routing = Routing::round_robin;
    spec.deployments.front().tiering.layers = layers;
    Collector seen;
    ServingEngine engine(spec, &seen);
    // Half of the second prompt is known.
    Request half = request_of(5.0, 8192, 2, blocks_of(1, 64));
    for (std::uint64_t i = 0; i < 64; ++i) half.blocks.push_back(90'000 + i);
    run_all(engine, {prompt(0.0, 1), half});
    EXPECT_EQ(seen.lives[1].loaded, 4096);
    times.push_back(ttft(seen.lives[1]));
    EXPECT_GT(times.back(), 4096.0 * per_token / rate);
  }
  const double load = 4096.0 * per_token / rate;
  EXPECT_NEAR(times[0] - times[1], load * 31.0 / 32.0, 0.1 * load);
}

TEST(Tiers, TwoLoadsShareARanksEngines) {
  EngineSpec spec = pooled(2, 4000);
  spec.deployments.front().routing = Routing::session_sticky;
  Collector seen;
  ServingEngine engine(spec, &seen);
  // Sessions 1 and 2 on different ranks fill the pool; then two of one session read both at once.
  std::vector<Request> all = {of_session(prompt(0.0, 1), 1), of_session(prompt(5.0, 2), 1)};
  std::uint64_t other = 2;
  for (; other < 50; ++other) {  // a session that goes to the other instance
    Collector probe;
    ServingEngine small(spec, &probe);
    run_all(small, {of_session(prompt(0.0, 1), 1), of_session(prompt(5.0, 2), other)});
    if (probe.lives[0].instance != probe.lives[1].instance) break;
  }
  ASSERT_LT(other, 50u);
  all.push_back(of_session(prompt(10.0, 1), other));
  all.push_back(of_session(prompt(10.0, 2), other));
  run_all(engine, all);
  const double alone = latency + 4096.0 * per_token / rate;
  double longest = 0.0;
  for (const RequestRecord& r : seen.lives) {
    if (r.loaded > 0) longest = std::max(longest, seconds(r.load_begin, r.load_end));
  }
  EXPECT_NEAR(longest, 2.0 * alone, 0.15 * alone);
}

TEST(Tiers, WriteBackGoesDownWhenHbmEvicts) {
  EngineSpec spec = pooled(1, 300);  // one prompt of 257 pages
  spec.deployments.front().tiering.write_back = true;
  Collector seen;
  ServingEngine engine(spec, &seen);
  run_all(engine, {prompt(0.0, 1)});
  EXPECT_EQ(engine.tier_state(0, 0).blocks, 0);
  for (const auto& [at, who] : {std::pair{5.0, 2u}, std::pair{10.0, 1u}}) {
    const Request r = prompt(at, who);
    engine.advance(r.arrival);
    engine.submit(r, r.arrival);
    run_to_end(engine);
  }
  EXPECT_GT(engine.tier_state(0, 0).blocks, 50);
  EXPECT_GT(seen.lives[2].loaded, 3000);
}

TEST(Tiers, WhatATierEvictsGoesToTheNextAndComesBackThroughTheFirst) {
  EngineSpec spec = pooled(2, 1000, 64);
  DeploymentSpec& d = spec.deployments.front();
  d.routing = Routing::round_robin;
  d.tiering.tiers.push_back(d.tiering.tiers.front());
  d.tiering.tiers.back().name = "below";
  d.tiering.tiers.back().blocks = 10'000;
  d.pools.front().tier_rates.push_back(d.pools.front().tier_rates.front());
  Collector seen;
  ServingEngine engine(spec, &seen);
  // 1 and 2 fill the first tier in turn; 3 keeps the turns odd, so that 1 meets the other instance.
  run_all(engine, {prompt(0.0, 1), prompt(5.0, 2)});
  EXPECT_EQ(engine.tier_state(0, 0).blocks, 64);
  EXPECT_EQ(engine.tier_state(0, 1).blocks, 64);
  const Request third = prompt(20.0, 3);
  engine.submit(third, third.arrival);
  run_to_end(engine);
  const Request again = prompt(30.0, 1);
  engine.submit(again, again.arrival);
  run_to_end(engine);
  EXPECT_EQ(seen.lives[3].loaded, 4095);
  EXPECT_EQ(engine.tier_state(0, 1).hits, 64u);
  EXPECT_EQ(engine.tier_state(0, 0).inserted, 4u * 64u);  // 1, 2, 3, and 1 promoted
  EXPECT_TRUE(engine.consistent());
}

TEST(Tiers, ALostTierLosesCacheAndNoRequest) {
  EngineSpec spec = pooled(2, 1000);
  spec.deployments.front().routing = Routing::round_robin;
  Collector seen;
  ServingEngine engine(spec, &seen);
  run_all(engine, {prompt(0.0, 1)});
  const Request r = prompt(5.0, 1);
  engine.submit(r, r.arrival);
  const Nanos middle{r.arrival.count + 5'000'000};  // of a load of 13.4 ms
  engine.advance(middle);
  EXPECT_EQ(engine.alive_by_state(0).loading, 1);
  EXPECT_EQ(engine.lose_tier(0, 0, 0, 1, middle), 64);
  EXPECT_EQ(engine.alive_by_state(0).loading, 0);
  EXPECT_TRUE(engine.consistent());
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 2u);
  EXPECT_EQ(seen.lives[1].ending, Ending::finished);
  EXPECT_EQ(seen.lives[1].loaded, 0);
  EXPECT_EQ(seen.lives[1].cached, 0);
  EXPECT_NEAR(ttft(seen.lives[1]), ttft(seen.lives[0]) + 5e-3, 1e-4);
  EXPECT_EQ(engine.tier_state(0, 0).lost, 64u);
}

TEST(Tiers, APrivatePlaceIsOfItsImagesAlone) {
  for (const bool together : {true, false}) {
    EngineSpec spec = pooled(2, 1000);
    DeploymentSpec& d = spec.deployments.front();
    d.routing = Routing::round_robin;
    d.tiering.tiers.front().shared = false;
    d.tiering.tiers.front().image_read = Bandwidth::from_si(1e11);
    d.tiering.tiers.front().image_write = Bandwidth::from_si(1e11);
    d.tiering.gpus_per_image = together ? 2 : 1;
    Collector seen;
    ServingEngine engine(spec, &seen);
    run_all(engine, {prompt(0.0, 1), prompt(5.0, 1)});
    EXPECT_EQ(seen.lives[1].loaded, together ? 4095 : 0);
  }
}

/// Mooncake's conversation trace: 36.64 % of all blocks hit in an infinite cache. Slowed down so
/// that a request is over before the next one comes, the engine with a pool finds the same.
TEST(Tiers, AnInfinitePoolReachesTheCeilingOfTheConversationTrace) {
  const char* shared = std::getenv("SN_SHARED_DATA");
  if (shared == nullptr) GTEST_SKIP() << "the trace is not there: set SN_SHARED_DATA";
  const Result<std::string> text =
      read_file(std::string(shared) + "/traces/mooncake_conversation_trace.jsonl.gz");
  ASSERT_TRUE(text.has_value());
  const Result<Trace> trace = read_trace("conversation", *text);
  ASSERT_TRUE(trace.has_value());
  EngineSpec spec = pooled(1, 12'000, 1'000'000);
  DeploymentSpec& d = spec.deployments.front();
  d.block_tokens = 512;
  d.max_context = 0;
  Collector seen;
  ServingEngine engine(spec, &seen);
  std::int64_t at = 0;
  for (Request r : trace->requests) {
    r.arrival = Nanos{at += 100'000'000'000};
    r.output_tokens = 1;
    engine.submit(r, r.arrival);
    run_to_end(engine);
  }
  std::int64_t hits = 0;
  std::int64_t blocks = 0;
  for (const RequestRecord& r : seen.lives) {
    EXPECT_EQ(r.ending, Ending::finished);
    blocks += r.blocks;
    hits += r.hit_blocks;
  }
  const auto passed = static_cast<std::int64_t>(engine.tier_state(0, 0).passed);
  EXPECT_EQ(blocks, 288'500);
  EXPECT_EQ(hits + passed, 105'710);
  EXPECT_EQ(engine.tier_state(0, 0).blocks, blocks - hits - passed);
}

}  // namespace
}  // namespace sn::serving
