// sn/fabric/packet/protocol.cc
//
// The table of framings (see protocol.h).

#include "sn/fabric/packet/protocol.h"

#include <algorithm>

namespace sn::fabric {

std::int64_t Protocol::wire(std::int64_t payload) const {
  const std::int64_t accesses = request > 0 ? (payload + request - 1) / request : 0;
  const std::int64_t units = payload + accesses * header + frame;
  return std::max(smallest, (units + flit_payload - 1) / flit_payload * flit);
}

double Protocol::efficiency() const {
  return static_cast<double>(unit_bytes) / static_cast<double>(wire(unit_bytes));
}

const std::vector<Protocol>& protocols() {
  static const std::vector<Protocol> all = {
      {.name = "alink",
       .flit = 640,
       .flit_payload = 628,
       .header = 8,
       .request = 256,
       .replay = 512 * 640,
       .channels = 4,
       .assumed = true},
      {.name = "ualink",
       .flit = 640,
       .flit_payload = 628,
       .header = 16,
       .request = 256,
       .replay = 512 * 640,
       .channels = 4},
      {.name = "nvlink",
       .flit = 16,
       .flit_payload = 16,
       .header = 16,
       .request = 256,
       .replay = 256 * 1024,
       .channels = 4,
       .assumed = true},
      {.name = "sue",
       .header = 16,
       .request = 256,
       .frame = 34,
       .smallest = 84,
       .replay = 256 * 1024,
       .channels = 4,
       .assumed = true},
      {.name = "ub",
       .flit = 20,
       .flit_payload = 20,
       .header = 20,
       .request = 512,
       .replay = 256 * 1024,
       .channels = 4,
       .assumed = true},
  };
  return all;
}

const Protocol& protocol(std::string_view name) {
  static const Protocol plain{.name = "", .replay = 256 * 1024, .assumed = true};
  for (const Protocol& p : protocols()) {
    if (p.name == name) return p;
  }
  return plain;
}

const Protocol& ethernet() {
  static const Protocol frames{.name = "ethernet", .frame = 82, .smallest = 84};
  return frames;
}

}  // namespace sn::fabric
