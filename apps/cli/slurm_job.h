// apps/cli/slurm_job.h
//
// A sweep as an array of Slurm jobs: each task asks a part of the points into a file of its own,
// and a job that waits for all of them merges the files.

#pragma once

#include <string>

#include "apps/cli/cli.h"

namespace sn::cli {

struct SlurmFlags {
  bool submit = false;
  bool write_only = false;
  std::string tasks_text = "4";
  int tasks = 4;
  std::string options;  // for sbatch, of every task: "--partition=long"

  void add(CLI::App& app);
  void check(const std::string& verb, Errors& errors);
  [[nodiscard]] bool asked() const { return submit || write_only; }
};

struct SlurmSweep {
  std::string sweep;  // file
  std::string database;
  std::string catalog;
};

/// The script of the array; the job after it runs the same script with the word `merge`.
[[nodiscard]] std::string slurm_script(const SlurmSweep& job, const SlurmFlags& flags);

/// Writes DATABASE.slurm.sh and, unless it is only to be written, hands it to sbatch.
int submit_slurm(const std::string& verb, const SlurmSweep& job, const SlurmFlags& flags);

}  // namespace sn::cli
