// apps/cli/verbs/doctor_verb.cc
//
// `supernode doctor`: whether this program and this machine are in order.
//
// The checks are those of sn/api/doctor.h, with this program and its terminal around them.

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "apps/cli/cli.h"
#include "apps/cli/outputs.h"
#include "sn/api/doctor.h"
#include "sn/base/report/report_json.h"
#include "sn/draw/kit/table.h"

namespace sn::cli {

namespace {

constexpr const char* verb = "supernode doctor";

using api::Check;
using api::Verdict;

Check check_program() {
  std::string said = "supernode " + std::string(SN_VERSION) + ", " __VERSION__;
#ifdef NDEBUG
  return {"program", Verdict::remark, said + ", without assertions"};
#else
  return {"program", Verdict::good, said + ", assertions on"};
#endif
}

Check check_terminal() {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const bool colour = text_style({}).colour;
  return {"terminal", Verdict::good,
          terminal ? (colour ? "a terminal, with colour" : "a terminal, without colour")
                   : "standard output is no terminal: no colour, no progress"};
}

std::string as_text(const api::DoctorReport& report) {
  using draw::Align;
  draw::Table table({{"check", Align::left}, {"", Align::left}, {"what was found", Align::left}});
  for (const Check& c : report.checks) {
    table.row({c.name, std::string(api::to_string(c.verdict)), c.said});
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
  api::DoctorReport report = api::doctor();
  report.checks.insert(report.checks.begin(), check_program());
  report.checks.push_back(check_terminal());
  return outputs.write(
      {{"--json", [&] { return report_json(report); }}}, [&] { return as_text(report); },
      report.faulty() ? exit_fault : exit_done);
}

}  // namespace sn::cli
