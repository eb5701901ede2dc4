// sn/api/doctor.h
//
// Whether this program and this machine are in order.
//
// Each check does something and says what came of it: every entry of the catalog is read, a small
// plan is made with one thread and with all and must give the same bytes, a file is written where
// temporary files go. Nothing is sent anywhere.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/base/report/report_visitor.h"

namespace sn::api {

enum class Verdict { good, remark, bad };
[[nodiscard]] std::string_view to_string(Verdict verdict);  // "ok", "note", "FAULT"

struct Check {
  std::string name;
  Verdict verdict = Verdict::good;
  std::string said;
};

struct DoctorReport {
  std::vector<Check> checks;

  [[nodiscard]] bool faulty() const;
};

void describe(ReportVisitor& v, const Check& check);
void describe(ReportVisitor& v, const DoctorReport& report);

/// Checks of catalog, plan, threads and files; a client adds what concerns itself.
[[nodiscard]] DoctorReport doctor();

}  // namespace sn::api
