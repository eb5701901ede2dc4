// sn/evidence/serving/replay_vllm_test.cc

#include "sn/evidence/serving/replay_vllm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sn::evidence {
namespace {

namespace fs = std::filesystem;

class VllmRuns : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / (std::string("sn_replay_") + test->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  fs::path folder_;
};

constexpr const char* meta =
    R"({"model": "meta-llama/Llama-3.1-8B", "engine_kwargs": {"max_num_seqs": 8,)"
    R"( "max_num_batched_tokens": 512}, "kv_cache": {"num_gpu_blocks": 1000, "block_size": 16}})";

TEST_F(VllmRuns, ClocksAreJoinedWhereTheQueueWasShortest) {
  write("RTX4090_x_meta.json", meta);
  write("RTX4090_x_requests.jsonl",
        R"({"input_toks": 10, "output_toks": 3, "arrival_time": 1000.0, "queued_ts": 50.3,)"
        R"( "scheduled_ts": 50.4, "first_token_ts": 50.5, "last_token_ts": 50.7})"
        "\n"
        R"({"input_toks": 20, "output_toks": 2, "arrival_time": 1001.0, "queued_ts": 51.1,)"
        R"( "scheduled_ts": 51.1, "first_token_ts": 51.2, "last_token_ts": 51.3})"
        "\n");
  const Result<VllmRun> run = read_vllm_run(folder_.string(), "RTX4090_x");
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->chip, "RTX4090");
  EXPECT_EQ(run->model, "Llama-3.1-8B");
  EXPECT_EQ(run->sequences, 8);
  EXPECT_EQ(run->tokens, 512);
  EXPECT_EQ(run->blocks, 1000);
  ASSERT_EQ(run->requests.size(), 2u);
  // 50.1 on the engine's clock is the first arrival.
  EXPECT_NEAR(run->requests[0].arrival, 0.0, 1e-9);
  EXPECT_NEAR(run->requests[0].first_token, 0.4, 1e-9);
  EXPECT_NEAR(run->requests[1].arrival, 1.0, 1e-9);
}

TEST_F(VllmRuns, FaultsAreNamed) {
  write("Chip9_x_meta.json", R"({"model": "nobody/Nothing-1B"})");
  write("Chip9_x_requests.jsonl", "{\"input_toks\": 10}\n");
  const Result<VllmRun> run = read_vllm_run(folder_.string(), "Chip9_x");
  ASSERT_FALSE(run.has_value());
  EXPECT_EQ(run.error().front().where.line, 1);
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  ASSERT_TRUE(catalog.has_value());
  VllmRun unknown;
  unknown.chip = "Chip9";
  unknown.requests = {{.input = 1, .output = 1}};
  const Result<ReplayReport> report = replay_vllm(unknown, *catalog);
  ASSERT_FALSE(report.has_value());
  EXPECT_NE(report.error().front().message.find("Chip9"), std::string::npos);
}

/// Dense runs: the scheduler and the step times together. The bounds leave room for the kernel
/// models to move.
TEST(VllmReplay, DenseRunsAreMetRequestByRequest) {
  const char* shared = std::getenv("SN_SHARED_DATA");
  if (shared == nullptr) GTEST_SKIP() << "SN_SHARED_DATA is not set";
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  ASSERT_TRUE(catalog.has_value());
  const ReplayReports reports =
      replay_vllm_runs(std::string(shared) + "/serving/vllm_per_request", *catalog);
  EXPECT_TRUE(reports.errors.empty()) << render(reports.errors);
  std::size_t dense = 0;
  for (const ReplayReport& r : reports.runs) {
    EXPECT_EQ(r.requests, 300u);
    if (r.model != "llama-3.1-8b") continue;
    ++dense;
    for (const ReplayMetric& m : r.metrics) {
      EXPECT_NEAR(m.mean_ratio(), 1.0, 0.12) << r.name << " " << m.name;
      EXPECT_NEAR(m.p99_ratio(), 1.0, 0.15) << r.name << " " << m.name;
    }
  }
  EXPECT_EQ(dense, 2u);
  EXPECT_NE(replay_text(reports).find("TTFT"), std::string::npos);
}

}  // namespace
}  // namespace sn::evidence
