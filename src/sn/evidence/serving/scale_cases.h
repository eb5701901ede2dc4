// sn/evidence/serving/scale_cases.h
//
// Published throughputs of whole supernodes, on which nothing is fitted: what `validate serving`
// judges the models by beside measured tables.
//
// An entry of catalog/cases is a machine with its pools (`scenario`), the phase that was measured
// and its load:
//   prefill   `tokens` prompt tokens on each attention rank and step, of prompts of `prompt` tokens
//   decode    `sequences` on each attention rank, with `context` tokens each on the mean
//   serving   `concurrency` clients until `requests` are done; prompts of `input` and answers of
//             `output` tokens at most, uniform from `range` of that; any pools
// and the published tokens per second and GPU: of the phase, or of serving the `output` tokens or
// the `total` of both ways, over all GPUs. Prefill and decode have one pool, and are one step of
// the StepModel, again and again: prefill tokens / interval, decode sequences x tokens a step /
// latency. Serving is played on the ServingEngine, as measured points are (serving_load.h).

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/llm/uncertainty.h"

namespace sn::evidence {

enum class CasePhase { prefill, decode, serving };
[[nodiscard]] std::string_view to_string(CasePhase phase);

struct ScaleCase {
  std::string name;
  std::string title;
  std::string citation;
  std::string date;
  std::string note;
  std::string differs;  // why prediction and publication may differ
  std::string chip;
  std::int64_t gpus = 0;
  CasePhase phase = CasePhase::decode;
  double published = 0.0;  // tokens/s per GPU
  double predicted = 0.0;
  llm::Interval interval;  // 80 %, of the prediction
  double step = 0.0;       // s; of serving, the mean TPOT

  [[nodiscard]] double error() const { return predicted / published - 1.0; }
};

struct ScaleCases {
  std::vector<ScaleCase> cases;  // by name
  Errors errors;                 // entries that do not read
};

[[nodiscard]] ScaleCases predict_scale_cases(const catalog::Catalog& catalog,
                                             const Run& run = Run());

}  // namespace sn::evidence
