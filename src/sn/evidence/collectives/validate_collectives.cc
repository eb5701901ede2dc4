// sn/evidence/collectives/validate_collectives.cc
//
// Cases into reports: by file, machine and library, and by family and size class.

#include "sn/evidence/collectives/validate_collectives.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "sn/base/files/files.h"
#include "sn/base/units/units.h"

namespace sn::evidence {

namespace {

constexpr double mebibyte = 1048576.0;
constexpr double gibibyte = 1073741824.0;
constexpr double target_large = 0.08;
constexpr double target_small = 0.15;
constexpr double target_rack = 0.05;
constexpr std::string_view large = "1 MiB and up";
constexpr std::string_view small = "below 1 MiB";
constexpr std::string_view rack_large = "1 GiB and up on NVL72";

/// Rows that are judged together.
struct Bucket {
  std::vector<double> all;
  std::vector<double> held_out;
  std::vector<double> busbw;
  std::map<std::string_view, std::size_t> skipped;
  std::size_t rows = 0;

  void add(double ratio, bool fitted) {
    all.push_back(ratio - 1.0);
    if (fitted) return;
    held_out.push_back(ratio - 1.0);
    busbw.push_back(1.0 / ratio - 1.0);
  }
  [[nodiscard]] std::vector<Skip> skips() const {
    std::vector<Skip> out;
    for (const auto& [reason, n] : skipped) out.push_back({std::string(reason), n});
    return out;
  }
};

measured::Metrics judged(std::vector<double> errors) {
  measured::Metrics m = measured::metrics_of(errors);
  m.floor = std::numeric_limits<double>::quiet_NaN();
  return m;
}

struct ReportKey {
  std::string family;
  std::string rack;
  std::string library;
  auto operator<=>(const ReportKey&) const = default;
};

struct ReportRows {
  std::map<std::string_view, Bucket> sizes;
  std::vector<WorstCase> worst;
};

bool whole_rack(const CollectiveCase& c) {
  const auto* r = std::get_if<collective::Request>(&c.request);
  return r != nullptr && r->op == collective::Op::all_reduce && r->group.ranks == 72 &&
         r->group.per_domain == 72 && c.bytes >= gibibyte;
}

double target_of(std::string_view size) {
  if (size == rack_large) return target_rack;
  return size == large ? target_large : target_small;
}

class Judge {
 public:
  Judge(const CollectiveSet& set, const ValidateCollectivesOptions& options)
      : set_(set), options_(options) {}

  void file(const CollectiveFile& file) {
    Salvage text = salvage_file(file.path, table_bytes);
    Errors faults;
    if (text.stopped_by) {
      text.stopped_by->where.file = file.name;
      faults.push_back(*text.stopped_by);
      text.text.resize(text.text.find_last_of('\n') + 1);  // the last line is cut somewhere
    }
    measured::Faults rows;
    reports_.clear();
    for (const CollectiveCase& c :
         read_collective_file(file.name, text.text, options_.rack, rows)) {
      take(file.name, c);
    }
    const Errors listed = rows.list(file.name);
    faults.insert(faults.end(), listed.begin(), listed.end());
    if (reports_.empty()) reports_[{.family = "-", .rack = "-", .library = "-"}];
    bool first = true;
    for (auto& [key, report] : reports_) {
      out_.validation.files.push_back(written(file.name, key, report));
      if (first) out_.validation.files.back().faults = std::move(faults);
      first = false;
    }
  }

  CollectiveValidation finish() {
    for (const auto& [key, bucket] : classes_) {
      const auto& [file, family, size] = key;
      out_.classes.push_back({.file = file,
                              .family = family,
                              .size = std::string(size),
                              .rows = bucket.rows,
                              .predicted = bucket.all.size(),
                              .latency = judged(bucket.all),
                              .held_out = judged(bucket.held_out),
                              .busbw = judged(bucket.busbw),
                              .target = target_of(size)});
    }
    // The map's order puts the classes of all files first: they read better as a total.
    std::stable_partition(out_.classes.begin(), out_.classes.end(),
                          [](const CollectiveClass& c) { return !c.file.empty(); });
    for (auto& [family, density] : densities_) out_.validation.densities.push_back(density);
    summarise(out_.validation);
    return std::move(out_);
  }

