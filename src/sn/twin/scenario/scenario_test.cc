// sn/twin/scenario/scenario_test.cc

#include "sn/twin/scenario/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sn/twin/world_test_util.h"

namespace sn::twin {
namespace {

/// A right scenario, a line a part, so that a test can replace one of them.
struct Text {
  std::string version = "supernode: 1";
  std::string cluster = "cluster: {rack: hgx-h200}";
  std::string model = "model: llama-3.1-70b";
  std::string workload =
      "workload: {synthetic: {arrivals: {process: poisson, rate: 2 req/s}, input: 1000, "
      "output: 100, requests: 1000}}";
  std::string slo = "slo: {ttft: {p90: 1 s}, tpot: {p90: 40 ms}}";
  std::string more = {};

  [[nodiscard]] std::string all() const {
    return version + "\n" + cluster + "\n" + model + "\n" + workload + "\n" + slo + "\n" + more;
  }
};

constexpr int cluster_line = 2;
constexpr int model_line = 3;
constexpr int workload_line = 4;
constexpr int slo_line = 5;
constexpr int more_line = 6;

/// One error of `text`, that has exactly one.
Error only_error(const Text& text, const TestFiles& files = {}) {
  const Result<World> world = resolve_text(text.all(), files);
  if (world) {
    ADD_FAILURE() << "no error";
    return {};
  }
  EXPECT_EQ(world.error().size(), 1u) << render(world.error());
  return world.error().front();
}

/// That error, at its place: `what` begins at the given line, and it is marked there.
void expect_error(const Text& text, ErrorCode code, int line, const std::string& what,
                  const std::string& message, const std::string& hint,
                  const TestFiles& files = {}) {
  SCOPED_TRACE(text.all());
  const Error e = only_error(text, files);
  EXPECT_EQ(e.code, code);
  EXPECT_EQ(e.where.file, "s.yaml");
  EXPECT_EQ(e.where.line, line);
  const std::size_t column = e.where.excerpt.find(what);
  ASSERT_NE(column, std::string::npos) << e.where.excerpt;
  EXPECT_EQ(e.where.column, static_cast<int>(column) + 1) << e.where.excerpt;
  EXPECT_NE(e.message.find(message), std::string::npos) << e.message;
  EXPECT_NE(e.hint.find(hint), std::string::npos) << e.hint;
}

TEST(Scenario, ARightOne) {
  const World w = world_of(Text{}.all());
  EXPECT_EQ(w.machine.cluster.rack.gpus, 8);
  EXPECT_EQ(w.machine.cluster.rack.chip.name, "h200");
  EXPECT_EQ(w.machine.cluster.rack.scale_up.domain, 8);
  EXPECT_EQ(w.machine.cluster.scale_out.name, "hpn7");
  EXPECT_EQ(w.machine.model.layers, 80);
  EXPECT_EQ(w.load.rate.kind, RateSpec::Kind::knee);
  EXPECT_EQ(w.load.target_rate(), std::nullopt);
  EXPECT_EQ(w.load.slo.size(), 2u);
  EXPECT_EQ(w.seed, 1u);
  EXPECT_EQ(w.machine.kv_block, 64.0);
  EXPECT_TRUE(w.load.search.aggregated && w.load.search.disaggregated);
  EXPECT_TRUE(w.load.search.fixed.empty());
  EXPECT_EQ(w.machine.kernels.name, "hopper");
  EXPECT_TRUE(w.warnings.empty());
}

TEST(Scenario, UnknownNamesGiveTheNearest) {
  expect_error({.cluster = "cluster: {rack: al182}"}, ErrorCode::unknown_name, cluster_line,
               "al182", "unknown rack 'al182'", "did you mean 'al128'?");
  expect_error({.cluster = "cluster: {rack: {base: hgx-h200, chip: gb20O}}"},
               ErrorCode::unknown_name, cluster_line, "gb20O", "unknown chip 'gb20O'", "gb200");
  expect_error({.cluster = "cluster: {rack: hgx-h200, dcn: ethernet-10g}"}, ErrorCode::unknown_name,
               cluster_line, "ethernet-10g", "unknown dcn", "ethernet-100g");
  expect_error({.model = "model: deepseek-v3x"}, ErrorCode::unknown_name, model_line,
               "deepseek-v3x", "unknown model", "did you mean 'deepseek-v3'?");
  expect_error({.workload = "workload: {preset: mooncake}"}, ErrorCode::unknown_name, workload_line,
               "mooncake", "unknown workload", "workloads");
  expect_error({.more = "software: {framework: generik}"}, ErrorCode::unknown_name, more_line,
               "generik", "unknown framework", "generic");
  expect_error({.more = "precision: {kv: fp7}"}, ErrorCode::unknown_name, more_line, "fp7",
               "precision.kv", "did you mean 'fp8'?");
}

TEST(Scenario, UnknownKeysGiveTheNearest) {
  expect_error({.more = "sead: 2"}, ErrorCode::unknown_key, more_line, "sead", "'sead'",
               "did you mean 'seed'?");
  expect_error({.cluster = "cluster: {rack: hgx-h200, raks: 2}"}, ErrorCode::unknown_key,
               cluster_line, "raks", "'raks' in cluster", "racks");
  expect_error({.cluster = "cluster: {rack: {base: hgx-h200, scale_up: {bandwith: 1 TB/s}}}"},
               ErrorCode::unknown_key, cluster_line, "bandwith", "rack.scale_up.bandwith",
               "did you mean 'rack.scale_up.bandwidth'?");
  expect_error({.slo = "slo: {ttft: {p80: 1 s, p90: 1 s}}"}, ErrorCode::unknown_key, slo_line,
               "p80", "'p80' in slo.ttft", "did you mean 'p50'?");
  expect_error({.more = "conditions: {clok: 0.9}"}, ErrorCode::unknown_key, more_line, "clok",
               "'clok'", "clock");
}

TEST(Scenario, UnitsAreRequiredAndMustMatch) {
  expect_error({.slo = "slo: {tpot: {p90: 50}}"}, ErrorCode::unit, slo_line, "50",
               "'slo.tpot.p90' needs a unit of time; '50' has none", "50 ms");
  expect_error({.slo = "slo: {tpot: {p90: 50 GB}}"}, ErrorCode::unit, slo_line, "50 GB",
               "is a unit of size", "ms");
  expect_error({.cluster = "cluster: {rack: {base: al128, chip: {hbm: {bandwidth: 8 TFLOP/s}}}}"},
               ErrorCode::unit, cluster_line, "8 TFLOP/s", "needs a unit of bandwidth", "TB/s");
  expect_error({.cluster = "cluster: {rack: {base: hgx-h200, chip: {power: {tdp: 700}}}}"},
               ErrorCode::unit, cluster_line, "700}", "rack.chip.power.tdp", "W");
}

TEST(Scenario, NegativeAndAbsurdNumbers) {
  expect_error({.slo = "slo: {ttft: {p90: -2 s}}"}, ErrorCode::range, slo_line, "-2 s",
               "'slo.ttft.p90' is -2 s; expected between", "");
  expect_error({.cluster = "cluster: {rack: hgx-h200, racks: 0}"}, ErrorCode::range, cluster_line,
               "0}", "'cluster.racks' is 0", "");
  expect_error({.cluster = "cluster: {rack: {base: hgx-h200, chip: {hbm: {capacity: 1 PB}}}}"},
               ErrorCode::range, cluster_line, "1 PB", "rack.chip.hbm.capacity", "");
  expect_error({.more = "kv: {block: 0}"}, ErrorCode::range, more_line, "0}", "'kv.block' is 0",
               "");
  expect_error({.more = "conditions: {hbm: 1.2}"}, ErrorCode::range, more_line, "1.2",
               "'conditions.hbm' is 1.2", "");
  expect_error({.more = "seed: -1"}, ErrorCode::range, more_line, "-1", "seed", "");
  expect_error({.version = "supernode: 2"}, ErrorCode::range, 1, "2", "version 2", "supernode: 1");
  for (const char* rate : {"fast", "12", "-3 req/s", "0x", "-2x", "nanx", "1e300 req/s", "1e9x",
                           "3 GB/s", "inf req/s"}) {
    expect_error(
        {.workload = "workload: {preset: mooncake-conversation, rate: " + std::string(rate) + "}"},
        ErrorCode::range, workload_line, rate, "'workload.rate' cannot be", "40 req/s");
  }
}

TEST(Scenario, FidelityOfTheFabric) {
  EXPECT_FALSE(world_of(Text{}.all()).contended);
  EXPECT_TRUE(world_of(Text{.more = "fidelity: {fabric: flow}"}.all()).contended);
  expect_error({.more = "fidelity: {fabric: packet}"}, ErrorCode::unknown_name, more_line, "packet",
               "packet", "analytic");
}

TEST(Scenario, Workloads) {
  expect_error({.workload = "workload: {}"}, ErrorCode::missing, workload_line, "{}",
               "exactly one of", "preset");
  expect_error({.workload = "workload: {preset: mooncake-conversation, trace: x.jsonl}"},
               ErrorCode::syntax, workload_line, "{preset", "exactly one of", "");
  expect_error({.workload = "workload: {trace: nowhere.jsonl}"}, ErrorCode::io, workload_line,
               "nowhere.jsonl", "no such file", "");
}

/// `workload: {synthetic: ...}` with one part replaced.
Text synthetic(const std::string& arrivals, const std::string& input = "1000",
               const std::string& more = "requests: 1000") {
  return {.workload = "workload: {synthetic: {arrivals: " + arrivals + ", input: " + input +
                      ", output: 100, " + more + "}}"};
}

TEST(Scenario, SyntheticWorkloads) {
  const std::string poisson = "{process: poisson, rate: 2 req/s}";
  const World w = world_of(synthetic(poisson).all());
  EXPECT_DOUBLE_EQ(w.load.workload.rate.si(), 2.0);
  EXPECT_EQ(w.load.workload.dispersion, 1.0);
  EXPECT_NEAR(serving::mean_input(w.load.workload), 1000.0, 1e-9);
  EXPECT_NEAR(serving::mean_output(w.load.workload), 100.0, 1e-9);
  EXPECT_EQ(
      world_of(synthetic("{process: gamma, rate: 2 req/s, cv: 3}").all()).load.workload.dispersion,
      9.0);
  const World spread = world_of(synthetic(poisson, "{min: 10, max: 20}").all());
  EXPECT_NEAR(serving::mean_input(spread.load.workload), 15.0, 0.5);
  const World heavy = world_of(synthetic(poisson, "{median: 1000, p90: 4000, max: 16000}").all());
  EXPECT_LE(heavy.load.workload.input_max, 16000.0);
  EXPECT_GT(serving::mean_input(heavy.load.workload), 1200.0);
  const World warm =
      world_of(synthetic(poisson, "1000", "requests: 1000, prefix_hit_rate: 0.4").all());
  EXPECT_NEAR(serving::cached_tokens(warm.load.workload, warm.load.workload.classes[0], 1e6), 400.0,
              1e-9);

  expect_error(synthetic("{process: poison, rate: 2 req/s}"), ErrorCode::unknown_name,
               workload_line, "poison", "process", "poisson");
  expect_error(synthetic("{process: poisson, rate: 2}"), ErrorCode::unit, workload_line, "2}",
               "needs a unit of rate", "/s");
  expect_error(synthetic("{process: poisson, rate: 0.001 req/s}"), ErrorCode::range, workload_line,
               "0.001", "arrivals.rate", "");
  expect_error(synthetic("{process: poisson, rate: 2 req/s, cv: 2}"), ErrorCode::unknown_key,
               workload_line, "2}", "'cv' belongs to the gamma process", "gamma");
  expect_error(synthetic(poisson, "{median: 4000, p90: 1000}"), ErrorCode::range, workload_line,
               "1000}", "'p90' is below 'median'", "");
  expect_error(synthetic(poisson, "{min: 20, max: 10}"), ErrorCode::range, workload_line, "10}",
               "'max' is below 'min'", "");
  expect_error(synthetic(poisson, "{min: 20}"), ErrorCode::missing, workload_line, "{min",
               "'min' and 'max'", "single number");
  expect_error(synthetic(poisson, "0"), ErrorCode::range, workload_line, "0,", "input", "");
  expect_error(synthetic(poisson, "1000", "requests: 10"), ErrorCode::range, workload_line, "10}",
               "requests", "");
}

TEST(Scenario, Rates) {
  const auto rate_of = [](const std::string& rate) {
    return world_of(
        "supernode: 1\ncluster: {rack: al128}\nmodel: deepseek-v3\n"
        "slo: {tpot: {p90: 50 ms}}\n"
        "workload: {preset: mooncake-conversation, rate: " +
        rate + "}\n");
  };
  EXPECT_EQ(rate_of("knee").load.target_rate(), std::nullopt);
  const World multiple = rate_of("1.5x");
  EXPECT_EQ(multiple.load.rate.kind, RateSpec::Kind::multiple);
  EXPECT_DOUBLE_EQ(*multiple.load.target_rate(), 1.5 * multiple.load.workload.rate.si());
  EXPECT_NEAR(*multiple.load.target_rate(), 1.5 * 3.40119, 1e-4);
  EXPECT_DOUBLE_EQ(*rate_of("40 req/s").load.target_rate(), 40.0);
  EXPECT_DOUBLE_EQ(*rate_of("40 /s").load.target_rate(), 40.0);
}

const TestFiles trace_files = {
    {"t.jsonl",
     R"({"timestamp": 0, "input_length": 600, "output_length": 10, "hash_ids": [0, 1]}
{"timestamp": 1000, "input_length": 600, "output_length": 30, "hash_ids": [0, 2]}
{"timestamp": 2000, "input_length": 600, "output_length": 20, "hash_ids": [0, 1]}
)"},
    {"bad.jsonl", "{\"timestamp\": 0}\nnot json\n"},
    {"config.json",
     R"({"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 128256,
"max_position_embeddings": 8192, "num_attention_heads": 32, "num_key_value_heads": 8,
"intermediate_size": 14336, "torch_dtype": "bfloat16"})"},
    {"strange.json", R"({"model_type": "mamba"})"}};

TEST(Scenario, TracesAreReadThroughTheLoader) {
  const World w = world_of(Text{.workload = "workload: {trace: t.jsonl}"}.all(), trace_files);
  EXPECT_EQ(w.load.workload.requests, 3);
  EXPECT_DOUBLE_EQ(w.load.workload.rate.si(), 1.0);
  EXPECT_NEAR(serving::mean_output(w.load.workload), 20.0, 1e-9);
  EXPECT_EQ(w.load.workload.block_tokens, 512.0);
  EXPECT_NE(w.load.workload.origin.find("3 requests"), std::string::npos);
  // Beside the scenario when it is not in the current directory.
  const Result<World> beside =
      resolve_text(Text{.workload = "workload: {trace: t.jsonl}"}.all(),
                   {{"scenarios/t.jsonl", trace_files.at("t.jsonl")}}, {}, "scenarios");
  EXPECT_TRUE(beside.has_value());
  const Result<World> bad =
      resolve_text(Text{.workload = "workload: {trace: bad.jsonl}"}.all(), trace_files);
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().front().where.file, "bad.jsonl");
}

