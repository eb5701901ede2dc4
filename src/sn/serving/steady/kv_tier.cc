// sn/serving/steady/kv_tier.cc
//
// Movers, memories and attachments as rates (see kv_tier.h).

#include "sn/serving/steady/kv_tier.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sn/fabric/fabric.h"
#include "sn/serving/steady/steady_state.h"

namespace sn::serving {

namespace {

double d(std::int64_t v) { return static_cast<double>(v); }

constexpr std::array<std::string_view, tier_kinds> names = {"cxl-pool", "dram", "rdma-pool", "nvme",
                                                            "store"};

/// Bytes per second at which pieces of `size` pass a stage.
double stage_rate(Bytes size, Time piece, std::int64_t parallel) {
  return piece.si() > 0.0 ? size.si() * std::max(1.0, d(parallel)) / piece.si() : INFINITY;
}

Bandwidth bound(double a, double b) { return Bandwidth::from_si(std::min(a, b)); }

/// Bytes of `pool` that a token takes in a store: one copy.
Bytes stored_per_token(const ServingInputs& inputs, const Pool& pool) {
  return llm::kv_bytes_per_token(inputs.model, pool.deployment.precision.kv,
                                 pool.deployment.draft_tokens > 0);
}

/// GPUs that hold an attention rank's KV cache.
double gpus_of_rank(const llm::Parallelism& p) { return d(p.tp * p.cp * p.pp); }

/// Ports of one OS image towards a tier; 0: every GPU has its own way.
struct ImagePorts {
  double read = 0.0;
  double write = 0.0;
};

ImagePorts image_ports(const KvTier& tier, const fabric::Fabric& fabric, double gpus_per_image) {
  const hw::Memory& m = tier.memory;
  switch (tier.kind) {
    case TierKind::cxl_pool: {
      if (tier.attach == hw::Attachment::scale_up) return {};
      const double ports = std::max(1.0, d(m.ports) / d(m.sharers));
      return {m.read_bandwidth.si() * ports, m.write_bandwidth.si() * ports};
    }
    case TierKind::dram:
    case TierKind::nvme:
      if (tier.attach == hw::Attachment::scale_up) return {};  // any GPU reaches any of them
      return {m.read_bandwidth.si() * d(tier.count), m.write_bandwidth.si() * d(tier.count)};
    case TierKind::rdma_pool: {
      if (tier.attach == hw::Attachment::scale_up) return {};
      const double adapters = fabric.scale_out.sustained.si() * gpus_per_image;
      return {adapters, adapters};
    }
    case TierKind::store:
      return {fabric.dcn.sustained.si(), fabric.dcn.sustained.si()};
  }
  return {};
}

}  // namespace

std::string_view to_string(TierKind kind) { return names[static_cast<std::size_t>(kind)]; }

std::optional<TierKind> tier_named(std::string_view name) {
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return std::nullopt;
  return static_cast<TierKind>(at - names.begin());
}

bool is_shared(TierKind kind) { return kind != TierKind::dram && kind != TierKind::nvme; }

BlockLayout block_layout(const llm::ModelSpec& model, const llm::Deployment& deployment,
                         Bytes per_token, double block_tokens, bool contiguous) {
  const Bytes block = per_token * block_tokens;
  if (contiguous) return {.pieces = 1.0, .piece = block};
  const double layers = std::ceil(d(model.layers) / d(deployment.parallel.pp));
  const double pieces = layers * (model.attention.kind == llm::AttentionKind::mla ? 1.0 : 2.0);
  return {.pieces = pieces, .piece = block * (1.0 / pieces)};
}

MoveRate move_rate(const hw::Mover& mover, const hw::Memory& memory, const BlockLayout& layout) {
  const Bytes piece = layout.piece;
  double flight = INFINITY;
  if (mover.outstanding.si() > 0.0) flight = mover.outstanding.si() / memory.load_latency.si();
  if (memory.device_bandwidth.si() > 0.0 && memory.interleave.si() <= 0.0) {
    flight = std::min(flight, memory.device_bandwidth.si());
  }
  const double read = std::min(stage_rate(piece, mover.read_piece, mover.parallel),
                               stage_rate(piece, mover.staged_read, mover.staged_parallel));
  const double write = std::min(stage_rate(piece, mover.write_piece, mover.parallel),
                                stage_rate(piece, mover.staged_write, mover.staged_parallel));
  return {.read = bound(std::min(read, flight), mover.read_bandwidth.si()),
          .write = bound(std::min(write, flight), mover.write_bandwidth.si()),
          .read_first = mover.start + mover.read_piece + mover.staged_read,
          .write_first = mover.start + mover.write_piece + mover.staged_write};
}

TieringSpec tiering_spec(const ServingInputs& inputs, const KvTiering& tiering,
                         const ServingPlan& plan, double block_tokens) {
  const hw::Cluster& cluster = inputs.machine.cluster;
  const fabric::Fabric fabric = fabric::make_fabric(hw::under(inputs.conditions, cluster));
  const Pool& first = plan.disaggregated() ? plan.prefill : plan.decode;
  TieringSpec out;
  out.write_back = tiering.write_back;
  out.on_queue = tiering.on_queue;
  out.always = tiering.always_load;
  out.gpus_per_image = std::max<std::int64_t>(1, cluster.rack.gpus_per_os);
  if (tiering.overlap) {
    out.layers = std::max(1.0, d(inputs.model.layers) / d(first.deployment.parallel.pp));
  }
  const double images = std::ceil(d(plan.gpus()) / d(out.gpus_per_image));
  const double kept = inputs.model.windowed_layers > 0 ? 1.0 - inputs.model.windowed_share() : 1.0;
  const double block = stored_per_token(inputs, first).si() * block_tokens * kept;
  for (const KvTier& t : tiering.tiers) {
    TierSpec& tier = out.tiers.emplace_back();
    tier.name = to_string(t.kind);
    const bool on_scale_up = t.attach == hw::Attachment::scale_up;
    tier.shared = is_shared(t.kind) || on_scale_up;
    tier.in_process = t.kind == TierKind::dram;
    // A pool that does not reach all images stands there more than once.
    const double pools = tier.shared ? std::max(1.0, std::ceil(images / d(t.memory.sharers))) : 1.0;
    const bool drives = t.kind == TierKind::nvme;  // each image's own, as many on ScaleUp
    const double places = drives && on_scale_up ? images : pools;
    tier.blocks = static_cast<std::int64_t>(std::max(1.0, t.share.si() * places / block));
    const ImagePorts ports = image_ports(t, fabric, d(out.gpus_per_image));
    tier.image_read = Bandwidth::from_si(ports.read);
    tier.image_write = Bandwidth::from_si(ports.write);
    if (t.kind == TierKind::cxl_pool || t.kind == TierKind::rdma_pool) {
      tier.pool_read = t.memory.aggregate_read() * pools;
      tier.pool_write = t.memory.aggregate_write() * pools;
    }
    if (t.kind == TierKind::rdma_pool && on_scale_up) {  // over all adapters of the domain
      const double adapters = fabric.scale_out.sustained.si() * d(plan.gpus());
      tier.pool_read = bound(tier.pool_read.si(), adapters);
      tier.pool_write = bound(tier.pool_write.si(), adapters);
    }
    if (drives && on_scale_up) {
      tier.pool_read = t.memory.read_bandwidth * (d(t.count) * images);
      tier.pool_write = t.memory.write_bandwidth * (d(t.count) * images);
    }
    const MoveRate move = move_rate(t.mover, t.memory, {});
    tier.read_latency = move.read_first;
    tier.write_latency = move.write_first;
    if (t.kind == TierKind::nvme || t.kind == TierKind::store) {
      tier.read_latency += t.memory.load_latency;
    }
    if (t.kind == TierKind::store) tier.read_latency += fabric.dcn.latency;
    tier.on_scale_up = on_scale_up;
    if (tier.on_scale_up) tier.read_latency += fabric.scale_up.latency;
  }
  return out;
}

void set_tier_rates(const ServingInputs& inputs, const KvTiering& tiering, const Pool& pool,
                    Bytes kv_per_token, PoolSpec& out) {
  const fabric::Fabric fabric =
      fabric::make_fabric(hw::under(inputs.conditions, inputs.machine.cluster));
  const double gpus = gpus_of_rank(pool.deployment.parallel);
  out.load_per_token = kv_per_token * gpus;
  out.save_per_token =
      Bytes::from_si(std::min(out.load_per_token.si(), stored_per_token(inputs, pool).si()));
  out.tier_rates.clear();
  for (const KvTier& t : tiering.tiers) {
    hw::Mover mover = t.mover;
    if (t.attach == hw::Attachment::scale_up) {  // past the root complex
      mover.read_bandwidth = mover.write_bandwidth = fabric.scale_up.sustained;
    }
    const MoveRate move = move_rate(mover, t.memory,
                                    block_layout(inputs.model, pool.deployment, kv_per_token,
                                                 inputs.kv_block, tiering.contiguous));
    out.tier_rates.push_back({.read = move.read * gpus, .write = move.write * gpus});
  }
}

double TierCurve::capacity() const {
  double sum = 0.0;
  for (const Step& s : steps) sum += s.capacity;
  return sum;
}

TierCurve tier_curve(const ServingInputs& inputs, const Pool& pool, std::int64_t gpus) {
  TierCurve out;
  if (inputs.tiers == nullptr || inputs.tiers->tiers.empty()) return out;
  out.always = inputs.tiers->always_load;
  ServingPlan plan;
  plan.decode = pool;
  plan.decode.replicas = std::max<std::int64_t>(1, gpus / pool.deployment.parallel.gpus());
  constexpr double block = 64.0;
  const TieringSpec spec = tiering_spec(inputs, *inputs.tiers, plan, block);
  const Bytes kv_per_token =
      memory_budget(inputs.model, pool.deployment, inputs.machine.cluster.rack.chip,
                    inputs.machine.framework, 0.0)
          .kv_per_token;
  PoolSpec rates;
  set_tier_rates(inputs, *inputs.tiers, pool, kv_per_token, rates);
  const double images = std::ceil(d(gpus) / d(spec.gpus_per_image));
  const double gpus_of = gpus_of_rank(pool.deployment.parallel);
  const double ranks = d(gpus) / gpus_of;
  const double per_token = rates.load_per_token.si();
  for (std::size_t i = 0; i < spec.tiers.size(); ++i) {
    const TierSpec& t = spec.tiers[i];
    const double port = t.image_read.si() > 0.0
                            ? t.image_read.si() * std::max(1.0, gpus_of / d(spec.gpus_per_image))
                            : INFINITY;
    const double pool_read = t.pool_read.si() > 0.0 ? t.pool_read.si() : INFINITY;
    const double rank = rates.tier_rates[i].read.si();
    const double all = std::min(
        {ranks * rank, t.image_read.si() > 0.0 ? images * t.image_read.si() : INFINITY, pool_read});
    out.steps.push_back({.capacity = d(t.blocks) * block * (t.shared ? 1.0 : images),
                         .per_token = Time::from_si(per_token / std::min({rank, port, pool_read})),
                         .latency = t.read_latency,
                         .tokens_per_s = all / per_token});
  }
  return out;
}

PromptHits prompt_hits(const Workload& workload, const RequestClass& request, double hbm_tokens,
                       const TierCurve& tiers) {
  PromptHits out;
  out.hbm = out.all = cached_tokens(workload, request, hbm_tokens);
  double capacity = hbm_tokens;
  for (std::size_t i = 0; i < tiers.steps.size(); ++i) {
    const TierCurve::Step& t = tiers.steps[i];
    capacity += t.capacity;
    const double all = std::max(out.all, cached_tokens(workload, request, capacity));
    const double here = all - out.all;
    if (here < 1.0) continue;
    out.by_tier[i] = here;
    out.all = all;
    out.load = std::max(out.load, t.latency + t.per_token * here);
  }
  return out;
}

}  // namespace sn::serving
