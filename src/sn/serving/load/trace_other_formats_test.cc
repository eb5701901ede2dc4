// sn/serving/load/trace_other_formats_test.cc

#include <gtest/gtest.h>

#include "sn/serving/load/trace.h"

namespace sn::serving {
namespace {

TEST(BurstGpt, ColumnsAreFoundByNameAndTimesStartAtZero) {
  const auto trace = read_trace("burst.csv",
                                "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log "
                                "Type\n5,ChatGPT,472,18,490,Conversation log\n"
                                "45.5,GPT-4,1087,0,1087,API log\n");
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->format, "burstgpt");
  ASSERT_EQ(trace->requests.size(), 2u);
  EXPECT_EQ(trace->requests[0].arrival.count, 0);
  EXPECT_EQ(trace->requests[1].arrival.count, 40'500'000'000);
  EXPECT_EQ(trace->requests[1].input_tokens, 1087);
  EXPECT_EQ(trace->requests[1].output_tokens, 0);

  const auto later = read_trace("burst.csv",
                                "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response "
                                "tokens,Total tokens,Log Type\n1,,3.2,GPT-4,10,20,30,x\n");
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(later->requests[0].output_tokens, 20);
}

TEST(BurstGpt, FaultsHaveTheirColumn) {
  const auto trace =
      read_trace("b.csv", "Timestamp,Request tokens,Response tokens\n1,2,3\n1,2.5,3\n",
                 {.malformed_share = 0.9});
  ASSERT_TRUE(trace.has_value());
  ASSERT_EQ(trace->warnings.size(), 1u);
  EXPECT_EQ(trace->warnings[0].where.column, 3);
  EXPECT_NE(trace->warnings[0].message.find("Request tokens"), std::string::npos);
}

TEST(Bailian, BlocksOfSixteenTokensAndConversations) {
  const auto trace = read_trace(
      "qwen.jsonl",
      R"({"chat_id": 159, "parent_chat_id": -1, "timestamp": 61.114, "input_length": 40, )"
      R"("output_length": 132, "type": "text", "turn": 1, "hash_ids": [7, 8, 9]})"
      "\n"
      R"({"chat_id": 160, "parent_chat_id": 159, "timestamp": 62, "input_length": 50, )"
      R"("output_length": 1, "type": "text", "turn": 2, "hash_ids": [7, 8, 9, 10]})"
      "\n");
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->format, "bailian");
  EXPECT_EQ(trace->block_tokens, 16.0);
  ASSERT_EQ(trace->requests.size(), 2u);
  EXPECT_EQ(trace->requests[0].arrival.count, 61'114'000'000);
  EXPECT_EQ(trace->requests[1].blocks.size(), 4u);
  EXPECT_EQ(trace->requests[0].session, trace->requests[1].session);
}

TEST(Bailian, TooManyBlocksAreRefused) {
  const auto trace = read_trace(
      "q.jsonl", R"({"chat_id": 1, "timestamp": 1, "input_length": 16, "output_length": 1, )"
                 R"("hash_ids": [7, 8]})");
  ASSERT_FALSE(trace.has_value());
  EXPECT_NE(render(trace.error()).find("make 1 blocks of 16"), std::string::npos);
}

TEST(VllmRequests, TimesStartAtZero) {
  const auto trace =
      read_trace("r.jsonl", R"({"request_id": "bench-0", "input_toks": 2358, "output_toks": 531, )"
                            R"("arrival_time": 1787267980.0827403, "queued_ts": 1.0})"
                            "\n"
                            R"({"request_id": "bench-1", "input_toks": 10, "output_toks": 5, )"
                            R"("arrival_time": 1787267980.3327403})"
                            "\n");
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->format, "vllm");
  ASSERT_EQ(trace->requests.size(), 2u);
  EXPECT_EQ(trace->requests[0].arrival.count, 0);
  EXPECT_NEAR(static_cast<double>(trace->requests[1].arrival.count), 250e6, 1e3);
}

}  // namespace
}  // namespace sn::serving
