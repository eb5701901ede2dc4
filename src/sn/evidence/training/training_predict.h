// sn/evidence/training/training_predict.h
//
// A measured case beside its machine: prediction, and the fit of stretches (training/recipe.h).

#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/evidence/training/training_cases.h"
#include "sn/twin/world.h"

namespace sn::evidence {

/// Machines of the catalog with a model each, resolved once. ScaleOut is ib-ndr400 throughout.
class TrainingMachines {
 public:
  /// `catalog` must outlive it.
  explicit TrainingMachines(const catalog::Catalog& catalog) : catalog_(catalog) {}

  /// Nothing and an error where the catalog has no such machine.
  const twin::Machine* find(const TrainingCase& c, Errors& errors);

 private:
  const catalog::Catalog& catalog_;
  std::map<std::tuple<std::string, std::string, std::int64_t>, twin::Machine> known_;
};

/// Gives the case its model and the recipe of its software on this machine.
void complete(TrainingCase& c, const twin::Machine& machine);

/// Seconds, bytes or a share of a completed case; `skip` says why there is none.
[[nodiscard]] double predicted(const TrainingCase& c, const twin::Machine& machine,
                               std::string& skip);

/// A stretch for every software, arithmetic and generation with fitted rows below `directory`: the
/// value at which their mean logarithmic error is zero; with the attention's, on a grid of 0.1,
/// where the software has one (FSDP), at which the mean absolute error is least.
[[nodiscard]] std::vector<training::Stretch> fit_stretches(const std::string& directory,
                                                           const catalog::Catalog& catalog,
                                                           Errors& errors);

/// Paths of tables of training below `directory`, by name; an error where there are none.
[[nodiscard]] std::vector<std::string> training_tables(const std::string& directory,
                                                       Errors& errors);

/// All cases of the table at `path`; what is wrong with it goes to `errors`.
[[nodiscard]] std::vector<TrainingCase> load_training_table(const std::string& path,
                                                            Errors& errors);

}  // namespace sn::evidence
