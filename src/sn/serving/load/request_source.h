// sn/serving/load/request_source.h
//
// Requests one after another, in order of arrival, so that a run never holds more of them than are
// alive: a trace scaled, repeated or cut; a synthetic generator; a stand-in for a summarised
// workload.
//
// Scaling a trace to m times its rate:
//   time    arrivals come m times as fast: the same requests, in 1/m of the time
//   copies  m traces side by side (the last one thinned to the fraction), each shifted by a part
//           of the span and with prefixes of its own: m times as many users in the same time; each
//           is a reader of its own, and above `readers_max` of them the trace is held in memory
//
// Limits: requests arrive within `arrivals_end`, at most `copies_max` traces run side by side. What
// would pass one of them gives no requests, and says so in `faults`.

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sn/serving/load/synthetic.h"
#include "sn/serving/load/trace/trace_file.h"
#include "sn/serving/load/workload.h"

namespace sn::serving {

/// Half the range of the clock, 146 years: what is served after the last arrival fits it too.
inline constexpr Nanos arrivals_end{std::numeric_limits<std::int64_t>::max() / 2};

/// Gives requests in order of arrival. One reader; not thread-safe.
class RequestSource {
 public:
  virtual ~RequestSource() = default;
  /// False at the end. Overwrites all of `request`.
  virtual bool next(Request& request) = 0;
  /// How many requests there will be, as far as is known before the end.
  [[nodiscard]] virtual std::int64_t expected() const = 0;
  /// From the first arrival to the last, as far as is known.
  [[nodiscard]] virtual Time span() const = 0;
  /// Why it ended before its end: a file that cannot be read any more, or that was changed; the
  /// end of the clock.
  [[nodiscard]] virtual Errors faults() const { return {}; }
};

enum class Scaling { time, copies };

struct Replay {
  double multiple = 1.0;  // of the trace's own rate
  Scaling scaling = Scaling::time;
  std::int64_t repeat = 1;  // times one after another
  std::int64_t skip = 0;    // requests left out at the start; the next one arrives at 0
  std::int64_t limit = 0;   // requests; 0: all
  Time until = {};          // of arrival, after scaling; 0: all
};

inline constexpr std::int64_t readers_max = 64;  // of one file at a time
inline constexpr std::int64_t copies_max = 10'000;

[[nodiscard]] std::unique_ptr<RequestSource> replay(std::shared_ptr<const TraceFile> trace,
                                                    const Replay& how);

/// Draws requests as `generate` does, the same for the same seed, without holding them.
[[nodiscard]] std::unique_ptr<RequestSource> draw(const SyntheticSpec& spec, std::uint64_t seed,
                                                  const Replay& how);

/// `source.span()` on the clock. Errors: its faults, or that it is beyond `arrivals_end`.
[[nodiscard]] Result<Nanos> span_on_clock(const RequestSource& source);
/// That requests come later than `arrivals_end`.
[[nodiscard]] Error beyond_clock();

/// `spec` itself, neither scaled nor cut.
[[nodiscard]] std::unique_ptr<RequestSource> synthetic_source(const SyntheticSpec& spec,
                                                              std::uint64_t seed);

/// Requests that are distributed as the classes of `workload`, with its burstiness (gamma arrivals
/// of that dispersion) and its hit-rate curve: a request takes its cached prefix from an earlier
/// one, as many requests back as make up the stack distance drawn from its class's curve. A
/// stand-in where the trace itself is not at hand.
[[nodiscard]] std::unique_ptr<RequestSource> imitate(const Workload& workload, std::uint64_t seed,
                                                     std::int64_t requests, const Replay& how);

}  // namespace sn::serving
