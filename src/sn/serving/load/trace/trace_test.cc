// sn/serving/load/trace/trace_test.cc
//
// Good lines, every way a line can be malformed, and the limits of the readers.

#include "sn/serving/load/trace/trace.h"

#include <gtest/gtest.h>

#include <string>

namespace sn::serving {
namespace {

const std::string azure_header = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

TraceLimits lenient() {
  TraceLimits limits;
  limits.malformed_share = 1.0;
  return limits;
}

std::string mooncake_line(int time, int input, int output, const std::string& hashes) {
  return "{\"timestamp\": " + std::to_string(time) +
         ", \"input_length\": " + std::to_string(input) +
         ", \"output_length\": " + std::to_string(output) + ", \"hash_ids\": [" + hashes + "]}\n";
}

/// The single warning that `line` causes behind a good first line.
Error warning_of(const std::string& line) {
  const auto trace = read_trace("t", mooncake_line(0, 10, 1, "1") + line, lenient());
  EXPECT_TRUE(trace.has_value());
  if (!trace || trace->warnings.size() != 1) {
    ADD_FAILURE() << "one warning expected for " << line;
    return {};
  }
  EXPECT_EQ(trace->malformed, 1u);
  EXPECT_EQ(trace->requests.size(), 1u);
  EXPECT_EQ(trace->warnings[0].where.file, "t");
  EXPECT_EQ(trace->warnings[0].where.line, 2);
  return trace->warnings[0];
}

Error azure_warning_of(const std::string& line) {
  const auto trace =
      read_trace("t", azure_header + "2023-11-16 18:15:46,374,44\n" + line, lenient());
  EXPECT_TRUE(trace.has_value());
  if (!trace || trace->warnings.size() != 1) {
    ADD_FAILURE() << "one warning expected for " << line;
    return {};
  }
  EXPECT_EQ(trace->warnings[0].where.line, 3);
  return trace->warnings[0];
}

TEST(ReadTrace, Mooncake) {
  const auto trace =
      read_trace("t", mooncake_line(0, 1024, 5, "7, 8") + mooncake_line(27, 1025, 0, "7, 8, 9"));
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->format, "mooncake");
  EXPECT_EQ(trace->block_tokens, 512.0);
  ASSERT_EQ(trace->requests.size(), 2u);
  EXPECT_EQ(trace->requests[0].arrival.count, 0);
  EXPECT_EQ(trace->requests[0].input_tokens, 1024);
  EXPECT_EQ(trace->requests[0].output_tokens, 5);
  EXPECT_EQ(trace->requests[0].blocks, (std::vector<std::uint64_t>{7, 8}));
  EXPECT_EQ(trace->requests[1].arrival.count, 27'000'000);  // 27 ms
  EXPECT_EQ(trace->requests[1].blocks.size(), 3u);
  EXPECT_EQ(trace->malformed, 0u);
  EXPECT_EQ(trace->out_of_order, 0u);
  EXPECT_TRUE(trace->warnings.empty());
}

TEST(ReadTrace, MooncakeKeysInAnyOrderAndUnknownKeysIgnored) {
  const auto trace =
      read_trace("t", R"({"hash_ids":[18446744073709551615],"x":{"y":[1]},"output_length":2,)"
                      R"("input_length":512,"timestamp":1.5})");
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->requests[0].arrival.count, 1'500'000);
  EXPECT_EQ(trace->requests[0].blocks[0], 18446744073709551615ull);
}

