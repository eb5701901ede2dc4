// tests/fuzz/engine_life_fuzz.cc
//
// libFuzzer target: bytes as a deployment, its policies, requests, faults and conditions. Whatever
// happens, the books agree: every request ends exactly once or waits for an instance that never
// comes up, as its owner asked for; tokens and pages are conserved, and steps taken in jumps tell
// the same lives.
//
// The bytes are read from the front; the last two choose what came later than the rest, so that
// older inputs keep their meaning.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/catalog/catalog.h"
#include "sn/serving/engine/action_test_util.h"
#include "sn/serving/engine/engine.h"
#include "sn/twin/world.h"
#include "tests/fuzz/fuzz_util.h"

namespace {

using namespace sn;
using namespace sn::serving;

const twin::World& world() {
  static const twin::World resolved = fuzz_world("qwen3-30b-a3b");
  return resolved;
}

/// Compiled once for all inputs: there are few deployments and two conditions. The model has no
/// layers that draft: only the engine knows of drafts.
std::shared_ptr<const llm::StepProgram> program(llm::Deployment d,
                                                const hw::Conditions& conditions) {
  d.draft_tokens = 0;
  using Key = std::tuple<std::int64_t, std::int64_t, double>;
  static std::map<Key, std::shared_ptr<const llm::StepProgram>> memo;
  auto& at = memo[{d.parallel.dp, d.parallel.pp, conditions.clock}];
  if (!at) {
    const twin::Machine& m = world().machine;
    at = std::make_shared<const llm::StepProgram>(llm::compile(m.model, d, m.parts(), conditions));
  }
  return at;
}

class Bytes16 {
 public:
  Bytes16(const std::uint8_t* data, std::size_t size) : at_(data), left_(size) {
    later_ = size >= 2 ? data[size - 1] << 8 | data[size - 2] : 0;
  }

  /// Two bytes as a number from lo to hi, both included; 0 beyond the end.
  std::int64_t number(std::int64_t lo, std::int64_t hi) {
    std::uint64_t v = 0;
    for (int i = 0; i < 2; ++i) {
      v = v << 8 | (left_ > 0 ? *at_ : 0u);
      if (left_ > 0) ++at_, --left_;
    }
    return lo + static_cast<std::int64_t>(v % static_cast<std::uint64_t>(hi - lo + 1));
  }
  bool flag() { return number(0, 1) != 0; }
  [[nodiscard]] bool any() const { return left_ > 0; }
  /// One of the bits at the end.
  [[nodiscard]] bool later(int bit) const { return (later_ >> bit & 1) != 0; }

