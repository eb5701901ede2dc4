// sn/serving/load/workload.h
//
// What the planner knows of a workload: rate, burstiness, and weighted classes of requests.
//
// A trace or a synthetic generator is reduced to at most `max_classes` strata of equal request
// count (to one request), sorted by uncached input tokens (infinite cache), each with its mean
// input, mean output and the input tokens that a prefix cache of a given capacity would serve.
// Joint moments (context during decode, attention work of a prefill with a cached prefix) follow
// from the classes.
//
//   rate       = (n - 1) / (last arrival - first arrival)
//   dispersion = variance(counts) / mean(counts), arrivals in consecutive full 10 s windows
//   cached     = min(hit blocks x block size, input - 1): at least one token is always computed
//
// Prefix hits: LRU over block hashes, by Mattson stack distances (stack_distance.h), so that one
// pass gives the hit rate at every capacity. A block counts as hit only when all blocks before it
// in the same request hit too (a prefix cache cannot skip a hole). Capacity is in tokens of KV
// cache.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sn/base/clock.h"
#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/units/quantity.h"

namespace sn::serving {

/// One request as a trace or a generator gives it.
struct Request {
  Nanos arrival;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  /// Hashes of the input's KV blocks, in order; may be empty. Those beyond the input are of the
  /// answer, which a later turn of the conversation may start with.
  std::vector<std::uint64_t> blocks;
  std::uint64_t session = 0;  // of the turns of one conversation; 0: none
  std::int32_t priority = 0;  // 0 is served first
  std::uint32_t deployment = 0;
  Nanos timeout = {};  // from arrival to the last token; 0: none
};

/// A stratum of requests. `cached[i]` is the mean number of input tokens that hit in an LRU prefix
/// cache of `Workload::capacities[i]` tokens.
struct RequestClass {
  double weight = 0.0;  // share of requests; all weights add up to 1
  double input = 0.0;   // tokens
  double output = 0.0;  // tokens
  std::vector<double> cached;

  friend bool operator==(const RequestClass&, const RequestClass&) = default;
};

/// One point of the hit-rate curve: LRU cache of `capacity` tokens serves `hit_rate` of all blocks.
struct HitRatePoint {
  double capacity_tokens = 0.0;
  double hit_rate = 0.0;

  friend bool operator==(const HitRatePoint&, const HitRatePoint&) = default;
};

struct Workload {
  std::string name;
  std::string origin;  // "trace conversation.jsonl.gz, 12 031 requests" or "synthetic, ..."
  std::int64_t requests = 0;
  Rate rate;  // mean arrival rate of the trace at 1.0x
  /// Index of dispersion of arrival counts in 10 s windows (1 for Poisson): the squared
  /// coefficient of variation that queueing formulas take for renewal arrivals (Cox and Lewis,
  /// 1966). 1 when the arrivals span fewer than two windows; never below 0.05.
  double dispersion = 1.0;
  double block_tokens = 0.0;  // KV block size of the hashes; 0 when the trace has none
  /// Tokens, ascending; empty without hashes. The last is the infinite cache: the tokens of all
  /// distinct blocks, beyond which nothing changes. Grid points above it are left out.
  std::vector<double> capacities;
  std::vector<HitRatePoint> hit_rate_curve;
  std::vector<RequestClass> classes;
  double input_max = 0.0;
  double output_max = 0.0;
  Bytes retrieval = {};  // that a request reads from storage before its prompt is queued

  friend bool operator==(const Workload&, const Workload&) = default;
};

/// As a datasheet of the catalog holds it.
void describe(ReportVisitor& v, const Workload& workload);
/// The same, into the object that is being described: a report that says more of a trace.
void describe_fields(ReportVisitor& v, const Workload& workload);

/// Mean input tokens that hit in a prefix cache of `capacity_tokens`, for one class; linear between
/// the grid points in log(capacity), zero below the first (and without hashes), the last beyond it.
[[nodiscard]] double cached_tokens(const Workload& workload, const RequestClass& request,
                                   double capacity_tokens);

/// Weighted means over classes.
[[nodiscard]] double mean_input(const Workload& workload);
[[nodiscard]] double mean_output(const Workload& workload);

/// `workload` with runs of neighbouring classes merged into their weighted means, at most `classes`
/// of them: a quicker, slightly smoother stand-in for searches.
[[nodiscard]] Workload coarsened(const Workload& workload, std::size_t classes);

struct SummaryOptions {
  int max_classes = 128;
  double capacity_min_tokens = 1e5;  // grid of 4 per decade, closed by an infinite cache
  double capacity_max_tokens = 1e9;
  std::size_t blocks = (std::size_t{1} << 32) - 2;  // hashes that classes and curve are made of
};

/// Reduces requests (sorted by arrival, none before 0, inputs positive) to a `Workload`.
/// Deterministic. `block_tokens` is 0 without hashes. Requests with zero output are counted as
/// producing one token. Errors: no requests, or all at one time, which leaves the rate undefined.
[[nodiscard]] Result<Workload> summarise(std::string name, std::string origin,
                                         const std::vector<Request>& requests, double block_tokens,
                                         SummaryOptions options = {});

}  // namespace sn::serving