TEST(ReadTrace, Azure2023And2024) {
  const auto a = read_trace("t", azure_header +
                                     "2023-11-16 18:15:46.6805900,374,44\n"
                                     "2023-11-16 18:15:50.9951690,396,0\n");
  ASSERT_TRUE(a.has_value());
  EXPECT_EQ(a->format, "azure");
  EXPECT_EQ(a->block_tokens, 0.0);
  EXPECT_EQ(a->requests[0].arrival.count, 0);
  EXPECT_EQ(a->requests[1].arrival.count, 4'314'579'000);  // 50.9951690 - 46.6805900
  EXPECT_EQ(a->requests[1].input_tokens, 396);
  EXPECT_EQ(a->requests[1].output_tokens, 0);

  // Over midnight, a leap day and an offset: 23:59:59.5 to 01:00:00 one hour east is 0.5 s.
  const auto b = read_trace("t", azure_header +
                                     "2024-02-28 23:59:59.500000+00:00,1,1\n"
                                     "2024-02-29T01:00:00+01:00,1,1\n"
                                     "2024-03-01 00:00:00Z,1,1\n");
  ASSERT_TRUE(b.has_value());
  EXPECT_EQ(b->requests[1].arrival.count, 500'000'000);
  EXPECT_EQ(b->requests[2].arrival.count, 86'400'500'000'000);
}

TEST(ReadTrace, ToleratesCrlfBomBlankLinesAndNoFinalNewline) {
  const auto trace = read_trace("t",
                                "\xEF\xBB\xBFTIMESTAMP,ContextTokens,GeneratedTokens\r\n\r\n"
                                "2023-11-16 18:15:46, 374 ,44\r\n   \n"
                                "2023-11-16 18:15:47,375,45");
  ASSERT_TRUE(trace.has_value());
  ASSERT_EQ(trace->requests.size(), 2u);
  EXPECT_EQ(trace->requests[0].input_tokens, 374);
  EXPECT_EQ(trace->requests[1].output_tokens, 45);
  EXPECT_EQ(trace->malformed, 0u);
}

TEST(ReadTrace, SortsStablyAndCounts) {
  const auto trace =
      read_trace("t", mooncake_line(30, 1, 1, "1") + mooncake_line(10, 2, 1, "1") +
                          mooncake_line(30, 3, 1, "1") + mooncake_line(20, 4, 1, "1"));
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->out_of_order, 2u);  // 10 and 20 come after 30
  std::vector<std::int64_t> inputs;
  for (const Request& r : trace->requests) inputs.push_back(r.input_tokens);
  EXPECT_EQ(inputs, (std::vector<std::int64_t>{2, 4, 1, 3}));

  const auto azure =
      read_trace("t", azure_header + "2023-11-16 18:15:47,1,1\n2023-11-16 18:15:46,2,1\n");
  ASSERT_TRUE(azure.has_value());
  EXPECT_EQ(azure->requests[0].input_tokens, 2);
  EXPECT_EQ(azure->requests[0].arrival.count, 0);
  EXPECT_EQ(azure->requests[1].arrival.count, 1'000'000'000);
}

TEST(ReadTrace, MooncakeFaults) {
  EXPECT_EQ(warning_of("hello\n").message, "not a JSON object");
  EXPECT_EQ(warning_of("{\"timestamp\": 0, \"input_len").message,
            "not valid JSON: a string does not end");
  EXPECT_EQ(warning_of("{\"timestamp\": 0, \"input_length\": 12").message,
            "not valid JSON: the object does not end with the line");
  EXPECT_EQ(warning_of("[1, 2]\n").message, "not a JSON object");
  EXPECT_EQ(warning_of("{\"timestamp\": 0, \"input_length\" 3}\n").message, "not valid JSON");
  std::string line = mooncake_line(0, 1, 1, "1");
  line.pop_back();
  EXPECT_EQ(warning_of(line + " {}\n").message, "not valid JSON");
  EXPECT_EQ(warning_of(line + " x\n").message,
            "not valid JSON: the object does not end with the line");
  EXPECT_EQ(warning_of("{}\n").message, "timestamp is missing");
  EXPECT_EQ(warning_of("{\"timestamp\": 0, \"timestamp\": 0}\n").message,
            "timestamp is given twice");
  EXPECT_EQ(warning_of("{\"timestamp\": 0, \"input_length\": 1, \"hash_ids\": [1]}\n").message,
            "output_length is missing");
  EXPECT_EQ(warning_of("{\"timestamp\": \"0\"}\n").message, "timestamp is not a number");
  EXPECT_EQ(warning_of("{\"timestamp\": -1}\n").message, "timestamp is negative");
  EXPECT_EQ(warning_of("{\"timestamp\": -0.5}\n").message, "timestamp is negative");
  EXPECT_EQ(warning_of("{\"input_length\": 1.5}\n").message, "input_length is not a whole number");
  EXPECT_EQ(warning_of("{\"input_length\": [1]}\n").message, "input_length is not a whole number");
  EXPECT_EQ(warning_of(mooncake_line(0, 0, 1, "")).message,
            "input_length is 0, it must be positive");
  EXPECT_EQ(warning_of(mooncake_line(0, -3, 1, "")).message,
            "input_length is -3, it must be positive");
  EXPECT_EQ(warning_of(mooncake_line(0, 1, -1, "1")).message,
            "output_length is -1, it must not be negative");
  EXPECT_EQ(warning_of(mooncake_line(0, 1, 1, "-1")).message,
            "hash_ids[0] is not a whole number from 0");
  EXPECT_EQ(warning_of(mooncake_line(0, 600, 1, "1, \"2\"")).message,
            "hash_ids[1] is not a whole number from 0");
  EXPECT_EQ(warning_of("{\"hash_ids\": 3}\n").message, "hash_ids is not a list");
  // 1 025 tokens are two full blocks and one with a single token.
  EXPECT_EQ(warning_of(mooncake_line(0, 1025, 1, "1, 2")).message,
            "hash_ids has 2 items, but 1025 input tokens in blocks of 512 make 3");
}

TEST(ReadTrace, MooncakeFaultsNameTheColumn) {
  //                                12345678901234567890123456789012345
  const Error error = warning_of("{\"timestamp\": 0, \"input_length\": \"x\"}\n");
  EXPECT_EQ(error.where.column, 34);
  EXPECT_EQ(error.where.excerpt, "{\"timestamp\": 0, \"input_length\": \"x\"}");
  EXPECT_EQ(error.code, ErrorCode::data);
  // The missing comma or colon stands where the parser stopped.
  const Error stopped = warning_of("{\"timestamp\": 0 \"input_length\": 3}\n");
  EXPECT_GE(stopped.where.column, 15);
  EXPECT_LE(stopped.where.column, 18);
}

TEST(ReadTrace, AzureFaults) {
  EXPECT_EQ(azure_warning_of("2023-11-16 18:15:46").message, "ContextTokens is missing");
  EXPECT_EQ(azure_warning_of("2023-11-16 18:15:46,3").message, "GeneratedTokens is missing");
  EXPECT_EQ(azure_warning_of("2023-11-16 18:15:46,3,").message,
            "GeneratedTokens is not a whole number");
  EXPECT_EQ(azure_warning_of("2023-11-16 18:15:46,3,4,5").message, "4 fields where 3 are expected");
  EXPECT_EQ(azure_warning_of("2023-11-16 18:15:46,0,4").message,
            "ContextTokens is 0, it must be positive");
  EXPECT_EQ(azure_warning_of("2023-11-16 18:15:46,3,-4").message,
            "GeneratedTokens is -4, it must not be negative");
  EXPECT_EQ(azure_warning_of("2023-11-16 18:15:46,3x,4").where.column, 21);
  for (const char* time :
       {"", "now", "2023-11-31 00:00:00", "2023-13-01 00:00:00", "2023-02-29 00:00:00",
        "2023-11-16 24:00:00", "2023-11-16 18:60:00", "2023-11-16 18:15:60", "2023-11-16 18:15:46.",
        "2023-11-16 18:15:46+1", "2023-11-16 18:15:46+00:00x", "2023-11-16 18:15:46 ago",
        "1969-12-31 00:00:00", "1970-01-01 00:00:00+01:00", "9999-12-31 00:00:00", "2023-11-16",
        "16/11/2023 18:15:46"}) {
    EXPECT_NE(azure_warning_of(std::string(time) + ",3,4").message.find("TIMESTAMP"),
              std::string::npos)
        << time;
  }
}

TEST(ReadTrace, RefusesAboveTheShareAndAcceptsAtIt) {
  // 100 lines, of which 1 (1 %) or 2 (2 %) are cut.
  std::string good;
  for (int i = 0; i < 98; ++i) good += mooncake_line(i, 10, 1, "1");
  const std::string one = good + mooncake_line(98, 10, 1, "1") + "{\"timest";
  const auto accepted = read_trace("t", one);
  ASSERT_TRUE(accepted.has_value());
  EXPECT_EQ(accepted->malformed, 1u);
  EXPECT_EQ(accepted->requests.size(), 99u);
  ASSERT_EQ(accepted->warnings.size(), 1u);
  EXPECT_EQ(accepted->warnings[0].where.line, 100);

  const auto refused = read_trace("t", good + "oops\n{\"timest");
  ASSERT_FALSE(refused.has_value());
  ASSERT_EQ(refused.error().size(), 3u);
  EXPECT_EQ(refused.error()[0].message,
            "2 of 100 lines (2 %) are malformed, above the 1 % accepted");
  EXPECT_EQ(refused.error()[0].where.file, "t");
  EXPECT_EQ(refused.error()[1].where.line, 99);
  EXPECT_EQ(refused.error()[2].where.line, 100);
}

TEST(ReadTrace, NamesOnlyTheFirstMalformedLines) {
  TraceLimits limits = lenient();
  limits.reported_lines = 2;
  std::string text = mooncake_line(0, 1, 1, "1");
  for (int i = 0; i < 5; ++i) text += "bad\n";
  const auto trace = read_trace("t", text, limits);
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(trace->malformed, 5u);
  EXPECT_EQ(trace->warnings.size(), 2u);
}

TEST(ReadTrace, ExcerptsAreCutAndPrintable) {
  const Error error = warning_of("\x01\xFF" + std::string(500, 'x') + "\n");
  EXPECT_EQ(error.where.excerpt, "??" + std::string(94, 'x') + "...");
}

TEST(ReadTrace, ExcerptsOfLongLinesShowThePlace) {
  // The wrong value stands behind 300 blanks: a window around it, cut on both sides.
  const Error error = warning_of("{\"timestamp\":" + std::string(300, ' ') + "true" +
                                 std::string(200, ' ') + "}\n");
  EXPECT_EQ(error.where.column, 314);  // 13 bytes of key and colon, 300 blanks
  const auto at = static_cast<std::size_t>(error.where.column - error.where.excerpt_column);
  EXPECT_EQ(error.where.excerpt.substr(at, 4), "true");
  EXPECT_EQ(error.where.excerpt.substr(0, 3), "...");
  EXPECT_EQ(error.where.excerpt.size(), 96u + 3u);
}

TEST(ReadTrace, UnknownFormatAndEmpty) {
  for (const char* text :
       {"", "\n\n", "hello\n", "a,b,c\n1,2,3\n", "2023-11-16 18:15:46,374,44\n"}) {
    const auto trace = read_trace("t", text);
    ASSERT_FALSE(trace.has_value()) << text;
    ASSERT_EQ(trace.error().size(), 1u);
    EXPECT_FALSE(trace.error()[0].hint.empty());
  }
  const auto header_only = read_trace("t", azure_header);
  ASSERT_FALSE(header_only.has_value());
  EXPECT_EQ(header_only.error()[0].message, "the trace has no request");
  // All lines malformed, and the share says that this is accepted: still nothing to plan with.
  const auto nothing = read_trace("t", "{}\n{}\n", lenient());
  ASSERT_FALSE(nothing.has_value());
  EXPECT_EQ(nothing.error().size(), 3u);
}

TEST(ReadTrace, Limits) {
  TraceLimits limits = lenient();
  limits.requests = 2;
  const std::string line = mooncake_line(0, 600, 1, "1, 2");
  EXPECT_TRUE(read_trace("t", line + line, limits).has_value());
  const auto many = read_trace("t", line + line + line, limits);
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error()[0].code, ErrorCode::limit);

  limits = lenient();
  limits.total_blocks = 3;
  EXPECT_FALSE(read_trace("t", line + line, limits).has_value());

  limits = lenient();
  limits.blocks = 1;
  const auto hashes = read_trace("t", mooncake_line(0, 1, 1, "1") + line, limits);
  ASSERT_TRUE(hashes.has_value());
  EXPECT_EQ(hashes->warnings.at(0).code, ErrorCode::limit);

  limits = lenient();
  limits.tokens = 599;
  const auto tokens = read_trace("t", mooncake_line(0, 599, 599, "1, 2") + line, limits);
  ASSERT_TRUE(tokens.has_value());
  EXPECT_EQ(tokens->warnings.at(0).code, ErrorCode::limit);

  limits = lenient();
  limits.line_bytes = line.size() - 2;  // the line end does not count
  const auto bytes = read_trace("t", mooncake_line(0, 1, 1, "1") + line, limits);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(bytes->warnings.at(0).code, ErrorCode::limit);
  EXPECT_EQ(bytes->warnings.at(0).where.column, 0);
}

