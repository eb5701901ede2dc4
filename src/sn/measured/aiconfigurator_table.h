// sn/measured/aiconfigurator_table.h
//
// What the tables of ai-dynamo/aiconfigurator share: columns by name or constant, times in ms.
// Internal to the layer.

#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/measured/kernel_tables.h"

namespace sn::measured {

/// Formats of a product as these tables name them ("bfloat16", "fp8_block", "w4a16_mxfp4", ...).
struct Arithmetic {
  kernel::DataType activation = kernel::DataType::bf16;
  kernel::DataType weight = kernel::DataType::bf16;
  bool block = false;
};

[[nodiscard]] std::optional<Arithmetic> arithmetic_of(std::string_view name);
[[nodiscard]] kernel::DataType stored(std::string_view name);
[[nodiscard]] inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// A column of the file, or a constant of its table.
struct Column {
  std::optional<std::size_t> index;
  std::string constant;
  std::string name;
};

/// What all tables of this source share: columns by name, times in ms.
class AicTable : public KernelTable {
 public:
  AicTable(const KernelFile& file, std::string_view text, const hw::Chip& chip)
      : file_(file), chip_(chip), reader_(text, file.name), time_(column("latency_ms", "")) {}

  bool next(KernelCase& out, Faults& faults) override {
    if (reader_.line() <= 1) check_columns(faults);
    while (reader_.next(faults)) {
      out.line = reader_.line();
      out.ops.clear();
      out.skip = {};
      out.at = {};
      out.category = 0;
      out.eager = false;
      const std::optional<double> ms =
          time_.index ? reader_.positive(*time_.index, faults) : std::nullopt;
      if (!ms || !dimensions(out, faults)) continue;
      out.seconds = *ms * 1e-3;
      read(out);
      return true;
    }
    return false;
  }

  /// Columns that no collector writes, and columns that come twice: a typing mistake or another
  /// unit. They are faults; the known ones are read on.
  void check_columns(Faults& faults) const;

  [[nodiscard]] std::vector<std::string> missing() const {
    std::vector<std::string> names = missing_;
    return names;
  }

 protected:
  /// Fills `out` from the current row; its dimensions are in `out.at`.
  virtual void read(KernelCase& out) = 0;

  /// A column, a constant of the index, or `otherwise` ("" : it must be there).
  Column column(const std::string& name, const std::string& otherwise) {
    Column c{.index = reader_.column(name), .constant = otherwise, .name = name};
    if (c.index) return c;
    const auto found = file_.constants.find(name);
    if (found != file_.constants.end()) {
      c.constant = found->second;
    } else if (otherwise.empty()) {
      missing_.push_back(name);
    }
    return c;
  }

  void dimension(const std::string& name, const std::string& otherwise = "") {
    numbers_.push_back(column(name, otherwise));
    dimensions_.push_back(name);
  }

  [[nodiscard]] std::string_view text(const Column& c) const {
    return c.index ? reader_.field(*c.index) : std::string_view(c.constant);
  }

  /// Text columns tell rows apart in the noise floor.
  [[nodiscard]] std::uint32_t category_of(std::initializer_list<std::string_view> names) const {
    std::uint32_t hash = 2166136261u;
    for (const std::string_view name : names) {
      for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
      hash = (hash ^ 0xffu) * 16777619u;
    }
    return hash;
  }

  [[nodiscard]] const KernelFile& file() const { return file_; }
  [[nodiscard]] const hw::Chip& chip() const { return chip_; }

 private:
  bool dimensions(KernelCase& out, Faults& faults);

  KernelFile file_;
  hw::Chip chip_;
  CsvReader reader_;
  std::vector<std::string> missing_;
  Column time_;
  std::vector<Column> numbers_;
};

/// Latent attention alone and with its projections; nullptr for another table.
[[nodiscard]] std::unique_ptr<AicTable> make_mla_table(const KernelFile& file,
                                                       std::string_view text, const hw::Chip& chip);

/// Attention and MLA tables; nullptr for another table.
[[nodiscard]] std::unique_ptr<AicTable> make_attention_table(const KernelFile& file,
                                                             std::string_view text,
                                                             const hw::Chip& chip);

}  // namespace sn::measured
