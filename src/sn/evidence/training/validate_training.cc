// sn/evidence/training/validate_training.cc
//
// Cases into rows and groups (see validate_training.h).

#include "sn/evidence/training/validate_training.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <utility>

#include "sn/evidence/training/training_predict.h"

namespace sn::evidence {

namespace {

double target_of(const std::string& group) {
  if (group == "Megatron sequence parallelism") return 0.03;
  return group == "Megatron memory" ? 0.05 : 0.08;
}

class Judge {
 public:
  explicit Judge(const catalog::Catalog& catalog) : machines_(catalog) {}

  void take(const std::string& file, TrainingCase c) {
    Group& group = group_of(c.group);
    ++group.report.rows;
    std::string skip = c.skip;
    const double value = skip.empty() ? predict(c, skip) : 0.0;
    if (!skip.empty()) {
      ++group.skipped[skip];
      return;
    }
    TrainingRow row{.where = fmt::format("{}:{}", file, c.line),
                    .group = c.group,
                    .name = c.name,
                    .quantity = c.quantity,
                    .measured = c.measured,
                    .predicted = value,
                    .fitted = c.fitted,
                    .assumed = c.assumed};
    group.errors.push_back(row.error());
    if (!c.fitted) group.held_out.push_back(row.error());
    out_.rows.push_back(std::move(row));
  }

  TrainingValidation finish() && {
    for (Group& g : groups_) {
      for (const auto& [reason, n] : g.skipped) g.report.skipped.push_back({reason, n});
      g.report.predicted = g.errors.size();
      g.report.metrics = measured::metrics_of(g.errors);
      g.report.metrics.floor = std::numeric_limits<double>::quiet_NaN();
      g.report.held_out = measured::metrics_of(g.held_out);
      g.report.held_out.floor = g.report.metrics.floor;
      g.report.target = target_of(g.report.name);
      out_.groups.push_back(std::move(g.report));
    }
    return std::move(out_);
  }

  TrainingValidation& report() { return out_; }

 private:
  struct Group {
    TrainingGroup report;
    std::map<std::string, std::size_t> skipped;
    std::vector<double> errors;
    std::vector<double> held_out;
  };

  Group& group_of(const std::string& name) {
    for (Group& g : groups_) {
      if (g.report.name == name) return g;
    }
    groups_.emplace_back().report.name = name;
    return groups_.back();
  }

  double predict(TrainingCase& c, std::string& skip) {
    if (c.measured <= 0.0) {
      skip = "no measured value";
      return 0.0;
    }
    const twin::Machine* machine = machines_.find(c, out_.errors);
    if (machine == nullptr) {
      skip = "no such machine in the catalog";
      return 0.0;
    }
    complete(c, *machine);
    return predicted(c, *machine, skip);
  }

  TrainingMachines machines_;
  std::vector<Group> groups_;
  TrainingValidation out_;
};

}  // namespace

TrainingValidation validate_training(const std::string& directory, const catalog::Catalog& catalog,
                                     const Run& run) {
  Judge judge(catalog);
  for (const std::string& path : training_tables(directory, judge.report().errors)) {
    if (run.stopped()) break;
    const std::string name = std::filesystem::path(path).filename().string();
    for (TrainingCase& c : load_training_table(path, judge.report().errors)) {
      judge.take(name, std::move(c));
    }
  }
  judge.report().interrupted = run.stopped();
  return std::move(judge).finish();
}

}  // namespace sn::evidence
