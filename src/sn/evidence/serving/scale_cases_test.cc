// sn/evidence/serving/scale_cases_test.cc
//
// Published supernodes: every shipped case reads, mistakes are found, and a case of serving is the
// same number as a measured point of the same pools and clients.

#include "sn/evidence/serving/scale_cases.h"

#include <gtest/gtest.h>

#include "sn/evidence/serving/rows/measured_machines.h"
#include "sn/evidence/serving/serving_load.h"

namespace sn::evidence {
namespace {

constexpr std::string_view head =
    "title: a case\nsource: lmsys-gb200-2\ncitation: somebody\ndate: \"2026-01\"\nnote: n\n"
    "differs: nothing\n"
    "scenario:\n  cluster: {rack: nvl72-gb200, racks: 1}\n  model: deepseek-v3\n"
    "  precision: {weights: fp8, activations: fp8, kv: fp8}\n  software: {framework: sglang}\n";
constexpr std::string_view pools =
    "  deployments: [{pool: prefill, replicas: 2, dp: 8, ep: 8, chunk: 16384}, "
    "{pool: decode, dp: 16, ep: 16}]\n";

ScaleCases cases_with(const std::string& tail) {
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  EXPECT_TRUE(catalog) << render(catalog.error());
  const Result<catalog::Catalog> more =
      catalog->with({{"cases/a-test.yaml", "a-test.yaml", std::string(head) + tail}});
  EXPECT_TRUE(more) << render(more.error());
  return more ? predict_scale_cases(*more) : ScaleCases{};
}

const ScaleCase* find(const ScaleCases& all, std::string_view name) {
  for (const ScaleCase& c : all.cases) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

TEST(ScaleCases, ServingIsPlayedAsAMeasuredPointIs) {
  const ScaleCases all =
      cases_with(std::string(pools) +
                 "load: {phase: serving, concurrency: 64, requests: 640, input: 1024, output: 128, "
                 "range: 0.8}\npublished: {per_gpu: 300, tokens: total}\n");
  EXPECT_TRUE(all.errors.empty()) << render(all.errors);
  const ScaleCase* c = find(all, "a-test");
  ASSERT_NE(c, nullptr);
  EXPECT_EQ(c->phase, CasePhase::serving);
  EXPECT_EQ(c->gpus, 32);
  EXPECT_GT(c->step, 0.0);
  EXPECT_LT(c->interval.low, c->predicted);
  EXPECT_GT(c->interval.high, c->predicted);

  ServingPoint p;
  p.name = "a-test";  // draws the same lengths
  p.system = "gb200";
  p.framework = "sglang";
  p.model = "deepseek-v3";
  p.precision = {kernel::DataType::fp8, kernel::DataType::fp8, kernel::DataType::fp8};
  p.disaggregated = true;
  p.prefill = {.workers = 2, .parallel = {.dp = 8, .ep = 8}};
  p.decode = {.workers = 1, .parallel = {.dp = 16, .ep = 16}};
  p.input = 1024.0;
  p.output = 128.0;
  p.range = 0.8;
  p.concurrency = 64.0;
  p.requests = 640.0;
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  MeasuredMachines machines(*catalog);
  const Result<const twin::Machine*> machine = machines.of(p);
  ASSERT_TRUE(machine) << render(machine.error());
  const ServingPrediction q = predict(p, **machine);
  EXPECT_DOUBLE_EQ(c->predicted, q.total_per_gpu);
  EXPECT_DOUBLE_EQ(c->step, q.tpot);
}

TEST(ScaleCases, ShippedOnesReadAndNameTheirPhase) {
  const ScaleCases all = cases_with(std::string(pools) +
                                    "load: {phase: decode, sequences: 8, context: 100}\n"
                                    "published: {per_gpu: 300}\n");
  ASSERT_EQ(all.errors.size(), 1u) << render(all.errors);
  EXPECT_NE(render(all.errors).find("a case of one phase has one pool"), std::string::npos);
  EXPECT_EQ(find(all, "a-test"), nullptr);
  EXPECT_GE(all.cases.size(), 17u);
  std::size_t serving = 0;
  for (const ScaleCase& c : all.cases) {
    EXPECT_GT(c.predicted, 0.0) << c.name;
    EXPECT_FALSE(c.citation.empty()) << c.name;
    EXPECT_FALSE(c.differs.empty()) << c.name;
    serving += c.phase == CasePhase::serving ? 1 : 0;
  }
  EXPECT_GE(serving, 2u);
}

TEST(ScaleCases, EveryMistakeIsNamed) {
  const ScaleCases all = cases_with(
      std::string(pools) +
      "load: {phase: serving, concurrency: 0, requests: 640, input: 1024, outputs: 128}\n"
      "published: {per_gpu: 300, tokens: both}\n");
  const std::string text = render(all.errors);
  for (const char* part : {"concurrency", "outputs", "tokens"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(find(all, "a-test"), nullptr);
  const ScaleCases alone =
      cases_with(std::string(pools) +
                 "load: {phase: serving, concurrency: 8, requests: 64, input: 1024, output: 128}\n"
                 "published: {per_gpu: 300}\n");
  EXPECT_NE(render(alone.errors).find("tokens"), std::string::npos) << render(alone.errors);
}

}  // namespace
}  // namespace sn::evidence
