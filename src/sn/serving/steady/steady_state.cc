// sn/serving/steady/steady_state.cc
//
// Joins prefill and decode models into one plan (see steady_state.h).

#include "sn/serving/steady/steady_state.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sn/serving/steady/crossing.h"
#include "sn/serving/steady/retrieval.h"

namespace sn::serving {

namespace {

constexpr int bisections = 48;
constexpr double almost_idle = 1e-6;  // requests per second

double d(std::int64_t v) { return static_cast<double>(v); }

/// Chip energy per output token while decoding: an instance steps all the time, one micro-batch
/// after another.
double decode_energy_per_token(const DecodePoint& p, const llm::StepProgram& program) {
  const llm::Parallelism& parallel = program.deployment().parallel;
  const double tokens = p.sequences / d(parallel.pp) * d(parallel.dp) * program.tokens_per_step();
  const double pure = p.pure_steps * p.step.energy.si();
  const double mixed = (1.0 - p.pure_steps) * p.step_mixed.energy.si();
  return tokens > 0.0 ? (pure + mixed) / tokens : 0.0;
}

/// What is left of the step under way when a request comes: mean and deviation of the residual life
/// of a renewal process (Cox 1962), of steps with and without prompts.
struct Residual {
  Time mean;
  Time deviation;
};

Residual residual_of(const DecodePoint& point) {
  std::array<double, 3> moments = {};
  const double pure = point.period_pure.si();
  const double mixed = std::max(pure, point.period_mixed.si());
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const auto power = static_cast<double>(i + 1);
    moments[i] = point.pure_periods * std::pow(pure, power) +
                 (1.0 - point.pure_periods) * std::pow(mixed, power);
  }
  const double mean = 0.5 * moments[1] / moments[0];
  const double second = moments[2] / (3.0 * moments[0]);
  return {Time::from_si(mean), Time::from_si(std::sqrt(std::max(0.0, second - mean * mean)))};
}

}  // namespace

KvTransfer kv_transfer(const ServingInputs& inputs, const ServingPlan& plan) {
  const fabric::Fabric f =
      fabric::make_fabric(hw::under(inputs.conditions, inputs.machine.cluster));
  const llm::MemoryBudget budget =
      memory_budget(inputs.model, plan.prefill.deployment, inputs.machine.cluster.rack.chip,
                    inputs.machine.framework, 0.0);
  const bool near = plan.gpus() <= f.domain;
  return {.path = near ? f.scale_up : f.scale_out_for(plan.gpus()),
          .start = inputs.machine.collectives.point_to_point + inputs.machine.framework.handover,
          .per_token = budget.kv_per_token,
          .layers = d(inputs.model.layers) / d(plan.prefill.deployment.parallel.pp)};
}

double most_sequences(const Pool& pool, const llm::Framework& framework) {
  return d(pool.max_batch > 0 ? pool.max_batch : framework.max_sequences);
}

double step_tokens(const Pool& pool, const llm::Framework& framework) {
  return d(pool.chunk) + most_sequences(pool, framework) * (1.0 + d(pool.deployment.draft_tokens));
}

double kv_tokens_of(const llm::MemoryBudget& budget, const Pool& pool) {
  const double all = budget.kv_tokens();
  return pool.kv_tokens > 0 ? std::min(all, d(pool.kv_tokens)) : all;
}

double prefill_cache_tokens(const llm::MemoryBudget& budget, const Pool& pool) {
  return std::max(0.0, kv_tokens_of(budget, pool) - d(pool.chunk)) *
         d(pool.deployment.parallel.dp * pool.replicas);
}

ServingModel::ServingModel(const ServingInputs& inputs, const ServingPlan& plan)
    : plan_(plan),
      workload_(&inputs.workload),
      moments_(decode_moments(inputs.workload, inputs.kv_block, inputs.model.attention_cap())) {
  const hw::Chip& chip = inputs.machine.cluster.rack.chip;
  most_sequences_ = most_sequences(plan.decode, inputs.machine.framework);
  storage_rate_ = storage_links(inputs.machine.cluster, inputs.conditions, plan.gpus())
                      .most(inputs.workload.retrieval);
  decode_budget_ =
      memory_budget(inputs.model, plan.decode.deployment, chip, inputs.machine.framework,
                    step_tokens(plan.decode, inputs.machine.framework));
  decode_program_ = std::make_unique<llm::StepProgram>(
      compile(inputs.model, plan.decode.deployment, inputs.machine, inputs.conditions));
  if (plan.disaggregated()) {
    build_disaggregated(inputs);
  } else {
    build_aggregated(inputs);
  }
}