TEST(Scenario, ModelsFromConfigJson) {
  const World w = world_of(Text{.model = "model: config.json"}.all(), trace_files);
  EXPECT_EQ(w.machine.model.name, "config");
  EXPECT_EQ(w.machine.model.layers, 32);
  EXPECT_EQ(w.machine.model.native_weights, kernel::DataType::bf16);
  EXPECT_EQ(w.machine.precisions.at(0).weights, kernel::DataType::bf16);
  EXPECT_EQ(w.machine.model.mtp_layers, 0);
  expect_error({.model = "model: missing.json"}, ErrorCode::io, model_line, "missing.json",
               "no such file", "");
  const Result<World> strange =
      resolve_text(Text{.model = "model: strange.json"}.all(), trace_files);
  ASSERT_FALSE(strange.has_value());
  EXPECT_EQ(strange.error().front().where.file, "strange.json");
  EXPECT_NE(strange.error().front().hint.find("llama"), std::string::npos);
}

TEST(Scenario, LongRequestsAreWarnedOf) {
  // 8192 positions and a request of 9000 tokens: planned, but not silently.
  const World w =
      world_of(Text{.model = "model: config.json",
                    .workload = synthetic("{process: poisson, rate: 1 req/s}", "9000").workload}
                   .all(),
               trace_files);
  ASSERT_EQ(w.warnings.size(), 1u);
  EXPECT_NE(w.warnings[0].message.find("8 192"), std::string::npos) << w.warnings[0].message;
  EXPECT_EQ(w.warnings[0].where.line, workload_line);
}