TEST(ReadTrace, TimesAtTheEndOfTheClock) {
  // 2^63 - 1 ns are 9 223 372 036 854 ms and a bit.
  const std::string rest = ", \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [1]}\n";
  const auto last = read_trace("t", "{\"timestamp\": 9223372036854" + rest);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->requests[0].arrival.count, 9'223'372'036'854'000'000);
  for (const char* time : {"9223372036855", "18446744073709551615", "1e300"}) {
    EXPECT_EQ(warning_of("{\"timestamp\": " + std::string(time) + rest).code, ErrorCode::limit)
        << time;
  }
}

TEST(ReadTrace, TokensBeyondAnyIntegerAreMalformed) {
  const std::string head = "Timestamp,Request tokens,Response tokens\n";
  for (const char* row : {"1,1e300,1", "1,inf,1", "1,nan,1", "1,1,-1e300", "inf,1,1", "nan,1,1"}) {
    const auto trace = read_trace("t", head + "0,1,1\n" + row + "\n", lenient());
    ASSERT_TRUE(trace.has_value()) << row;
    EXPECT_EQ(trace->malformed, 1u) << row;
  }
}

TEST(ReadTrace, WhatCanNoLongerBeAcceptedIsNotReadToItsEnd) {
  const std::string line = mooncake_line(0, 1, 1, "1");
  TraceLimits limits;
  limits.blank_lines = 3;
  EXPECT_TRUE(read_trace("t", line + "\n\n\n", limits).has_value());
  const auto blank = read_trace("t", line + "\n\n\n\n", limits);
  ASSERT_FALSE(blank.has_value());
  EXPECT_EQ(blank.error()[0].message, "the trace has more than 3 blank lines, the limit");
  EXPECT_FALSE(read_trace("t", "\n\n\n\n", limits).has_value());

  limits = {};
  limits.line_bytes = 100;
  const auto wide = read_trace("t", line + std::string(6401, 'x') + "\n" + line, limits);
  ASSERT_FALSE(wide.has_value());
  EXPECT_EQ(wide.error()[0].message, "line 2 has more than 6400 bytes, the limit");

  // Of 8 requests at most, half may be malformed: the ninth bad line ends it.
  limits = {};
  limits.requests = 8;
  limits.malformed_share = 0.5;
  std::string bad;
  for (int i = 0; i < 100; ++i) bad += "x\n";
  const auto faulty = read_trace("t", line + bad, limits);
  ASSERT_FALSE(faulty.has_value());
  EXPECT_EQ(faulty.error()[0].message.substr(0, 13), "9 of 10 lines");
}

}  // namespace
}  // namespace sn::serving
