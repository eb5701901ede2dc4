// sn/serving/engine/engine_property_test.cc
//
// Whatever happens to an engine, every request ends exactly once, every token and every page is
// accounted for; and it happens the same way with and without jumps.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <string>

#include "sn/serving/engine/action_test_util.h"
#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

struct Case {
  EngineSpec spec;
  std::vector<Action> actions;
};

void read_from_storage(DeploymentSpec& d) {
  if (*rc::gen::inRange(0, 3) > 0) return;
  d.retrieval = Bytes::from_si(*rc::gen::inRange(1, 100'000'000));
  d.storage_links = *rc::gen::inRange(1, 3);
  d.storage_bandwidth = Bandwidth::from_si(10e9);
  d.storage_latency = Time::from_si(1e-4);
}

/// None, one, two or three tiers below HBM, small enough to evict.
void put_tiers(DeploymentSpec& d) {
  const int tiers = *rc::gen::inRange(0, 4);
  TieringSpec& tiering = d.tiering;
  tiering.gpus_per_image = *rc::gen::element(1, 2, 8);
  tiering.write_back = *rc::gen::arbitrary<bool>();
  tiering.on_queue = *rc::gen::arbitrary<bool>();
  tiering.layers = *rc::gen::element(1.0, 48.0);
  for (int i = 0; i < tiers; ++i) {
    TierSpec& tier = tiering.tiers.emplace_back();
    tier.name = "tier " + std::to_string(i);
    tier.blocks = *rc::gen::inRange(1, 12);
    tier.shared = *rc::gen::arbitrary<bool>();
    tier.in_process = *rc::gen::arbitrary<bool>();
    tier.image_read = Bandwidth::from_si(*rc::gen::element(1e8, 1e10));
    tier.image_write = Bandwidth::from_si(*rc::gen::element(1e8, 1e10));
    if (tier.shared) tier.pool_read = tier.pool_write = Bandwidth::from_si(2e10);
    tier.read_latency = Time::from_si(*rc::gen::element(1e-6, 1e-3));
    for (PoolSpec& pool : d.pools) {
      pool.load_per_token = Bytes::from_si(1e5);
      pool.save_per_token = Bytes::from_si(1e5);
      pool.tier_rates.push_back({Bandwidth::from_si(4e10), Bandwidth::from_si(4e10)});
    }
  }
}

void lose_some(const DeploymentSpec& d, Action& a) {
  const auto tiers = static_cast<int>(d.tiering.tiers.size());
  a.kind = Action::Kind::lose;
  a.tier = static_cast<std::uint32_t>(*rc::gen::inRange(0, tiers));
}

Batching any_batching() {
  return {.tokens = *rc::gen::inRange(16, 400),
          .decodes_in_budget = *rc::gen::arbitrary<bool>(),
          .sequences = *rc::gen::inRange(1, 12),
          .prefill_first = *rc::gen::arbitrary<bool>(),
          .reserved_answer = *rc::gen::element(0.0, 0.0, 0.1, 0.5, 1.0),
          .ahead = *rc::gen::arbitrary<bool>()};
}

Case any_case() {
  static const TestBed bed = test_bed("hgx-h100", 1, "qwen3-30b-a3b");
  Case c;
  const bool two = *rc::gen::arbitrary<bool>();
  const auto shape = [&] {
    const std::int64_t dp = *rc::gen::inRange(1, 3);
    return llm::Parallelism{.dp = dp, .pp = *rc::gen::element(1, 1, 2), .ep = dp};
  };
  std::vector<PoolSpec> pools;
  std::uint32_t instances = 0;
  for (int i = 0; i < (two ? 2 : 1); ++i) {
    const auto count = *rc::gen::inRange(1, 3);
    instances += static_cast<std::uint32_t>(count);
    pools.push_back(pool_spec(bed, count, shape(), any_batching(), *rc::gen::inRange(20, 60)));
    pools.back().first_step = Time::from_si(*rc::gen::element(0.0, 0.03));
    pools.back().warm = *rc::gen::arbitrary<bool>();
    pools.back().batches_ahead = *rc::gen::inRange(0, 3);
    if (i == 1 && *rc::gen::arbitrary<bool>()) pools.back().batching.tokens = 0;
  }
  c.spec = spec_of(std::move(pools));
  DeploymentSpec& d = c.spec.deployments[0];
  d.frontend = Time::from_si(*rc::gen::element(0.0, 0.004));
  read_from_storage(d);
  put_tiers(d);
  d.queue_limit = *rc::gen::inRange(3, 40);
  d.routing = *rc::gen::element(Routing::round_robin, Routing::least_loaded, Routing::prefix_aware,
                                Routing::session_sticky, Routing::completion_aware);
  d.attention_cap = *rc::gen::element(0.0, 64.0);
  if (d.attention_cap > 0.0) {
    d.windowed_share = 0.5;
    d.window = 64;
  }
  c.spec.eviction = *rc::gen::element(kv::Eviction::lru, kv::Eviction::lfu, kv::Eviction::s3_fifo,
                                      kv::Eviction::ttl);
  c.spec.ttl = Nanos{50'000'000};
  c.spec.requeue_on_failure = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    d.acceptance = 0.7;
    for (PoolSpec& p : d.pools) p.deployment.draft_tokens = 1;
  }
  std::int64_t now = 0;
  const int count = *rc::gen::inRange(1, 60);
  for (int i = 0; i < count; ++i) {
    now += *rc::gen::inRange(0, 20'000'000);
    Action a{.kind = Action::Kind::submit, .at = {now}, .request = {}};
    const int what = *rc::gen::inRange(0, 16);
    a.instance = static_cast<std::uint32_t>(*rc::gen::inRange(0, static_cast<int>(instances)));
    a.id = static_cast<std::uint64_t>(*rc::gen::inRange(0, count));
    if (what == 0) a.kind = Action::Kind::fail;
    if (what == 1) a.kind = Action::Kind::drain;
    if (what == 2) a.kind = Action::Kind::cancel;
    if (what == 3 || what == 4) a.kind = Action::Kind::start;
    if (what == 5) a.kind = Action::Kind::slow;
    if (what == 6 && d.tiering.any()) lose_some(d, a);
    if (a.kind == Action::Kind::submit) {
      a.request.input_tokens = *rc::gen::inRange(0, 320);
      a.request.output_tokens = *rc::gen::inRange(0, 120);
      a.request.priority = *rc::gen::inRange(0, 3);
      a.request.session = static_cast<std::uint64_t>(*rc::gen::inRange(0, 3));
      const auto blocks = (a.request.input_tokens + 63) / 64 + *rc::gen::inRange(-1, 2);
      for (std::int64_t b = 0; b < blocks; ++b) {
        a.request.blocks.push_back(static_cast<std::uint64_t>(*rc::gen::inRange(0, 2)));
      }
      if (*rc::gen::inRange(0, 6) == 0) a.request.timeout = {*rc::gen::inRange(1, 400'000'000)};
    }
    c.actions.push_back(std::move(a));
  }
  return c;
}

