// sn/evidence/kernels/calibrate_kernels_test.cc
//
// A table that the model itself made is fitted back; the files that come out read as a catalog.

#include "sn/evidence/kernels/calibrate_kernels.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "sn/evidence/kernels/validate_kernels.h"
#include "sn/measured/kernel_cases.h"

namespace sn::evidence {
namespace {

namespace fs = std::filesystem;

hw::Chip h100() {
  hw::Chip c;
  c.name = "h100";
  c.kernels = "hopper";
  c.sms = 132;
  c.peak.bf16 = FlopRate::from_si(989e12);
  c.peak.fp8 = FlopRate::from_si(1979e12);
  c.hbm_bandwidth = Bandwidth::from_si(3.35e12);
  c.l2_bandwidth = Bandwidth::from_si(9e12);
  c.l2_capacity = Bytes::from_si(50e6);
  return c;
}

/// What made the data: not the values that a fit starts from.
kernel::KernelParams truth() {
  kernel::KernelParams p = starting_params();
  p.gemm.launch = Time::from_si(3.1e-6);
  p.gemm.rate = 0.62;
  p.gemm.hbm = 0.91;
  p.gemm.k_step = Time::from_si(0.12e-6);
  return p;
}

/// A folder with one table of bf16 products, priced by `truth`.
class MadeTable {
 public:
  MadeTable() : folder_(fs::path(testing::TempDir()) / "sn_calibrate_test") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    const std::string name = "h100_sxm__trtllm-1__gemm_perf.csv";
    std::string text = "gemm_dtype,m,n,k,latency_ms\n";
    for (double m = 1; m <= 16384; m *= 1.5) {
      for (double n = 64; n <= 32768; n *= 2) {
        for (double k = 64; k <= 32768; k *= 2) {
          text += fmt::format("bfloat16,{:.0f},{:.0f},{:.0f},1\n", m, n, k);
        }
      }
    }
    measured::RoutingCache routing;
    const auto table =
        measured::open_table(measured::parse_kernel_file_name(name), text, h100(), routing);
    const kernel::KernelModel model(h100(), truth());
    measured::Faults faults;
    measured::KernelCase row;
    std::ofstream out(folder_ / name);
    out << "gemm_dtype,m,n,k,latency_ms\n";
    while ((*table)->next(row, faults)) {
      out << fmt::format("bfloat16,{:.0f},{:.0f},{:.0f},{:.9g}\n", row.at[0], row.at[1], row.at[2],
                         measured::predicted_seconds(model, row) * 1e3);
    }
  }
  ~MadeTable() { fs::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_.string(); }

 private:
  fs::path folder_;
};

TEST(Calibrate, FindsTheParametersThatMadeTheTable) {
  const MadeTable data;
  KernelSet kernels;
  kernels.chips.emplace("h100", h100());
  Calibration c = calibrate_kernels(data.path(), kernels);
  ASSERT_EQ(c.families.size(), 1u);
  EXPECT_LT(c.families[0].mape, 0.01);
  const kernel::GemmParams& g = c.kernels.generations.at("hopper").gemm;
  EXPECT_NEAR(g.launch.si() / 3.1e-6, 1.0, 0.05);
  EXPECT_NEAR(g.rate / 0.62, 1.0, 0.03);
  EXPECT_NEAR(g.hbm / 0.91, 1.0, 0.03);
  EXPECT_NEAR(g.k_step.si() / 0.12e-6, 1.0, 0.05);

  // The same rows then validate, the ones never fitted as well as the others.
  c.kernels.generations.at("hopper").software = c.kernels.software;
  const Validation v = validate_kernels(data.path(), c.kernels);
  ASSERT_EQ(v.files.size(), 1u);
  EXPECT_EQ(v.files[0].predicted, v.files[0].rows);
  EXPECT_LT(v.files[0].held_out.mape, 0.01);
  EXPECT_GT(v.files[0].held_out.n, v.files[0].rows * 9 / 10);
}

TEST(Calibrate, DoesNotDependOnThreads) {
  const MadeTable data;
  KernelSet kernels;
  kernels.chips.emplace("h100", h100());
  const auto once = [&](int threads) {
    return catalog_files(calibrate_kernels(data.path(), kernels, {}, sn::Run({.threads = threads})),
                         "today");
  };
  const auto one = once(1);
  const auto two = once(2);
  ASSERT_EQ(one.size(), 1u);  // bf16 products of the reference library: nothing of software
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].text, two[i].text);
  EXPECT_EQ(one[0].path, "kernels/hopper.yaml");
  EXPECT_NE(one[0].text.find("source: kernel-fit"), std::string::npos);
  EXPECT_NE(one[0].text.find("not in the measured tables"), std::string::npos);
  EXPECT_NE(one[0].text.find("rows of 1 tables, error"), std::string::npos);
}

