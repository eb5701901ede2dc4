// sn/planner/export/export_trtllm.cc
//
// TensorRT-LLM: trtllm-serve with a YAML file of LLM API options (see export.h).
//
// Attention is tensor-parallel or data-parallel over all ranks of a stage, nothing between; experts
// are cut over what expert parallelism leaves. Ranks of several nodes are started by mpirun on the
// first.

#include <fmt/format.h>

#include "sn/planner/export/export_parts.h"

namespace sn::planner {

namespace {

constexpr std::string_view options = "LLM API options";
constexpr std::string_view orchestration = "disaggregated configuration";

int port_of(const Placement& p) { return p.role == "decode" ? 8200 : 8100; }

std::string kv_format(Script& s, const Placement& p) {
  switch (p.deployment().precision.kv) {
    case kernel::DataType::bf16:
      return "bfloat16";
    case kernel::DataType::fp8:
      return "fp8";
    case kernel::DataType::fp4:
      return "nvfp4";
    case kernel::DataType::int8:
    case kernel::DataType::int4:
      break;
  }
  s.cannot("KV cache in int8: fp8 has its size and is taken");
  return "fp8";
}

void kv_cache(Script& s, const Placement& p) {
  const MemoryUse& memory = p.report->memory;
  const Bytes left = hbm(s.world()) - memory.weights - memory.activations - memory.workspace;
  const auto key = [&](std::string_view name, std::string_view value) {
    s.yaml(options, fmt::format("kv_cache_config.{}", name), value, "  ");
  };
  s.line("kv_cache_config:");
  key("dtype", kv_format(s, p));
  key("enable_block_reuse", p.prefills() ? "true" : "false");
  key("free_gpu_memory_fraction", share(memory.kv / left));
  key("tokens_per_block", std::to_string(static_cast<std::int64_t>(s.world().machine.kv_block)));
}

void experts(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  if (!s.world().machine.model.is_moe()) return;
  s.yaml(options, "moe_tensor_parallel_size", std::to_string(shape.expert_tp()));
  s.yaml(options, "moe_expert_parallel_size", std::to_string(shape.ep));
  const std::int64_t spare = redundant_experts(p, s.world());
  if (spare == 0) return;
  const std::int64_t slots = s.world().machine.model.experts + spare;
  s.line("moe_config:\n  load_balancer:");
  s.yaml(options, "moe_config.load_balancer.num_slots", std::to_string(slots), "    ");
  s.yaml(options, "moe_config.load_balancer.layer_updates_per_iter", "1", "    ");
}

/// The file of LLM API options, written where the server starts.
void options_file(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  s.line(fmt::format("  cat > \"{}_$slot.yaml\" <<'YAML'", p.role));
  if (shape.dp > 1) {
    s.yaml(options, "enable_attention_dp", "true");
    if (shape.tp > 1) {
      s.cannot(
          fmt::format("{}: attention over {} ranks within data parallelism of {}: attention "
                      "data parallelism is over all {} ranks, each with whole heads; limits "
                      "are kept for the stage as a whole",
                      p.role, shape.tp, shape.dp, shape.stage_ranks()));
    }
  }
  experts(s, p);
  if (p.pool->chunk > 0) s.yaml(options, "enable_chunked_prefill", "true");
  kv_cache(s, p);
  if (p.decodes()) {
    s.line("cuda_graph_config:");
    s.yaml(options, "cuda_graph_config.enable_padding", "true", "  ");
    const std::int64_t batch = batch_limit(p, s.world());
    const std::int64_t most = shape.dp > 1 ? (batch + shape.tp - 1) / shape.tp : batch;
    s.yaml(options, "cuda_graph_config.max_batch_size", std::to_string(most), "  ");
  } else {
    s.yaml(options, "disable_overlap_scheduler", "true");
  }
  if (shape.dcp > 1) {
    s.cannot(
        fmt::format("{}: a cache dealt over {} tensor ranks: Helix's options are not in this "
                    "tool's table",
                    p.role, shape.dcp));
  }
  if (const std::int64_t drafts = carried_drafts(s, p); drafts > 0) {
    if (s.world().machine.model.draft.kind != llm::DraftModel::Kind::mtp) {
      s.cannot(
          "drafts that are not of the model's own MTP layers: the table has no options of "
          "theirs; set speculative_config by hand");
    }
    s.line("speculative_config:");
    s.yaml(options, "speculative_config.decoding_type", "MTP", "  ");
    s.yaml(options, "speculative_config.max_draft_len", std::to_string(drafts), "  ");
  }
  if (p.role != "serve") {
    s.line("cache_transceiver_config:");
    s.yaml(options, "cache_transceiver_config.backend", "NIXL", "  ");
    s.yaml(options, "cache_transceiver_config.max_tokens_in_buffer",
           std::to_string(longest(s.world())), "  ");
  }
  s.line("YAML");
}

/// Limits are per attention rank; with data parallelism over all ranks these are tp times as many.
void limits(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  const std::int64_t finer = shape.dp > 1 ? shape.tp : 1;
  const auto of_rank = [&](std::int64_t n) { return (n + finer - 1) / finer; };
  const std::int64_t batch = p.decodes() ? of_rank(batch_limit(p, s.world())) : 0;
  const std::int64_t tokens = batch * (1 + p.deployment().draft_tokens) + of_rank(p.pool->chunk);
  if (batch > 0) s.flag("--max_batch_size", batch);
  s.flag("--max_num_tokens", tokens);
  s.flag("--max_seq_len", longest(s.world()));
}

void pool(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  static_cast<void>(loads_weights(s, p, false));
  s.line(p.role + "() {");
  s.line("  local rank=$1 slot=$2");
  if (p.nodes_each > 1) {
    s.line("  [ \"$rank\" -eq 0 ] || return 0  # mpirun on the first node starts the others");
    s.line(fmt::format("  local nodes\n  nodes=$(printf '%s:{},' \"${{HOSTS[@]:NODE:{}}}\")",
                       p.node_gpus, p.nodes_each));
  }
  options_file(s, p);
  s.line(fmt::format("  export {}", s.use("environment", "CUDA_VISIBLE_DEVICES")));
  s.line(fmt::format("  CUDA_VISIBLE_DEVICES=$(seq -s, $((slot * {0})) $((slot * {0} + {1})))",
                     p.node_gpus, p.node_gpus - 1));
  std::string start = "  ";
  if (p.nodes_each > 1) {
    start += fmt::format("mpirun {} {} {} \"${{nodes%,}}\" trtllm-llmapi-launch ",
                         s.use("mpirun", "-n"), shape.gpus(), s.use("mpirun", "--host"));
  }
  s.open("trtllm-serve", start + "trtllm-serve \"$MODEL\"");
  s.flag("--host", "0.0.0.0");
  s.flag("--port", fmt::format("$(({} + slot))", port_of(p)));
  s.flag("--backend", "pytorch");
  s.flag("--tp_size", shape.stage_ranks());
  if (shape.pp > 1) s.flag("--pp_size", shape.pp);
  if (s.world().machine.model.is_moe()) s.flag("--ep_size", shape.ep);
  s.flag("--gpus_per_node", p.node_gpus);
  limits(s, p);
  s.flag("--config", fmt::format("\"{}_$slot.yaml\"", p.role));
  s.close();
  s.line("}\n");
}

void servers(Script& s, const Placement& p, std::string_view key) {
  s.line(fmt::format("  printf '{}:\\n' >> disaggregated.yaml", key));
  static_cast<void>(s.use(orchestration, fmt::format("{}.num_instances", key)));
  static_cast<void>(s.use(orchestration, fmt::format("{}.urls", key)));
  s.line(fmt::format("  printf '  num_instances: %d\\n  urls:\\n' {} >> disaggregated.yaml",
                     p.pool->replicas));
  s.line(fmt::format("  i={}", p.skip));
  s.line("  for host in $(" + p.hosts() + "); do");
  s.line(
      fmt::format("    printf '    - \"%s:%d\"\\n' \"$host\" $(({} + i % {})) >> "
                  "disaggregated.yaml",
                  port_of(p), p.per_node));
  s.line("    i=$((i + 1))\n  done");
}

}  // namespace

void write_trtllm(Script& s) {
  for (const Placement& p : s.pools()) pool(s, p);
  const Placement& first = s.pools().front();
  s.line("router() {");
  if (s.pools().size() == 1) {
    if (first.pool->replicas > 1) {
      s.cannot(
          fmt::format("a router over the {} replicas: put a load balancer in front of the "
                      "addresses that `router` lists",
                      first.pool->replicas));
    }
    s.line("  paste -d: <(" + first.hosts() + ") <(" + first.ports(port_of(first)) + ")");
    s.line("}");
    return;
  }
  s.line("  local host i\n  cat > disaggregated.yaml <<'YAML'");
  s.yaml(orchestration, "hostname", "0.0.0.0");
  s.yaml(orchestration, "port", "8000");
  s.yaml(orchestration, "backend", "pytorch");
  s.line("YAML");
  servers(s, first, "context_servers");
  servers(s, s.pools().back(), "generation_servers");
  s.line("  trtllm-serve disaggregated " + s.use("trtllm-serve disaggregated", "-c") +
         " disaggregated.yaml");
  s.line("}");
}

}  // namespace sn::planner
