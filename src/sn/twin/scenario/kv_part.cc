// sn/twin/scenario/kv_part.cc
//
// `kv` of a scenario: the block, the tiers below HBM with their memories and movers, policies.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sn/base/text/text.h"
#include "sn/base/units/units.h"
#include "sn/twin/scenario/scenario_parts.h"

namespace sn::twin {

namespace {

using serving::KvTier;
using serving::TierKind;

/// What a tier is made of where the scenario does not say.
struct TierDefaults {
  std::string_view memory;
  std::string_view mover;
  std::int64_t count;  // in an OS image
};

/// In the order of TierKind. Two sockets and four drives an image are assumptions.
constexpr std::array<TierDefaults, serving::tier_kinds> defaults = {{
    {"cxl-pool-beluga", "gpu-load-store", 1},
    {"host-ddr5", "gpu-copy", 2},
    {"rdma-pool-dram", "rdma-staged", 1},
    {"nvme-gen5", "drive-staged", 4},
    {"object-store", "drive-staged", 1},
}};

constexpr const char* example = "tiers: [hbm, {cxl-pool: {share: 2 TB}}, nvme]";

/// Who moves blocks where the scenario does not say. With messages the CPU has its part in it, with
/// memory semantics a GPU loads and stores.
std::string_view mover_of(TierKind kind, Directions::Semantics semantics) {
  using Semantics = Directions::Semantics;
  if (semantics == Semantics::message && kind == TierKind::cxl_pool) return "cpu-staged";
  if (semantics == Semantics::memory && kind == TierKind::dram) return "gpu-gather";
  if (semantics == Semantics::memory && kind == TierKind::rdma_pool) return "rdma-direct";
  return defaults[static_cast<std::size_t>(kind)].mover;
}

hw::Attachment attachment_of(const hw::Attach& attach, TierKind kind) {
  switch (kind) {
    case TierKind::cxl_pool:
      return attach.cxl;
    case TierKind::rdma_pool:
      return attach.nic;
    case TierKind::nvme:
      return attach.storage;
    case TierKind::dram:
    case TierKind::store:
      return hw::Attachment::pcie;
  }
  return hw::Attachment::pcie;
}

/// An entry of the catalog, or overrides of one, into `out`.
template <class T>
void read_part(const PartContext& context, const Node* reference, std::string_view kind,
               std::string_view fallback, const std::string& prefix, T& out, Machine& machine,
               Errors& errors) {
  const catalog::CatalogKind* k = catalog::find_kind(kind);
  SN_ASSERT(k != nullptr);
  const Node name = Node::scalar(std::string(fallback));
  const std::size_t before = errors.size();
  const Node tree =
      take(context.catalog.resolve(*k, reference != nullptr ? *reference : name), errors);
  if (errors.size() != before) return;
  catalog::read_entry(context.catalog, tree, prefix, out, machine.params, errors);
  if (const Node* of = tree.find("name")) out.name = of->text();
}

void read_tier(const std::string& name, const Node& at, const Node* body,
               const PartContext& context, Machine& machine, Errors& errors) {
  const auto kind = serving::tier_named(name);
  if (!kind) {
    const std::string near =
        nearest(name, {"hbm", "cxl-pool", "dram", "rdma-pool", "nvme", "store"});
    errors.push_back({.code = ErrorCode::unknown_name,
                      .message = "unknown KV tier '" + name + "'",
                      .where = at.where(),
                      .hint = near.empty() ? "cxl-pool, dram, rdma-pool, nvme or store"
                                           : "did you mean '" + near + "'?"});
    return;
  }
  const TierDefaults& by = defaults[static_cast<std::size_t>(*kind)];
  KvTier tier{.kind = *kind, .memory = {}, .mover = {}, .share = {}, .count = by.count};
  tier.attach = attachment_of(machine.cluster.attach, *kind);
  const std::string prefix = "kv." + name;
  const Node empty = Node::map();
  if (body != nullptr && !is_map(*body, "kv tier", "{cxl-pool: {share: 2 TB}}", errors)) return;
  MapReader r(body != nullptr ? *body : empty, prefix, errors);
  const Node* memory = r.get("memory");
  const Node* mover = r.get("mover");
  const std::size_t before = errors.size();
  read_part(context, memory, "memory", by.memory, prefix + ".memory", tier.memory, machine, errors);
  read_part(context, mover, "mover", mover_of(*kind, machine.directions.semantics),
            prefix + ".mover", tier.mover, machine, errors);
  tier.count = r.integer("count", {1.0, 1024.0}).value_or(by.count);
  if (serving::is_shared(*kind) && r.has("count")) {
    r.report(ErrorCode::infeasible, "'count' is of memories in an OS image", r.get("count"),
             "leave it out: a " + name + " stands once");
  }
  const Bytes all = serving::is_shared(*kind)
                        ? tier.memory.capacity
                        : tier.memory.capacity * static_cast<double>(tier.count);
  const Node* share = r.get("share");
  tier.share = r.quantity<Bytes>("share", Bytes::from_si(1e6), Bytes::from_si(1e18)).value_or(all);
  if (errors.size() == before && share != nullptr && tier.share > all) {
    r.report(ErrorCode::range,
             fmt::format("a share of {} is more than the {} of {}", format(tier.share), format(all),
                         tier.memory.name),
             share, "a smaller share, or memory: {base: " + tier.memory.name + ", capacity: ...}");
  }
  if (const Node* attach = r.get("attach")) {
    const bool scale_up = r.choice("attach", {"pcie", "scale_up"}).value_or("pcie") == "scale_up";
    if (scale_up && (*kind == TierKind::dram || *kind == TierKind::store)) {
      r.report(ErrorCode::infeasible, "a " + name + " does not hang on ScaleUp", attach,
               "attach: pcie");
    }
    tier.attach = scale_up ? hw::Attachment::scale_up : hw::Attachment::pcie;
  }
  r.finish();
  machine.kv.tiers.push_back(std::move(tier));
}

void read_tiers(const Node& list, const PartContext& context, Machine& machine, Errors& errors) {
  const std::vector<Node> single = {list};
  const std::vector<Node>& items = list.is_list() ? list.items() : single;
  if (items.empty() || !items.front().is_scalar() || items.front().text() != "hbm") {
    errors.push_back({.code = ErrorCode::infeasible,
                      .message = "'kv.tiers' begins with hbm",
                      .where = items.empty() ? list.where() : items.front().where(),
                      .hint = example});
  }
  std::vector<std::string> seen;
  for (const Node& item : items) {
    const bool named = item.is_map() && item.members().size() == 1;
    if (!item.is_scalar() && !named) {
      errors.push_back({.code = ErrorCode::wrong_type,
                        .message = "a KV tier is a name, or one name with a map",
                        .where = item.where(),
                        .hint = example});
      continue;
    }
    const std::string name = named ? item.members().front().key : item.text();
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      errors.push_back({.code = ErrorCode::infeasible,
                        .message = "KV tier '" + name + "' stands twice",
                        .where = item.where(),
                        .hint = "each tier once, from the fastest down"});
      continue;
    }
    seen.push_back(name);
    if (name == "hbm") {
      if (seen.size() == 1) continue;
      errors.push_back({.code = ErrorCode::infeasible,
                        .message = "'hbm' is the first tier",
                        .where = item.where(),
                        .hint = example});
      continue;
    }
    read_tier(name, item, named ? &item.members().front().value : nullptr, context, machine,
              errors);
  }
  if (machine.kv.tiers.size() > serving::tiers_max) {
    errors.push_back({.code = ErrorCode::limit,
                      .message = fmt::format("{} KV tiers below HBM; the limit is {}",
                                             machine.kv.tiers.size(), serving::tiers_max),
                      .where = list.where(),
                      .hint = "leave some out"});
  }
  // Top down means faster to slower.
  for (std::size_t i = 1; i < machine.kv.tiers.size(); ++i) {
    const KvTier& above = machine.kv.tiers[i - 1];
    const KvTier& here = machine.kv.tiers[i];
    if (here.memory.load_latency >= above.memory.load_latency) continue;
    errors.push_back(
        {.code = ErrorCode::infeasible,
         .message = fmt::format("KV tier {} ({}) stands below the slower {} ({})",
                                serving::to_string(here.kind), format(here.memory.load_latency),
                                serving::to_string(above.kind), format(above.memory.load_latency)),
         .where = list.where(),
         .hint = "name tiers from the fastest to the slowest"});
  }
}

}  // namespace

