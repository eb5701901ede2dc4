// sn/training/goodput.cc
//
// Daly's closed form and its maximum; spares (see goodput.h).

#include "sn/training/goodput.h"

#include <algorithm>
#include <cmath>

namespace sn::training {

std::string_view to_string(Checkpoint kind) {
  switch (kind) {
    case Checkpoint::synchronous:
      return "synchronous";
    case Checkpoint::asynchronous:
      return "asynchronous";
    case Checkpoint::in_memory:
      return "in-memory";
  }
  return "";
}

double useful_share(double interval, double save, double restart, double mean) {
  return interval / (mean * std::exp(restart / mean) * std::expm1((interval + save) / mean));
}

double daly_interval(double save, double mean) {
  if (save >= 2.0 * mean) return mean;
  const double ratio = save / (2.0 * mean);
  return std::sqrt(2.0 * save * mean) * (1.0 + std::sqrt(ratio) / 3.0 + ratio / 9.0) - save;
}

double optimal_interval(double save, double restart, double mean) {
  // In the logarithm of the interval the share has one maximum.
  const double golden = 0.5 * (std::sqrt(5.0) - 1.0);
  double low = std::log(1e-6 * mean);
  double high = std::log(20.0 * mean);
  const auto share = [&](double x) { return useful_share(std::exp(x), save, restart, mean); };
  for (int i = 0; i < 80; ++i) {
    const double a = high - golden * (high - low);
    const double b = low + golden * (high - low);
    if (share(a) < share(b)) {
      low = a;
    } else {
      high = b;
    }
  }
  return std::exp(0.5 * (low + high));
}

double waiting_share(double rate, double repair, std::int64_t spares) {
  const double mean = rate * repair;
  double term = std::exp(-mean);
  double below = 0.0;
  for (std::int64_t k = 0; k <= spares; ++k) {
    below += term;
    term *= mean / static_cast<double>(k + 1);
  }
  return std::max(0.0, 1.0 - below);
}

Goodput goodput(const GoodputInputs& in) {
  Goodput out;
  out.write = in.bytes / in.storage;
  const double copied = in.bytes / in.copy;
  out.save = in.kind == Checkpoint::synchronous ? out.write : copied;
  out.daly = daly_interval(out.save, in.mean_failure);
  out.interval =
      in.interval > 0.0 ? in.interval : optimal_interval(out.save, in.restart, in.mean_failure);
  // Storage has to have taken the last one.
  if (in.kind == Checkpoint::asynchronous && in.interval <= 0.0) {
    out.interval = std::max(out.interval, out.write);
  }
  out.useful = useful_share(out.interval, out.save, in.restart, in.mean_failure);
  out.waiting = waiting_share(in.host_rate, in.repair, in.spares);
  out.goodput = out.useful * (1.0 - out.waiting) / (1.0 + in.straggler);
  return out;
}

double checkpoint_bytes(const Job& job) {
  return job.recipe.state_bytes * llm::count_parameters(job.model).total();
}

}  // namespace sn::training
