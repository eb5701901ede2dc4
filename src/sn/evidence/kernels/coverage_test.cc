// sn/evidence/kernels/coverage_test.cc
//
// The table of where kernels were measured holds what the measured tables hold, no more and no less
// (when SN_SHARED_DATA names the folder that holds `kernels`).

#include "sn/kernel/coverage.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <string>

#include "sn/catalog/catalog.h"
#include "sn/evidence/kernels/fit_sample.h"
#include "sn/evidence/kernels/kernel_set.h"

namespace sn::evidence {
namespace {

std::string line_of(kernel::Family family, kernel::Library library, kernel::Format format,
                    std::string_view generation) {
  std::string out(to_string(family));
  for (const std::string_view part :
       {to_string(library), attends(family) ? std::string_view("-") : to_string(format),
        generation == "blackwell-grace" ? std::string_view("blackwell") : generation}) {
    out += " " + std::string(part);
  }
  return out;
}

/// Operators of all tables, as lines.
std::set<std::string> in_tables(const std::string& folder, const KernelSet& kernels) {
  const measured::KernelFiles files = measured::find_kernel_files(folder);
  Errors errors;
  const auto samples =
      read_fit_samples(files.files, kernels, {.rows_per_table = 1000000}, sn::Run(), errors);
  std::set<std::string> out;
  for (const FitSample& sample : samples) {
    for (const FitRow& row : sample.rows) {
      const auto kind = kind_of(row.measured);
      const auto chip = kernels.chips.find(sample.chips[row.chip]);
      if (!kind || kind->family == kernel::Family::elementwise) continue;
      out.insert(line_of(kind->family, kind->library, kind->format, chip->second.kernels));
    }
  }
  return out;
}

TEST(Coverage, IsThatOfTheMeasuredTables) {
  const char* shared = std::getenv("SN_SHARED_DATA");
  if (shared == nullptr) GTEST_SKIP() << "SN_SHARED_DATA is not set";
  const auto shipped = catalog::Catalog::embedded();
  ASSERT_TRUE(shipped.has_value());
  catalog::Params params;
  const auto kernels = read_kernel_set(*shipped, params);
  ASSERT_TRUE(kernels.has_value());
  std::set<std::string> said;
  for (std::size_t f = 0; f < kernel::family_count; ++f) {
    for (std::size_t l = 0; l < kernel::library_count; ++l) {
      for (std::size_t a = 0; a < kernel::format_count; ++a) {
        for (const std::string_view g : {"ampere", "ada", "hopper", "blackwell", "blackwell-rtx"}) {
          const auto family = static_cast<kernel::Family>(f);
          const auto library = static_cast<kernel::Library>(l);
          const auto format = static_cast<kernel::Format>(a);
          if (measured_on(family, library, format, g)) {
            said.insert(line_of(family, library, format, g));
          }
        }
      }
    }
  }
  const std::set<std::string> held = in_tables(std::string(shared) + "/kernels", *kernels);
  for (const std::string& line : held) EXPECT_EQ(said.count(line), 1U) << "not said: " << line;
  for (const std::string& line : said) EXPECT_EQ(held.count(line), 1U) << "not held: " << line;
}

}  // namespace
}  // namespace sn::evidence
