// sn/planner/share/share_curve.h
//
// What one tenant does with 1, 2, ... GPUs; private to the sharing of a machine (share.h).

#pragma once

#include <cstdint>
#include <map>

#include "sn/planner/share/share.h"

namespace sn::planner {

/// Plans of one tenant by the GPUs that it may take, each made once.
class ShareCurve {
 public:
  /// The tenant must outlive the curve.
  ShareCurve(const twin::Tenant& tenant, const PlanOptions& options, Run run);

  /// The same tenant, asked for its knee.
  [[nodiscard]] ShareCurve at_knee() const;

  [[nodiscard]] const Result<PlanReport>& at(std::int64_t gpus);
  /// Requests per second that the best deployment carries within SLO and rate; 0: none does.
  [[nodiscard]] double carried(std::int64_t gpus);
  /// `carried` over the tenant's own rate and its weight.
  [[nodiscard]] double multiple(std::int64_t gpus);

  /// Fewest GPUs that reach a multiple lie in (below, enough]; `enough` is 0 where `most` do not.
  struct Bracket {
    std::int64_t below = 0;
    std::int64_t enough = 0;
    [[nodiscard]] bool exact() const { return enough - below <= 1; }
  };
  [[nodiscard]] Bracket bracket(double multiple, std::int64_t most);
  /// One more plan inside of `b`, which is not exact; then `bracket` is narrower.
  void narrow(const Bracket& b, double multiple);
  /// Fewest GPUs, of at most `most`, that reach `multiple`; 0 where none do.
  [[nodiscard]] std::int64_t least(double multiple, std::int64_t most);

  [[nodiscard]] const twin::Tenant& tenant() const { return *tenant_; }

 private:
  const twin::Tenant* tenant_;
  PlanOptions options_;
  Run run_;
  twin::World world_;
  std::map<std::int64_t, Result<PlanReport>> plans_;
  /// Requests per second by GPUs: of `plans_`, and at the GPUs that their best deployments take.
  std::map<std::int64_t, double> carried_;
  std::int64_t last_width_ = 0;  // of the bracket narrowed last
};

}  // namespace sn::planner
