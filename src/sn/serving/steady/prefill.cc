// sn/serving/steady/prefill.cc
//
// Steady-state prefill (equations and sources in prefill.h).

#include "sn/serving/steady/prefill.h"

#include <algorithm>
#include <cmath>

namespace sn::serving {

namespace {

constexpr double fractions_of_chunk = 8.0;  // partial chunks are rounded to an eighth
constexpr double saturation = 0.999;
constexpr std::array<double, 4> quarters = {0.125, 0.375, 0.625, 0.875};  // their middles

void accumulate(llm::StepTime& sum, const llm::StepTime& step, double weight) {
  sum.latency += step.latency * weight;
  sum.interval += step.interval * weight;
  for (std::size_t i = 0; i < llm::part_count; ++i) {
    sum.parts[i] += step.parts[i] * weight;
    sum.bound[i] += step.bound[i] * weight;
  }
  sum.compute += step.compute * weight;
  sum.memory += step.memory * weight;
  sum.flops += step.flops * weight;
  sum.hbm_bytes += step.hbm_bytes * weight;
  sum.energy += step.energy * weight;
}

/// Query x key positions of queries `from` to `to`, each with at most `cap` keys before it.
double capped_pairs(double from, double to, double cap) {
  const auto sum = [cap](double x) {
    const double below = std::min(x, cap);
    return 0.5 * below * below + cap * (x - below);
  };
  return sum(to) - sum(from);
}

/// Keys in reach before each of `steps` chunks that follow `cached` tokens, summed.
double capped_history(double cached, double steps, double chunk, double cap) {
  double sum = 0.0;
  for (double i = 0.0; i < steps; i += 1.0) {
    const double before = cached + i * chunk;
    if (before >= cap) return sum + (steps - i) * cap;
    sum += before;
  }
  return sum;
}

}  // namespace

ChunkScores::ChunkScores(const Workload& workload, double chunk, double capacity_tokens) {
  std::vector<std::pair<double, double>> points;  // pairs, chunks
  double total = 0.0;
  for (const RequestClass& c : workload.classes) {
    const double cached = cached_tokens(workload, c, capacity_tokens);
    const double uncached = std::max(1.0, c.input - cached);
    const double chunks = c.weight * uncached / chunk;
    if (uncached <= chunk) {  // short requests are packed: many make one chunk like themselves
      points.emplace_back(chunk * (cached + 0.5 * uncached), chunks);
    } else {
      for (const double f : quarters) {
        points.emplace_back(chunk * (cached + f * uncached), 0.25 * chunks);
      }
    }
    total += chunks;
  }
  std::sort(points.begin(), points.end());
  // Steps of a tenth of what is still above: fine where the busiest of many ranks is found.
  double sum = 0.0;
  double kept = 0.0;
  double work = 0.0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    sum += points[i].second / total;
    work += points[i].first * points[i].second / total;
    if (i + 1 < points.size() && 1.0 - sum > 0.9 * (1.0 - kept)) continue;
    pairs_.push_back(work / (sum - kept));
    share_.push_back(std::min(1.0, sum));
    kept = sum;
    work = 0.0;
  }
  share_.back() = 1.0;
}

Busiest ChunkScores::busiest(double ranks, double busy) const {
  Busiest out;
  if (ranks <= 0.0 || busy <= 0.0) return out;
  out.none_ = std::pow(1.0 - busy, ranks);
  out.pairs_ = pairs_;
  for (const double share : share_) {
    out.below_.push_back(std::pow(1.0 - busy + busy * share, ranks));
  }
  out.above_.resize(pairs_.size());
  double sum = 0.0;
  for (std::size_t i = pairs_.size(); i-- > 0;) {
    sum += pairs_[i] * (out.below_[i] - (i > 0 ? out.below_[i - 1] : out.none_));
    out.above_[i] = sum;
  }
  return out;
}

double ChunkScores::beside(const Busiest& others, double uncached, double cached, double chunk) {
  if (uncached <= chunk) return others.with(uncached * (cached + 0.5 * uncached));
  double sum = 0.0;
  for (const double f : quarters) sum += others.with(chunk * (cached + f * uncached));
  return 0.25 * sum;
}