TEST(Scenario, CatalogEntriesAreChangedInPlace) {
  const World w = world_of(
      Text{.cluster = "cluster: {rack: {base: al128, gpus: 144, scale_up: {bandwidth: 1.8 TB/s}}}"}
          .all());
  EXPECT_EQ(w.machine.cluster.rack.gpus, 144);
  EXPECT_EQ(w.machine.cluster.rack.scale_up.domain, 144)
      << "a domain that is not given spans the rack";
  EXPECT_DOUBLE_EQ(w.machine.cluster.rack.scale_up.link.bandwidth.si(), 1.8e12);
  EXPECT_EQ(w.machine.cluster.rack.chip.name, "b200") << "the rest stays";
  for (const catalog::Param& p : w.machine.params) {
    if (p.path != "rack.gpus" && p.path != "rack.scale_up.bandwidth") continue;
    EXPECT_EQ(p.provenance.source.grade, catalog::Grade::scenario) << p.path;
  }
  const World chip = world_of(Text{.cluster = "cluster: {rack: {base: hgx-h200, chip: b200, "
                                              "power: {feed: 15 kW}}}"}
                                  .all());
  EXPECT_EQ(chip.machine.cluster.rack.chip.name, "b200");
  EXPECT_EQ(chip.machine.kernels.name, "blackwell");
  const World software =
      world_of(Text{.more = "software: {framework: {base: generic, host: {decode: 3 ms}}}"}.all());
  EXPECT_DOUBLE_EQ(software.machine.framework.host_decode.si(), 3e-3);
}

