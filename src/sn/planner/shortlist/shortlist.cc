// sn/planner/shortlist/shortlist.cc
//
// A greedy choice under quotas (see shortlist.h).

#include "sn/planner/shortlist/shortlist.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

namespace sn::planner {

namespace {

constexpr double worth = 1.0 / 3.0;  // of the best screened rate
constexpr int most_of_a_cut = 3;     // chunks, partners of one prefill or aggregated cut
constexpr int most_of_a_decode = 6;  // of one decode cut

std::string cut_of(const serving::Pool& pool) {
  const llm::Deployment& d = pool.deployment;
  return fmt::format("{} {} {}", llm::cut_text(d), kernel::to_string(d.precision.weights),
                     kernel::to_string(d.precision.kv));
}

/// Counts what has been taken under each name.
class Quotas {
 public:
  bool take(const serving::ServingPlan& plan) {
    const bool two = plan.disaggregated();
    const serving::Pool& front = two ? plan.prefill : plan.decode;
    const std::string cut = (two ? "d " : "a ") + cut_of(front);
    const std::string chunked =
        fmt::format("{} {} {}", cut, front.chunk, plan.decode.deployment.draft_tokens);
    const std::string back = two ? "decode " + cut_of(plan.decode) : std::string();
    if (count_[cut] >= most_of_a_cut || count_[chunked] >= 1) return false;
    if (two && count_[back] >= most_of_a_decode) return false;
    ++count_[cut];
    ++count_[chunked];
    if (two) ++count_[back];
    return true;
  }

 private:
  std::map<std::string, int> count_;
};

}  // namespace

std::vector<FoundPlan> shortlist(std::vector<FoundPlan> plans, bool fixed_rate, std::size_t most) {
  const auto value = [&](const FoundPlan& p) {
    return fixed_rate ? p.requests / static_cast<double>(p.plan.gpus()) : p.requests;
  };
  std::stable_sort(plans.begin(), plans.end(),
                   [&](const FoundPlan& a, const FoundPlan& b) { return value(a) > value(b); });
  // Both kinds are tried where both exist: their formulas err differently.
  std::vector<FoundPlan> out;
  for (const bool two : {true, false}) {
    const bool other = std::any_of(plans.begin(), plans.end(), [&](const FoundPlan& p) {
      return p.plan.disaggregated() != two;
    });
    const std::size_t room = !other ? most : two ? most * 2 / 3 : most - most * 2 / 3;
    Quotas quotas;
    std::size_t taken = 0;
    for (const FoundPlan& p : plans) {
      if (taken == room || value(p) < worth * value(plans.front())) break;
      if (p.plan.disaggregated() != two || !quotas.take(p.plan)) continue;
      out.push_back(p);
      ++taken;
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [&](const FoundPlan& a, const FoundPlan& b) { return value(a) > value(b); });
  return out;
}

}  // namespace sn::planner
