// apps/cli/workload_verb.cc
//
// `supernode workload TRACE`: statistics of a request trace, or a workload preset made of them.

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "sn/base/files.h"
#include "sn/base/json_writer.h"
#include "sn/base/units.h"
#include "sn/draw/catalog/workload_text.h"
#include "sn/serving/load/trace.h"
#include "sn/serving/load/workload.h"
#include "sn/serving/load/workload_file.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode workload";

std::string file_part(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

/// `text` as a YAML scalar: plain where no character of it could mean anything, else quoted.
std::string yaml_text(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,.()/+_-";
  const bool simple = text.find_first_not_of(plain) == std::string::npos && text.size() > 5 &&
                      ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
  if (simple && text.back() != ' ') return text;
  JsonWriter w;
  w.value(text);
  std::string out = std::move(w).str();
  out.pop_back();  // the line feed
  return out;
}

void warn_of(const std::string& path, const serving::Trace& trace) {
  warn(trace.warnings);
  if (trace.malformed <= trace.warnings.size()) return;
  complain(path + ": " + std::to_string(trace.malformed) + " malformed lines in all, left out\n");
}

}  // namespace

int run_workload(const Args& args) {
  CLI::App app("Rate, burstiness, lengths and prefix-cache hit rates of a request trace.", verb);
  std::string path;
  std::string preset;
  bool json = false;
  app.add_option(
      "TRACE", path,
      "JSONL of Mooncake, sessions with delays (aiperf, Dynamo), GuideLLM, Qwen-Bailian "
      "or vLLM requests; CSV of Azure, BurstGPT, Vidur or ServeGen; plain, gzip or zstd; "
      "- is standard input");
  const CLI::Option* as_preset =
      app.add_option("--preset", preset, "write a workload preset (YAML) with this title")
          ->type_name("TITLE");
  app.add_flag("--json", json, "JSON instead of text (schema/workload.schema.json)");
  app.footer(
      "\nexamples:\n"
      "  supernode workload conversation.jsonl.gz\n"
      "  supernode workload trace.csv --preset \"Azure chat, 2023\" > azure-chat.yaml");
  if (const auto code = parse(app, args)) return *code;

  Errors errors;
  const bool presetting = as_preset->count() > 0;
  if (path.empty()) {
    errors.push_back(flag_error(verb, "which trace?", "supernode workload FILE"));
  }
  if (presetting && json) {
    errors.push_back(
        flag_error(verb, "--preset and --json exclude each other", "a preset is YAML"));
  }
  if (presetting && preset.empty()) {
    errors.push_back(flag_error(verb, "--preset needs a title", "--preset \"Chat, May 2025\""));
  }
  if (!errors.empty()) return refuse(errors);

  const Result<std::string> text = read_file(input_path(path));
  if (!text) return refuse(text.error());
  const std::string name = path == "-" ? "standard input" : file_part(path);
  const Result<serving::Trace> trace = serving::read_trace(path, *text);
  if (!trace) return refuse(trace.error());
  warn_of(path, *trace);
  const std::string origin =
      name + ", " + format_number(static_cast<double>(trace->requests.size()), 12) + " requests";
  const Result<serving::Workload> workload =
      serving::summarise(name, origin, trace->requests, trace->block_tokens);
  if (!workload) return refuse(workload.error());
  if (presetting) {
    return print(serving::write_workload(*workload, yaml_text(preset), yaml_text(origin)));
  }
  return print(json ? draw::workload_json(*trace, *workload)
                    : draw::workload_page(*trace, *workload, text_style(path)));
}

}  // namespace sn::cli