TEST(Scenario, RacksThatCannotBe) {
  expect_error({.cluster = "cluster: {rack: {base: al128, scale_up: {domain: 48}}}"},
               ErrorCode::range, cluster_line, "{base", "do not divide", "domain");
  expect_error({.cluster = "cluster: {rack: {base: hgx-h200, power: {feed: 5 kW}}}"},
               ErrorCode::range, cluster_line, "{base", "above the feed", "power.feed");
}

TEST(Scenario, Deployments) {
  const std::string pools =
      "deployments:\n"
      "  - {pool: prefill, tp: 2, replicas: 2, chunk: 4096}\n"
      "  - {pool: decode, dp: 4, max_batch: 64, kv_tokens: 200000, mtp: 1}\n";
  const World w = world_of(Text{.model = "model: deepseek-v3", .more = pools}.all());
  ASSERT_EQ(w.load.search.fixed.size(), 1u);
  const serving::ServingPlan& p = w.load.search.fixed[0];
  EXPECT_EQ(p.prefill.gpus(), 4);
  EXPECT_EQ(p.prefill.chunk, 4096);
  EXPECT_EQ(p.decode.deployment.parallel.ep, 4) << "experts over all ranks when not said otherwise";
  EXPECT_EQ(p.decode.max_batch, 64);
  EXPECT_EQ(p.decode.kv_tokens, 200'000);
  EXPECT_EQ(p.prefill.kv_tokens, 0) << "as memory allows";
  EXPECT_EQ(p.decode.chunk, 0);
  EXPECT_EQ(p.decode.deployment.draft_tokens, 1);
  EXPECT_TRUE(world_of(Text{.more = "deployments: auto"}.all()).load.search.fixed.empty());

  expect_error({.more = "deployments: [{pool: prefil, tp: 2}]"}, ErrorCode::unknown_name, more_line,
               "prefil", "deployment.pool", "prefill");
  expect_error({.more = "deployments: [{pool: decode, tp: 2}]"}, ErrorCode::syntax, more_line,
               "[{pool", "aggregated pool, or a prefill and a decode pool", "prefill");
  expect_error({.more = "deployments: none"}, ErrorCode::wrong_type, more_line, "none",
               "'auto' or a list", "");
  expect_error({.more = "deployments: [{pool: aggregated, tp: 3}]"}, ErrorCode::infeasible,
               more_line, "{pool", "tp 3 does not divide 64 attention heads", "");
  expect_error({.more = "deployments: [{pool: aggregated, dp: 2}]"}, ErrorCode::infeasible,
               more_line, "{pool", "dense model", "");
  expect_error({.more = "deployments: [{pool: aggregated, tp: 8, replicas: 2}]"},
               ErrorCode::infeasible, more_line, "[{pool", "take 16 GPUs; the cluster has 8", "");
  expect_error({.more = "deployments: [{pool: aggregated, mtp: 1}]"}, ErrorCode::infeasible,
               more_line, "{pool", "no MTP layers", "");
  expect_error({.more = "search: {mtp: [0, 1]}"}, ErrorCode::infeasible, more_line, "[0, 1]",
               "no MTP layers", "leave it out");
  expect_error({.more = "search: {redundant: [0, 32]}"}, ErrorCode::infeasible, more_line,
               "[0, 32]", "no experts to hold more than once", "leave it out");
  expect_error({.more = "deployments: [{pool: aggregated, tp: 2, cp: 2}]"}, ErrorCode::unknown_key,
               more_line, "cp", "unknown key 'cp' in deployment", "");
  // Seventeen ranks over domains of eight: neither whole domains nor inside one.
  expect_error({.cluster = "cluster: {rack: hgx-h200, racks: 16}",
                .model = "model: deepseek-v3",
                .more = "deployments: [{pool: aggregated, dp: 17}]"},
               ErrorCode::infeasible, more_line, "{pool", "does not fill whole ScaleUp domains",
               "");
}

TEST(Scenario, AClusterByItsGpusIsWholeRacks) {
  const auto cluster = [](const std::string& gpus) {
    return world_of(Text{.cluster = "cluster: {rack: hgx-h200, gpus: " + gpus + "}"}.all());
  };
  for (const std::int64_t gpus : {8, 9, 15, 16, 1152, 1159}) {
    const World w = cluster(std::to_string(gpus));
    EXPECT_EQ(w.machine.cluster.racks, gpus / 8);
    EXPECT_EQ(w.machine.cluster.gpus() + w.machine.cluster.left_over, gpus);
    EXPECT_EQ(w.machine.cluster.left_over, gpus % 8);
    EXPECT_EQ(w.warnings.size(), gpus % 8 == 0 ? 0u : 1u) << "what is left over is said";
  }
  const World w = cluster("15");
  EXPECT_NE(w.warnings.front().message.find("7 of 15 GPUs are left over: 1 whole racks of 8"),
            std::string::npos)
      << w.warnings.front().message;
}

TEST(Scenario, FewerGpusThanARackAreAPartOfOne) {
  const World w = world_of(Text{.cluster = "cluster: {rack: hgx-h200, gpus: 7}"}.all());
  EXPECT_EQ(w.machine.gpus(), 7);
  EXPECT_EQ(w.machine.cluster.racks, 1);
  EXPECT_TRUE(w.warnings.empty());
}

TEST(Scenario, AClusterByItsGpusThatCannotBe) {
  expect_error({.cluster = "cluster: {rack: hgx-h200, gpus: 32776}"}, ErrorCode::range,
               cluster_line, "32776", "4097 racks of 8 GPUs; expected 1 to 4096", "");
  expect_error({.cluster = "cluster: {rack: hgx-h200, gpus: 0}"}, ErrorCode::range, cluster_line,
               "0}", "'cluster.gpus' is 0", "");
  expect_error({.cluster = "cluster: {rack: hgx-h200, racks: 2, gpus: 16}"}, ErrorCode::infeasible,
               cluster_line, "16}", "both say how large it is", "one of the two");
}

TEST(Scenario, Conditions) {
  const World w = world_of(Text{.more = "conditions: {clock: 0.8, hbm: 0.9, scale_up: 0.5}"}.all());
  EXPECT_EQ(w.machine.conditions.clock, 0.8);
  EXPECT_EQ(w.machine.conditions.hbm, 0.9);
  EXPECT_EQ(w.machine.conditions.scale_up, 0.5);
  EXPECT_EQ(w.machine.conditions.scale_out, 1.0);
}

TEST(Scenario, AllMistakesAtOnce) {
  const Result<World> world = resolve_text(
      "cluster: {rack: al182, racks: -1}\n"         // 1: version missing, rack, racks
      "model: deepseek-v3x\n"                       // 2
      "precision: {weights: fp7}\n"                 // 3
      "workload: {preset: nothing, rate: fast}\n"   // 4: preset, rate
      "slo: {ttft: {p90: 1}, tpot: {p90: -1 s}}\n"  // 5: unit, range
      "kv: {block: 0, policy: mru}\n"               // 6: both
      "fidelity: {fabric: packet}\n"                // 7
      "conditions: {clock: 3}\n"                    // 8
      "search: {pools: some}\n"                     // 9
      "sead: 1\n");                                 // 10
  ASSERT_FALSE(world.has_value());
  std::vector<int> lines;
  for (const Error& e : world.error()) {
    EXPECT_EQ(e.where.file, "s.yaml");
    EXPECT_GT(e.where.column, 0) << e.message;
    lines.push_back(e.where.line);
  }
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (std::vector<int>{1, 1, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10}))
      << render(world.error());
}

