// sn/training/job.cc
//
// Names, layers of stages, and the rules of a plan.

#include "sn/training/job.h"

#include <fmt/format.h>

#include <algorithm>

namespace sn::training {

std::string_view to_string(Math math) {
  return math == Math::fp4 ? "fp4" : math == Math::fp8 ? "fp8" : "bf16";
}

std::string_view to_string(Recompute recompute) {
  return recompute == Recompute::full        ? "full"
         : recompute == Recompute::selective ? "selective"
                                             : "none";
}

std::string_view to_string(Schedule schedule) {
  switch (schedule) {
    case Schedule::one_f_one_b:
      return "1F1B";
    case Schedule::interleaved:
      return "interleaved";
    case Schedule::zero_bubble:
      return "zero-bubble";
    case Schedule::dual_pipe:
      return "DualPipe";
  }
  return "";
}

std::string_view to_string(Optimizer optimizer) {
  return optimizer == Optimizer::muon ? "muon" : "adam";
}

std::string to_string(const Plan& p) {
  std::string out = fmt::format("TP{}", p.tp);
  if (p.cp > 1) out += fmt::format(" CP{}", p.cp);
  out += fmt::format(" PP{}", p.pp);
  if (p.schedule == Schedule::interleaved) out += fmt::format("x{}", p.chunks);
  out += fmt::format(" DP{}", p.dp);
  if (p.ep > 1) out += fmt::format(" EP{}", p.ep);
  out += fmt::format(" zero-{}", p.zero);
  if (p.pp > 1) out += fmt::format(" {}", to_string(p.schedule));
  out += fmt::format(", micro-batch {}", p.micro_batch);
  if (p.recompute != Recompute::none) out += fmt::format(", recompute {}", to_string(p.recompute));
  return out;
}

namespace {

std::int64_t up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Why the pipeline has no even or full stages; empty when it has.
std::string pipeline_fault(const llm::ModelSpec& m, const Plan& p) {
  const std::int64_t places = p.pp * p.chunks;
  // The embedding and the head may stand for a layer each.
  if (places > m.layers + (p.chunks > 1 ? 2 : 0)) {
    return fmt::format("{} stages of {} chunks need {} layers at least; {} has {}", p.pp, p.chunks,
                       places, m.name, m.layers);
  }
  if (last_stage_layers(m, p) < 0) {
    return fmt::format("{} layers leave the last of {} stages without any", m.layers, p.pp);
  }
  if (p.schedule == Schedule::dual_pipe && (p.pp < 2 || p.pp % 2 != 0)) {
    return fmt::format("DualPipe folds an even number of stages, not {}", p.pp);
  }
  if (p.schedule != Schedule::interleaved && p.chunks != 1) {
    return fmt::format("{} has one chunk a stage, not {}", to_string(p.schedule), p.chunks);
  }
  return {};
}

std::string batch_fault(const Job& j, const Plan& p) {
  const std::int64_t step = p.dp * p.micro_batch;
  if (j.batch % step != 0) {
    return fmt::format(
        "a batch of {} sequences does not divide by {} data ranks x micro-batch {}; {} or {} would",
        j.batch, p.dp, p.micro_batch, j.batch / step * step, up(j.batch, step) * step);
  }
  const std::int64_t n = p.micro_batches(j);
  if (p.schedule == Schedule::interleaved && n % p.pp != 0) {
    return fmt::format("interleaving takes a multiple of {} micro-batches, the batch gives {}",
                       p.pp, n);
  }
  if (p.schedule == Schedule::dual_pipe && (n % 2 != 0 || n < 2 * p.pp)) {
    return fmt::format("DualPipe takes an even number of at least {} micro-batches, not {}",
                       2 * p.pp, n);
  }
  return {};
}

std::string ranks_fault(const Job& j, const Plan& p, std::int64_t domain) {
  const llm::ModelSpec& m = j.model;
  if (p.tp > domain) {
    return fmt::format("TP{} is wider than a ScaleUp domain of {}", p.tp, domain);
  }
  if (m.attention.heads % p.tp != 0) {
    return fmt::format("{} heads do not divide by TP{}", m.attention.heads, p.tp);
  }
  if (j.sequence % (2 * p.cp) != 0 && p.cp > 1) {
    return fmt::format("a sequence of {} does not divide into {} pieces for CP{}", j.sequence,
                       2 * p.cp, p.cp);
  }
  if (p.ep > 1 && !m.is_moe()) return m.name + " has no experts for EP";
  if (p.ep > 1 && m.experts % p.ep != 0) {
    return fmt::format("{} experts do not divide by EP{}", m.experts, p.ep);
  }
  if (const std::int64_t ranks = p.tp * p.cp * p.dp; ranks % p.ep != 0) {
    return fmt::format("EP{} does not divide the {} ranks of a stage", p.ep, ranks);
  }
  return {};
}

}  // namespace

std::string why_not(const Job& job, const Plan& plan, std::int64_t domain) {
  if (job.model.linear_layers > 0) return "layers with linear attention have no training model yet";
  for (const std::int64_t n : {plan.tp, plan.cp, plan.ep, plan.pp, plan.dp, plan.chunks,
                               plan.micro_batch, job.batch, job.sequence}) {
    if (n < 1) return "every degree, the batch and the sequence are at least 1";
  }
  std::string why = ranks_fault(job, plan, domain);
  if (why.empty()) why = pipeline_fault(job.model, plan);
  if (why.empty()) why = batch_fault(job, plan);
  return why;
}

std::int64_t stage_layers(const llm::ModelSpec& model, const Plan& plan) {
  const std::int64_t places = plan.pp * plan.chunks;
  return plan.chunks * up(model.layers, places);
}

std::int64_t last_stage_layers(const llm::ModelSpec& model, const Plan& plan) {
  const std::int64_t full = stage_layers(model, plan);
  if (plan.pp == 1) return model.layers;
  // What is missing is missing at both ends: first the last stage, then the first.
  const std::int64_t missing = full * plan.pp - model.layers;
  return std::max<std::int64_t>(full - up(missing, 2), missing > 2 * full ? -1 : 0);
}

Flops model_flops_per_token(const Job& job) {
  const double context = 0.5 * static_cast<double>(job.sequence);
  return 3.0 * llm::flops_per_token(job.model, context);
}

}  // namespace sn::training
