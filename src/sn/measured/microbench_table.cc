// sn/measured/microbench_table.cc
//
// Published single figures: products in TFLOPS and the STREAM kernels in TB/s.
//
// Azure's guide multiplies operands that are narrow already, again and again, so that what fits
// stays in L2; BabelStream moves arrays of 2^25 doubles (268 MB each, its default), two or three of
// them a kernel. A rate becomes a time by the work that it was measured on. Skipped with their
// reasons: what no operator of one chip describes.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <memory>
#include <optional>

#include "sn/measured/kernel_tables.h"

namespace sn::measured {

namespace {

using kernel::DataType;

constexpr double stream_array = 33554432.0 * 8.0;  // B
constexpr double dot_kernels = 2.0;                // the sums of blocks are summed by another

/// "H100 80GB SXM (...)": the first word is the chip; other hardware has no entry that fits.
std::string_view chip_named(std::string_view hardware) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> chips = {
      {{"A100", "a100"},
       {"H100", "h100"},
       {"H200", "h200"},
       {"B200", "b200"},
       {"B300", "b300"},
       {"GB200", "gb200"},
       {"GB300", "gb300"}}};
  const std::string_view word = hardware.substr(0, hardware.find(' '));
  for (const auto& [name, chip] : chips) {
    if (word == name) return chip;
  }
  return {};
}

/// The number after `key` ("m=" of "FP8 m=1024 n=...").
std::optional<double> number_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + key.size());
  double value = 0.0;
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (code != std::errc() || !(value > 0.0) || value > 1e9) return std::nullopt;
  return value;
}

std::optional<DataType> operands(std::string_view condition) {
  if (condition.starts_with("FP8 ")) return DataType::fp8;
  if (condition.starts_with("FP4 ")) return DataType::fp4;
  if (condition.starts_with("FP16 ") || condition.starts_with("BF16 ")) return DataType::bf16;
  return std::nullopt;
}

class MicrobenchTable : public KernelTable {
 public:
  MicrobenchTable(const KernelFile& file, std::string_view text)
      : reader_(text, file.name),
        hardware_(reader_.column("hardware")),
        metric_(reader_.column("metric")),
        condition_(reader_.column("condition")),
        value_(reader_.column("value")),
        unit_(reader_.column("unit")) {
    family_ = "published figures";
    dimensions_ = {"m", "n", "k"};
  }

  [[nodiscard]] std::vector<std::string> missing() const {
    std::vector<std::string> out;
    if (!hardware_) out.emplace_back("hardware");
    if (!metric_) out.emplace_back("metric");
    if (!condition_) out.emplace_back("condition");
    if (!value_) out.emplace_back("value");
    if (!unit_) out.emplace_back("unit");
    return out;
  }

  bool next(KernelCase& out, Faults& faults) override {
    while (reader_.next(faults)) {
      const std::optional<double> value = reader_.positive(*value_, faults);
      if (!value) continue;
      out = {};
      out.line = reader_.line();
      out.seconds = *value;
      out.at = {1.0, 1.0, 1.0};
      const std::string_view metric = reader_.field(*metric_);
      out.chip = std::string(chip_named(reader_.field(*hardware_)));
      out.group =
          group(out.chip.empty() ? std::string(metric) : out.chip + " " + std::string(metric));
      const std::string_view unit = reader_.field(*unit_);
      if (metric.ends_with("GEMM") && unit == "TFLOPS") {
        product(out, *value * 1e12);
      } else if (metric.starts_with("HBM STREAM") && unit == "TB/s") {
        stream(out, metric, *value * 1e12);
      } else {
        out.skip = reason(metric);
      }
      if (out.skip.empty() && out.chip.empty()) out.skip = "no catalog entry of this hardware";
      return true;
    }
    return false;
  }

 private:
  void product(KernelCase& out, double rate) {
    const std::string_view condition = reader_.field(*condition_);
    const std::optional<DataType> type = operands(condition);
    const auto m = number_after(condition, " m=");
    const auto n = number_after(condition, " n=");
    const auto k = number_after(condition, " k=");
    if (!type || !m || !n || !k) {
      out.skip = "operands or sizes of the product are not stated";
      return;
    }
    out.at = {*m, *n, *k};
    out.category = 8 * out.group + static_cast<std::uint32_t>(*type);  // no neighbours elsewhere
    out.seconds = 2.0 * *m * *n * *k / rate;
    out.ops.emplace_back(kernel::Gemm{.m = *m,
                                      .n = *n,
                                      .k = *k,
                                      .activation = *type,
                                      .weight = *type,
                                      .narrowed = true,
                                      .weight_cycle = *n * *k * bytes_per_element(*type).si()});
  }

  void stream(KernelCase& out, std::string_view metric, double rate) {
    const bool three = metric.ends_with("Add") || metric.ends_with("Triad");
    const double bytes = stream_array * (three ? 3.0 : 2.0);
    out.seconds = bytes / rate;
    out.ops.emplace_back(Elementwise{.bytes = bytes});
    if (!metric.ends_with("Dot")) return;
    for (double i = 1.0; i < dot_kernels; ++i) out.ops.emplace_back(Elementwise{});
  }

  static std::string_view reason(std::string_view metric) {
    if (metric.find("attention") != std::string_view::npos) {
      return "PyTorch's unfused attention: its scores pass through memory, no engine runs it";
    }
    if (metric.starts_with("FlashAttention 2")) {
      return "FlashAttention 2 uses no asynchronous multiply of Hopper or later, and heads and "
             "pass "
             "are not stated";
    }
    if (metric.starts_with("CPU")) return "memory of the host, not of the chip";
    if (metric.starts_with("nvbandwidth") || metric.starts_with("UB ")) {
      return "a link between chips or to the host, not an operator of one chip";
    }
    return "a share or a rate without the shape that it was measured on";
  }

  CsvReader reader_;
  std::optional<std::size_t> hardware_;
  std::optional<std::size_t> metric_;
  std::optional<std::size_t> condition_;
  std::optional<std::size_t> value_;
  std::optional<std::size_t> unit_;
};

}  // namespace

TableResult open_microbench(const KernelFile& file, std::string_view text) {
  auto table = std::make_unique<MicrobenchTable>(file, text);
  const std::vector<std::string> missing = table->missing();
  if (!missing.empty()) return fail(missing_columns(file, missing));
  return std::unique_ptr<KernelTable>(std::move(table));
}

}  // namespace sn::measured
