// apps/cli/verbs/workload_verb.cc
//
// `supernode workload TRACE`: statistics of a request trace, or a workload preset made of them.

#include <CLI/CLI.hpp>
#include <charconv>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "apps/cli/run_flags.h"
#include "sn/api/workload.h"
#include "sn/draw/catalog/workload_text.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode workload";

/// "5%", "5 %" or "0.05".
double share_flag(const std::string& flag, std::string text, Errors& errors) {
  const bool percent = text.ends_with("%");
  if (percent) text.resize(text.find_last_not_of("% ") + 1);
  double value = -1.0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (percent) value /= 100.0;
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  if (whole && value >= 0.0 && value < 1.0) return value;
  errors.push_back(flag_error(verb, flag + " cannot be '" + shown(text) + "'",
                              "a share from 0 to 99 %, as in 5% or 0.05"));
  return 0.0;
}

void warn_of(const std::string& path, const serving::TraceFacts& trace) {
  warn(trace.warnings);
  if (trace.malformed <= serving::TraceLimits{}.reported_lines) return;
  complain(path + ": " + std::to_string(trace.malformed) + " malformed lines in all, left out\n");
}

}  // namespace

int run_workload(const Args& args) {
  CLI::App app("Rate, burstiness, lengths and prefix-cache hit rates of a request trace.", verb);
  std::string path;
  std::string preset;
  app.add_option(
      "TRACE", path,
      "JSONL of Mooncake, sessions with delays (aiperf, Dynamo), GuideLLM, Qwen-Bailian "
      "or vLLM requests; CSV of Azure, BurstGPT, Vidur or ServeGen; plain, gzip or zstd; "
      "- is standard input");
  const CLI::Option* as_preset =
      app.add_option("--preset", preset, "write a workload preset (YAML) with this title")
          ->type_name("TITLE");
  std::string bad = "1%";
  app.add_option("--bad-lines", bad,
                 "accept up to this share of malformed lines, which are left out (1%)")
      ->type_name("SHARE");
  Outputs outputs(app, {{"--json", "JSON (schema/workload.schema.json)"}});
  RunFlags flags(app);
  app.footer(
      "\nexamples:\n"
      "  supernode workload conversation.jsonl.gz\n"
      "  supernode workload trace.csv --preset \"Azure chat, 2023\" > azure-chat.yaml");
  if (const auto code = parse(app, args)) return *code;

  Errors errors;
  flags.check(errors);
  outputs.check(verb, {path}, errors);
  const bool presetting = as_preset->count() > 0;
  if (path.empty()) {
    errors.push_back(flag_error(verb, "which trace?", "supernode workload FILE"));
  }
  if (presetting && outputs.asked("--json")) {
    errors.push_back(
        flag_error(verb, "--preset and --json exclude each other", "a preset is YAML"));
  }
  if (presetting && preset.empty()) {
    errors.push_back(flag_error(verb, "--preset needs a title", "--preset \"Chat, May 2025\""));
  }
  const double malformed = share_flag("--bad-lines", bad, errors);
  if (!errors.empty()) return refuse(errors);

  const Run run = flags.start();
  const Result<api::WorkloadReport> report =
      api::workload({.file = input_path(path),
                     .name = path == "-" ? "standard input" : path,
                     .malformed = malformed},
                    run);
  if (!report) return refuse(report.error());
  const api::WorkloadReport& r = *report;
  warn_of(path, r.trace);
  if (presetting) return print(api::workload_preset(*report, preset));
  return outputs.write({{"--json", [&] { return draw::workload_json(r); }}},
                       [&] { return draw::workload_page(r, text_style(path)); });
}

}  // namespace sn::cli
