// sn/fabric/transfer_session_test.cc

#include "sn/fabric/transfer_session.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace sn::fabric {
namespace {

using namespace sn::literals;

std::vector<TransferSession::Delivered> run(TransferSession& s) {
  std::vector<TransferSession::Delivered> done;
  while (const auto t = s.next_wakeup()) s.advance(*t, done);
  return done;
}

TEST(TransferSession, OneFlowTakesBytesOverBandwidthAndLatency) {
  TransferSession s;
  const std::array path = {s.add_link(100_GB_per_s), s.add_link(50_GB_per_s)};
  s.start(path, 50_MB, 2_us, 7, Nanos{1000});
  const auto done = run(s);  // 50 MB at 50 GB/s = 1 ms
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].tag, 7u);
  EXPECT_EQ(done[0].sent.count, 1000 + 1'000'000 + 2000);
}

TEST(TransferSession, TwoFlowsShareALinkAndTheSecondSpeedsUp) {
  TransferSession s;
  const std::array path = {s.add_link(100_GB_per_s)};
  s.start(path, 100_MB, Time{}, 1, Nanos{0});
  s.start(path, 200_MB, Time{}, 2, Nanos{0});
  const auto done = run(s);  // 50 GB/s each until 2 ms; 100 MB are left, 1 ms alone
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0].sent.count, 2'000'000);
  EXPECT_EQ(done[1].sent.count, 3'000'000);
}

/// Max-min, not proportional: flow 1 crosses both links, flow 2 the narrow one, flow 3 the wide.
TEST(TransferSession, RatesAreMaxMinFair) {
  TransferSession s;
  const auto wide = s.add_link(90_GB_per_s);
  const auto narrow = s.add_link(40_GB_per_s);
  s.start(std::array{wide, narrow}, 20_MB, Time{}, 1, Nanos{0});  // 20 GB/s
  s.start(std::array{narrow}, 20_MB, Time{}, 2, Nanos{0});        // 20 GB/s
  s.start(std::array{wide}, 70_MB, Time{}, 3, Nanos{0});          // the other 70 GB/s
  const auto done = run(s);
  ASSERT_EQ(done.size(), 3u);
  for (const auto& d : done) EXPECT_EQ(d.sent.count, 1'000'000) << d.tag;
}

TEST(TransferSession, ACancelledFlowFreesItsShareAndNeverArrives) {
  TransferSession s;
  const std::array path = {s.add_link(100_GB_per_s)};
  const auto first = s.start(path, 100_MB, Time{}, 1, Nanos{0});
  s.start(path, 100_MB, Time{}, 2, Nanos{0});
  EXPECT_TRUE(s.cancel(first, Nanos{1'000'000}));  // both have 50 MB left
  EXPECT_FALSE(s.cancel(first, Nanos{1'000'000}));
  const auto done = run(s);
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].sent.count, 1'500'000);
}

/// No link carries more than its capacity allows, nor less than was asked of it.
RC_GTEST_PROP(TransferSession, BytesArriveAndNoLinkBeatsItsBandwidth, ()) {
  TransferSession s;
  std::vector<TransferSession::LinkId> links;
  std::vector<double> asked;
  for (int i = 0; i < 4; ++i) links.push_back(s.add_link(Bandwidth::from_si(1e9 * (1 + i))));
  asked.resize(links.size());
  const int flows = *rc::gen::inRange(1, 20);
  std::vector<TransferSession::Delivered> done;
  std::int64_t now = 0;
  for (int f = 0; f < flows; ++f) {
    now += *rc::gen::inRange(0, 2'000'000);
    while (s.next_wakeup() && s.next_wakeup()->count <= now) s.advance(*s.next_wakeup(), done);
    std::vector<TransferSession::LinkId> path = {links[*rc::gen::inRange(0u, 2u)],
                                                 links[*rc::gen::inRange(2u, 4u)]};
    const double size = *rc::gen::inRange(0, 10'000'000);
    for (const auto l : path) asked[l] += size;
    s.start(path, Bytes::from_si(size), Time{}, static_cast<std::uint64_t>(f), Nanos{now});
  }
  while (const auto t = s.next_wakeup()) {
    s.advance(*t, done);
    now = t->count;
  }
  RC_ASSERT(done.size() == static_cast<std::size_t>(flows));
  for (std::size_t l = 0; l < links.size(); ++l) {
    const double carried = s.carried(links[l]).si();
    RC_ASSERT(std::abs(carried - asked[l]) <= 1e-6 * asked[l] + 20.0 * flows);
    RC_ASSERT(carried <= 1e9 * static_cast<double>(1 + l) * static_cast<double>(now) * 1e-9 + 1.0);
  }
}

}  // namespace
}  // namespace sn::fabric
