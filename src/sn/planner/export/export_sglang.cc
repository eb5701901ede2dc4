// sn/planner/export/export_sglang.cc
//
// SGLang: servers and its router (see export.h).
//
// `--tp-size` counts all ranks of a stage. With attention data parallelism the limits of requests
// and of the prefill chunk are for all attention ranks together and divided by the server.

#include <fmt/format.h>

#include "sn/planner/export/export_parts.h"

namespace sn::planner {

namespace {

constexpr int bootstrap_port = 8998;

int port_of(const Placement& p) { return p.role == "decode" ? 30200 : 30100; }

void formats(Script& s, const Placement& p) {
  const llm::Precision& precision = p.deployment().precision;
  if (loads_weights(s, p, true) && precision.weights != s.world().machine.model.native_weights) {
    s.flag("--quantization", "fp8");
  }
  switch (precision.kv) {
    case kernel::DataType::bf16:
      return s.flag("--kv-cache-dtype", "bf16");
    case kernel::DataType::fp8:
      return s.flag("--kv-cache-dtype", "fp8_e4m3");
    case kernel::DataType::fp4:
      return s.flag("--kv-cache-dtype", "nvfp4");
    case kernel::DataType::int8:
    case kernel::DataType::int4:
      break;
  }
  s.cannot("KV cache in int8: fp8 has its size and is taken");
  s.flag("--kv-cache-dtype", "fp8_e4m3");
}

void parallel(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  s.flag("--tp-size", shape.stage_ranks());
  if (shape.pp > 1) s.flag("--pp-size", shape.pp);
  if (shape.dp > 1) {
    s.flag("--dp-size", shape.dp);
    s.flag("--enable-dp-attention");
    if (shape.pp > 1) {
      s.cannot(
          "whether pipeline stages and attention data parallelism go together: the arguments "
          "take both, the tool does not document it");
    }
  }
  if (s.world().machine.model.is_moe() && shape.ep > 1) {
    s.flag("--ep-size", shape.ep);
    if (shape.dp > 1 && shape.ep == shape.stage_ranks()) {
      s.flag("--moe-a2a-backend", "deepep");
      s.flag("--deepep-mode", p.role == "serve" ? "auto" : p.decodes() ? "low_latency" : "normal");
    }
    if (const std::int64_t spare = redundant_experts(p, s.world()); spare > 0) {
      s.flag("--enable-eplb");
      s.flag("--ep-num-redundant-experts", spare);
    }
  }
  if (p.nodes_each > 1) {
    s.flag("--nnodes", p.nodes_each);
    s.flag("--node-rank", "\"$rank\"");
    s.flag("--dist-init-addr", "\"$head:$((20000 + 100 * slot))\"");
  }
  s.flag("--base-gpu-id", fmt::format("$((slot * {}))", p.node_gpus));
}

void limits(Script& s, const Placement& p) {
  const llm::Parallelism& shape = p.parallel();
  const MemoryUse& memory = p.report->memory;
  s.flag("--context-length", longest(s.world()));
  s.flag("--page-size", static_cast<std::int64_t>(s.world().machine.kv_block));
  s.flag("--mem-fraction-static", share((memory.weights + memory.kv) / hbm(s.world())));
  if (p.decodes()) s.flag("--max-running-requests", batch_limit(p, s.world()) * shape.dp);
  if (p.pool->chunk > 0) {
    s.flag("--chunked-prefill-size", p.pool->chunk * shape.dp);
    s.flag("--max-prefill-tokens", p.pool->chunk);
    if (p.decodes()) s.flag("--enable-mixed-chunk");
  }
  if (shape.dcp > 1) {
    s.cannot(
        fmt::format("{}: a cache dealt over {} tensor ranks: the arguments of this version "
                    "have none for it",
                    p.role, shape.dcp));
  }
  if (const std::int64_t drafts = carried_drafts(s, p); drafts > 0) {
    using Kind = llm::DraftModel::Kind;
    const Kind kind = s.world().machine.model.draft.kind;
    s.flag("--speculative-algorithm", kind == Kind::eagle3  ? "EAGLE3"
                                      : kind == Kind::ngram ? "NGRAM"
                                                            : "NEXTN");
    if (kind == Kind::eagle3) {
      s.flag("--speculative-draft-model-path", "\"${DRAFT_MODEL:?path of the draft model}\"");
    }
    s.flag("--speculative-num-steps", drafts);
    s.flag("--speculative-eagle-topk", 1);
    s.flag("--speculative-num-draft-tokens", drafts + 1);
  }
}

void pool(Script& s, const Placement& p) {
  s.line(p.role + "() {");
  s.line("  local rank=$1 slot=$2 head=$3");
  s.open("python3 -m sglang.launch_server", "  python3 -m sglang.launch_server");
  s.flag("--model-path", "\"$MODEL\"");
  s.flag("--host", "0.0.0.0");
  s.flag("--port", fmt::format("$(({} + slot))", port_of(p)));
  parallel(s, p);
  formats(s, p);
  limits(s, p);
  if (p.role != "serve") {
    s.flag("--disaggregation-mode", p.role);
    s.flag("--disaggregation-transfer-backend", "nixl");
    if (!p.decodes()) {
      s.flag("--disaggregation-bootstrap-port", fmt::format("$(({} + slot))", bootstrap_port));
    }
  }
  s.close();
  s.line("}\n");
}

/// A loop that appends what `text` says of every replica ($host, $port, $i) to `urls`.
void urls(Script& s, const Placement& p, const std::string& text) {
  s.line(fmt::format("  i={}", p.skip));
  s.line("  for host in $(" + p.hosts() + "); do");
  s.line(fmt::format("    port=$(({} + i % {}))", port_of(p), p.per_node));
  s.line("    urls+=(" + text + ")");
  s.line("    i=$((i + 1))\n  done");
}

}  // namespace

void write_sglang(Script& s) {
  const std::string router = "python3 -m sglang_router.launch_router";
  for (const Placement& p : s.pools()) pool(s, p);
  const Placement& first = s.pools().front();
  const bool split = s.pools().size() > 1;
  s.line("router() {\n  local urls=() host port i");
  if (split) {
    urls(s, first,
         fmt::format("{} \"http://$host:$port\" $(({} + i % {}))", s.use(router, "--prefill"),
                     bootstrap_port, first.per_node));
    urls(s, s.pools().back(), s.use(router, "--decode") + " \"http://$host:$port\"");
  } else {
    s.line("  urls=(" + s.use(router, "--worker-urls") + ")");
    urls(s, first, "\"http://$host:$port\"");
  }
  s.open(router, "  " + router);
  s.flag("--host", "0.0.0.0");
  s.flag("--port", "8000");
  s.flag("--policy", "cache_aware");
  if (split) s.flag("--pd-disaggregation");
  s.word("\"${urls[@]}\"");
  s.close();
  s.line("}");
}

}  // namespace sn::planner
