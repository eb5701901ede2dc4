// apps/cli/slurm_job.cc
//
// Writes and submits job scripts (see slurm_job.h).

#include "apps/cli/slurm_job.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "sn/base/files/files.h"
#include "sn/sweep/sweep.h"

namespace sn::cli {

namespace {

namespace fs = std::filesystem;

/// As a shell takes it for one word.
std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string absolute(const std::string& path) {
  return sweep::is_server(path) || path.empty() ? path : fs::absolute(path).string();
}

/// What a command says, and how it ended.
std::pair<std::string, int> said_by(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {"cannot start a shell", 1};
  std::array<char, 4096> buffer;
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    out.append(buffer.data(), got);
  }
  return {out, ::pclose(pipe)};
}

}  // namespace

void SlurmFlags::add(CLI::App& app) {
  app.add_flag("--slurm", submit, "as an array of Slurm jobs: writes the script and submits it");
  app.add_flag("--slurm-script", write_only, "writes the script alone, DATABASE.slurm.sh");
  app.add_option("--tasks", tasks_text, "of the array")->type_name("N");
  app.add_option("--sbatch", options, "options of every task: '--partition=long --mem=8G'")
      ->type_name("OPTIONS");
}

void SlurmFlags::check(const std::string& verb, Errors& errors) {
  tasks = integer_flag("--tasks", tasks_text, 1, 10'000, errors);
  if (options.find_first_of("\n\r") != std::string::npos) {
    errors.push_back(flag_error(verb, "--sbatch has a line break", "write one line"));
  }
}

std::string slurm_script(const SlurmSweep& job, const SlurmFlags& flags) {
  std::error_code ignored;
  const std::string program = fs::read_symlink("/proc/self/exe", ignored).string();
  const std::string database = absolute(job.database);
  std::string ask = fmt::format("{} sweep {} --db {} --quiet", quoted(program),
                                quoted(absolute(job.sweep)), quoted(database));
  if (!job.catalog.empty()) ask += " --catalog " + quoted(absolute(job.catalog));
  const bool server = sweep::is_server(job.database);
  std::string out = "#!/bin/bash\n#SBATCH --job-name=sweep\n";
  out += fmt::format("#SBATCH --array=0-{}\n", flags.tasks - 1);
  out += fmt::format("#SBATCH --output={}.%A_%a.log\n", server ? absolute(job.sweep) : database);
  if (!flags.options.empty()) out += "#SBATCH " + flags.options + "\n";
  out += "set -euo pipefail\n";
  out += "cd " + quoted(fs::current_path().string()) + "\n";
  if (!server) {
    out += "if [[ ${1-} == merge ]]; then\n";
    out += "  # The sweep takes what its tasks kept, and asks what a lost task has left open.\n";
    out += "  exec " + ask + "\nfi\n";
  }
  out += fmt::format(
      "exec {} --threads \"${{SLURM_CPUS_PER_TASK:-1}}\" --shard "
      "\"$SLURM_ARRAY_TASK_ID/{}\"\n",
      ask, flags.tasks);
  return out;
}

int submit_slurm(const std::string& verb, const SlurmSweep& job, const SlurmFlags& flags) {
  const bool server = sweep::is_server(job.database);
  const std::string script = absolute((server ? job.sweep : job.database) + ".slurm.sh");
  if (const auto error = write_file(script, slurm_script(job, flags))) {
    return refuse(verb, {*error});
  }
  std::string out = script + "\n";
  if (flags.write_only) return print(out);
  const auto [number, code] = said_by("sbatch --parsable " + quoted(script));
  const std::string id = number.substr(0, number.find_first_of(";\n"));
  if (code != 0 || id.find_first_not_of("0123456789") != std::string::npos) {
    return refuse(verb, {{.code = ErrorCode::io,
                          .message = "sbatch: " + shown(number, 200),
                          .where = {.file = verb},
                          .hint = "the script is " + script}});
  }
  out += fmt::format("submitted {} tasks as job {}\n", flags.tasks, id);
  if (server) return print(out);
  const auto [merge, failed] = said_by(fmt::format(
      "sbatch --parsable --array=0 --dependency=afterany:{} {} merge", id, quoted(script)));
  const std::string last = merge.substr(0, merge.find_first_of(";\n"));
  if (failed != 0) {
    report({{.code = ErrorCode::io,
             .message = "sbatch: " + shown(merge, 200),
             .where = {.file = verb},
             .hint = "after the tasks: supernode sweep " + job.sweep + " --db " + job.database}});
    return exit_fault;
  }
  return print(out + "merged by job " + last + " into " + job.database + "\n");
}

}  // namespace sn::cli
