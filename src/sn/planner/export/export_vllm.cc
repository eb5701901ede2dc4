// sn/planner/export/export_vllm.cc
//
// vLLM alone, and as the worker of Dynamo: both take the same engine arguments (see export.h).
//
// vLLM spreads experts over all tensor- and data-parallel ranks or over none. Data-parallel ranks
// on several nodes are engines of their own; a rank that spans nodes goes over Ray.

#include <fmt/format.h>

#include "sn/planner/export/export_parts.h"

namespace sn::planner {

namespace {

constexpr std::string_view serve = "vllm serve";
constexpr std::string_view worker = "python3 -m dynamo.vllm";
constexpr std::string_view proxy = "toy_proxy_server.py";
constexpr int side_channel = 5600;  // 100 a GPU
constexpr int first_port = 8100;    // of the first pool; the second has 8200

int port_of(const Placement& p) { return p.role == "decode" ? first_port + 100 : first_port; }

void kv_format(Script& s, const Placement& p) {
  const kernel::DataType kv = p.deployment().precision.kv;
  if (kv == kernel::DataType::bf16) return s.flag("--kv-cache-dtype", "auto");
  if (kv == kernel::DataType::fp8) return s.flag("--kv-cache-dtype", "fp8");
  s.cannot("KV cache in " + std::string(kernel::to_string(kv)) + ": the least is fp8");
  s.flag("--kv-cache-dtype", "fp8");
}

void experts(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  if (!s.world().machine.model.is_moe()) return;
  if (shape.ep > 1 && shape.ep < shape.stage_ranks()) {
    s.cannot(fmt::format("experts over {} of {} ranks: over all or over none; taken over all",
                         shape.ep, shape.stage_ranks()));
  }
  if (shape.ep == 1) return;
  s.flag("--enable-expert-parallel");
  if (shape.dp > 1 && p.role != "serve") {
    s.flag("--all2all-backend", p.decodes() ? "deepep_low_latency" : "deepep_high_throughput");
  }
  if (const std::int64_t spare = redundant_experts(p, s.world()); spare > 0) {
    s.flag("--enable-eplb");
    s.flag("--eplb-config", fmt::format("'{{\"num_redundant_experts\": {}}}'", spare));
  }
}

/// Draft models of EAGLE-3 are checkpoints of their own.
void speculation(Script& s, std::int64_t drafts) {
  using Kind = llm::DraftModel::Kind;
  const Kind kind = s.world().machine.model.draft.kind;
  if (kind == Kind::eagle3) {
    return s.flag("--speculative-config",
                  fmt::format("\"{{\\\"method\\\": \\\"eagle3\\\", \\\"model\\\": "
                              "\\\"${{DRAFT_MODEL:?path of the draft model}}\\\", "
                              "\\\"num_speculative_tokens\\\": {}}}\"",
                              drafts));
  }
  s.flag("--speculative-config",
         fmt::format("'{{\"method\": \"{}\", \"num_speculative_tokens\": {}}}'",
                     kind == Kind::ngram ? "ngram" : "mtp", drafts));
}

/// Arguments that hold for the engines of vLLM wherever they run.
void engine(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  const std::int64_t drafts = carried_drafts(s, p);
  const std::int64_t batch = batch_limit(p, s.world());
  s.flag("--max-model-len", longest(s.world()));
  if (loads_weights(s, p, true) &&
      p.deployment().precision.weights != s.world().machine.model.native_weights) {
    s.flag("--quantization", "fp8");
  }
  s.flag("--tensor-parallel-size", shape.tp);
  if (shape.pp > 1) s.flag("--pipeline-parallel-size", shape.pp);
  if (shape.dcp > 1) s.flag("--decode-context-parallel-size", shape.dcp);
  if (p.splits_rank) s.flag("--distributed-executor-backend", "ray");
  experts(s, p);
  kv_format(s, p);
  s.flag("--block-size", static_cast<std::int64_t>(s.world().machine.kv_block));
  s.flag("--gpu-memory-utilization", share(p.report->memory.usable / hbm(s.world())));
  if (p.prefills()) s.flag("--enable-prefix-caching");
  if (p.decodes()) s.flag("--max-num-seqs", batch);
  if (p.pool->chunk > 0) {
    s.flag("--enable-chunked-prefill");
    s.flag("--max-num-batched-tokens", p.pool->chunk + (p.decodes() ? batch * (1 + drafts) : 0));
  }
  if (drafts > 0) speculation(s, drafts);
  if (p.role != "serve") {
    s.flag("--kv-transfer-config",
           "'{\"kv_connector\": \"NixlConnector\", \"kv_role\": \"kv_both\"}'");
  }
}

/// Starts Ray over the nodes of an instance; all but the first stay in it.
void ray(Script& s, const Placement& p) {
  if (!p.splits_rank) return;
  s.cannot(
      fmt::format("{}: a data-parallel rank of {} GPUs on one node: it spans nodes of {} "
                  "GPUs, so that Ray places it",
                  p.role, p.parallel().tp * p.parallel().pp, p.node_gpus));
  const auto use = [&](std::string_view name) { return s.use("ray start", name); };
  s.line("  if [ \"$rank\" -gt 0 ]; then");
  s.line("    ray start " + use("--address") + "=\"$head:6379\" " + use("--block"));
  s.line("    return");
  s.line("  fi");
  s.line("  ray start " + use("--head") + " " + use("--port") + "=6379");
}

/// `first` is the first GPU, an arithmetic expression of bash.
void environment(Script& s, const Placement& p, std::string_view first, std::int64_t gpus,
                 std::string_view indent) {
  s.line(fmt::format("{}local gpu=$(({}))", indent, first));
  s.line(fmt::format("{}export {}", indent, s.use("environment", "CUDA_VISIBLE_DEVICES")));
  s.line(fmt::format("{}CUDA_VISIBLE_DEVICES=$(seq -s, \"$gpu\" $((gpu + {})))", indent, gpus - 1));
  if (p.role == "serve") return;
  s.line(fmt::format("{}export {}=\"${{HOSTS[NODE]}}\"", indent,
                     s.use("environment", "VLLM_NIXL_SIDE_CHANNEL_HOST")));
  s.line(fmt::format("{}export {}=$(({} + 100 * gpu))", indent,
                     s.use("environment", "VLLM_NIXL_SIDE_CHANNEL_PORT"), side_channel));
}

/// Where the data-parallel ranks of an instance meet.
void meeting(Script& s, const Placement& p) {
  s.flag("--data-parallel-address", "\"$head\"");
  s.flag("--data-parallel-rpc-port",
         fmt::format("$(({} + slot))", p.role == "decode" ? 13445 : 13345));
}

void pool_vllm(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  s.line(p.role + "() {");
  s.line("  local rank=$1 slot=$2 head=$3 more=()");
  environment(s, p, fmt::format("slot * {}", p.node_gpus), p.node_gpus, "  ");
  ray(s, p);
  const std::int64_t local = shape.dp / p.nodes_each;
  if (p.nodes_each > 1 && !p.splits_rank) {
    s.line("  if [ \"$rank\" -gt 0 ]; then");
    s.line(fmt::format("    more=({} {} $((rank * {})))", s.use(serve, "--headless"),
                       s.use(serve, "--data-parallel-start-rank"), local));
    s.line("  fi");
  }
  s.open(std::string(serve), "  vllm serve \"$MODEL\"");
  s.flag("--host", "0.0.0.0");
  s.flag("--port", fmt::format("$(({} + slot))", port_of(p)));
  if (shape.dp > 1) {
    s.flag("--data-parallel-size", shape.dp);
    if (p.splits_rank) {
      s.flag("--data-parallel-backend", "ray");
    } else if (p.nodes_each > 1) {
      s.flag("--data-parallel-size-local", local);
    }
    meeting(s, p);
  }
  engine(s, p);
  s.word("${more[@]+\"${more[@]}\"}");
  s.close();
  s.line("}\n");
}

void pool_dynamo(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  const bool ranks = shape.dp > 1 && !p.splits_rank;
  if (shape.dp > 1 && p.splits_rank) {
    s.cannot(p.role +
             ": one worker a data-parallel rank where a rank spans nodes; the ranks are "
             "left out here and have to be placed by hand");
  }
  const std::int64_t local = ranks ? shape.dp / p.nodes_each : 1;
  const std::int64_t gpus = p.node_gpus / local;
  s.line(p.role + "() {");
  s.line("  local rank=$1 slot=$2 head=$3 i");
  ray(s, p);
  s.line(fmt::format("  for ((i = 0; i < {}; i++)); do", local));
  environment(s, p, fmt::format("slot * {} + i * {}", p.node_gpus, gpus), gpus, "    ");
  s.open(std::string(worker), "    python3 -m dynamo.vllm");
  s.flag("--model", "\"$MODEL\"");
  s.flag("--disaggregation-mode", p.role == "serve" ? "agg" : p.role);
  s.flag("--discovery-backend", "etcd");
  if (ranks) {
    s.flag("--data-parallel-size", shape.dp);
    s.flag("--data-parallel-rank", fmt::format("$((rank * {} + i))", local));
    meeting(s, p);
  }
  engine(s, p);
  if (p.prefills()) {
    s.flag("--kv-events-config",
           "\"{\\\"publisher\\\": \\\"zmq\\\", \\\"topic\\\": \\\"kv-events\\\", "
           "\\\"endpoint\\\": \\\"tcp://*:$((20080 + gpu))\\\", \\\"enable_kv_cache_events\\\": "
           "true}\"");
  }
  s.close(" &");
  s.line("  done\n  wait\n}\n");
}

}  // namespace

void write_vllm(Script& s) {
  for (const Placement& p : s.pools()) pool_vllm(s, p);
  const Placement& first = s.pools().front();
  s.line("router() {");
  if (s.pools().size() == 1) {
    if (first.pool->replicas > 1) {
      s.cannot(
          fmt::format("a router over the {} replicas: put a load balancer, best one that "
                      "keeps prefixes together, in front of the addresses that `router` lists",
                      first.pool->replicas));
    }
    s.line("  paste -d: <(" + first.hosts() + ") <(" + first.ports(port_of(first)) + ")");
    s.line("}");
    return;
  }
  const Placement& second = s.pools().back();
  s.cannot(
      "a router for production: the proxy is the one of vLLM's own tests "
      "(tests/v1/kv_connector/nixl_integration), which takes servers in turn and does not "
      "look at prefixes");
  s.open(std::string(proxy), "  # shellcheck disable=SC2046\n  python3 toy_proxy_server.py");
  s.flag("--port", "8000");
  s.flag("--prefiller-hosts", "$(" + first.hosts() + ")");
  s.flag("--prefiller-ports", "$(" + first.ports(port_of(first)) + ")");
  s.flag("--decoder-hosts", "$(" + second.hosts() + ")");
  s.flag("--decoder-ports", "$(" + second.ports(port_of(second)) + ")");
  s.close();
  s.line("}");
}

void write_dynamo(Script& s) {
  s.line(fmt::format("export {}=${{ETCD_ENDPOINTS:-http://${{HOSTS[0]}}:2379}}\n",
                     s.use("environment", "ETCD_ENDPOINTS")));
  for (const Placement& p : s.pools()) pool_dynamo(s, p);
  s.line("router() {");
  s.open("python3 -m dynamo.frontend", "  python3 -m dynamo.frontend");
  s.flag("--http-port", "8000");
  s.flag("--router-mode", "kv");
  s.flag("--kv-cache-block-size", static_cast<std::int64_t>(s.world().machine.kv_block));
  s.flag("--discovery-backend", "etcd");
  if (s.pools().size() > 1) s.flag("--enforce-disagg");
  s.close();
  s.line("}");
}

}  // namespace sn::planner
