// sn/serving/engine/engine_core.h
//
// Private state of a ServingEngine (engine.h): live requests, ranks, micro-batches, events.
//
// Context sums. A sequence that joined its micro-batch at step s0 with c keys and gains r tokens
// per step reads c + r (s - s0) keys in step s. With fixed-point rates (2^16), the sum over a
// rank's sequences is offset + rate x s: two integers that change when a sequence comes or goes.
// With speculative decoding a request's number of steps is drawn once (keyed by request), and r is
// its tokens over its steps.

#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <tuple>
#include <vector>

#include "sn/fabric/transfer_session.h"
#include "sn/kv/paged_cache.h"
#include "sn/serving/engine/engine.h"
#include "sn/serving/engine/kv_tiers.h"

namespace sn::serving {

using Slot = std::uint32_t;
inline constexpr Slot no_slot = 0xFFFFFFFFu;
inline constexpr int fraction_bits = 16;
inline constexpr std::size_t ring_steps = 128;  // page marks farther ahead wait in a heap
/// Memo of step times of one of `instances`: all together take 1 GB at most.
[[nodiscard]] std::size_t evaluator_slots(std::size_t instances);

/// What a request loads from one tier.
struct TierLoad {
  std::uint32_t tier = 0;
  bool first = true;  // what has to be there before the first step is under way
  Bytes size;
  Bytes later;  // of `size`: what travels while the first step runs
  fabric::TransferSession::FlowId flow = 0;
};

/// Deliveries of weights: this and the number of the instance. Above those of tiers.
inline constexpr std::uint64_t start_tag = std::uint64_t{1} << 62;

/// Levels of other traffic that steps are priced beside: eighths of a ScaleUp port.
inline constexpr std::size_t beside_levels = 7;

/// A request inside the engine. Slots are used again; `life` tells their users apart.
struct Live {
  enum class State : std::uint8_t {
    unused,
    arriving,
    waiting,
    loading,  // blocks from below HBM
    prefilling,
    handover,
    moving,
    decoding
  };

  RequestRecord record;
  State state = State::unused;
  std::uint32_t life = 0;  // of the slot: events
  std::uint32_t stay = 0;  // of its stay in a batch: items and marks; never goes back
  std::uint64_t session = 0;
  std::vector<std::uint64_t> keys;  // chained hashes of the input's blocks, then of the answer's

  // Where: pool, instance (within the deployment) and rank that hold its pages.
  std::uint32_t pool = 0;
  std::uint32_t instance = 0;
  std::uint32_t rank = 0;
  std::uint32_t group = 0;
  // While it moves: what waits for it there.
  std::uint32_t to_instance = 0;
  std::uint32_t to_rank = 0;
  std::uint32_t bound = no_slot;  // decode instance that its front end chose, within the pool
  std::int64_t to_pages = 0;
  Slot before = no_slot;  // in the rank's list of running requests
  Slot after = no_slot;

  // Prompt: input and what was produced before a preemption.
  std::int64_t prompt = 0;
  std::int64_t planned = 0;       // tokens in batches or done
  std::int64_t computed = 0;      // tokens done, cached ones included
  std::int64_t pending = 0;       // its share of Rank::pending, and
  std::int64_t work = 0;          // of Rank::work
  std::int64_t produced = 0;      // output tokens
  std::int64_t input_blocks = 0;  // of `keys`
  kv::NodeId leaf = kv::no_node;
  std::int64_t node_blocks = 0;  // blocks of the path that ends at `leaf`
  std::int64_t pages = 0;        // private
  std::int64_t node_pages = 0;   // of the path
  Nanos prefill_begin;
  std::int64_t timeout = 0;  // ns; 0: none

  // Decoding.
  std::int64_t joined = 0;   // step of its group
  std::int64_t steps = 0;    // it takes
  std::int64_t tokens = 0;   // it yields in them
  std::int64_t context = 0;  // keys when it joined
  std::int64_t rate = 0;     // tokens per step, fixed point
  bool capped = false;       // beyond the attention cap
  fabric::TransferSession::FlowId flow = 0;

