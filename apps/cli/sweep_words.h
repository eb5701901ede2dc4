// apps/cli/sweep_words.h
//
// What `supernode sweep` does with a database: the rest of each command line.

#pragma once

#include "apps/cli/cli.h"

namespace sn::cli {

int run_sweep_status(const Args& args);
int run_sweep_query(const Args& args);
int run_sweep_plot(const Args& args);
int run_sweep_merge(const Args& args);

}  // namespace sn::cli
