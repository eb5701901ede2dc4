// sn/llm/model.h
//
// Architecture of a decoder-only language model, from a Hugging Face config.json (a catalog entry
// holds the same keys under `config`), with parameter counts, KV bytes per token and FLOPs per
// token.
//
// Attention: grouped-query (MHA and MQA are its ends) or multi-head latent (MLA, DeepSeek-V2, arXiv
// 2405.04434). Feed-forward: dense SwiGLU (3 matrices) or mixture of experts with shared experts.
// Multi-token prediction: extra layers of the last layer's kind with a 2h -> h projection
// (DeepSeek-V3, arXiv 2412.19437, section 2.2). Families read: llama, mistral, mixtral, qwen2,
// qwen3, qwen3_moe, deepseek_v3, kimi_k2.

#pragma once

#include <cstdint>
#include <string>

#include "sn/base/document.h"
#include "sn/base/quantity.h"
#include "sn/base/result.h"
#include "sn/kernel/data_type.h"

namespace sn::llm {

enum class AttentionKind { gqa, mla };

struct Attention {
  AttentionKind kind = AttentionKind::gqa;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;  // gqa
  std::int64_t head_dim = 0;  // gqa
  bool bias = false;          // gqa: bias on q, k, v (Qwen2)
  bool qk_norm = false;       // gqa: RMSNorm on q and k heads (Qwen3)
  std::int64_t q_lora = 0;    // mla; 0: full-rank queries
  std::int64_t kv_lora = 0;   // mla
  std::int64_t rope_dim = 0;  // mla
  std::int64_t nope_dim = 0;  // mla
  std::int64_t v_dim = 0;     // mla

  friend bool operator==(const Attention&, const Attention&) = default;
};

struct ModelSpec {
  std::string name;
  std::string family;  // model_type
  std::int64_t hidden = 0;
  std::int64_t layers = 0;
  std::int64_t vocab = 0;
  std::int64_t max_context = 0;  // tokens
  bool tied_embeddings = false;
  Attention attention;
  std::int64_t dense_layers = 0;  // the first layers; the others hold experts
  std::int64_t dense_inter = 0;
  std::int64_t experts = 0;  // routed, per layer; 0: a dense model
  std::int64_t top_k = 0;
  std::int64_t expert_inter = 0;
  std::int64_t shared_inter = 0;  // sum over shared experts
  std::int64_t mtp_layers = 0;
  kernel::DataType native_weights = kernel::DataType::bf16;

  [[nodiscard]] std::int64_t moe_layers() const { return layers - dense_layers; }
  [[nodiscard]] bool is_moe() const { return experts > 0; }
  friend bool operator==(const ModelSpec&, const ModelSpec&) = default;
};

/// Reads a config.json tree. Errors: unknown family (with the known ones), missing fields, absurd
/// values; keys that do not concern the architecture are ignored, as config.json holds many.
[[nodiscard]] Result<ModelSpec> read_model(const Node& config, std::string name);

/// Parameters by part, whole model.
struct ParameterCount {
  double embedding = 0.0;
  double attention = 0.0;
  double dense_ffn = 0.0;
  double experts = 0.0;
  double shared_experts = 0.0;
  double router = 0.0;
  double norms = 0.0;
  double lm_head = 0.0;  // 0 when tied
  double mtp = 0.0;      // not part of `total`

  [[nodiscard]] double total() const {
    return embedding + attention + dense_ffn + experts + shared_experts + router + norms + lm_head;
  }
};

[[nodiscard]] ParameterCount count_parameters(const ModelSpec& model);

/// Parameters that one token passes through (embedding look-up not counted, output head counted).
[[nodiscard]] double active_parameters(const ModelSpec& model);

/// Parameters of the attention block of one layer.
[[nodiscard]] double attention_parameters(const ModelSpec& model);

/// KV cache of one token over all layers, unsharded: gqa 2 x kv_heads x head_dim, mla kv_lora +
/// rope_dim elements per layer. `with_mtp` adds the MTP layers' cache.
[[nodiscard]] Bytes kv_bytes_per_token(const ModelSpec& model, kernel::DataType kv,
                                       bool with_mtp = false);

/// Forward FLOPs of one token at a context of `context` keys (2 per multiply-add), output head
/// included.
[[nodiscard]] Flops flops_per_token(const ModelSpec& model, double context);

}  // namespace sn::llm