double Busiest::with(double own) const {
  const auto at = static_cast<std::size_t>(std::upper_bound(pairs_.begin(), pairs_.end(), own) -
                                           pairs_.begin());
  const double below = at > 0 ? below_[at - 1] : none_;
  return own * below + (at < above_.size() ? above_[at] : 0.0);
}

double Busiest::mean() const {
  return above_.empty() || none_ >= 1.0 ? 0.0 : above_.front() / (1.0 - none_);
}

Time KvTransfer::exposed(double tokens, Time prefill) const {
  if (layers <= 0.0) return {};
  const Bytes all = per_token * tokens;
  const Time wire = all / path.sustained;
  return start + path.latency + std::max(wire / layers, wire - prefill * (1.0 - 1.0 / layers));
}

ChunkWork chunk_work(const Workload& workload, double chunk, double capacity_tokens, double cap) {
  std::vector<double> cached;
  for (const RequestClass& c : workload.classes) {
    cached.push_back(cached_tokens(workload, c, capacity_tokens));
  }
  return chunk_work(workload, chunk, cached, capacity_tokens, cap);
}

ChunkWork chunk_work(const Workload& workload, double chunk, const std::vector<double>& cached_of,
                     double capacity_tokens, double cap) {
  ChunkWork out;
  double chunks = 0.0;
  double input = 0.0;
  for (std::size_t i = 0; i < workload.classes.size(); ++i) {
    const RequestClass& c = workload.classes[i];
    const double cached = cached_of[i];
    const double uncached = std::max(1.0, c.input - cached);
    const double steps = std::ceil(uncached / chunk);
    input += c.weight * c.input;
    out.uncached += c.weight * uncached;
    out.chunks_per_request += c.weight * steps;
    chunks += c.weight * uncached / chunk;
    out.pairs_per_chunk += c.weight * uncached * (cached + 0.5 * uncached);
    // Step i reads the cached prefix and everything computed so far.
    out.keys_per_chunk += c.weight * (steps * cached + 0.5 * (steps + 1.0) * uncached);
    if (cap <= 0.0) continue;
    out.pairs_per_chunk_capped += c.weight * capped_pairs(cached, cached + uncached, cap);
    out.keys_per_chunk_capped += c.weight * (uncached + capped_history(cached, steps, chunk, cap));
  }
  out.pairs_per_chunk_capped /= chunks;
  out.keys_per_chunk_capped /= chunks;
  out.pairs_per_chunk /= chunks;
  out.keys_per_chunk /= chunks;
  out.tokens_per_chunk = out.uncached / out.chunks_per_request;
  out.hit_rate = 1.0 - out.uncached / input;
  out.scores = ChunkScores(workload, chunk, capacity_tokens);
  return out;
}

PrefillModel::PrefillModel(const llm::StepProgram& program, const Workload& workload, double chunk,
                           const KvTransfer& transfer, TierCurve tiers)
    : evaluator_(program, 256),
      workload_(&workload),
      chunk_(chunk),
      cap_(program.model().attention_cap()),
      transfer_(transfer),
      tiers_(std::move(tiers)),
      dp_(static_cast<double>(program.deployment().parallel.dp)) {}

PrefillModel::Steps PrefillModel::steps_of(double uncached, double cached) const {
  Steps s;
  s.full = std::floor(uncached / chunk_);
  const double rest = uncached - s.full * chunk_;
  const double unit = chunk_ / fractions_of_chunk;
  s.rest = rest > 0.0 ? std::max(1.0, std::round(rest / unit)) * unit : 0.0;
  if (s.full > 0.0) {
    // Mean over the full chunks: keys before the chunk, then a causal triangle inside it.
    const double before = cached + 0.5 * (s.full - 1.0) * chunk_;
    s.full_shape = {.prefill_tokens = chunk_,
                    .prefill_pairs = chunk_ * (before + 0.5 * chunk_),
                    .prefill_context = before + chunk_,
                    .prefill_sequences = s.rest > 0.0 ? 0.0 : 1.0 / s.full};
    if (cap_ > 0.0) {
      s.full_shape.prefill_pairs_capped =
          capped_pairs(cached, cached + s.full * chunk_, cap_) / s.full;
      s.full_shape.prefill_context_capped =
          chunk_ + capped_history(cached, s.full, chunk_, cap_) / s.full;
    }
  }
  if (s.rest > 0.0) {
    const double before = cached + s.full * chunk_;
    s.rest_shape = {.prefill_tokens = s.rest,
                    .prefill_pairs = rest * (before + 0.5 * rest),
                    .prefill_context = before + rest,
                    .prefill_sequences = 1.0};
    if (cap_ > 0.0) {
      s.rest_shape.prefill_pairs_capped = capped_pairs(before, before + rest, cap_);
      s.rest_shape.prefill_context_capped = std::min(before, cap_) + rest;
    }
  }
  return s;
}

