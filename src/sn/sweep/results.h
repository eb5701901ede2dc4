// sn/sweep/results.h
//
// Where a sweep keeps its rows: one table a question, by key, and one of the design's points. Over
// any `store::Connection`: a file of SQLite's, or PostgreSQL (component.h).
//
//   results_plan(key, state, why, gpus, ...)    a row of each answered content; key is unique
//   points(point, scenario, "AXIS"..., key)     the design, replaced when it changes
//   sweep                                       a view: points with their rows, where there are any
//   pace(key, seconds)                          what rows took here; of no table that is compared
//   meta(name, value)                           name, question, digest of the design
//
// A row that is there already stays: two processes that answer one key keep one row.

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "sn/base/result.h"
#include "sn/store/database.h"
#include "sn/sweep/design.h"
#include "sn/sweep/point.h"

namespace sn::sweep {

/// The points of a design with their keys.
struct PointTable {
  std::string name;
  Question question = Question::plan;
  std::vector<std::string> axes;
  struct Point {
    std::string scenario;
    std::vector<std::string> values;  // as written
    std::string key;
  };
  std::vector<Point> points;
};

/// A value as SQL would compare it: a number where it reads as one.
[[nodiscard]] store::Cell cell_of(const std::string& text);

class Results {
 public:
  /// Makes the tables of `question` where there are none.
  [[nodiscard]] static Result<Results> open(std::unique_ptr<store::Connection> connection,
                                            Question question);
  /// To be asked only; errors: no sweep was ever kept there.
  [[nodiscard]] static Result<Results> look(std::unique_ptr<store::Connection> connection);

  [[nodiscard]] Question question() const { return question_; }
  [[nodiscard]] const std::string& name() const { return name_; }  // of the design
  [[nodiscard]] std::optional<Error> set_points(const PointTable& table);
  [[nodiscard]] Result<std::unordered_set<std::string>> keys() const;
  [[nodiscard]] std::optional<Error> add(const std::string& key, const Row& row, double seconds);
  /// Every row of `other`, in the order of keys.
  [[nodiscard]] std::optional<Error> add_all(const Results& other);
  /// The points of `other`, where there are none here.
  [[nodiscard]] std::optional<Error> take_points(const Results& other);
  [[nodiscard]] store::Connection& connection() const { return *connection_; }

 private:
  Results(std::unique_ptr<store::Connection> connection, Question question)
      : connection_(std::move(connection)), question_(question) {}
  [[nodiscard]] std::optional<Error> make_tables();
  [[nodiscard]] std::optional<Error> write_points(const PointTable& table);
  [[nodiscard]] std::string insert_statement() const;

  std::unique_ptr<store::Connection> connection_;
  Question question_ = Question::plan;
  std::string name_;
};

/// SQLite's file at `where`, or a server ("postgresql://...").
[[nodiscard]] Result<std::unique_ptr<store::Connection>> connect(const std::string& where,
                                                                 store::Mode mode);
[[nodiscard]] bool is_server(const std::string& where);

}  // namespace sn::sweep
