// sn/planner/search/engine_runs.cc
//
// Deployments against the table of an engine (see engine_runs.h).

#include "sn/planner/search/engine_runs.h"

#include <fmt/format.h>

namespace sn::planner {

namespace {

std::string instance(const llm::EngineRuns& runs, const llm::ModelSpec& model,
                     const llm::Deployment& deployment) {
  const llm::Parallelism& p = deployment.parallel;
  const bool latent = model.attention.kind == llm::AttentionKind::mla;
  if (p.pp > 1 && deployment.draft_tokens > 0 && !runs.draft_stages) {
    return "drafts in a pipeline of several stages";
  }
  if (p.dp > 1 && p.tp > 1 && !runs.rank_groups) {
    return fmt::format("attention over {} ranks within data parallelism of {}", p.tp, p.dp);
  }
  if (p.dp > 1 && p.pp > 1 && !runs.rank_stages) {
    return "attention data parallelism in several pipeline stages";
  }
  if (model.is_moe() && p.ep > 1 && p.ep < p.stage_ranks() && !runs.experts_in_part) {
    return fmt::format("experts over {} of {} ranks", p.ep, p.stage_ranks());
  }
  if (p.cp > 1 && !runs.prefill_context) return fmt::format("prompts cut over {} ranks", p.cp);
  if (p.dcp > 1 && !(latent ? runs.decode_context_latent : runs.decode_context_heads)) {
    return fmt::format("a {} cache dealt over {} tensor ranks", latent ? "latent" : "KV", p.dcp);
  }
  const kernel::DataType kv = deployment.precision.kv;
  if ((kv == kernel::DataType::fp4 && !runs.kv_fp4) ||
      (kv == kernel::DataType::int8 && !runs.kv_int8)) {
    return fmt::format("a KV cache in {}", kernel::to_string(kv));
  }
  return {};
}

}  // namespace

PoolKind kind_of(const llm::Deployment& deployment) {
  return {.kv = deployment.precision.kv,
          .staged = deployment.parallel.pp > 1,
          .drafts = deployment.draft_tokens > 0};
}

std::string cannot_run(const llm::Framework& engine, const llm::ModelSpec& model,
                       const llm::Deployment& deployment, Role role) {
  if (deployment.parallel.pp > 1 && role == Role::prefill && !engine.runs.handover_prefill_stages) {
    return fmt::format("{} prefill stages that hand their KV cache over", deployment.parallel.pp);
  }
  if (deployment.parallel.pp > 1 && role == Role::decode && !engine.runs.handover_decode_stages) {
    return fmt::format("{} decode stages that take a KV cache over", deployment.parallel.pp);
  }
  return instance(engine.runs, model, deployment);
}

std::string cannot_join(const llm::Framework& engine, const PoolKind& prefill,
                        const PoolKind& decode) {
  const llm::EngineRuns& runs = engine.runs;
  if (prefill.kv != decode.kv && !runs.handover_kv_differs) {
    return fmt::format("a KV cache in {} handed to one in {}", kernel::to_string(prefill.kv),
                       kernel::to_string(decode.kv));
  }
  if (decode.drafts && prefill.staged && !runs.draft_alone && !runs.draft_stages) {
    return "drafts of the decode pool, whose layers the prefill pool carries too, in prefill "
           "stages";
  }
  return {};
}

std::string cannot_run(const llm::Framework& engine, const llm::ModelSpec& model,
                       const serving::ServingPlan& plan) {
  const llm::Deployment& decode = plan.decode.deployment;
  if (!plan.disaggregated()) return cannot_run(engine, model, decode, Role::aggregated);
  const llm::Deployment& prefill = plan.prefill.deployment;
  std::string why = cannot_run(engine, model, prefill, Role::prefill);
  if (why.empty()) why = cannot_run(engine, model, decode, Role::decode);
  if (why.empty()) why = cannot_join(engine, kind_of(prefill), kind_of(decode));
  return why;
}

}  // namespace sn::planner
