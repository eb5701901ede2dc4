// sn/serving/engine/pipeline_test.cc
//
// Chunks in a pipeline: nothing overtakes, routing sees what is inside, and more micro-batches in
// flight than stages fill the bubbles that unequal chunks leave.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

/// Share of the time from the first to the last step that the first stage was busy.
class Busy final : public EngineObserver {
 public:
  void on_step(const StepRecord& s) override {
    first = steps++ == 0 ? s.begin : std::min(first, s.begin);
    last = std::max(last, s.end);
    busy += s.time->interval.si();
  }
  [[nodiscard]] double share() const { return busy / seconds(first, last); }

  int steps = 0;
  Nanos first;
  Nanos last;
  double busy = 0.0;
};

constexpr std::int64_t chunk = 8192;

/// `prompts` of `length` tokens offered at once to eight stages.
double utilisation(std::int64_t ahead, std::int64_t length, int prompts) {
  PoolSpec first = pool_spec(small_bed(), 1, {.pp = 8}, {.tokens = chunk}, 1'000'000);
  first.batches_ahead = ahead;
  PoolSpec second = pool_spec(small_bed(), 1, {}, {.tokens = 0}, 1'000'000);
  Busy seen;
  ServingEngine engine(spec_of({std::move(first), std::move(second)}), &seen);
  for (int i = 0; i < prompts; ++i) engine.submit(request_of(0.0, length, 1), {});
  run_to_end(engine);
  EXPECT_EQ(engine.alive(), 0);
  return seen.share();
}

TEST(Pipeline, MoreMicroBatchesInFlightFillTheBubblesOfUnequalChunks) {
  // Chunks of a long prompt take longer the more keys are before them.
  const double as_stages = utilisation(0, 16 * chunk, 16);
  const double more = utilisation(8, 16 * chunk, 16);
  const double many = utilisation(64, 16 * chunk, 16);
  EXPECT_LT(as_stages, 0.85);
  EXPECT_GT(more, as_stages + 0.03);
  EXPECT_GE(many, more);
  EXPECT_GT(many, 0.93);
}

TEST(Pipeline, EqualChunksFillItWithOneMicroBatchAStage) {
  const double as_stages = utilisation(0, chunk, 200);
  EXPECT_GT(as_stages, 0.95);
  EXPECT_NEAR(utilisation(8, chunk, 200), as_stages, 0.01);
}

/// When a short prompt has its token that comes while one of two instances has a long chunk in its
/// pipeline; it would be the long one's turn.
double short_after_long(Routing routing) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 2, {.pp = 4}, {.tokens = 16'384}, 100'000),
                             pool_spec(small_bed(), 1, {}, {.tokens = 0}, 100'000)});
  spec.deployments[0].routing = routing;
  Collector seen;
  ServingEngine engine(spec, &seen);
  run_all(engine, {request_of(0.0, 16'384, 1), request_of(0.001, 16, 1), request_of(0.03, 16, 1)});
  const auto third = std::find_if(seen.lives.begin(), seen.lives.end(),
                                  [](const RequestRecord& r) { return r.id == 2; });
  EXPECT_NE(third, seen.lives.end());
  return seconds(third->arrival, third->first_token);
}

TEST(Pipeline, CompletionAwareRoutingSeesTheChunksInside) {
  const double blind = short_after_long(Routing::prefix_aware);
  const double sees = short_after_long(Routing::completion_aware);
  EXPECT_LT(sees, 0.5 * blind);
}

TEST(Pipeline, CompletionAwareRoutingPrefersThePrefixUnlessTheWaitIsLonger) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 2, {}, {.tokens = 4096}, 100'000)});
  spec.deployments[0].routing = Routing::completion_aware;
  std::vector<std::uint64_t> blocks(32);
  for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i] = i + 1;
  Collector seen;
  ServingEngine engine(spec, &seen);
  // The prefix comes to lie on the first; the second one's turn is passed over for it.
  run_all(engine, {request_of(0.0, 2048, 1, blocks), request_of(1.0, 2048, 1, blocks),
                   request_of(2.0, 60'000, 1), request_of(2.01, 60'000, 1),
                   request_of(2.02, 2048, 1, blocks)});
  const auto instance = [&](std::uint64_t id) {
    return std::find_if(seen.lives.begin(), seen.lives.end(),
                        [&](const RequestRecord& r) { return r.id == id; })
        ->instance;
  };
  EXPECT_EQ(instance(0), instance(1));
  EXPECT_NE(instance(2), instance(3));  // the work of the one is seen by the other
}

}  // namespace
}  // namespace sn::serving
