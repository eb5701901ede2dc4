// sn/sweep/sweep.cc
//
// Deals open points to threads, ranks and shards (see sweep.h).

#include "sn/sweep/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <unordered_set>

#include "sn/sweep/point_key.h"

namespace sn::sweep {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Blocks of neighbours share work; a rank or shard has several, so that all end together.
constexpr std::size_t blocks_each = 16;
constexpr std::size_t block_most = 64;

std::size_t block_of(std::size_t items, std::size_t workers) {
  return std::clamp<std::size_t>(items / (workers * blocks_each), 1, block_most);
}

PointTable table_of(const Design& design, PointKeys& keys, const Run& run) {
  PointTable out{.name = design.name, .question = design.question, .axes = {}, .points = {}};
  for (const Axis& a : design.axes) out.axes.push_back(a.name);
  out.points.resize(design.points());
  run.for_each(
      out.points.size(),
      [&](std::size_t i) {
        const PointPlace place = place_of(design, i);
        PointTable::Point& p = out.points[i];
        p.scenario = design.scenarios[place.scenario].label;
        for (std::size_t a = 0; a < place.values.size(); ++a) {
          p.values.push_back(design.axes[a].values[place.values[a]].label);
        }
        p.key = keys.of(scenario_of(design, place), design.scenarios[place.scenario].directory);
      },
      block_most);
  return out;
}

/// The first point of each content that is to be asked here.
std::vector<std::size_t> open_points(const PointTable& table, const Shard& shard,
                                     const std::unordered_set<std::string>& done) {
  std::vector<std::size_t> out;
  std::unordered_set<std::string> seen;
  const std::size_t block = block_of(table.points.size(), shard.count);
  for (std::size_t i = 0; i < table.points.size(); ++i) {
    if (!seen.insert(table.points[i].key).second) continue;
    if (shard.count > 1 && (i / block) % shard.count != shard.index) continue;
    if (!done.contains(table.points[i].key)) out.push_back(i);
  }
  return out;
}

/// What one process does: takes points, asks them, keeps their rows.
class Worker {
 public:
  Worker(const Design& design, const PointTable& table, const catalog::Catalog& catalog,
         Results& results, const Run& run)
      : design_(design),
        table_(table),
        asker_(design, catalog),
        results_(results),
        run_(run),
        quiet_(run.quiet()) {}

  void all(const std::vector<std::size_t>& open, Ranks* ranks) {
    if (ranks == nullptr || ranks->size() == 1) {
      run_.for_each(open.size(), [&](std::size_t i) { one(open[i], i, open.size()); });
      return;
    }
    const std::size_t block = block_of(open.size(), static_cast<std::size_t>(ranks->size()));
    while (!run_.stopped() && !error()) {
      const std::size_t from = ranks->next(block);
      if (from >= open.size()) break;
      const std::size_t to = std::min(open.size(), from + block);
      run_.for_each(to - from, [&](std::size_t i) { one(open[from + i], from + i, open.size()); });
    }
  }

  [[nodiscard]] std::int64_t asked() const { return asked_; }
  [[nodiscard]] std::optional<Error> error() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  void one(std::size_t point, std::size_t at, std::size_t all) {
    if (error()) return;
    const PointPlace place = place_of(design_, point);
    const auto start = Clock::now();
    const std::optional<Row> row = asker_.ask(scenario_of(design_, place),
                                              design_.scenarios[place.scenario].directory, quiet_);
    if (!row) return;
    const std::chrono::duration<double> took = Clock::now() - start;
    if (auto e = results_.add(table_.points[point].key, *row, took.count())) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::move(e);
      run_.stop();
      return;
    }
    ++asked_;
    std::size_t far = farthest_;
    while (far < at + 1 && !farthest_.compare_exchange_weak(far, at + 1)) {
    }
    const std::size_t behind = farthest_;
    run_.tell({.doing = fmt::format("{} of {} points", behind, all),
               .share = static_cast<double>(behind) / static_cast<double>(all),
               .done = behind,
               .all = all});
  }

  const Design& design_;
  const PointTable& table_;
  PointAsker asker_;
  Results& results_;
  const Run& run_;
  Run quiet_;
  std::atomic<std::int64_t> asked_ = 0;
  std::atomic<std::size_t> farthest_ = 0;
  mutable std::mutex mutex_;
  std::optional<Error> error_;
};

