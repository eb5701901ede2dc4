// sn/evidence/serving/rows/engine_versions.h
//
// Which catalog entry stands for a version of an engine. Schedulers and hosts of engines change
// faster than kernels, so an engine has an entry per family of versions:
//
//   vllm        from 0.13, vllm-0.11   before it, or unnamed (2025)
//   sglang      from 0.5.7, sglang-0.5.5  before it, or unnamed (2025)
//   trtllm      from 1.2, trtllm-1.1   1.1 and unnamed development builds of 2025
//   trtllm-1.0  1.0

#pragma once

#include <string>
#include <string_view>

namespace sn::evidence {

/// Catalog entry of `engine` ("vllm", "sglang", "trtllm") at `version`, as tables and images print
/// it: "0.5.9", "lmsysorg/sglang:v0.5.12-cu130", "1.3.0rc14", empty.
[[nodiscard]] std::string engine_entry(std::string_view engine, std::string_view version);

}  // namespace sn::evidence
