// sn/llm/model/read_layers.h
//
// Private to the layer: layers of a config.json that are not ordinary attention. Sparse ones with
// their indexers, and those that keep a state of fixed size.

#pragma once

#include "sn/llm/model/config_reader.h"
#include "sn/llm/model/model.h"

namespace sn::llm {

/// Which keys sparse layers read and who chooses them. DeepSeek's: index_topk keys, an indexer in
/// every layer or in those that `indexer_types` calls full (GLM-5.2: others share theirs); without
/// the list index_topk_freq counts them, after index_skip_topk_offset layers that all have one.
/// MiniMax-M3's: blocks of keys, in the layers that sparse_attention_freq names.
void read_indexer(ConfigReader& r, ModelSpec& model);

/// Linear and state-space layers by the fields of Qwen3-Next and Qwen3.5 (linear_num_value_heads),
/// Kimi-Linear (linear_attn_config), Nemotron-H (hybrid_override_pattern) and MiniMax-01
/// (attn_type_list). Others have none.
void read_linear_layers(ConfigReader& r, ModelSpec& model);

}  // namespace sn::llm
