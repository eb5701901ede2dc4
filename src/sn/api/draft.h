// sn/api/draft.h
//
// A scenario out of six answers: machine, model, traffic, SLO, budget, what matters. The text is
// commented YAML that resolves as it stands, with the commands to go on with.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"

namespace sn::api {

/// Answers as a user gives them; empty: the default, which `draft_questions` has.
struct DraftRequest {
  std::string machine;  // a rack of the catalog; "2 x hgx-h200"
  std::string model;    // of the catalog, or a config.json
  std::string traffic;  // a preset; "1024/256 at 4/s"; a trace's file
  std::string slo;      // "ttft 2 s, tpot 50 ms": p90
  std::string budget;   // none; "16 GPUs"; "40 kW"; "2 $/Mtok"
  std::string matters;  // throughput, latency, energy, cost
};

struct DraftQuestion {
  std::string_view flag;  // "--machine"
  std::string_view asks;
  std::string_view hint;
  std::string_view fallback;
  std::string DraftRequest::* answer;
};
[[nodiscard]] const std::vector<DraftQuestion>& draft_questions();

/// Errors: names that the catalog does not have, answers that cannot be read; all of them, by the
/// request's field.
[[nodiscard]] Result<std::string> draft_scenario(const DraftRequest& request,
                                                 const catalog::Catalog& catalog);

}  // namespace sn::api
