// sn/store/database.cc
//
// SQLite behind plain values (see database.h).

#include "sn/store/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cmath>
#include <mutex>
#include <utility>

namespace sn::store {

namespace {

constexpr int patience_ms = 60'000;

Error error_of(sqlite3* db, int code, const std::string& path) {
  const bool file = code == SQLITE_CANTOPEN || code == SQLITE_BUSY || code == SQLITE_FULL ||
                    code == SQLITE_IOERR || code == SQLITE_READONLY || code == SQLITE_NOTADB ||
                    code == SQLITE_LOCKED || code == SQLITE_CORRUPT;
  return {.code = file ? ErrorCode::io : ErrorCode::syntax,
          .message = shown(db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db), 200),
          .where = {.file = path}};
}

int bind(sqlite3_stmt* statement, int at, const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) {
    return sqlite3_bind_int64(statement, at, *whole);
  }
  if (const auto* number = std::get_if<double>(&cell)) {
    return std::isfinite(*number) ? sqlite3_bind_double(statement, at, *number)
                                  : sqlite3_bind_null(statement, at);
  }
  if (const auto* text = std::get_if<std::string>(&cell)) {
    return sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()),
                             SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, at);
}

Cell cell_at(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(statement, column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_NULL:
      return {};
    default:
      break;
  }
  const auto* text = static_cast<const char*>(sqlite3_column_blob(statement, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return std::string(text == nullptr ? "" : text, size);
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

}  // namespace

struct Database::State {
  std::string path;
  sqlite3* db = nullptr;
  std::recursive_mutex mutex;

  ~State() { sqlite3_close(db); }

  /// Runs one statement; `head` is called before its first row, `row` at each, and may end it.
  std::optional<Error> run(std::string_view sql, const std::vector<Cell>& values,
                           const std::function<void(sqlite3_stmt*)>& head,
                           const std::function<bool(sqlite3_stmt*)>& row) {
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    int code = sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &raw, &tail);
    const std::unique_ptr<sqlite3_stmt, Finalize> statement(raw);
    if (code != SQLITE_OK) return error_of(db, code, path);
    const std::string_view rest = sql.substr(static_cast<std::size_t>(tail - sql.data()));
    if (raw == nullptr || rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
      return Error{
          .code = ErrorCode::syntax, .message = "one statement at a time", .where = {.file = path}};
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      code = bind(raw, static_cast<int>(i + 1), values[i]);
      if (code != SQLITE_OK) return error_of(db, code, path);
    }
    head(raw);
    while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
      if (!row(raw)) return std::nullopt;
    }
    if (code != SQLITE_DONE) return error_of(db, code, path);
    return std::nullopt;
  }
};

std::string cell_text(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{}", *number);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return {};
}

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

const std::string& Database::path() const { return state_->path; }

Result<Database> Database::open(const std::string& path, Mode mode) {
  auto state = std::make_unique<State>();
  state->path = path;
  const int flags =
      SQLITE_OPEN_FULLMUTEX |
      (mode == Mode::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(path.c_str(), &state->db, flags, nullptr);
  if (code != SQLITE_OK) return fail(error_of(state->db, code, path));
  sqlite3_busy_timeout(state->db, patience_ms);
  Database out(std::move(state));
  // Says whether the file is one of SQLite's at all.
  if (const auto first = out.ask("pragma schema_version"); !first) return fail(first.error());
  if (mode == Mode::read) return out;
  if (const auto wal = out.ask("pragma journal_mode = wal"); !wal) return fail(wal.error());
  if (auto error = out.change("pragma synchronous = normal")) return fail(*std::move(error));
  return out;
}

Result<Rows> Database::ask(std::string_view sql, const std::vector<Cell>& values,
                           std::size_t rows_most) const {
  const std::lock_guard lock(state_->mutex);
  Rows out;
  bool many = false;
  const auto head = [&](sqlite3_stmt* statement) {
    for (int c = 0; c < sqlite3_column_count(statement); ++c) {
      out.columns.emplace_back(sqlite3_column_name(statement, c));
    }
  };
  const auto error = state_->run(sql, values, head, [&](sqlite3_stmt* statement) {
    many = out.rows.size() == rows_most;
    if (many) return false;
    std::vector<Cell>& row = out.rows.emplace_back();
    for (int c = 0; c < sqlite3_column_count(statement); ++c) row.push_back(cell_at(statement, c));
    return true;
  });
  if (error) return fail(*error);
  if (many) {
    return fail({.code = ErrorCode::limit,
                 .message = fmt::format("more than {} rows", rows_most),
                 .where = {.file = path()},
                 .hint = "ask for fewer: limit, where"});
  }
  return out;
}

std::optional<Error> Database::change(std::string_view sql, const std::vector<Cell>& values) {
  const std::lock_guard lock(state_->mutex);
  return state_->run(sql, values, [](sqlite3_stmt*) {}, [](sqlite3_stmt*) { return true; });
}

std::optional<Error> Database::atomically(const std::function<std::optional<Error>()>& work) {
  const std::lock_guard lock(state_->mutex);
  if (auto error = change("begin immediate")) return error;
  if (auto error = work()) {
    // Where the failure has ended the transaction already, there is nothing to roll back.
    if (sqlite3_get_autocommit(state_->db) == 0) static_cast<void>(change("rollback"));
    return error;
  }
  return change("commit");
}

std::optional<Error> Database::settle() {
  const auto done = ask("pragma journal_mode = delete");
  if (!done) return done.error().front();
  return std::nullopt;
}

}  // namespace sn::store
