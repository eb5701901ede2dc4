// sn/fabric/packet/protocol.h
//
// Framing of ScaleUp protocols: what payload costs on the wire, and what a link is given to run on.
//
//   requests = ceil(payload / request), units = payload + requests x header
//   wire     = ceil((units + frame) / flit_payload) x flit, at least `smallest`
// `frame` is paid once for each unit of at most 4 KiB. A link never sustains more than its catalog
// efficiency, which is measured and includes the endpoints; framing binds where it is less, that is
// for small messages.
//
//   protocol  flit         header  request  frame   source
//   ualink    640 (628)    16      256      0       UALink 200G 1.0, behavioural model: DL flit of
//                                                   640 B carries 628, uncompressed write headers
//   alink     640 (628)    8       256      0       ALS-D is built on UALink; compressed headers
//                                                   assumed
//   nvlink    16 (16)      16      256      0       header flit and 16 data flits of 128 bit
//                                                   (NVIDIA P100 white paper; assumed for 3 to 6)
//   sue       1 (1)        16      256      34      Ethernet: AFH 10, FCS 4, preamble and gap 20;
//                                                   command header assumed
//   ub        20 (20)      20      512      0       assumed throughout: no framing is published
// Replay windows: UALink 512 flits, the others assumed to cover a round trip. In-switch reduction
// is the switch's (catalog).

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sn::fabric {

struct Protocol {
  std::string_view name;
  std::int64_t flit = 1;  // bytes on the wire
  std::int64_t flit_payload = 1;
  std::int64_t header = 0;   // of each largest access
  std::int64_t request = 0;  // bytes of the largest access
  std::int64_t frame = 0;    // of each unit of up to 4 KiB
  std::int64_t smallest = 0;
  std::int64_t replay = 0;  // bytes that may be unacknowledged
  std::int64_t channels = 1;
  bool assumed = false;

  /// Bytes on the wire of a unit of `payload` > 0.
  [[nodiscard]] std::int64_t wire(std::int64_t payload) const;
  /// Payload over wire of a unit of 4 KiB.
  [[nodiscard]] double efficiency() const;
};

/// Payload that is moved as one: flits are counted inside.
inline constexpr std::int64_t unit_bytes = 4096;

/// By name (`alink`, `ualink`, `nvlink`, `sue`, `ub`); any other: no overhead but the catalog's.
[[nodiscard]] const Protocol& protocol(std::string_view name);
[[nodiscard]] const std::vector<Protocol>& protocols();
/// Ethernet and RoCEv2: 14 + 20 + 8 + 12 + 4 + 4 and preamble and gap 20, for 4 KiB of payload.
[[nodiscard]] const Protocol& ethernet();

}  // namespace sn::fabric
