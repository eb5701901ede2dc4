// apps/cli/doctor_verb.cc
//
// `supernode doctor`: whether this program and this machine are in order.
//
// Each check does something and says what came of it: every entry of the catalog is read, a small
// plan is made with one thread and with all and must give the same bytes, a file is written where
// temporary files go. Nothing is sent anywhere.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "sn/api/datasheet.h"
#include "sn/api/open.h"
#include "sn/api/plan.h"
#include "sn/base/json_writer.h"
#include "sn/catalog/catalog.h"
#include "sn/draw/kit/text_table.h"
#include "sn/draw/plan/plan_json.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode doctor";

enum class Verdict { good, remark, bad };

struct Check {
  std::string name;
  Verdict verdict = Verdict::good;
  std::string said;
};

std::string_view to_string(Verdict verdict) {
  return verdict == Verdict::good ? "ok" : verdict == Verdict::remark ? "note" : "FAULT";
}

Check check_program() {
  std::string said = "supernode " + std::string(SN_VERSION) + ", " __VERSION__;
#ifdef NDEBUG
  return {"program", Verdict::remark, said + ", without assertions"};
#else
  return {"program", Verdict::good, said + ", assertions on"};
#endif
}

/// Reads every entry as `catalog show` does.
Check check_catalog(const catalog::Catalog& catalog) {
  std::size_t entries = 0;
  std::size_t numbers = 0;
  std::size_t assumed = 0;
  for (const catalog::CatalogKind& kind : catalog::catalog_kinds()) {
    for (const std::string& name : catalog.names(kind)) {
      const Result<api::Datasheet> sheet = api::read_datasheet(catalog, kind, name);
      if (!sheet) {
        return {"catalog", Verdict::bad, name + ": " + sheet.error().front().message};
      }
      ++entries;
      for (const api::DatasheetLine& line : sheet->lines) {
        numbers += line.figures.empty() ? 0 : 1;
        assumed += line.assumed() ? 1 : 0;
      }
    }
  }
  return {"catalog", Verdict::good,
          std::to_string(entries) + " entries, " + std::to_string(numbers) + " values, " +
              std::to_string(assumed) + " of them assumptions"};
}

constexpr const char* small_scenario =
    "supernode: 1\n"
    "name: doctor\n"
    "cluster: {rack: hgx-h200}\n"
    "model: llama-3.1-8b\n"
    "workload:\n"
    "  synthetic:\n"
    "    arrivals: {process: poisson, rate: 1 req/s}\n"
    "    input: 1000\n"
    "    output: 200\n"
    "    requests: 200\n"
    "slo: {ttft: {p90: 1 s}, tpot: {p90: 40 ms}}\n";

Result<std::string> small_plan(const catalog::Catalog& catalog, int threads) {
  const auto opened = api::open({.file = "doctor.yaml", .text = small_scenario}, catalog);
  if (!opened) return fail(opened.error());
  const Result<planner::PlanReport> report =
      api::plan(*opened->world, {.top = 3, .explain = true}, Run({.threads = threads}));
  if (!report) return fail(report.error());
  return draw::plan_json(*report);
}

Check check_plan(const catalog::Catalog& catalog) {
  const Result<std::string> one = small_plan(catalog, 1);
  const Result<std::string> all = small_plan(catalog, 0);
  if (!one) return {"plan", Verdict::bad, one.error().front().message};
  if (!all || *one != *all) {
    return {"plan", Verdict::bad, "one thread and all threads plan differently"};
  }
  return {"plan", Verdict::good, "the same bytes with one thread and with all"};
}

Check check_threads() {
  const unsigned n = std::thread::hardware_concurrency();
  if (n < 2) return {"threads", Verdict::remark, "one processor: plans take twice as long"};
  return {"threads", Verdict::good, std::to_string(n) + " processors"};
}

Check check_temporary() {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
  if (error) return {"files", Verdict::remark, "no folder for temporary files"};
  const std::filesystem::path file = folder / ("supernode-doctor-" + std::to_string(::getpid()));
  std::ofstream out(file);
  out << "written by supernode doctor\n";
  out.close();
  const bool written = !out.fail();
  std::filesystem::remove(file, error);
  return written ? Check{"files", Verdict::good, folder.string() + " can be written"}
                 : Check{"files", Verdict::remark, folder.string() + " cannot be written"};
}

Check check_terminal() {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool colour = text_style({}).colour;
  return {"terminal", Verdict::good,
          terminal ? (colour ? "a terminal, with colour" : "a terminal, without colour")
                   : "standard output is no terminal: no colour, no progress"};
}

std::string as_json(const std::vector<Check>& checks) {
  JsonWriter w;
  w.begin_object();
  w.member("format", "supernode-doctor").member("version", 1);
  w.key("checks").begin_array();
  for (const Check& c : checks) {
    w.begin_object();
    w.member("name", c.name).member("verdict", to_string(c.verdict)).member("said", c.said);
    w.end_object();
  }
  w.end_array();
  w.end_object();
  return std::move(w).str();
}

std::string as_text(const std::vector<Check>& checks) {
  using draw::Align;
  draw::TextTable table(
      {{"check", Align::left}, {"", Align::left}, {"what was found", Align::left}});
  for (const Check& c : checks) {
    table.row({c.name, std::string(to_string(c.verdict)), c.said});
  }
  return table.str(text_style({}));
}

}  // namespace

int run_doctor(const Args& args) {
  CLI::App app("Whether this program and this machine are in order.", verb);
  Outputs outputs(app, {{"--json", "JSON (schema/doctor.schema.json)"}});
  app.footer(
      "\nexamples:\n"
      "  supernode doctor          exit code 1 where a check finds a fault\n"
      "  supernode doctor --json");
  if (const auto code = parse(app, args)) return *code;
  Errors errors;
  outputs.check(verb, {}, errors);
  if (!errors.empty()) return refuse(errors);
  std::vector<Check> checks = {check_program()};
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (catalog) {
    checks.push_back(check_catalog(*catalog));
    checks.push_back(check_plan(*catalog));
  } else {
    checks.push_back({"catalog", Verdict::bad, catalog.error().front().message});
  }
  checks.push_back(check_threads());
  checks.push_back(check_temporary());
  checks.push_back(check_terminal());
  const bool faulty = std::any_of(checks.begin(), checks.end(),
                                  [](const Check& c) { return c.verdict == Verdict::bad; });
  return outputs.write(
      {{"--json", [&] { return as_json(checks); }}}, [&] { return as_text(checks); },
      faulty ? exit_fault : exit_done);
}

}  // namespace sn::cli
