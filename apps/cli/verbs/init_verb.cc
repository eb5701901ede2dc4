// apps/cli/verbs/init_verb.cc
//
// `supernode init`: a commented scenario out of six answers, asked on a terminal or given as flags.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "apps/cli/cli.h"
#include "sn/api/draft.h"
#include "sn/api/open.h"
#include "sn/base/files/files.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode init";

constexpr const char* examples =
    "\nexamples:\n"
    "  supernode init -o mine.yaml\n"
    "  supernode init --machine al128 --model deepseek-v3 --traffic mooncake-conversation\n"
    "  supernode init --machine '2 x hgx-h100' --traffic '1024/256 at 4/s' --budget '40 kW'\n"
    "  supernode init --model llama-3.1-8b --matters energy > mine.yaml";

/// Asks what no flag has answered. False where the terminal was closed.
bool ask(api::DraftRequest& request) {
  for (const api::DraftQuestion& q : api::draft_questions()) {
    if (!(request.*q.answer).empty()) continue;
    complain(std::string(q.asks) + " (" + std::string(q.hint) + ") [" + std::string(q.fallback) +
             "] ");
    if (!std::getline(std::cin, request.*q.answer)) return false;
  }
  return true;
}

}  // namespace

int run_init(const Args& args) {
  CLI::App app("Writes a commented scenario; asks on a terminal what no flag says.", verb);
  api::DraftRequest request;
  std::string file;
  bool defaults = false;
  for (const api::DraftQuestion& q : api::draft_questions()) {
    app.add_option(std::string(q.flag), request.*q.answer,
                   std::string(q.hint) + "; " + std::string(q.fallback) + " by default")
        ->type_name("ANSWER");
  }
  app.add_option("-o,--out", file, "the file to write; standard output by default")
      ->type_name("FILE");
  app.add_flag("--defaults", defaults, "ask nothing");
  app.footer(examples);
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  check_writable("-o", file, errors);
  if (!file.empty() && file != "-" && std::filesystem::exists(file)) {
    errors.push_back(flag_error(verb, "'" + shown(file) + "' is there already",
                                "another name, or remove it first"));
  }
  if (!errors.empty()) return refuse(verb, errors);
  if (!defaults && ::isatty(STDIN_FILENO) != 0 && !ask(request)) return exit_mistake;
  const Result<catalog::Catalog> catalog = api::open_catalog();
  if (!catalog) return refuse(verb, catalog.error());
  const Result<std::string> text = api::draft_scenario(request, *catalog);
  if (!text) return refuse(verb, text.error());
  const int code = write_output(file.empty() ? "-" : file, *text);
  if (code == exit_done && !file.empty() && file != "-") {
    complain("written; next: supernode plan " + file + "\n");
  }
  return code;
}

}  // namespace sn::cli
