// sn/serving/load/workload_summary.cc
//
// From requests to strata: hits by capacity, a total order by work, equal shares, means.

#include "sn/serving/load/workload_summary.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <tuple>
#include <utility>

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

Error no_rate(const std::string& name, std::string message) {
  Error error;
  error.code = ErrorCode::data;
  error.message = std::move(message);
  error.where.file = name;
  error.hint = "give a trace with at least two requests at different times";
  return error;
}

/// Lengths are kept in 32 bits; traces and generators stay far below.
std::uint32_t narrow(std::int64_t tokens) {
  SN_ASSERT(tokens >= 0 && tokens <= std::numeric_limits<std::uint32_t>::max());
  return static_cast<std::uint32_t>(tokens);
}

double produced(std::uint32_t output) {
  return static_cast<double>(std::max<std::uint32_t>(output, 1));
}

}  // namespace

WorkloadSummary::WorkloadSummary(double block_tokens, const SummaryOptions& options)
    : block_tokens_(block_tokens), options_(options) {
  SN_ASSERT(options.max_classes >= 1);
  SN_ASSERT(options.capacity_min_tokens > 0.0);
  SN_ASSERT(std::isfinite(options.capacity_max_tokens));
  SN_ASSERT(std::isfinite(block_tokens) && block_tokens >= 0.0);
}

void WorkloadSummary::add(const Request& request) {
  SN_ASSERT(request.input_tokens >= 1 && request.output_tokens >= 0);
  SN_ASSERT(request.arrival >= (requests_ == 0 ? Nanos{} : last_));
  if (requests_++ == 0) first_ = request.arrival;
  last_ = request.arrival;
  input_max_ = std::max(input_max_, static_cast<double>(request.input_tokens));
  output_max_ = std::max(output_max_, produced(narrow(request.output_tokens)));
  count_window(request.arrival.count);
  if (classed_ == requests_ - 1) class_request(request);
}

/// Empty windows add nothing to the squares, so that a sparse trace costs no more.
void WorkloadSummary::count_window(std::int64_t arrival) {
  const std::int64_t window = (arrival - first_.count) / window_nanos;
  if (window != window_) {
    const auto count = static_cast<double>(in_window_);
    squares_ += count * count;
    before_ += std::exchange(in_window_, 0);
    window_ = window;
  }
  ++in_window_;
}

/// Variance over mean of the counts in the full windows after the first arrival: the last request
/// lies in the window that is not full.
double WorkloadSummary::dispersion() const {
  if (window_ < 2) return 1.0;
  const double mean = static_cast<double>(before_) / static_cast<double>(window_);
  const double variance = squares_ / static_cast<double>(window_) - mean * mean;
  return std::max(variance / mean, least_dispersion);
}

/// Takes the request into the strata, unless its hashes pass the limit.
void WorkloadSummary::class_request(const Request& request) {
  scratch_.clear();
  if (block_tokens_ > 0.0) {
    if (stack_.touched() + request.blocks.size() > options_.blocks) return;
    stack_.touch(request.blocks, scratch_);
  }
  ++classed_;
  // An infinite cache serves what was seen before.
  const std::size_t hits = hits_within(scratch_, never_served - 1);
  const Served served{.first = needed_.size(),
                      .blocks = static_cast<std::uint32_t>(hits),
                      .input = narrow(request.input_tokens),
                      .output = narrow(request.output_tokens)};
  needed_.insert(needed_.end(), scratch_.begin(),
                 scratch_.begin() + static_cast<std::ptrdiff_t>(hits));
  if (cached(served, never_served - 1) > 0) {
    served_.push_back(served);
    return;
  }
  rows_.push_back({.uncached = served.input, .input = served.input, .output = served.output});
  if (rows_.size() >= merge_at_) merge_rows();
}

