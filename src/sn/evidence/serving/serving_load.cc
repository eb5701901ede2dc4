// sn/evidence/serving/serving_load.cc
//
// Clients around a ServingEngine (see the header).

#include "sn/evidence/serving/serving_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sn/base/random.h"
#include "sn/evidence/serving/client_view.h"
#include "sn/evidence/serving/serving_limits.h"
#include "sn/measured/metrics.h"
#include "sn/serving/engine/engine.h"
#include "sn/twin/simulate/simulate.h"

namespace sn::evidence {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

/// Decode steps between looks for new requests: as the recipe says; InferenceX's scripts set it for
/// their engines; others leave the default.
std::int64_t poll_of(const ServingPoint& p, const llm::Framework& framework) {
  if (p.engine.known) return p.engine.poll;
  const bool inferencex = p.range < 1.0 && !p.disaggregated;
  return inferencex ? framework.poll_steps(p.concurrency) : 1;
}

serving::Pool pool_of(const MeasuredPool& measured, const ServingPoint& point, std::int64_t chunk) {
  serving::Pool pool;
  pool.deployment = {.parallel = measured.parallel,
                     .precision = point.precision,
                     .draft_tokens = point.draft_tokens};
  pool.replicas = measured.workers;
  pool.chunk = chunk;
  pool.max_batch = point.engine.batch;
  return pool;
}

/// KV tokens of a rank whose engine was given `share` of the memory, in its own sense: SGLang's is
/// of weights and cache, vLLM's of all that it takes, TensorRT-LLM's of what is left for the cache.
std::int64_t kv_tokens(const serving::Pool& pool, double share, const twin::Machine& machine) {
  llm::Framework framework = machine.framework;
  const hw::Chip& chip = machine.cluster.rack.chip;
  const bool sglang = framework.name.starts_with("sglang");
  framework.memory = share;
  const llm::MemoryBudget b =
      memory_budget(machine.model, pool.deployment, chip, framework,
                    pool.chunk > 0 ? d(pool.chunk) : step_tokens(pool, framework));
  const Bytes kv = sglang ? b.usable - b.weights : b.kv();
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(kv / b.kv_per_token));
}

void limit_memory(serving::Pool& pool, double share, std::int64_t tokens,
                  const twin::Machine& machine) {
  pool.kv_tokens = kv_tokens(pool, share > 0.0 ? share : machine.framework.memory, machine);
  if (tokens > 0) pool.kv_tokens = std::min(pool.kv_tokens, tokens);
}

serving::ServingPlan plan_of(const ServingPoint& p, const twin::Machine& machine) {
  const std::int64_t budget =
      p.engine.tokens > 0 ? p.engine.tokens
                          : machine.framework.step_budget(machine.cluster.rack.chip.hbm_capacity);
  serving::ServingPlan plan;
  if (p.disaggregated) plan.prefill = pool_of(p.prefill, p, budget);
  plan.decode = pool_of(p.decode, p, p.disaggregated ? 0 : budget);
  plan.prefill.max_batch = p.engine.prefill_batch;
  plan.prefill.deployment.draft_tokens = 0;
  plan.frontends = p.engine.frontends;
  if (p.engine.known) {
    limit_memory(plan.decode, p.engine.memory, p.engine.kv_tokens, machine);
    if (p.disaggregated) {
      limit_memory(plan.prefill, p.engine.prefill_memory, p.engine.prefill_kv_tokens, machine);
    }
  }
  return plan;
}

/// Load of the busiest of `ranks` over the mean where experts stay where they were put: shares are
/// lognormal with `spread` as the deviation of their logarithm, and the extreme of R normal sums is
/// sqrt(2 ln R) deviations out.
double unbalanced(double experts, double ranks, double spread) {
  if (experts <= 0.0 || ranks <= 1.0) return 1.0;
  const double variance = std::expm1(spread * spread) / (experts / ranks);
  return 1.0 + std::sqrt(2.0 * std::log(ranks) * variance);
}

