// sn/draw/collective_text.h
//
// Text views of collectives: `validate collectives`, `calibrate collectives`, and the table of
// `supernode collective` in the layout of nccl-tests.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sn/collective/collective.h"
#include "sn/draw/text_table.h"
#include "sn/evidence/calibrate_collectives.h"
#include "sn/evidence/validate_collectives.h"

namespace sn::draw {

/// Size classes of each file and of all, what was skipped and why, then the `worst` rows.
[[nodiscard]] std::string collectives_text(const evidence::CollectiveValidation& v,
                                           const TextStyle& style, std::size_t worst);

/// Errors before and after, every parameter, what the data cannot tell.
[[nodiscard]] std::string collective_calibration_text(const evidence::CollectiveCalibration& c,
                                                      const TextStyle& style);

struct CollectiveRow {
  Bytes size;
  collective::Timing timing;
};

/// What `supernode collective` was asked, and its rows.
struct CollectiveTable {
  std::string rack;
  std::string entry;  // of the parameters
  collective::Op op = collective::Op::all_reduce;
  collective::Group group;
  collective::Kernels kernels = collective::Kernels::automatic;
  std::vector<CollectiveRow> rows;
};

[[nodiscard]] std::string collective_table_text(const CollectiveTable& table,
                                                const TextStyle& style);
/// Times in seconds, rates in B/s (schema/collective.schema.json).
[[nodiscard]] std::string collective_table_json(const CollectiveTable& table);

}  // namespace sn::draw
