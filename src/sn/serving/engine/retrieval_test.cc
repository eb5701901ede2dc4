// sn/serving/engine/retrieval_test.cc
//
// What requests read from storage before they are queued: flows that share the DCN links of the
// deployment's OS images, in every request's TTFT.

#include <gtest/gtest.h>

#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

/// 1 GB a request over links of 10 GB/s and 10 ms.
EngineSpec reading(std::int64_t links) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 1, {}, {}, 4096)});
  DeploymentSpec& d = spec.deployments.front();
  d.retrieval = Bytes::from_si(1e9);
  d.storage_links = links;
  d.storage_bandwidth = Bandwidth::from_si(10e9);
  d.storage_latency = Time::from_si(0.01);
  return spec;
}

TEST(Retrieval, IsDoneBeforeARequestIsQueuedAndIsInItsFirstToken) {
  Collector with;
  ServingEngine engine(reading(1), &with);
  run_all(engine, {request_of(1.0, 500, 10)});
  Collector without;
  ServingEngine plain(spec_of({pool_spec(small_bed(), 1, {}, {}, 4096)}), &without);
  run_all(plain, {request_of(1.0, 500, 10)});
  ASSERT_EQ(with.lives.size(), 1u);
  const RequestRecord& r = with.lives.front();
  EXPECT_NEAR(seconds(r.arrival, r.fetched), 0.11, 1e-6);
  EXPECT_EQ(r.queued, r.fetched);
  const RequestRecord& p = without.lives.front();
  EXPECT_EQ(p.fetched.count, 0);
  EXPECT_NEAR(seconds(r.arrival, r.first_token), seconds(p.arrival, p.first_token) + 0.11, 1e-6);
}

TEST(Retrieval, SharesALinkAndTakesLinksInTurn) {
  for (const std::int64_t links : {1, 2}) {
    Collector seen;
    ServingEngine engine(reading(links), &seen);
    run_all(engine, {request_of(1.0, 500, 10), request_of(1.0, 500, 10)});
    ASSERT_EQ(seen.lives.size(), 2u);
    for (const RequestRecord& r : seen.lives) {
      EXPECT_NEAR(seconds(r.arrival, r.fetched), links == 1 ? 0.21 : 0.11, 1e-6);
    }
  }
}

TEST(Retrieval, OfARequestThatIsCancelledGivesItsShareBack) {
  Collector seen;
  ServingEngine engine(reading(1), &seen);
  const std::uint64_t first = engine.submit(request_of(0.0, 500, 10), Nanos{0});
  engine.submit(request_of(0.0, 500, 10), Nanos{0});
  engine.advance(Nanos{100'000'000});  // each has 0.5 GB
  EXPECT_TRUE(engine.cancel(first, Nanos{100'000'000}));
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 2u);
  EXPECT_EQ(seen.lives.front().ending, Ending::cancelled);
  EXPECT_EQ(seen.lives.back().ending, Ending::finished);
  EXPECT_NEAR(seconds(Nanos{0}, seen.lives.back().fetched), 0.16, 1e-6);
  EXPECT_EQ(engine.alive(), 0);
}

TEST(Retrieval, ThatOutlastsItsTimeoutEndsOnce) {
  Collector seen;
  ServingEngine engine(reading(1), &seen);
  Request r = request_of(0.0, 500, 10);
  r.timeout = {50'000'000};
  engine.submit(r, Nanos{0});
  run_to_end(engine);
  ASSERT_EQ(seen.lives.size(), 1u);
  EXPECT_EQ(seen.lives.front().ending, Ending::timed_out);
  EXPECT_EQ(engine.alive(), 0);
}

}  // namespace
}  // namespace sn::serving
