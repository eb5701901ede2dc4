// tests/fuzz/config_fuzz.cc
//
// libFuzzer target: any bytes as the config.json of a model. It may be refused, never crash; what
// is accepted has sane counts, compiles on a machine, and prices a batch.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "sn/base/document/document.h"
#include "sn/catalog/catalog.h"
#include "sn/llm/model/model.h"
#include "sn/llm/step.h"
#include "sn/twin/world.h"
#include "tests/fuzz/fuzz_util.h"

namespace {

using namespace sn;

const twin::World& world() {
  static const twin::World resolved = fuzz_world("llama-3.1-8b");
  return resolved;
}

void check_counts(const llm::ModelSpec& m) {
  SN_ASSERT(m.layers >= 1 && m.hidden >= 1 && m.vocab >= 1 && m.max_context >= 1);
  SN_ASSERT(m.dense_layers >= 0 && m.moe_layers() >= 0 && m.attention_layers() >= 0);
  SN_ASSERT(m.windowed_layers >= 0 && m.linear_layers >= 0);
  const double total = llm::count_parameters(m).total();
  SN_ASSERT(std::isfinite(total) && total > 0.0);
  SN_ASSERT(std::isfinite(llm::active_parameters(m)) && llm::active_parameters(m) > 0.0);
  for (const auto kv : {kernel::DataType::bf16, kernel::DataType::fp8}) {
    const double bytes = llm::kv_bytes_of_sequence(m, kv, 1000.0).si();
    SN_ASSERT(std::isfinite(bytes) && bytes >= 0.0);
  }
  SN_ASSERT(llm::flops_per_token(m, 1000.0).si() > 0.0);
}

void check_step(const llm::ModelSpec& m, const llm::Deployment& deployment) {
  if (!llm::why_not(m, deployment, 8).empty()) return;
  const llm::StepProgram program = llm::compile(m, deployment, world().machine.parts());
  llm::StepEvaluator evaluator(program);
  const llm::BatchShape decode = {.decode_sequences = 4.0, .decode_context = 2000.0};
  const llm::BatchShape prompt = {.prefill_tokens = 600.0,
                                  .prefill_pairs = 600.0 * 601.0 / 2.0,
                                  .prefill_context = 600.0,
                                  .prefill_sequences = 1.0};
  for (const llm::BatchShape& shape : {decode, prompt}) {
    const llm::StepTime time = evaluator.eval(shape);
    SN_ASSERT(std::isfinite(time.latency.si()) && time.latency.si() > 0.0);
    SN_ASSERT(time.bound_total() <= time.latency * (1.0 + 1e-9));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > (1u << 16)) return 0;
  const auto node =
      parse_document("config.json", std::string(reinterpret_cast<const char*>(data), size));
  if (!node) {
    SN_ASSERT(!node.error().empty() && !render(node.error()).empty());
    return 0;
  }
  const auto model = llm::read_model(*node, "fuzz");
  if (!model) {
    SN_ASSERT(!model.error().empty() && !render(model.error()).empty());
    return 0;
  }
  check_counts(*model);
  check_step(*model, {});
  check_step(*model, {.parallel = {.tp = 2}, .draft_tokens = model->mtp_layers > 0 ? 1 : 0});
  return 0;
}
