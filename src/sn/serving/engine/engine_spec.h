// sn/serving/engine/engine_spec.h
//
// What a ServingEngine is made of, as plain values: deployments of pools of instances of ranks.
//
//   deployment  one model behind one router: an aggregated pool, or a prefill and a decode pool
//   instance    tp x dp x pp GPUs that step together; `dp` attention ranks in lockstep, of more
//               than one stage `pp` + `batches_ahead` micro-batches in flight
//   rank        one scheduler with its own KV memory and queue
//
// Batching follows vLLM's v1 scheduler: a budget of tokens per rank and step, running requests
// first (one position each, and its drafts), then prompts in order of arrival, cut into chunks. A
// request is admitted when the pages of its whole prompt can be had; when pages run out while
// decoding, the request admitted last gives its own up and is computed again later.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/clock.h"
#include "sn/base/units/quantity.h"
#include "sn/fabric/fabric.h"
#include "sn/hw/conditions.h"
#include "sn/kv/paged_cache.h"
#include "sn/llm/step.h"

namespace sn::serving {

enum class Routing {
  round_robin,
  least_loaded,    // fewest waiting x 4 + running; of prefill pools, fewest prompt tokens to do
  prefix_aware,    // least work to do, the request's own uncached tokens included
  session_sticky,  // a session stays with its rank
  /// Where the prompt is done first by estimate: what a rank has in its queue, the chunks already
  /// in its pipeline, the request's own uncached tokens, and how long contexts make them.
  completion_aware,
};
[[nodiscard]] std::string_view to_string(Routing routing);

struct Batching {
  std::int64_t tokens = 8192;     // budget of one rank and step
  bool decodes_in_budget = true;  // false: the budget is for prompts alone
  std::int64_t sequences = 256;   // running at once on one rank
  bool prefill_first = false;     // a step with prompts carries no decode
  double reserved_answer = 0.0;   // share of an answer that has pages from admission on
  bool ahead = false;             // the next step is put together when the last one ends, while
                                  // this one runs (vLLM's asynchronous scheduling)
  std::int64_t poll = 1;          // decode steps between two looks at new requests, while any
                                  // decodes (SGLang's scheduler-recv-interval)
  bool whole_prompts = false;     // a prompt waits for a step whose budget holds all of it, unless
                                  // the step has no other (TensorRT-LLM without chunked context)
  std::int64_t balance = 0;       // while all attention ranks decode, prompts wait until each of
                                  // them has one, or for every `balance`th step (TensorRT-LLM's
                                  // timeout_iters of its attention-DP balance); 0: no wait
  std::int64_t gather = 0;        // decode steps that prompts wait for more of them, until the step
  double gathered = 0.0;          // would hold this share of `tokens` (TensorRT-LLM's
                                  // batch_wait_timeout_iters, batch_wait_max_tokens_ratio)

  friend bool operator==(const Batching&, const Batching&) = default;
};

/// Compiles the pool's instances for conditions of their own, besides those of the whole machine.
/// It owns what it needs.
using ProgramFactory =
    std::function<std::shared_ptr<const llm::StepProgram>(const hw::Conditions&)>;

/// The same beside other traffic, which holds a share of ScaleUp.
using BesideFactory = std::function<std::shared_ptr<const llm::StepProgram>(const hw::Conditions&,
                                                                            double background)>;

/// One place for KV blocks below HBM, or one for each group of OS images that an attention rank
/// sits on. `twin/simulate/tiering.h` derives it from memories, movers and attachments.
struct TierSpec {
  std::string name;          // "cxl-pool"
  std::int64_t blocks = 0;   // hashed blocks that it holds; of one OS image where it is not shared
  bool shared = false;       // every instance reaches the same place
  bool in_process = false;   // not shared: what is there goes with an instance that fails
  bool on_scale_up = false;  // ranks reach it over their ScaleUp ports
  Bandwidth pool_read;       // of all ports of a shared place together; 0: no limit of its own
  Bandwidth pool_write;
  Bandwidth image_read;  // of the ports of one OS image; 0: each GPU has its own way there
  Bandwidth image_write;
  Time read_latency;  // of a transfer, its first pieces included
  Time write_latency;
};

/// How fast all GPUs of one attention rank move blocks from a tier and to it: what their engines
/// and their pieces allow.
struct TierRate {
  Bandwidth read;
  Bandwidth write;
};

/// Tiers below HBM, top down, and what is done with them.
struct TieringSpec {
  std::vector<TierSpec> tiers;  // at most `tiers_max`
  bool write_back = false;  // a block goes down when HBM evicts it; else as soon as it is computed
  bool always = false;      // whatever is found is loaded, even where computing were quicker
  bool on_queue = false;    // a load begins when its request is queued, where pages are free;
                            // else when the scheduler comes to it
  double layers = 1.0;      // of a pipeline stage, whose first ones run while the last are
                            // loaded; 1: a prompt waits for all of them
  std::int64_t gpus_per_image = 8;