llm::BatchShape PrefillModel::with_fill(llm::BatchShape shape, double fill) const {
  // Tokens per rank are a mean over ranks: this one packs other requests into what its own leaves
  // of the chunk, the dp - 1 others hold `fill` of a chunk.
  const double own = shape.prefill_tokens + fill * (chunk_ - shape.prefill_tokens);
  shape.prefill_tokens = (own + (dp_ - 1.0) * fill * chunk_) / dp_;
  return shape;
}

llm::BatchShape PrefillModel::with_busiest(llm::BatchShape shape, const Busiest& others) const {
  const double pairs = others.with(shape.prefill_pairs);
  shape.prefill_context += (pairs - shape.prefill_pairs) / chunk_;
  shape.prefill_pairs = pairs;
  return shape;
}

llm::BatchShape PrefillModel::packed_shape(double uncached, double cached) const {
  // All of the request's scores, spread over the chunks that its tokens fill: what a short request
  // leaves of a chunk is filled by others like it, and their scores come along.
  const Steps steps = steps_of(uncached, cached);
  const double copies = chunk_ / uncached;
  const double keys =
      steps.full * steps.full_shape.prefill_context + steps.rest_shape.prefill_context;
  llm::BatchShape shape{
      .prefill_tokens = chunk_,
      .prefill_pairs = copies * uncached * (cached + 0.5 * uncached),
      .prefill_context = copies * keys,
      .prefill_sequences = std::exp2(std::ceil(std::log2(copies)))};  // few keys for the memo
  if (cap_ > 0.0) {
    shape.prefill_pairs_capped = copies * capped_pairs(cached, cached + uncached, cap_);
    shape.prefill_context_capped = copies * (steps.full * steps.full_shape.prefill_context_capped +
                                             steps.rest_shape.prefill_context_capped);
  }
  return shape;
}

PrefillModel::Duration PrefillModel::duration(const Steps& steps, double fill,
                                              const Busiest& others) {
  Time total;
  Time drain;  // a pipeline's: latency of the last chunk beyond its interval
  if (steps.full > 0.0) {
    const llm::StepTime t =
        evaluator_.eval(with_busiest(with_fill(steps.full_shape, fill), others));
    total += t.interval * steps.full;
    drain = t.latency - t.interval;
  }
  if (steps.rest > 0.0) {
    const llm::StepTime t =
        evaluator_.eval(with_busiest(with_fill(steps.rest_shape, fill), others));
    total += t.interval;
    drain = std::max(drain, t.latency - t.interval);
  }
  return {total + drain, drain};
}

PromptHits PrefillModel::hits_of(const RequestClass& c, double hbm_tokens,
                                 const std::array<Busiest, fills.size()>& others) {
  PromptHits hits = prompt_hits(*workload_, c, hbm_tokens, tiers_);
  if (hits.load <= Time{}) return hits;
  const auto own = [&](double cached) {
    return duration(steps_of(std::max(1.0, c.input - cached), cached), fills[0], others[0]).own;
  };
  if (tiers_.always || own(hits.all) + hits.load < own(hits.hbm)) return hits;
  return {.hbm = hits.hbm, .all = hits.hbm, .load = {}};
}

