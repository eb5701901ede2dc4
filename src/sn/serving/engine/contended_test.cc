// sn/serving/engine/contended_test.cc
//
// Traffic of different kinds that feels each other: collectives, hand-overs, loads, retrievals,
// prompts and cold starts; alone each takes what it takes without the others.

#include <gtest/gtest.h>

#include "sn/serving/engine/engine_test_util.h"

namespace sn::serving {
namespace {

constexpr double port = 450e9;  // of one GPU

void contend(EngineSpec& spec) {
  spec.contended = true;
  DeploymentSpec& d = spec.deployments.front();
  d.storage_links = 1;
  d.storage_bandwidth = Bandwidth::from_si(12.5e9);
  for (PoolSpec& pool : d.pools) {
    pool.scale_up = Bandwidth::from_si(port * static_cast<double>(pool.deployment.parallel.tp));
    pool.compile_beside = [deployment = pool.deployment](const hw::Conditions& c, double beside) {
      const TestBed& bed = small_bed();
      return std::make_shared<const llm::StepProgram>(
          llm::compile(bed.model, deployment, bed.machine(), c, beside));
    };
  }
}

/// TP4 for prefill and TP4 for decode, over ScaleUp.
EngineSpec two_pools() {
  const llm::Parallelism tp4{.tp = 4};
  EngineSpec spec =
      spec_of({pool_spec(small_bed(), 1, tp4, {}, 8000), pool_spec(small_bed(), 1, tp4, {}, 8000)});
  DeploymentSpec& d = spec.deployments.front();
  d.transfer_on_scale_up = true;
  for (PoolSpec& p : d.pools) p.kv_bandwidth = Bandwidth::from_si(4.0 * port);
  return spec;
}

std::vector<Request> some(std::int64_t n, double gap, std::int64_t input, std::int64_t output) {
  std::vector<Request> out;
  for (std::int64_t i = 0; i < n; ++i) {
    out.push_back(request_of(gap * static_cast<double>(i), input, output));
  }
  return out;
}

double mean_e2e(const Collector& seen) {
  double sum = 0.0;
  for (const RequestRecord& r : seen.lives) sum += seconds(r.arrival, r.last_token);
  return sum / static_cast<double>(seen.lives.size());
}

TEST(Contended, WithoutOtherTrafficNothingChanges) {
  // Alone, a request's own hand-over and prompt are the only traffic beside its steps.
  for (const bool two : {false, true}) {
    EngineSpec plain =
        two ? two_pools() : spec_of({pool_spec(small_bed(), 1, {.tp = 8}, {}, 8000)});
    EngineSpec shared = plain;
    contend(shared);
    Collector a;
    Collector b;
    ServingEngine alone(plain, &a);
    ServingEngine contended(shared, &b);
    run_all(alone, some(5, 3.0, 2000, 50));
    run_all(contended, some(5, 3.0, 2000, 50));
    EXPECT_NEAR(mean_e2e(b) / mean_e2e(a), 1.0, 0.01);
    EXPECT_TRUE(contended.consistent());
  }
}

TEST(Contended, LoadsSlowStepsAndStepsSlowLoads) {
  // A document comes back from a pool on ScaleUp while another prompt is computed under TP8.
  struct Seen {
    double tokens = 0.0;
    double load = 0.0;
    double computed = 0.0;
  };
  const auto run = [](bool shared) {
    PoolSpec pool = pool_spec(small_bed(), 1, {.tp = 8}, {.tokens = 4096}, 600);
    pool.load_per_token = pool.save_per_token = Bytes::from_si(1e8);  // large, to be seen
    pool.tier_rates = {{Bandwidth::from_si(8.0 * port), Bandwidth::from_si(8.0 * port)}};
    EngineSpec spec = spec_of({pool});
    DeploymentSpec& d = spec.deployments.front();
    TierSpec tier;
    tier.name = "pool";
    tier.blocks = 100'000;
    tier.shared = tier.on_scale_up = true;
    tier.pool_read = tier.pool_write = Bandwidth::from_si(1e13);
    d.tiering.tiers = {tier};
    d.tiering.always = true;
    if (shared) contend(spec);
    std::vector<Request> all;
    for (const auto& [at, document] :
         {std::pair{0.0, 1u}, std::pair{0.5, 2u}, std::pair{1.0, 3u}, std::pair{2.0, 1u}}) {
      std::vector<std::uint64_t> blocks;  // HBM has room for two documents
      for (std::uint64_t b = 0; b < 64; ++b) blocks.push_back(document * 1000 + b);
      all.push_back(request_of(at, 4096, 1, blocks));
    }
    all.push_back(request_of(2.001, 4000, 1));
    Collector lives;
    ServingEngine engine(spec, &lives);
    run_all(engine, all);
    double carried = 0.0;
    double collectives = 0.0;
    for (const LinkState& l : engine.links()) {
      carried += l.carried.si();
      collectives += l.collectives.si();
    }
    EXPECT_EQ(carried > 0.0, shared);
    EXPECT_EQ(collectives > 0.0, shared);
    Seen seen;
    for (const RequestRecord& r : lives.lives) {
      if (r.loaded > 0) {
        seen.tokens = static_cast<double>(r.loaded + 1);
        seen.load = seconds(r.load_begin, r.load_end);
      }
      if (r.input == 4000) seen.computed = seconds(r.scheduled, r.first_token);
    }
    return seen;
  };
  const Seen alone = run(false);
  const Seen beside = run(true);
  EXPECT_NEAR(alone.load, alone.tokens * 1e8 / (8.0 * port), 1e-3);
  EXPECT_GT(beside.load, 1.01 * alone.load);
  EXPECT_GT(beside.computed, 1.05 * alone.computed);
}

TEST(Contended, AHandOverHasWhatCollectivesLeave) {
  EngineSpec spec = two_pools();
  spec.deployments.front().kv_bytes_per_token = Bytes::from_si(4e6);
  spec.deployments.front().transfer_layers = 1.0;
  std::vector<double> exposed;
  for (const bool shared : {false, true}) {
    EngineSpec s = spec;
    if (shared) contend(s);
    Collector seen;
    ServingEngine engine(s, &seen);
    // A second prompt is computed while the first one's cache travels, and the third decodes.
    run_all(engine, some(30, 0.02, 4000, 400));
    EXPECT_EQ(seen.lives.size(), 30u);
    exposed.push_back(seen.exposed);
    for (const RequestRecord& r : seen.lives) EXPECT_EQ(r.ending, Ending::finished);
  }
  EXPECT_GT(exposed[1], 1.01 * exposed[0]);
}

TEST(Contended, AColdStartSharesTheDcnWithRetrievals) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 2, {}, {}, 4096)});
  spec.wait_for_start = true;
  contend(spec);
  DeploymentSpec& d = spec.deployments.front();
  d.retrieval = Bytes::from_si(12.5e9);  // 1 s alone
  d.pools.front().start_bytes = Bytes::from_si(12.5e9);
  d.pools.front().initially_down = 1;
  Collector seen;
  ServingEngine engine(spec, &seen);
  engine.start(0, 1, Nanos{0});
  const Request r = request_of(0.0, 100, 2);
  engine.submit(r, Nanos{0});
  EXPECT_EQ(engine.state(0, 0).up, 1);
  engine.advance(Nanos{1'500'000'000});
  EXPECT_EQ(engine.state(0, 0).up, 1);  // each has half of the link
  run_to_end(engine);
  EXPECT_EQ(engine.state(0, 0).up, 2);
  ASSERT_EQ(seen.lives.size(), 1u);
  EXPECT_NEAR(seconds(seen.lives[0].arrival, seen.lives[0].fetched), 2.0, 0.01);
}

TEST(Contended, AStartThatFailsTakesItsWeightsAway) {
  EngineSpec spec = spec_of({pool_spec(small_bed(), 1, {}, {}, 4096)});
  contend(spec);
  spec.deployments.front().pools.front().start_bytes = Bytes::from_si(12.5e9);
  spec.wait_for_start = true;
  Collector seen;
  ServingEngine engine(spec, &seen);
  engine.fail(0, 0, Nanos{0});
  engine.start(0, 0, Nanos{0});
  engine.fail(0, 0, Nanos{500'000'000});
  engine.start(0, 0, Nanos{600'000'000});
  run_to_end(engine);
  EXPECT_EQ(engine.state(0, 0).up, 1);
  double carried = 0.0;
  for (const LinkState& l : engine.links()) {
    if (l.layer == fabric::Layer::dcn) carried += l.carried.si();
  }
  EXPECT_NEAR(carried, 1.5 * 12.5e9, 1e6);
  EXPECT_TRUE(engine.consistent());
}

}  // namespace
}  // namespace sn::serving
