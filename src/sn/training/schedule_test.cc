// sn/training/schedule_test.cc
//
// Closed forms of pipeline schedules against the player, which knows orders and dependencies alone.

#include "sn/training/schedule.h"

#include <gtest/gtest.h>

#include "sn/training/schedule_play.h"

namespace sn::training {
namespace {

std::vector<StageTimes> even(std::int64_t stages, const StageTimes& t) {
  return std::vector<StageTimes>(static_cast<std::size_t>(stages), t);
}

/// Every micro-batch went forward and backward once on every stage and chunk.
void expect_complete(const Played& played, std::int64_t per_stage, std::int64_t stages) {
  ASSERT_FALSE(played.stuck);
  std::int64_t forwards = 0;
  std::int64_t backwards = 0;
  for (const PlayedTask& t : played.tasks) {
    forwards += t.kind == PlayedTask::Kind::forward || t.kind == PlayedTask::Kind::both ? 1 : 0;
    backwards += t.kind == PlayedTask::Kind::forward || t.kind == PlayedTask::Kind::weight ? 0 : 1;
  }
  EXPECT_EQ(forwards, per_stage * stages);
  EXPECT_EQ(backwards, per_stage * stages);
}

TEST(Schedule, OneForwardOneBackward) {
  const StageTimes t{.forward = 1.0, .input = 1.2, .weight = 0.7};
  for (const std::int64_t p : {1, 2, 4, 7}) {
    for (const std::int64_t n : {p, 2 * p + 1, 6 * p}) {
      const Played played = play(Schedule::one_f_one_b, p, 1, n, even(p, t));
      const PipelineTime closed = pipeline_time(Schedule::one_f_one_b, p, 1, n, t);
      expect_complete(played, n, p);
      EXPECT_NEAR(played.total, closed.total, 1e-9) << p << " " << n;
      EXPECT_NEAR(played.held.front(), held_micro_batches(Schedule::one_f_one_b, p, 1, n), 1e-9);
    }
  }
}

TEST(Schedule, Interleaved) {
  const StageTimes t{.forward = 1.0, .input = 1.0, .weight = 1.0};
  for (const std::int64_t p : {2, 4, 6}) {
    for (const std::int64_t v : {2, 3, 5}) {
      const std::int64_t n = 4 * p;
      const Played played = play(Schedule::interleaved, p, v, n, even(p, t));
      const PipelineTime closed = pipeline_time(Schedule::interleaved, p, v, n, t);
      expect_complete(played, n * v, p);
      EXPECT_NEAR(played.total, closed.total, 1e-9) << p << " " << v;
      EXPECT_NEAR(played.held.front(), held_micro_batches(Schedule::interleaved, p, v, n), 1e-9);
    }
  }
}

TEST(Schedule, ZeroBubbleHasTheMemoryOfOneForwardOneBackward) {
  const StageTimes t{.forward = 1.0, .input = 1.0, .weight = 1.0};
  for (const std::int64_t p : {2, 4, 8}) {
    const std::int64_t n = 4 * p;
    const Played played = play(Schedule::zero_bubble, p, 1, n, even(p, t));
    const PipelineTime closed = pipeline_time(Schedule::zero_bubble, p, 1, n, t);
    expect_complete(played, n, p);
    EXPECT_NEAR(played.total, closed.total, 1e-9) << p;
    EXPECT_LE(played.held.front(), static_cast<double>(p));
  }
}

TEST(Schedule, DualPipe) {
  // With the forward hidden in the backward of another micro-batch.
  StageTimes t{.forward = 1.0, .input = 1.1, .weight = 0.9};
  for (const double both : {3.0, 2.6}) {
    t.overlapped = both;
    for (const std::int64_t p : {2, 4, 8}) {
      for (const std::int64_t n : {2 * p, 4 * p}) {
        const Played played = play(Schedule::dual_pipe, p, 1, n, even(p, t));
        const PipelineTime closed = pipeline_time(Schedule::dual_pipe, p, 1, n, t);
        expect_complete(played, n, p);
        EXPECT_NEAR(played.total, closed.total, 1e-9) << p << " " << n << " " << both;
        const double published =
            (0.5 * static_cast<double>(p) - 1.0) * (both + t.input - 2.0 * t.weight);
        if (both == 3.0) {
          EXPECT_NEAR(closed.bubble, published, 1e-9);
        }
        for (const double held : played.held) EXPECT_LE(held, static_cast<double>(p + 1));
      }
    }
  }
}

TEST(Schedule, UnevenStages) {
  std::vector<StageTimes> times = even(4, {.forward = 1.0, .input = 1.0, .weight = 1.0});
  times.back().forward = 1.4;  // the head
  double rest = 3.0 * 3.0 / (3.0 * 3.4);
  const Played played = play(Schedule::one_f_one_b, 4, 1, 16, times);
  const PipelineTime closed = pipeline_time(Schedule::one_f_one_b, 4, 1, 16, times.back(), rest);
  EXPECT_NEAR(played.total / closed.total, 1.0, 0.01);
}

TEST(Schedule, SendsLengthenTheRamp) {
  const StageTimes t{.forward = 1.0, .input = 1.0, .weight = 1.0};
  const double without = play(Schedule::one_f_one_b, 4, 1, 8, even(4, t)).total;
  const double with = play(Schedule::one_f_one_b, 4, 1, 8, even(4, t), 0.1).total;
  EXPECT_GE(with, without + 0.6 - 1e-9);
}

}  // namespace
}  // namespace sn::training