const PrefillService& PrefillModel::service(double capacity_tokens) {
  for (const PrefillService& s : services_) {
    if (s.capacity_tokens == capacity_tokens) return s;
  }
  PrefillService out;
  out.capacity_tokens = capacity_tokens;
  double input = 0.0;
  double second = 0.0;
  Time step;
  Time alone;
  double chunks = 0.0;
  const ChunkScores scores(*workload_, chunk_, capacity_tokens + tiers_.capacity());
  std::array<double, tiers_max> loaded = {};  // tokens of a mean request, by tier
  std::array<Busiest, fills.size()> others;
  for (std::size_t i = 0; i < fills.size(); ++i) others[i] = scores.busiest(dp_ - 1.0, fills[i]);
  for (const RequestClass& c : workload_->classes) {
    const PromptHits hits = hits_of(c, capacity_tokens, others);
    const double cached = hits.all;
    const double uncached = std::max(1.0, c.input - cached);
    const Steps steps = steps_of(uncached, cached);
    ClassService s;
    s.load = hits.load;
    for (std::size_t i = 0; i < loaded.size(); ++i) loaded[i] += c.weight * hits.by_tier[i];
    s.weight = c.weight;
    s.input = c.input;
    s.uncached = uncached;
    for (std::size_t i = 0; i < fills.size(); ++i) {
      const Duration d = duration(steps, fills[i], others[i]);
      s.own[i] = d.own;
      s.drain[i] = d.drain;
    }
    alone += (s.own[0] - s.drain[0]) * c.weight;
    chunks += c.weight * std::ceil(uncached / chunk_);
    // Occupancy: the request's share of full chunks of requests like it.
    const llm::BatchShape packed = with_busiest(packed_shape(uncached, cached), others.back());
    const Time full_step = evaluator_.eval(packed).interval;
    s.occupancy = full_step * (uncached / chunk_);
    s.transfer = transfer_.exposed(c.input, s.own[0]);
    step += full_step * c.weight;
    input += c.weight * c.input;
    out.uncached += c.weight * uncached;
    out.occupancy += s.occupancy * c.weight;
    second += c.weight * s.occupancy.si() * s.occupancy.si();
    out.classes.push_back(s);
  }
  const double mean = out.occupancy.si();
  out.occupancy2 = mean > 0.0 ? std::max(0.0, second / (mean * mean) - 1.0) : 0.0;
  out.hit_rate = input > 0.0 ? 1.0 - out.uncached / input : 0.0;
  for (std::size_t i = 0; i < tiers_.steps.size(); ++i) {
    if (loaded[i] <= 0.0) continue;
    out.loaded += loaded[i] / input;
    out.load_limit = std::min(out.load_limit, tiers_.steps[i].tokens_per_s / loaded[i]);
  }
  out.step = step;
  out.chunks = std::max(1.0, chunks);
  out.step_alone = std::min(step, alone / out.chunks);
  if (program().deployment().parallel.pp > 1) add_pipeline(out);
  services_.push_back(std::move(out));
  PrefillService& kept = services_.back();
  const std::vector<double>& curve = workload_->capacities;
  if (curve.size() > 1 && capacity_tokens > curve.front()) kept.away = &service(curve.front());
  return kept;
}

llm::StepTime PrefillModel::mean_request_steps(const PrefillService& service, double utilisation) {
  llm::StepTime sum;
  const double rho = std::min(utilisation, saturation);
  for (const ClassService& c : service.classes) {
    const Steps steps = steps_of(c.uncached, c.input - c.uncached);
    for (const double fill : {0.0, 1.0}) {
      const double weight = c.weight * (fill == 0.0 ? 1.0 - rho : rho);
      if (steps.full > 0.0) {
        accumulate(sum, evaluator_.eval(with_fill(steps.full_shape, fill)), weight * steps.full);
      }
      if (steps.rest > 0.0) {
        accumulate(sum, evaluator_.eval(with_fill(steps.rest_shape, fill)), weight);
      }
    }
  }
  return sum;
}

llm::StepTime PrefillModel::mean_request_work(const PrefillService& service) {
  llm::StepTime sum;
  for (const ClassService& c : service.classes) {
    const llm::BatchShape shape = packed_shape(c.uncached, c.input - c.uncached);
    accumulate(sum, evaluator_.eval(shape), c.weight * c.uncached / chunk_);
  }
  return sum;
}

Energy PrefillModel::mean_request_energy(const PrefillService& service, double utilisation) {
  const llm::StepTime work = mean_request_work(service);
  // The chips also idle while nobody works, and while they wait for the busiest of their ranks.
  const double gpus = static_cast<double>(program().deployment().parallel.gpus());
  const double rho = std::max(1e-3, utilisation);
  const Time waiting = service.occupancy / rho - work.interval;
  const Energy idle = program().idle_power() * (waiting * gpus);
  return (work.energy + idle) / dp_;
}

}  // namespace sn::serving