  [[nodiscard]] bool any() const { return !tiers.empty(); }
};
inline constexpr std::size_t tiers_max = 4;

struct PoolSpec {
  std::int64_t instances = 1;
  llm::Deployment deployment;
  Batching batching;
  std::int64_t kv_pages = 0;  // of one rank
  ProgramFactory compile;
  Time start_time;                  // cold start: process, weights over the DCN
  Time first_step;                  // what the first step with prompts after a start takes longer
  bool warm = true;                 // instances that run at the start have had theirs
  Bandwidth kv_bandwidth;           // of one rank, all its GPUs, towards the other pool
  std::int64_t batches_ahead = 0;   // micro-batches in flight beyond one a pipeline stage
  bool decodes = true;              // false: hands requests over after their first token
  std::int64_t initially_down = 0;  // instances that are not running at the start
  // With `EngineSpec::contended`:
  BesideFactory compile_beside = {};
  Bandwidth scale_up = {};  // ports of one attention rank, all its GPUs
  Bytes start_bytes = {};   // weights that one OS image fetches at a cold start
  // Of one attention rank, all its GPUs, with tiers below HBM:
  Bytes load_per_token;  // what its GPUs read, the copies that several of them hold included
  Bytes save_per_token;  // what they write, once
  std::vector<TierRate> tier_rates = {};  // one a tier
};

struct DeploymentSpec {
  std::string name;
  std::vector<PoolSpec> pools;  // {aggregated} or {prefill, decode}
  Routing routing = Routing::completion_aware;
  Time frontend;                      // once per request, before it is queued, and
  Time frontend_token;                // per prompt token
  double acceptance = 0.0;            // of a drafted token, given the one before
  std::vector<double> acceptances;    // the same by position, where that is known
  std::int64_t max_context = 0;       // tokens; longer requests are refused; 0: no limit
  std::int64_t queue_limit = 10'000;  // waiting requests; beyond, new ones are refused
  /// Routers side by side. 0: one that knows all ranks: `routing`, and a prefilled request goes to
  /// the decode rank that runs the fewest. Else a request comes to one of them by chance, and each
  /// gives the instances of both pools their requests in turn, the decode instance from the start:
  /// a prefilled request waits for that one while others have room (NVIDIA Dynamo's front ends).
  std::int64_t frontends = 0;
  std::int64_t turns_taken = 0;  // requests that these front ends gave out before the first one
  // KV memory: tokens of a page, of a hashed block, and how windows shorten what a sequence holds.
  std::int64_t page_tokens = 64;
  std::int64_t block_tokens = 512;
  double windowed_share = 0.0;
  std::int64_t window = 0;
  double attention_cap = 0.0;  // ModelSpec::attention_cap
  /// What each request reads from storage before it is queued (documents of a retrieval): over the
  /// DCN link of one of `storage_links` OS images, in turn.
  Bytes retrieval;
  std::int64_t storage_links = 1;
  Bandwidth storage_bandwidth;  // of one
  Time storage_latency;
  bool transfer_on_scale_up = false;  // between pools: over ScaleUp ports, not adapters
  // Between pools.
  Bytes kv_bytes_per_token;  // of the whole model
  Time transfer_start;       // software, once
  Time transfer_latency;
  double transfer_layers = 1.0;   // of one sender: what can travel before the last layer is done
  double decode_headroom = 0.01;  // share of a decode rank's pages that arrivals leave free
  TieringSpec tiering = {};

