// sn/serving/engine/kv_tiers.h
//
// The tiers below the HBM of one deployment: where each block is, and the links that it travels.
//
// A shared tier is one place that all instances reach. Another has a place for each group of OS
// images that some rank sits on: ranks on the same images share it, and its links. A block may be
// in several places at once. A transfer between a rank and a place crosses
//   the rank's own engines (TierRate) - the ports of its images - the ports of the place
// and is one flow of the engine's TransferSession, so that loads and writes feel each other there.
// What a tier evicts is written to the next one; what comes from a lower tier is kept in the first
// one as well (promotion). A write is seen when its last byte is there.
//
// Limits: a group of images is one link of their ports together; demotions load the lower place's
// ports alone; HBM pages that are written back are free at once.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sn/fabric/transfer_session.h"
#include "sn/kv/tier_store.h"
#include "sn/serving/engine/engine.h"
#include "sn/serving/engine/engine_spec.h"

namespace sn::serving {

/// From a rank to one tier.
struct TierReach {
  std::uint32_t place = 0;
  std::vector<fabric::TransferSession::LinkId> read;
  std::vector<fabric::TransferSession::LinkId> write;
};
using RankTiers = std::vector<TierReach>;  // by tier

/// Blocks found below HBM, behind what HBM has: neighbours in the same tier.
struct TierRun {
  std::uint32_t tier = 0;
  std::int64_t blocks = 0;
};

class KvTiers {
 public:
  using LinkId = fabric::TransferSession::LinkId;

  /// `transfers` must outlive it.
  KvTiers(const TieringSpec& spec, std::uint64_t deployment, kv::Eviction eviction, Nanos ttl,
          fabric::TransferSession& transfers);

  /// Reach of the rank whose GPUs sit on `images` (sorted, distinct).
  /// `port`: its ScaleUp port, where transfers share it with others.
  [[nodiscard]] RankTiers reach(const std::vector<std::int64_t>& images,
                                std::span<const TierRate> rates, std::optional<LinkId> port);

  /// What of `keys`, from number `from` on and without a gap, is somewhere. Replaces `runs`.
  void find(const RankTiers& reach, std::span<const std::uint64_t> keys, std::size_t from,
            Nanos now, std::vector<TierRun>& runs);
  /// Leading `keys` that shared tiers have: what any rank would find.
  [[nodiscard]] std::size_t shared_match(std::span<const std::uint64_t> keys) const;
  /// The path `keys` was used: wherever its blocks are they stay longer.
  void touch(const RankTiers& reach, std::span<const std::uint64_t> keys, Nanos now);

  /// Writes those of `keys` that are not in `tier` nor on their way there; each has `bytes`.
  /// Returns how many are written.
  std::int64_t write(const RankTiers& reach, std::uint32_t tier,
                     std::span<const std::uint64_t> keys, Bytes each, Nanos now);
  /// Whether a delivery of the session belongs here.
  [[nodiscard]] static bool is_write(std::uint64_t tag) { return tag >= tag_step; }
  [[nodiscard]] static std::uint64_t deployment_of(std::uint64_t tag) { return tag / tag_step - 1; }
  void written(std::uint64_t tag, Nanos now);

  /// Counts of `tier`, to be added to.
  [[nodiscard]] TierState& count(std::uint32_t tier) { return counts_[tier]; }
  [[nodiscard]] TierState state(std::uint32_t tier) const;
  /// A part of the tier's places is lost, and what is on its way there.
  std::int64_t lose(std::uint32_t tier, std::uint32_t part, std::uint32_t parts, Nanos now);
  /// The memory of processes on these images is lost.
  void lose_process(const RankTiers& reach, Nanos now);

  /// Some place is of a group of images, and holds blocks.
  [[nodiscard]] bool has_private() const;
  [[nodiscard]] std::size_t tiers() const { return spec_.tiers.size(); }
  [[nodiscard]] const TieringSpec& spec() const { return spec_; }
  /// For tests.
  [[nodiscard]] bool consistent() const;

 private:
  static constexpr std::uint64_t tag_step = std::uint64_t{1} << 32;

  struct Place {
    std::uint32_t tier = 0;
    std::unique_ptr<kv::TierStore> store;
    std::vector<LinkId> read;  // of images and pool; a rank's own come before
    std::vector<LinkId> write;
    kv::BlockIndex coming;  // keys under way
  };
  struct Write {
    std::uint32_t place = 0;
    std::vector<std::uint64_t> keys;  // ancestors first
    Bytes each;
    fabric::TransferSession::FlowId flow = 0;  // 0: not under way
  };

  [[nodiscard]] std::uint32_t place_of(std::uint32_t tier, const std::vector<std::int64_t>& images);
  std::int64_t start_write(std::uint32_t place, std::span<const LinkId> path,
                           std::span<const std::uint64_t> keys, Bytes each, Nanos now);
  void forget_writes(std::uint32_t place, Nanos now);

  TieringSpec spec_;
  std::uint64_t write_tag_;
  kv::Eviction eviction_;
  Nanos ttl_;
  fabric::TransferSession* transfers_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> shared_;                                          // of them
  std::vector<std::map<std::vector<std::int64_t>, std::uint32_t>> by_images_;  // by tier
  /// Ports of a group of images towards a tier: read and write.
  std::map<std::pair<std::uint32_t, std::vector<std::int64_t>>, std::pair<LinkId, LinkId>> ports_;
  std::vector<TierState> counts_;  // by tier
  std::vector<Write> writes_;
  std::vector<std::uint32_t> unused_;
  std::vector<std::uint64_t> evicted_;
};

}  // namespace sn::serving
