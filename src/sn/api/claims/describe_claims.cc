// sn/api/claims/describe_claims.cc
//
// The report of `supernode claims`, described once.

#include "sn/api/claims/claims.h"

namespace sn::api {

void describe(ReportVisitor& v, const ClaimPoint& p) {
  v.type("ClaimPoint", "What was found, at one value of what is swept.");
  v.text("at", "empty: nothing is swept", p.at);
  v.number("found", "in the claim's unit", p.found);
  v.flag("holds", "within the claimed bounds and the tolerance", p.holds);
  v.text("why_not", "no number", p.why_not);
}

void describe(ReportVisitor& v, const ClaimResult& c) {
  static constexpr ClaimVerdict verdicts[] = {ClaimVerdict::holds, ClaimVerdict::holds_if,
                                              ClaimVerdict::does_not_hold,
                                              ClaimVerdict::cannot_be_judged};
  v.type("ClaimResult", "A claim, run.");
  v.text("id", "", c.id);
  v.text("title", "", c.title);
  v.text("citation", "", c.citation);
  v.number("claimed_low", "", c.low);
  v.number("claimed_high", "", c.high);
  v.text("unit", "", c.unit);
  v.text("found_unit", "of what is found", c.found_unit);
  v.number("tolerance", "share", c.tolerance);
  v.text("measure", "", c.measure);
  v.text("conditions", "", c.conditions);
  v.list("points", "", c.points);
  v.choice("verdict", "", c.verdict, verdicts);
  v.text("note", "", c.note);
}

void describe(ReportVisitor& v, const ClaimsReport& r) {
  v.type("ClaimsReport", "The ledger of claims.");
  v.document("supernode-claims");
  v.list("claims", "by id", r.claims);
  v.flag("interrupted", "", r.interrupted);
}

}  // namespace sn::api
