// sn/evidence/serving/rows/engine_limits.h
//
// engine_limits*.csv: what the launch recipe of a measured row set: batches, token budgets, KV
// pools, drafts, front ends, and how its load was made. PROVENANCE of the tables has the columns
// and nine traps; those that bear on a prediction are met here:
//   frontends=multiple   each front end keeps its own turn: `additional_frontends` + 1 of them
//   rows labelled mtp that ran without: `mtp_draft_tokens` decides, not the label
//   *_num_workers of 0   the columns of GPUs hold all of a role: divided by the workers here
//   tp x ep as tp_size   parallelism of `aic` rows is taken from here
//   SGLang with speculation and no limit runs 48 requests
// Rows are found by their `id`, those of InferenceX by their columns of the same name.

#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "sn/base/result.h"
#include "sn/evidence/serving/rows/serving_points.h"
#include "sn/measured/csv.h"

namespace sn::evidence {

/// What a row says beside EngineLimits.
struct LimitsRow {
  EngineLimits engine;
  std::int64_t prefill_workers = 0;
  std::int64_t decode_workers = 0;
  llm::Parallelism prefill;  // of one engine, by the recipe
  llm::Parallelism decode;
  std::int64_t drafts = -1;  // of MTP; below 0: not said
  double requests = 0.0;     // of the run; 0: not said
  bool real_cut = false;     // `prefill` and `decode` are the real ones
};

class LimitsTable {
 public:
  /// Adds the rows of one table; what is malformed is a fault of its line.
  void read(const std::string& name, std::string_view text, Errors& faults);
  /// Completes the points of all files, and counts them.
  void join(ServingFiles& files) const;

  [[nodiscard]] std::size_t rows() const { return rows_.size(); }

 private:
  std::map<std::string, LimitsRow, std::less<>> rows_;
};

/// Whether a table of this name (without endings) holds limits.
[[nodiscard]] bool is_limits_table(std::string_view stem);

/// What joins a row of InferenceX with its limits: the columns that both tables have.
[[nodiscard]] std::string inferencex_key(const measured::CsvReader& csv);

}  // namespace sn::evidence
