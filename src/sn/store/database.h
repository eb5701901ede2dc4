// sn/store/database.h
//
// One SQLite file: opened, asked, changed.
//
// A file that is written is in WAL mode with `synchronous = normal`: what was committed survives
// the end of the process, by SIGKILL too (a power failure may take the last commits, never the
// file). A writer waits up to a minute for another process's. One object may be used by several
// threads; each call, and all of a transaction, is on its own.
//
// Errors are `io` (a file that cannot be opened, is locked or full) and `syntax` (what SQLite says
// of a statement).

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sn/base/result.h"

namespace sn::store {

/// A value of a row: nothing, a whole number, a number, a text.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

/// "", "12", "0.1", "text": numbers in the shortest form that reads back to the same value.
[[nodiscard]] std::string cell_text(const Cell& cell);

struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;
};

/// `name` as an SQL identifier, in quotes.
[[nodiscard]] std::string quoted_name(std::string_view name);

/// What keeps rows: a file of SQLite's (`Database`), or a server. Statements have `$1`, `$2`, ...
/// for values, in the order of their first use.
class Connection {
 public:
  virtual ~Connection() = default;

  /// The rows of one statement; errors also: more rows than `rows_most`.
  [[nodiscard]] virtual Result<Rows> ask(std::string_view sql, const std::vector<Cell>& values = {},
                                         std::size_t rows_most = 10'000'000) const = 0;
  /// One statement without rows; nothing when it was done.
  [[nodiscard]] virtual std::optional<Error> change(std::string_view sql,
                                                    const std::vector<Cell>& values = {}) = 0;
  /// All of `work` or, where it returns an error, nothing of it; alone among all processes.
  [[nodiscard]] virtual std::optional<Error> atomically(
      const std::function<std::optional<Error>()>& work) = 0;

 protected:
  Connection() = default;
  Connection(const Connection&) = default;
  Connection(Connection&&) = default;
  Connection& operator=(const Connection&) = default;
  Connection& operator=(Connection&&) = default;
};

enum class Mode { read, write };  // `write` makes the file where there is none

class Database final : public Connection {
 public:
  [[nodiscard]] static Result<Database> open(const std::string& path, Mode mode);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database() override;

  [[nodiscard]] Result<Rows> ask(std::string_view sql, const std::vector<Cell>& values = {},
                                 std::size_t rows_most = 10'000'000) const override;
  [[nodiscard]] std::optional<Error> change(std::string_view sql,
                                            const std::vector<Cell>& values = {}) override;
  [[nodiscard]] std::optional<Error> atomically(
      const std::function<std::optional<Error>()>& work) override;
  /// Writes the log into the file and leaves WAL mode: the file alone is then the whole.
  [[nodiscard]] std::optional<Error> settle();

  [[nodiscard]] const std::string& path() const;

 private:
  struct State;
  explicit Database(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace sn::store
