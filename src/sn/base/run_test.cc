// sn/base/run_test.cc

#include "sn/base/run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

namespace sn {
namespace {

TEST(Run, DoesEveryItemOnceOnAnyNumberOfThreads) {
  for (const int threads : {0, 1, 2, 7}) {
    const sn::Run run({.threads = threads});
    std::vector<int> times(1000, 0);
    EXPECT_TRUE(run.for_each(times.size(), [&](std::size_t i) { ++times[i]; }, 16));
    EXPECT_EQ(times, std::vector<int>(1000, 1)) << threads;
  }
}

TEST(Run, KeepsToItsThreads) {
  const sn::Run run({.threads = 1});
  std::set<std::thread::id> seen;  // unguarded: one thread
  run.for_each(500, [&](std::size_t) { seen.insert(std::this_thread::get_id()); });
  EXPECT_EQ(seen, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(Run, LoopsInsideOfLoops) {
  const sn::Run run({.threads = 2});
  std::vector<std::size_t> sums(20, 0);
  run.for_each(sums.size(), [&](std::size_t i) {
    std::vector<std::size_t> parts(10, 0);
    run.for_each(parts.size(), [&](std::size_t j) { parts[j] = i * j; });
    sums[i] = std::accumulate(parts.begin(), parts.end(), std::size_t{0});
  });
  for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_EQ(sums[i], 45 * i);
}

TEST(Run, BeginsNothingAfterAStop) {
  const sn::Run run({.threads = 2});
  std::atomic<int> begun = 0;
  EXPECT_FALSE(run.for_each(10'000, [&](std::size_t) {
    ++begun;
    run.stop();
  }));
  EXPECT_GE(begun, 1);
  EXPECT_LE(begun, 2);  // the other thread may have been at one item
  EXPECT_FALSE(run.for_each(1, [&](std::size_t) { ++begun; }));
  EXPECT_LE(begun, 2);
  EXPECT_TRUE(run.for_each(0, [](std::size_t) {}));
}

TEST(Run, CopiesAreTheSameRunAndQuietOnesTellNobody) {
  std::string told;
  const sn::Run run(
      {.threads = 1, .seed = 7, .progress = [&](const Progress& p) { told += p.doing; }});
  const sn::Run quiet = run.quiet();
  quiet.tell({.doing = "inside"});
  EXPECT_EQ(told, "");
  run.within("a").within("b").tell({.doing = "outside"});
  EXPECT_EQ(told, "a: b: outside");
  EXPECT_EQ(quiet.seed(), 7u);
  quiet.stop();
  EXPECT_TRUE(run.stopped());
}

}  // namespace
}  // namespace sn
