// sn/evidence/training/validate_training_test.cc
//
// Readers on tables of a line, and the errors asked for where the measurements are there.

#include "sn/evidence/training/validate_training.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "sn/evidence/training/training_predict.h"

namespace sn::evidence {
namespace {

const catalog::Catalog& shipped() {
  static const catalog::Catalog catalog = *catalog::Catalog::embedded();
  return catalog;
}

/// Folder of measurements of training; empty where there are none.
std::string measurements() {
  const char* data = std::getenv("SN_SHARED_DATA");
  return data == nullptr ? "" : std::string(data) + "/training";
}

TEST(TrainingTables, ThroughputBecomesTheTimeOfAStep) {
  const std::string text =
      "phase,system,model,n_gpus,precision,gbs,mbs,seq_len,fsdp,tp,pp,cp,vp,ep,"
      "tokens_per_s_per_gpu\n"
      "Pre-Training Performance,DGX-GB200,DeepSeekV3,256,MXFP8,4096,1,4096,0,1,4,1,4,64,4096\n"
      "SFT Performance,DGX-GB200,LLAMA3_70B,32,FP8,32,1,4096,,1,8,1,10,n/a,3864\n";
  measured::Faults faults;
  const auto cases = read_training_table("megatron_bridge_perf.csv", text, faults);
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_EQ(faults.count(), 0u);
  EXPECT_DOUBLE_EQ(cases[0].measured, 4096.0 / 256.0);
  EXPECT_EQ(cases[0].rack, "nvl72-gb200");
  EXPECT_EQ(cases[0].plan.dp, 64);
  EXPECT_EQ(cases[0].plan.ep, 64);
  EXPECT_EQ(cases[0].skip, "");
  EXPECT_EQ(cases[1].skip, "not pre-training");
}

TEST(TrainingTables, AMalformedNumberIsAFault) {
  const std::string text =
      "model,tp,pp,microbatch,interleave,recompute,seq_parallel,global_batch,value\n"
      "gpt3-175B,eight,8,1,3,full,False,64,18.13\n";
  measured::Faults faults;
  static_cast<void>(read_training_table("megatron_seqsel_tab5.csv", text, faults));
  EXPECT_EQ(faults.count(), 1u);
}

TEST(ValidateTraining, AFolderWithoutTablesIsAnError) {
  const TrainingValidation v = validate_training("/nowhere", shipped());
  EXPECT_FALSE(v.errors.empty());
  EXPECT_TRUE(v.rows.empty());
}

TEST(ValidateTraining, ErrorsOfTheMeasurements) {
  if (measurements().empty()) GTEST_SKIP() << "SN_SHARED_DATA is not set";
  const TrainingValidation v = validate_training(measurements(), shipped());
  // What it reached when it was written; a change of kernels or collectives may move it a little.
  const std::map<std::string, double> reached = {{"Megatron sequence parallelism", 0.045},
                                                 {"Megatron memory", 0.01},
                                                 {"MLPerf Llama-3.1-405B", 0.05}};
  std::size_t seen = 0;
  for (const TrainingGroup& g : v.groups) {
    const auto limit = reached.find(g.name);
    if (limit == reached.end()) continue;
    ++seen;
    EXPECT_LE(g.held_out.mape, limit->second) << g.name;
  }
  EXPECT_EQ(seen, reached.size());
}

TEST(ValidateTraining, StretchesAreWhatTheFitGives) {
  if (measurements().empty()) GTEST_SKIP() << "SN_SHARED_DATA is not set";
  Errors errors;
  const auto fitted = fit_stretches(measurements(), shipped(), errors);
  EXPECT_EQ(fitted.size(), training::stretches().size());
  for (const training::Stretch& f : fitted) {
    bool found = false;
    for (const training::Stretch& s : training::stretches()) {
      if (s.stack != f.stack || s.moe != f.moe || s.math != f.math ||
          s.generation != f.generation) {
        continue;
      }
      found = true;
      EXPECT_NEAR(s.value, f.value, 0.03) << to_string(s.stack) << " " << s.generation;
      EXPECT_NEAR(s.attention, f.attention, 0.21);
    }
    EXPECT_TRUE(found) << to_string(f.stack) << " " << f.generation;
  }
}

}  // namespace
}  // namespace sn::evidence
