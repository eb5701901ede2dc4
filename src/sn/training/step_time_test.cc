// sn/training/step_time_test.cc
//
// Steps on shipped machines: what holds for every plan, and the published order of things.

#include "sn/training/step_time.h"

#include <gtest/gtest.h>

#include "sn/llm/shipped_test_util.h"
#include "sn/training/schedule_play.h"

namespace sn::training {
namespace {

struct Setting {
  llm::ShippedModel model;
  llm::ShippedMachine machine;
  Job job;

  Setting(std::string_view rack, std::string_view name, std::int64_t racks)
      : model(llm::shipped_model(name)), machine(llm::shipped_machine(rack, model.traits, racks)) {
    job.model = model.spec;
    job.sequence = 8192;
    job.batch = 512;
  }
};

const Plan dense_plan{.tp = 8, .pp = 8, .dp = 16, .chunks = 8, .schedule = Schedule::interleaved};

TEST(StepTime, PartsAddUpAboveTheBound) {
  const Setting s("hgx-h100", "llama-3.1-405b", 128);
  const llm::StepMachine machine = s.machine.view();
  StepPricer pricer(s.job, machine);
  ASSERT_EQ(why_not(s.job, dense_plan, 8), "");
  const StepTime t = pricer.step(dense_plan);
  EXPECT_NEAR(t.total,
              t.compute + t.recompute + t.tensor + t.exchange + t.context + t.sends + t.bubble +
                  t.data + t.optimizer + t.overhead,
              1e-9);
  EXPECT_GT(t.total, pricer.bound(dense_plan.gpus()));
  EXPECT_GT(t.mfu, 0.2);
  EXPECT_LT(t.mfu, 0.75);
}

TEST(StepTime, RecomputationCostsAThirdOfComputeAtMost) {
  const Setting s("hgx-h100", "llama-3.1-405b", 128);
  const llm::StepMachine machine = s.machine.view();
  StepPricer pricer(s.job, machine);
  Plan plan = dense_plan;
  const StepTime none = pricer.step(plan);
  plan.recompute = Recompute::selective;
  const StepTime selective = pricer.step(plan);
  plan.recompute = Recompute::full;
  const StepTime full = pricer.step(plan);
  EXPECT_GT(selective.total, none.total);
  EXPECT_GT(full.total, selective.total);
  // The whole forward pass, communication and all: somewhat more than a third of what shows.
  EXPECT_NEAR(full.recompute / (none.compute + none.tensor), 1.0 / 3.0, 0.08);
}

TEST(StepTime, SchedulesInTheirOrder) {
  Setting s("hgx-h100", "llama-3.1-405b", 128);
  const llm::StepMachine machine = s.machine.view();
  StepPricer pricer(s.job, machine);
  Plan plan = dense_plan;
  const double interleaved = pricer.step(plan).bubble;
  plan.chunks = 1;
  plan.schedule = Schedule::one_f_one_b;
  const double plain = pricer.step(plan).bubble;
  plan.schedule = Schedule::zero_bubble;
  const double zero = pricer.step(plan).bubble;
  EXPECT_LT(interleaved, plain);
  EXPECT_LT(zero, plain);
}

TEST(StepTime, DualPipeHidesTheExchange) {
  Setting s("hgx-h100", "deepseek-v3", 64);
  s.job.sequence = 4096;
  s.job.batch = 4096;
  const llm::StepMachine machine = s.machine.view();
  StepPricer pricer(s.job, machine);
  Plan plan{.ep = 32, .pp = 8, .dp = 64};
  ASSERT_EQ(why_not(s.job, plan, 8), "");
  const StepTime plain = pricer.step(plan);
  plan.schedule = Schedule::dual_pipe;
  ASSERT_EQ(why_not(s.job, plan, 8), "");
  const StepTime dual = pricer.step(plan);
  EXPECT_GT(plain.exchange, 0.0);
  EXPECT_LT(dual.exchange, 0.5 * plain.exchange);
  EXPECT_LT(dual.total, plain.total);
}

TEST(StepTime, ClosedFormOfThePipelineIsWhatThePlayerPlays) {
  const Setting s("hgx-h100", "llama-3.1-405b", 128);
  const llm::StepMachine machine = s.machine.view();
  StepPricer pricer(s.job, machine);
  Plan plan = dense_plan;
  plan.chunks = 1;
  plan.schedule = Schedule::one_f_one_b;
  const StepTime t = pricer.step(plan);
  const double closed = t.total - t.data - t.optimizer - t.overhead;
  const Played played =
      play(plan.schedule, plan.pp, 1, plan.micro_batches(s.job), pricer.stages(plan));
  EXPECT_NEAR(played.total / closed, 1.0, 0.01);
}

TEST(Plan, SaysWhyNot) {
  const Setting s("hgx-h100", "llama-3.1-405b", 128);
  Plan plan = dense_plan;
  plan.dp = 7;
  EXPECT_NE(why_not(s.job, plan, 8).find("does not divide by 7 data ranks"), std::string::npos);
  plan = dense_plan;
  plan.pp = 256;
  EXPECT_NE(why_not(s.job, plan, 8).find("need 2048 layers"), std::string::npos);
  plan = dense_plan;
  plan.tp = 16;
  EXPECT_NE(why_not(s.job, plan, 8).find("wider than a ScaleUp domain"), std::string::npos);
  plan = dense_plan;
  plan.ep = 8;
  EXPECT_NE(why_not(s.job, plan, 8).find("no experts"), std::string::npos);
}

TEST(Plan, FlopsAreThreeTimesForward) {
  const Setting s("hgx-h100", "llama-3.1-405b", 128);
  // 6 N a token and causal attention: 6 L h s / 2 x 2 (Llama 3 report, section 3.3).
  const double parameters = llm::active_parameters(s.job.model);
  const double attention = 3.0 * 2.0 * 2.0 * 126.0 * 16384.0 * 4096.0;
  EXPECT_NEAR(model_flops_per_token(s.job).si() / (6.0 * parameters + attention), 1.0, 0.01);
}

}  // namespace
}  // namespace sn::training
