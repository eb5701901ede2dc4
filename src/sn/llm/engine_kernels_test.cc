// sn/llm/engine_kernels_test.cc
//
// A walk over engine versions, chips, formats and families of models: the kernels that an engine is
// said to call were measured on that generation of chips, or the deployment says which were not;
// and no large operator stands far above its bound.

#include "sn/llm/engine_kernels.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "sn/llm/shipped_test_util.h"

namespace sn::llm {
namespace {

using kernel::DataType;
using kernel::Format;
using kernel::Library;

constexpr std::array<std::string_view, 7> engines = {
    "vllm-0.11", "vllm", "sglang-0.5.5", "sglang", "trtllm-1.0", "trtllm-1.1", "trtllm"};
constexpr std::array<std::string_view, 4> racks = {"hgx-h100", "hgx-h200", "hgx-b200", "hgx-b300"};
constexpr std::array<std::string_view, 4> models = {"llama-3.1-70b", "qwen3-235b-a22b",
                                                    "deepseek-v3", "gpt-oss-120b"};

/// What an engine runs a format with on a chip.
Precision precision_of(DataType weights, const hw::Chip& chip) {
  DataType activations = weights;
  if (weights == DataType::int4) activations = DataType::bf16;
  if (weights == DataType::fp4 && chip.peak.fp4.si() <= 0.0) activations = DataType::bf16;
  return {.weights = weights, .activations = activations, .kv = DataType::bf16};
}

/// One stop of the walk.
struct Stop {
  std::string_view engine;
  std::string_view model;
  const ShippedMachine& machine;
  const ModelSpec& spec;
  DataType weights = DataType::bf16;