/// Which file this process writes.
std::string place_of_rows(const SweepRequest& request) {
  if (is_server(request.database)) return request.database;
  if (request.shard.count > 1) return part_of(request.database, request.shard.index);
  if (request.ranks != nullptr && request.ranks->size() > 1) {
    return part_of(request.database, static_cast<std::size_t>(request.ranks->rank()));
  }
  return request.database;
}

void wait(const SweepRequest& request) {
  if (request.ranks != nullptr) request.ranks->wait();
}

bool is_first(const SweepRequest& request) {
  return request.ranks == nullptr || request.ranks->rank() == 0;
}

/// Files of this design's parts into the database, and away with them.
std::optional<Error> absorb_parts(const std::string& database) {
  if (is_server(database)) return std::nullopt;
  const std::vector<std::string> parts = parts_of(database);
  if (parts.empty()) return std::nullopt;
  if (auto error = merge(database, parts)) return error;
  for (const std::string& part : parts) {
    std::error_code ignored;
    for (const char* end : {"", "-wal", "-shm"}) fs::remove(part + end, ignored);
  }
  return std::nullopt;
}

/// The keys that have rows, in the database and in this process's own file.
Result<std::unordered_set<std::string>> keys_there(const SweepRequest& request,
                                                   const Results& own) {
  Result<std::unordered_set<std::string>> keys = own.keys();
  const std::string place = place_of_rows(request);
  std::error_code ignored;
  if (!keys || place == request.database || !fs::exists(request.database, ignored)) return keys;
  auto connection = connect(request.database, store::Mode::read);
  if (!connection) return fail(connection.error());
  const Result<Results> main = Results::look(*std::move(connection));
  if (!main || main->question() != own.question()) return keys;
  const auto more = main->keys();
  if (!more) return fail(more.error());
  keys->insert(more->begin(), more->end());
  return keys;
}

/// The database with the design's points, before anybody asks.
std::optional<Error> prepare(const SweepRequest& request, const PointTable& table) {
  auto connection = connect(request.database, store::Mode::write);
  if (!connection) return connection.error().front();
  Result<Results> results = Results::open(*std::move(connection), table.question);
  if (!results) return results.error().front();
  return results->set_points(table);
}

}  // namespace

std::string part_of(const std::string& database, std::size_t index) {
  return fmt::format("{}.part{}", database, index);
}

std::vector<std::string> parts_of(const std::string& database) {
  std::vector<std::pair<std::size_t, std::string>> found;
  const fs::path path(database);
  const std::string head = path.filename().string() + ".part";
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(head) || name.size() > head.size() + 9) continue;
    const std::string number = name.substr(head.size());
    if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos) continue;
    found.emplace_back(std::stoul(number), part_of(database, std::stoul(number)));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> out;
  for (auto& [number, file] : found) out.push_back(std::move(file));
  return out;
}

Result<SweepReport> sweep(const Design& design, const SweepRequest& request,
                          const catalog::Catalog& catalog, const Run& run) {
  PointKeys keys(design, catalog, request.program);
  const PointTable table = table_of(design, keys, run);
  if (run.stopped()) return fail(interrupted("the sweep"));
  std::optional<Error> error;
  const bool whole = request.shard.count <= 1;
  if (whole && is_first(request)) {
    error = absorb_parts(request.database);
    if (!error) error = prepare(request, table);
  }
  wait(request);
  if (error) return fail(*error);
  auto connection = connect(place_of_rows(request), store::Mode::write);
  if (!connection) return fail(connection.error());
  Result<Results> own = Results::open(*std::move(connection), design.question);
  if (!own) return fail(own.error());
  if (auto e = own->set_points(table)) return fail(*std::move(e));
  const auto done = keys_there(request, *own);
  wait(request);
  if (!done) return fail(done.error());
  Worker worker(design, table, catalog, *own, run);
  worker.all(open_points(table, request.shard, *done), request.ranks);
  if (auto e = worker.error()) return fail(*std::move(e));
  if (place_of_rows(request) != request.database) own = fail(Error{});  // closed
  wait(request);
  if (whole && is_first(request)) error = absorb_parts(request.database);
  wait(request);
  if (error) return fail(*error);
  Result<SweepReport> report = status(whole ? request.database : place_of_rows(request));
  if (!report) return report;
  report->asked = worker.asked();
  report->interrupted = run.stopped();
  return report;
}

}  // namespace sn::sweep