/// The machine of engines whose recipe is known: with all of its memory, of which they say
/// themselves what they take, and experts where they were put unless a balancer moves them.
twin::Machine as_launched(const ServingPoint& point, const twin::Machine& machine) {
  twin::Machine out = machine;
  if (!point.engine.balances_experts) {
    const std::int64_t ranks = std::max(point.prefill.parallel.ep, point.decode.parallel.ep);
    out.traits.expert_imbalance =
        unbalanced(d(machine.model.experts), d(ranks), machine.traits.routing_spread);
  }
  out.framework.memory = 1.0;
  return out;
}

/// One request as its client saw it.
struct Seen {
  Nanos asked;
  double ttft = 0.0;
  double tpot = 0.0;
  double whole = 0.0;  // s, from asking to the last token
  double input = 0.0;  // tokens
  double output = 0.0;
};

/// Requests as they end, and where the time of the steps went.
class Meter final : public serving::EngineObserver {
 public:
  void on_end(const serving::RequestRecord& r) override {
    ++ended;
    if (r.ending != serving::Ending::finished) {
      ++lost;
      return;
    }
    Seen& s = seen[r.id];
    const ClientTimes t = client_times(r, s.asked);
    s.ttft = t.ttft;
    s.tpot = t.tpot;
    s.whole = seconds(s.asked, r.last_token);
    s.input = d(r.input);
    s.output = d(r.tokens);
    end = r.last_token;
  }
  void on_step(const serving::StepRecord& s) override {
    llm::PartTimes& parts = s.prefill_tokens > 0.0 ? prefill : decode;
    for (std::size_t i = 0; i < llm::part_count; ++i) parts[i] += s.time->parts[i];
  }

  std::vector<Seen> seen;  // by id, in order of submission
  std::int64_t ended = 0;
  std::int64_t lost = 0;
  Nanos end;
  llm::PartTimes prefill = {};
  llm::PartTimes decode = {};
};

/// Means of a stretch of requests.
struct Means {
  double ttft = 0.0;
  double tpot = 0.0;
  double whole = 0.0;
  double input = 0.0;  // tokens of all
  double output = 0.0;
};

Means means_of(const std::vector<Seen>& all, std::size_t from, std::size_t to) {
  Means m;
  const double n = static_cast<double>(to - from);
  for (std::size_t i = from; i < to; ++i) {
    m.ttft += all[i].ttft / n;
    m.tpot += all[i].tpot / n;
    m.whole += all[i].whole / n;
    m.input += all[i].input;
    m.output += all[i].output;
  }
  return m;
}

/// Of a draft given the one before, where prompts are random tokens: answers to them are less
/// predictable than text. By engine, fitted to TPOT of the points marked `fitted` that drafted: ten
/// of SGLang, whose figure also stands for what its scheduler no longer overlaps while it drafts,
/// and six of TensorRT-LLM; their middle for others.
double random_acceptance(std::string_view framework) {
  if (framework.starts_with("sglang")) return 0.5;
  return framework.starts_with("trtllm") ? 0.7 : 0.6;
}

constexpr std::int64_t warm_up_rounds = 2;  // of InferenceX's load generator

constexpr std::int64_t rounds_played = 4;
constexpr std::int64_t least_played = 40;

class Clients {
 public:
  Clients(const ServingPoint& point, serving::EngineSpec spec)
      : point_(point),
        lengths_(spec.seed, entity_key(point.name)),
        engine_(std::move(spec), &meter_) {
    const auto all = static_cast<std::int64_t>(point.requests);
    clients_ = point.load == LoadKind::offline
                   ? all
                   : std::min(all, static_cast<std::int64_t>(point.concurrency));
    to_send_ = std::min(all, std::max(rounds_played * clients_, least_played));
  }

  /// Plays the load to its end or to a stop; false when requests were lost.
  bool play(const Run& run) {
    for (std::int64_t i = 0; i < clients_; ++i) send({});
    while (meter_.ended < to_send_ && !run.stopped()) {
      const std::optional<Nanos> step = engine_.next_wakeup();
      if (!step) return false;
      const std::int64_t before = meter_.ended;
      engine_.advance(*step);
      for (std::int64_t i = before; i < meter_.ended && sent_ < to_send_; ++i) send(*step);
    }
    return meter_.lost == 0;
  }