void ServingModel::build_disaggregated(const ServingInputs& inputs) {
  prefill_budget_ =
      memory_budget(inputs.model, plan_.prefill.deployment, inputs.machine.cluster.rack.chip,
                    inputs.machine.framework, d(plan_.prefill.chunk));
  const double kv = kv_tokens_of(prefill_budget_, plan_.prefill);
  const double decode_kv = kv_tokens_of(decode_budget_, plan_.decode);
  fits_ = kv >= llm::kv_tokens_held(inputs.model, workload_->input_max) &&
          decode_kv >= llm::kv_tokens_held(inputs.model, moments_.longest);
  prefill_program_ = std::make_unique<llm::StepProgram>(
      compile(inputs.model, plan_.prefill.deployment, inputs.machine, inputs.conditions));
  prefill_ = std::make_unique<PrefillModel>(*prefill_program_, inputs.workload,
                                            d(plan_.prefill.chunk), kv_transfer(inputs, plan_),
                                            tier_curve(inputs, plan_.prefill, plan_.gpus()));
  cache_tokens_ = prefill_cache_tokens(prefill_budget_, plan_.prefill);
  decode_ = std::make_unique<DecodeModel>(*decode_program_, moments_, decode_kv, most_sequences_);
}

Time ServingModel::frontend() const {
  Time mean;
  for (const RequestClass& c : workload_->classes) {
    mean += decode_program_->framework().before_first_step(c.input) * c.weight;
  }
  return mean;
}

void ServingModel::find_hits() {
  double token = 0.0;  // s to compute one, a full chunk at a time
  const double chunk = d(plan_.decode.chunk);
  if (tiers_.any() && chunk > 0.0) {
    llm::StepEvaluator evaluator(*decode_program_, 4);
    token = evaluator
                .eval({.prefill_tokens = chunk,
                       .prefill_pairs = 0.5 * chunk * chunk,
                       .prefill_context = chunk})
                .interval.si() /
            chunk;
  }
  std::array<double, tiers_max> loaded = {};
  for (const RequestClass& c : workload_->classes) {
    PromptHits hits = prompt_hits(*workload_, c, cache_tokens_, tiers_);
    if (!tiers_.always && hits.load.si() > token * (hits.all - hits.hbm))
      hits = {.hbm = hits.hbm, .all = hits.hbm, .load = {}};
    for (std::size_t i = 0; i < loaded.size(); ++i) loaded[i] += c.weight * hits.by_tier[i];
    hits_.push_back(hits);
  }
  for (std::size_t i = 0; i < tiers_.steps.size(); ++i) {
    if (loaded[i] > 0.0)
      load_rate_ = std::min(load_rate_, tiers_.steps[i].tokens_per_s / loaded[i]);
  }
}

void ServingModel::build_aggregated(const ServingInputs& inputs) {
  const double kv = kv_tokens_of(decode_budget_, plan_.decode);
  fits_ = kv >= kv_tokens_held(decode_program_->model(), moments_.longest);
  // Running sequences and prefix cache share the KV memory: half and half, which the scheduler's
  // LRU approaches when both are in demand.
  cache_tokens_ =
      0.5 * std::max(0.0, kv) * d(plan_.decode.deployment.parallel.dp) * d(plan_.decode.replicas);
  const double chunk = d(plan_.decode.chunk);
  MixedPrefill mixed;  // a decode pool on its own (the planner prices one) has no chunk
  if (chunk > 0.0) {
    tiers_ = tier_curve(inputs, plan_.decode, plan_.gpus());
    find_hits();
    std::vector<double> cached;
    for (const PromptHits& h : hits_) cached.push_back(h.all);
    mixed = {chunk, chunk_work(*workload_, chunk, cached, cache_tokens_ + tiers_.capacity(),
                               decode_program_->model().attention_cap())};
  }
  decode_ = std::make_unique<DecodeModel>(*decode_program_, moments_, kv, most_sequences_, mixed);
}

double ServingModel::sequence_limit() const { return fits_ ? decode_->sequence_limit() : 0.0; }

std::optional<DecodePoint> ServingModel::decode_at(double requests) {
  const double each = requests / d(plan_.decode.replicas);
  double hi = sequence_limit();
  if (hi <= 0.0) return std::nullopt;
  if (knee_sequences_ > 0.0 && decode_->requests_at(knee_sequences_) >= each * (1.0 - 1e-12)) {
    hi = knee_sequences_;
  } else if (decode_->requests_at(hi) < each) {
    return std::nullopt;
  }
  // Load builds up from an idle machine, so the smallest batch that carries the rate is the one it
  // settles at; tile and wave steps make the rate locally non-monotone in the batch.
  double lo = 0.0;
  for (double n = hi / 4096.0; n < hi; n *= 1.5) {
    if (decode_->requests_at(n) >= each) {
      hi = n;
      break;
    }
    lo = n;
  }
  for (int i = 0; i < bisections && hi - lo > 1e-8 * hi; ++i) {
    const double middle = 0.5 * (lo + hi);
    (decode_->requests_at(middle) < each ? lo : hi) = middle;
  }
  return decode_->at(hi);
}

