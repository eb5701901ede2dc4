// tests/fuzz/csv_fuzz.cc
//
// libFuzzer target: any bytes as a table of measurements: a line that is the file's name, then its
// text. Fields are what the text holds, numbers are finite, and tables of kernels under any name
// that is known give rows with a positive time whose ratios to the models can be laid over them.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sn/base/result.h"
#include "sn/evidence/kernels/calibrate_kernels.h"
#include "sn/measured/csv.h"
#include "sn/measured/kernel_cases.h"
#include "sn/measured/kernel_files.h"
#include "tests/fuzz/fuzz_util.h"

namespace {

using namespace sn;
using namespace sn::measured;

void read_rows(std::string_view text, bool header) {
  CsvReader csv(text, "fuzz.csv", header);
  Faults faults;
  int line = 0;
  while (csv.next(faults)) {
    SN_ASSERT(csv.line() > line);
    line = csv.line();
    if (header) SN_ASSERT(csv.fields() == csv.columns().size());
    for (std::size_t i = 0; i < csv.fields(); ++i) {
      SN_ASSERT(csv.field(i).size() <= text.size());
      const auto number = csv.number(i, faults);
      SN_ASSERT(!number || std::isfinite(*number));
      const auto positive = csv.positive(i, faults);
      SN_ASSERT(!positive || (number && *positive > 0.0));
      SN_ASSERT(csv.error(i, "here").where.line == line);
    }
  }
  for (std::size_t i = 0; i < csv.columns().size(); ++i) {
    const auto found = csv.column(csv.columns()[i]);
    SN_ASSERT(found && *found <= i);  // the first of that name
  }
  SN_ASSERT(faults.list("fuzz.csv").size() <= Faults::kept + 1);
}

void read_kernels(const std::string& name, std::string_view text) {
  const KernelFile file = parse_kernel_file_name(name);
  if (file.table.empty()) return;
  static const kernel::KernelModel model(fuzz_chip(), evidence::starting_params());
  RoutingCache routing;
  const auto table = open_table(file, text, fuzz_chip(), routing);
  if (!table) {
    SN_ASSERT(!table.error().empty() && !render(table.error()).empty());
    return;
  }
  Faults faults;
  KernelCase row;
  for (int rows = 0; rows < 50 && (*table)->next(row, faults); ++rows) {
    SN_ASSERT(row.seconds > 0.0 && std::isfinite(row.seconds));
    SN_ASSERT(row.group < (*table)->groups().size());
    if (!row.skip.empty()) continue;
    SN_ASSERT(!row.ops.empty());
    const double predicted = predicted_seconds(model, row);
    SN_ASSERT(predicted >= 0.0 && !std::isnan(predicted));
    SN_ASSERT(!row.shape((*table)->dimensions()).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > (1u << 14)) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view rest = std::string_view(text).substr(std::min(end + 1, text.size()));
  read_rows(rest, true);
  read_rows(rest, false);
  read_kernels(text.substr(0, end), rest);
  return 0;
}