TEST(Scenario, OtherDocuments) {
  for (const char* text : {"", "[]", "3", "\"text\"", "- a\n- b\n", "null"}) {
    const Result<World> world = resolve_text(text);
    ASSERT_FALSE(world.has_value()) << text;
    EXPECT_FALSE(world.error().front().message.empty());
  }
  // Right keys with values of other kinds: errors, never a crash.
  for (const char* value : {"[]", "{}", "3", "null", "text", "[[1]]", "{a: {b: c}}"}) {
    for (const char* key :
         {"supernode", "name", "cluster", "model", "precision", "workload", "slo", "deployments",
          "search", "kv", "fidelity", "seed", "conditions", "software"}) {
      const Result<World> world = resolve_text(std::string(key) + ": " + value + "\n");
      EXPECT_FALSE(world.has_value()) << key << ": " << value;
    }
  }
}

TEST(Scenario, FlagsReplaceParts) {
  const std::string text = Text{}.all();
  const Result<World> w =
      resolve_text(text, trace_files, {.trace = "t.jsonl", .model = "deepseek-v3", .rate = "2x"});
  ASSERT_TRUE(w.has_value()) << render(w.error());
  EXPECT_EQ(w->load.workload.requests, 3);
  EXPECT_EQ(w->machine.model.layers, 61);
  EXPECT_DOUBLE_EQ(*w->load.target_rate(), 2.0);
  const Result<World> bad =
      resolve_text(text, {}, {.trace = "no.jsonl", .model = "x", .rate = "9"});
  ASSERT_FALSE(bad.has_value());
  std::vector<std::string> places;
  for (const Error& e : bad.error()) places.push_back(e.where.file);
  std::sort(places.begin(), places.end());
  EXPECT_EQ(places.size(), 3u);
  EXPECT_NE(std::find(places.begin(), places.end(), "--model"), places.end());
  EXPECT_NE(std::find(places.begin(), places.end(), "--rate"), places.end());
}

