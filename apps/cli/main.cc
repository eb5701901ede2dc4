// apps/cli/main.cc
//
// The command `supernode`. The last place where an exception can end up.

#include <csignal>
#include <exception>
#include <new>
#include <string>

#include "apps/cli/cli.h"

int main(int argc, char** argv) {
  // A reader that goes away is noticed by write(2), not by a signal.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return sn::cli::run(sn::cli::Args(argv + 1, argv + argc));
  } catch (const std::bad_alloc&) {
    sn::cli::complain("supernode: error: out of memory\n");
  } catch (const std::exception& e) {
    sn::cli::complain(std::string("supernode: error: ") + e.what() + "\n");
  }
  return sn::cli::exit_fault;
}
