// sn/serving/load/prefix_hits_test.cc
//
// The prefix cache against what is known of a public trace.

#include <gtest/gtest.h>

#include <cstdlib>

#include "sn/base/files/files.h"
#include "sn/kv/paged_cache.h"
#include "sn/serving/load/trace/trace.h"

namespace sn::serving {
namespace {

/// Mooncake's conversation trace: 36.64 % of all blocks hit in an infinite cache (Mooncake, FAST'25
/// release; counted independently: 105 710 of 288 500).
TEST(PrefixHits, OfTheConversationTraceInAnInfiniteCache) {
  const char* shared = std::getenv("SN_SHARED_DATA");
  if (shared == nullptr) GTEST_SKIP() << "the trace is not there: set SN_SHARED_DATA";
  const Result<std::string> text =
      read_file(std::string(shared) + "/traces/mooncake_conversation_trace.jsonl.gz");
  ASSERT_TRUE(text.has_value());
  const Result<Trace> trace = read_trace("conversation", *text);
  ASSERT_TRUE(trace.has_value());
  kv::PagedCache cache({.pages = 1'000'000});
  std::size_t hits = 0;
  std::size_t blocks = 0;
  std::vector<std::uint64_t> keys;
  for (const Request& r : trace->requests) {
    keys.clear();
    kv::chain_keys(r.blocks, 0, keys);
    const std::size_t hit = cache.match(keys);
    kv::NodeId leaf = cache.pin(keys, hit);
    ASSERT_TRUE(cache.allocate(static_cast<std::int64_t>(keys.size() - hit)));
    for (std::size_t i = hit; i < keys.size(); ++i) leaf = cache.extend(leaf, keys[i], 1, 512);
    cache.release(leaf, r.arrival);
    hits += hit;
    blocks += keys.size();
  }
  EXPECT_EQ(trace->requests.size(), 12'031u);
  EXPECT_EQ(blocks, 288'500u);
  EXPECT_EQ(hits, 105'710u);
  EXPECT_NEAR(100.0 * static_cast<double>(hits) / static_cast<double>(blocks), 36.64, 0.005);
  EXPECT_EQ(cache.blocks(), blocks - hits);
}

}  // namespace
}  // namespace sn::serving
