// sn/llm/model/layer_windows.h
//
// Which layers of a config.json attend within a window, and how wide it is.
//
// `layer_types` says it per layer where it is given. Otherwise a family's own fields do: Mistral's
// sliding_window holds for all layers, Qwen's from max_window_layers on and with use_sliding_window
// alone, gpt-oss alternates, Llama 4 attends within chunks in the layers that have rotary positions
// (three of four, no_rope_layers). Llama 4's chunks count as windows of a chunk. Sources: the
// configuration classes of the transformers library.

#pragma once

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/llm/model/model.h"

namespace sn::llm {

/// Fills `windowed_layers` and `window`. Errors: layers of a kind that is not modelled (linear
/// attention, state spaces), a window without its width.
void read_windows(const Node& config, ModelSpec& model, Errors& errors);

}  // namespace sn::llm
