// sn/measured/kernel_files.cc
//
// See the header.

#include "sn/measured/kernel_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <utility>

#include "sn/base/files/files.h"
#include "sn/base/text/text.h"
#include "sn/measured/csv.h"

namespace sn::measured {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t files_max = 20000;

/// Catalog name of a measured system.
std::string chip_of(std::string_view system) {
  std::string chip = lower(system);
  if (chip.ends_with("_sxm")) chip.resize(chip.size() - 4);
  if (chip == "rtxpro6000") return "rtx-pro-6000";
  if (chip == "rtx4090") return "rtx-4090";
  return chip;
}

bool parse_aiconfigurator(const std::string& stem, KernelFile& out) {
  const std::vector<std::string> parts = split(stem, "__");
  if (parts.size() != 3 || !parts[2].ends_with("_perf")) return false;
  const auto dash = parts[1].find('-');
  if (dash == std::string::npos) return false;
  out.format = TableFormat::aiconfigurator;
  out.system = parts[0];
  out.framework = parts[1].substr(0, dash);
  out.version = parts[1].substr(dash + 1);
  out.table = parts[2];
  return true;
}

bool parse_llmservingsim(const std::string& stem, KernelFile& out) {
  const std::vector<std::string> parts = split(stem, "__");
  if (parts.size() != 6 || !parts[4].starts_with("tp")) return false;
  const std::string_view tp = std::string_view(parts[4]).substr(2);
  const auto [end, code] = std::from_chars(tp.data(), tp.data() + tp.size(), out.tp);
  if (code != std::errc() || end != tp.data() + tp.size() || out.tp < 1) return false;
  out.format = TableFormat::llmservingsim;
  out.system = parts[0];
  out.framework = "vllm";
  out.version = "0.19.0";
  out.model = parts[1] + "/" + parts[2];
  out.table = parts[5];
  return true;
}

bool parse_plain(const std::string& stem, KernelFile& out) {
  if (stem == "microbench") {
    out.format = TableFormat::microbench;
    out.table = stem;
    return true;
  }
  constexpr std::string_view linear = "_linear_ops";
  if (stem.ends_with(linear)) {
    out.format = TableFormat::vidur;
    out.system = stem.substr(0, stem.size() - linear.size());
    out.table = linear.substr(1);
    return true;
  }
  const std::vector<std::string> parts = split(stem, "_");
  if (parts.size() == 3 && parts[0] == "llmcompass") {
    out.format = TableFormat::llmcompass;
    out.system = parts[2];
    out.table = parts[1];
    return true;
  }
  return false;
}

/// Constant columns by file name, from one INDEX.csv.
void read_index(const std::string& path, const std::string& name, const fs::path& folder,
                std::vector<KernelFile>& files, Errors& errors) {
  const Result<std::string> text = read_file(path, 64u << 20);
  if (!text) {
    errors.insert(errors.end(), text.error().begin(), text.error().end());
    return;
  }
  CsvReader reader(*text, name);
  const auto file = reader.column("file");
  const auto constants = reader.column("constant_columns");
  if (!file || !constants) {
    errors.push_back({.code = ErrorCode::data,
                      .message = "an index needs the columns file and constant_columns",
                      .where = {.file = name, .line = 1}});
    return;
  }
  std::map<std::string, std::string, std::less<>> by_file;
  Faults faults;
  while (reader.next(faults)) {
    by_file.emplace(reader.field(*file), reader.field(*constants));
  }
  for (const Error& e : faults.list(name)) errors.push_back(e);
  for (KernelFile& f : files) {
    const fs::path at(f.path);
    if (at.parent_path() != folder) continue;
    auto found = by_file.find(at.filename().string());
    if (found == by_file.end()) found = by_file.find(at.filename().string() + ".gz");
    if (found == by_file.end()) continue;
    for (const std::string& pair : split(found->second, ";")) {
      const auto equals = pair.find('=');
      if (equals != std::string::npos)
        f.constants[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
  }
}

/// Regular files below `directory`, relative and sorted.
std::vector<std::string> walk(const std::string& directory, Errors& errors) {
  std::vector<std::string> names;
  std::error_code error;
  fs::recursive_directory_iterator it(directory, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    names.push_back(fs::path(it->path()).lexically_relative(directory).generic_string());
    if (names.size() > files_max) {
      errors.push_back({.code = ErrorCode::limit,
                        .message = fmt::format("more than {} files", files_max),
                        .where = {.file = directory}});
      break;
    }
  }
  if (error) {
    errors.push_back({.code = ErrorCode::io,
                      .message = fmt::format("cannot list '{}'", shown(directory, 200)),
                      .where = {.file = directory},
                      .hint = error.message()});
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

KernelFile parse_kernel_file_name(std::string_view name) {
  KernelFile out;
  out.name = std::string(name);
  std::string stem(name.substr(name.find_last_of('/') + 1));
  if (stem.ends_with(".gz")) stem.resize(stem.size() - 3);
  if (!stem.ends_with(".csv")) return out;
  stem.resize(stem.size() - 4);
  if (parse_aiconfigurator(stem, out) || parse_llmservingsim(stem, out) || parse_plain(stem, out)) {
    out.chip = chip_of(out.system);
  }
  return out;
}

KernelFiles find_kernel_files(const std::string& directory) {
  KernelFiles out;
  std::vector<std::string> indices;
  for (const std::string& name : walk(directory, out.errors)) {
    KernelFile file = parse_kernel_file_name(name);
    if (!file.table.empty()) {
      file.path = (fs::path(directory) / name).string();
      std::error_code unknown;
      file.bytes = fs::file_size(file.path, unknown);
      if (unknown) file.bytes = 0;
      out.files.push_back(std::move(file));
    } else if (fs::path(name).filename() == "INDEX.csv") {
      indices.push_back(name);
    } else {
      out.ignored.push_back(name);
    }
  }
  for (const std::string& name : indices) {
    const fs::path path = fs::path(directory) / name;
    read_index(path.string(), name, path.parent_path(), out.files, out.errors);
  }
  if (out.files.empty() && out.errors.empty()) {
    out.errors.push_back({.code = ErrorCode::data,
                          .message = "no kernel table below this folder",
                          .where = {.file = directory},
                          .hint = "tables are named SYSTEM__FRAMEWORK-VERSION__TABLE.csv.gz"});
  }
  return out;
}

}  // namespace sn::measured
