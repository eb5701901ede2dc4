// apps/components/postgresql_server.cc
//
// A PostgreSQL database behind store::Connection (libpqxx 6 or 7): libsupernode-postgresql.so.
//
// Values travel as text, in which PostgreSQL 12 and later write a double so that it reads back the
// same. A transaction takes an advisory lock, so that processes that make the tables at once, or
// replace a design, do it one after the other. Threads of a process take turns.

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <pqxx/pqxx>

#include "sn/sweep/component.h"

namespace sn::sweep {

namespace {

using store::Cell;
using store::Rows;

/// Types of PostgreSQL by their fixed numbers (catalog/pg_type.dat).
constexpr pqxx::oid bool_type = 16;
constexpr pqxx::oid int8_type = 20;
constexpr pqxx::oid int4_type = 23;
constexpr pqxx::oid float8_type = 701;
constexpr pqxx::oid numeric_type = 1700;

/// Any number: one process at a time within `atomically`.
constexpr const char* lock_all = "select pg_advisory_xact_lock(7236853)";

std::optional<std::string> text_of(const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return std::nullopt;
  if (const auto* number = std::get_if<double>(&cell); number != nullptr) {
    if (*number - *number != 0.0) return std::nullopt;  // as in SQLite: not finite is nothing
    return pqxx::to_string(*number);
  }
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  return std::get<std::string>(cell);
}

Cell cell_of(const pqxx::field& field) {
  if (field.is_null()) return {};
  switch (field.type()) {
    case bool_type:
      return std::int64_t{field.as<bool>() ? 1 : 0};
    case int4_type:
    case int8_type:
      return field.as<std::int64_t>();
    case float8_type:
    case numeric_type:
      return field.as<double>();
    default:
      return std::string(field.c_str(), field.size());
  }
}

class Server final : public store::Connection {
 public:
  Server(const std::string& where, bool read_only) : connection_(where) {
    pqxx::nontransaction work(connection_);
    work.exec("set client_min_messages = warning");
    if (read_only) work.exec("set session characteristics as transaction read only");
  }

  [[nodiscard]] Result<Rows> ask(std::string_view sql, const std::vector<Cell>& values,
                                 std::size_t rows_most) const override {
    const std::lock_guard lock(mutex_);
    Rows out;
    std::optional<Error> error = guarded([&] {
      const pqxx::result result = run(sql, values);
      for (pqxx::row::size_type c = 0; c < result.columns(); ++c) {
        out.columns.emplace_back(result.column_name(c));
      }
      if (static_cast<std::size_t>(result.size()) > rows_most) {
        throw pqxx::failure("more than " + std::to_string(rows_most) + " rows");
      }
      for (const auto& row : result) {
        std::vector<Cell>& cells = out.rows.emplace_back();
        for (const auto& field : row) cells.push_back(cell_of(field));
      }
    });
    if (error) return fail(*std::move(error));
    return out;
  }

  [[nodiscard]] std::optional<Error> change(std::string_view sql,
                                            const std::vector<Cell>& values) override {
    const std::lock_guard lock(mutex_);
    return guarded([&] { static_cast<void>(run(sql, values)); });
  }

  [[nodiscard]] std::optional<Error> atomically(
      const std::function<std::optional<Error>()>& work) override {
    const std::lock_guard lock(mutex_);
    std::optional<Error> error;
    std::optional<Error> thrown = guarded([&] {
      pqxx::work transaction(connection_);
      transaction.exec(lock_all);
      transaction_ = &transaction;
      error = work();
      transaction_ = nullptr;
      if (!error) transaction.commit();
    });
    transaction_ = nullptr;
    return error ? error : thrown;
  }

 private:
  template <class Work>
  static std::optional<Error> guarded(const Work& work) {
    try {
      work();
      return std::nullopt;
    } catch (const pqxx::sql_error& e) {
      return Error{.code = ErrorCode::syntax, .message = e.what()};
    } catch (const std::exception& e) {
      return Error{.code = ErrorCode::io, .message = e.what()};
    }
  }

  [[nodiscard]] pqxx::result run(std::string_view sql, const std::vector<Cell>& values) const {
    if (transaction_ != nullptr) return run_in(*transaction_, sql, values);
    pqxx::nontransaction alone(connection_);
    return run_in(alone, sql, values);
  }

  static pqxx::result run_in(pqxx::transaction_base& in, std::string_view sql,
                             const std::vector<Cell>& values) {
    std::vector<std::optional<std::string>> texts;
    for (const Cell& cell : values) texts.push_back(text_of(cell));
    return in.exec_params(std::string(sql), pqxx::prepare::make_dynamic_params(texts));
  }

  mutable std::recursive_mutex mutex_;
  mutable pqxx::connection connection_;
  pqxx::transaction_base* transaction_ = nullptr;
};

}  // namespace

}  // namespace sn::sweep

extern "C" {
extern const int supernode_component_version;
const int supernode_component_version = sn::sweep::component_version;

sn::store::Connection* supernode_open_server(const char* where, bool read_only, char** why);
sn::store::Connection* supernode_open_server(const char* where, bool read_only, char** why) {
  try {
    return new sn::sweep::Server(where, read_only);
  } catch (const std::exception& e) {
    *why = ::strdup(e.what());
    return nullptr;
  }
}
}
