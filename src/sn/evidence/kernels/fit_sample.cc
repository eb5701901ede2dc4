// sn/evidence/kernels/fit_sample.cc
//
// Tables to the rows of a fit (see fit_sample.h).

#include "sn/evidence/kernels/fit_sample.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sn/base/files/files.h"

namespace sn::evidence {

namespace {

using kernel::Family;
using kernel::Format;

constexpr std::size_t text_max = std::size_t{1} << 29;

struct KindOf {
  std::optional<OperatorKind> operator()(const kernel::Gemm& g) const {
    return OperatorKind{Family::gemm, format_of(g.activation, g.weight, g.block), g.library};
  }
  std::optional<OperatorKind> operator()(const kernel::Moe& m) const {
    return OperatorKind{Family::moe, format_of(m.activation, m.weight, m.block), m.library};
  }
  std::optional<OperatorKind> operator()(const kernel::PrefillAttention& a) const {
    return OperatorKind{Family::prefill, Format::bf16, a.library, a.kv != kernel::DataType::bf16};
  }
  std::optional<OperatorKind> operator()(const kernel::DecodeAttention& a) const {
    return OperatorKind{Family::decode, Format::bf16, a.library, a.kv != kernel::DataType::bf16};
  }
  std::optional<OperatorKind> operator()(const kernel::MixedAttention& a) const {
    return (*this)(a.prompts);
  }
  std::optional<OperatorKind> operator()(const kernel::MlaPrefill& a) const {
    return OperatorKind{Family::mla_prefill, Format::bf16, a.library,
                        a.math != kernel::DataType::bf16};
  }
  std::optional<OperatorKind> operator()(const kernel::MlaDecode& a) const {
    return OperatorKind{Family::mla_decode, Format::bf16, a.library,
                        a.kv != kernel::DataType::bf16};
  }
  std::optional<OperatorKind> operator()(const measured::Elementwise&) const {
    return OperatorKind{Family::elementwise, Format::bf16, kernel::Library::portable};
  }
};

/// Rows of all families that a fit may see, by family.
class Collector {
 public:
  Collector(const KernelSet& kernels, const CalibrateOptions& options)
      : kernels_(kernels), options_(options), samples_(kernel::family_count) {}

  /// Stopped in the middle of a table, nothing of it.
  void read(const measured::KernelFile& file, const Run& run, Errors& errors) {
    if (file.format == measured::TableFormat::microbench) return;  // single figures only judge
    const auto chip = kernels_.chips.find(file.chip);
    if (chip == kernels_.chips.end() || left_out(file.chip)) return;
    const Salvage text = salvage_file(file.path, text_max);
    if (text.stopped_by) {
      errors.push_back(*text.stopped_by);
      errors.back().where.file = file.name;
    }
    const auto table = measured::open_table(file, whole_lines(text), chip->second, routing_);
    if (!table) {
      errors.insert(errors.end(), table.error().begin(), table.error().end());
      return;
    }
    std::map<std::pair<std::uint32_t, std::size_t>, std::vector<FitRow>> by_table;
    measured::Faults faults;
    measured::KernelCase row;
    while ((*table)->next(row, faults)) {
      if (run.stopped()) return;
      if (!row.skip.empty() || !row.fitted(options_.every)) continue;
      const std::optional<OperatorKind> kind = kind_of(row);
      if (!kind) continue;
      by_table[{row.group, static_cast<std::size_t>(kind->family)}].push_back({row, 0, 0});
    }
    for (Error& e : faults.list(file.name)) errors.push_back(std::move(e));
    for (auto& [key, rows] : by_table) add(file.chip, key.second, rows);
  }

  [[nodiscard]] std::vector<FitSample>& samples() { return samples_; }

 private:
  [[nodiscard]] bool left_out(const std::string& chip) const {
    return std::find(options_.without.begin(), options_.without.end(), chip) !=
           options_.without.end();
  }

  /// The last line of a truncated file is cut somewhere.
  static std::string_view whole_lines(const Salvage& s) {
    const std::string_view text = s.text;
    return s.stopped_by ? text.substr(0, text.find_last_of('\n') + 1) : text;
  }

  void add(const std::string& chip, std::size_t family, std::vector<FitRow>& rows) {
    FitSample& s = samples_[family];
    const auto at = std::find(s.chips.begin(), s.chips.end(), chip);
    const auto index = static_cast<std::size_t>(at - s.chips.begin());
    if (at == s.chips.end()) s.chips.push_back(chip);
    // Evenly spaced rows of the table's own order.
    const double stride = std::max(
        1.0, static_cast<double>(rows.size()) / static_cast<double>(options_.rows_per_table));
    for (double i = 0.0; i < static_cast<double>(rows.size()); i += stride) {
      FitRow& row = rows[static_cast<std::size_t>(i)];
      row.chip = index;
      row.table = s.tables;
      s.rows.push_back(std::move(row));
    }
    ++s.tables;
  }

  const KernelSet& kernels_;
  const CalibrateOptions& options_;
  measured::RoutingCache routing_;
  std::vector<FitSample> samples_;
};

}  // namespace

std::optional<OperatorKind> kind_of(const measured::Op& op) { return std::visit(KindOf{}, op); }

std::optional<OperatorKind> kind_of(const measured::KernelCase& row) {
  if (row.ops.size() == 1) return kind_of(row.ops.front());
  for (const measured::Op& op : row.ops) {
    const bool latent = std::holds_alternative<kernel::MlaPrefill>(op) ||
                        std::holds_alternative<kernel::MlaDecode>(op);
    if (latent) return kind_of(op);
  }
  return std::nullopt;
}

std::vector<FitSample> read_fit_samples(const std::vector<measured::KernelFile>& files,
                                        const KernelSet& kernels, const CalibrateOptions& options,
                                        const Run& run, Errors& errors) {
  Collector collector(kernels, options);
  for (const measured::KernelFile& file : files) {
    if (!run.stopped()) collector.read(file, run, errors);
  }
  return std::move(collector.samples());
}

}  // namespace sn::evidence