  // Blocks on their way from below HBM: what has to be there before its first step, then, where
  // layers overlap, the rest.
  std::vector<TierLoad> loads;
  std::int64_t below = 0;        // tokens that shared tiers had when it was routed
  std::int64_t load_tokens = 0;  // that they bring
  std::int64_t load_blocks = 0;
  bool promotes = false;  // some came from below the first tier
  bool done = false;      // computed, but the last layers' blocks are not there yet
};

/// How fast an instance computes prompts, for the estimate of when one will be done.
struct PromptPace {
  std::int64_t chunk = 1;  // tokens of a rank and step
  double token = 0.0;      // s between steps, per token of a rank
  double pair = 0.0;       // and per query x key pair beyond those of a chunk alone
  double latency = 0.0;    // s through the pipeline: once, and
  double through = 0.0;    // per token
};

/// Sums over a rank's sequences of one micro-batch: offset + rate x step.
struct ContextSum {
  std::int64_t sequences = 0;
  std::int64_t offset = 0;
  std::int64_t rate = 0;
  // The same, cut at the attention cap; sequences beyond it count as a constant.
  std::int64_t capped_offset = 0;
  std::int64_t capped_rate = 0;
};

struct Rank {
  explicit Rank(const kv::CacheConfig& config) : cache(config) {}

  kv::PagedCache cache;
  std::array<std::deque<Slot>, priorities> waiting;
  std::vector<Slot> prefilling;  // in order of admission
  Slot oldest = no_slot;         // running, in order of admission
  Slot newest = no_slot;
  std::int64_t waiting_count = 0;
  std::int64_t running = 0;  // prefilling, decoding or on the way here
  std::int64_t pending = 0;  // prompt tokens of waiting and prefilling requests not yet planned
  std::int64_t work = 0;     // ns that they are estimated to take
  bool blocked = false;      // the head of the queue does not fit; until pages come free
  std::uint32_t link = 0;    // of the transfer session
  std::optional<std::uint32_t> port = {};  // ScaleUp, where the spec is `contended`
  RankTiers tiers = {};
};

struct Item {
  Slot slot = no_slot;
  std::uint32_t stay = 0;
  std::int64_t tokens = 0;
  std::int64_t before = 0;  // keys in the cache already
  bool last = false;        // ends the prompt
};

struct Mark {
  std::int64_t step = 0;
  Slot slot = no_slot;
  std::uint32_t stay = 0;
  bool cap = false;  // passes the attention cap; else: ends

  friend bool operator>(const Mark& a, const Mark& b) {
    return std::tie(a.step, a.slot, a.cap) > std::tie(b.step, b.slot, b.cap);
  }
};
using Marks = std::priority_queue<Mark, std::vector<Mark>, std::greater<>>;

/// A micro-batch: its sequences step together.
struct Group {
  std::vector<ContextSum> sums;  // one a rank
  std::int64_t sequences = 0;    // all ranks
  std::int64_t step = 0;         // decode steps done
  bool busy = false;
  bool decodes = false;      // the step in flight carries its sequences
  std::int64_t carried = 0;  // how many it began with
  std::int64_t riding = 0;   // and how many are still there
  std::vector<Item> items;
  std::vector<Item> ahead;  // of the next step
  bool has_ahead = false;
  std::vector<std::vector<Mark>> page_marks;  // ring over steps: who needs a page
  Marks far_pages;
  Marks marks;
  std::int64_t opened = 0;     // step from which the waits of Batching::balance count
  std::int64_t gathering = 0;  // plans in a row that waited for more prompts (Batching::gather)
  std::vector<Slot> fresh;     // joined since the last step with another last token time
  Nanos begin;
  Nanos end;
  Nanos last_end;  // of the last step with decodes
  llm::StepTime time;
};

struct Instance {
  enum class Phase : std::uint8_t { up, draining, starting, down };

  std::uint32_t deployment = 0;
  std::uint32_t pool = 0;
  std::uint32_t number = 0;  // within the deployment
  Phase phase = Phase::up;
  std::uint32_t life = 0;  // of events: a failure ends those under way
  hw::Conditions conditions;
  std::shared_ptr<const llm::StepProgram> program;
  std::unique_ptr<llm::StepEvaluator> evaluator;
  /// Beside transfers that hold so many eighths of its ScaleUp ports; made when first needed.
  std::array<std::unique_ptr<llm::StepEvaluator>, beside_levels> beside = {};
  std::array<std::shared_ptr<const llm::StepProgram>, beside_levels> beside_programs = {};
  std::int64_t taken = 0;                       // eighths of its ports that collectives hold now
  double collectives = 0.0;                     // bytes that they have sent, of one rank
  fabric::TransferSession::FlowId weights = 0;  // of a cold start
  PromptPace pace;
  std::vector<std::unique_ptr<Rank>> ranks;
  std::vector<Group> groups;
  Nanos entry_free;          // the first pipeline stage takes the next batch
  Nanos last_out;            // the last batch leaves the pipeline: nobody overtakes
  bool warm = true;          // has had its first step with prompts
  bool kicked = false;       // an event is on its way that will try to start a step
  std::int64_t waiting = 0;  // all ranks
  std::int64_t prefilling = 0;
};

struct Event {
  enum class Kind : std::uint8_t { enqueue, step_end, kick, transfer, timeout, started };
  Nanos at;
  std::uint64_t sequence = 0;
  Kind kind = Kind::enqueue;
  std::uint32_t a = 0;     // instance index or slot
  std::uint32_t b = 0;     // group
  std::uint32_t life = 0;  // of the slot or the instance

