// sn/training/goodput_test.cc
//
// Daly's formula against a played run, and its maximum against the formula's own estimate.

#include "sn/training/goodput.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sn::training {
namespace {

/// A run of `intervals` saved intervals, second by second of its failures: share that is training.
double played_share(double interval, double save, double restart, double mean, int intervals) {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> next(1.0 / mean);
  double time = 0.0;
  for (int done = 0; done < intervals;) {
    const double failure = next(random);
    if (failure >= interval + save) {
      time += interval + save;
      ++done;
      continue;
    }
    time += failure;
    // A restart is disturbed like work is: it begins again.
    for (double r = next(random); r < restart; r = next(random)) time += r;
    time += restart;
  }
  return intervals * interval / time;
}

TEST(Goodput, DalyIsWhatARunComesTo) {
  for (const double mean : {3600.0, 10800.0}) {
    for (const double save : {20.0, 120.0}) {
      for (const double interval : {600.0, 1800.0}) {
        const double played = played_share(interval, save, 300.0, mean, 40000);
        EXPECT_NEAR(played / useful_share(interval, save, 300.0, mean), 1.0, 0.02)
            << mean << " " << save << " " << interval;
      }
    }
  }
}

TEST(Goodput, TheBestIntervalIsTheBestPlayed) {
  const double mean = 7200.0;
  const double save = 60.0;
  const double best = optimal_interval(save, 300.0, mean);
  EXPECT_NEAR(best / daly_interval(save, mean), 1.0, 0.01);
  const double at = played_share(best, save, 300.0, mean, 60000);
  EXPECT_GT(at, played_share(0.4 * best, save, 300.0, mean, 60000));
  EXPECT_GT(at, played_share(2.5 * best, save, 300.0, mean, 60000));
}

TEST(Goodput, SparesEndTheWaiting) {
  // Half a host away on average: e^-0.5 of the time none.
  EXPECT_NEAR(waiting_share(0.5 / 3600.0, 3600.0, 0), 1.0 - std::exp(-0.5), 1e-12);
  EXPECT_NEAR(waiting_share(0.5 / 3600.0, 3600.0, 1), 1.0 - 1.5 * std::exp(-0.5), 1e-12);
  EXPECT_LT(waiting_share(0.5 / 3600.0, 3600.0, 7), 1e-6);
}

TEST(Goodput, AsynchronousWaitsForStorage) {
  GoodputInputs in{.kind = Checkpoint::asynchronous,
                   .bytes = 1e12,
                   .storage = 1e9,  // 1,000 s
                   .copy = 1e12,    // 1 s
                   .mean_failure = 7200.0,
                   .restart = 300.0};
  EXPECT_DOUBLE_EQ(goodput(in).interval, 1000.0);
  in.storage = 1e12;
  EXPECT_LT(goodput(in).interval, 200.0);
  in.kind = Checkpoint::synchronous;
  EXPECT_DOUBLE_EQ(goodput(in).save, 1.0);
}

}  // namespace
}  // namespace sn::training