Time ServingModel::retrieval() const {
  return before_queue(*decode_program_, *workload_, 0.0) -
         decode_program_->framework().before_first_step(0.0);
}

PrefillPoint ServingModel::prefill_at(double requests, const DecodePoint& point) {
  if (!plan_.disaggregated()) return mixed_prefill_at(point);
  const PrefillService& service = prefill_->service(cache_tokens_);
  return prefill_->at(service, requests, prefill_servers());
}

PrefillPoint ServingModel::mixed_prefill_at(const DecodePoint& point) {
  const MixedPrefill& mixed = decode_->mixed();
  const llm::Parallelism& p = plan_.decode.deployment.parallel;
  llm::BatchShape shape = decode_->shape(point.sequences, point.mixed_tokens, point.busiest_pairs);
  const Time with_scores = decode_->period(decode_->step_of(shape));
  const double pairs_in_step = std::max(1.0, shape.prefill_pairs);
  shape.prefill_pairs = 0.0;
  shape.prefill_context = shape.prefill_tokens;
  shape.prefill_pairs_capped = 0.0;
  shape.prefill_context_capped = 0.0;
  const Time without = decode_->period(decode_->step_of(shape));
  const Time per_pair = (with_scores - without) / pairs_in_step;
  // A prompt longer than the mean makes its step longer than the mean.
  const Time per_token =
      std::max(Time{}, without - point.period_pure) / std::max(1.0, shape.prefill_tokens) / d(p.dp);
  const Residual residual = residual_of(point);
  PrefillPoint out;
  out.utilisation = std::min(0.999, point.chunk_fill);
  const Busiest others = mixed.work.scores.busiest(d(p.dp) - 1.0, point.mixed_slots);
  Time mean;
  double second = 0.0;
  for (std::size_t i = 0; i < workload_->classes.size(); ++i) {
    const RequestClass& c = workload_->classes[i];
    const double cached = hits_[i].all;
    const double uncached = std::max(1.0, c.input - cached);
    const double chunks = uncached / mixed.chunk;
    const double beside = ChunkScores::beside(others, uncached, cached, mixed.chunk);
    const double packed = others.with(mixed.chunk * (cached + 0.5 * uncached)) * chunks;
    const Time longer =
        chunks < 1.0 ? per_token * (uncached - mixed.work.uncached) : Time{};  // or shorter
    const Time own = std::max(point.period_pure, without * std::ceil(chunks) + longer) +
                     per_pair * (beside * std::max(1.0, chunks));
    const Time occupancy = without * chunks + per_pair * (chunks > 1.0 ? beside * chunks : packed);
    mean += occupancy * c.weight;
    second += c.weight * occupancy.si() * occupancy.si();
    const Time before = before_queue(decode_->program(), *workload_, c.input);
    out.classes.push_back(
        {.weight = c.weight, .offset = before + own + hits_[i].load, .sigma = residual.deviation});
  }
  out.residual = residual.mean;
  for (DelayClass& c : out.classes) c.offset += out.residual;
  const double cv2 = std::max(0.0, second / (mean.si() * mean.si()) - 1.0);
  const double servers = d(plan_.decode.replicas * p.dp * p.pp);
  out.wait = queue_wait(out.utilisation, servers, mean, workload_->dispersion, cv2);
  return out;
}

bool ServingModel::meets(double requests, const Slo& slo) {
  const std::optional<DecodePoint> point = decode_at(requests);
  if (!point || !decode_->meets(*point, slo)) return false;
  return meets_ttft(prefill_at(requests, *point), slo);
}

double ServingModel::prefill_servers() const {
  return d(plan_.prefill.replicas * plan_.prefill.deployment.parallel.dp);
}

double ServingModel::ttft_margin_at(const DecodePoint& point, const Slo& slo) {
  if (plan_.disaggregated() || plan_.decode.chunk == 0) return widest_margin;
  return ttft_margin(mixed_prefill_at(point), slo);
}

double ServingModel::decode_knee(const Slo& slo) {
  const auto margin = [&](double sequences) {
    const DecodePoint point = decode_->at(sequences);
    const double tpot = decode_->margin(point, slo);
    return tpot < 0.0 ? tpot : std::min(tpot, ttft_margin_at(point, slo));
  };
  const double most = sequence_limit();
  const double least = std::min(most, almost_idle);
  slo_sequences_ = 0.0;
  const double idle = most > 0.0 ? margin(least) : -1.0;
  if (idle < 0.0) return 0.0;
  const double full = margin(most);
  slo_sequences_ = full >= 0.0 ? most : last_met(least, most, idle, full, 1e-5 * most, margin);
  return fastest_batch(slo_sequences_);
}