/// Counts equal rows once; the order of a stratum's rows makes no difference to it.
void WorkloadSummary::merge_rows() {
  const auto key = [](const Row& r) { return std::tie(r.input, r.output); };
  std::sort(rows_.begin(), rows_.end(),
            [&](const Row& a, const Row& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (const Row& r : rows_) {
    if (kept > 0 && key(rows_[kept - 1]) == key(r)) {
      rows_[kept - 1].count += r.count;
    } else {
      rows_[kept++] = r;
    }
  }
  rows_.resize(kept);
  merge_at_ = std::max(merge_at_, 2 * kept);
}

/// Input tokens of a request that a cache serves: at least one is always computed.
std::int64_t WorkloadSummary::cached(const Served& served, std::uint64_t capacity_blocks) const {
  const std::span<const std::uint32_t> needed(needed_.data() + served.first, served.blocks);
  const double hit = static_cast<double>(hits_within(needed, capacity_blocks)) * block_tokens_;
  return static_cast<std::int64_t>(std::min(hit, static_cast<double>(served.input) - 1.0));
}

void WorkloadSummary::fill_curve(Workload& out) {
  const std::size_t distinct = stack_.distinct();
  if (distinct == 0) return;
  out.capacities = capacity_grid(options_, static_cast<double>(distinct) * block_tokens_);
  for (const double tokens : out.capacities) {
    capacity_blocks_.push_back(static_cast<std::uint64_t>(tokens / block_tokens_));
  }
  capacity_blocks_.back() = distinct;
  for (std::size_t j = 0; j < out.capacities.size(); ++j) {
    const auto hits = std::count_if(needed_.begin(), needed_.end(), [&](std::uint32_t needed) {
      return needed <= capacity_blocks_[j];
    });
    out.hit_rate_curve.push_back(
        {out.capacities[j], static_cast<double>(hits) / static_cast<double>(stack_.touched())});
  }
}

/// Cuts the requests, by (uncached tokens at infinite capacity, input, output, arrival), into
/// strata of equal counts.
void WorkloadSummary::fill_classes(Workload& out) {
  merge_rows();
  std::vector<std::pair<Row, const Served*>> order;
  order.reserve(rows_.size() + served_.size());
  for (const Row& r : rows_) order.emplace_back(r, nullptr);
  for (const Served& s : served_) {
    const std::int64_t hit = cached(s, never_served - 1);
    order.emplace_back(Row{.uncached = narrow(s.input - hit), .input = s.input, .output = s.output},
                       &s);
  }
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.uncached, a.first.input, a.first.output, a.second) <
           std::tie(b.first.uncached, b.first.input, b.first.output, b.second);
  });
  const std::int64_t classes = std::min<std::int64_t>(classed_, options_.max_classes);
  auto at = order.begin();
  for (std::int64_t c = 0; c < classes; ++c) {
    // The first ones take what equal shares leave over.
    const std::int64_t size = classed_ / classes + (c < classed_ % classes ? 1 : 0);
    RequestClass sum;
    sum.cached.assign(capacity_blocks_.size(), 0.0);
    for (std::int64_t left = size; left > 0;) {
      auto& [row, served] = *at;
      const std::int64_t taken = std::min<std::int64_t>(left, row.count);
      sum.input += static_cast<double>(taken) * static_cast<double>(row.input);
      sum.output += static_cast<double>(taken) * produced(row.output);
      for (std::size_t j = 0; served != nullptr && j < sum.cached.size(); ++j) {
        sum.cached[j] += static_cast<double>(cached(*served, capacity_blocks_[j]));
      }
      left -= taken;
      row.count -= static_cast<std::uint32_t>(taken);
      if (row.count == 0) ++at;
    }
    const auto count = static_cast<double>(size);
    sum.weight = count / static_cast<double>(classed_);
    sum.input /= count;
    sum.output /= count;
    for (double& tokens : sum.cached) tokens /= count;
    out.classes.push_back(std::move(sum));
  }
}

Result<Workload> WorkloadSummary::finish(std::string name, std::string origin) && {
  if (requests_ == 0) return fail(no_rate(name, "there are no requests"));
  if (first_ == last_) {
    return fail(no_rate(name, "all requests arrive at the same time, so there is no arrival rate"));
  }
  Workload out;
  out.name = std::move(name);
  out.origin = std::move(origin);
  out.requests = requests_;
  const Time span = Nanos{last_.count - first_.count}.to_time();
  out.rate = Rate::from_si(static_cast<double>(requests_ - 1) / span.si());
  out.dispersion = dispersion();
  out.block_tokens = block_tokens_;
  out.input_max = input_max_;
  out.output_max = output_max_;
  fill_curve(out);
  fill_classes(out);
  return out;
}

}  // namespace sn::serving
