// sn/evidence/collectives/collective_cases.h
//
// Measured collectives as requests to the models that everything else uses.
//
// Read by name: nccl_intra_node, custom_allreduce_intra_node, deepep_ll, deepep_normal,
// gb200_nvl72_trtllm_alltoall, published_collectives (.csv) and vidur_network.csv.gz; any other
// text file that holds a table of nccl-tests is read as its log. Conditions come with the row:
// which kernels competed (a library alone, or device-side ones too), captured graph or not, integer
// data (switches add floats alone), experts dealt round robin or at random.
//
// Split: a quarter of the rows, chosen by a hash of shape and machine, may be fitted (`fitted`).

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/collective/collective.h"
#include "sn/hw/machine.h"
#include "sn/measured/csv.h"

namespace sn::evidence {

/// A machine of the catalog, in as many copies as a group needs, over a non-blocking ScaleOut.
struct CollectiveMachine {
  hw::Cluster cluster = {};  // one rack of it, with the ScaleOut as it is
  fabric::Fabric fabric;
  std::string entry;       // of its collective parameters
  std::string generation;  // the entry that it would take if that were there
  double hbm = 0.0;        // B/s
};

/// Machines by rack, parameters by entry.
struct CollectiveSet {
  std::map<std::string, CollectiveMachine, std::less<>> machines;
  std::map<std::string, collective::CollectiveParams, std::less<>> params;
};

/// The ScaleOut of all machines of a set.
inline constexpr std::string_view set_scale_out = "ib-ndr400";

/// Rack and ScaleOut as a scenario names them (a name, or {base: NAME, ...}), with the entries of
/// `set`.
[[nodiscard]] Result<CollectiveMachine> read_collective_machine(const catalog::Catalog& catalog,
                                                                const Node& rack,
                                                                const Node& scale_out,
                                                                const CollectiveSet& set);

/// A set without machines. `params` receives the parameters with their provenance.
[[nodiscard]] Result<CollectiveSet> read_collective_params(const catalog::Catalog& catalog,
                                                           catalog::Params& params);

/// The same with all racks of the catalog.
[[nodiscard]] Result<CollectiveSet> read_collective_set(const catalog::Catalog& catalog,
                                                        catalog::Params& params);

/// One direction of an expert exchange.
struct ExchangeRequest {
  enum class Phase { prepare, dispatch, combine };
  collective::ExpertExchange exchange;
  collective::Group group;
  collective::ExchangeKernels kernels = collective::ExchangeKernels::low_latency;
  Phase phase = Phase::dispatch;
};

/// A message from one rank to another.
struct SendRequest {
  Bytes size;
  bool far = false;
};

struct CollectiveCase {
  std::variant<collective::Request, ExchangeRequest, SendRequest> request;
  std::string rack;     // catalog name
  std::string library;  // "NCCL 2.29.2"
  std::string family;   // "NCCL all_reduce"
  std::string shape;    // "8 GPUs, 1048576 B, half"
  double bytes = 0.0;   // decides the size class
  double seconds = 0.0;
  bool eager = false;   // launched call by call from the host
  bool copied = false;  // into a fresh tensor
  int line = 0;
  std::string_view skip;  // why no model describes it; empty: predicted

  /// Whether `calibrate` may see it.
  [[nodiscard]] bool fitted() const;
};

struct CollectiveFile {
  std::string path;
  std::string name;
};

struct CollectiveFiles {
  std::vector<CollectiveFile> files;
  std::vector<std::string> ignored;
  Errors errors;
};

/// Tables and logs below `directory`, by name.
[[nodiscard]] CollectiveFiles find_collective_files(const std::string& directory);

/// The measurements in `text`; `rack` is the machine of logs that do not name one.
[[nodiscard]] std::vector<CollectiveCase> read_collective_file(std::string_view name,
                                                               std::string_view text,
                                                               const std::string& rack,
                                                               measured::Faults& faults);

/// Most bytes of a table or log, decompressed.
inline constexpr std::size_t table_bytes = std::size_t{1} << 28;

/// Why `machine` cannot hold the group of a case; empty when it can.
[[nodiscard]] std::string_view misfit(const CollectiveMachine& machine, const CollectiveCase& c);

/// Predicted seconds. The machine and its parameters must be in `set`, the case not skipped and no
/// misfit.
[[nodiscard]] double predicted_seconds(const CollectiveMachine& machine,
                                       const collective::CollectiveParams& params,
                                       const CollectiveCase& c);

}  // namespace sn::evidence
