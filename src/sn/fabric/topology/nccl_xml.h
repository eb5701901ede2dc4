// sn/fabric/topology/nccl_xml.h
//
// A server's topology as NCCL writes it (NCCL_TOPO_DUMP_FILE), as a graph.
//
//   <system version="1"><cpu numaid="0">
//     <pci busid="..." link_speed="16.0 GT/s PCIe" link_width="16">
//     <gpu dev="0" sm="80"><nvlink target="..." count="12" tclass="0x068000"/></gpu>
//     <nic><net name="mlx5_0" dev="0" speed="200000"/></nic></pci></cpu></system>
//
// `cpu` becomes a CPU, `pci` with others inside a PCIe switch, `gpu` and `net` a GPU and an
// adapter. PCIe rates: GT/s x width x 128/130 / 8 (8b/10b below 8 GT/s); NVLink rates a link are
// NCCL's own by compute capability (ncclTopoNVLinkBw, graph/topo.h); all targets of class 0x0680
// are one switch.
// CPUs are joined at 16 GB/s (QPI_BW there). No latencies are in such a file: all are 0.
// Limits: 1 MiB, 20,000 elements, 32 levels; no document types, no entities.

#pragma once

#include <string>
#include <string_view>

#include "sn/base/result.h"
#include "sn/fabric/topology/topology.h"

namespace sn::fabric {

/// Errors, positioned in `name`: no XML, a version that is not 1, an element twice (a loop), links
/// to what is not there, rates of 0, limits.
[[nodiscard]] Result<Topology> read_nccl_topology(const std::string& name, std::string_view text);

}  // namespace sn::fabric
