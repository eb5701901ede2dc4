// sn/serving/load/trace/trace_other_formats_test.cc

#include <gtest/gtest.h>

#include "sn/serving/load/trace/trace.h"

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

TEST(Csv, OfVidurAndServeGen) {
  const auto vidur = read_trace("v.csv",
                                ",arrived_at,num_prefill_tokens,num_decode_tokens\n"
                                "0,1.0,1000,20\n1,1.500,1001,21\n");
  ASSERT_TRUE(vidur.has_value());
  EXPECT_EQ(vidur->format, "vidur");
  EXPECT_EQ(vidur->requests[1].arrival.count, 500'000'000);
  EXPECT_EQ(vidur->requests[1].input_tokens, 1001);
  const auto servegen =
      read_trace("s.csv", "timestamp,input_tokens,output_tokens\n0.0,1000,20\n0.5,1001,1e300\n",
                 {.malformed_share = 0.5});
  ASSERT_TRUE(servegen.has_value());
  EXPECT_EQ(servegen->format, "servegen");
  EXPECT_EQ(servegen->requests.size(), 1u);
  EXPECT_EQ(servegen->malformed, 1u);
}

TEST(Sessions, TurnsComeTheirDelayAfterTheOneBefore) {
  const auto turn = [](const char* session, const char* time) {
    return "{\"session_id\": \"" + std::string(session) +
           "\", \"input_length\": 600, \"output_length\": 50, \"hash_ids\": [0, 1], " + time +
           "}\n";
  };
  const auto trace =
      read_trace("s.jsonl", turn("a", "\"timestamp\": 0") + turn("a", "\"delay\": 5000") +
                                turn("a", "\"delay\": 5000") + turn("b", "\"timestamp\": 1000"));
  ASSERT_TRUE(trace.has_value()) << render(trace.error());
  EXPECT_EQ(trace->format, "sessions");
  ASSERT_EQ(trace->requests.size(), 4u);
  EXPECT_EQ(trace->requests[1].arrival.count, 1'000'000'000);  // of the other session
  EXPECT_EQ(trace->requests[3].arrival.count, 10'000'000'000);
  EXPECT_EQ(trace->requests[0].session, trace->requests[3].session);
  EXPECT_NE(trace->requests[0].session, trace->requests[1].session);
  EXPECT_FALSE(trace->warnings.empty()) << "answers take time of their own";
  const auto first = read_trace("s.jsonl", turn("a", "\"delay\": 5"));
  ASSERT_FALSE(first.has_value());
  EXPECT_NE(render(first.error()).find("first turn"), std::string::npos);
}

TEST(GuideLlm, SecondsAndItsOwnBlocks) {
  const auto trace = read_trace(
      "g.jsonl",
      "{\"timestamp\": 0.0, \"input_length\": 20, \"output_length\": 8, \"hash_ids\": [0, 1]}\n"
      "{\"timestamp\": 0.2, \"input_length\": 40, \"output_length\": 8, \"hash_ids\": [2, 3, "
      "4]}\n");
  ASSERT_TRUE(trace.has_value()) << render(trace.error());
  EXPECT_EQ(trace->format, "guidellm");
  EXPECT_EQ(trace->block_tokens, 16.0);
  EXPECT_EQ(trace->requests[1].arrival.count, 200'000'000);
}

TEST(Results, OfBenchmarksAreRefusedByName) {
  const auto trace = read_trace("r.json", "{\"request_throughput\": 3.5, \"input_lens\": [10]}\n");
  ASSERT_FALSE(trace.has_value());
  EXPECT_NE(render(trace.error()).find("a benchmark's result"), std::string::npos);
}

}  // namespace
}  // namespace sn::serving
