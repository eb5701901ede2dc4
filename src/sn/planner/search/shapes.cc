// sn/planner/search/shapes.cc
//
// Enumerates instance shapes and packs instances into domains (see shapes.h).

#include "sn/planner/search/shapes.h"

#include <algorithm>
#include <array>
#include <span>

#include "sn/planner/search/engine_runs.h"

namespace sn::planner {

namespace {

// Chunk sizes that serving software is run with (vLLM max_num_batched_tokens, SGLang
// chunked_prefill_size).
const std::vector<std::int64_t> prefill_chunks = {2048, 4096, 8192, 16384};
const std::vector<std::int64_t> mixed_chunks = {512, 2048, 8192};

constexpr double long_prompt = 2e5;  // tokens: beyond, the search cuts prompts over several ranks

/// Steps grow with the size: within an eighth of any size there is another.
std::int64_t next_size(std::int64_t r) {
  if (r < 4) return 2 * r;
  std::int64_t step = 4;
  while (r >= 8 * step) step *= 2;
  return r + step;
}

std::vector<std::int64_t> stage_sizes(std::int64_t gpus, std::int64_t domain) {
  std::vector<std::int64_t> out;
  for (std::int64_t r = 1; r <= std::min(gpus, domain); r = next_size(r)) out.push_back(r);
  if (domain <= gpus && out.back() != domain) out.push_back(domain);
  for (std::int64_t n = 2; n * domain <= gpus; n = next_size(n)) out.push_back(n * domain);
  return out;
}

void add_stages(const twin::World& world, llm::Parallelism p, std::vector<llm::Parallelism>& out) {
  const std::int64_t domain = world.machine.cluster.rack.scale_up.domain;
  // Tensor ranks over ScaleOut can be asked for; a search finds stages and replicas better.
  if (p.tp > domain) return;
  for (const std::int64_t pp : {1, 2, 4, 8}) {
    p.pp = pp;
    if (p.gpus() > world.machine.gpus()) break;
    if (pp > 1 && p.stage_ranks() > domain) break;
    if (!llm::why_not(world.machine.model, {.parallel = p, .precision = {}}, domain).empty())
      continue;
    if (most_replicas(world, p) >= 1) out.push_back(p);
    // Whole instances that do not fill a domain leave GPUs that single stages can use.
    if (pp > 1 && world.machine.cluster.domains() > 1 && p.gpus() <= domain &&
        domain % p.gpus() != 0) {
      llm::Parallelism apart = p;
      apart.spread = true;
      if (most_replicas(world, apart) >= 1) out.push_back(apart);
    }
  }
}

/// Experts cut like the rest, or spread over all ranks.
void add_cuts(const twin::World& world, llm::Parallelism p, std::vector<llm::Parallelism>& out) {
  const bool moe = world.machine.model.is_moe();
  if (p.dp == 1 && (!moe || p.cp == 1)) add_stages(world, p, out);
  p.ep = p.stage_ranks();
  if (moe && p.ep > 1) add_stages(world, p, out);
}

/// Ranks that a prompt may be cut over: more than one where the scenario asks for it or some prompt
/// takes a rank many seconds.
std::vector<std::int64_t> context_ranks(const twin::World& world) {
  if (!world.load.search.disaggregated) return {1};
  if (!world.load.search.context_ranks.empty()) return world.load.search.context_ranks;
  return world.load.workload.input_max > long_prompt ? std::vector<std::int64_t>{1, 2, 4, 8}
                                                     : std::vector<std::int64_t>{1};
}

/// `p` with its KV cache dealt over tensor ranks in the ways that are asked for; as it is, unless
/// others are.
std::vector<llm::Parallelism> cache_cuts(const twin::World& world, const llm::Parallelism& p) {
  std::vector<llm::Parallelism> out;
  const auto& wanted = world.load.search.cache_ranks;
  const std::int64_t domain = world.machine.cluster.rack.scale_up.domain;
  for (const std::int64_t n : wanted.empty() ? std::vector<std::int64_t>{1} : wanted) {
    llm::Parallelism dealt = p;
    dealt.dcp = n;
    const bool fits =
        llm::why_not(world.machine.model, {.parallel = dealt, .precision = {}}, domain).empty();
    if (n == 1 || fits) out.push_back(dealt);
  }
  if (out.empty()) out.push_back(p);  // cuts that cannot be dealt stand as they are
  return out;
}

/// Expert replicas worth trying on `p`: those that fill further slots.
std::vector<std::int64_t> replicas_of(const twin::World& world, const llm::Parallelism& p) {
  std::vector<std::int64_t> out;
  std::vector<std::int64_t> slots;
  const auto& wanted = world.load.search.redundant;
  for (const std::int64_t n : wanted.empty() ? std::vector<std::int64_t>{0} : wanted) {
    const llm::Deployment d{.parallel = p, .precision = {}, .redundant = p.ep > 1 ? n : 0};
    const std::int64_t each = llm::expert_slots(world.machine.model, d);
    if (each > std::max<std::int64_t>(1, world.machine.model.experts)) continue;
    if (std::find(slots.begin(), slots.end(), each) != slots.end()) continue;
    slots.push_back(each);
    out.push_back(d.redundant);
  }
  return out;
}

/// Most pieces of `small` GPUs in `domains` domains of `size` GPUs that hold `count` pieces of
/// `large` GPUs already, packed first-fit: domain after domain. -1 where those do not fit.
std::int64_t room_beside(std::int64_t domains, std::int64_t size, std::int64_t large,
                         std::int64_t count, std::int64_t small) {
  const std::int64_t each = size / large;
  if (count > domains * each) return -1;
  const std::int64_t full = count / each;
  const std::int64_t rest = count % each;
  std::int64_t room = full * ((size - each * large) / small);
  if (rest > 0) room += (size - rest * large) / small;
  return room + (domains - full - (rest > 0 ? 1 : 0)) * (size / small);
}

Piece pieces(const llm::Parallelism& p, std::int64_t domain) {
  if (p.gpus() <= domain && !p.spread) return {p.gpus(), 1};
  if (p.stage_ranks() <= domain) return {p.stage_ranks(), p.pp};
  return {domain, p.gpus() / domain};
}

Piece pool_pieces(const serving::Pool& pool, std::int64_t domain) {
  const Piece one = pieces(pool.deployment.parallel, domain);
  return {one.size, one.count * pool.replicas};
}

/// `most_beside` by the room in the domains alone.
std::int64_t most_packed(const twin::World& world, Piece held, std::int64_t replicas, Piece more) {
  const std::int64_t size = world.machine.cluster.rack.scale_up.domain;
  const std::int64_t domains = world.machine.cluster.domains();
  const std::int64_t taken = held.count * replicas;
  if (more.size <= held.size) {
    const std::int64_t room = room_beside(domains, size, held.size, taken, more.size);
    return room < 0 ? -1 : room / more.count;
  }
  // The larger pieces are placed first: the most of them that leave room for those held.
  std::int64_t fits = -1;
  std::int64_t beyond = domains * (size / more.size) / more.count + 1;
  while (beyond - fits > 1) {
    const std::int64_t middle = fits + (beyond - fits) / 2;
    const std::int64_t room = room_beside(domains, size, more.size, middle * more.count, held.size);
    (room >= taken ? fits : beyond) = middle;
  }
  return fits;
}

/// First-fit decreasing: each domain in turn takes what still fits, the largest first.
bool fits(std::span<Piece> all, std::int64_t domains, std::int64_t domain) {
  std::sort(all.begin(), all.end(), [](const Piece& a, const Piece& b) { return a.size > b.size; });
  for (std::int64_t i = 0; i < domains; ++i) {
    std::int64_t left = domain;
    for (Piece& p : all) {
      const std::int64_t n = std::min(p.count, left / p.size);
      left -= n * p.size;
      p.count -= n;
    }
  }
  return std::all_of(all.begin(), all.end(), [](const Piece& p) { return p.count == 0; });
}

}  // namespace

std::vector<llm::Parallelism> parallelisms(const twin::World& world) {
  std::vector<llm::Parallelism> out;
  const std::int64_t domain = world.machine.cluster.rack.scale_up.domain;
  const std::vector<std::int64_t> contexts = context_ranks(world);
  for (const std::int64_t ranks : stage_sizes(world.machine.gpus(), domain)) {
    for (const std::int64_t tp : {1, 2, 4, 8, 16, 32, 64}) {
      for (const std::int64_t cp : contexts) {
        if (ranks % (tp * cp) != 0 || tp * cp > domain) continue;
        add_cuts(world, {.tp = tp, .dp = ranks / (tp * cp), .cp = cp}, out);
      }
    }
  }
  return out;
}

std::vector<Shape> shapes(const twin::World& world) {
  const twin::SearchSpec& search = world.load.search;
  std::vector<std::int64_t> drafts = search.draft_tokens;
  if (drafts.empty())
    drafts = world.machine.model.can_draft() ? std::vector<std::int64_t>{0, 1}
                                             : std::vector<std::int64_t>{0};
  if (!world.machine.model.can_draft()) drafts = {0};
  const auto& alone = search.prefill_chunks.empty() ? prefill_chunks : search.prefill_chunks;
  const auto& mixed = search.prefill_chunks.empty() ? mixed_chunks : search.prefill_chunks;
  const std::vector<llm::Parallelism> cuts = parallelisms(world);
  std::vector<Shape> out;
  const auto add = [&](Role role, const llm::Deployment& d, std::int64_t draft,
                       std::int64_t chunk) {
    Shape shape{role, d, chunk};
    shape.deployment.draft_tokens = draft;
    const bool runs =
        cannot_run(world.machine.framework, world.machine.model, shape.deployment, role).empty();
    if (runs) out.push_back(shape);
  };
  const auto add_decoding = [&](const llm::Deployment& d) {
    for (const std::int64_t draft : drafts) {
      if (d.parallel.cp > 1) break;  // a decode step has one token of a sequence to share
      if (search.aggregated) {
        for (const std::int64_t chunk : mixed) add(Role::aggregated, d, draft, chunk);
      }
      if (search.disaggregated) add(Role::decode, d, draft, 0);
    }
  };
  const auto add_prefill = [&](const llm::Deployment& d) {
    if (!search.disaggregated) return;
    for (const std::int64_t chunk : alone) add(Role::prefill, d, 0, chunk);
  };
  for (const llm::Precision& precision : world.machine.precisions) {
    for (const llm::Parallelism& p : cuts) {
      for (const std::int64_t redundant : replicas_of(world, p)) {
        const llm::Deployment whole{.parallel = p, .precision = precision, .redundant = redundant};
        for (const llm::Parallelism& dealt : cache_cuts(world, p)) {
          llm::Deployment cut = whole;
          cut.parallel = dealt;
          add_decoding(cut);
        }
        add_prefill(whole);
      }
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Shape& a, const Shape& b) { return a.role < b.role; });
  return out;
}

Piece piece_of(const twin::World& world, const llm::Parallelism& p) {
  const std::int64_t domain = world.machine.cluster.rack.scale_up.domain;
  return pieces(p, domain);
}

std::int64_t most_beside(const twin::World& world, Piece held, std::int64_t replicas, Piece more) {
  const std::int64_t left = world.machine.gpus() - held.size * held.count * replicas;
  if (left < 0) return -1;
  return std::min(most_packed(world, held, replicas, more), left / (more.size * more.count));
}

bool fits_domains(const twin::World& world, const serving::ServingPlan& plan) {
  if (plan.gpus() > world.machine.gpus()) return false;
  const Piece decode = piece_of(world, plan.decode.deployment.parallel);
  if (!plan.disaggregated()) {
    return plan.decode.replicas <= most_replicas(world, plan.decode.deployment.parallel);
  }
  const Piece prefill = piece_of(world, plan.prefill.deployment.parallel);
  return most_beside(world, decode, plan.decode.replicas, prefill) >= plan.prefill.replicas;
}

bool fit_together(const hw::Cluster& cluster, const std::vector<serving::ServingPlan>& plans) {
  const std::int64_t domain = cluster.rack.scale_up.domain;
  std::vector<Piece> all;
  for (const serving::ServingPlan& plan : plans) {
    // Pools of a plan no larger than a domain reach each other by ScaleUp: it stays in one piece.
    if (plan.disaggregated() && plan.gpus() <= domain) {
      all.push_back({plan.gpus(), 1});
      continue;
    }
    all.push_back(pool_pieces(plan.decode, domain));
    all.push_back(pool_pieces(plan.prefill, domain));
  }
  return fits(all, cluster.domains(), domain);
}

std::int64_t most_replicas(const twin::World& world, const llm::Parallelism& p) {
  const Piece piece = piece_of(world, p);
  const std::int64_t each = world.machine.cluster.rack.scale_up.domain / piece.size;
  const std::int64_t placed = world.machine.cluster.domains() * each / piece.count;
  return std::min(placed, world.machine.gpus() / p.gpus());
}

}  // namespace sn::planner
