// sn/measured/kernel_files.h
//
// Finds the measurement tables of operators below a folder and says what each one is.
//
// Recognised by name, wherever below the folder they lie:
//   SYSTEM__FRAMEWORK-VERSION__TABLE.csv[.gz]   aiconfigurator tables; columns that are constant in
//                                               a table stand in INDEX.csv beside it
//   {a100,h100}_linear_ops.csv[.gz]             Vidur: linear operators of whole models
//   llmcompass_{matmul,gelu,layernorm,softmax}_CHIP.csv
//   GPU__ORG__MODEL__TYPE__tpN__KIND.csv[.gz]   LLMServingSim profiles
//   microbench.csv                              published single figures
// The catalog entry of a system ("h100_sxm" is chip h100) comes from its name.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"

namespace sn::measured {

enum class TableFormat { aiconfigurator, vidur, llmcompass, llmservingsim, microbench };

/// One table. `constants` are its columns that hold one value in all rows.
struct KernelFile {
  std::string path;  // to open
  std::string name;  // relative to the folder that was given
  TableFormat format = TableFormat::aiconfigurator;
  std::string system;     // "h100_sxm"
  std::string chip;       // catalog name
  std::string framework;  // "trtllm", "vllm", "sglang"; empty: a plain library
  std::string version;
  std::string table;  // "gemm_perf", "linear_ops", "dense", ...
  std::string model;  // LLMServingSim: "Qwen/Qwen3-32B"
  int tp = 1;         // LLMServingSim
  std::map<std::string, std::string, std::less<>> constants;
  std::uintmax_t bytes = 0;  // on disk
};

struct KernelFiles {
  std::vector<KernelFile> files;     // by name
  std::vector<std::string> ignored;  // files of other kinds, by name
  Errors errors;                     // an INDEX.csv that cannot be read, a folder without tables
};

/// Walks `directory`. The order does not depend on the file system.
[[nodiscard]] KernelFiles find_kernel_files(const std::string& directory);

/// What a file name says; the format is told by the result's `table`, empty for another file.
[[nodiscard]] KernelFile parse_kernel_file_name(std::string_view name);

}  // namespace sn::measured
