// sn/draw/simulation_views.h
//
// A SimulationReport as text, JSON, CSV, charts and a timeline.
//
// The timeline is Chrome's trace event format (JSON, complete events "X" in microseconds), which
// Perfetto and chrome://tracing open: a process per pool with a thread per instance for steps, one
// for transfers, and asynchronous tracks for requests.

#pragma once

#include <string>
#include <vector>

#include "sn/draw/text_table.h"
#include "sn/twin/simulate.h"

namespace sn::draw {

[[nodiscard]] std::string simulation_text(const twin::SimulationReport& report,
                                          const TextStyle& style);
/// Several runs side by side.
[[nodiscard]] std::string simulation_comparison(const std::vector<twin::SimulationReport>& reports,
                                                const TextStyle& style);
/// One report as an object, several as {"simulations": [...]}.
[[nodiscard]] std::string simulation_json(const std::vector<twin::SimulationReport>& reports);
[[nodiscard]] std::string simulation_csv(const twin::SimulationReport& report);
[[nodiscard]] std::string simulation_svg(const twin::SimulationReport& report);
[[nodiscard]] std::string timeline_json(const twin::SimulationReport& report,
                                        const std::vector<twin::TimelineEvent>& timeline);

}  // namespace sn::draw
