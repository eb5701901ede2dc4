// sn/evidence/serving/validate_serving_test.cc

#include "sn/evidence/serving/validate_serving.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sn/base/document/document.h"

namespace sn::evidence {
namespace {

namespace fs = std::filesystem;

/// A folder with one table: a dense model on one GPU at five concurrencies.
class FivePoints {
 public:
  FivePoints() : folder_(fs::path(testing::TempDir()) / "sn_validate_serving_test") {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "serving");
    std::ofstream out(folder_ / "serving" / "aic_silicon_e2e_agg.csv");
    out << "id,silicon_data_source,backend,backend_version,model_path,system,precision,mode,isl,"
           "osl,"
           "batch_size,tp_size,pp_size,attention_dp_size,moe_tp_size,moe_ep_size,"
           "silicon_ttft_ms,silicon_tpot_ms,spec_method,flags\n";
    for (const int c : {1, 2, 4, 8, 16}) {
      out << fmt::format(
          "p{0},x; silicon_concurrency={0},vllm,0.12.0,meta-llama/Llama-3.1-8B-Instruct,h100_sxm,"
          "fp8,agg,512,64,{0},1,1,1,1,1,30,7,none,\n",
          c);
    }
  }
  ~FivePoints() { fs::remove_all(folder_); }
  [[nodiscard]] std::string path() const { return folder_.string(); }

 private:
  fs::path folder_;
};

std::size_t judged(const ServingValidation& v) {
  std::size_t n = 0;
  for (const ServingFileReport& f : v.files) n += static_cast<std::size_t>(f.report.predicted);
  return n;
}

TEST(ValidateServing, ARunThatIsStoppedKeepsThePointsItPlayed) {
  const FivePoints data;
  const auto catalog = catalog::Catalog::embedded();
  ASSERT_TRUE(catalog);
  EXPECT_EQ(judged(validate_serving(data.path(), *catalog)), 5u);
  sn::Run* told = nullptr;
  sn::Run run({.threads = 1, .progress = [&](const Progress& p) {
                 if (p.done == 3) told->stop();
               }});
  told = &run;
  const ServingValidation part = validate_serving(data.path(), *catalog, {}, run);
  EXPECT_TRUE(part.interrupted);
  EXPECT_EQ(judged(part), 3u);
}

}  // namespace
}  // namespace sn::evidence
