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

Error no_collective_data(const std::string& verb) {
  return flag_error(
      verb,
      "--data is missing: expected a folder of measured collectives (nccl_intra_node.csv, "
      "custom_allreduce_intra_node.csv, deepep_ll.csv, deepep_normal.csv, "
      "gb200_nvl72_trtllm_alltoall.csv, published_collectives.csv, vidur_network.csv.gz, logs of "
      "nccl-tests); the catalog holds no published ones",
      "all_reduce_perf -b 1K -e 1G -f 2 -g 8 > logs/all_reduce.txt, then " + verb + " --data logs");
}

}  // namespace sn::cli
