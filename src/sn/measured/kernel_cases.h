// sn/measured/kernel_cases.h
//
// Rows of measurement tables as operators of the kernel models.
//
// A row becomes the operators that its benchmark ran, under the conditions under which it ran them:
// how many copies of the weights pass before the same come again, whether the call came from a
// captured graph, which library the kernel source names. Sources of these conditions: the
// collectors of ai-dynamo/aiconfigurator (collector/{trtllm,vllm,sglang}), Vidur and LLMServingSim
// profilers. A row that no operator describes is skipped with a reason.
//
// Split: a row is held out unless a hash of its shape falls into one of 16 parts (`fitted`);
// `calibrate` reads only the fitted ones, and of each table at most a few thousand.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sn/kernel/kernel_model.h"
#include "sn/measured/csv.h"
#include "sn/measured/expert_routing.h"
#include "sn/measured/kernel_files.h"

namespace sn::measured {

using kernel::Elementwise;

using Op =
    std::variant<kernel::Gemm, kernel::Moe, kernel::PrefillAttention, kernel::DecodeAttention,
                 kernel::MixedAttention, kernel::MlaPrefill, kernel::MlaDecode, Elementwise>;

inline constexpr std::size_t case_dimensions = 8;

/// One measurement.
struct KernelCase {
  std::vector<Op> ops;   // executed one after the other
  bool eager = false;    // an MLA module called from the host, outside a captured graph
  double seconds = 0.0;  // measured
  int line = 0;
  std::uint32_t group = 0;     // data type: index into KernelTable::groups()
  std::uint32_t category = 0;  // what tells rows apart beside `at`, for the noise floor
  std::array<double, case_dimensions> at = {};  // dimensions of the table, > 0
  std::string_view skip;                        // why no operator describes it; empty: predicted
  std::string chip = {};  // where it differs from row to row; empty: the file's

  /// Whether `calibrate` may see it: one shape in `every`.
  [[nodiscard]] bool fitted(std::size_t every = 16) const;
  [[nodiscard]] std::string shape(const std::vector<std::string>& dimensions) const;
};

[[nodiscard]] double predicted_seconds(const kernel::KernelModel& model, const KernelCase& c);

/// Reads one table, row by row.
class KernelTable {
 public:
  virtual ~KernelTable() = default;

  /// Reads the next measurement into `out`; false at the end. Rows that cannot be read are faults.
  virtual bool next(KernelCase& out, Faults& faults) = 0;

  /// "GEMM", "attention prefill", ...
  [[nodiscard]] const std::string& family() const { return family_; }
  /// Names of `KernelCase::at`.
  [[nodiscard]] const std::vector<std::string>& dimensions() const { return dimensions_; }
  [[nodiscard]] const std::vector<std::string>& groups() const { return groups_; }

 protected:
  [[nodiscard]] std::uint32_t group(const std::string& name);

  std::string family_;
  std::vector<std::string> dimensions_;
  std::vector<std::string> groups_;
};

/// A reader of `file`, whose text must outlive it; or why there is none (unknown columns).
[[nodiscard]] Result<std::unique_ptr<KernelTable>> open_table(const KernelFile& file,
                                                              std::string_view text,
                                                              const hw::Chip& chip,
                                                              RoutingCache& routing);

}  // namespace sn::measured
