// apps/cli/run_flags.cc
//
// One run of the process, stopped by SIGINT (see run_flags.h).

#include "apps/cli/run_flags.h"

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <memory>

#include "apps/cli/progress.h"
#include "sn/draw/kit/table.h"

namespace sn::cli {

namespace {

constexpr int threads_most = 1024;

/// The signal's handler can be told nothing: it looks here.
std::atomic<const Run*> current = nullptr;

extern "C" void ask_to_stop(int) {
  if (const Run* run = current.load()) run->stop();
  std::signal(SIGINT, SIG_DFL);
}

/// "12 of 45 tables, 27 %, 3 s to go".
std::string line_of(const sn::Progress& p, std::chrono::steady_clock::time_point since) {
  std::string out = p.doing;
  if (p.share <= 0.0) return out;
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - since;
  const double left = spent.count() * (1.0 - p.share) / p.share;
  return out + ", " + draw::fixed(100.0 * p.share, 0) + " %, " + draw::significant(left, 2) +
         " s to go";
}

/// The stage that a line is of: the text before its figures.
std::string stage_of(const std::string& doing) {
  const std::size_t end = doing.find_last_of(':');
  return end == std::string::npos ? std::string() : doing.substr(0, end);
}

}  // namespace

RunFlags::RunFlags(CLI::App& app) {
  app.add_option("--threads", text_,
                 "threads; 0: as many as the machine has; the result is the same")
      ->type_name("N");
  app.add_flag("--quiet", quiet_, "neither progress nor timing on standard error");
}

void RunFlags::check(Errors& errors) {
  threads_ = integer_flag("--threads", text_, 0, threads_most, errors);
}

Run RunFlags::start() {
  start_ = std::chrono::steady_clock::now();
  struct Stage {
    std::string name;
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
  };
  const auto stage = std::make_shared<Stage>();
  static Run run;  // lives as long as the handler may look at it
  run = Run(
      {.threads = threads_ > 0 ? threads_ : default_, .progress = [stage](const sn::Progress& p) {
         const std::string name = stage_of(p.doing);
         if (name != stage->name) *stage = {name};
         say(line_of(p, stage->since));
       }});
  current = &run;
  std::signal(SIGINT, ask_to_stop);
  return run;
}

void RunFlags::took(const std::string& what) const {
  if (quiet_) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start_;
  complain(what + " in " + draw::significant(took.count()) + " s\n");
}

void add_catalog_flag(CLI::App& app, std::string& folder) {
  app.add_option("--catalog", folder,
                 "lay the entries of this folder over the catalog (supernode calibrate -o)")
      ->type_name("FOLDER");
}

void add_set_flag(CLI::App& app, std::vector<std::string>& fields) {
  app.add_option("--set", fields,
                 "this value in place of the scenario's, by the paths of plan --vary; several "
                 "flags, in their order")
      ->type_name("PATH=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

std::vector<twin::FieldValue> checked_fields(const std::vector<std::string>& fields,
                                             Errors& errors) {
  std::vector<twin::FieldValue> out;
  for (const std::string& text : fields) {
    const Result<twin::FieldValue> field = twin::parse_field(text, "--set");
    if (field) out.push_back(*field);
    if (!field) errors.insert(errors.end(), field.error().begin(), field.error().end());
  }
  return out;
}

}  // namespace sn::cli
