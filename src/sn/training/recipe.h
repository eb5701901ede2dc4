// sn/training/recipe.h
//
// What training software does: facts of its code and papers, and what was fitted.
//
//   megatron_2022  arXiv 2205.05198: fp16 with loss scaling, fp32 gradients, dropout, scores
//   written
//                  to memory, the oldest vendor library that was measured, sends between stages in
//                  line. Nothing fitted.
//   nemo           Megatron-Core below NeMo, 2024 to April 2025 (MLPerf training 5.0)
//   megatron_core  Megatron-Core below Megatron-Bridge, since; both: FlashAttention by Transformer
//   Engine, half of
//                  tensor-parallel traffic in chunks beside products (assumed: userbuffers overlap
//                  what can be cut), sends and data-parallel traffic beside compute, gradients in
//                  bf16 (`grad_reduce_in_fp32 = False` of its performance recipes)
//   fsdp           PyTorch FSDP under llm-foundry in 2023: eager, vendor library of CUDA 12.1,
//                  FlashAttention-2, gradients reduced in bf16 every micro-batch
//
// `stretch` is the time of kernels within a long step over their sum alone: clocks that the power
// limit sets, gaps between launches, what no operator counts. One number a software, arithmetic and
// generation of chips, fitted to the rows that `validate training` calls fitted; the others of the
// table are never seen. None is below 1: where the sum is too long already, that is an error of the
// model and stays one. FSDP has a second one for its attention (ALiBi in Triton).

#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "sn/hw/machine.h"
#include "sn/training/job.h"

namespace sn::training {

enum class Stack { megatron_2022, nemo, megatron_core, fsdp };
[[nodiscard]] std::string_view to_string(Stack stack);

/// A fitted stretch, with what it rests on.
struct Stretch {
  Stack stack = Stack::megatron_core;
  bool moe = false;
  Math math = Math::bf16;
  std::string_view generation;  // as a chip's kernel family; the first of a math serves others
  double value = 1.0;
  double attention = 1.0;  // times, on top
  std::size_t rows = 0;    // fitted
  std::string_view of;     // table
};
[[nodiscard]] const std::vector<Stretch>& stretches();

/// `chip` decides which stretch applies; where its generation has none, that of the same
/// arithmetic, then that of the nearest, serves.
[[nodiscard]] Recipe recipe_of(Stack stack, Math math, bool moe, const hw::Chip& chip);

}  // namespace sn::training