  friend bool operator>(const Event& x, const Event& y) {
    return std::tie(x.at, x.sequence) > std::tie(y.at, y.sequence);
  }
};

struct PoolData {
  PoolSpec spec;
  std::uint32_t first = 0;  // instance index
  std::uint32_t count = 0;
  std::uint32_t turn = 0;                 // of round robin
  std::vector<std::uint32_t> turns = {};  // the same of each front end
  /// Of instances under no conditions of their own.
  std::array<std::shared_ptr<const llm::StepProgram>, beside_levels> beside = {};
};

struct DeploymentData {
  DeploymentSpec spec;
  std::vector<PoolData> pools;
  std::uint32_t first = 0;  // instance index
  std::uint32_t count = 0;
  /// Prefilled, no decode rank has room: one queue, or one for each decode instance where front
  /// ends choose it.
  std::vector<std::deque<std::pair<Slot, std::uint32_t>>> handover;
  std::deque<std::pair<Slot, std::uint32_t>> homeless;   // no instance is up
  std::vector<fabric::TransferSession::LinkId> storage;  // links that retrievals come over
  std::int64_t waiting = 0;                              // arriving or waiting
  std::int64_t handing = 0;                              // of `handover`, those still alive
  std::unique_ptr<KvTiers> tiers = nullptr;              // below HBM; null: none
};

/// Query x key pairs of `n` new tokens after `before` keys, each query reading at most `cap`.
[[nodiscard]] double pairs_of(double before, double n, double cap);

class EngineCore {
 public:
  EngineCore(EngineSpec spec, EngineObserver* observer);

  // engine.cc: requests, events, books
  std::uint64_t submit(const Request& request, Nanos now);
  bool cancel(std::uint64_t id, Nanos now);
  [[nodiscard]] std::optional<Nanos> next_wakeup() const;
  void advance(Nanos now);
  [[nodiscard]] std::int64_t alive() const { return alive_; }
  [[nodiscard]] PoolState state(std::uint32_t deployment, std::uint32_t pool) const;
  // engine_fabric.cc
  [[nodiscard]] std::vector<LinkState> links() const;
  [[nodiscard]] TierState tier_state(std::uint32_t deployment, std::uint32_t tier) const;
  [[nodiscard]] AliveCounts alive_by_state(std::uint32_t deployment) const;
  [[nodiscard]] std::uint32_t instances(std::uint32_t deployment) const {
    return deployments_[deployment].count;
  }
  [[nodiscard]] bool consistent() const;

  // engine_lifecycle.cc
  std::int64_t fail(std::uint32_t deployment, std::uint32_t instance, Nanos now);
  void drain(std::uint32_t deployment, std::uint32_t instance, Nanos now);
  void start(std::uint32_t deployment, std::uint32_t instance, Nanos now);
  void set_conditions(std::uint32_t deployment, std::uint32_t instance,
                      const hw::Conditions& conditions, Nanos now);
  // engine_tiers.cc
  std::int64_t lose_tier(std::uint32_t deployment, std::uint32_t tier, std::uint32_t part,
                         std::uint32_t parts, Nanos now);

 private:
  // engine.cc
  void make_pool(DeploymentData& deployment, const PoolSpec& pool);
  void post(Nanos at, Event::Kind kind, std::uint32_t a, std::uint32_t b, std::uint32_t life);
  void handle(const Event& event);
  /// What was due before `now`.
  void catch_up(Nanos now);
  [[nodiscard]] Slot new_slot();
  void finish(Slot slot, Ending ending);
  void leave(Slot slot);  // whatever it takes part in
  [[nodiscard]] bool never_fits(const DeploymentData& d, const Request& request) const;

