// sn/sweep/component.h
//
// Parts of a sweep that need more than every machine has: ranks of MPI, and a PostgreSQL server.
//
// Each is a file of its own beside the program (lib/supernode/libsupernode-mpi.so, -postgresql.so),
// built where its libraries were found and loaded when it is asked for: the program itself needs
// neither. A component is of one build; it says so by `component_version`.

#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "sn/base/result.h"
#include "sn/store/database.h"

namespace sn::sweep {

/// Processes that work at one sweep. One thread of each calls.
class Ranks {
 public:
  virtual ~Ranks() = default;

  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  /// The first of the next `count` items that nobody else has; each item is given once.
  [[nodiscard]] virtual std::size_t next(std::size_t count) = 0;
  /// Returns when all have come here.
  virtual void wait() = 0;
  /// Ends all of them at once: one cannot go on, and the others would wait for it.
  virtual void give_up(int code) = 0;

 protected:
  Ranks() = default;
  Ranks(const Ranks&) = default;
  Ranks& operator=(const Ranks&) = default;
};

inline constexpr int component_version = 1;

/// The ranks of the MPI job that this process is one of; a process on its own is the only one.
/// Errors: the build has no such component.
[[nodiscard]] Result<std::unique_ptr<Ranks>> open_ranks();

/// A connection to "postgresql://user@host/database". Errors: no such component; no server there.
[[nodiscard]] Result<std::unique_ptr<store::Connection>> open_server(const std::string& where,
                                                                     store::Mode mode);

}  // namespace sn::sweep
