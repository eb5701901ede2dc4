// sn/planner/search/shapes_test.cc

#include "sn/planner/search/shapes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "sn/twin/world_test_util.h"

namespace sn::planner {
namespace {

twin::World world_on(const std::string& cluster, const std::string& model,
                     const std::string& more = "") {
  return twin::world_of("supernode: 1\ncluster: " + cluster + "\nmodel: " + model +
                        "\nworkload: {synthetic: {arrivals: {process: poisson, rate: 1 req/s},"
                        " input: 1000, output: 100, requests: 1000}}\n"
                        "slo: {tpot: {p90: 50 ms}}\n" +
                        more);
}

using Key = std::tuple<int, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                       bool, int, int, int, std::int64_t, std::int64_t, std::int64_t>;

Key key_of(const Shape& s) {
  const llm::Parallelism& p = s.deployment.parallel;
  const llm::Precision& q = s.deployment.precision;
  return {static_cast<int>(s.role),
          p.tp,
          p.dp,
          p.pp,
          p.ep,
          p.cp,
          p.spread,
          static_cast<int>(q.weights),
          static_cast<int>(q.activations),
          static_cast<int>(q.kv),
          s.deployment.draft_tokens,
          s.deployment.redundant,
          s.chunk};
}

void expect_legal_and_unique(const twin::World& world) {
  std::set<Key> seen;
  Role last = Role::aggregated;
  for (const Shape& s : shapes(world)) {
    const llm::Parallelism& p = s.deployment.parallel;
    const std::string name = llm::to_string(p);
    EXPECT_TRUE(seen.insert(key_of(s)).second) << name;
    EXPECT_EQ(
        llm::why_not(world.machine.model, s.deployment, world.machine.cluster.rack.scale_up.domain),
        "");
    EXPECT_LE(p.gpus(), world.machine.cluster.gpus()) << name;
    EXPECT_GE(most_replicas(world, p), 1) << name;
    EXPECT_EQ(s.chunk > 0, s.role != Role::decode) << name;
    EXPECT_LE(last, s.role) << "aggregated, prefill, decode";
    last = s.role;
  }
  EXPECT_FALSE(seen.empty());
}

TEST(Shapes, LegalAndUnique) {
  for (const char* cluster :
       {"{rack: al128}", "{rack: hgx-h200, racks: 16}", "{rack: nvl72-gb200, racks: 2}",
        "{rack: {base: hgx-h200, gpus: 1, gpus_per_os: 1}}", "{rack: {base: al128, gpus: 144}}",
        "{rack: {base: al128, scale_up: {domain: 32}}}",
        "{rack: {base: al128, gpus: 12, gpus_per_os: 4}, racks: 3}"}) {  // no room for TP8 PP4
    for (const char* model : {"deepseek-v3", "qwen3-235b-a22b", "llama-3.1-70b", "sn-10t"}) {
      SCOPED_TRACE(std::string(model) + " on " + cluster);
      expect_legal_and_unique(world_on(cluster, model));
    }
  }
}

TEST(Shapes, ScenarioNarrowsThem) {
  const twin::World world = world_on("{rack: hgx-h200}", "deepseek-v3",
                                     "search: {pools: disaggregated, mtp: 1, chunk: [1024, 4096]}\n"
                                     "precision: {weights: [fp8, fp4], kv: [fp8, bf16]}\n");
  ASSERT_EQ(world.machine.precisions.size(), 4u);
  for (const Shape& s : shapes(world)) {
    EXPECT_NE(s.role, Role::aggregated);
    if (s.role == Role::decode) {
      EXPECT_EQ(s.deployment.draft_tokens, 1);
      continue;
    }
    EXPECT_TRUE(s.chunk == 1024 || s.chunk == 4096);
  }
}

TEST(Shapes, PromptsAreCutAndExpertsReplicatedOnRequest) {
  std::set<std::int64_t> cuts;
  std::set<std::int64_t> slots;
  const twin::World world =
      world_on("{rack: al128}", "deepseek-v3", "search: {cp: [1, 4], redundant: [0, 8, 64]}\n");
  for (const Shape& s : shapes(world)) {
    const llm::Parallelism& p = s.deployment.parallel;
    EXPECT_TRUE(p.cp == 1 || s.role == Role::prefill);
    EXPECT_EQ(llm::why_not(world.machine.model, s.deployment, 128), "");
    cuts.insert(p.cp);
    if (p.dp == 64 && p.ep == 64)
      slots.insert(llm::expert_slots(world.machine.model, s.deployment));
  }
  EXPECT_EQ(cuts, (std::set<std::int64_t>{1, 4}));
  EXPECT_EQ(slots, (std::set<std::int64_t>{4, 5}));  // 256 / 64; 8 and 64 replicas fill one more
}

TEST(Shapes, ADenseModelHasNoExpertsToSpread) {
  for (const Shape& s : shapes(world_on("{rack: al128}", "llama-3.1-70b"))) {
    EXPECT_EQ(s.deployment.parallel.dp, 1);
    EXPECT_EQ(s.deployment.parallel.ep, 1);
  }
}

TEST(Shapes, AnInstanceMaySpanServers) {
  // Ten trillion parameters in 4.25 bits are 5.3 TB: 16 x 8 x 141 GB holds them, 8 x 141 GB never.
  const twin::World world = world_on("{rack: hgx-h200, racks: 16}", "sn-10t");
  const auto cuts = parallelisms(world);
  EXPECT_TRUE(std::any_of(cuts.begin(), cuts.end(), [](const llm::Parallelism& p) {
    return p.stage_ranks() == 128 && p.ep == 128;
  }));
}

TEST(Shapes, StagesSpreadWhereWholeInstancesWouldWasteADomain) {
  // TP8 PP8 is 64 GPUs: in domains of 72 each would waste eight, in domains of 64 or 8 none would.
  const auto spread = [](const std::string& cluster) {
    const auto cuts = parallelisms(world_on(cluster, "sn-10t"));
    return std::any_of(cuts.begin(), cuts.end(), [](const llm::Parallelism& p) {
      return p.spread && p.tp == 8 && p.dp == 1 && p.pp == 8;
    });
  };
  const std::string rack = "{rack: {base: al128, gpus: ";
  EXPECT_TRUE(spread(rack + "72, gpus_per_os: 8}, racks: 16}"));
  EXPECT_FALSE(spread(rack + "72, gpus_per_os: 8}, racks: 1}"));
  EXPECT_FALSE(spread(rack + "64, gpus_per_os: 8}, racks: 18}"));
  EXPECT_FALSE(spread("{rack: hgx-h200, racks: 144}"));
  const twin::World world = world_on(rack + "72, gpus_per_os: 8}, racks: 16}", "sn-10t");
  llm::Parallelism p{.tp = 8, .dp = 1, .pp = 8, .ep = 1};
  EXPECT_EQ(most_replicas(world, p), 16);
  p.spread = true;  // stages of 8, nine to a domain
  EXPECT_EQ(most_replicas(world, p), 18);
}

/// Brute force: every way to put the pieces into domains, by depth-first search.
bool packs(std::vector<std::int64_t> pieces, std::vector<std::int64_t> room) {
  if (pieces.empty()) return true;
  const std::int64_t piece = pieces.back();
  pieces.pop_back();
  for (std::size_t i = 0; i < room.size(); ++i) {
    if (room[i] < piece || (i > 0 && room[i] == room[i - 1])) continue;
    std::vector<std::int64_t> rest = room;
    rest[i] -= piece;
    std::sort(rest.begin(), rest.end());
    if (packs(pieces, rest)) return true;
  }
  return false;
}

serving::Pool pool_of(std::int64_t dp, std::int64_t pp, std::int64_t replicas,
                      bool spread = false) {
  const llm::Parallelism parallel{.tp = 1, .dp = dp, .pp = pp, .ep = dp, .spread = spread};
  return {.deployment = {.parallel = parallel, .precision = {}}, .replicas = replicas};
}

/// What an instance asks of domains of `domain` GPUs: whole, by stages, or whole domains.
void add_pieces(const serving::Pool& pool, std::int64_t domain, std::vector<std::int64_t>& out) {
  const llm::Parallelism& p = pool.deployment.parallel;
  for (std::int64_t r = 0; r < pool.replicas; ++r) {
    if (p.gpus() <= domain && !p.spread) {
      out.push_back(p.gpus());
    } else {
      const std::int64_t size = std::min(p.stage_ranks(), domain);
      for (std::int64_t k = 0; k < p.gpus() / size; ++k) out.push_back(size);
    }
  }
}

twin::World domains_of(std::int64_t domain, std::int64_t count) {
  twin::World world;
  world.machine.cluster.racks = count;
  world.machine.cluster.rack.gpus = domain;
  world.machine.cluster.rack.scale_up.domain = domain;
  return world;
}

RC_GTEST_PROP(Domains, PackingAgreesWithBruteForce, ()) {
  const auto domain = *rc::gen::element<std::int64_t>(4, 6, 8);
  const auto count = *rc::gen::inRange<std::int64_t>(1, 4);
  const twin::World world = domains_of(domain, count);
  const auto any_pool = [&](bool may_be_absent) {
    const auto dp = *rc::gen::inRange<std::int64_t>(1, domain + 1);
    const auto pp = *rc::gen::element<std::int64_t>(1, 2, 4);
    const bool spread = pp > 1 && *rc::gen::arbitrary<bool>();
    return pool_of(dp, pp, *rc::gen::inRange<std::int64_t>(may_be_absent ? 0 : 1, 4), spread);
  };
  const serving::ServingPlan plan{.prefill = any_pool(true), .decode = any_pool(false)};
  std::vector<std::int64_t> pieces;
  if (plan.prefill.replicas > 0) add_pieces(plan.prefill, domain, pieces);
  add_pieces(plan.decode, domain, pieces);
  const std::vector<std::int64_t> room(static_cast<std::size_t>(count), domain);
  const bool fits = fits_domains(world, plan);
  // First fit may miss a packing that a cleverer one finds; it must never claim one that is not
  // there.
  if (fits) RC_ASSERT(packs(pieces, room));
  const bool one_size = plan.prefill.replicas == 0;
  if (one_size) RC_ASSERT(fits == packs(pieces, room));
}

RC_GTEST_PROP(Domains, MostReplicasIsTheLastThatFits, ()) {
  const auto domain = *rc::gen::element<std::int64_t>(4, 8, 72);
  const twin::World world = domains_of(domain, *rc::gen::inRange<std::int64_t>(1, 6));
  const auto dp = *rc::gen::inRange<std::int64_t>(1, domain + 1);
  const auto pp = *rc::gen::element<std::int64_t>(1, 2, 4);
  const std::int64_t most = most_replicas(world, pool_of(dp, pp, 1).deployment.parallel);
  if (most > 0) RC_ASSERT(fits_domains(world, {.prefill = {}, .decode = pool_of(dp, pp, most)}));
  RC_ASSERT(!fits_domains(world, {.prefill = {}, .decode = pool_of(dp, pp, most + 1)}));
}

TEST(Domains, ByHand) {
  const twin::World world = domains_of(8, 2);
  const auto fits = [&](const serving::Pool& prefill, const serving::Pool& decode) {
    return fits_domains(world, {.prefill = prefill, .decode = decode});
  };
  EXPECT_TRUE(fits(pool_of(8, 1, 1), pool_of(4, 1, 2)));
  EXPECT_FALSE(fits(pool_of(6, 1, 1), pool_of(5, 1, 2)));  // 16 GPUs, but 6 + 5 + 5 in two eights
  EXPECT_TRUE(fits(pool_of(6, 1, 2), pool_of(2, 1, 2)));
  EXPECT_TRUE(fits({}, pool_of(16, 1, 1)));  // both domains
  EXPECT_TRUE(fits({}, pool_of(8, 2, 1)));   // a stage in each
  EXPECT_FALSE(fits({}, pool_of(8, 2, 2)));
}

}  // namespace
}  // namespace sn::planner