  // engine_routing.cc
  /// Begins to read what the request needs from storage; false: nothing, or it is there.
  bool fetch(Slot slot);
  void enqueue(Slot slot);
  /// Which pool computes its prompt: the first, unless what a preemption left it with no longer
  /// fits there. Then the decode pool does, in the first pool's chunks.
  [[nodiscard]] std::uint32_t pool_for(const Live& r) const;
  /// Whether anybody of the pool takes requests, now or when it has started.
  [[nodiscard]] bool hope(const DeploymentData& d, std::uint32_t pool) const;
  /// An instance takes no more: ends those whom nobody is left to serve.
  void give_up(DeploymentData& d);
  /// Looks for a rank again for those that had none.
  void rehome(DeploymentData& d);
  [[nodiscard]] std::optional<std::pair<Instance*, std::uint32_t>> route(Live& r);
  /// `below`: tokens that any rank finds in tiers below HBM.
  [[nodiscard]] double cost_of(const Live& r, const Instance& instance, const Rank& rank,
                               double below, double least) const;
  /// Seconds until `tokens` more of a prompt, behind all that the rank has, are computed.
  [[nodiscard]] double completion(const Instance& instance, const Rank& rank, double tokens,
                                  double prompt) const;
  [[nodiscard]] PromptPace pace_of(const llm::StepProgram& program, const DeploymentSpec& spec,
                                   std::int64_t chunk) const;
  /// Prompt tokens of `r` not yet planned, in the books of its rank.
  void set_pending(Live& r, const Instance& instance, std::int64_t tokens);
  /// The instances that the front end of `r` gives it: where it is prefilled (returned) and where
  /// it decodes. Nothing when none is up.
  [[nodiscard]] std::optional<std::uint32_t> take_turns(Live& r);
  /// Front end of a request, by chance.
  [[nodiscard]] std::size_t frontend_of(std::uint64_t id, std::size_t frontends) const;
  /// The next instance of `pool`, from `turn` on, that is up.
  [[nodiscard]] std::optional<std::uint32_t> next_up(const PoolData& pool,
                                                     std::uint32_t& turn) const;
  void hand_over(Slot slot);
  [[nodiscard]] bool place_decode(Slot slot);
  void start_transfer(Slot slot, Instance& to, std::uint32_t rank);
  void transfers_due();
  void retry_handover(DeploymentData& d);
  [[nodiscard]] std::deque<std::pair<Slot, std::uint32_t>>& handover_of(const Live& r);
  void post_transfer();

  // engine_admission.cc
  void plan(Instance& instance, Group& group, std::vector<Item>& items);
  void plan_rank(Instance& instance, Rank& rank, std::int64_t budget, std::vector<Item>& items);
  enum class Admitted : std::uint8_t { no, loading, yes };
  [[nodiscard]] Admitted admit(Instance& instance, Rank& rank, Slot slot);
  /// It may take part in steps.
  void begin_prefill(Instance& instance, Rank& rank, Slot slot);
  /// Pages for `tokens` of it and for the share of its answer that is reserved on admission. Never
  /// more than a rank has: the last token, which counts among the reserved ones, is not stored.
  [[nodiscard]] std::int64_t pages_to_admit(const Live& r, const PoolSpec& pool,
                                            std::int64_t tokens) const;
  /// Whether prompts may go into the next step (Batching::balance).
  [[nodiscard]] bool balanced(const Instance& instance, Group& group) const;
  /// Whether enough prompts wait, or have waited long enough (Batching::gather).
  [[nodiscard]] bool gathered(const Instance& instance, Group& group) const;
  void push_item(Live& r, Slot slot, std::int64_t tokens, std::vector<Item>& items);
  /// Pages for the next decode step; false when somebody had to give way.
  bool grow(Instance& instance, Group& group);
  bool take_page(Instance& instance, Slot slot);
  void preempt(Slot slot);
  void to_front(Slot slot);
  void give_back(Live& r);
  void cache_prompt(Live& r, Rank& rank);
  [[nodiscard]] std::int64_t pages_for(const DeploymentSpec& d, std::int64_t tokens) const;
  [[nodiscard]] std::int64_t next_page_step(const Live& r) const;
  void mark_page(Group& group, Slot slot);

  // engine_fabric.cc
  void make_links(DeploymentData& deployment);
  /// Of a step: beside what transfers hold of the instance's ports.
  [[nodiscard]] llm::StepEvaluator& evaluator_of(Instance& instance);
  /// The share of the ports that a step's collectives hold; 0 when none runs.
  void hold_ports(Instance& instance, const llm::StepTime* time);
  /// What a request reads before it is queued.
  [[nodiscard]] Bytes read_before(const DeploymentData& deployment, const Live& r) const;
  /// Weights come over the DCN; false: they take the pool's time.
  bool fetch_weights(Instance& instance);
  void weights_there(std::uint32_t instance);
  void comes_up(Instance& instance);  // engine_lifecycle.cc