  /// Fills the means and rates of the whole run.
  void report(ServingPrediction& out) const {
    const std::vector<Seen>& seen = meter_.seen;
    const auto c = static_cast<std::size_t>(clients_);
    const Means all = means_of(seen, 0, seen.size());
    double span = seconds({}, meter_.end);
    Means run = all;
    if (to_send_ < static_cast<std::int64_t>(point_.requests)) {
      const double rounds = point_.requests / d(clients_);
      const Means first = means_of(seen, 0, c);
      const Means middle = means_of(seen, c, seen.size() - c);
      const Means last = means_of(seen, seen.size() - c, seen.size());
      run.ttft = (first.ttft + (rounds - 2.0) * middle.ttft + last.ttft) / rounds;
      run.tpot = (first.tpot + (rounds - 2.0) * middle.tpot + last.tpot) / rounds;
      // Little's law: as many clients, each as long with its request.
      const double more = point_.requests - static_cast<double>(seen.size());
      const double scale = more / static_cast<double>(seen.size() - 2 * c);
      span += more * middle.whole / d(clients_);
      run.input += middle.input * scale;
      run.output += middle.output * scale;
    }
    const std::size_t after = c < seen.size() ? c : 0;
    out.ttft_median = median_of(&Seen::ttft, after);
    out.ttft = point_.medians ? out.ttft_median : run.ttft;
    out.tpot = point_.medians ? median_of(&Seen::tpot, after) : run.tpot;
    out.total_per_gpu = (run.input + run.output) / span / d(point_.gpus());
    out.output_per_gpu = run.output / span / d(point_.decode.gpus());
    const MeasuredPool& prefill = point_.disaggregated ? point_.prefill : point_.decode;
    out.input_per_gpu = run.input / span / d(prefill.gpus());
  }

  [[nodiscard]] const Meter& meter() const { return meter_; }

 private:
  /// Of the requests from one on: those before belong to the burst at the start.
  [[nodiscard]] double median_of(double Seen::* what, std::size_t from) const {
    std::vector<double> values;
    for (std::size_t i = from; i < meter_.seen.size(); ++i) values.push_back(meter_.seen[i].*what);
    return measured::nearest_rank(values, 0.5);
  }

  void send(Nanos now) {
    serving::Request request;
    request.arrival = now;
    request.input_tokens = drawn_length(lengths_, point_.input, point_.range, 1);
    request.output_tokens = drawn_length(lengths_, point_.output, point_.range, 2);
    Seen s;
    s.asked = now;
    meter_.seen.push_back(s);  // ids count from 0 in order of submission
    ++sent_;
    engine_.submit(request, now);
  }

  const ServingPoint& point_;
  RandomStream lengths_;
  Meter meter_;
  serving::ServingEngine engine_;
  std::int64_t clients_ = 0;
  std::int64_t to_send_ = 0;
  std::int64_t sent_ = 0;
};

std::string cannot(const ServingPoint& point, const twin::Machine& machine,
                   const serving::ServingPlan& plan) {
  for (const serving::Pool* pool : {&plan.prefill, &plan.decode}) {
    if (pool->replicas == 0) continue;
    const std::string why =
        llm::why_not(machine.model, pool->deployment, machine.cluster.rack.scale_up.domain);
    if (!why.empty()) return "deployment is not modelled: " + why;
  }
  if (point.requests < 1.0) return "no requests";
  return {};
}

