// sn/draw/simulation/simulation_views.h
//
// A SimulationReport as text, JSON, CSV, charts and a timeline.
//
// The timeline is Chrome's trace event format (JSON, complete events "X" in microseconds), which
// Perfetto and chrome://tracing open: a process per pool with a thread per instance for steps, one
// for transfers, and asynchronous tracks for requests, all with names. Events beyond the limit are
// counted in `otherData`.

#pragma once

#include <string>
#include <vector>

#include "sn/draw/kit/table.h"
#include "sn/twin/simulate/simulate.h"
#include "sn/twin/simulate/simulate_shared.h"

namespace sn::draw {

[[nodiscard]] std::string simulation_text(const twin::SimulationReport& report,
                                          const TextStyle& style);
/// Several runs side by side.
[[nodiscard]] std::string simulation_comparison(const std::vector<twin::SimulationReport>& reports,
                                                const TextStyle& style);
/// A row for each tenant of one machine, what each was asked, and the machine's sums.
[[nodiscard]] std::string shared_simulation_text(const twin::SharedReport& report,
                                                 const TextStyle& style);
/// The sums, and each tenant's simulation as `simulation_json` writes it.
[[nodiscard]] std::string shared_simulation_json(const twin::SharedReport& report);
/// One report as an object, several as {"simulations": [...]}.
[[nodiscard]] std::string simulation_json(const std::vector<twin::SimulationReport>& reports);
[[nodiscard]] std::string simulation_csv(const twin::SimulationReport& report);
[[nodiscard]] std::string simulation_svg(const twin::SimulationReport& report);
[[nodiscard]] std::string timeline_json(const twin::SimulationReport& report,
                                        const std::vector<twin::TimelineEvent>& timeline,
                                        std::uint64_t left_out = 0);
/// A self-contained page: what was run, the figures, the charts.
[[nodiscard]] std::string simulation_html(const twin::SimulationReport& report);

}  // namespace sn::draw
