// sn/planner/share/share_notes.h
//
// What the tenants of one machine share beside its GPUs, in words; private to share.cc.

#pragma once

#include <string>
#include <vector>

#include "sn/planner/share/share.h"

namespace sn::planner {

/// What is not modelled of their interference, and why the rest need not be.
[[nodiscard]] std::vector<std::string> sharing_notes(const hw::Cluster& cluster,
                                                     const std::vector<TenantReport>& tenants);

}  // namespace sn::planner
