// apps/python/asking.h
//
// How a question is asked from Python: on a thread of its own without the interpreter's lock, while
// the caller's thread listens for signals. A KeyboardInterrupt stops the Run, waits until its work
// has ended, and is raised.

#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <future>
#include <utility>

#include "sn/base/result.h"
#include "sn/base/run.h"

namespace sn::python {

/// Raises supernode.SupernodeError with all of `errors`.
[[noreturn]] void raise(const Errors& errors);

/// How long a signal may wait; an answer never does.
inline constexpr auto listen_every = std::chrono::milliseconds(50);

template <class Ask>
auto ask(int threads, const Ask& question) {
  const Run run({.threads = threads});
  auto answer = [&] {
    const pybind11::gil_scoped_release unlocked;
    std::future work = std::async(std::launch::async, [&] { return question(run); });
    while (work.wait_for(listen_every) != std::future_status::ready) {
      const pybind11::gil_scoped_acquire locked;
      if (PyErr_CheckSignals() == 0) continue;
      run.stop();
      {
        const pybind11::gil_scoped_release while_it_ends;
        work.wait();
      }
      throw pybind11::error_already_set();
    }
    return work.get();
  }();
  if (!answer) raise(answer.error());
  return *std::move(answer);
}

}  // namespace sn::python
