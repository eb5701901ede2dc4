// apps/cli/cli.h
//
// What the verbs of `supernode` share: arguments, output, exit codes. One file a verb, each thin
// over the library: parse, load, ask, print.
//
// Results go to standard output; mistakes, warnings and timing to standard error. Exit codes: 0
// done, 2 a mistake of the user (an SLO that nobody meets and a model that does not fit are
// mistakes too), 1 a fault of the program or the machine (a full disk is one), 130 interrupted:
// what is printed is of the part that was run.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"
#include "sn/draw/kit/table.h"

namespace CLI {  // NOLINT(readability-identifier-naming): theirs
class App;
}

namespace sn::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_fault = 1;
inline constexpr int exit_mistake = 2;
inline constexpr int exit_interrupted = 130;  // 128 + SIGINT, as shells say it

using Args = std::vector<std::string>;

/// A verb: its name, one line for `supernode --help`, and what it does with its arguments.
struct Verb {
  std::string_view name;
  std::string_view summary;
  int (*run)(const Args& args);
  std::string_view words = {};  // that the first argument may be, for completion: "show model"
};

[[nodiscard]] const std::vector<Verb>& verbs();

int run_calibrate(const Args& args);
int run_catalog(const Args& args);
int run_collective(const Args& args);
int run_compare(const Args& args);
int run_directions(const Args& args);
int run_claims(const Args& args);
int run_completion(const Args& args);
int run_doctor(const Args& args);
int run_fabric(const Args& args);
int run_man(const Args& args);
int run_plan(const Args& args);
int run_rack(const Args& args);
int run_simulate(const Args& args);
int run_validate(const Args& args);
/// `calibrate collectives` and `calibrate serving`: the rest of the command line.
int run_calibrate_collectives(const Args& args);
int run_calibrate_serving(const Args& args);
int run_workload(const Args& args);

/// The whole command line without the program's name.
int run(const Args& args);

/// Parses `args` into the variables bound to `app`. The result is an exit code when there is
/// nothing more to do: help was printed, or mistakes were. Adds --quiet, which `run` reads, where
/// the verb has none of its own.
[[nodiscard]] std::optional<int> parse(CLI::App& app, const Args& args);

/// A whole number within [min, max], or an error about `flag` in `errors`.
[[nodiscard]] int integer_flag(const std::string& flag, const std::string& text, int min, int max,
                               Errors& errors);

/// A number within [min, max], likewise.
[[nodiscard]] double number_flag(const std::string& flag, const std::string& text, double min,
                                 double max, Errors& errors);

/// Writes `text` to standard output and returns `code`. A reader that has gone away is no mistake;
/// a full disk is.
[[nodiscard]] int print(std::string_view text, int code = exit_done);
/// Writes to standard error.
void complain(std::string_view text);
/// All mistakes at once to standard error; nothing was run. Fields of requests (api) are called by
/// their flags.
int refuse(const Errors& errors);
int refuse(const std::string& verb, const Errors& errors);
/// Errors of something that was run, without the line that says that nothing was.
void report(const Errors& errors);
/// `errors` with flags of `verb` in place of the fields of a request.
[[nodiscard]] Errors in_flags(const std::string& verb, Errors errors);
/// As `report`, as warnings.
void warn(const Errors& warnings);

/// Whether `path` could be written ("-" always can), without touching it; an error with a hint if
/// not.
void check_writable(const std::string& flag, const std::string& path, Errors& errors);
/// Whether there is what an input flag names; an error if not. Nothing is read, and an empty path
/// is none.
void check_there(const std::string& flag, const std::string& path, Errors& errors);
/// `code`, or that of an interrupted run.
[[nodiscard]] inline int code_of(bool interrupted, int code = exit_done) {
  return interrupted ? exit_interrupted : code;
}
/// Writes `text` to `path`, or to standard output for "-". Mistakes are reported; returns the code.
[[nodiscard]] int write_output(const std::string& path, std::string_view text);

/// Colour on a terminal, unless NO_COLOR is set or TERM is dumb; as wide as the terminal, or as the
/// variable COLUMNS says, within 80 and 200 characters.
[[nodiscard]] draw::TextStyle text_style(std::string file);

/// Width of the page that `text_style` has.
[[nodiscard]] std::size_t page_width();

/// That `--data` is missing for collectives: what is looked for below it, and how to get it.
[[nodiscard]] Error no_collective_data(const std::string& verb);

/// A mistake about the command line of `verb`.
[[nodiscard]] Error flag_error(const std::string& verb, std::string message, std::string hint);

/// `path` as the loader takes it: "-" is standard input.
[[nodiscard]] std::string input_path(const std::string& path);

}  // namespace sn::cli
