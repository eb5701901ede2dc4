// apps/cli/run_flags.h
//
// What every verb that works has: --threads, --quiet, progress, and Ctrl-C, which stops the work
// and keeps what it has; a second one ends the program.

#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "apps/cli/cli.h"
#include "sn/base/run.h"
#include "sn/twin/scenario/fields.h"

namespace sn::cli {

/// The flags; then, once they are checked, the run.
class RunFlags {
 public:
  explicit RunFlags(CLI::App& app);
  RunFlags(const RunFlags&) = delete;
  RunFlags& operator=(const RunFlags&) = delete;

  void check(Errors& errors);
  /// What 0 threads stands for, where it is not the machine's number.
  void threads_by_default(int count) { default_ = count; }
  /// The run of this process; there is one at a time.
  [[nodiscard]] Run start();
  /// Seconds since `start`, on standard error: "planned in 0.4 s". Nothing when quiet.
  void took(const std::string& what) const;

 private:
  std::string text_ = "0";
  int threads_ = 0;
  int default_ = 0;
  bool quiet_ = false;
  std::chrono::steady_clock::time_point start_;
};

/// Adds `--catalog FOLDER`.
void add_catalog_flag(CLI::App& app, std::string& folder);

/// Adds `--set PATH=VALUE`, as often as is liked.
void add_set_flag(CLI::App& app, std::vector<std::string>& fields);
[[nodiscard]] std::vector<twin::FieldValue> checked_fields(const std::vector<std::string>& fields,
                                                           Errors& errors);

}  // namespace sn::cli