Collector run_case(const Case& c, bool jumps, bool check) {
  EngineSpec spec = c.spec;
  spec.jumps = jumps;
  Collector seen;
  ServingEngine engine(spec, &seen);
  for (const Action& a : c.actions) {
    engine.advance(a.at);
    act(engine, a);
    if (check) RC_ASSERT(engine.consistent());
  }
  run_to_end(engine);
  RC_ASSERT(engine.consistent());
  RC_ASSERT(engine.alive() == 0);
  RC_ASSERT(engine.alive_by_state(0) == AliveCounts{});
  for (std::uint32_t p = 0; p < spec.deployments[0].pools.size(); ++p) {
    RC_ASSERT(engine.state(0, p).held == 0);
    RC_ASSERT(engine.state(0, p).waiting == 0);
    RC_ASSERT(engine.state(0, p).decoding == 0);
  }
  return seen;
}

RC_GTEST_PROP(Engine, EveryRequestEndsOnceAndEveryTokenAndPageIsAccountedFor, ()) {
  const Case c = any_case();
  const Collector seen = run_case(c, true, true);
  std::map<std::uint64_t, int> ended;
  std::int64_t after_first = 0;
  for (const RequestRecord& r : seen.lives) {
    RC_ASSERT(++ended[r.id] == 1);
    if (r.ending == Ending::finished) RC_ASSERT(r.tokens == r.output);
    RC_ASSERT(r.tokens <= r.output);
    RC_ASSERT((r.tokens > 0) == (r.first_token.count > 0));
    if (r.tokens > 0) {
      RC_ASSERT(r.arrival <= r.queued && r.queued <= r.scheduled);
      RC_ASSERT(r.scheduled < r.first_token && r.first_token <= r.last_token);
      RC_ASSERT(r.last_token <= r.end);
      after_first += r.tokens - 1;
    }
  }
  // Where nobody had to start again, each prompt was computed once, but for what was cached.
  double prompts = 0.0;
  bool once = true;
  for (const RequestRecord& r : seen.lives) {
    const bool refused = r.ending == Ending::too_long || r.ending == Ending::queue_full;
    if (!refused) prompts += static_cast<double>(r.input - r.cached);
    once = once && r.preempted == 0 && (refused || r.ending == Ending::finished);
  }
  if (once) RC_ASSERT(seen.prompt_tokens == prompts);
  // Without drafts every token but the first closes one gap.
  const bool drafts = c.spec.deployments[0].acceptance > 0.0;
  if (!drafts) RC_ASSERT(seen.gaps >= after_first);
  std::size_t submitted = 0;
  for (const Action& a : c.actions) submitted += a.kind == Action::Kind::submit ? 1 : 0;
  RC_ASSERT(seen.lives.size() == submitted);
  for (std::size_t i = 1; i < seen.ends.size(); ++i) RC_ASSERT(seen.ends[i - 1] <= seen.ends[i]);
}

RC_GTEST_PROP(Engine, WhoReservesWholeAnswersNeverPreempts, ()) {
  Case c = any_case();
  c.spec.deployments[0].pools.back().batching.reserved_answer = 1.0;
  std::erase_if(c.actions, [](const Action& a) { return a.kind == Action::Kind::fail; });
  const Collector seen = run_case(c, true, false);
  for (const RequestRecord& r : seen.lives) RC_ASSERT(r.preempted == 0);
}

RC_GTEST_PROP(Engine, JumpsChangeNothing, ()) {
  const Case c = any_case();
  const Collector a = run_case(c, true, false);
  const Collector b = run_case(c, false, false);
  RC_ASSERT(a.lives == b.lives);
  RC_ASSERT(a.ends == b.ends);
  RC_ASSERT(a.gaps == b.gaps);
  RC_ASSERT(a.gap_sum == b.gap_sum);
  RC_ASSERT(a.busy == b.busy);
}

}  // namespace
}  // namespace sn::serving
