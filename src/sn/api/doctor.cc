// sn/api/doctor.cc
//
// See the header.

#include "sn/api/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "sn/api/catalog/datasheet.h"
#include "sn/api/open.h"
#include "sn/api/plan.h"
#include "sn/base/report/report_json.h"

namespace sn::api {

namespace {

/// Reads every entry as `catalog show` does.
Check check_catalog(const catalog::Catalog& catalog) {
  std::size_t entries = 0;
  std::size_t numbers = 0;
  std::size_t assumed = 0;
  for (const catalog::CatalogKind& kind : catalog::catalog_kinds()) {
    for (const std::string& name : catalog.names(kind)) {
      const Result<Datasheet> sheet = read_datasheet(catalog, kind, name);
      if (!sheet) {
        return {"catalog", Verdict::bad, name + ": " + sheet.error().front().message};
      }
      ++entries;
      for (const DatasheetLine& line : sheet->lines) {
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
  const auto opened = open({.file = "doctor.yaml", .text = small_scenario}, catalog);
  if (!opened) return fail(opened.error());
  const Result<planner::PlanReport> report =
      plan(*opened->world, {.top = 3, .explain = true}, Run({.threads = threads}));
  if (!report) return fail(report.error());
  return report_json(*report);
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

}  // namespace

std::string_view to_string(Verdict verdict) {
  return verdict == Verdict::good ? "ok" : verdict == Verdict::remark ? "note" : "FAULT";
}

void describe(ReportVisitor& v, const Check& check) {
  static constexpr Verdict verdicts[] = {Verdict::good, Verdict::remark, Verdict::bad};
  v.type("Check", "One check: it does something and says what came of it.");
  v.text("name", "", check.name);
  v.choice("verdict", "", check.verdict, verdicts);
  v.text("said", "what was found", check.said);
}

void describe(ReportVisitor& v, const DoctorReport& report) {
  v.type("DoctorReport", "Whether this program and this machine are in order.");
  v.document("supernode-doctor");
  v.list("checks", "", report.checks);
}

bool DoctorReport::faulty() const {
  return std::any_of(checks.begin(), checks.end(),
                     [](const Check& c) { return c.verdict == Verdict::bad; });
}

DoctorReport doctor() {
  DoctorReport out;
  const Result<catalog::Catalog> catalog = catalog::Catalog::embedded();
  if (catalog) {
    out.checks.push_back(check_catalog(*catalog));
    out.checks.push_back(check_plan(*catalog));
  } else {
    out.checks.push_back({"catalog", Verdict::bad, catalog.error().front().message});
  }
  out.checks.push_back(check_threads());
  out.checks.push_back(check_temporary());
  return out;
}

}  // namespace sn::api
