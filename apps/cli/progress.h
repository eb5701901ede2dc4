// apps/cli/progress.h
//
// One line about work in progress, for every verb (see progress.cc).

#pragma once

#include <string>
#include <thread>

namespace sn::cli {

/// While it lives, work that takes more than a second is shown on a terminal's standard error.
/// There is one at a time.
class Progress {
 public:
  Progress(std::string what, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

 private:
  std::thread thread_;
};

/// What the line says next: "12 of 45 planned". From any thread, at any time.
void say(std::string text);

/// Takes the line away until the next second.
void erase_progress();

}  // namespace sn::cli
