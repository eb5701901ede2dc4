// sn/llm/model/model.h
//
// Architecture of a decoder-only language model, from a Hugging Face config.json (a catalog entry
// holds the same keys under `config`), with parameter counts, KV bytes per token and FLOPs per
// token.
//
// Attention: grouped-query (MHA and MQA are its ends) or multi-head latent (MLA, DeepSeek-V2, arXiv
// 2405.04434). Feed-forward: dense SwiGLU (3 matrices) or mixture of experts with shared experts.
// Multi-token prediction: extra layers of the last layer's kind with a 2h -> h projection
// (DeepSeek-V3, arXiv 2412.19437, section 2.2). Families: the table at the top of read_model.cc.
//
// Layers that do not read the whole context, of which a model has one kind at most:
//   windowed: attention reads, and the cache keeps, at most `window` keys (Mistral, arXiv
//     2310.06825; gpt-oss, arXiv 2508.10925). Attention within chunks (Llama 4) is taken as a
//     window of a chunk: an upper bound, twice the mean of a long context.
//   sparse: an indexer scores all keys with `index_heads` x `index_dim` in fp8, from `index_dim`
//     bytes of cache per token and layer, and attention reads the `sparse_top_k` best (DeepSeek
//     Sparse Attention, DeepSeek-V3.2 report).
// Positions of dense and windowed layers do not matter here, so that counts stand for them.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/base/units/quantity.h"
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
  bool wide_norm = false;     // gqa: that norm has a weight per element of all heads (MiniMax-M2)
  bool out_bias = false;      // gqa: bias on the output projection (gpt-oss)
  bool output_gate = false;   // gqa: a gate as wide as the queries (Qwen3-Next)
  bool sinks = false;         // gqa: one learned logit per head (gpt-oss)
  std::int64_t q_lora = 0;    // mla; 0: full-rank queries
  std::int64_t kv_lora = 0;   // mla
  std::int64_t rope_dim = 0;  // mla
  std::int64_t nope_dim = 0;  // mla
  std::int64_t v_dim = 0;     // mla

  friend bool operator==(const Attention&, const Attention&) = default;
};

/// How a narrow checkpoint holds its weights (quantisation.h).
struct Stored {
  bool listed = false;  // the checkpoint says what it leaves in bf16; else as usual for its format
  bool wide_attention = false;
  bool wide_dense = false;   // feed-forward of layers without experts
  bool wide_shared = false;  // shared experts
  bool narrow_head = false;  // the output head is narrow as well
  bool mxfp4 = false;        // fp4 is MXFP4 (32 elements a scale), not NVFP4 (16)
  double bytes = 0.0;        // of a narrow element with its scales; 0: bytes_per_element
  std::optional<kernel::DataType> activations;  // that the checkpoint asks for
  std::optional<kernel::DataType> kv;

  friend bool operator==(const Stored&, const Stored&) = default;
};

/// Layers that keep a state of fixed size for each sequence in place of a cache.
///   delta   gated delta rule (Qwen3-Next, Qwen3.5; arXiv 2412.06464)
///   kda     Kimi delta attention: a decay per channel (Kimi-Linear, arXiv 2510.26692)
///   mamba2  state space (Nemotron-H; arXiv 2405.21060): heads of value_dim, states of key_dim
///   lightning  linear attention (MiniMax-01, arXiv 2501.08313)
enum class LinearKind { none, delta, kda, mamba2, lightning };
struct LinearAttention {
  LinearKind kind = LinearKind::none;
  std::int64_t heads = 0;      // states
  std::int64_t key_heads = 0;  // delta: heads of q and k; mamba2: groups
  std::int64_t key_dim = 0;    // a state is key_dim x value_dim
  std::int64_t value_dim = 0;
  std::int64_t conv = 0;        // taps of the convolution before it; 0: none
  bool full_rank_gate = false;  // kda
  double state_element = 2.0;   // bytes

  friend bool operator==(const LinearAttention&, const LinearAttention&) = default;
};

/// What drafts the tokens that a step verifies, where it is not the model's own MTP layers.
///
/// eagle3: one decoder layer of its own over the embedding and the fused states of three layers,
/// with a small vocabulary (EAGLE-3, arXiv 2503.01840; dimensions of the published draft of
/// Llama-3.1-8B where a scenario says no others). ngram: look-ups on the host, no kernels.
struct DraftModel {
  enum class Kind { mtp, eagle3, ngram };
  Kind kind = Kind::mtp;
  std::int64_t heads = 0;  // of eagle3, and so on
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t inter = 0;
  std::int64_t vocab = 0;
  /// Share of steps whose draft at this position is accepted, as engines count it; empty: powers of
  /// the model's trait `mtp_acceptance`.
  std::vector<double> acceptance;

