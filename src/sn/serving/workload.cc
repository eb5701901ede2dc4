// sn/serving/workload.cc
//
// From requests to strata: hits by capacity, a total order by work, equal shares, means.

#include "sn/serving/workload.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <tuple>
#include <utility>

#include "sn/serving/stack_distance.h"

namespace sn::serving {
namespace {

constexpr std::int64_t window_nanos = 10'000'000'000;
constexpr double least_dispersion = 0.05;

/// Capacities in tokens; the last serves everything that any cache can.
std::vector<double> capacity_grid(const SummaryOptions& options, double infinite_tokens) {
  std::vector<double> grid;
  const double end = std::min(options.capacity_max_tokens * (1.0 + 1e-9), infinite_tokens);
  for (int i = 0;; ++i) {
    const double tokens = options.capacity_min_tokens * std::pow(10.0, i / 4.0);
    if (!(tokens < end)) break;
    grid.push_back(tokens);
  }
  grid.push_back(infinite_tokens);
  return grid;
}

/// Variance over mean of the counts in the full windows after the first arrival.
double dispersion_of(const std::vector<Request>& requests) {
  const std::int64_t start = requests.front().arrival.count;
  const std::int64_t windows = (requests.back().arrival.count - start) / window_nanos;
  if (windows < 2) return 1.0;
  const auto window_of = [&](std::size_t i) {
    return (requests[i].arrival.count - start) / window_nanos;
  };
  double squares = 0.0;  // empty windows add nothing, so that a sparse trace costs no more
  std::size_t i = 0;
  while (i < requests.size() && window_of(i) < windows) {
    const std::int64_t window = window_of(i);
    const std::size_t from = i;
    while (i < requests.size() && window_of(i) == window) ++i;
    const auto count = static_cast<double>(i - from);
    squares += count * count;
  }
  const double mean = static_cast<double>(i) / static_cast<double>(windows);
  const double variance = squares / static_cast<double>(windows) - mean * mean;
  return std::max(variance / mean, least_dispersion);
}

/// Input tokens of one request that a cache of `capacity_blocks` serves.
std::int64_t cached_of(const Request& request, std::size_t hit_blocks, double block_tokens) {
  const double hit = static_cast<double>(hit_blocks) * block_tokens;
  const auto most = static_cast<double>(request.input_tokens - 1);
  return static_cast<std::int64_t>(std::min(hit, most));
}

/// What the reduction needs beside the requests; `distances` is empty without hashes.
struct Reduction {
  const std::vector<Request>& requests;
  double block_tokens;
  PrefixDistances distances;
  std::vector<std::uint64_t> capacity_blocks;

