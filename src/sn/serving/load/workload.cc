// sn/serving/load/workload.cc
//
// What classes come to: cached tokens at a capacity, means, coarser classes.

#include "sn/serving/load/workload.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "sn/serving/load/workload_summary.h"

namespace sn::serving {
namespace {

template <class Field>
double weighted_mean(const Workload& workload, Field field) {
  double sum = 0.0;
  for (const RequestClass& c : workload.classes) sum += c.weight * field(c);
  return sum;
}

}  // namespace

double cached_tokens(const Workload& workload, const RequestClass& request,
                     double capacity_tokens) {
  const std::vector<double>& grid = workload.capacities;
  SN_ASSERT(request.cached.size() == grid.size());
  if (grid.empty() || !(capacity_tokens >= grid.front())) return 0.0;
  if (capacity_tokens >= grid.back()) return request.cached.back();
  const auto above = std::upper_bound(grid.begin(), grid.end(), capacity_tokens);
  const auto i = static_cast<std::size_t>(above - grid.begin());
  const double t = std::log(capacity_tokens / grid[i - 1]) / std::log(grid[i] / grid[i - 1]);
  return request.cached[i - 1] + t * (request.cached[i] - request.cached[i - 1]);
}

Workload coarsened(const Workload& workload, std::size_t classes) {
  SN_ASSERT(classes >= 1);
  const std::size_t count = workload.classes.size();
  if (count <= classes) return workload;
  Workload out = workload;
  out.classes.assign(classes, RequestClass{});
  for (std::size_t i = 0; i < count; ++i) {
    const RequestClass& from = workload.classes[i];
    RequestClass& to = out.classes[i * classes / count];
    to.cached.resize(from.cached.size(), 0.0);
    to.weight += from.weight;
    to.input += from.weight * from.input;
    to.output += from.weight * from.output;
    for (std::size_t j = 0; j < from.cached.size(); ++j) {
      to.cached[j] += from.weight * from.cached[j];
    }
  }
  for (RequestClass& c : out.classes) {
    c.input /= c.weight;
    c.output /= c.weight;
    for (double& tokens : c.cached) tokens /= c.weight;
  }
  return out;
}

double mean_input(const Workload& workload) {
  return weighted_mean(workload, [](const RequestClass& c) { return c.input; });
}

double mean_output(const Workload& workload) {
  return weighted_mean(workload, [](const RequestClass& c) { return c.output; });
}

Result<Workload> summarise(std::string name, std::string origin,
                           const std::vector<Request>& requests, double block_tokens,
                           SummaryOptions options) {
  WorkloadSummary summary(block_tokens, options);
  for (const Request& r : requests) summary.add(r);
  return std::move(summary).finish(std::move(name), std::move(origin));
}

}  // namespace sn::serving
