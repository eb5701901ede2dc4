// sn/training/step_time.cc
//
// Stages from layers, a step from stages (see step_time.h).

#include "sn/training/step_time.h"

#include <algorithm>
#include <cmath>

namespace sn::training {

namespace {

using collective::Op;

double as_double(std::int64_t n) { return static_cast<double>(n); }

void add(LayerCost& to, const LayerCost& from, double times) {
  const auto scaled = [&](Part p) {
    return Part{times * p.compute, times * p.tensor, times * p.exchange, times * p.context};
  };
  to.forward += scaled(from.forward);
  to.input += scaled(from.input);
  to.weight += scaled(from.weight);
  to.recomputed += times * from.recomputed;
}

}  // namespace

/// One micro-batch through one stage.
struct StepPricer::Stage {
  LayerCost cost;
  double send = 0.0;      // shown, all of a micro-batch, one direction
  double sharding = 0.0;  // shown gathers and scatters of ZeRO-2 and -3
  double layers = 0.0;
  bool dual = false;

  [[nodiscard]] StageTimes times(double taken) const {
    StageTimes t;
    t.forward = cost.forward.all() + send + 0.4 * sharding;
    t.input = cost.input.all() + send + 0.6 * sharding;
    t.weight = cost.weight.all();
    const double exchange = cost.forward.exchange + cost.input.exchange + cost.weight.exchange;
    const double rest = t.all() - exchange;
    t.overlapped = rest + taken * std::min(exchange, rest) + std::max(0.0, exchange - rest);
    return t;
  }
};

double peak_rate(const hw::Chip& chip, Math math) {
  const double fp4 = chip.peak.fp4.si();
  const double fp8 = chip.peak.fp8.si();
  if (math == Math::fp4 && fp4 > 0.0) return fp4;
  return math != Math::bf16 && fp8 > 0.0 ? fp8 : chip.peak.bf16.si();
}

const LayerCosts& StepPricer::costs(const Plan& plan) {
  const LayerShape shape = shape_of(plan);
  const auto found = known_.find(shape);
  if (found != known_.end()) return found->second;
  return known_.emplace(shape, layers_.price(shape)).first->second;
}

double StepPricer::send(const Plan& p) const {
  if (p.pp == 1) return 0.0;
  const Job& job = layers_.job();
  const double tokens = as_double(p.micro_batch) * as_double(job.sequence) / as_double(p.cp);
  // Every tensor rank sends its part (Megatron's scatter-gather, arXiv 2104.04473 section 4.1).
  const double bytes = 2.0 * tokens * as_double(job.model.hidden) / as_double(p.tp);
  const bool far = p.tp * p.cp * p.dp * 2 > layers_.cluster().rack.scale_up.domain;
  return layers_.timer().send(Bytes::from_si(bytes), far).time.si();
}

/// Gathers and scatters of every micro-batch: each beside the neighbouring layer.
void StepPricer::add_sharding(const Plan& p, double layers, Stage& s) const {
  if (p.zero < 2 || p.dp * p.cp == 1 || layers <= 0.0) return;
  const Job& job = layers_.job();
  const StageParameters n = stage_parameters(job.model, p, 1.0, false, false);
  const std::int64_t ranks = p.dp * p.cp;
  const std::int64_t same = std::max<std::int64_t>(1, p.tp * p.cp * p.dp / p.ep);
  const auto both = [&](Op op, double bytes) {
    return layers_.collective(op, ranks, p.tp, bytes * n.dense) +
           layers_.collective(op, same, p.ep, bytes * n.experts);
  };
  const double weights = p.zero >= 3 ? both(Op::all_gather, 2.0) : 0.0;
  const double gradients = both(Op::reduce_scatter, job.recipe.gradient_bytes);
  const double forward = s.cost.forward.all() / layers;
  const double backward = (s.cost.input.all() + s.cost.weight.all()) / layers;
  const double shown =
      std::max(0.0, weights - forward) + std::max(0.0, weights + gradients - backward);
  const double hidden = 2.0 * weights + gradients - shown;
  s.sharding = layers * shown;
  s.cost.forward.compute += 0.4 * layers * layers_.sms_taken() * hidden;
  s.cost.input.compute += 0.6 * layers * layers_.sms_taken() * hidden;
}

StepPricer::Stage StepPricer::stage(const Plan& p, const LayerCosts& c, std::int64_t index) const {
  const llm::ModelSpec& m = layers_.job().model;
  const bool last = index + 1 == p.pp;
  const double full = as_double(stage_layers(m, p));
  Stage out;
  out.layers = last ? as_double(last_stage_layers(m, p)) : full;
  if (index == 0 && p.pp > 1) {
    // What does not divide is missing in the first stage after the last.
    out.layers =
        as_double(m.layers) - full * as_double(p.pp - 2) - as_double(last_stage_layers(m, p));
    out.layers = std::clamp(out.layers, 0.0, full);
  }
  double moe = 0.0;
  if (m.is_moe()) {
    const double before = index == 0 ? as_double(m.dense_layers) : 0.0;
    moe = m.interleaved ? out.layers * as_double(m.moe_layers()) / as_double(m.layers)
                        : std::max(0.0, out.layers - before);
  }
  add(out.cost, c.moe, moe);
  add(out.cost, c.dense, out.layers - moe);
  if (index == 0) add(out.cost, c.embedding, 1.0);
  // Multi-token prediction: a layer of the last kind and the head once more (DeepSeek-V3, 2.2).
  const double again = last ? as_double(m.mtp_layers) : 0.0;
  if (last) add(out.cost, c.head, 1.0 + again);
  add(out.cost, m.is_moe() ? c.moe : c.dense, again);
  if (!layers_.job().recipe.p2p_overlap) out.send = send(p) * as_double(p.chunks);
  add_sharding(p, out.layers, out);
  return out;
}

StepPricer::Stage StepPricer::fullest(const Plan& p, const LayerCosts& c) const {
  Stage best = stage(p, c, 0);
  for (const std::int64_t i : {std::int64_t{1}, p.pp - 1}) {
    if (i < 1 || i >= p.pp) continue;
    Stage s = stage(p, c, i);
    if (s.times(0.0).all() > best.times(0.0).all()) best = s;
  }
  return best;
}

std::vector<StageTimes> StepPricer::stages(const Plan& plan) {
  const LayerCosts& c = costs(plan);
  std::vector<StageTimes> out;
  for (std::int64_t i = 0; i < plan.pp; ++i) {
    out.push_back(stage(plan, c, i).times(layers_.sms_taken()));
  }
  return out;
}

double StepPricer::data_time(const Plan& p, const Stage& s) const {
  const Job& job = layers_.job();
  const StageParameters n = stage_parameters(job.model, p, s.layers, true, p.pp == 1);
  const std::int64_t dense_ranks = p.dp * p.cp;
  const std::int64_t expert_ranks = std::max<std::int64_t>(1, p.tp * p.cp * p.dp / p.ep);
  const double g = job.recipe.gradient_bytes;
  const auto both = [&](Op op, double bytes) {
    return layers_.collective(op, dense_ranks, p.tp, bytes * n.dense) +
           layers_.collective(op, expert_ranks, p.ep, bytes * n.experts);
  };
  if (p.zero >= 3) return 0.0;  // every micro-batch: add_sharding
  const double layers = std::max(1.0, s.layers);
  const double copies = p.schedule == Schedule::dual_pipe ? 2.0 : 1.0;
  const double back =
      p.zero == 2 ? 0.0 : copies * both(p.zero == 0 ? Op::all_reduce : Op::reduce_scatter, g);
  const double weights = p.zero == 0 ? 0.0 : copies * both(Op::all_gather, 2.0);
  if (!job.recipe.dp_overlap) return back + weights;
  const double backward = s.cost.input.all() + s.cost.weight.all();
  const double forward = s.cost.forward.all();
  const auto shown = [&](double t, double beside) {
    return std::max(t - beside, t / layers) + layers_.sms_taken() * std::min(t, beside);
  };
  return (back > 0.0 ? shown(back, backward) : 0.0) +
         (weights > 0.0 ? shown(weights, forward) : 0.0);
}

double StepPricer::optimizer_time(const Plan& p) const {
  const Job& job = layers_.job();
  const Recipe& r = job.recipe;
  const double layers = as_double(stage_layers(job.model, p));
  const StageParameters n = stage_parameters(job.model, p, layers, true, p.pp == 1);
  const double dense = n.dense / (p.zero >= 1 ? as_double(p.dp * p.cp) : 1.0);
  const double expert_ranks = std::max(1.0, as_double(p.tp * p.cp * p.dp) / as_double(p.ep));
  const double experts = n.experts / (p.zero >= 1 ? expert_ranks : 1.0);
  const double held = p.zero >= 2 ? dense + experts : n.dense + n.experts;
  // Gradients are cleared and their norm taken; then the update of this rank's share.
  double time = layers_.stream(r.gradient_bytes * held) + layers_.stream(r.gradient_bytes * held);
  if (r.loss_scaling) time += layers_.stream(2.0 * r.gradient_bytes * held);
  time += layers_.stream((2.0 * r.state_bytes + r.gradient_bytes + 2.0) * (dense + experts));
  if (r.optimizer == Optimizer::muon) {
    const double h = as_double(job.model.hidden);
    const double per_flop =
        layers_.kernels().gemm({.m = h, .n = h, .k = h}).time.si() / (2.0 * h * h * h);
    const double side = job.model.is_moe() ? as_double(job.model.expert_inter) : h;
    time += 5.0 * 6.0 * per_flop * (h * dense + side * experts);
  }
  return time;
}

StepTime StepPricer::step(const Plan& p) {
  const Job& job = layers_.job();
  const LayerCosts& c = costs(p);
  const Stage s = fullest(p, c);
  const double taken = layers_.sms_taken();
  const StageTimes t = s.times(taken);
  const auto n = as_double(p.micro_batches(job));
  double rest = 1.0;
  if (p.pp > 1) {
    const double first = stage(p, c, 0).times(taken).all();
    const double last = stage(p, c, p.pp - 1).times(taken).all();
    const double middle = p.pp > 2 ? stage(p, c, 1).times(taken).all() : 0.0;
    const double sum = first + last + as_double(p.pp - 2) * middle;
    rest = (sum - t.all()) / (as_double(p.pp - 1) * t.all());
  }
  const PipelineTime pipe =
      pipeline_time(p.schedule, p.pp, p.chunks, p.micro_batches(job), t, rest);
  StepTime out;
  const auto sum = [&](double Part::* part) {
    return n * (s.cost.forward.*part + s.cost.input.*part + s.cost.weight.*part);
  };
  out.recompute = n * s.cost.recomputed;
  out.compute = sum(&Part::compute) - out.recompute;
  out.tensor = sum(&Part::tensor);
  out.context = sum(&Part::context);
  out.exchange = sum(&Part::exchange);
  out.sends = n * 2.0 * s.send;
  // The ramp sends as well where steady work hides them.
  out.bubble = pipe.bubble + (job.recipe.p2p_overlap ? 2.0 * as_double(p.pp - 1) * send(p) : 0.0);
  if (p.schedule == Schedule::dual_pipe) out.exchange += n * (t.overlapped - t.all());
  out.data = data_time(p, s) + n * s.sharding;
  out.optimizer = optimizer_time(p);
  out.overhead = job.recipe.step_overhead.si();
  out.total = out.compute + out.recompute + out.tensor + out.context + out.exchange + out.sends +
              out.bubble + out.data + out.optimizer + out.overhead;
  out.flops = model_flops_per_token(job).si() * job.batch_tokens();
  const double gpus = as_double(p.gpus());
  const double peak = peak_rate(layers_.cluster().rack.chip, job.recipe.math);
  out.mfu = out.flops / (peak * gpus * out.total);
  out.tokens_per_s = job.batch_tokens() / out.total;
  return out;
}

double StepPricer::bound(std::int64_t gpus) const {
  const Job& job = layers_.job();
  const double peak = peak_rate(layers_.cluster().rack.chip, job.recipe.math);
  return model_flops_per_token(job).si() * job.batch_tokens() / (peak * as_double(gpus));
}

}  // namespace sn::training
