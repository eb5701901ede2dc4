// sn/planner/row_meant_test.cc
//
// Rows of a plan by number, by their printed line, and by their pools.

#include <gtest/gtest.h>

#include "sn/planner/planner_test_util.h"
#include "sn/planner/why_not.h"

namespace sn::planner {
namespace {

/// Two rows: 15 prefill instances of 8 with chunks of 16,384 beside one of decode, and one pool.
PlanReport two_rows() {
  PlanReport r;
  Candidate split;
  split.rank = 1;
  split.plan.prefill = {
      .deployment = {.parallel = {.tp = 4, .dp = 2, .ep = 8}}, .replicas = 15, .chunk = 16384};
  split.plan.decode = {.deployment = {.parallel = {.dp = 8, .ep = 8}, .draft_tokens = 1},
                       .replicas = 1};
  Candidate one;
  one.rank = 2;
  one.plan.decode = {.deployment = {.parallel = {.tp = 4}}, .replicas = 2, .chunk = 512};
  r.candidates = {split, one};
  return r;
}

void expect_row(const std::string& text, int rank) {
  const PlanReport r = two_rows();
  const auto found = row_meant(r, text);
  if (rank == 0) {
    EXPECT_FALSE(found.has_value()) << text;
    return;
  }
  ASSERT_TRUE(found.has_value()) << text;
  EXPECT_EQ(*found, r.candidates[static_cast<std::size_t>(rank - 1)].plan) << text;
}

TEST(RowMeant, ByNumberLineAndPools) {
  expect_row("1", 1);
  expect_row("2", 2);
  expect_row("3", 0);
  expect_row(
      "  1  120 prefill + 8 decode   15 x (TP4 DP2 EP8)      16 384  1 x (DP8 EP8) MTP1   745", 1);
  expect_row("2=  8 aggregated  -  512  2 x (TP4)  31.1   0.233 s", 2);
  expect_row("15 x (TP4 DP2 EP8)      16 384  1 x (DP8 EP8) MTP1", 1);
  expect_row("15 x (TP4 DP2 EP8) + 1 x (DP8 EP8) MTP1", 1);
  expect_row("2 x (TP4)", 2);
}

TEST(RowMeant, AnotherDeploymentIsNoRow) {
  expect_row("15 x (TP4 DP2 EP8) chunk 8192 + 1 x (DP8 EP8) MTP1", 0);
  expect_row("2 x (TP4) chunk 8192", 0);
  expect_row("14 x (TP4 DP2 EP8) + 1 x (DP8 EP8) MTP1", 0);
  expect_row("", 0);
}

}  // namespace
}  // namespace sn::planner
