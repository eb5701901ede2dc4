// apps/cli/output.cc
//
// Standard output and error, files, exit codes (see cli.h).
//
// Written with write(2): a closed pipe is then an error number, not a stream in a bad state, and
// nothing is left in a buffer when the program ends.

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "apps/cli/cli.h"
#include "apps/cli/progress.h"
#include "sn/api/request_error.h"
#include "sn/base/files/files.h"
#include "sn/base/files/gzip.h"

namespace sn::cli {

namespace {

/// Error number, 0 when all was written.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

bool has_variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
  return value != nullptr && *value != '\0';
}

Error io_error(const std::string& path, const std::string& message, std::string hint) {
  return {.code = ErrorCode::io,
          .message = message,
          .where = {.file = path, .excerpt = {}},
          .hint = std::move(hint)};
}

}  // namespace

int print(std::string_view text, int code) {
  erase_progress();
  const int error = write_all(STDOUT_FILENO, text);
  if (error == 0 || error == EPIPE) return code;
  complain("supernode: error: cannot write standard output: " +
           std::generic_category().message(error) + "\n");
  return exit_fault;
}

void complain(std::string_view text) {
  erase_progress();
  static_cast<void>(write_all(STDERR_FILENO, text));
}

int refuse(const Errors& errors) {
  complain(render(errors));
  return code_of(!errors.empty() && errors.front().code == ErrorCode::interrupted, exit_mistake);
}

int refuse(const std::string& verb, const Errors& errors) { return refuse(in_flags(verb, errors)); }

Errors in_flags(const std::string& verb, Errors errors) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 31> flags = {
      {{"rack", "--rack"},
       {"gpus", "--gpus"},
       {"op", "--op"},
       {"algorithm", "--algorithm"},
       {"fidelity", "--fidelity"},
       {"background", "--background"},
       {"transport", "--transport"},
       {"scale_out", "--scale-out"},
       {"from", "--from"},
       {"to", "--to"},
       {"degraded", "--degrade"},
       {"first", "--min"},
       {"last", "--max"},
       {"data", "--data"},
       {"families", "--family"},
       {"chips", "--leave-out"},
       {"rank", "--deployment"},
       {"tool", "--export"},
       {"tenant", "--tenant"},
       {"axes", "--vary"},
       {"fields", "--set"},
       {"catalog", "--catalog"},
       {"scenario", "FILES"},
       {"subject", "RACK"},
       {"load", "--load"},
       {"cap", "--cap"},
       {"policy", "--policy"},
       {"event", "--event"},
       {"spares", "--spares"},
       {"deployment", "--why-not"},
       {"overrides", "--rack, --model, --trace, --rate and their like"}}};
  for (Error& e : errors) {
    if (!e.where.file.starts_with(api::request_prefix)) continue;
    const std::string field = e.where.file.substr(api::request_prefix.size());
    e.where.file = verb;
    for (const auto& [name, flag] : flags) {
      if (name == field) e.message = std::string(flag) + ": " + e.message;
    }
  }
  return errors;
}

void report(const Errors& errors) {
  for (const Error& e : errors) complain(render(e));
}

void warn(const Errors& warnings) {
  constexpr std::string_view word = "error: ";
  for (const Error& w : warnings) {
    std::string text = render(w);
    const std::size_t at = text.find(word);
    if (at != std::string::npos) text.replace(at, word.size(), "warning: ");
    complain(text);
  }
}

void check_writable(const std::string& flag, const std::string& path, Errors& errors) {
  if (path.empty() || path == "-") return;
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path target(path);
  const fs::path parent = target.has_parent_path() ? target.parent_path() : fs::path(".");
  if (fs::is_directory(target, ignored)) {
    errors.push_back(io_error(path, flag + " names a folder", "name a file in it"));
  } else if (!fs::is_directory(parent, ignored)) {
    errors.push_back(io_error(path, flag + ": there is no folder " + parent.string(),
                              "make it first, or choose another"));
  } else if (::access(fs::exists(target, ignored) ? path.c_str() : parent.c_str(), W_OK) != 0) {
    errors.push_back(io_error(path,
                              flag + ": not writable: " + std::generic_category().message(errno),
                              "choose another file, or - for standard output"));
  }
}

void check_there(const std::string& flag, const std::string& path, Errors& errors) {
  std::error_code error;
  if (path.empty() || std::filesystem::exists(path, error)) return;
  errors.push_back(io_error(path, flag + ": there is no '" + shown(path, 200) + "'",
                            error ? error.message() : "a folder of measurements"));
}

int write_output(const std::string& path, std::string_view text) {
  if (path == "-") return print(text);
  const bool packed = path.ends_with(".gz");
  const std::optional<Error> error = write_file(path, packed ? gzipped(text) : std::string(text));
  if (!error) return exit_done;
  complain(render(*error));
  return exit_fault;
}

std::size_t page_width() {
  constexpr int least = 80;
  constexpr int most = 200;
  winsize size{};
  int columns = most;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) columns = size.ws_col;
  const char* said = std::getenv("COLUMNS");  // NOLINT(concurrency-mt-unsafe): nobody sets any
  if (said != nullptr && std::atoi(said) > 0) columns = std::atoi(said);
  return static_cast<std::size_t>(std::clamp(columns, least, most));
}

draw::TextStyle text_style(std::string file) {
  const char* term = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody sets any
  const bool dumb = term == nullptr || std::strcmp(term, "dumb") == 0;
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && !dumb && !has_variable("NO_COLOR");
  return {.colour = colour, .file = std::move(file), .width = page_width()};
}

std::string input_path(const std::string& path) { return path == "-" ? "/dev/stdin" : path; }

}  // namespace sn::cli
