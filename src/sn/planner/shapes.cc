// sn/planner/shapes.cc
//
// Enumerates instance shapes and packs instances into domains (see shapes.h).

#include "sn/planner/shapes.h"

#include <algorithm>

namespace sn::planner {

namespace {

// Chunk sizes that serving software is run with (vLLM max_num_batched_tokens, SGLang
// chunked_prefill_size).
const std::vector<std::int64_t> prefill_chunks = {2048, 4096, 8192, 16384};
const std::vector<std::int64_t> mixed_chunks = {512, 2048, 8192};

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
  const std::int64_t domain = world.cluster.rack.scale_up.domain;
  for (const std::int64_t pp : {1, 2, 4, 8}) {
    p.pp = pp;
    if (p.gpus() > world.cluster.gpus()) break;
    if (pp > 1 && p.stage_ranks() > domain) break;
    if (llm::why_not(world.model, {.parallel = p, .precision = {}}, domain).empty()) {
      out.push_back(p);
    }
  }
}

/// GPUs that one instance takes from a domain at once, and how many such pieces it has.
struct Piece {
  std::int64_t size;
  std::int64_t count;
};

Piece pieces(const llm::Parallelism& p, std::int64_t domain) {
  if (p.gpus() <= domain) return {p.gpus(), 1};
  if (p.stage_ranks() <= domain) return {p.stage_ranks(), p.pp};
  return {domain, p.gpus() / domain};
}

}  // namespace

std::vector<llm::Parallelism> parallelisms(const twin::World& world) {
  std::vector<llm::Parallelism> out;
  const std::int64_t domain = world.cluster.rack.scale_up.domain;
  for (const std::int64_t ranks : stage_sizes(world.cluster.gpus(), domain)) {
    for (const std::int64_t tp : {1, 2, 4, 8, 16, 32, 64}) {
      if (ranks % tp != 0 || tp > domain) continue;
      const std::int64_t dp = ranks / tp;
      if (!world.model.is_moe()) {
        if (dp == 1) add_stages(world, {.tp = tp}, out);
        continue;
      }
      if (dp == 1) add_stages(world, {.tp = tp, .dp = 1, .pp = 1, .ep = 1}, out);
      if (ranks > 1) add_stages(world, {.tp = tp, .dp = dp, .pp = 1, .ep = ranks}, out);
    }
  }
  return out;
}

std::vector<Shape> shapes(const twin::World& world) {
  const twin::SearchSpec& search = world.search;
  std::vector<std::int64_t> drafts = search.draft_tokens;
  if (drafts.empty())
    drafts =
        world.model.mtp_layers > 0 ? std::vector<std::int64_t>{0, 1} : std::vector<std::int64_t>{0};
  if (world.model.mtp_layers == 0) drafts = {0};
  const auto& alone = search.prefill_chunks.empty() ? prefill_chunks : search.prefill_chunks;
  const auto& mixed = search.prefill_chunks.empty() ? mixed_chunks : search.prefill_chunks;
  const std::vector<llm::Parallelism> cuts = parallelisms(world);
  std::vector<Shape> out;
  const auto add = [&](Role role, const llm::Parallelism& p, const llm::Precision& precision,
                       std::int64_t draft, std::int64_t chunk) {
    out.push_back({role, {.parallel = p, .precision = precision, .draft_tokens = draft}, chunk});
  };
  for (const llm::Precision& precision : world.precisions) {
    for (const llm::Parallelism& p : cuts) {
      for (const std::int64_t draft : drafts) {
        if (search.aggregated) {
          for (const std::int64_t chunk : mixed) add(Role::aggregated, p, precision, draft, chunk);
        }
        if (search.disaggregated) add(Role::decode, p, precision, draft, 0);
      }
      if (!search.disaggregated) continue;
      for (const std::int64_t chunk : alone) add(Role::prefill, p, precision, 0, chunk);
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Shape& a, const Shape& b) { return a.role < b.role; });
  return out;
}

bool fits_domains(const twin::World& world, const serving::ServingPlan& plan) {
  const std::int64_t domain = world.cluster.rack.scale_up.domain;
  if (plan.gpus() > world.cluster.gpus()) return false;
  const Piece a = pieces(plan.decode.deployment.parallel, domain);
  Piece large{a.size, a.count * plan.decode.replicas};
  Piece small{1, 0};
  if (plan.disaggregated()) {
    const Piece b = pieces(plan.prefill.deployment.parallel, domain);
    small = {b.size, b.count * plan.prefill.replicas};
  }
  if (small.size > large.size) std::swap(small, large);
  // Two sizes only, so first-fit decreasing is arithmetic per domain.
  for (std::int64_t i = 0; i < world.cluster.domains(); ++i) {
    std::int64_t left = domain;
    const std::int64_t l = std::min(large.count, left / large.size);
    left -= l * large.size;
    large.count -= l;
    small.count -= std::min(small.count, left / small.size);
  }
  return large.count == 0 && small.count == 0;
}

std::int64_t most_replicas(const twin::World& world, const llm::Parallelism& p) {
  const std::int64_t domain = world.cluster.rack.scale_up.domain;
  const Piece piece = pieces(p, domain);
  return world.cluster.domains() * (domain / piece.size) / piece.count;
}

}  // namespace sn::planner
