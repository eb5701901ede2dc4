// sn/evidence/kernels/validate_kernels.cc
//
// One job a file, evaluated in parallel into fixed slots.

#include "sn/evidence/kernels/validate_kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "sn/base/files/files.h"
#include "sn/evidence/kernels/parameter_groups.h"
#include "sn/measured/kernel_cases.h"

namespace sn::evidence {

namespace {

constexpr std::size_t text_max = std::size_t{1} << 29;

/// Rows of one table of a file as they come.
struct TableRows {
  std::vector<double> errors;
  std::vector<double> held_out;
  std::vector<std::size_t> rows;  // places in the file's list of all rows
  std::map<std::string_view, std::size_t> skipped;
  std::size_t seen = 0;
  std::vector<OperatorKind> kinds;
  std::string generation;  // whose parameters the rows rest on

  void note(const measured::KernelCase& row) {
    for (const measured::Op& op : row.ops) {
      const std::optional<OperatorKind> kind = kind_of(op);
      if (kind && std::find(kinds.begin(), kinds.end(), *kind) == kinds.end()) {
        kinds.push_back(*kind);
      }
    }
  }
};

/// Groups of parameters behind `kinds`, each once, in the order of their names.
std::vector<std::string> groups_of(const std::vector<OperatorKind>& kinds,
                                   const std::string& generation) {
  std::vector<std::string> out;
  for (const OperatorKind& kind : kinds) {
    for (std::string& group : parameter_groups(kind, generation)) out.push_back(std::move(group));
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<Skip> list(const std::map<std::string_view, std::size_t>& skipped) {
  std::vector<Skip> out;
  for (const auto& [reason, rows] : skipped) out.push_back({std::string(reason), rows});
  return out;
}

struct FileResult {
  FileReport report;
  Density density;
  Errors errors;  // of the whole file
};

/// Evaluates one file.
class FileJob {
 public:
  FileJob(const measured::KernelFile& file, const KernelSet& kernels,
          const ValidateOptions& options, const Run& run)
      : file_(file), kernels_(kernels), options_(options), run_(run) {}

  FileResult run() {
    FileReport& r = out_.report;
    r.file = file_.name;
    r.chip = file_.chip;
    r.framework = file_.framework.empty() ? "-" : file_.framework + " " + file_.version;
    Salvage text = salvage_file(file_.path, text_max);
    if (text.stopped_by) {
      text.stopped_by->where.file = file_.name;
      text.stopped_by->where.line =
          static_cast<int>(std::count(text.text.begin(), text.text.end(), '\n')) + 1;
      r.faults.push_back(*text.stopped_by);
      // The last line is cut somewhere.
      text.text.resize(text.text.find_last_of('\n') + 1);
    }
    evaluate(text.text);
    return std::move(out_);
  }

 private:
  void evaluate(std::string_view text) {
    if (text.empty() && out_.report.faults.empty()) {
      out_.report.faults.push_back({.code = ErrorCode::data,
                                    .message = "the file is empty",
                                    .where = {.file = file_.name, .line = 1},
                                    .hint = "a table starts with a line of column names"});
    }
    if (text.empty()) return;
    // Single figures name their chips row by row.
    const auto chip = file_.format == measured::TableFormat::microbench
                          ? kernels_.chips.begin()
                          : kernels_.chips.find(file_.chip);
    if (chip == kernels_.chips.end()) {
      out_.report.faults.push_back(
          {.code = ErrorCode::unknown_name,
           .message = fmt::format("unknown system '{}'", shown(file_.system)),
           .where = {.file = file_.name},
           .hint = "known chips: supernode catalog chips"});
      return;
    }
    measured::RoutingCache routing;
    const auto table = measured::open_table(file_, text, chip->second, routing);
    if (!table) {
      out_.report.faults.insert(out_.report.faults.end(), table.error().begin(),
                                table.error().end());
      return;
    }
    out_.report.family = (*table)->family();
    out_.density.family = (*table)->family();
    generation_ = chip->second.kernels;
    const auto generation = kernels_.generations.find(generation_);
    const std::string unknown = "no kernel parameters for this chip";
    std::unique_ptr<kernel::KernelModel> model;
    if (generation != kernels_.generations.end()) {
      model = std::make_unique<kernel::KernelModel>(chip->second, generation->second);
    }
    measured::Faults faults;
    measured::NoiseFloor floor((*table)->dimensions().size());
    measured::KernelCase row;
    while (!run_.stopped() && (*table)->next(row, faults)) {
      const kernel::KernelModel* priced = row.chip.empty() ? model.get() : model_of(row.chip);
      if (priced == nullptr && row.skip.empty()) row.skip = unknown;
      take(**table, row, priced, floor);
    }
    if (run_.stopped()) return;  // a table that was not read to its end is not judged
    const Errors listed = faults.list(file_.name);
    out_.report.faults.insert(out_.report.faults.end(), listed.begin(), listed.end());
    finish(**table, floor);
  }

  /// Of a chip that a row names; nullptr when it is not known.
  const kernel::KernelModel* model_of(const std::string& name) {
    const auto known = models_.find(name);
    if (known != models_.end()) return known->second.get();
    std::unique_ptr<kernel::KernelModel>& model = models_[name];
    const auto chip = kernels_.chips.find(name);
    if (chip == kernels_.chips.end()) return nullptr;
    const auto generation = kernels_.generations.find(chip->second.kernels);
    if (generation != kernels_.generations.end()) {
      model = std::make_unique<kernel::KernelModel>(chip->second, generation->second);
    }
    return model.get();
  }

  void take(const measured::KernelTable& table, const measured::KernelCase& row,
            const kernel::KernelModel* model, measured::NoiseFloor& floor) {
    if (row.group >= tables_.size()) tables_.resize(row.group + 1);
    TableRows& t = tables_[row.group];
    ++t.seen;
    if (!row.skip.empty()) {
      ++t.skipped[row.skip];
      return;
    }
    const double predicted = measured::predicted_seconds(*model, row);
    const double error = predicted / row.seconds - 1.0;
    std::array<double, measured::case_dimensions> at = row.at;
    for (double& x : at) x = std::max(x, 0.25);  // a window of 0 is none
    floor.add(row.category, std::span(at).first(table.dimensions().size()), row.seconds);
    t.note(row);
    if (t.generation.empty()) {
      t.generation = row.chip.empty() ? generation_ : kernels_.chips.find(row.chip)->second.kernels;
    }
    t.rows.push_back(rows_++);
    t.errors.push_back(error);
    if (!row.fitted()) t.held_out.push_back(error);
    out_.density.add(row.seconds, predicted);
    keep_worst(table, row, predicted);
  }

  void keep_worst(const measured::KernelTable& table, const measured::KernelCase& row,
                  double predicted) {
    const double error = std::abs(std::log(predicted / row.seconds));
    std::vector<WorstCase>& worst = out_.report.worst;
    if (options_.worst == 0 || (worst.size() >= options_.worst && error <= least_worst_)) return;
    worst.push_back({row.line, row.shape(table.dimensions()) + " " + table.groups()[row.group],
                     row.seconds, predicted});
    const auto size = [](const WorstCase& c) {
      return std::abs(std::log(c.predicted / c.measured));
    };
    std::stable_sort(worst.begin(), worst.end(),
                     [&](const WorstCase& a, const WorstCase& b) { return size(a) > size(b); });
    if (worst.size() > options_.worst) worst.pop_back();
    least_worst_ = size(worst.back());
  }

  void finish(const measured::KernelTable& table, const measured::NoiseFloor& floor) {
    FileReport& r = out_.report;
    const std::vector<double> noise = floor.errors();
    std::vector<double> all;
    std::vector<double> held_out;
    std::map<std::string_view, std::size_t> skipped;
    const auto mean_floor = [&](const std::vector<std::size_t>* rows) {
      double sum = 0.0;
      std::size_t n = 0;
      const auto add = [&](double x) {
        if (!std::isfinite(x)) return;
        sum += x;
        ++n;
      };
      if (rows != nullptr) {
        for (const std::size_t i : *rows) add(noise[i]);
      } else {
        for (const double x : noise) add(x);
      }
      return n > 0 ? sum / static_cast<double>(n) : std::numeric_limits<double>::quiet_NaN();
    };
    for (std::size_t g = 0; g < tables_.size(); ++g) {
      TableRows& t = tables_[g];
      all.insert(all.end(), t.errors.begin(), t.errors.end());
      held_out.insert(held_out.end(), t.held_out.begin(), t.held_out.end());
      for (const auto& [reason, rows] : t.skipped) skipped[reason] += rows;
      TableReport report;
      report.group = table.groups()[g];
      report.rows = t.seen;
      report.predicted = t.errors.size();
      report.skipped = list(t.skipped);
      report.rests_on = groups_of(t.kinds, t.generation);
      report.latency = measured::metrics_of(t.errors);
      report.held_out = measured::metrics_of(t.held_out);
      report.latency.floor = mean_floor(&t.rows);
      report.held_out.floor = report.latency.floor;
      report.target = kernel_target(r.family);
      if (std::isfinite(report.latency.floor)) {
        report.target = std::max(report.target, 1.5 * report.latency.floor);
      }
      r.rows += report.rows;
      r.predicted += report.predicted;
      r.tables.push_back(std::move(report));
    }
    std::sort(r.tables.begin(), r.tables.end(),
              [](const TableReport& a, const TableReport& b) { return a.group < b.group; });
    r.skipped = list(skipped);
    r.latency = measured::metrics_of(all);
    r.held_out = measured::metrics_of(held_out);
    r.latency.floor = mean_floor(nullptr);
    r.held_out.floor = r.latency.floor;
  }

  const measured::KernelFile& file_;
  const KernelSet& kernels_;
  const ValidateOptions& options_;
  const Run& run_;
  FileResult out_;
  std::string generation_;
  std::map<std::string, std::unique_ptr<kernel::KernelModel>> models_;  // of row by row chips
  std::vector<TableRows> tables_;
  std::size_t rows_ = 0;
  double least_worst_ = 0.0;
};

}  // namespace

double kernel_target(std::string_view family) {
  if (family.starts_with("MLA")) return 0.10;
  if (family == "MoE") return 0.12;
  return 0.08;
}

Validation validate_kernels(const std::string& directory, const KernelSet& kernels,
                            const ValidateOptions& options, const Run& run) {
  const auto start = std::chrono::steady_clock::now();
  Validation v;
  measured::KernelFiles found = measured::find_kernel_files(directory);
  v.ignored = std::move(found.ignored);
  v.errors = std::move(found.errors);
  if (!options.chips.empty()) {
    std::erase_if(found.files, [&](const measured::KernelFile& f) {
      return std::find(options.chips.begin(), options.chips.end(), f.chip) == options.chips.end();
    });
  }
  std::vector<FileResult> results(found.files.size());
  // Large files first, so that no thread is left with one at the end.
  std::vector<std::size_t> order(found.files.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return found.files[a].bytes > found.files[b].bytes;
  });
  std::vector<char> judged(order.size(), 0);
  std::atomic<std::size_t> done = 0;
  run.for_each(order.size(), [&](std::size_t i) {
    results[order[i]] = FileJob(found.files[order[i]], kernels, options, run).run();
    judged[order[i]] = run.stopped() ? 0 : 1;
    const std::size_t now = ++done;
    run.tell({.doing = fmt::format("{} of {} tables", now, order.size()),
              .share = static_cast<double>(now) / static_cast<double>(order.size()),
              .done = now,
              .all = order.size()});
  });
  v.interrupted = run.stopped();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (judged[i] == 0) continue;
    FileResult& r = results[i];
    if (r.report.predicted > 0) {
      const auto same = [&](const Density& d) { return d.family == r.density.family; };
      const auto at = std::find_if(v.densities.begin(), v.densities.end(), same);
      if (at == v.densities.end()) {
        v.densities.push_back(r.density);
      } else {
        at->merge(r.density);
      }
    }
    v.files.push_back(std::move(r.report));
  }
  summarise(v);
  v.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return v;
}

}  // namespace sn::evidence
