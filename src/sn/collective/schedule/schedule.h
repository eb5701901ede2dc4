// sn/collective/schedule/schedule.h
//
// A collective as what moves: transfers between ranks, and which of them wait for which.
//
//   ring              k (N-1) rounds, k = 2 for all-reduce, else 1: rank i sends a share to i+1
//                     when it has received the one before; over several domains as many rings as
//                     a domain has GPUs, each of which crosses by another of them
//   direct            every rank sends each other its share at once; all-reduce: reduce-scatter,
//                     then all-gather of a rank's share when all of it is there (two-shot)
//   one-shot          every rank sends each other its whole buffer
//   halving-doubling  log2 N exchanges of S/2, S/4, ..., then back (Rabenseifner; N a power of two)
//   tree              two binary trees, each of half of the buffer, up and down, in chunks
//                     (Sanders, Speck, Traeff 2009); inner ranks of one are leaves of the other
//   hierarchical      direct reduce-scatter in each domain, a ring of each share over the domains,
//                     direct all-gather
//   in-switch         one reduction in the switches of a domain
//   exchange          dispatch to, combine from, the ranks of experts, by a matrix of bytes
// Sizes as in collective.h. Software time is not here: see fidelity.h.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sn/collective/collective.h"

namespace sn::collective {

/// The kinds above; exchanges have their own maker.
enum class Pattern { ring, direct, one_shot, halving_doubling, tree, hierarchical, in_switch };

[[nodiscard]] std::string_view to_string(Pattern pattern);

/// One node of the DAG: bytes from one rank to another; bytes 0: nothing moves, a meeting point;
/// `to` = `everyone`: a reduction in the switches among ranks from .. from + span.
struct Move {
  static constexpr std::uint32_t everyone = 0xffffffff;

  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::int64_t bytes = 0;
};

class Schedule {
 public:
  using Id = std::uint32_t;

  explicit Schedule(std::int64_t ranks) : ranks_(ranks) {}

  Id add(std::uint32_t from, std::uint32_t to, std::int64_t bytes);
  /// `then` starts no earlier than `first` is done.
  void order(Id first, Id then) { edges_.push_back({first, then}); }
  /// Once everything is added.
  void finish();

  [[nodiscard]] std::int64_t ranks() const { return ranks_; }
  [[nodiscard]] const std::vector<Move>& moves() const { return moves_; }
  [[nodiscard]] std::span<const Id> after(Id id) const {
    return {next_.data() + first_[id], next_.data() + first_[id + 1]};
  }
  /// How many it waits for.
  [[nodiscard]] const std::vector<std::uint32_t>& needs() const { return needs_; }
  [[nodiscard]] double bytes() const;

 private:
  struct Edge {
    Id first;
    Id then;
  };

  std::int64_t ranks_;
  std::vector<Move> moves_;
  std::vector<Edge> edges_;
  std::vector<std::uint32_t> first_;  // of each move in next_, and one more
  std::vector<Id> next_;
  std::vector<std::uint32_t> needs_;
};

/// Moves of the largest schedule: about 600 MB.
inline constexpr double moves_max = 2e7;

/// Moves that `pattern` takes, without making them.
[[nodiscard]] double moves_of(Pattern pattern, Op op, Group group);

/// Errors: a pattern that the operation or the group does not have; too many moves.
[[nodiscard]] Result<Schedule> make_schedule(Pattern pattern, Op op, Group group, Bytes size);

/// The pattern behind a closed form's `algorithm` ("ring", "two-shot", "in-switch tree", ...).
[[nodiscard]] Pattern pattern_of(std::string_view algorithm, Op op, Group group);

/// Routing of tokens with skew: expert e is drawn with a weight of (e + 1)^-skew, 0 is uniform;
/// experts are dealt round robin over the ranks. Bytes from row to column, the diagonal is 0.
[[nodiscard]] std::vector<std::vector<std::int64_t>> routed_bytes(std::int64_t ranks,
                                                                  const ExpertExchange& e,
                                                                  double skew, std::uint64_t seed);
/// Dispatch by the matrix, then combine back once a rank has all of its tokens;
/// `ratio` = combine bytes over dispatch bytes.
[[nodiscard]] Schedule make_exchange(const std::vector<std::vector<std::int64_t>>& bytes,
                                     double ratio);

}  // namespace sn::collective