  [[nodiscard]] std::int64_t cached(std::size_t request, std::uint64_t blocks) const {
    if (capacity_blocks.empty()) return 0;
    return cached_of(requests[request], distances.hits(request, blocks), block_tokens);
  }
};

/// Indices by (uncached tokens at infinite capacity, input, output, index): a total order.
std::vector<std::size_t> by_work(const Reduction& r) {
  const std::uint64_t infinite = r.distances.distinct;
  std::vector<std::int64_t> uncached(r.requests.size());
  for (std::size_t i = 0; i < uncached.size(); ++i) {
    uncached[i] = r.requests[i].input_tokens - r.cached(i, infinite);
  }
  std::vector<std::size_t> order(r.requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    const Request& q = r.requests[i];
    return std::make_tuple(uncached[i], q.input_tokens, q.output_tokens, i);
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return order;
}

double produced(const Request& request) {
  return static_cast<double>(std::max<std::int64_t>(request.output_tokens, 1));
}

RequestClass class_of(const Reduction& r, const std::vector<std::size_t>& order, std::size_t begin,
                      std::size_t end) {
  RequestClass c;
  c.cached.assign(r.capacity_blocks.size(), 0.0);
  for (std::size_t k = begin; k < end; ++k) {
    const std::size_t i = order[k];
    c.input += static_cast<double>(r.requests[i].input_tokens);
    c.output += produced(r.requests[i]);
    for (std::size_t j = 0; j < c.cached.size(); ++j) {
      c.cached[j] += static_cast<double>(r.cached(i, r.capacity_blocks[j]));
    }
  }
  const auto count = static_cast<double>(end - begin);
  c.weight = count / static_cast<double>(order.size());
  c.input /= count;
  c.output /= count;
  for (double& tokens : c.cached) tokens /= count;
  return c;
}

std::vector<HitRatePoint> hit_rates(const Reduction& r, const std::vector<double>& capacities) {
  std::vector<HitRatePoint> curve;
  for (std::size_t j = 0; j < capacities.size(); ++j) {
    std::size_t hits = 0;
    for (std::size_t i = 0; i < r.requests.size(); ++i) {
      hits += r.distances.hits(i, r.capacity_blocks[j]);
    }
    const auto blocks = static_cast<double>(r.distances.needed.size());
    curve.push_back({capacities[j], static_cast<double>(hits) / blocks});
  }
  return curve;
}

/// Fills capacities, curve and classes.
void reduce(const std::vector<Request>& requests, const SummaryOptions& options, Workload& out) {
  Reduction r{requests, out.block_tokens, {}, {}};
  if (out.block_tokens > 0.0) r.distances = prefix_distances(requests);
  if (r.distances.distinct > 0) {
    const double all = static_cast<double>(r.distances.distinct) * out.block_tokens;
    out.capacities = capacity_grid(options, all);
    for (const double tokens : out.capacities) {
      r.capacity_blocks.push_back(static_cast<std::uint64_t>(tokens / out.block_tokens));
    }
    r.capacity_blocks.back() = r.distances.distinct;
    out.hit_rate_curve = hit_rates(r, out.capacities);
  }
  const std::vector<std::size_t> order = by_work(r);
  const std::size_t n = order.size();
  const std::size_t classes = std::min(n, static_cast<std::size_t>(options.max_classes));
  const std::size_t share = n / classes;
  const std::size_t larger = n % classes;  // this many classes take one request more
  std::size_t begin = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    const std::size_t end = begin + share + (c < larger ? 1 : 0);
    out.classes.push_back(class_of(r, order, begin, end));
    begin = end;
  }
}

void check_preconditions(const std::vector<Request>& requests, double block_tokens,
                         const SummaryOptions& options) {
  SN_ASSERT(options.max_classes >= 1);
  SN_ASSERT(options.capacity_min_tokens > 0.0);
  SN_ASSERT(std::isfinite(options.capacity_max_tokens));
  SN_ASSERT(std::isfinite(block_tokens) && block_tokens >= 0.0);
  SN_ASSERT(requests.empty() || requests.front().arrival.count >= 0);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    SN_ASSERT(requests[i].input_tokens >= 1 && requests[i].output_tokens >= 0);
    SN_ASSERT(i == 0 || requests[i - 1].arrival <= requests[i].arrival);
  }
}

Error no_rate(const std::string& name, std::string message) {
  Error error;
  error.code = ErrorCode::data;
  error.message = std::move(message);
  error.where.file = name;
  error.hint = "give a trace with at least two requests at different times";
  return error;
}

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
  check_preconditions(requests, block_tokens, options);
  if (requests.empty()) return fail(no_rate(name, "there are no requests"));
  const Nanos first = requests.front().arrival;
  const Nanos last = requests.back().arrival;
  if (first == last) {
    return fail(no_rate(name, "all requests arrive at the same time, so there is no arrival rate"));
  }
  Workload out;
  out.name = std::move(name);
  out.origin = std::move(origin);
  out.requests = static_cast<std::int64_t>(requests.size());
  const Time span = Nanos{last.count - first.count}.to_time();
  out.rate = Rate::from_si(static_cast<double>(requests.size() - 1) / span.si());
  out.dispersion = dispersion_of(requests);
  out.block_tokens = block_tokens;
  for (const Request& r : requests) {
    out.input_max = std::max(out.input_max, static_cast<double>(r.input_tokens));
    out.output_max = std::max(out.output_max, produced(r));
  }
  reduce(requests, options, out);
  return out;
}

}  // namespace sn::serving
