// sn/serving/load/workload_summary.h
//
// Reduces requests to a `Workload` one after another (rules: workload.h), without holding them.
//
// Exact, since a stratum is known by how often each pair of lengths occurs among requests that no
// cache serves, and by the served blocks of each of the others. Held: a row per different pair of
// lengths, a row per request with a cached prefix and 4 bytes per block of it, and the LRU stack
// (stack_distance.h): a table of different blocks and 4 bytes an access. Block hashes beyond
// `SummaryOptions::blocks` end the classes and the hit-rate curve: both are then of the requests
// before; rate, burstiness and the longest lengths are of all.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sn/serving/load/stack_distance.h"
#include "sn/serving/load/workload.h"

namespace sn::serving {

class WorkloadSummary {
 public:
  /// `block_tokens` is 0 without hashes.
  explicit WorkloadSummary(double block_tokens, const SummaryOptions& options = {});

  /// The next request by arrival; not before 0, input positive.
  void add(const Request& request);
  /// Errors: no requests, or all at one time.
  [[nodiscard]] Result<Workload> finish(std::string name, std::string origin) &&;
  /// Requests that classes and hit rates are of; all but with very many hashes.
  [[nodiscard]] std::int64_t classed() const { return classed_; }
  [[nodiscard]] std::int64_t requests() const { return requests_; }

 private:
  /// Equal requests that no cache serves, or one that a cache does.
  struct Row {
    std::uint32_t uncached = 0;
    std::uint32_t input = 0;
    std::uint32_t output = 0;
    std::uint32_t count = 1;
  };
  struct Served {
    std::size_t first = 0;  // of `needed_`
    std::uint32_t blocks = 0;
    std::uint32_t input = 0;
    std::uint32_t output = 0;
  };

  void count_window(std::int64_t arrival);
  void class_request(const Request& request);
  void merge_rows();
  [[nodiscard]] double dispersion() const;
  [[nodiscard]] std::int64_t cached(const Served& served, std::uint64_t capacity_blocks) const;
  void fill_curve(Workload& out);
  void fill_classes(Workload& out);

  double block_tokens_;
  SummaryOptions options_;
  std::int64_t requests_ = 0;
  std::int64_t classed_ = 0;
  Nanos first_;
  Nanos last_;
  double input_max_ = 0.0;
  double output_max_ = 0.0;
  // Arrivals by window: sums over those that are over.
  std::int64_t window_ = 0;
  std::int64_t in_window_ = 0;
  std::int64_t before_ = 0;
  double squares_ = 0.0;
  std::vector<Row> rows_;
  std::size_t merge_at_ = std::size_t{1} << 20;  // rows
  std::vector<Served> served_;                   // by arrival
  std::vector<std::uint32_t> needed_;            // of blocks that some cache serves
  std::vector<std::uint32_t> scratch_;
  StackDistances stack_;
  std::vector<std::uint64_t> capacity_blocks_;
};

}  // namespace sn::serving
