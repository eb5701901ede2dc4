// sn/serving/load/stack_distance.cc
//
// A Fenwick tree marks, for every block, the time of its last access. The marks after time p are
// the distinct blocks touched since p; their number is the distance but for the block itself.

#include "sn/serving/load/stack_distance.h"

#include <algorithm>
#include <utility>

#include "sn/base/result.h"

namespace sn::serving {
namespace {

/// Finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): hashes are often small integers.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/// Time of the last access by block hash: open addressing, linear probing, at most half full.
class LastAccess {
 public:
  /// Time of the previous access (1 and up), or 0; sets it to `now`.
  std::uint32_t exchange(std::uint64_t block, std::uint32_t now) {
    const std::size_t slot = find(block);
    const std::uint32_t before = std::exchange(times_[slot], now);
    if (before == 0) {
      blocks_[slot] = block;
      if (++used_ > times_.size() / 2) grow();
    }
    return before;
  }

 private:
  std::size_t find(std::uint64_t block) const {
    const std::size_t mask = times_.size() - 1;
    std::size_t i = mix(block) & mask;
    while (times_[i] != 0 && blocks_[i] != block) i = (i + 1) & mask;
    return i;
  }

  void grow() {
    const auto blocks = std::exchange(blocks_, std::vector<std::uint64_t>(2 * blocks_.size()));
    const auto times = std::exchange(times_, std::vector<std::uint32_t>(blocks_.size()));
    for (std::size_t i = 0; i < times.size(); ++i) {
      if (times[i] == 0) continue;
      const std::size_t slot = find(blocks[i]);
      blocks_[slot] = blocks[i];
      times_[slot] = times[i];
    }
  }

  // Slots, a power of two; time 0 marks a free one. Apart, since padding would be a quarter.
  std::vector<std::uint64_t> blocks_ = std::vector<std::uint64_t>(1024);
  std::vector<std::uint32_t> times_ = std::vector<std::uint32_t>(1024);
  std::size_t used_ = 0;
};

/// Prefix sums of marks over times from 1. Sums wrap around modulo 2^32, which addition undoes.
class Marks {
 public:
  void add(std::size_t time, std::uint32_t amount) {
    while (time >= tree_.size()) grow();
    for (; time < tree_.size(); time += time & (~time + 1)) tree_[time] += amount;
  }
  [[nodiscard]] std::uint32_t up_to(std::size_t time) const {
    std::uint32_t sum = 0;
    for (; time > 0; time &= time - 1) sum += tree_[time];
    return sum;
  }

 private:
  /// Twice as many times: of the new nodes only the last, a power of two, spans the old ones.
  void grow() {
    const std::size_t times = tree_.size() - 1;
    const std::uint32_t all = tree_[times];
    tree_.resize(2 * times + 1, 0);
    tree_.back() = all;
  }

  std::vector<std::uint32_t> tree_ = std::vector<std::uint32_t>(1024 + 1);
};

}  // namespace

struct StackDistances::State {
  LastAccess last;
  Marks marks;
};

StackDistances::StackDistances() : state_(std::make_unique<State>()) {}
StackDistances::~StackDistances() = default;
StackDistances::StackDistances(StackDistances&&) noexcept = default;
StackDistances& StackDistances::operator=(StackDistances&&) noexcept = default;

void StackDistances::touch(std::span<const std::uint64_t> blocks,
                           std::vector<std::uint32_t>& needed) {
  SN_ASSERT(blocks.size() < never_served - now_);
  std::uint32_t most = 0;
  for (const std::uint64_t block : blocks) {
    ++now_;
    const std::uint32_t before = state_->last.exchange(block, now_);
    if (before == 0) {
      most = never_served;
      ++distinct_;
    } else {
      if (most != never_served) most = std::max(most, distinct_ - state_->marks.up_to(before) + 1);
      state_->marks.add(before, static_cast<std::uint32_t>(-1));
    }
    state_->marks.add(now_, 1);
    needed.push_back(most);
  }
}

std::size_t hits_within(std::span<const std::uint32_t> needed, std::uint64_t capacity_blocks) {
  const auto cap =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(capacity_blocks, never_served - 1));
  const auto end = std::upper_bound(needed.begin(), needed.end(), cap);
  return static_cast<std::size_t>(end - needed.begin());
}

}  // namespace sn::serving