  friend bool operator==(const DraftModel&, const DraftModel&) = default;
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
  std::int64_t dense_layers = 0;  // the others hold experts
  bool interleaved = false;       // dense layers lie between the others, not before them
  std::int64_t dense_inter = 0;
  std::int64_t experts = 0;  // routed, per layer; 0: a dense model
  std::int64_t top_k = 0;
  std::int64_t expert_inter = 0;
  std::int64_t shared_inter = 0;  // sum over shared experts
  bool block_scales = false;      // fp8 with a scale per block (DeepSeek-V3)
  bool expert_bias = false;       // biases on experts and router (gpt-oss)
  std::int64_t mtp_layers = 0;
  DraftModel draft;
  std::int64_t windowed_layers = 0;
  std::int64_t window = 0;        // tokens
  std::int64_t sparse_top_k = 0;  // keys; 0: attention reads all
  std::int64_t index_heads = 0;
  std::int64_t index_dim = 0;
  std::int64_t indexer_layers = 0;  // sparse layers with an indexer of their own; others share it
  LinearAttention linear;
  std::int64_t linear_layers = 0;
  std::int64_t bare_layers = 0;      // without any feed-forward part (Nemotron-H)
  bool gated_ffn = true;             // gate, up and down; else up and down
  std::int64_t expert_hidden = 0;    // width that experts see, projected down and up; 0: `hidden`
  std::vector<std::string> assumed;  // what an unknown family was taken for
  kernel::DataType native_weights = kernel::DataType::bf16;
  Stored stored;  // what of a narrow checkpoint is how

  [[nodiscard]] std::int64_t moe_layers() const { return layers - dense_layers - bare_layers; }
  /// Layers with a cache.
  [[nodiscard]] std::int64_t attention_layers() const { return layers - linear_layers; }
  /// Matrices of a feed-forward layer or an expert.
  [[nodiscard]] double ffn_matrices() const { return gated_ffn ? 3.0 : 2.0; }
  [[nodiscard]] std::int64_t expert_width() const {
    return expert_hidden > 0 ? expert_hidden : hidden;
  }
  [[nodiscard]] bool can_draft() const {
    return draft.kind != DraftModel::Kind::mtp || mtp_layers > 0;
  }
  [[nodiscard]] bool is_moe() const { return experts > 0; }
  [[nodiscard]] bool is_sparse() const { return sparse_top_k > 0; }
  /// Layers with experts of the fullest of `stages` pipeline stages of `stage_layers` layers.
  [[nodiscard]] double stage_moe_layers(double stage_layers) const;
  /// Share of the layers with a cache that have a window.
  [[nodiscard]] double windowed_share() const {
    return static_cast<double>(windowed_layers) / static_cast<double>(attention_layers());
  }
  /// Most keys that windowed or sparse layers read; 0: no layer is bounded.
  [[nodiscard]] double attention_cap() const {
    return static_cast<double>(windowed_layers > 0 ? window : sparse_top_k);
  }
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

/// Parameters of the linear attention of one layer.
[[nodiscard]] double linear_parameters(const ModelSpec& model);

/// State of one sequence over all linear layers, unsharded: heads x key_dim x value_dim elements a
/// layer and the last inputs of the convolution (bf16).
[[nodiscard]] Bytes state_bytes(const ModelSpec& model);

/// Parameters of the indexer of one sparse layer; part of `attention_parameters`, there as a mean
/// over layers that share one.
[[nodiscard]] double indexer_parameters(const ModelSpec& model);

/// KV cache of one token over all layers, unsharded: gqa 2 x kv_heads x head_dim, mla kv_lora +
/// rope_dim elements per layer, and the bytes of the indexer: fp8 keys and a scale of 4 B. An fp8
/// cache of sparse layers keeps its rope_dim elements in bf16 and a scale of 4 B for 128 others
/// (DeepSeek-V3.2: 656 + 132 B). A token that left a window still
/// counts: `kv_bytes_of_sequence` knows. `with_mtp` adds the MTP layers' cache.
[[nodiscard]] Bytes kv_bytes_per_token(const ModelSpec& model, kernel::DataType kv,
                                       bool with_mtp = false);

/// Tokens of `kv_bytes_per_token` (in bf16) that a sequence of `tokens` holds: windowed layers keep
/// the last `window`, and the state of linear layers counts as the tokens whose room it takes.
/// Equal to `tokens` without windows and states.
[[nodiscard]] double kv_tokens_held(const ModelSpec& model, double tokens);

/// KV cache of one sequence, unsharded.
[[nodiscard]] Bytes kv_bytes_of_sequence(const ModelSpec& model, kernel::DataType kv,
                                         double tokens);

/// Forward FLOPs of one token at a context of `context` keys (2 per multiply-add), output head
/// included.
[[nodiscard]] Flops flops_per_token(const ModelSpec& model, double context);

}  // namespace sn::llm