void read_kv(MapReader& root, const PartContext& context, Machine& machine, Errors& errors) {
  const Node* node = root.get("kv");
  if (node == nullptr) return;
  if (!is_map(*node, "kv", fmt::format("kv: {{{}}}", example), errors)) return;
  MapReader r(*node, "kv", errors);
  serving::KvTiering& kv = machine.kv;
  if (const Node* tiers = r.get("tiers")) read_tiers(*tiers, context, machine, errors);
  kv.policy =
      *kv::eviction_named(r.choice("policy", {"lru", "lfu", "s3-fifo", "ttl"}).value_or("lru"));
  const bool has_ttl = r.has("ttl");
  kv.ttl = r.quantity<Time>("ttl", Time::from_si(1e-3), Time::from_si(1e9)).value_or(kv.ttl);
  if (has_ttl && kv.policy != kv::Eviction::ttl) {
    r.report(ErrorCode::infeasible, "'kv.ttl' is of 'policy: ttl'", r.get("ttl"),
             "kv: {policy: ttl, ttl: 30 min}");
  }
  kv.write_back = r.choice("write", {"through", "back"}).value_or("through") == "back";
  kv.always_load =
      r.choice("recompute", {"when-quicker", "never"}).value_or("when-quicker") == "never";
  kv.on_queue = r.choice("prefetch", {"on-queue", "none"}).value_or("on-queue") == "on-queue";
  kv.overlap = r.choice("overlap", {"none", "layer"}).value_or("none") == "layer";
  kv.contiguous =
      r.choice("layout", {"scattered", "contiguous"}).value_or("scattered") == "contiguous";
  machine.kv_block = static_cast<double>(r.integer("block", {1.0, 4096.0}).value_or(64));
  r.finish();
}

}  // namespace sn::twin
