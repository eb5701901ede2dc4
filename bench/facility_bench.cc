// bench/facility_bench.cc
//
// Rack-years of Monte Carlo on one thread: AL128 by its catalog entries, 10,000 years a round.

#include <benchmark/benchmark.h>

#include "sn/api/open.h"
#include "sn/api/rack/rack.h"

namespace {

using namespace sn;

void rack_years(benchmark::State& state) {
  const Result<catalog::Catalog> catalog = api::open_catalog();
  if (!catalog) return;
  api::RackRequest request;
  request.facility.subject = "al128";
  request.reliability.years = 10'000;
  const Run run(RunSetup{.threads = 1});
  double events = 0.0;
  for (auto _ : state) {
    const Result<api::RackReport> report = api::rack_report(request, *catalog, run);
    if (report) events = static_cast<double>(report->reliability.events);
  }
  state.counters["events"] = events;
}
BENCHMARK(rack_years)->Unit(benchmark::kMillisecond);

}  // namespace
