// sn/evidence/collectives/collective_tables.h
//
// The readers behind `read_collective_file`, one per format. Internal to the layer.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sn/evidence/collectives/collective_cases.h"

namespace sn::evidence {

using CollectiveCases = std::vector<CollectiveCase>;

/// The columns of one table by name; rows that lack a number are faults.
class NamedColumns {
 public:
  NamedColumns(measured::CsvReader& csv, std::vector<std::string> names, measured::Faults& faults);

  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] std::string_view text(std::string_view name) const;
  /// Above zero; 0 and a fault otherwise.
  [[nodiscard]] double number(std::string_view name) const;
  /// A whole number of at least 1; 0 and a fault otherwise.
  [[nodiscard]] std::int64_t count(std::string_view name, double max = 1e7) const;

 private:
  [[nodiscard]] std::size_t at(std::string_view name) const;

  measured::CsvReader& csv_;
  std::vector<std::string> names_;
  std::vector<std::size_t> places_;
  measured::Faults& faults_;
  bool complete_ = true;
};

/// "h100_sxm" is rack hgx-h100; empty for a system that the catalog does not hold.
[[nodiscard]] std::string rack_of_system(std::string_view system);

[[nodiscard]] CollectiveCases read_nccl_table(measured::CsvReader& csv, measured::Faults& faults);
[[nodiscard]] CollectiveCases read_custom_table(measured::CsvReader& csv, measured::Faults& faults);
[[nodiscard]] CollectiveCases read_low_latency_table(measured::CsvReader& csv,
                                                     measured::Faults& faults);
[[nodiscard]] CollectiveCases read_normal_table(measured::CsvReader& csv, measured::Faults& faults);
[[nodiscard]] CollectiveCases read_sided_table(measured::CsvReader& csv, measured::Faults& faults);
[[nodiscard]] CollectiveCases read_vidur_network(measured::CsvReader& csv,
                                                 measured::Faults& faults);
[[nodiscard]] CollectiveCases read_published_collectives(measured::CsvReader& csv,
                                                         measured::Faults& faults);
/// Text output of all_reduce_perf and its siblings.
[[nodiscard]] CollectiveCases read_nccl_tests_log(std::string_view name, std::string_view text,
                                                  const std::string& rack,
                                                  measured::Faults& faults);
[[nodiscard]] bool is_nccl_tests_log(std::string_view text);

}  // namespace sn::evidence
