// sn/evidence/kernels/parameter_groups.h
//
// Which parameters a prediction rests on, and how many there are.
//
// Parameters come in groups: those of one family of operators on one generation of chips
// ("hopper.gemm", "hopper.attention.decode"), the host's of a generation ("hopper.host"), those of
// an arithmetic ("gemm.fp8", "fp8_cache.prefill") and of a library ("libraries.trtllm.decode"),
// both shared by all chips. The budget: at most 10 in a group of a generation, 3 in any other.
// Terms of the reference (bf16, one library a family) are 1 by definition and no parameters.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sn/catalog/param.h"
#include "sn/evidence/common/validation.h"
#include "sn/evidence/kernels/fit_sample.h"

namespace sn::evidence {

inline constexpr std::size_t generation_budget = 10;
inline constexpr std::size_t shared_budget = 3;

/// Groups that the time of `kind` on a chip of `generation` depends on.
[[nodiscard]] std::vector<std::string> parameter_groups(const OperatorKind& kind,
                                                        std::string_view generation);

/// "hopper.gemm" of "kernels.hopper.gemm.rate", "gemm.fp8" of "kernel_software.default.gemm.fp8.k",
/// empty for a number that belongs to no kernel.
[[nodiscard]] std::string group_of(const catalog::Param& param);

/// The fitted or taken-over numbers of a catalog as lines of a report; of `groups` alone unless
/// that is empty. Terms of arithmetics and libraries that nothing was fitted to are 1, and left
/// out.
[[nodiscard]] std::vector<ParameterLine> parameter_lines(const catalog::Params& params,
                                                         const std::vector<std::string>& groups);

/// Lines counted by group.
[[nodiscard]] std::vector<BudgetLine> parameter_budget(const std::vector<ParameterLine>& lines);

/// Fills `parameters` and `budget` of a validation with what its tables rest on.
void list_parameters(const catalog::Params& params, Validation& validation);

}  // namespace sn::evidence
