// sn/planner/share_curve.cc
//
// Plans a tenant on limits of GPUs (see share_curve.h).

#include "sn/planner/share_curve.h"

#include <algorithm>
#include <cmath>

namespace sn::planner {

ShareCurve::ShareCurve(const twin::Tenant& tenant, const PlanOptions& options,
                       const ShareProgress& progress)
    : tenant_(&tenant), options_(options), progress_(&progress), world_(tenant.world) {
  options_.explain = false;
}

ShareCurve ShareCurve::at_knee() const {
  ShareCurve out(*tenant_, options_, *progress_);
  out.world_.rate = {};
  return out;
}

const Result<PlanReport>& ShareCurve::at(std::int64_t gpus) {
  const auto known = plans_.find(gpus);
  if (known != plans_.end()) return known->second;
  (*progress_)(tenant_->name, gpus);
  world_.gpu_limit = gpus;
  return plans_.emplace(gpus, plan(world_, options_)).first->second;
}

double ShareCurve::carried(std::int64_t gpus) {
  const Result<PlanReport>& report = at(gpus);
  if (!report || report->meet == 0) return 0.0;
  return report->candidates.front().state.requests;
}

double ShareCurve::multiple(std::int64_t gpus) {
  return carried(gpus) / (tenant_->weight * world_.workload.rate.si());
}

ShareCurve::Bracket ShareCurve::bracket(double wanted, std::int64_t most) {
  if (most < 1 || multiple(most) < wanted) return {};
  Bracket b{.below = 0, .enough = most};
  for (const auto& [gpus, report] : plans_) {
    if (gpus > b.enough) break;
    if (multiple(gpus) >= wanted) {
      b.enough = gpus;
      break;
    }
    b.below = gpus;
  }
  return b;
}

void ShareCurve::narrow(const Bracket& b, double wanted) {
  SN_ASSERT(b.enough > 0 && !b.exact());
  const double low = b.below > 0 ? multiple(b.below) : 0.0;
  const double high = multiple(b.enough);
  std::int64_t next = b.below + (b.enough - b.below) / 2;
  if (!halve_ && low > 0.0 && high > low) {
    const double share = (wanted - low) / (high - low);
    next = b.below +
           static_cast<std::int64_t>(std::ceil(share * static_cast<double>(b.enough - b.below)));
  } else if (!halve_) {
    // The knee grows about in proportion to the GPUs.
    next = static_cast<std::int64_t>(std::ceil(wanted / high * static_cast<double>(b.enough)));
  }
  halve_ = !halve_;
  static_cast<void>(at(std::clamp(next, b.below + 1, b.enough - 1)));
}

std::int64_t ShareCurve::least(double wanted, std::int64_t most) {
  Bracket b = bracket(wanted, most);
  while (!b.exact()) {
    narrow(b, wanted);
    b = bracket(wanted, most);
  }
  return b.enough;
}

}  // namespace sn::planner
