// sn/api/training_export.cc
//
// A plan as launch arguments of Megatron-LM (megatron/training/arguments.py) or torchtitan
// (torchtitan/config/job_config.py), or its step as Chrome trace events, which Perfetto opens.

#include <fmt/format.h>

#include "sn/api/request_error.h"
#include "sn/api/training.h"

namespace sn::api {

namespace {

using training::PlayedTask;
using training::Recompute;
using training::Schedule;

std::string megatron(const training::Job& job, const training::Plan& p, std::int64_t per_os) {
  std::string out = fmt::format("torchrun --nproc-per-node {} --nnodes {} pretrain_gpt.py \\\n",
                                per_os, (p.gpus() + per_os - 1) / per_os);
  const auto flag = [&](const std::string& text) { out += "  " + text + " \\\n"; };
  flag(fmt::format("--tensor-model-parallel-size {}", p.tp));
  if (p.tp > 1) flag("--sequence-parallel");
  flag(fmt::format("--pipeline-model-parallel-size {}", p.pp));
  if (p.chunks > 1) {
    flag(fmt::format("--num-virtual-stages-per-pipeline-rank {}", p.chunks));
  }
  if (p.cp > 1) flag(fmt::format("--context-parallel-size {}", p.cp));
  if (p.ep > 1) {
    flag(fmt::format("--expert-model-parallel-size {}", p.ep));
    flag("--expert-tensor-parallel-size 1");
  }
  flag(fmt::format("--micro-batch-size {}", p.micro_batch));
  flag(fmt::format("--global-batch-size {}", job.batch));
  flag(fmt::format("--seq-length {}", job.sequence));
  flag(fmt::format("--train-samples {:.0f}", job.steps() * static_cast<double>(job.batch)));
  if (p.zero == 3) flag("--use-megatron-fsdp");
  flag("--use-distributed-optimizer");
  flag("--overlap-grad-reduce");
  flag("--overlap-param-gather");
  if (p.recompute == Recompute::selective) flag("--recompute-granularity selective");
  if (p.recompute == Recompute::full) {
    flag("--recompute-granularity full");
    flag("--recompute-method uniform");
    flag("--recompute-num-layers 1");
  }
  if (job.recipe.math == training::Math::fp8) flag("--fp8-format hybrid");
  return out + "  --bf16\n";
}

std::string torchtitan(const training::Job& job, const training::Plan& p) {
  std::string out = "# torchtitan job config\n[training]\n";
  out +=
      fmt::format("local_batch_size = {}\nglobal_batch_size = {}\nseq_len = {}\nsteps = {:.0f}\n",
                  p.micro_batch, job.batch, job.sequence, job.steps());
  out += fmt::format(
      "\n[parallelism]\ndata_parallel_replicate_degree = 1\ndata_parallel_shard_degree = {}\n"
      "tensor_parallel_degree = {}\ncontext_parallel_degree = {}\npipeline_parallel_degree = {}\n"
      "expert_parallel_degree = {}\n",
      p.dp, p.tp, p.cp, p.pp, p.ep);
  if (p.pp > 1) {
    const char* name = p.schedule == Schedule::interleaved   ? "Interleaved1F1B"
                       : p.schedule == Schedule::zero_bubble ? "ZBVZeroBubble"
                       : p.schedule == Schedule::dual_pipe   ? "DualPipeV"
                                                             : "1F1B";
    out += fmt::format("pipeline_parallel_schedule = \"{}\"\n", name);
  }
  const char* mode = p.recompute == Recompute::full        ? "full"
                     : p.recompute == Recompute::selective ? "selective"
                                                           : "none";
  return out + fmt::format("\n[activation_checkpoint]\nmode = \"{}\"\n", mode);
}

const char* name_of(PlayedTask::Kind kind) {
  switch (kind) {
    case PlayedTask::Kind::forward:
      return "forward";
    case PlayedTask::Kind::backward:
      return "backward";
    case PlayedTask::Kind::input:
      return "backward, inputs";
    case PlayedTask::Kind::weight:
      return "backward, weights";
    case PlayedTask::Kind::both:
      return "forward and backward";
  }
  return "";
}

/// One step: a row for each stage; gaps are its bubbles. Times in microseconds.
std::string perfetto(const twin::TrainingWorld& w, const TrainingCandidate& c) {
  const training::Plan& p = c.plan;
  const llm::StepMachine machine = w.machine.parts();
  training::StepPricer pricer(w.job, machine);
  const training::Played played =
      training::play(p.schedule, p.pp, p.chunks, p.micro_batches(w.job), pricer.stages(p),
                     w.job.recipe.p2p_overlap ? pricer.send(p) : 0.0);
  std::string out = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
  for (std::int64_t s = 0; s < p.pp; ++s) {
    out += fmt::format(
        "{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":0,\"tid\":{},"
        "\"args\":{{\"name\":\"stage {}\"}}}},\n",
        s, s);
  }
  const auto event = [&](std::int64_t row, const std::string& name, double from, double to) {
    out += fmt::format(
        "{{\"ph\":\"X\",\"name\":\"{}\",\"pid\":0,\"tid\":{},\"ts\":{:.3f},"
        "\"dur\":{:.3f}}},\n",
        name, row, 1e6 * from, 1e6 * (to - from));
  };
  for (const PlayedTask& t : played.tasks) {
    event(t.stage, fmt::format("{} {}", name_of(t.kind), t.micro_batch), t.start, t.end);
  }
  for (std::int64_t s = 0; s < p.pp; ++s) {
    event(s, "gradients and weights that show", played.total, played.total + c.time.data);
    event(s, "optimiser", played.total + c.time.data,
          played.total + c.time.data + c.time.optimizer);
  }
  out.erase(out.size() - 2);
  return out + "\n]}\n";
}

}  // namespace

const std::vector<std::string>& training_tools() {
  static const std::vector<std::string> tools = {"megatron", "torchtitan", "perfetto"};
  return tools;
}

Result<std::string> export_training(const twin::TrainingWorld& w, const std::string& tool, int rank,
                                    const Run& run) {
  bool known = false;
  for (const std::string& t : training_tools()) known |= t == tool;
  if (!known) {
    return fail(request_error(
        "tool", "unknown tool '" + shown(tool) + "'",
        nearest_hint(tool, training_tools(), "of training: megatron, torchtitan, perfetto")));
  }
  const Result<TrainingPlanReport> report = plan_training(w, rank, run);
  if (!report) return fail(report.error());
  if (static_cast<std::size_t>(rank) > report->candidates.size()) {
    return fail(request_error("rank", fmt::format("there are {} rows", report->candidates.size()),
                              "a smaller --deployment"));
  }
  const TrainingCandidate& c = report->candidates[static_cast<std::size_t>(rank) - 1];
  if (tool == "megatron") {
    return megatron(w.job, c.plan, std::max<std::int64_t>(1, w.machine.cluster.rack.gpus_per_os));
  }
  return tool == "torchtitan" ? torchtitan(w.job, c.plan) : perfetto(w, c);
}

}  // namespace sn::api
