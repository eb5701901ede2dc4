// apps/cli/scenario_flags.h
//
// What every verb that takes a scenario asks it by: files or names, or flags alone.
//
//   supernode plan FILE...                                   files; "-" is standard input
//   supernode plan llama70b                                  a shipped scenario by its name
//   supernode plan --rack R --model M --isl N --osl N --ttft T
//
// Flags are laid over the scenario, or make one where there is none.

#pragma once

#include <string>
#include <vector>

#include "apps/cli/cli.h"
#include "sn/api/open.h"

namespace sn::cli {

class ScenarioFlags {
 public:
  explicit ScenarioFlags(CLI::App& app);
  ScenarioFlags(const ScenarioFlags&) = delete;
  ScenarioFlags& operator=(const ScenarioFlags&) = delete;

  /// Mistakes of `verb`'s flags; what is missing where no file is named.
  void check(const std::string& verb, Errors& errors);

  /// Scenarios in their order; one empty name where flags make it.
  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }
  [[nodiscard]] api::OpenRequest open(const std::string& file) const;
  /// How the first scenario was asked for, to be typed again: "a.yaml", "--rack hgx-h100 ...".
  [[nodiscard]] std::string source() const;

 private:
  void check_complete(const std::string& verb, Errors& errors) const;
  [[nodiscard]] bool sets(const std::string& path) const;

  std::vector<std::string> files_;
  twin::Overrides overrides_;
  std::vector<std::string> set_;
  std::vector<twin::FieldValue> fields_;
};

}  // namespace sn::cli
