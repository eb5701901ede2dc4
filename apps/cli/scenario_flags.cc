// apps/cli/scenario_flags.cc
//
// Flags of scenarios (see scenario_flags.h).

#include "apps/cli/scenario_flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "apps/cli/run_flags.h"

namespace sn::cli {

namespace {

struct ScenarioFlag {
  const char* name;
  std::string twin::Overrides::* value;
  const char* type;
  const char* text;
};

constexpr std::array<ScenarioFlag, 11> all_flags = {
    {{"--rack", &twin::Overrides::rack, "RACK", "machine (supernode catalog racks)"},
     {"--gpus", &twin::Overrides::gpus, "N", "GPUs: whole racks, or a part of one"},
     {"--model", &twin::Overrides::model, "MODEL",
      "a catalog name (supernode catalog models), or the path of a config.json"},
     {"--framework", &twin::Overrides::framework, "ENGINE",
      "serving engine (supernode catalog frameworks): its times, and what it can run"},
     {"--isl", &twin::Overrides::input, "TOKENS", "requests of this many tokens in; with --osl"},
     {"--osl", &twin::Overrides::output, "TOKENS", "and this many out"},
     {"--trace", &twin::Overrides::trace, "FILE",
      "requests of this trace (formats: supernode workload --help)"},
     {"--rate", &twin::Overrides::rate, "RATE",
      "load: knee, a multiple of the workload (1.5x), or a rate (40/s)"},
     {"--ttft", &twin::Overrides::ttft, "TIME", "limit of the p90, as in 1s; or 'p99=1 s'"},
     {"--tpot", &twin::Overrides::tpot, "TIME", "limit of the p90, as in 50ms; or 'mean=50 ms'"},
     {"--e2e", &twin::Overrides::e2e, "TIME",
      "limit of the p90 from sending a request to its last token"}}};

/// As a shell would need it.
std::string quoted(const std::string& word) {
  return word.find_first_of(" '\"*?$&;<>()") == std::string::npos ? word : "'" + word + "'";
}

}  // namespace

ScenarioFlags::ScenarioFlags(CLI::App& app) {
  app.add_option("FILES", files_,
                 "scenarios (YAML or JSON), or names of shipped ones (supernode catalog "
                 "scenarios); - is standard input");
  for (const ScenarioFlag& f : all_flags) {
    app.add_option(f.name, overrides_.*f.value, f.text)->type_name(f.type);
  }
  add_set_flag(app, set_);
}

bool ScenarioFlags::sets(const std::string& path) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const twin::FieldValue& f) {
    return f.path == path || f.path.starts_with(path + ".");
  });
}

void ScenarioFlags::check_complete(const std::string& verb, Errors& errors) const {
  const twin::Overrides& o = overrides_;
  std::string missing;
  const auto need = [&](bool there, const std::string& what) {
    if (!there) missing += (missing.empty() ? "" : "; ") + what;
  };
  need(!o.rack.empty() || sets("cluster"), "--rack, as in --rack hgx-h100");
  need(!o.model.empty() || sets("model"), "--model, as in --model llama-3.1-70b");
  need(!o.trace.empty() || !(o.input + o.output).empty() || sets("workload"),
       "--isl and --osl (or --trace), as in --isl 1024 --osl 256");
  need(!(o.ttft + o.tpot + o.e2e).empty() || sets("slo"),
       "--ttft or --tpot, as in --ttft 1s --tpot 50ms");
  if (missing.empty()) return;
  errors.push_back(flag_error(verb, "without a scenario these are missing: " + missing,
                              "or name one: " + verb + " scenarios/al128-deepseek-v3.yaml"));
}

void ScenarioFlags::check(const std::string& verb, Errors& errors) {
  fields_ = checked_fields(set_, errors);
  if (overrides_.input.empty() != overrides_.output.empty()) {
    errors.push_back(flag_error(verb, "--isl and --osl go together", "--isl 1024 --osl 256"));
  }
  if (!overrides_.trace.empty() && !overrides_.input.empty()) {
    errors.push_back(flag_error(verb, "--trace and --isl both say what the requests are",
                                "leave out one of them"));
  }
  if (std::count(files_.begin(), files_.end(), "-") > 1) {
    errors.push_back(flag_error(verb, "standard input can be read once", "name '-' once"));
  }
  if (!files_.empty()) return;
  if (overrides_.any() || !set_.empty()) {
    check_complete(verb, errors);
    files_ = {""};
    return;
  }
  errors.push_back(flag_error(verb, "which scenario?",
                              verb + " scenarios/al128-deepseek-v3.yaml, or " + verb +
                                  " --rack hgx-h100 --model llama-3.1-70b --isl 1024 --osl 256 "
                                  "--ttft 1s --tpot 50ms"));
}

api::OpenRequest ScenarioFlags::open(const std::string& file) const {
  return {.file = input_path(file),
          .name = file == "-" ? "standard input" : file,
          .overrides = overrides_,
          .fields = fields_};
}

std::string ScenarioFlags::source() const {
  std::string out = files_.empty() ? "" : quoted(files_.front());
  if (!out.empty()) return out;
  for (const ScenarioFlag& f : all_flags) {
    const std::string& value = overrides_.*f.value;
    if (!value.empty()) out += (out.empty() ? "" : " ") + std::string(f.name) + " " + quoted(value);
  }
  for (const std::string& s : set_) out += " --set " + quoted(s);
  return out;
}

}  // namespace sn::cli
