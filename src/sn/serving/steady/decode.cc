// sn/serving/steady/decode.cc
//
// Steady-state decoding (equations and sources in decode.h).

#include "sn/serving/steady/decode.h"

#include <algorithm>
#include <cmath>

#include "sn/serving/steady/crossing.h"

namespace sn::serving {

namespace {

// A request's mean over a residence as long as the correlation time keeps 2/3 of the variance:
// 2 * integral over u in [0,1] of (1-u)(1-u).
const double averaged_deviation = std::sqrt(2.0 / 3.0);

// Paged caches reject no request while the busiest rank stays below capacity with this margin (99
// %).
constexpr double memory_margin = 2.33;

constexpr double answer_groups = 12.0;  // of lengths, told apart by TPOT

/// Integral of min(x, cap)^power from 0 to x.
double capped_integral(double x, double cap, int power) {
  const double below = std::min(x, cap);
  const double inside = power == 1 ? below * below / 2.0 : below * below * below / 3.0;
  return inside + std::pow(cap, power) * (x - below);
}

void add_capped(DecodeMoments& m, double cap) {
  double first = 0.0;
  double second = 0.0;
  for (const RequestClass& c : m.classes) {
    const double end = c.input + c.output;
    first += c.weight * (capped_integral(end, cap, 1) - capped_integral(c.input, cap, 1));
    second += c.weight * (capped_integral(end, cap, 2) - capped_integral(c.input, cap, 2));
  }
  m.context_capped = first / m.output;
  m.context_capped_variance =
      std::max(0.0, second / m.output - m.context_capped * m.context_capped);
}

/// KV tokens set aside for what is not yet decoded, mean over time: of an answer of n tokens,
/// max(f n - j, 0) at token j.
double reserved_ahead(const DecodeMoments& moments, double share) {
  double sum = 0.0;
  for (const RequestClass& c : moments.classes) sum += c.weight * c.output * c.output;
  return 0.5 * share * share * sum / moments.output;
}

}  // namespace

DecodeMoments decode_moments(const Workload& workload, double kv_block, double cap) {
  DecodeMoments m;
  m.block_waste = 0.5 * kv_block;
  m.dispersion = workload.dispersion;
  m.classes = workload.classes;
  double first = 0.0;
  double second = 0.0;
  for (const RequestClass& c : workload.classes) {
    // Context runs evenly from input to input + output while the request decodes.
    m.output += c.weight * c.output;
    first += c.weight * c.output * (c.input + 0.5 * c.output);
    second +=
        c.weight * c.output * (c.input * c.input + c.input * c.output + c.output * c.output / 3.0);
  }
  m.longest = workload.input_max + workload.output_max;
  if (m.output <= 0.0) return m;
  m.context = first / m.output;
  m.context_variance = std::max(0.0, second / m.output - m.context * m.context);
  if (cap > 0.0) add_capped(m, cap);
  return m;
}

DecodeModel::DecodeModel(const llm::StepProgram& program, const DecodeMoments& moments,
                         double kv_tokens, double max_sequences, MixedPrefill mixed)
    : evaluator_(program), moments_(moments), mixed_(mixed) {
  const llm::Parallelism& p = program.deployment().parallel;
  stages_ = static_cast<double>(p.pp);
  dp_ = static_cast<double>(p.dp);
  group_answers();
  // n m1 + z sqrt(n v) = K, solved for sqrt(n).
  const double z = memory_margin * std::sqrt(moments.context_variance);
  // Windowed layers keep less; the variance of the whole context stands for theirs.
  const llm::ModelSpec& model = program.model();
  double held = moments.context;
  if (model.windowed_layers > 0 && moments.context_capped > 0.0) {
    held += model.windowed_share() * (moments.context_capped - moments.context);
  }
  held += reserved_ahead(moments, program.framework().reserved_answer);
  const double m1 = std::max(1.0, held + moments.block_waste);
  const double root = (-z + std::sqrt(z * z + 4.0 * m1 * std::max(0.0, kv_tokens))) / (2.0 * m1);
  limit_ = kv_tokens >= kv_tokens_held(model, moments.longest) ? root * root : 0.0;
  reason_ = "KV memory";
  if (max_sequences < limit_) {
    limit_ = max_sequences;
    reason_ = "max sequences";
  }
  if (mixed.chunk <= 0.0 || mixed.work.uncached <= 0.0) return;
  // rho <= 0.98: beyond, work would come faster than chunks.
  const double slots = 0.98 * moments.output * mixed.chunk * stages_ /
                       (program.tokens_per_step() * mixed.work.uncached);
  if (slots < limit_) {
    limit_ = slots;
    reason_ = "prefill slots";
  }
}

llm::BatchShape DecodeModel::shape(double sequences, double prefill, double pairs) const {
  // A step that a request takes part in holds at least that request, however low the load.
  const double n = std::max(sequences / stages_, 1.0 / dp_);
  const double spread = 2.0 * std::log(std::max(1.0, dp_)) * n * moments_.context_variance;
  const double busiest = n * moments_.context + std::sqrt(spread);
  llm::BatchShape s{.decode_sequences = n, .decode_context = std::max(busiest, moments_.context)};
  if (moments_.context_capped > 0.0) {
    const double capped_spread =
        2.0 * std::log(std::max(1.0, dp_)) * n * moments_.context_capped_variance;
    s.decode_context_capped =
        std::max(n * moments_.context_capped + std::sqrt(capped_spread), moments_.context_capped);
  }
  if (prefill <= 0.0) return s;
  s.prefill_tokens = prefill;
  // The busiest rank's chunk; its scores belong to as many tokens as it holds, at most a full
  // chunk.
  const double own = std::min(1.0, std::max(prefill, mixed_.work.tokens_per_chunk) / mixed_.chunk);
  const double more = pairs > 0.0 ? pairs - mixed_.work.pairs_per_chunk : 0.0;
  const double keys = mixed_.work.keys_per_chunk + more / mixed_.chunk;
  s.prefill_pairs = (mixed_.work.pairs_per_chunk + more) * own;
  s.prefill_context = std::max(prefill, keys * own);
  s.prefill_sequences = 1.0 / mixed_.work.chunks_per_request;
  if (mixed_.work.pairs_per_chunk_capped > 0.0) {
    s.prefill_pairs_capped = mixed_.work.pairs_per_chunk_capped * own;
    s.prefill_context_capped = std::max(prefill, mixed_.work.keys_per_chunk_capped * own);
  }
  return s;
}

Time DecodeModel::period(const llm::StepTime& step) const {
  return std::max(step.latency, step.interval * stages_);
}

double DecodeModel::chunks_together() const {
  return std::min(std::max(1.0, mixed_.work.chunks_per_request), stages_);
}

Time DecodeModel::mixed_period(const llm::StepTime& step) const {
  return period(step) + step.interval * (chunks_together() - 1.0);
}

void DecodeModel::mix(DecodePoint& p) const {
  if (mixed_.chunk <= 0.0 || mixed_.work.uncached <= 0.0) return;
  const double work = p.sequences * program().tokens_per_step() * mixed_.work.uncached;
  p.chunk_fill = work / (moments_.output * mixed_.chunk * stages_);
  const double alone = std::min(mixed_.chunk, mixed_.work.tokens_per_chunk);
  const double tokens = alone + std::min(1.0, p.chunk_fill) * (mixed_.chunk - alone);
  p.mixed_slots = std::min(1.0, p.chunk_fill * mixed_.chunk / tokens);
  p.pure_steps = std::pow(1.0 - p.mixed_slots, dp_);
  p.pure_periods = std::pow(1.0 - p.mixed_slots, dp_ * stages_ / chunks_together());
  // Mean over ranks of a step that carries any chunk at all.
  p.mixed_tokens = tokens * std::min(1.0, p.mixed_slots / std::max(1e-9, 1.0 - p.pure_steps));
  if (dp_ > 1.0) p.busiest_pairs = mixed_.work.scores.busiest(dp_, p.mixed_slots).mean();
}

Time DecodeModel::mean_period(const DecodePoint& point, double sequences) {
  const Time alone = period(step(sequences, 0.0));
  if (point.mixed_tokens <= 0.0) return alone;
  const Time mixed = mixed_period(step(sequences, point.mixed_tokens, point.busiest_pairs));
  return point.pure_periods * alone + (1.0 - point.pure_periods) * mixed;
}

DecodePoint DecodeModel::load_at(double sequences) {
  const double tps = program().tokens_per_step();
  DecodePoint p;
  p.sequences = sequences;
  mix(p);
  p.step = step(sequences, 0.0);
  p.period_pure = period(p.step);
  p.period = p.period_pure;
  p.period_mixed = p.period_pure;
  if (p.mixed_tokens > 0.0) {
    p.step_mixed = step(sequences, p.mixed_tokens, p.busiest_pairs);
    p.period_mixed = mixed_period(p.step_mixed);
    p.period = p.pure_periods * p.period_pure + (1.0 - p.pure_periods) * p.period_mixed;
  }
  p.requests = sequences * dp_ * tps / (moments_.output * p.period.si());
  return p;
}

DecodePoint DecodeModel::at(double sequences) {
  DecodePoint p = load_at(sequences);
  // Sequences of the whole instance fluctuate together: each rank sees its share.
  const double total = sequences * dp_;
  const double sigma = averaged_deviation * std::sqrt(total * moments_.dispersion) / dp_;
  const Time up = mean_period(p, sequences + sigma);
  p.sigma_load = std::max(Time{}, up - p.period);
  return p;
}

void DecodeModel::group_answers() {
  const double tps = program().tokens_per_step();
  std::vector<Answers> all;
  double total = 0.0;
  for (const RequestClass& c : moments_.classes) {
    if (c.output < 2.0) continue;  // TPOT is not defined for them
    all.push_back({.weight = c.weight, .periods = std::max(1.0, (c.output - 1.0) / tps)});
    total += c.weight;
  }
  std::sort(all.begin(), all.end(),
            [](const Answers& a, const Answers& b) { return a.periods < b.periods; });
  double before = 0.0;
  double last = -1.0;
  for (const Answers& a : all) {
    const double group = std::floor((before + 0.5 * a.weight) / total * answer_groups);
    before += a.weight;
    if (group != last) answers_.emplace_back();
    last = group;
    answers_.back().weight += a.weight;
    answers_.back().periods += a.weight * a.periods;
  }
  for (Answers& a : answers_) a.periods /= a.weight;
}

std::vector<DelayClass> DecodeModel::tpot_classes(const DecodePoint& point) const {
  const double tps = program().tokens_per_step();
  const double share = 1.0 - point.pure_periods;
  const double gap = std::max(0.0, (point.period_mixed - point.period_pure).si());
  std::vector<DelayClass> out;
  out.reserve(3 * answers_.size());
  const auto add = [&](double weight, double mixed, double sigma) {
    out.push_back({.weight = weight,
                   .offset = (point.period_pure + Time::from_si(mixed * gap)) / tps,
                   .sigma = Time::from_si(std::hypot(point.sigma_load.si(), sigma * gap)) / tps});
  };
  // Into a busy period of the chunk slots, and out of it.
  const double in = std::min(1.0 - std::exp(-point.requests * point.period_pure.si()),
                             share / std::max(1e-9, point.pure_periods));
  const double back = share > 0.0 ? in * (1.0 - share) / share : 1.0;
  const double first = share * point.period_mixed.si() / point.period.si();
  const double memory = 1.0 - in - back;
  for (const Answers& a : answers_) {
    if (share <= 0.0 || gap <= 0.0) {
      add(a.weight, share, 0.0);
      continue;
    }
    const double s = a.periods;
    const double none = (1.0 - first) * std::pow(1.0 - in, s - 1.0);
    const double all = first * std::pow(std::max(0.0, 1.0 - back), s - 1.0);
    const double faded = memory > 0.0 ? std::pow(memory, s) : 0.0;
    const double leap = 1.0 - memory;
    const double mean = std::clamp(share + (first - share) * (1.0 - faded) / (leap * s), 0.0, 1.0);
    const double variance =
        share * (1.0 - share) / s *
        ((1.0 + memory) / leap - 2.0 * memory * (1.0 - faded) / (leap * leap * s));
    add(a.weight * none, 0.0, 0.0);
    add(a.weight * all, 1.0, 0.0);
    const double between = 1.0 - none - all;
    if (between <= 1e-6) continue;
    const double middle = std::clamp((mean - all) / between, 0.0, 1.0);
    const double square = (std::max(0.0, variance) + mean * mean - all) / between;
    const double spread = std::clamp(square - middle * middle, 0.0, middle * (1.0 - middle));
    add(a.weight * between, middle, std::sqrt(spread));
  }
  return out;
}

double DecodeModel::tpot_cdf(const DecodePoint& point, Time t) const {
  return delay_cdf(tpot_classes(point), {}, t);
}

Time DecodeModel::tpot_mean(const DecodePoint& point) const {
  return point.period / program().tokens_per_step();
}

Percentiles DecodeModel::tpot(const DecodePoint& point) const {
  const std::vector<DelayClass> classes = tpot_classes(point);
  return {.mean = tpot_mean(point),
          .p50 = delay_quantile(classes, {}, 0.5),
          .p90 = delay_quantile(classes, {}, 0.9),
          .p95 = delay_quantile(classes, {}, 0.95),
          .p99 = delay_quantile(classes, {}, 0.99)};
}

Percentiles DecodeModel::itl(const DecodePoint& point) const {
  const std::vector<DelayClass> gaps = {
      {.weight = point.pure_periods, .offset = point.period_pure, .sigma = point.sigma_load},
      {.weight = 1.0 - point.pure_periods,
       .offset = point.period_mixed,
       .sigma = point.sigma_load}};
  return {.mean = point.period,
          .p50 = delay_quantile(gaps, {}, 0.5),
          .p90 = delay_quantile(gaps, {}, 0.9),
          .p95 = delay_quantile(gaps, {}, 0.95),
          .p99 = delay_quantile(gaps, {}, 0.99)};
}

double DecodeModel::margin(const DecodePoint& point, const Slo& slo) const {
  double least = widest_margin;
  for (const SloTarget& t : slo) {
    if (t.metric != Metric::tpot) continue;
    least = std::min(least, t.quantile < 0.0 ? std::log(t.limit / tpot_mean(point))
                                             : tail_margin(tpot_cdf(point, t.limit), t.quantile));
    if (least < 0.0) break;
  }
  return least;
}

}  // namespace sn::serving
