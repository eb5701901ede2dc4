// sn/fabric/packet/packet_model.cc
//
// The model's interface over its engine (see packet_model.h).

#include "sn/fabric/packet/packet_model.h"

#include "sn/fabric/packet/packet_engine.h"

namespace sn::fabric {

PacketModel::PacketModel(Router& router, const PacketSetup& setup)
    : engine_(std::make_unique<PacketEngine>(router, setup)) {}
PacketModel::~PacketModel() = default;

void PacketModel::start(DeviceId from, DeviceId to, std::int64_t bytes, Tag tag) {
  engine_->start(from, to, bytes, tag);
}

void PacketModel::start_in_switch(std::span<const DeviceId> members, std::int64_t bytes, Tag tag) {
  engine_->start_in_switch(members, bytes, tag);
}

void PacketModel::wait(Time delay, Tag tag) {
  const auto span = to_picos(delay);
  SN_ASSERT(span.has_value());
  engine_->wait(span->count, tag);
}

bool PacketModel::next(std::vector<Tag>& done) { return engine_->next(done); }
std::vector<std::string> PacketModel::stuck() const { return engine_->stuck(); }
Picos PacketModel::now() const { return Picos{engine_->now()}; }
double PacketModel::carried(LinkId link) const { return engine_->carried(link); }
const PacketCounts& PacketModel::counts() const { return engine_->counts(); }
std::int64_t PacketModel::longest_queue(LinkId link) const { return engine_->longest(link); }
std::int64_t PacketModel::delivered_bytes() const { return engine_->delivered_bytes(); }

}  // namespace sn::fabric
