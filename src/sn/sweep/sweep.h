// sn/sweep/sweep.h
//
// Runs a design: what has no row yet is asked, on threads and ranks, and kept as it is answered.
//
// A killed process loses the points that it had not ended; the next run asks them again, and
// nothing else. With ranks and SQLite each keeps a file of its own ("DATABASE.part3"), since
// several machines cannot share one; the first rank takes all of them into the database at the
// start and at the end. A part of a design (`Shard`) keeps such a file too, and is merged by
// `merge`. PostgreSQL needs no parts.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sn/base/report/report_visitor.h"
#include "sn/base/result.h"
#include "sn/base/run.h"
#include "sn/catalog/catalog.h"
#include "sn/store/database.h"
#include "sn/sweep/component.h"
#include "sn/sweep/design.h"
#include "sn/sweep/results.h"

namespace sn::sweep {

/// Part `index` of `count`: blocks of points, dealt in turn.
struct Shard {
  std::size_t index = 0;
  std::size_t count = 1;
};

struct SweepRequest {
  std::string database;  // a file of SQLite's, or "postgresql://..."
  std::string program;   // of the version: rows of another are not taken for these
  Shard shard = {};
  Ranks* ranks = nullptr;  // nothing: this process alone
};

struct BestPoint {
  std::int64_t point = 0;
  std::string scenario;
  std::vector<std::string> values;  // one per axis
  double objective = 0.0;
  std::string what;  // the deployment, the rack
};

struct SweepReport {
  std::string name;
  Question question = Question::plan;
  std::string database;
  std::vector<std::string> axes;
  std::int64_t points = 0;
  std::int64_t contents = 0;  // points that differ in what is asked
  std::int64_t answered = 0;  // contents that have a row
  std::int64_t asked = 0;     // of them in this run, by this process
  std::int64_t met = 0;       // points, likewise missed and impossible
  std::int64_t missed = 0;
  std::int64_t impossible = 0;
  double seconds_each = 0.0;    // what a row took, mean over those that were asked here
  std::string objective;        // name of the column
  std::vector<BestPoint> best;  // of each scenario, among points that meet
  bool interrupted = false;

  [[nodiscard]] std::int64_t open() const { return contents - answered; }
};

void describe(ReportVisitor& v, const BestPoint& point);
void describe(ReportVisitor& v, const SweepReport& report);

/// Errors: a database that is not there or cannot be written, no component.
[[nodiscard]] Result<SweepReport> sweep(const Design& design, const SweepRequest& request,
                                        const catalog::Catalog& catalog, const Run& run = Run());

/// What there is by now: parts beside the database count, and are not changed.
[[nodiscard]] Result<SweepReport> status(const std::string& database);

/// The rows of one statement; nothing can be changed by it.
[[nodiscard]] Result<store::Rows> query(const std::string& database, const std::string& sql,
                                        std::size_t rows_most = 10'000'000);
/// Every point with its row, in the order of the design.
[[nodiscard]] Result<store::Rows> table(const std::string& database);

/// Everything of `parts` into `database`, which takes its points from the first where it has none;
/// a key that is in several is one row. Errors: a part that keeps no sweep, or another question.
[[nodiscard]] std::optional<Error> merge(const std::string& database,
                                         const std::vector<std::string>& parts);

/// "DATABASE.part3".
[[nodiscard]] std::string part_of(const std::string& database, std::size_t index);
/// Those that are there, by number.
[[nodiscard]] std::vector<std::string> parts_of(const std::string& database);

}  // namespace sn::sweep
