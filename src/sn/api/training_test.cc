// sn/api/training_test.cc
//
// Training scenarios from text to report, and what is said of bad ones.

#include "sn/api/training.h"

#include <gtest/gtest.h>

namespace sn::api {
namespace {

const catalog::Catalog& shipped() {
  static const catalog::Catalog catalog = *catalog::Catalog::embedded();
  return catalog;
}

std::string scenario(const std::string& training, const std::string& cluster) {
  return "supernode: 1\ncluster: {" + cluster +
         "}\nmodel: llama-3.1-405b\nworkload:\n  training: {" + training + "}\n";
}

Result<twin::TrainingWorld> world_of(const std::string& training,
                                     const std::string& cluster = "rack: nvl72-gb200, racks: 8") {
  return open_training({.file = "t.yaml", .text = scenario(training, cluster)}, shipped());
}

const std::string job = "tokens: 15T, sequence: 8192, global_batch: 1152 sequences";

std::string all(const Errors& errors) {
  std::string out;
  for (const Error& e : errors) out += e.message + " | " + e.hint + "\n";
  return out;
}

TEST(TrainingScenario, IsRecognised) {
  EXPECT_TRUE(
      is_training(*read_scenario({.file = "t.yaml", .text = scenario(job, "rack: hgx-h100")})));
  EXPECT_FALSE(is_training(*read_scenario({.file = "llama70b"})));
}

TEST(TrainingScenario, AReportAddsUp) {
  const auto world = world_of(job);
  ASSERT_TRUE(world.has_value()) << all(world.error());
  EXPECT_EQ(world->job.batch, 1152);
  EXPECT_DOUBLE_EQ(world->job.tokens, 15e12);
  const auto r = plan_training(*world, 5);
  ASSERT_TRUE(r.has_value()) << all(r.error());
  ASSERT_EQ(r->candidates.size(), 5u);
  for (const TrainingCandidate& c : r->candidates) {
    EXPECT_GT(c.time.total, r->bound);
    EXPECT_NEAR(c.days, r->steps * c.time.total / r->goodput.goodput / 86400.0, 1e-6);
    EXPECT_GT(c.usd, 0.0);
    EXPECT_GT(c.mwh, 0.0);
  }
  // Less disturbed with more spares.
  EXPECT_GT(r->goodput.goodput, 0.5);
}

TEST(TrainingScenario, MillionsOfTokensMayBeBinary) {
  const auto world = world_of("tokens: 15T, sequence: 8192, global_batch: 16M tokens");
  ASSERT_TRUE(world.has_value()) << all(world.error());
  EXPECT_EQ(world->job.batch, 2048);
  ASSERT_EQ(world->warnings.size(), 1u);
  EXPECT_NE(world->warnings.front().message.find("2048"), std::string::npos);
}

TEST(TrainingScenario, AllMistakesAtOnce) {
  const auto world = world_of(
      "tokens: many, sequence: 8192, global_batch: 10000 tokens, math: fp4, optimizer: sgd",
      "rack: hgx-h100, racks: 8");
  ASSERT_FALSE(world.has_value());
  const std::string said = all(world.error());
  EXPECT_NE(said.find("'workload.training.tokens' is no count"), std::string::npos);
  EXPECT_NE(said.find("1.22 sequences of 8192"), std::string::npos);
  EXPECT_NE(said.find("no fp4 products"), std::string::npos);
  EXPECT_NE(said.find("sgd"), std::string::npos);
}

TEST(TrainingScenario, APlanThatCannotBeSaysWhy) {
  const auto batch = world_of(job + ", plan: {tp: 8, pp: 1, dp: 7}");
  ASSERT_FALSE(batch.has_value());
  EXPECT_NE(all(batch.error()).find("does not divide by 7 data ranks"), std::string::npos);
  const auto stages = world_of(job + ", plan: {tp: 4, pp: 144, dp: 1}");
  ASSERT_FALSE(stages.has_value());
  EXPECT_NE(all(stages.error()).find("need 144 layers at least"), std::string::npos);
}

TEST(TrainingScenario, MemoryThatDoesNotFitNamesTheCheapestChange) {
  const auto world = world_of(job + ", plan: {tp: 4, pp: 2, dp: 72}");
  ASSERT_TRUE(world.has_value()) << all(world.error());
  const auto r = plan_training(*world, 1);
  ASSERT_FALSE(r.has_value());
  EXPECT_NE(r.error().front().message.find("GiB too many"), std::string::npos);
  EXPECT_NE(r.error().front().hint.find("it fits with steps of"), std::string::npos);
  const auto small = world_of(job, "rack: hgx-h100, racks: 1");
  ASSERT_TRUE(small.has_value());
  const auto none = plan_training(*small, 1);
  ASSERT_FALSE(none.has_value());
  EXPECT_NE(none.error().front().hint.find("GPUs hold it"), std::string::npos);
}

TEST(TrainingScenario, StorageSlowerThanTheInterval) {
  const auto world =
      world_of(job + ", checkpoint: {kind: synchronous, interval: 60 s, storage: 10 GB/s}");
  ASSERT_TRUE(world.has_value()) << all(world.error());
  const auto r = plan_training(*world, 1);
  ASSERT_FALSE(r.has_value());
  EXPECT_NE(r.error().front().message.find("longer than the interval of 60 s"), std::string::npos);
}

TEST(TrainingExport, SaysThePlan) {
  const auto world =
      world_of(job + ", plan: {tp: 4, cp: 2, pp: 8, dp: 9, chunks: 8, recompute: full}");
  ASSERT_TRUE(world.has_value()) << all(world.error());
  const auto megatron = export_training(*world, "megatron", 1);
  ASSERT_TRUE(megatron.has_value()) << all(megatron.error());
  EXPECT_NE(megatron->find("--tensor-model-parallel-size 4"), std::string::npos);
  EXPECT_NE(megatron->find("--recompute-granularity full"), std::string::npos);
  const auto titan = export_training(*world, "torchtitan", 1);
  ASSERT_TRUE(titan.has_value());
  EXPECT_NE(titan->find("pipeline_parallel_degree = 8"), std::string::npos);
  const auto events = export_training(*world, "perfetto", 1);
  ASSERT_TRUE(events.has_value());
  EXPECT_TRUE(parse_document("events.json", *events).has_value());
  EXPECT_FALSE(export_training(*world, "megatorn", 1).has_value());
}

}  // namespace
}  // namespace sn::api