TEST(Calibrate, AnOverlayHoldsWhatWasFittedAlone) {
  const MadeTable data;
  KernelSet kernels;
  kernels.chips.emplace("h100", h100());
  const auto files =
      catalog_files(calibrate_kernels(data.path(), kernels), "today", Extent::fitted);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_NE(files[0].text.find("gemm:\n  launch:"), std::string::npos);
  EXPECT_EQ(files[0].text.find("moe:"), std::string::npos);
  EXPECT_EQ(files[0].text.find("family-default"), std::string::npos);
}

TEST(Calibrate, TooFewRowsAreSaidNotFitted) {
  const MadeTable data;
  KernelSet kernels;
  kernels.chips.emplace("h100", h100());
  const Calibration c = calibrate_kernels(data.path(), kernels, {.every = 1000});
  EXPECT_TRUE(c.families.empty());
  ASSERT_EQ(c.notes.size(), 1u);
  EXPECT_EQ(c.notes[0].rfind("gemm: ", 0), 0u) << c.notes[0];
}

/// A run on one thread that stops itself as soon as it is told something that `when` picks.
struct Stopping {
  explicit Stopping(std::function<bool(const Progress&)> at) : when(std::move(at)) {}

  std::function<bool(const Progress&)> when;
  sn::Run run{{.threads = 1, .progress = [this](const Progress& p) {
                 if (when(p)) run.stop();
               }}};
};

TEST(Validate, ARunThatIsStoppedKeepsTheTablesItHas) {
  const MadeTable data;
  const fs::path made = fs::path(data.path()) / "h100_sxm__trtllm-1__gemm_perf.csv";
  fs::copy_file(made, fs::path(data.path()) / "h100_sxm__trtllm-2__gemm_perf.csv");
  fs::copy_file(made, fs::path(data.path()) / "h100_sxm__trtllm-3__gemm_perf.csv");
  KernelSet kernels;
  kernels.chips.emplace("h100", h100());
  kernels.generations.emplace("hopper", truth());
  const Validation whole = validate_kernels(data.path(), kernels);
  ASSERT_EQ(whole.files.size(), 3u);
  EXPECT_FALSE(whole.interrupted);
  const Stopping first([](const Progress& p) { return p.done == 2; });
  const Validation part = validate_kernels(data.path(), kernels, {}, first.run);
  EXPECT_TRUE(part.interrupted);
  ASSERT_EQ(part.files.size(), 2u);
  for (const auto& file : part.files) {
    EXPECT_EQ(file.predicted, whole.files[0].predicted);
    EXPECT_EQ(file.latency.mape, whole.files[0].latency.mape);
  }
}

TEST(Calibrate, ARunThatIsStoppedSaysSoAndFitsNothingHalf) {
  const MadeTable data;
  KernelSet kernels;
  kernels.chips.emplace("h100", h100());
  const Stopping gemm([](const Progress& p) { return p.doing.find("gemm") == 0; });
  const Calibration c = calibrate_kernels(data.path(), kernels, {}, gemm.run);
  EXPECT_TRUE(c.interrupted);
  EXPECT_TRUE(c.families.empty());
}

TEST(Validate, TruncatedAndUnknownFilesAreFaultsOfThemselves) {
  const MadeTable data;
  std::ofstream(fs::path(data.path()) / "x900__vllm-1__gemm_perf.csv") << "m,n,k,latency_ms\n";
  std::ofstream(fs::path(data.path()) / "h100_sxm__vllm-1__gemm_perf.csv.gz") << "\x1f\x8b\x08";
  KernelSet kernels;
  kernels.chips.emplace("h100", h100());
  kernels.generations.emplace("hopper", truth());
  const Validation v = validate_kernels(data.path(), kernels);
  ASSERT_EQ(v.files.size(), 3u);
  EXPECT_TRUE(v.files[0].faults.empty());
  EXPECT_LT(v.files[0].latency.mape, 1e-6);
  EXPECT_EQ(v.files[1].faults.front().code, ErrorCode::data);
  EXPECT_EQ(v.files[2].faults.front().message, "unknown system 'x900'");
}

}  // namespace
}  // namespace sn::evidence
