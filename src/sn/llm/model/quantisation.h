// sn/llm/model/quantisation.h
//
// In which format a checkpoint holds its weights, and what of them it leaves in bf16.
//
// Read from `quantization_config` of a config.json or, where that is missing, from the key
// `hf_quant_config` that whoever reads the file fills with the hf_quant_config.json beside it
// (NVIDIA ModelOpt). Known writers and the fields that say it:
//   fp8, fbgemm_fp8            quant_method (DeepSeek, Qwen, Llama)
//   compressed-tensors         config_groups.*.weights: type, num_bits, group_size; `format`
//   modelopt                   quant_algo: FP8, FP8_BLOCK..., NVFP4, W4A16..., also without
//                              quant_method, and `quantization.quant_algo` in hf_quant_config.json
//   awq, gptq, auto-round      bits, group_size
//   mxfp4, nvfp4               quant_method (gpt-oss)
//   bitsandbytes               load_in_8bit (int8 weights, bf16 arithmetic); 4 bits are refused
// Left in bf16: modules that modules_to_not_convert, ignore, exclude_modules or ignored_layers
// name, by name, glob or regular expression ("re:"). One layer that is named stands for all of its
// kind. What is not understood is refused by name: nothing narrow is read as bf16. Sources:
// configuration classes of transformers and compressed-tensors; ModelOpt's export.

#pragma once

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/llm/model/model.h"

namespace sn::llm {

/// Fills `native_weights`, `block_scales` and `stored` of `model` from a config.json: `text` is the
/// language model's part of `whole`, or the same.
void read_quantisation(const Node& whole, const Node& text, ModelSpec& model, Errors& errors);

}  // namespace sn::llm
