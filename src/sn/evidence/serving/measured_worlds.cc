// sn/evidence/serving/measured_worlds.cc
//
// Writes the scenario of a measured point and resolves it.

#include "sn/evidence/serving/measured_worlds.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "sn/base/document/document.h"
#include "sn/twin/scenario/scenario.h"

namespace sn::evidence {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 16> racks = {{
    {"a100", "hgx-a100"},
    {"h100", "hgx-h100"},
    {"h200", "hgx-h200"},
    {"h200-nvl", "h200-nvl-8x"},
    {"h800", "hgx-h800"},
    {"h20", "hgx-h20"},
    {"h20-3e", "hgx-h20-3e"},
    {"b200", "hgx-b200"},
    {"b300", "hgx-b300"},
    {"gb200", "nvl72-gb200"},
    {"gb300", "nvl72-gb300"},
    {"mi300x", "mi300x-8x"},
    {"mi325x", "mi325x-8x"},
    {"mi355x", "mi355x-8x"},
    {"rtx-pro-6000", "rtx-pro-6000-8x"},
    {"rtx-4090", "rtx-4090-8x"},
}};

std::string scenario_text(const ServingPoint& p, std::string_view rack, std::int64_t count) {
  return fmt::format(
      "supernode: 1\n"
      "name: measured\n"
      "cluster: {{rack: {}, racks: {}, scale_out: ib-ndr400, dcn: ethernet-100g}}\n"
      "model: {}\n"
      "precision: {{weights: {}, activations: {}, kv: {}}}\n"
      "software: {{framework: {}}}\n"
      // Not read: a measured point brings its own load.
      "workload: {{preset: mooncake-conversation, rate: knee}}\n"
      "slo: {{ttft: {{p90: 2 s}}, tpot: {{p90: 50 ms}}}}\n",
      rack, count, p.model, to_string(p.precision.weights), to_string(p.precision.activations),
      to_string(p.precision.kv), p.framework);
}

std::int64_t gpus_of(std::string_view rack) { return rack.starts_with("nvl72") ? 72 : 8; }

Result<std::string> no_files(const std::string& path) {
  return fail(Error{.code = ErrorCode::io, .message = fmt::format("no file '{}'", path)});
}

}  // namespace

std::string rack_of(std::string_view chip) {
  for (const auto& [name, rack] : racks) {
    if (name == chip) return std::string(rack);
  }
  return {};
}

Result<const twin::World*> MeasuredWorlds::of(const ServingPoint& point) {
  const std::string rack = rack_of(point.system);
  if (rack.empty()) {
    return fail(Error{.code = ErrorCode::unknown_name,
                      .message = fmt::format("no rack of chip '{}'", point.system),
                      .where = {.file = point.file, .line = point.line},
                      .hint = "known racks: supernode catalog racks"});
  }
  const std::int64_t count = (point.gpus() + gpus_of(rack) - 1) / gpus_of(rack);
  const std::string text = scenario_text(point, rack, count);
  const auto known = worlds_.find(text);
  if (known != worlds_.end()) return &known->second;
  const auto failed = failed_.find(text);
  if (failed != failed_.end()) return fail(failed->second);
  const Result<Node> node = parse_document("measured point", text);
  Result<twin::World> world = node ? twin::resolve(*node, *catalog_, no_files, ".")
                                   : Result<twin::World>(fail(node.error()));
  if (!world) {
    failed_.emplace(text, world.error());
    return fail(world.error());
  }
  return &worlds_.emplace(text, *std::move(world)).first->second;
}

void MeasuredWorlds::set_framework(const std::string& name, const llm::Framework& framework) {
  for (auto& [text, world] : worlds_) {
    if (world.machine.framework.name == name) world.machine.framework = framework;
  }
}

}  // namespace sn::evidence
