// sn/measured/kernel_files_test.cc

#include "sn/measured/kernel_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sn::measured {
namespace {

namespace fs = std::filesystem;

TEST(KernelFiles, NamesSayWhatATableIs) {
  const KernelFile gemm =
      parse_kernel_file_name("kernels/aic/gb300__trtllm-1.3.0rc20__gemm_perf.csv.gz");
  EXPECT_EQ(gemm.chip, "gb300");
  EXPECT_EQ(gemm.framework, "trtllm");
  EXPECT_EQ(gemm.version, "1.3.0rc20");
  EXPECT_EQ(gemm.table, "gemm_perf");
  EXPECT_EQ(parse_kernel_file_name("a100_sxm__vllm-0.14.0__moe_perf.csv").chip, "a100");
  const KernelFile rtx =
      parse_kernel_file_name("RTXPRO6000__Qwen__Qwen3-32B__bf16__tp2__attention.csv.gz");
  EXPECT_EQ(rtx.format, TableFormat::llmservingsim);
  EXPECT_EQ(rtx.chip, "rtx-pro-6000");
  EXPECT_EQ(rtx.model, "Qwen/Qwen3-32B");
  EXPECT_EQ(rtx.tp, 2);
  EXPECT_EQ(parse_kernel_file_name("llmcompass_matmul_A100.csv").chip, "a100");
  EXPECT_EQ(parse_kernel_file_name("vidur/h100_linear_ops.csv.gz").table, "linear_ops");
  for (const char* other : {"INDEX.csv", "a__b.csv", "x.yaml", "a__b__c.csv", "a__b-1__c.csv"}) {
    EXPECT_EQ(parse_kernel_file_name(other).table, "") << other;
  }
}

TEST(KernelFiles, ConstantsComeFromTheIndexBesideTheTable) {
  const fs::path folder = fs::path(testing::TempDir()) / "sn_kernel_files_test";
  fs::remove_all(folder);
  fs::create_directories(folder / "aic");
  std::ofstream(folder / "aic" / "INDEX.csv")
      << "file,constant_columns\nh100_sxm__vllm-1__gemm_perf.csv.gz,gemm_dtype=fp8;op_name=gemm\n";
  std::ofstream(folder / "aic" / "h100_sxm__vllm-1__gemm_perf.csv") << "m,n,k,latency_ms\n";
  std::ofstream(folder / "notes.txt") << "x";
  const KernelFiles found = find_kernel_files(folder.string());
  EXPECT_TRUE(found.errors.empty());
  ASSERT_EQ(found.files.size(), 1u);
  EXPECT_EQ(found.files[0].name, "aic/h100_sxm__vllm-1__gemm_perf.csv");
  EXPECT_EQ(found.files[0].constants.at("gemm_dtype"), "fp8");
  EXPECT_EQ(found.ignored, std::vector<std::string>{"notes.txt"});
  fs::remove_all(folder);
}

TEST(KernelFiles, AFolderWithoutTablesIsAMistake) {
  EXPECT_EQ(find_kernel_files("/no/such/folder").errors.front().code, ErrorCode::io);
  const fs::path folder = fs::path(testing::TempDir()) / "sn_kernel_files_empty";
  fs::create_directories(folder);
  EXPECT_EQ(find_kernel_files(folder.string()).errors.front().message,
            "no kernel table below this folder");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace sn::measured