  [[nodiscard]] bool disaggregated() const { return pools.size() == 2; }
};

struct EngineSpec {
  std::vector<DeploymentSpec> deployments;
  kv::Eviction eviction = kv::Eviction::lru;
  Nanos ttl = {};
  bool requeue_on_failure = true;  // requests of a failed instance start again; else they end
  bool wait_for_start = false;     // who finds no instance up waits for one; else: ends as failed
  /// Traffic of different kinds feels each other: collectives and transfers share ScaleUp ports,
  /// prompts and cold starts the DCN links of retrievals. Else each has its layer to itself.
  bool contended = false;
  bool jumps = true;  // run a lone instance's steps without the event queue; the result is the same
  std::uint64_t seed = 1;
};

inline constexpr int priorities = 4;  // 0 is served first

enum class Ending {
  finished,
  too_long,    // beyond the context, or the KV memory of a rank
  queue_full,  // refused at the door
  timed_out,
  cancelled,
  failed,  // its instance failed, or nobody is left to serve it
};
inline constexpr std::size_t ending_count = 6;
[[nodiscard]] std::string_view to_string(Ending ending);

/// A request's life. Times that it did not reach are 0.
struct RequestRecord {
  std::uint64_t id = 0;
  Ending ending = Ending::finished;
  std::uint32_t deployment = 0;
  std::int32_t priority = 0;
  Nanos arrival = {};
  Nanos fetched = {};    // what it reads from storage is there; 0: it reads nothing
  Nanos queued = {};     // at a rank, after the front end
  Nanos scheduled = {};  // first time in a batch
  Nanos first_token = {};
  Nanos last_token = {};
  Nanos end = {};
  std::int64_t input = 0;
  std::int64_t output = 0;      // asked for
  std::int64_t tokens = 0;      // produced
  std::int64_t cached = 0;      // input tokens found in the prefix cache, at the first admission
  std::int64_t blocks = 0;      // hashed blocks of the input
  std::int64_t hit_blocks = 0;  // of them cached, at the first admission
  std::int64_t loaded = 0;      // of `cached`: tokens that came from tiers below HBM
  Nanos load_begin = {};        // of that load
  Nanos load_end = {};
  std::int32_t preempted = 0;
  std::uint32_t instance = 0;  // that served it last

  friend bool operator==(const RequestRecord&, const RequestRecord&) = default;
};

/// One step of one instance.
struct StepRecord {
  std::uint32_t deployment = 0;
  std::uint32_t pool = 0;
  std::uint32_t instance = 0;  // within the deployment
  Nanos begin = {};
  Nanos end = {};
  double decoding = 0.0;        // sequences, all ranks
  double prefill_tokens = 0.0;  // all ranks
  Nanos gap = {};               // since these sequences' last token; 0 when nobody decodes
  std::int64_t gaps = 0;        // sequences that saw this gap
  const llm::StepTime* time = nullptr;
};

/// Who watches an engine. Called in order of time; must not call back.
class EngineObserver {
 public:
  virtual ~EngineObserver() = default;
  virtual void on_step(const StepRecord& /*step*/) {}
  /// A sequence's gap between tokens that was not its instance's period (after a hand-over).
  virtual void on_gap(const RequestRecord& /*record*/, Nanos /*at*/, Nanos /*gap*/) {}
  virtual void on_transfer(const RequestRecord& /*record*/, Nanos /*begin*/, Nanos /*end*/,
                           Bytes /*size*/) {}
  /// Blocks came from tier `tier` into a rank's HBM.
  virtual void on_load(const RequestRecord& /*record*/, std::uint32_t /*tier*/, Nanos /*begin*/,
                       Nanos /*end*/, Bytes /*size*/) {}
  virtual void on_end(const RequestRecord& /*record*/) {}
};

/// Memory that an engine of `spec` takes before its first request, in the main.
[[nodiscard]] Bytes engine_bytes(const EngineSpec& spec);

}  // namespace sn::serving
