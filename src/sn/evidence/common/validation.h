// sn/evidence/common/validation.h
//
// The answer to `validate`: how well the models predict measurements, as plain values.
//
// A file of measurements holds one or several tables; a table is what one model prediction is
// judged by: one chip, one framework, one data type (a group of the file). Summaries are unweighted
// means over tables, so that a large table counts no more than a small one. Rows that no model
// predicts are counted with their reason, and as an error of 100 % in the coverage-adjusted figure.
//
// `held_out` covers the rows that `calibrate` never fits (the split is in kernel_cases.h).

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/measured/metrics.h"

namespace sn::measured {
void describe(ReportVisitor& v, const Metrics& metrics);
}  // namespace sn::measured

namespace sn::evidence {

struct Skip {
  std::string reason;
  std::size_t rows = 0;
};

/// A row far from its prediction.
struct WorstCase {
  int line = 0;
  std::string shape;       // "m=128 n=4096 k=7168 fp8_block"
  double measured = 0.0;   // s
  double predicted = 0.0;  // s
};

/// One table: a data type of a file.
struct TableReport {
  std::string group;  // "fp8_block", "bf16, KV fp8"
  std::size_t rows = 0;
  std::size_t predicted = 0;
  std::vector<Skip> skipped;
  measured::Metrics latency;
  measured::Metrics held_out;
  measured::Metrics busbw;  // of the held-out rows of collectives: measured time over predicted
  double target = 0.0;  // MAPE asked for: the family's, or 1.5 x the noise floor if that is higher
  std::vector<std::string> rests_on;  // groups of parameters (parameter_groups.h)
  bool by_median = false;             // `target` is of the median error of the held-out rows

  [[nodiscard]] bool met() const {
    if (by_median) return held_out.n > 0 && held_out.median <= target;
    return predicted > 0 && latency.mape <= target;
  }
  /// MAPE with every skipped row as an error of 100 %.
  [[nodiscard]] double adjusted() const;
};

struct FileReport {
  std::string file;
  std::string family;  // "GEMM", "attention prefill", ...
  std::string chip;
  std::string framework;  // "trtllm 1.3.0rc20"
  std::string citation;   // of published figures; empty: the reader's own file
  std::size_t rows = 0;
  std::size_t predicted = 0;
  std::vector<Skip> skipped;
  measured::Metrics latency;
  measured::Metrics held_out;
  std::vector<TableReport> tables;
  std::vector<WorstCase> worst;  // by |ln(predicted / measured)|
  Errors faults;                 // malformed rows, a truncated file
};

/// Means over tables.
struct Summary {
  std::string name;  // a family or a chip
  std::size_t tables = 0;
  std::size_t met = 0;
  std::size_t rows = 0;
  std::size_t predicted = 0;
  double mape = 0.0;
  double adjusted = 0.0;
  double bias = 0.0;      // mean of |median bias|
  double held_out = 0.0;  // MAPE on rows never fitted
  double floor = 0.0;
  double target = 0.0;     // mean of the tables' targets
  bool by_median = false;  // they are of median errors
};

/// Means over the tables of one family on one chip.
struct FamilyOnChip {
  std::string family;
  std::string chip;
  Summary means;
};

/// Where predictions lie, as counts: measured time against predicted time, and against the error.
struct Density {
  static constexpr std::size_t times = 56;   // 8 per decade from 1 us
  static constexpr std::size_t ratios = 61;  // ln(predicted / measured) from -1.525 by 0.05

  std::string family;
  std::array<std::array<std::uint32_t, times>, times> predicted = {};  // [measured][predicted]
  std::array<std::array<std::uint32_t, ratios>, times> error = {};     // [measured][error]

  void add(double measured, double predicted_time);
  void merge(const Density& other);
  /// ln(predicted / measured) at quantile `q` of one bin of measured time; NaN when it is empty.
  [[nodiscard]] double quantile(std::size_t time, double q) const;
};

/// A fitted or assumed number that predictions rest on.
struct ParameterLine {
  std::string scope;  // "generation" (of chips), "data type" or "library", both shared by all chips
  std::string family;  // of operators: "gemm", "attention.decode"
  std::string of;      // "hopper", "fp8_block", "trtllm"
  std::string name;
  std::string value;
  std::string source;
  std::string confidence;
  std::string note;
};

/// How many parameters one family has on one generation, for one data type or library.
struct BudgetLine {
  std::string scope;
  std::string family;
  std::string of;
  std::size_t count = 0;
  std::size_t limit = 0;
};

struct Validation {
  std::vector<FileReport> files;
  std::vector<ParameterLine> parameters;
  std::vector<BudgetLine> budget;
  std::vector<Summary> families;
  std::vector<Summary> chips;
  std::vector<FamilyOnChip> cells;  // families in order, chips in order
  Summary all;
  std::vector<Density> densities;  // one per family
  std::vector<std::string> ignored;
  Errors errors;             // of the folder and of whole files
  bool interrupted = false;  // stopped: of the files that were done by then
  double seconds = 0.0;
};

void describe(ReportVisitor& v, const Skip& skip);
void describe(ReportVisitor& v, const WorstCase& worst);
void describe(ReportVisitor& v, const TableReport& table);
void describe(ReportVisitor& v, const FileReport& file);
void describe(ReportVisitor& v, const Summary& summary);
void describe(ReportVisitor& v, const FamilyOnChip& cell);
void describe(ReportVisitor& v, const ParameterLine& line);
void describe(ReportVisitor& v, const BudgetLine& line);
void describe(ReportVisitor& v, const Validation& validation);

/// Fills `families`, `chips`, `cells` and `all` from `files`.
void summarise(Validation& validation);

}  // namespace sn::evidence