  [[nodiscard]] Deployment deployment() const {
    return {.parallel = {}, .precision = precision_of(weights, machine.cluster.rack.chip)};
  }
  [[nodiscard]] std::string text() const {
    return std::string(engine) + ", " + std::string(model) + " in " +
           std::string(to_string(weights)) + " on " + machine.cluster.rack.chip.name;
  }
};

template <class Visit>
void walk(const Visit& visit) {
  for (const std::string_view rack : racks) {
    for (const std::string_view model : models) {
      const ShippedModel m = shipped_model(model);
      ShippedMachine machine = shipped_machine(rack, m.traits);
      for (const std::string_view engine : engines) {
        machine.framework.name = std::string(engine);
        for (const DataType w : {DataType::bf16, DataType::fp8, DataType::fp4, DataType::int4}) {
          visit(Stop{engine, model, machine, m.spec, w});
        }
      }
    }
  }
}

/// Kernels that engines run and nobody's table holds on that generation, which results must say:
///   Marlin's dense products; Triton's experts on Blackwell (engines of 2025) and with one fp8
///   scale a tensor (tables hold scales per block); TensorRT-LLM's experts with 4-bit weights other
///   than MXFP4 (it has kernels of its own for these); the vendor library's fp8, which tables hold
///   through TensorRT-LLM's plug-in alone.
bool known_gap(const std::string& kernel) {
  return kernel.find("(marlin)") != std::string::npos || kernel == "experts in bf16 (triton)" ||
         kernel == "experts in fp8 (triton)" || kernel.starts_with("experts in w4a16") ||
         kernel.starts_with("experts in w4a8") || kernel.ends_with(" in fp8 (cublas)");
}

TEST(EngineKernels, AreMeasuredOnTheirGeneration) {
  walk([](const Stop& s) {
    const hw::Chip& chip = s.machine.cluster.rack.chip;
    for (const std::string& kernel : borrowed_kernels(s.engine, chip, s.spec, s.deployment())) {
      EXPECT_TRUE(known_gap(kernel)) << s.text() << ": " << kernel;
    }
  });
}

/// How far above its bound a large operator may stand. Four times; more where tables measure more:
///   experts over prompts: trtllm-gen's fp8 with block scales stands at 5.1 x (16,384 tokens of
///     DeepSeek-V3 on B200 in vLLM 0.24: 13.1 ms), and B300's FP4 peak is half as high again as
///     that of the B200 its kernels were measured on
///   4-bit weights widened to bf16: Marlin multiplies with Ampere's instruction on every chip
///   CUTLASS's FP4 experts, which vLLM called in 2025 (7.7 ms for 16,384 tokens: 6 x; its fit is
///   slower by half)
double most_over_bound(const Stop& s, const OperatorTime& op, bool prompt) {
  // A window of 128 keys is one or two tiles, of which masks leave half.
  if (op.name.starts_with("window")) return 10.0;
  if (op.part != Part::experts) return 4.0;
  const PartWeights w = part_weights(s.spec, s.deployment().precision);
  const bool four_bits = w.experts == DataType::fp4 || w.experts == DataType::int4;
  const bool widened = four_bits && s.deployment().precision.activations == DataType::bf16;
  if (widened) return prompt ? 10.0 : 5.0;
  if (!prompt) return 4.0;
  return s.engine == "vllm-0.11" && w.experts == DataType::fp4 ? 10.0 : 5.5;
}

TEST(EngineKernels, LargeOperatorsStandNearTheirBound) {
  walk([](const Stop& s) {
    const StepProgram program = compile(s.spec, s.deployment(), s.machine.view());
    for (const BatchShape& shape : {decode(256.0, 8192.0), prefill(16384.0)}) {
      const bool prompt = shape.prefill_tokens > 0.0;
      for (const OperatorTime& op : StepEvaluator(program).bill(shape)) {
        const bool large = op.bound > Time::from_si(50e-6);
        if (!large || op.part == Part::host) continue;
        EXPECT_LE(op.each / op.bound, most_over_bound(s, op, prompt))
            << s.text() << ": " << op.name << (prompt ? ", prompt" : ", decode");
      }
    }
  });
}

TEST(EngineKernels, Fp4ExpertsOnBlackwellRunTrtllmGen) {
  hw::Chip b200;
  b200.kernels = "blackwell";
  hw::Chip h200;
  h200.kernels = "hopper";
  for (const std::string_view engine : {"vllm", "sglang", "sglang-0.5.5", "trtllm", "trtllm-1.1"}) {
    EXPECT_EQ(engine_kernels(engine, b200, {}).expert(Format::fp4), Library::trtllm) << engine;
  }
  // FlashInfer's CUTLASS experts were the default of vLLM in 2025; on Blackwell they are tuned.
  EXPECT_EQ(engine_kernels("vllm-0.11", b200, {}).expert(Format::fp4), Library::cutlass);
  EXPECT_EQ(engine_kernels("vllm", h200, {}).expert(Format::w4a16), Library::marlin);
  EXPECT_EQ(engine_kernels("vllm", h200, {.mxfp4 = true}).expert(Format::w4a16), Library::gpt_oss);
  EXPECT_EQ(engine_kernels("vllm", b200, {.mxfp4 = true}).expert(Format::w4a16), Library::trtllm);
}

TEST(EngineKernels, FourBitsAreNoSlowerThanEightOnBlackwell) {
  const ShippedModel m = shipped_model("deepseek-v3");
  for (const std::string_view rack : {"hgx-b200", "hgx-b300"}) {
    for (const std::string_view engine : engines) {
      if (engine == "vllm-0.11") continue;  // CUTLASS's experts, DeepGEMM's for fp8
      ShippedMachine machine = shipped_machine(rack, m.traits);
      machine.framework.name = std::string(engine);
      const auto latency = [&](DataType w, const BatchShape& shape) {
        const StepProgram p = compile(
            m.spec, {.parallel = {.tp = 8}, .precision = {w, w, DataType::fp8}}, machine.view());
        return StepEvaluator(p).eval(shape).latency;
      };
      for (const BatchShape& shape :
           {decode(64.0, 4096.0), decode(512.0, 4096.0), prefill(8192.0)}) {
        EXPECT_LT(latency(DataType::fp4, shape), latency(DataType::fp8, shape) * 1.02)
            << engine << " on " << rack;
      }
    }
  }
}

}  // namespace
}  // namespace sn::llm