/// The rates of the saturated engine in `out` become those within the limits.
void limit(const ServingPoint& point, const serving::ServingPlan& plan,
           const twin::Machine& machine, ServingPrediction& out) {
  const Result<serving::EngineSpec> spec = measured_engine(point, plan, machine);
  SN_ASSERT(spec.has_value());                                     // it was just played
  const double answer = 0.5 * (1.0 + point.range) * point.output;  // mean tokens
  const double most =
      out.output_per_gpu * static_cast<double>(point.decode.gpus()) / answer;  // requests/s
  const double kept = share_within_limits(point, *spec, spec->seed, most);
  if (kept == 0.0) {
    out.why_not = "no load keeps the latency limits";
    return;
  }
  out.total_per_gpu *= kept;
  out.output_per_gpu *= kept;
  out.input_per_gpu *= kept;
}

}  // namespace

Result<serving::EngineSpec> measured_engine(const ServingPoint& point,
                                            const twin::Machine& machine) {
  return measured_engine(point, plan_of(point, machine), machine);
}

Result<serving::EngineSpec> measured_engine(const ServingPoint& point,
                                            const serving::ServingPlan& plan,
                                            const twin::Machine& machine) {
  if (const std::string why = cannot(point, machine, plan); !why.empty()) {
    return fail(Error{.code = ErrorCode::infeasible, .message = why});
  }
  twin::SimulationOptions options;
  options.routing = serving::Routing::least_loaded;
  options.queue_limit = std::max<std::int64_t>(static_cast<std::int64_t>(point.requests), 1) * 2;
  Result<serving::EngineSpec> spec = twin::engine_spec(machine, plan, options);
  if (!spec) {
    return fail(
        Error{.code = ErrorCode::infeasible, .message = "weights leave no memory for a KV cache"});
  }
  serving::DeploymentSpec& deployment = spec->deployments.front();
  if (point.range < 1.0) deployment.acceptance = random_acceptance(point.framework);
  if (point.engine.warm) {
    deployment.turns_taken = warm_up_rounds * static_cast<std::int64_t>(point.concurrency);
  }
  const llm::Framework& framework = machine.framework;
  for (serving::PoolSpec& pool : spec->deployments.front().pools) {
    // Neither a fresh engine nor one warmed up has seen a batch like the burst of all clients.
    pool.warm = false;
    pool.batching.prefill_first = framework.prefill_first > 0;
    pool.batching.ahead = framework.ahead > 0;
    pool.batching.poll = poll_of(point, framework);
    pool.batching.whole_prompts = point.engine.whole_prompts;
    pool.batching.balance = point.engine.balance;
    pool.batching.gather = point.engine.gather;
    pool.batching.gathered = point.engine.gathered;
    if (point.engine.tokens > 0) pool.batching.decodes_in_budget = true;
  }
  return spec;
}

ServingPrediction predict(const ServingPoint& point, const twin::Machine& machine, const Run& run) {
  if (!point.engine.known) return predict(point, plan_of(point, machine), machine, run);
  return predict(point, plan_of(point, machine), as_launched(point, machine), run);
}

ServingPrediction predict(const ServingPoint& point, const serving::ServingPlan& plan,
                          const twin::Machine& machine, const Run& run) {
  ServingPrediction out;
  Result<serving::EngineSpec> spec = measured_engine(point, plan, machine);
  if (!spec) {
    out.why_not = spec.error().front().message;
    return out;
  }
  Clients clients(point, *std::move(spec));
  const bool kept = clients.play(run);
  if (run.stopped()) {
    out.why_not = "stopped before";
    return out;
  }
  if (!kept) {
    out.why_not = "requests do not fit the KV memory of a rank";
    return out;
  }
  clients.report(out);
  const Meter& m = clients.meter();
  llm::PartTimes all = m.decode;
  for (std::size_t i = 0; i < llm::part_count; ++i) all[i] += m.prefill[i];
  const llm::Uncertainty& u = machine.uncertainty;
  out.sigma_tpot =
      sigma_of_tpot(sigma_of(point.disaggregated ? m.decode : all, u), u, point.disaggregated);
  out.sigma_ttft = sigma_of_ttft(sigma_of(m.prefill, u), u, point.disaggregated);
  out.sigma_rate = sigma_of_rate(sigma_of(all, u), u, point.disaggregated);
  if (point.load == LoadKind::limited) limit(point, plan, machine, out);
  return out;
}

}  // namespace sn::evidence
