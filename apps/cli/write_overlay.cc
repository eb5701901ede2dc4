// apps/cli/write_overlay.cc
//
// See the header.

#include "apps/cli/write_overlay.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "apps/cli/cli.h"

namespace sn::cli {

int write_overlay(const std::string& folder, const std::vector<evidence::CatalogFile>& files) {
  for (const evidence::CatalogFile& f : files) {
    const std::filesystem::path path = std::filesystem::path(folder) / f.path;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (const int code = write_output(path.string(), f.text)) return code;
  }
  return exit_done;
}

std::string today() {
  const auto now = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const std::chrono::year_month_day date(now);
  return fmt::format("{}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace sn::cli
