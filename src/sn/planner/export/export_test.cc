// sn/planner/export/export_test.cc
//
// Exported scripts: every argument is in the tool's table (the writer asserts it; here every branch
// is taken), sizes are those of the plan, and what a tool cannot express is said.

#include "sn/planner/export/export.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sn/catalog/catalog.h"
#include "sn/planner/planner_test_util.h"

namespace sn::planner {
namespace {

ToolTable table_of(const std::string& tool) {
  const catalog::Catalog catalog = catalog::shipped_catalog();
  const Result<Node> entry = catalog.entry(*catalog::find_kind("tool"), tool);
  if (!entry) {
    ADD_FAILURE() << render(entry.error());
    return {};
  }
  Result<ToolTable> table = read_tool(*entry, tool);
  if (!table) {
    ADD_FAILURE() << render(table.error());
    return {};
  }
  return *std::move(table);
}

serving::Pool pool_of(const llm::Parallelism& parallel, std::int64_t replicas, std::int64_t chunk) {
  return {
      .deployment = {.parallel = parallel, .precision = {}}, .replicas = replicas, .chunk = chunk};
}

PoolReport report_of(const serving::Pool& pool, double sequences) {
  PoolReport r;
  r.replicas = pool.replicas;
  r.deployment = pool.deployment;
  r.sequences = sequences;
  r.memory = {.usable = Bytes::from_si(90e9),
              .weights = Bytes::from_si(40e9),
              .activations = Bytes::from_si(5e9),
              .workspace = Bytes::from_si(5e9),
              .kv = Bytes::from_si(40e9),
              .kv_tokens = 1e6};
  return r;
}

Candidate candidate_of(const serving::Pool& prefill, const serving::Pool& decode,
                       double sequences) {
  Candidate c;
  c.rank = 1;
  c.plan = {.prefill = prefill, .decode = decode};
  c.disaggregated = prefill.replicas > 0;
  c.prefill = report_of(prefill, 0.0);
  c.decode = report_of(decode, sequences);
  c.meets_slo = true;
  return c;
}

Candidate together(const serving::Pool& pool, double sequences) {
  return candidate_of({}, pool, sequences);
}

/// On chips of 100 GB, as `report_of` has them.
twin::World with_100_gb(twin::World world) {
  world.machine.cluster.rack.chip.hbm_capacity = Bytes::from_si(100e9);
  return world;
}

twin::World llama() { return with_100_gb(small_world()); }

twin::World deepseek() {
  return with_100_gb(small_world({.cluster = "{rack: nvl72-gb200}", .model = "deepseek-v3"}));
}

/// The catalog's table of what a tool's engine runs.
const llm::Framework& engine_for(const std::string& tool) {
  static std::map<std::string, llm::Framework> engines;
  const auto known = engines.find(tool);
  if (known != engines.end()) return known->second;
  const twin::World world =
      small_world({.more = "software: {framework: " + engine_of(tool) + "}\n"});
  return engines.emplace(tool, world.machine.framework).first->second;
}

std::string text_of(const twin::World& world, const Candidate& c, const std::string& tool) {
  return export_script(world, c, table_of(tool), "org/model", engine_for(tool)).text;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const llm::Precision all_fp8{kernel::DataType::fp8, kernel::DataType::fp8, kernel::DataType::fp8};

TEST(Export, TablesNameEveryToolAndAnswerWhatTheyHave) {
  const std::vector<std::string> tools = export_tools();
  EXPECT_EQ(tools.size(), 4u);
  for (const std::string& tool : tools) {
    SCOPED_TRACE(tool);
    const ToolTable table = table_of(tool);
    EXPECT_EQ(table.commit.size(), 40u);
    EXPECT_FALSE(table.version.empty());
    EXPECT_GT(table.programs.size(), 1u);
    for (const ToolProgram& p : table.programs) {
      for (const ToolArgument& a : p.arguments) {
        EXPECT_FALSE(a.meaning.empty()) << a.name;
        EXPECT_TRUE(table.has(p.name, a.name));
        EXPECT_FALSE(table.has(p.name, a.name + "x"));
      }
    }
  }
}

TEST(Export, TableEntriesAreChecked) {
  const Result<Node> entry = parse_document("t.yaml", "title: T\nargument: {}\n");
  const Result<ToolTable> table = read_tool(*entry, "t");
  ASSERT_FALSE(table.has_value());
  const std::string errors = render(table.error());
  for (const char* part : {"commit", "version", "repository", "'argument'"}) {
    EXPECT_TRUE(says(errors, part)) << errors;
  }
}

TEST(Export, LlamaOnOneServer) {
  const twin::World world = llama();
  serving::Pool pool = pool_of({.tp = 4}, 2, 2048);
  pool.deployment.precision = all_fp8;
  const Candidate c = together(pool, 100.0);
  // 100 + 3 sqrt(100) sequences; 2048 + 130 tokens a step.
  const std::string vllm = text_of(world, c, "vllm");
  for (const char* part :
       {"--tensor-parallel-size 4", "--max-num-seqs 130", "--max-num-batched-tokens 2178",
        "--quantization fp8", "--kv-cache-dtype fp8", "--gpu-memory-utilization 0.9",
        "--block-size 64", "checkpoint='org/model'", "place serve 0 1 2 2 0", "nodes 0 to 0",
        "cannot be expressed: a router over the 2 replicas"}) {
    EXPECT_TRUE(says(vllm, part)) << part << "\n" << vllm;
  }
  for (const char* part : {"data-parallel", "expert", "speculative", "kv-transfer"}) {
    EXPECT_FALSE(says(vllm, part)) << part;
  }
  const std::string sglang = text_of(world, c, "sglang");
  // Weights and KV of 100 GB: (40 + 40) / 100.
  for (const char* part :
       {"--tp-size 4", "--max-running-requests 130", "--chunked-prefill-size 2048",
        "--mem-fraction-static 0.8", "--enable-mixed-chunk", "--worker-urls",
        "cannot be expressed: nothing"}) {
    EXPECT_TRUE(says(sglang, part)) << part << "\n" << sglang;
  }
  const std::string trtllm = text_of(world, c, "trtllm");
  // KV's share of what weights, activations and workspace leave: 40 / 50.
  for (const char* part :
       {"--tp_size 4", "--max_batch_size 130", "--max_num_tokens 2178", "dtype: fp8",
        "free_gpu_memory_fraction: 0.8", "cannot be expressed: weights in fp8"}) {
    EXPECT_TRUE(says(trtllm, part)) << part << "\n" << trtllm;
  }
  const std::string dynamo = text_of(world, c, "dynamo");
  for (const char* part : {"--disaggregation-mode agg", "--router-mode kv",
                           "--kv-cache-block-size 64", "--kv-events-config"}) {
    EXPECT_TRUE(says(dynamo, part)) << part << "\n" << dynamo;
  }
}

/// The script of `tool` for a plan of memory as `framework` shares it out.
std::string memory_script(const std::string& framework, const std::string& tool) {
  const twin::World world = small_world({.more = "software: {framework: " + framework + "}\n"});
  const serving::Pool pool = pool_of({.tp = 2}, 1, 2048);
  const llm::MemoryBudget budget =
      memory_budget(world.machine.model, pool.deployment, world.machine.cluster.rack.chip,
                    world.machine.framework, 2048.0);
  Candidate c = together(pool, 16.0);
  c.decode.memory = {.usable = budget.usable,
                     .weights = budget.weights,
                     .activations = budget.activations,
                     .workspace = budget.workspace,
                     .kv = budget.kv(),
                     .kv_tokens = budget.kv_tokens()};
  return text_of(world, c, tool);
}

TEST(Export, MemorySharesAreThoseOfThePlan) {
  // TensorRT-LLM's is of what weights and buffers leave of the memory, vLLM's of all of it.
  EXPECT_TRUE(says(memory_script("trtllm", "trtllm"), "free_gpu_memory_fraction: 0.900"))
      << memory_script("trtllm", "trtllm");
  EXPECT_TRUE(says(memory_script("vllm", "vllm"), "--gpu-memory-utilization 0.900"));
  // Llama-3.1-70B in bf16 over two of H200's 151.4 GB: 70.6 GB of weights, with buffers 77.8 under
  // vLLM and 75.0 under TensorRT-LLM. A plan made for one tool, exported to the other:
  // (0.9 x 151.4 - 77.8) / (151.4 - 77.8) = 0.794; (75 + 0.9 x (151.4 - 75)) / 151.4 = 0.9495.
  EXPECT_TRUE(says(memory_script("vllm", "trtllm"), "free_gpu_memory_fraction: 0.79"))
      << memory_script("vllm", "trtllm");
  EXPECT_TRUE(says(memory_script("trtllm", "vllm"), "--gpu-memory-utilization 0.949"))
      << memory_script("trtllm", "vllm");
}

TEST(Export, DeepSeekInTwoPoolsOnTrays) {
  const twin::World world = deepseek();
  ASSERT_EQ(world.machine.cluster.rack.gpus_per_os, 4);
  serving::Pool prefill = pool_of({.tp = 1, .dp = 8, .ep = 8}, 4, 4096);
  serving::Pool decode = pool_of({.tp = 1, .dp = 40, .ep = 40}, 1, 0);
  prefill.deployment.precision = all_fp8;
  decode.deployment.precision = all_fp8;
  decode.deployment.draft_tokens = 1;
  const Candidate c = candidate_of(prefill, decode, 25.0);
  // Prefill: 2 nodes each, 0 to 7; decode: 10 nodes, 8 to 17. 25 + 3 x 5 sequences a rank.
  // 256 experts over 40 ranks: 7 slots each, 24 replicas.
  const std::string vllm = text_of(world, c, "vllm");
  for (const char* part :
       {"place prefill 0 2 1 4 0", "place decode 8 10 1 1 0", "--data-parallel-size 8",
        "--data-parallel-size-local 4", "--data-parallel-size 40", "--enable-expert-parallel",
        "--max-num-seqs 40", "\"num_redundant_experts\": 24", "\"num_speculative_tokens\": 1",
        "NixlConnector", "deepep_low_latency", "--headless"}) {
    EXPECT_TRUE(says(vllm, part)) << part << "\n" << vllm;
  }
  EXPECT_FALSE(says(vllm, "--quantization"));  // the checkpoint is in fp8
  const std::string sglang = text_of(world, c, "sglang");
  for (const char* part :
       {"--tp-size 40", "--dp-size 40", "--enable-dp-attention", "--ep-size 40", "--nnodes 10",
        "--max-running-requests 1600", "--chunked-prefill-size 32768",
        "--ep-num-redundant-experts 24", "--disaggregation-mode prefill",
        "--speculative-num-draft-tokens 2", "--pd-disaggregation"}) {
    EXPECT_TRUE(says(sglang, part)) << part << "\n" << sglang;
  }
  const std::string trtllm = text_of(world, c, "trtllm");
  for (const char* part :
       {"enable_attention_dp: true", "moe_expert_parallel_size: 40", "num_slots: 280",
        "max_draft_len: 1", "backend: NIXL", "mpirun -n 40", "--max_num_tokens 80",
        "context_servers", "generation_servers", "disable_overlap_scheduler: true"}) {
    EXPECT_TRUE(says(trtllm, part)) << part << "\n" << trtllm;
  }
  const std::string dynamo = text_of(world, c, "dynamo");
  for (const char* part : {"--disaggregation-mode prefill", "--disaggregation-mode decode",
                           "--enforce-disagg", "--data-parallel-rank $((rank * 4 + i))"}) {
    EXPECT_TRUE(says(dynamo, part)) << part << "\n" << dynamo;
  }
}

TEST(Export, TwoPoolsShareAServer) {
  // Three of 2 GPUs take 0 to 5 of a server of 8; one of 2 follows on 6 and 7, its fourth slot.
  const twin::World world = llama();
  const Candidate c = candidate_of(pool_of({.tp = 2}, 3, 2048), pool_of({.tp = 2}, 1, 0), 16.0);
  const ExportedScript script =
      export_script(world, c, table_of("vllm"), "a/b", engine_for("vllm"));
  for (const char* part : {"place prefill 0 1 4 3 0", "place decode 0 1 4 1 3",
                           "--decoder-ports $(ports 8200 4 1 3)"}) {
    EXPECT_TRUE(says(script.text, part)) << part << "\n" << script.text;
  }
  EXPECT_FALSE(says(script.text, "straddle"));
}

/// A plan that strains a tool, and what its script has to say.
struct Strain {
  std::string tool;
  Candidate candidate;
  std::string says;
};

TEST(Export, WhatAToolCannotExpressIsSaid) {
  const twin::World world = deepseek();
  const auto with = [](serving::Pool pool, const llm::Precision& precision) {
    pool.deployment.precision = precision;
    return together(pool, 9.0);
  };
  using enum kernel::DataType;
  const serving::Pool mixed = pool_of({.tp = 2, .dp = 4, .ep = 8}, 1, 512);
  const serving::Pool partial = pool_of({.tp = 1, .dp = 8, .ep = 4}, 1, 512);
  const serving::Pool staged = pool_of({.tp = 1, .dp = 4, .pp = 2, .ep = 4}, 1, 512);
  const serving::Pool wide = pool_of({.tp = 8, .dp = 2, .ep = 16}, 1, 512);
  const serving::Pool tensor = pool_of({.tp = 8}, 1, 512);
  const std::vector<Strain> strains = {
      {"trtllm", with(mixed, all_fp8), "attention over 2 ranks within data parallelism of 4"},
      {"vllm", with(partial, all_fp8), "experts over 4 of 8 ranks"},
      {"sglang", with(staged, all_fp8), "whether pipeline stages and attention data parallelism"},
      {"vllm", with(wide, all_fp8), "a data-parallel rank of 8 GPUs on one node"},
      {"dynamo", with(wide, all_fp8), "one worker a data-parallel rank"},
      {"vllm", with(tensor, {fp4, fp4, fp8}), "weights in fp4"},
      {"sglang", with(tensor, {fp8, bf16, fp8}), "activations in bf16 with weights in fp8"},
      {"vllm", with(tensor, {fp8, fp8, fp4}), "KV cache in fp4"},
      {"sglang", with(tensor, {fp8, fp8, int8}), "KV cache in int8"},
      {"trtllm", with(tensor, {fp8, fp8, int8}), "KV cache in int8"},
      {"sglang", with(pool_of({.tp = 1, .dp = 6, .ep = 6}, 12, 512), all_fp8), "take 24 nodes"},
  };
  for (const Strain& s : strains) {
    SCOPED_TRACE(s.tool + ": " + s.says);
    const ExportedScript script =
        export_script(world, s.candidate, table_of(s.tool), "", engine_for(s.tool));
    EXPECT_TRUE(std::any_of(script.inexpressible.begin(), script.inexpressible.end(),
                            [&](const std::string& text) { return says(text, s.says); }))
        << script.text;
    EXPECT_TRUE(says(script.text, "MODEL=${MODEL:?"));
  }
}

TEST(Export, EveryArgumentOfEveryShapeIsInItsTable) {
  const twin::World world = deepseek();
  using enum kernel::DataType;
  for (const std::string& tool : export_tools()) {
    const ToolTable table = table_of(tool);
    for (const llm::Parallelism& p : std::vector<llm::Parallelism>{{.tp = 1},
                                                                   {.tp = 8},
                                                                   {.tp = 4, .pp = 4},
                                                                   {.tp = 2, .dp = 4, .ep = 8},
                                                                   {.tp = 1, .dp = 72, .ep = 72},
                                                                   {.tp = 8, .dp = 2, .ep = 16}}) {
      for (const kernel::DataType kv : {bf16, fp8, fp4, int8}) {
        serving::Pool prefill = pool_of(p, 1, 4096);
        serving::Pool decode = pool_of(p, 2, 0);
        decode.deployment.draft_tokens = 2;
        prefill.deployment.precision = {fp8, fp8, kv};
        decode.deployment.precision = {int8, int8, kv};
        const ExportedScript split = export_script(world, candidate_of(prefill, decode, 7.0), table,
                                                   "a/b", engine_for(table.name));
        decode.chunk = 512;
        decode.max_batch = 33;
        const ExportedScript one =
            export_script(world, together(decode, 7.0), table, "a/b", engine_for(table.name));
        EXPECT_GT(split.arguments.size(), 10u);
        EXPECT_GT(one.arguments.size(), 10u);
      }
    }
  }
}

TEST(Export, ContextParallelismIsSaidToBeMissing) {
  const Candidate c = candidate_of(pool_of({.tp = 2, .ep = 8, .cp = 4}, 1, 4096),
                                   pool_of({.dp = 8, .ep = 8}, 1, 0), 7.0);
  for (const std::string& tool : export_tools()) {
    EXPECT_TRUE(
        says(text_of(deepseek(), c, tool), "cannot be expressed: prefill: prompts cut over 4"))
        << tool;
  }
}

TEST(Export, WhatTheEngineDoesNotRunIsSaid) {
  serving::Pool prefill = pool_of({.tp = 1, .pp = 4}, 1, 4096);
  serving::Pool decode = pool_of({.dp = 8, .ep = 8}, 1, 0);
  prefill.deployment.precision = decode.deployment.precision = all_fp8;
  const Candidate staged = candidate_of(prefill, decode, 7.0);
  EXPECT_TRUE(says(text_of(deepseek(), staged, "vllm"),
                   "cannot be expressed: 4 prefill stages that hand their KV cache over"));
  EXPECT_FALSE(says(text_of(deepseek(), staged, "sglang"), "prefill stages"));
  decode.deployment.draft_tokens = 1;
  EXPECT_TRUE(says(text_of(deepseek(), candidate_of(prefill, decode, 7.0), "sglang"),
                   "drafts of the decode pool"));
}

TEST(Export, BothPoolsCarryTheDraftLayersWhereTheEngineWantsThem) {
  serving::Pool prefill = pool_of({.dp = 8, .ep = 8}, 1, 4096);
  serving::Pool decode = pool_of({.dp = 8, .ep = 8}, 1, 0);
  decode.deployment.draft_tokens = 1;
  const std::string text = text_of(deepseek(), candidate_of(prefill, decode, 7.0), "vllm");
  const std::size_t first = text.find("--speculative-config");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(text.find("--speculative-config", first + 1), std::string::npos) << text;
}

TEST(Export, DealtCachesAreAnArgumentOfVllm) {
  serving::Pool decode = pool_of({.tp = 8, .ep = 8}, 1, 512);
  decode.deployment.parallel.dcp = 8;
  EXPECT_TRUE(
      says(text_of(deepseek(), together(decode, 7.0), "vllm"), "--decode-context-parallel-size 8"));
  EXPECT_TRUE(says(text_of(deepseek(), together(decode, 7.0), "trtllm"), "dealt over 8"));
}

TEST(Export, HostileNamesStayInComments) {
  twin::World world = llama();
  world.name = "x\nrm -rf \"$HOME\"";
  world.machine.model.name = "y\r\ntouch z";
  const std::string text = export_script(world, together(pool_of({.tp = 8}, 1, 512), 1.0),
                                         table_of("vllm"), "a'; touch z; '", engine_for("vllm"))
                               .text;
  EXPECT_FALSE(says(text, "\nrm"));
  EXPECT_FALSE(says(text, "\ntouch"));
  EXPECT_TRUE(says(text, "checkpoint='a'\\''; touch z; '\\'''"));
}

}  // namespace
}  // namespace sn::planner
