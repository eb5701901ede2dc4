// sn/serving/load/workload_file.h
//
// Workload statistics as a document: what `supernode workload` writes and `workload: {preset:
// NAME}` reads.
//
// The classes of workload.h, rounded to whole tokens; no request of the trace can be recovered from
// them.

#pragma once

#include <string>

#include "sn/base/document/document.h"
#include "sn/base/result.h"
#include "sn/serving/load/workload.h"

namespace sn::serving {

/// Reads a preset; `name` is its catalog name.
[[nodiscard]] Result<Workload> read_workload(const Node& document, std::string name);

/// YAML text of `workload`, with `title` and `source` as its first lines.
[[nodiscard]] std::string write_workload(const Workload& workload, const std::string& title,
                                         const std::string& source);

}  // namespace sn::serving