double ServingModel::fastest_batch(double most) {
  double best = most;
  double rate = decode_->requests_at(most);
  const double grid = most / 24.0;
  for (int i = 1; i <= 12; ++i) {
    const double r = decode_->requests_at(most - i * grid);
    if (r <= rate) continue;
    rate = r;
    best = most - i * grid;
  }
  if (best == most) return most;
  // Between the drops the rate grows: the best batch is the last before the next drop.
  double above = best + grid;
  for (int i = 0; i < 8; ++i) {
    const double middle = 0.5 * (best + above);
    const double r = decode_->requests_at(middle);
    (r >= rate ? best : above) = middle;
    rate = std::max(rate, r);
  }
  return best;
}

double ServingModel::knee(const Slo& slo) {
  knee_sequences_ = decode_knee(slo);
  if (knee_sequences_ <= 0.0) return 0.0;
  const double rate = std::min({storage_rate_, load_rate_,
                                decode_->requests_at(knee_sequences_) * d(plan_.decode.replicas)});
  if (!plan_.disaggregated()) return rate;
  return std::min(rate,
                  prefill_->largest_rate(prefill_->service(cache_tokens_), prefill_servers(), slo));
}

std::string ServingModel::knee_limit(const Slo& slo) {
  const double rate = knee(slo);
  if (rate <= 0.0) return "SLO at any load";
  if (rate >= storage_rate_) return "storage (DCN)";
  if (rate >= load_rate_) return "KV tiers";
  if (plan_.disaggregated() &&
      rate < 0.9999 * decode_->requests_at(knee_sequences_) * d(plan_.decode.replicas)) {
    const PrefillService& service = prefill_->service(cache_tokens_);
    if (rate >= service.load_limit) return "KV tiers";
    // Just below saturation, so that a pool that still meets its targets there is said to be full.
    const double most = 0.9989 * prefill_servers() / service.occupancy.si();
    const PrefillPoint p = prefill_->at(service, std::min(1.001 * rate, most), prefill_servers());
    for (const SloTarget& t : slo) {
      if (t.metric == Metric::ttft && !meets_ttft(p, {t})) return to_string(t);
    }
    return "prefill throughput";
  }
  if (slo_sequences_ >= 0.9999 * sequence_limit()) return decode_->limit_reason();
  const DecodePoint above = decode_->at(1.001 * slo_sequences_);
  for (const SloTarget& t : slo) {
    const bool ok =
        t.metric == Metric::tpot ? decode_->meets(above, {t}) : ttft_margin_at(above, {t}) >= 0.0;
    if (!ok) return to_string(t);
  }
  return "SLO";
}

SteadyState ServingModel::at(double requests) {
  SteadyState s;
  s.requests = requests;
  const std::optional<DecodePoint> point = decode_at(requests);
  if (!point) return s;
  const PrefillPoint prefill = prefill_at(requests, *point);
  s.stable = prefill.utilisation < 0.999;
  s.ttft = ttft_of(prefill);
  s.tpot = decode_->tpot(*point);
  s.itl = decode_->itl(*point);
  s.e2e_mean = s.ttft.mean + s.tpot.mean * std::max(0.0, moments_.output - 1.0);
  s.output_tokens = requests * moments_.output;
  s.total_tokens = requests * (moments_.output + mean_input(*workload_));
  s.output_per_gpu = s.output_tokens / d(plan_.gpus());
  s.per_user = 1.0 / s.tpot.mean.si();
  s.sequences = point->sequences;
  s.prefill_utilisation = prefill.utilisation;
  double held = moments_.context;
  if (const llm::ModelSpec& m = decode_program_->model(); m.windowed_layers > 0) {
    held += m.windowed_share() * (moments_.context_capped - moments_.context);
  }
  s.kv_utilisation = point->sequences * held / kv_tokens_of(decode_budget_, plan_.decode);
  s.energy_per_token = decode_energy_per_token(*point, *decode_program_);
  if (plan_.disaggregated()) {
    const PrefillService& service = prefill_->service(cache_tokens_);
    s.hit_rate = prefill.hit_rate;
    const Energy each = prefill_->mean_request_energy(service, prefill.utilisation);
    s.energy_per_token += each.si() / moments_.output;
  } else {
    s.hit_rate = decode_->mixed().work.hit_rate;
  }
  return s;
}

SteadyState idle_state(ServingModel& model) { return model.at(almost_idle); }

}  // namespace sn::serving