 private:
  void take(const std::string& file, const CollectiveCase& c) {
    const std::string_view size = c.bytes >= mebibyte ? large : small;
    ReportRows& report = reports_[{c.family, c.rack, c.library}];
    std::vector<Bucket*> buckets = {&report.sizes[size], &classes_[{file, c.family, size}],
                                    &classes_[{"", "", size}]};
    if (whole_rack(c)) buckets.push_back(&classes_[{"", "", rack_large}]);
    const auto machine = set_.machines.find(c.rack);
    std::string_view skip = c.skip;
    if (skip.empty() && machine == set_.machines.end()) skip = "no such machine in the catalog";
    if (skip.empty()) skip = misfit(machine->second, c);
    for (Bucket* b : buckets) {
      ++b->rows;
      if (!skip.empty()) ++b->skipped[skip];
    }
    if (!skip.empty()) return;
    const double predicted =
        predicted_seconds(machine->second, set_.params.find(machine->second.entry)->second, c);
    for (Bucket* b : buckets) b->add(predicted / c.seconds, c.fitted());
    Density& density = densities_[c.family];
    density.family = c.family;
    density.add(c.seconds, predicted);
    keep_worst(report.worst, {c.line, c.shape, c.seconds, predicted});
  }

  void keep_worst(std::vector<WorstCase>& worst, WorstCase c) const {
    worst.push_back(std::move(c));
    std::stable_sort(worst.begin(), worst.end(), [](const WorstCase& a, const WorstCase& b) {
      return std::abs(std::log(a.predicted / a.measured)) >
             std::abs(std::log(b.predicted / b.measured));
    });
    if (worst.size() > options_.worst) worst.pop_back();
  }

  [[nodiscard]] static FileReport written(const std::string& file, const ReportKey& key,
                                          const ReportRows& rows) {
    FileReport out;
    out.file = file;
    out.family = key.family;
    out.chip = key.rack;
    out.framework = key.library;
    Bucket all;
    for (const auto& [size, b] : rows.sizes) {
      TableReport t;
      t.group = size;
      t.rows = b.rows;
      t.predicted = b.all.size();
      t.skipped = b.skips();
      t.latency = judged(b.all);
      t.held_out = judged(b.held_out);
      t.busbw = judged(b.busbw);
      t.target = target_of(size);
      t.by_median = true;
      out.tables.push_back(std::move(t));
      all.all.insert(all.all.end(), b.all.begin(), b.all.end());
      all.held_out.insert(all.held_out.end(), b.held_out.begin(), b.held_out.end());
      for (const auto& [reason, n] : b.skipped) all.skipped[reason] += n;
      out.rows += b.rows;
    }
    out.predicted = all.all.size();
    out.skipped = all.skips();
    out.latency = judged(std::move(all.all));
    out.held_out = judged(std::move(all.held_out));
    out.worst = rows.worst;
    return out;
  }

  const CollectiveSet& set_;
  const ValidateCollectivesOptions& options_;
  CollectiveValidation out_;
  std::map<ReportKey, ReportRows> reports_;  // of the current file
  std::map<std::tuple<std::string, std::string, std::string_view>, Bucket> classes_;
  std::map<std::string, Density> densities_;
};

}  // namespace

CollectiveValidation validate_collectives(const std::string& directory, const CollectiveSet& set,
                                          const catalog::Params& params,
                                          const ValidateCollectivesOptions& options,
                                          const Run& run) {
  const auto start = std::chrono::steady_clock::now();
  const CollectiveFiles found = find_collective_files(directory);
  Judge judge(set, options);
  for (const CollectiveFile& f : found.files) {
    if (!run.stopped()) judge.file(f);
  }
  CollectiveValidation out = judge.finish();
  out.validation.ignored = found.ignored;
  out.validation.interrupted = run.stopped();
  out.validation.errors = found.errors;
  for (const catalog::Param& p : params) {
    const auto first = p.path.find('.');
    const auto second = p.path.find('.', first + 1);
    if (second == std::string::npos) continue;
    out.validation.parameters.push_back(
        {.scope = "library",
         .family = p.path.substr(first + 1, second - first - 1),
         .of = "all chips",
         .name = p.path.substr(second + 1),
         .value = format_quantity(p.value, p.dimension),
         .source = p.provenance.source.id,
         .confidence = std::string(to_string(p.provenance.confidence)),
         .note = p.provenance.note});
  }
  out.validation.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

}  // namespace sn::evidence
