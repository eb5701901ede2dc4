// apps/cli/open_collectives.cc
//
// See the header.

#include "apps/cli/open_collectives.h"

#include "apps/cli/cli.h"

namespace sn::cli {

Result<evidence::CollectiveSet> open_collectives(const std::string& verb,
                                                 const catalog::Catalog& catalog,
                                                 const std::string& rack, catalog::Params& params) {
  Result<evidence::CollectiveSet> set = evidence::read_collective_set(catalog, params);
  if (!set || rack.empty() || set->machines.contains(rack)) return set;
  std::vector<std::string> names;
  for (const auto& [name, machine] : set->machines) names.push_back(name);
  const std::string near = nearest(rack, names);
  return fail(flag_error(
      verb, "--rack: unknown rack '" + shown(rack) + "'",
      near.empty() ? "known racks: supernode catalog racks" : "did you mean '" + near + "'?"));
}

Error no_collective_data(const std::string& verb) {
  return flag_error(
      verb,
      "--data is missing: expected a folder of measured collectives (nccl_intra_node.csv, "
      "custom_allreduce_intra_node.csv, deepep_ll.csv, deepep_normal.csv, "
      "gb200_nvl72_trtllm_alltoall.csv, published_collectives.csv, vidur_network.csv.gz, logs of "
      "nccl-tests); the catalog holds no published ones",
      "all_reduce_perf -b 1K -e 1G -f 2 -g 8 > logs/all_reduce.txt, then " + verb + " --data logs");
}

}  // namespace sn::cli
