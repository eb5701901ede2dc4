// sn/serving/steady/kv_tier.h
//
// Tiers of KV cache below HBM: what moving a block costs, and what a plan makes of them.
//
// A block of `b` tokens lies in HBM as pieces: layers of the stage x K and V (one for a latent),
// unless its layout puts it in one piece. One GPU's mover sustains
//   rate = min(bandwidth, outstanding / load latency,
//              parallel x piece / cost of a piece, of each stage)
// so that small pieces pay per piece and large ones per byte (a piece's measured cost contains its
// wire time at 16 to 20 KB). A transfer begins with one piece through all stages.
// Check by hand (Beluga, 15,000 tokens of Qwen-32B): 940 blocks x 128 pieces x 10.55 us = 1.27 s.
//
// Limits: no queueing inside a memory beyond fair shares; a GPU's load latency does not grow under
// load (230 to 1,624 ns were measured for contended loads of a CPU).

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/hw/machine.h"
#include "sn/kv/eviction.h"
#include "sn/llm/deployment.h"
#include "sn/serving/engine/engine_spec.h"
#include "sn/serving/load/workload.h"

namespace sn::serving {

struct ServingInputs;  // steady_state.h
struct ServingPlan;
struct Pool;

enum class TierKind {
  cxl_pool,   // behind a switch, shared by hosts
  dram,       // of the host
  rdma_pool,  // DRAM of hosts behind their adapters, shared
  nvme,       // drives of the host
  store,      // over the DCN, shared
};
inline constexpr std::size_t tier_kinds = 5;
[[nodiscard]] std::string_view to_string(TierKind kind);
[[nodiscard]] std::optional<TierKind> tier_named(std::string_view name);
/// Whether every host reaches the same place.
[[nodiscard]] bool is_shared(TierKind kind);

struct KvTier {
  TierKind kind = TierKind::dram;
  hw::Memory memory;
  hw::Mover mover;
  hw::Attachment attach = hw::Attachment::pcie;
  Bytes share;             // for KV blocks: of a shared place, or of one OS image
  std::int64_t count = 1;  // of the memory in an OS image: sockets, drives

  friend bool operator==(const KvTier&, const KvTier&) = default;
};

struct KvTiering {
  std::vector<KvTier> tiers;  // below HBM, top down; at most `tiers_max`
  kv::Eviction policy = kv::Eviction::lru;
  Time ttl = Time::from_si(3600.0);
  bool write_back = false;
  bool always_load = false;  // else a prompt is computed where that is quicker
  bool on_queue = true;
  bool overlap = false;     // by layers
  bool contiguous = false;  // a block lies in one piece

  friend bool operator==(const KvTiering&, const KvTiering&) = default;
};

/// A block on one GPU.
struct BlockLayout {
  double pieces = 1.0;
  Bytes piece;

  [[nodiscard]] Bytes block() const { return piece * pieces; }
};

/// `per_token`: KV bytes of a token on one GPU of `deployment`.
[[nodiscard]] BlockLayout block_layout(const llm::ModelSpec& model,
                                       const llm::Deployment& deployment, Bytes per_token,
                                       double block_tokens, bool contiguous);

/// What one GPU's mover does with blocks of a layout.
struct MoveRate {
  Bandwidth read;
  Bandwidth write;
  Time read_first;  // until the first piece is there
  Time write_first;
};
[[nodiscard]] MoveRate move_rate(const hw::Mover& mover, const hw::Memory& memory,
                                 const BlockLayout& layout);

/// The engine's tiers for `plan`; hashed blocks of `block_tokens`.
[[nodiscard]] TieringSpec tiering_spec(const ServingInputs& inputs, const KvTiering& tiering,
                                       const ServingPlan& plan, double block_tokens);

/// What an attention rank of `pool` moves, and how fast. `kv_per_token`: on one GPU.
void set_tier_rates(const ServingInputs& inputs, const KvTiering& tiering, const Pool& pool,
                    Bytes kv_per_token, PoolSpec& out);

/// Tiers in closed form, as a prompt of one pool sees them: what they hold beyond HBM, how long a
/// token takes to come from each on an idle machine, and how many tokens each gives at most.
struct TierCurve {
  struct Step {
    double capacity = 0.0;  // tokens
    Time per_token;
    Time latency;
    double tokens_per_s = 0.0;  // of all ranks together

    friend bool operator==(const Step&, const Step&) = default;
  };
  std::vector<Step> steps;  // top down
  bool always = false;      // what is found is loaded, quicker or not

  [[nodiscard]] bool any() const { return !steps.empty(); }
  /// Tokens of all of them.
  [[nodiscard]] double capacity() const;
};

/// For prefill ranks of `pool` on a machine whose plan takes `gpus`. None without tiers.
[[nodiscard]] TierCurve tier_curve(const ServingInputs& inputs, const Pool& pool,
                                   std::int64_t gpus);

/// Of a request's input: what is cached in HBM and below, and the load of the latter.
struct PromptHits {
  double hbm = 0.0;  // tokens
  double all = 0.0;
  Time load;                                   // tiers side by side, the slowest
  std::array<double, tiers_max> by_tier = {};  // of all - hbm
};
/// `hbm_tokens`: prefix cache in HBM. Limit: a tier's places count as one, as if every request went
/// where its blocks are.
[[nodiscard]] PromptHits prompt_hits(const Workload& workload, const RequestClass& request,
                                     double hbm_tokens, const TierCurve& tiers);

}  // namespace sn::serving
