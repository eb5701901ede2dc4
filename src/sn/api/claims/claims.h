// sn/api/claims/claims.h
//
// The ledger of claims: what vendors and papers say of supernodes, run.
//
// An entry of catalog/claims says what is claimed, asks a question of this program (`simulate`,
// `plan`, `rack`, `catalog`) of a scenario, reads one number of the report by its path, and
// compares:
//   value   the number itself
//   ratio   over that of the scenario `against`
//   change  that ratio less one
//   best    of the swept field: the claim names the value at which the number is largest
// Where conditions are not published, one field is swept (`over`), and the verdict says where the
// claim is reached. Nothing is tuned: a claim holds where what is found lies between the claimed
// bounds, widened by its stated tolerance.

#pragma once

#include <string>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"

namespace sn::api {

struct ClaimPoint {
  std::string at;      // of the field that is swept; empty: it is not
  double found = 0.0;  // in the claim's unit
  bool holds = false;
  std::string why_not;  // not empty: no number
};

enum class ClaimVerdict { holds, holds_if, does_not_hold, cannot_be_judged };
[[nodiscard]] std::string_view to_string(ClaimVerdict verdict);

struct ClaimResult {
  std::string id;
  std::string title;
  std::string citation;
  double low = 0.0;  // claimed
  double high = 0.0;
  std::string unit;
  std::string found_unit;  // of what is found, where it is another (`best`)
  double tolerance = 0.0;
  std::string measure;     // "ratio of requests_per_s, kv-cxl-pcie over kv-rdma"
  std::string conditions;  // what was set, and what is swept
  std::vector<ClaimPoint> points;
  ClaimVerdict verdict = ClaimVerdict::cannot_be_judged;
  std::string note;
};

struct ClaimsReport {
  std::vector<ClaimResult> claims;  // by id
  bool interrupted = false;
};

void describe(ReportVisitor& v, const ClaimPoint& point);
void describe(ReportVisitor& v, const ClaimResult& claim);
void describe(ReportVisitor& v, const ClaimsReport& report);

/// All claims, or those named. Errors: unknown names, entries that do not read.
[[nodiscard]] Result<ClaimsReport> claims(const std::vector<std::string>& ids,
                                          const catalog::Catalog& catalog, const Run& run = Run());

}  // namespace sn::api