/// `value` as often as `times`, as a list.
std::string repeated(const std::string& value, int times) {
  std::string out = "[" + value;
  for (int i = 1; i < times; ++i) out += "," + value;
  return out + "]";
}

TEST(Scenario, RepeatedValuesCountOnce) {
  const World w = world_of(Text{.more = "precision: {weights: " + repeated("fp8", 50'000) +
                                        ", kv: " + repeated("fp8", 50'000) +
                                        "}\nsearch: {chunk: " + repeated("2048", 50'000) + "}"}
                               .all());
  EXPECT_EQ(w.machine.precisions.size(), 1u);
  EXPECT_EQ(w.load.search.prefill_chunks, (std::vector<std::int64_t>{2048}));
  std::string many = "16";
  for (int i = 1; i < 17; ++i) many += ", " + std::to_string(16 + i);
  expect_error(Text{.more = "search: {chunk: [" + many + "]}"}, ErrorCode::limit, more_line, "32]",
               "'search.chunk' has more than 16 different values", "");
}

TEST(Scenario, MarksOfDirectionInNamesAreNeutral) {
  EXPECT_EQ(world_of(Text{.more = "name: \"a\u202eb\""}.all()).name, "a?b");
}

TEST(Scenario, SessionsBeyondTheClock) {
  expect_error(Text{.workload = "workload: {synthetic: {arrivals: {process: poisson, rate: 0.01 "
                                "req/s}, input: 1000, output: 100, requests: 1000000, sessions: "
                                "{turns: 1000, context: 16}}, rate: 1x}"},
               ErrorCode::limit, workload_line, "{arrivals", "more than 146 years", "higher rate");
}

TEST(Scenario, AConfigJsonOfMoreThanADocumentMayHave) {
  expect_error(Text{.model = "model: huge.json"}, ErrorCode::limit, model_line, "huge.json",
               "larger than 4194304 bytes", "", {{"huge.json", std::string((4u << 20) + 1, ' ')}});
}

}  // namespace
}  // namespace sn::twin
