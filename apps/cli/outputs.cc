// apps/cli/outputs.cc
//
// Flags of outputs, and files or standard output for them (see outputs.h).

#include "apps/cli/outputs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <filesystem>

#include "sn/draw/kit/fold.h"

namespace sn::cli {

namespace {

struct FlagEndings {
  std::string_view flag;
  std::array<std::string_view, 3> endings;  // of its files
};

constexpr std::array<FlagEndings, 5> all_flags = {{{"--json", {".json", "", ""}},
                                                   {"--csv", {".csv", "", ""}},
                                                   {"--svg", {".svg", "", ""}},
                                                   {"--html", {".html", ".htm", ""}},
                                                   {"--timeline", {".json", ".json.gz", ""}}}};

/// Whether the verb's words are paths of files to read.
bool reads_files(const CLI::App& app) {
  return app.get_option_no_throw("FILES") != nullptr || app.get_option_no_throw("TRACE") != nullptr;
}

}  // namespace

Outputs::Outputs(CLI::App& app, std::initializer_list<OutputKind> kinds) {
  asked_.reserve(kinds.size());
  for (const OutputKind& kind : kinds) {
    asked_.push_back({std::string(kind.flag), {}});
    app.add_flag(asked_.back().flag, asked_.back().path,
                 "[=FILE] " + std::string(kind.what) +
                     " on standard output in place of the text, or in FILE beside it");
  }
}

std::string Outputs::any() const {
  for (const Asked& a : asked_) {
    if (!a.path.empty()) return a.flag;
  }
  return {};
}

const std::string& Outputs::path(std::string_view flag) const {
  static const std::string none;
  const auto at =
      std::find_if(asked_.begin(), asked_.end(), [&](const Asked& a) { return a.flag == flag; });
  return at == asked_.end() ? none : at->path;
}

void Outputs::check(const std::string& verb, const std::vector<std::string>& inputs,
                    Errors& errors) {
  const Asked* first = nullptr;  // on standard output
  for (Asked& a : asked_) {
    if (a.path == "true") a.path = "-";  // how CLI11 reads the flag without a value
    check_writable(a.flag, a.path, errors);
    if (a.path == "-" && first != nullptr) {
      errors.push_back(flag_error(verb,
                                  first->flag + " and " + a.flag + " both go to standard output",
                                  "write one of them to a file: " + a.flag + "=FILE"));
    } else if (a.path == "-") {
      first = &a;
    } else if (!a.path.empty() && std::find(inputs.begin(), inputs.end(), a.path) != inputs.end()) {
      errors.push_back(
          flag_error(verb, "'" + shown(a.path) + "' is read and written", "write to another file"));
    }
  }
}

int Outputs::write(const std::vector<View>& views, const std::function<std::string()>& text,
                   int code) const {
  const View* out = nullptr;
  for (const View& view : views) {
    if (path(view.flag) == "-") out = &view;
  }
  int result = print(out != nullptr ? out->make() : draw::folded(text(), page_width()), code);
  for (const View& view : views) {
    const std::string& file = path(view.flag);
    if (file.empty() || file == "-") continue;
    result = std::max(result, write_output(file, view.make()));
  }
  return result;
}

void check_following(const CLI::App& app, const Args& args, Errors& errors) {
  for (std::size_t i = 0; i + 1 < args.size(); ++i) {
    const auto flag = std::find_if(all_flags.begin(), all_flags.end(),
                                   [&](const FlagEndings& f) { return f.flag == args[i]; });
    if (flag == all_flags.end()) continue;
    const std::string name(flag->flag);
    if (app.get_option_no_throw(name) == nullptr) continue;
    const std::string& word = args[i + 1];
    if (word.starts_with("-")) continue;
    std::error_code ignored;
    const bool there = std::filesystem::exists(word, ignored);
    const bool looks = std::any_of(flag->endings.begin(), flag->endings.end(), [&](auto ending) {
      return !ending.empty() && word.ends_with(ending);
    });
    const bool yaml = word.ends_with(".yaml") || word.ends_with(".yml");
    // A scenario may be JSON and is read where it is there; one in YAML is nobody's output.
    const bool meant = reads_files(app) ? there ? looks && !word.ends_with(".json") : !yaml : looks;
    if (!meant) continue;
    errors.push_back(flag_error(
        app.get_name(),
        name + " takes its file after '='; '" + shown(word) + "' would be a word of its own",
        "did you mean " + name + "=" + shown(word) + "?"));
  }
}

}  // namespace sn::cli
