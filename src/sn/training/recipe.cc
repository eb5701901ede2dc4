// sn/training/recipe.cc
//
// Recipes, and the table of stretches (see recipe.h).

#include "sn/training/recipe.h"

namespace sn::training {

std::string_view to_string(Stack stack) {
  switch (stack) {
    case Stack::megatron_2022:
      return "Megatron-LM of 2022";
    case Stack::nemo:
      return "Megatron-Core below NeMo";
    case Stack::megatron_core:
      return "Megatron-Core below Megatron-Bridge";
    case Stack::fsdp:
      return "PyTorch FSDP";
  }
  return "";
}

const std::vector<Stretch>& stretches() {
  // `fit_stretches` of evidence, 2026-12-01; a test compares.
  static const std::vector<Stretch> all = {
      {Stack::nemo, false, Math::fp8, "hopper", 1.107, 1.0, 1, "MLPerf 5.0, 2,432 H100"},
      {Stack::nemo, false, Math::fp8, "blackwell-grace", 1.126, 1.0, 1, "MLPerf 5.0, 256 GB200"},
      {Stack::nemo, false, Math::bf16, "hopper", 1.348, 1.0, 1, "weak scaling, 7.1B"},
      {Stack::megatron_core, false, Math::fp8, "blackwell-grace", 1.0, 1.0, 6, "Megatron-Bridge"},
      {Stack::megatron_core, false, Math::fp4, "blackwell-grace", 1.0, 1.0, 1, "Megatron-Bridge"},
      {Stack::megatron_core, true, Math::fp8, "blackwell-grace", 1.23, 1.0, 15, "Megatron-Bridge"},
      {Stack::megatron_core, true, Math::fp8, "blackwell", 1.897, 1.0, 5, "Megatron-Bridge"},
      {Stack::megatron_core, true, Math::bf16, "blackwell-grace", 1.945, 1.0, 3, "Megatron-Bridge"},
      {Stack::fsdp, false, Math::bf16, "hopper", 1.0, 3.3, 11, "llm-foundry"},
      {Stack::fsdp, false, Math::bf16, "ampere", 1.025, 1.6, 11, "llm-foundry"},
  };
  return all;
}

Recipe recipe_of(Stack stack, Math math, bool moe, const hw::Chip& chip) {
  Recipe r;
  r.math = math;
  switch (stack) {
    case Stack::megatron_2022:
      r.attention = AttentionCode::unfused;
      r.dropout = true;
      r.loss_scaling = true;
      r.products = kernel::Library::cublas12;
      r.dp_overlap = false;
      return r;
    case Stack::nemo:
    case Stack::megatron_core:
      r.p2p_overlap = true;
      r.tp_overlap = 0.5;
      r.gradient_bytes = 2.0;
      break;
    case Stack::fsdp:
      r.gradient_bytes = 2.0;
      r.products = kernel::Library::cublas12;
      r.fused_attention = kernel::Library::flash2;
      break;
  }
  int best = -1;
  for (const Stretch& s : stretches()) {
    if (s.stack != stack || s.moe != moe) continue;
    const int score = (s.math == math ? 2 : 0) + (s.generation == chip.kernels ? 1 : 0);
    if (score <= best) continue;
    best = score;
    r.stretch = s.value;
    r.attention_stretch = s.attention;
  }
  return r;
}

}  // namespace sn::training
