// sn/serving/load/synthetic.h
//
// Synthetic requests: an arrival process and length distributions, drawn from keyed streams.
//
// Arrivals: poisson, gamma (renewal with a coefficient of variation), fixed interval, or diurnal: a
// Poisson process whose rate follows rate x (1 + amplitude sin(2 pi t / period)), by thinning
// (Lewis and Shedler, 1979); the first comes one interval after time 0. Lengths: fixed, uniform
// whole numbers in [min, max], lognormal (median, p90) truncated to [min, max] and rounded. Same
// seed, same requests; arrivals, inputs and outputs have streams of their own, so that changing one
// leaves the others as they are.
//
//   lognormal: x = median exp(sigma z), sigma = ln(p90 / median) / 1.28155 (normal 90 % point)
//
// `median` and `p90` are those before truncation. Limits: `SyntheticLimits`.
//
// Sessions, as agents and chats make them: a session has a geometric number of turns; each turn's
// input is all that was said before (a prefix shared by all sessions, earlier inputs and answers)
// and new tokens of the `input` distribution; the next turn arrives an exponential pause after the
// one before. Blocks of a conversation are named by the session, those of the shared prefix alike
// for all. Open loop: the pause holds the time to answer.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sn/base/units/quantity.h"
#include "sn/serving/load/workload.h"
#include "sn/serving/load/workload_summary.h"

namespace sn::serving {

struct LengthDistribution {
  enum class Kind { fixed, uniform, lognormal };
  Kind kind = Kind::fixed;
  double min = 1.0;  // tokens; fixed uses `min` alone
  double max = 1.0;
  double median = 1.0;  // lognormal only
  double p90 = 1.0;     // lognormal only; >= median
};

struct ArrivalProcess {
  enum class Kind { poisson, gamma, fixed, diurnal };
  Kind kind = Kind::poisson;
  Rate rate = Rate::from_si(1.0);
  double cv = 1.0;         // gamma only: coefficient of variation of inter-arrival times
  double amplitude = 0.5;  // diurnal only, within [0, 1]
  Time period = Time::from_si(86400.0);  // diurnal only
};

struct SessionSpec {
  double turns = 8.0;                // mean
  Time pause = Time::from_si(30.0);  // mean
  std::int64_t shared_prefix = 0;    // tokens that every session starts with
  std::int64_t context = 131'072;    // a session ends before it grows beyond
  std::int64_t block = 64;           // tokens of a hashed block
};

/// Documents that many requests ask about, as retrieval and long-context chats make them: each
/// request is one of them and a question of its own. Every document comes once, in turn, then they
/// are drawn alike: requests beyond the first `count` find theirs in a cache that holds all.
struct ContextSpec {
  std::int64_t count = 100;
  std::int64_t tokens = 16'384;  // of each
  std::int64_t block = 64;       // tokens of a hashed block
};

struct SyntheticSpec {
  ArrivalProcess arrivals;  // of requests; with sessions, these start at rate / turns
  LengthDistribution input;
  LengthDistribution output;
  std::int64_t requests = 20'000;
  std::optional<SessionSpec> sessions;
  std::optional<ContextSpec> contexts;  // not with sessions

  /// Tokens of a hashed block; 0: requests have none.
  [[nodiscard]] std::int64_t block() const {
    return sessions ? sessions->block : contexts ? contexts->block : 0;
  }
};

/// What a loader lets through.
struct SyntheticLimits {
  static constexpr std::int64_t requests = 10'000'000;
  static constexpr double rate_min = 1e-2;  // requests/s
  static constexpr double rate_max = 1e9;
  static constexpr double cv_min = 1e-2;
  static constexpr double cv_max = 1e2;
  static constexpr double tokens = 1e8;
  static constexpr std::size_t blocks = 1'000'000'000;  // of a summary: some seconds
};

/// Requests sorted by arrival; blocks only with sessions and contexts. A `spec` outside
/// `SyntheticLimits`, with min > max, with p90 < median or that passes the end of the clock is a
/// programmer's mistake: loaders report it with its place.
[[nodiscard]] std::vector<Request> generate(const SyntheticSpec& spec, std::uint64_t seed);

/// What a planner knows of the requests of `spec`, drawn one after another and not held; reuse is
/// of inputs alone. Errors: `limit`, where they pass the end of the clock or name too many blocks.
[[nodiscard]] Result<WorkloadSummary> summarise(const SyntheticSpec& spec, std::uint64_t seed,
                                                const SummaryOptions& options = {});

}  // namespace sn::serving