 private:
  const std::uint8_t* at_;
  std::size_t left_;
  int later_;
};

struct Life {
  EngineSpec spec;
  std::vector<Action> actions;
  std::size_t submitted = 0;
};

PoolSpec pool_of(Bytes16& in, bool extreme) {
  PoolSpec pool;
  pool.instances = in.number(1, 3);
  const std::int64_t dp = extreme ? in.number(1, 8) : in.number(1, 2);
  const std::int64_t pp = in.number(1, 3) == 3 ? 2 : 1;
  pool.deployment = {.parallel = {.dp = dp, .pp = pp, .ep = dp},
                     .precision = world().machine.precisions.front(),
                     .draft_tokens = in.later(0) ? 1 : 0};
  pool.batching.tokens = in.number(1, extreme ? 40 : 400);
  pool.batching.decodes_in_budget = in.flag();
  pool.batching.sequences = in.number(1, extreme ? 2 : 12);
  pool.batching.prefill_first = in.flag();
  pool.batching.reserved_answer = static_cast<double>(in.number(0, 2)) / 3.0;
  pool.batching.ahead = in.flag();
  pool.batching.poll = in.number(1, 4);
  pool.kv_pages = extreme ? in.number(1, 4) : in.number(10, 80);
  pool.compile = [deployment = pool.deployment](const hw::Conditions& c) {
    return program(deployment, c);
  };
  pool.start_time = Time::from_si(0.2);
  pool.kv_bandwidth = Bandwidth::from_si(50e9);
  pool.batches_ahead = in.later(1) ? 2 : 0;
  return pool;
}

DeploymentSpec deployment_of(Bytes16& in, bool two, std::int64_t page, std::int64_t block,
                             bool extreme) {
  DeploymentSpec d;
  d.page_tokens = page;
  d.block_tokens = block;
  for (int i = 0; i < (two ? 2 : 1); ++i) {
    PoolSpec pool = pool_of(in, extreme);
    pool.decodes = !two || i == 1;
    pool.initially_down = in.number(0, 7) == 0 ? pool.instances : 0;
    pool.first_step = Time::from_si(in.flag() ? 0.03 : 0.0);
    pool.warm = in.flag();
    d.pools.push_back(std::move(pool));
  }
  d.frontend = Time::from_si(in.flag() ? 0.004 : 0.0);
  d.queue_limit = in.number(1, 40);
  d.routing = static_cast<Routing>(in.number(0, 3));
  if (in.later(4)) d.routing = Routing::completion_aware;
  d.acceptance = in.flag() ? 0.7 : 0.0;
  if (in.flag()) {
    d.windowed_share = static_cast<double>(in.number(0, 4)) / 4.0;
    d.window = in.number(1, 128);
    d.attention_cap = in.flag() ? static_cast<double>(in.number(1, 64)) : 0.0;
  }
  if (in.flag()) d.max_context = in.number(1, 400);
  d.kv_bytes_per_token = Bytes::from_si(131072.0);
  d.transfer_layers = 32.0;
  d.transfer_start = Time::from_si(10e-6);
  return d;
}

/// Two tiers below HBM, the second shared, both small.
void put_tiers(const Bytes16& in, DeploymentSpec& d) {
  TieringSpec& tiering = d.tiering;
  tiering.write_back = in.later(6);
  tiering.on_queue = in.later(7);
  tiering.layers = in.later(6) ? 32.0 : 1.0;
  tiering.gpus_per_image = 2;
  for (const bool shared : {false, true}) {
    TierSpec& tier = tiering.tiers.emplace_back();
    tier.name = shared ? "pool" : "host";
    tier.blocks = shared ? 9 : 4;
    tier.shared = tier.on_scale_up = shared;
    tier.in_process = !shared;
    tier.image_read = tier.image_write = Bandwidth::from_si(1e10);
    if (shared) tier.pool_read = tier.pool_write = Bandwidth::from_si(2e10);
    tier.read_latency = Time::from_si(20e-6);
  }
  for (PoolSpec& pool : d.pools) {
    pool.load_per_token = pool.save_per_token = Bytes::from_si(131072.0);
    pool.tier_rates.assign(2, {Bandwidth::from_si(4e10), Bandwidth::from_si(4e10)});
  }
}

Request request_of(Bytes16& in, Nanos at, std::int64_t block, bool extreme) {
  Request r;
  r.arrival = at;
  r.input_tokens = in.number(1, extreme ? 260 : 400);
  r.output_tokens = in.number(0, 120);
  r.priority = static_cast<std::int32_t>(in.number(0, 5)) - 1;
  r.session = static_cast<std::uint64_t>(in.number(0, 3));
  const std::int64_t blocks =
      in.number(0, 3) == 0 ? in.number(0, 20) : (r.input_tokens + block - 1) / block;
  for (std::int64_t b = 0; b < std::min<std::int64_t>(blocks, 64); ++b) {
    r.blocks.push_back(static_cast<std::uint64_t>(in.number(0, 2)));
  }
  if (in.number(0, 6) == 0) r.timeout = {in.number(1, 40'000) * 10'000};
  return r;
}

Action action_of(Bytes16& in, Nanos at, bool faults, std::uint32_t instances, std::int64_t block,
                 bool extreme) {
  using Kind = Action::Kind;
  constexpr std::array<Kind, 6> kinds = {Kind::fail,  Kind::drain, Kind::cancel,
                                         Kind::start, Kind::start, Kind::slow};
  Action a;
  a.at = at;
  const auto what = static_cast<std::size_t>(faults ? in.number(0, 15) : 15);
  a.instance = static_cast<std::uint32_t>(in.number(0, instances - 1));
  a.kind = what < kinds.size() ? kinds[what] : Kind::submit;
  if (what == kinds.size() && in.later(5)) {
    a.kind = Kind::lose;
    a.tier = a.instance % 2;
  }
  if (a.kind == Kind::cancel) a.id = static_cast<std::uint64_t>(in.number(0, 100));
  if (a.kind == Kind::submit) a.request = request_of(in, at, block, extreme);
  return a;
}

Life life_of(const std::uint8_t* data, std::size_t size) {
  Bytes16 in(data, size);
  Life life;
  const bool two = in.flag();
  const std::int64_t page = std::int64_t{1} << in.number(0, 6);
  const std::int64_t block = page * (std::int64_t{1} << in.number(0, 4));
  const bool extreme = in.flag();
  life.spec.deployments.push_back(deployment_of(in, two, page, block, extreme));
  if (in.later(5)) put_tiers(in, life.spec.deployments.front());
  constexpr std::array<kv::Eviction, 3> evictions = {kv::Eviction::lru, kv::Eviction::lfu,
                                                     kv::Eviction::s3_fifo};
  life.spec.eviction = evictions[static_cast<std::size_t>(in.number(0, 2))];
  if (in.later(2)) life.spec.eviction = kv::Eviction::ttl;
  life.spec.ttl = Nanos{50'000'000};
  life.spec.requeue_on_failure = in.flag();
  life.spec.wait_for_start = in.later(3);
  std::uint32_t instances = 0;
  for (const PoolSpec& p : life.spec.deployments[0].pools) {
    instances += static_cast<std::uint32_t>(p.instances);
  }
  const bool faults = in.flag();
  std::int64_t now = 0;
  while (in.any() && life.actions.size() < 120) {
    now += in.number(0, 20'000) * 1000;
    life.actions.push_back(action_of(in, {now}, faults, instances, block, extreme));
    if (life.actions.back().kind == Action::Kind::submit) ++life.submitted;
  }
  return life;
}

class Seen final : public EngineObserver {
 public:
  void on_end(const RequestRecord& r) override { lives.push_back(r); }
  void on_step(const StepRecord& s) override {
    SN_ASSERT(s.begin <= s.end);
    prompt_tokens += s.prefill_tokens;
  }

  std::vector<RequestRecord> lives;
  double prompt_tokens = 0.0;
};

/// Alive is only who waits for an instance to start, where a pool has none up: for its own, or
/// behind those whose decode pool is down. Without anybody alive no memory is held.
void check_rest(const ServingEngine& engine, const Life& life) {
  const AliveCounts alive = engine.alive_by_state(0);
  SN_ASSERT(alive.all() == engine.alive());
  SN_ASSERT(alive.front_end == 0 && alive.prefilling == 0 && alive.loading == 0);
  SN_ASSERT(alive.moving == 0 && alive.decoding == 0);
  const auto pools = static_cast<std::uint32_t>(life.spec.deployments[0].pools.size());
  bool nobody = false;
  for (std::uint32_t p = 0; p < pools; ++p) {
    const PoolState state = engine.state(0, p);
    SN_ASSERT(state.cached <= state.pages && state.held <= state.pages);
    SN_ASSERT(state.prefilling == 0 && state.decoding == 0 && state.moving == 0);
    SN_ASSERT(alive.all() > 0 || (state.held == 0 && state.waiting == 0));
    nobody = nobody || state.up == 0;
  }
  SN_ASSERT(alive.all() == 0 || (life.spec.wait_for_start && nobody));
  SN_ASSERT(alive.waiting == 0 || alive.handover > 0);
}

/// Where nobody had to start again, each prompt was computed once, but for what was cached.
void check_tokens(const Seen& seen) {
  double prompts = 0.0;
  bool once = true;
  for (const RequestRecord& r : seen.lives) {
    const bool refused = r.ending == Ending::too_long || r.ending == Ending::queue_full;
    SN_ASSERT(r.tokens >= 0 && r.tokens <= r.output);
    SN_ASSERT(r.cached >= 0 && r.cached <= r.input);
    if (r.ending == Ending::finished) SN_ASSERT(r.tokens == r.output);
    if (r.tokens > 0) {
      SN_ASSERT(r.arrival <= r.queued && r.queued <= r.scheduled);
      SN_ASSERT(r.scheduled < r.first_token && r.first_token <= r.last_token);
      SN_ASSERT(r.last_token <= r.end);
    }
    if (!refused) prompts += static_cast<double>(r.input - r.cached);
    once = once && r.preempted == 0 && (refused || r.ending == Ending::finished);
  }
  if (once) SN_ASSERT(seen.prompt_tokens == prompts);
}

Seen play(const Life& life, bool jumps) {
  EngineSpec spec = life.spec;
  spec.jumps = jumps;
  Seen seen;
  ServingEngine engine(std::move(spec), &seen);
  for (const Action& a : life.actions) {
    engine.advance(a.at);
    act(engine, a);
    SN_ASSERT(engine.consistent());
  }
  std::int64_t events = 0;
  while (const auto next = engine.next_wakeup()) {
    engine.advance(*next);
    SN_ASSERT(++events < 3'000'000);
  }
  SN_ASSERT(engine.consistent());
  check_rest(engine, life);
  std::vector<bool> ended(life.submitted, false);
  for (const RequestRecord& r : seen.lives) {
    SN_ASSERT(r.id < ended.size() && !ended[r.id]);
    ended[r.id] = true;
  }
  SN_ASSERT(seen.lives.size() + static_cast<std::size_t>(engine.alive()) == life.submitted);
  if (engine.alive() == 0) check_tokens(seen);
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const Life life = life_of(data, size);
  const Seen seen = play(life, true);
  if (size % 4 == 0) SN_ASSERT(play(life, false).lives == seen.lives);
  return 0;
}
