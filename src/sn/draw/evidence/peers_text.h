// sn/draw/evidence/peers_text.h
//
// Peers beside us, as Markdown: what `validate peers` prints and docs/peers.md holds.

#pragma once

#include <string>

#include "sn/evidence/peers/peers.h"

namespace sn::draw {

[[nodiscard]] std::string peers_markdown(const evidence::PeerReport& report);
[[nodiscard]] std::string peers_json(const evidence::PeerReport& report);

}  // namespace sn::draw
