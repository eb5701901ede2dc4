// sn/measured/measured_tables.cc
//
// See the header.

#include "sn/measured/measured_tables.h"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "sn/base/files/files.h"
#include "sn/measured/kernel_cases.h"
#include "sn/measured/kernel_files.h"

namespace sn::measured {

namespace {

constexpr std::size_t text_max = std::size_t{1} << 29;

/// "b200" of "b200 (modified)".
std::string plain_name(const std::string& name) { return name.substr(0, name.find(' ')); }

bool by_host(const Op& op) {
  const auto* product = std::get_if<kernel::Gemm>(&op);
  return product != nullptr && product->eager > 0.0;
}

/// Adds the rows of one file.
class FileReader {
 public:
  FileReader(const KernelFile& file, const hw::Chip& chip, const kernel::KernelModel& model)
      : file_(file), chip_(chip), model_(model) {}

  std::size_t read(RoutingCache& routing, kernel::MeasuredRatios& ratios, Errors& faults) {
    Salvage text = salvage_file(file_.path, text_max);
    if (text.stopped_by) {
      text.stopped_by->where.file = file_.name;
      faults.push_back(*text.stopped_by);
      text.text.resize(text.text.find_last_of('\n') + 1);  // the last line is cut somewhere
    }
    const auto table = open_table(file_, text.text, chip_, routing);
    if (!table) {
      faults.insert(faults.end(), table.error().begin(), table.error().end());
      return 0;
    }
    std::size_t rows = 0;
    Faults malformed;
    KernelCase row;
    while ((*table)->next(row, malformed)) {
      if (!row.skip.empty() || row.ops.size() != 1 || by_host(row.ops.front())) continue;
      const double ratio = row.seconds / predicted_seconds(model_, row);
      const auto add = [&](const auto& op) {
        using Operator = std::decay_t<decltype(op)>;
        // One call for prompts and positions has no place among either.
        if constexpr (!std::is_same_v<Operator, Elementwise> &&
                      !std::is_same_v<Operator, kernel::MixedAttention>) {
          ratios.add(kernel::place_of(op), ratio);
          ++rows;
        }
      };
      std::visit(add, row.ops.front());
    }
    for (Error& e : malformed.list(file_.name)) faults.push_back(std::move(e));
    return rows;
  }

 private:
  const KernelFile& file_;
  hw::Chip chip_;
  const kernel::KernelModel& model_;
};

}  // namespace

Result<MeasuredTables> read_measured_tables(const std::string& directory, const hw::Chip& chip,
                                            const kernel::KernelParams& params) {
  const KernelFiles found = find_kernel_files(directory);
  if (!found.errors.empty()) return fail(found.errors);
  kernel::KernelParams alone = params;
  alone.measured = nullptr;
  const kernel::KernelModel model(chip, alone);
  const auto ratios = std::make_shared<kernel::MeasuredRatios>();
  MeasuredTables out;
  RoutingCache routing;
  const std::string name = plain_name(chip.name);
  for (const KernelFile& file : found.files) {
    if (file.chip != name) continue;
    ++out.files;
    out.rows += FileReader(file, chip, model).read(routing, *ratios, out.faults);
  }
  if (out.rows == 0) {
    Errors errors = out.faults;
    errors.push_back({.code = ErrorCode::data,
                      .message = fmt::format("no measured row of chip '{}'", shown(name)),
                      .where = {.file = directory},
                      .hint = "tables are named SYSTEM__FRAMEWORK-VERSION__TABLE.csv[.gz], and "
                              "SYSTEM names the chip"});
    return fail(std::move(errors));
  }
  ratios->finish();
  out.ratios = ratios;
  return out;
}

}  // namespace sn::measured