  // engine_tiers.cc
  void make_tiers(DeploymentData& deployment);
  /// Tokens of `r` that shared tiers have, whatever rank takes it.
  [[nodiscard]] std::int64_t tier_tokens(const Live& r) const;
  /// How many blocks beyond the first `hit` of `keys` come from below HBM, and from where.
  struct LoadChoice {
    std::int64_t blocks = 0;
    std::int64_t tokens = 0;
    std::array<std::int64_t, tiers_max> by_tier = {};  // of `tokens`
  };
  [[nodiscard]] LoadChoice choose_load(const Instance& instance, const Rank& rank, const Live& r,
                                       std::span<const std::uint64_t> keys, std::size_t hit);
  /// A request in the queue has blocks to load, and a seat.
  [[nodiscard]] bool loads_early(const Instance& instance, const Rank& rank, const Live& r);
  /// Begins to load what lies below HBM, of `hit` blocks on, where that is done before it would be
  /// computed. False: nothing to load.
  bool begin_load(const Instance& instance, const Rank& rank, Live& r,
                  std::span<const std::uint64_t> keys, Slot slot);
  /// Seconds that `tokens` of a prompt take to compute behind `before` others.
  [[nodiscard]] static double work_of(const PromptPace& pace, double tokens, double before);
  void loaded(Slot slot, fabric::TransferSession::FlowId flow);
  void cancel_loads(Live& r);
  /// Blocks of the path that ends at its leaf, `from` on, which its rank has cached anew.
  void save(const Live& r, const Rank& rank, std::int64_t from);
  /// Pages of `rank`; what HBM evicts for them is written below.
  [[nodiscard]] bool allocate(const Instance& instance, Rank& rank, std::int64_t pages);
  /// When the step's prompts have what they read.
  [[nodiscard]] Nanos loads_end(const Group& group, Nanos end) const;
  /// Of one hashed block.
  [[nodiscard]] static Bytes saved_bytes(const PoolSpec& pool, const DeploymentSpec& spec);
  void write_done(std::uint64_t tag);

  // engine_steps.cc
  void kick(Instance& instance);
  bool begin_step(Instance& instance, std::uint32_t group);
  void run(Instance& instance, std::uint32_t group);
  void end_step(Instance& instance, std::uint32_t group);
  [[nodiscard]] llm::BatchShape shape_of(const Instance& instance, const Group& group) const;
  void time_step(Instance& instance, Group& group);
  void tell_step(const Instance& instance, const Group& group, std::int64_t gaps);
  void end_items(Instance& instance, Group& group);
  void prompt_done(Instance& instance, Slot slot);
  void end_marks(Instance& instance, Group& group);
  void token_after_prefill(Slot slot);
  void join(Slot slot, Instance& instance, Nanos last_token);
  void part(Live& r, Slot slot);
  [[nodiscard]] std::int64_t steps_for(const Live& r, const Instance& instance) const;
  std::int64_t requeue_all(Instance& instance);

  // Lists of running requests.
  void link_running(Rank& rank, Slot slot);
  void unlink_running(Rank& rank, Slot slot);

  [[nodiscard]] DeploymentData& deployment_of(const Live& r) {
    return deployments_[r.record.deployment];
  }
  [[nodiscard]] Instance& instance_of(const Live& r) {
    return instances_[deployments_[r.record.deployment].first + r.instance];
  }
  [[nodiscard]] const PoolSpec& pool_of(const Instance& i) const {
    return deployments_[i.deployment].pools[i.pool].spec;
  }
  [[nodiscard]] std::uint32_t index_of(const Instance& i) const {
    return deployments_[i.deployment].first + i.number;
  }

  EngineSpec spec_;
  EngineObserver* observer_;
  EngineObserver nobody_;
  std::vector<DeploymentData> deployments_;
  std::vector<Instance> instances_;
  std::vector<Live> live_;
  std::vector<Slot> unused_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  fabric::TransferSession transfers_;
  std::optional<Nanos> transfer_due_;  // of the event that is posted
  std::vector<TierRun> runs_;          // scratch of `begin_load`
  std::vector<std::uint64_t> evicted_;
  std::vector<fabric::TransferSession::Delivered> delivered_;
  std::uint64_t sequence_ = 0;
  std::uint64_t submitted_ = 0;
  std::int64_t alive_ = 0;
  Nanos now_;
  Nanos limit_;  // of the `advance` under way
};

}  // namespace sn::serving
