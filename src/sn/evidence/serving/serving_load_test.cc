// sn/evidence/serving/serving_load_test.cc
//
// The engine of a measured point puts its steps together as the catalog says of its software.

#include "sn/evidence/serving/serving_load.h"

#include <gtest/gtest.h>

#include <string>

#include "sn/catalog/catalog_test_util.h"
#include "sn/evidence/serving/rows/measured_machines.h"

namespace sn::evidence {
namespace {

struct Launch {
  std::string framework;
  std::string system;
  double concurrency = 8.0;
  double range = 0.8;  // InferenceX's; 1: another benchmark
};

serving::Batching batching_of(const Launch& launch) {
  ServingPoint p;
  p.name = "a point";
  p.system = launch.system;
  p.framework = launch.framework;
  p.model = "llama-3.1-70b";
  p.precision = {kernel::DataType::fp8, kernel::DataType::fp8, kernel::DataType::fp8};
  p.decode = {.workers = 1, .parallel = {.tp = 8}};
  p.input = 1000.0;
  p.output = 100.0;
  p.range = launch.range;
  p.concurrency = launch.concurrency;
  p.requests = 10.0 * launch.concurrency;
  const catalog::Catalog catalog = catalog::shipped_catalog();
  MeasuredMachines machines(catalog);
  const Result<const twin::Machine*> machine = machines.of(p);
  if (!machine) {
    ADD_FAILURE() << render(machine.error());
    return {};
  }
  const Result<serving::EngineSpec> spec = measured_engine(p, **machine);
  if (!spec) {
    ADD_FAILURE() << render(spec.error());
    return {};
  }
  return spec->deployments.front().pools.front().batching;
}

TEST(MeasuredEngine, SglangTakesItsBudgetByMemoryAndRunsPromptsFirst) {
  // 141 GiB, and 180 GiB.
  EXPECT_EQ(batching_of({"sglang", "h200"}).tokens, 8192);
  EXPECT_EQ(batching_of({"sglang", "b200"}).tokens, 16384);
  EXPECT_EQ(batching_of({"sglang-0.5.5", "b200"}).tokens, 16384);
  EXPECT_TRUE(batching_of({"sglang", "h200"}).prefill_first);
  EXPECT_FALSE(batching_of({"sglang", "h200"}).ahead);
}

TEST(MeasuredEngine, SglangLooksForRequestsAsInferencexLaunchedIt) {
  EXPECT_EQ(batching_of({"sglang", "h200", 8.0}).poll, 10);
  EXPECT_EQ(batching_of({"sglang", "h200", 16.0}).poll, 30);
  EXPECT_EQ(batching_of({"sglang", "h200", 16.0, 1.0}).poll, 1);
  EXPECT_EQ(batching_of({"vllm", "h200", 16.0}).poll, 1);
}

TEST(MeasuredEngine, VllmPlansAheadAndTensorRtDoesNot) {
  for (const std::string system : {"h200", "b200"}) {
    for (const std::string name : {"vllm", "vllm-0.11", "trtllm", "trtllm-1.0", "trtllm-1.1"}) {
      SCOPED_TRACE(name + " on " + system);
      const serving::Batching b = batching_of({name, system});
      EXPECT_EQ(b.tokens, 8192);
      EXPECT_FALSE(b.prefill_first);
      EXPECT_EQ(b.ahead, name.starts_with("vllm"));
    }
  }
}

}  // namespace
}  // namespace sn::evidence
