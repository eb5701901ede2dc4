// apps/cli/outputs.h
//
// Where a verb's answer goes: one grammar for all verbs and all kinds of output.
//
//   --json            on standard output, in place of the text
//   --json=FILE       into FILE, beside the text; "-" is standard output
//
// and so --csv, --svg, --html and --timeline, where a verb has them. At most one goes to standard
// output. A word that follows such a flag without '=' is never its file: where it looks like one,
// the mistake is told with what was probably meant.

#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cli/cli.h"

namespace sn::cli {

/// One kind of output, as its flag is called.
struct OutputKind {
  std::string_view flag;  // "--json"
  std::string_view what;  // for --help: "JSON (schema/plan.schema.json)"
};

/// What makes the text of one kind.
struct View {
  std::string_view flag;
  std::function<std::string()> make;
};

class Outputs {
 public:
  /// Adds the flags to `app`.
  Outputs(CLI::App& app, std::initializer_list<OutputKind> kinds);
  Outputs(const Outputs&) = delete;
  Outputs& operator=(const Outputs&) = delete;

  [[nodiscard]] bool asked(std::string_view flag) const { return !path(flag).empty(); }
  /// A flag that was given, of all or of some; "" for none.
  [[nodiscard]] std::string any() const;
  /// Where `flag` writes to: a file, "-", or empty when it was not given.
  [[nodiscard]] const std::string& path(std::string_view flag) const;

  /// Two outputs on standard output, files that cannot be written, or that are among `inputs`.
  void check(const std::string& verb, const std::vector<std::string>& inputs, Errors& errors);

  /// Writes what was asked for of `views`, and `text` where nothing of it went to standard output.
  /// Returns `code`, or that of the first failure.
  [[nodiscard]] int write(const std::vector<View>& views, const std::function<std::string()>& text,
                          int code = exit_done) const;

 private:
  struct Asked {
    std::string flag;
    std::string path;
  };
  std::vector<Asked> asked_;  // never moves: the parser writes into it
};

/// A word after an output flag that was meant as its file; called by `parse`.
void check_following(const CLI::App& app, const Args& args, Errors& errors);

}  // namespace sn::cli
