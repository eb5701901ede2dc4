// sn/planner/share/share_curve.cc
//
// Plans a tenant on limits of GPUs (see share_curve.h).

#include "sn/planner/share/share_curve.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace sn::planner {

ShareCurve::ShareCurve(const twin::Tenant& tenant, const PlanOptions& options, Run run)
    : tenant_(&tenant), options_(options), run_(std::move(run)), world_(tenant.world) {
  options_.explain = false;
  options_.screen = true;  // a curve is many plans; simulate plays what comes of them
}

ShareCurve ShareCurve::at_knee() const {
  ShareCurve out(*tenant_, options_, run_);
  out.world_.load.rate = {};
  return out;
}

const Result<PlanReport>& ShareCurve::at(std::int64_t gpus) {
  const auto known = plans_.find(gpus);
  if (known != plans_.end()) return known->second;
  const std::string doing = "plan " + std::to_string(plans_.size() + 1) + " of " +
                            shown(tenant_->name) + " on " + std::to_string(gpus) + " GPUs";
  run_.tell({.doing = doing});
  world_.machine.gpu_limit = gpus;
  const Result<PlanReport>& made =
      plans_.emplace(gpus, plan(world_, options_, run_.within(doing))).first->second;
  const bool served = made && made->meet > 0 && !made->interrupted;
  const double requests = served ? made->candidates.front().state.requests : 0.0;
  carried_[gpus] = requests;
  if (served) carried_.emplace(made->candidates.front().plan.gpus(), requests);
  return made;
}

double ShareCurve::carried(std::int64_t gpus) {
  if (!carried_.contains(gpus)) static_cast<void>(at(gpus));
  return carried_.at(gpus);
}

double ShareCurve::multiple(std::int64_t gpus) {
  return carried(gpus) / (tenant_->weight * world_.load.workload.rate.si());
}

ShareCurve::Bracket ShareCurve::bracket(double wanted, std::int64_t most) {
  if (most < 1 || multiple(most) < wanted) return {};
  Bracket b{.below = 0, .enough = most};
  for (const auto& [gpus, requests] : carried_) {
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
  const std::int64_t width = b.enough - b.below;
  const bool slow = 2 * width > last_width_ && width < last_width_;
  last_width_ = width;
  std::int64_t next = b.below + width / 2;
  if (!slow) {
    // The knee grows about in proportion to the GPUs; between two that are known, linearly.
    const double low = b.below > 0 ? multiple(b.below) : 0.0;
    const double high = multiple(b.enough);
    const double share = (wanted - low) / (high - low);
    next = b.below + static_cast<std::int64_t>(std::ceil(share * static_cast<double>(width)));
  }
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
