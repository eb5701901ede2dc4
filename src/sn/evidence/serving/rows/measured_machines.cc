// sn/evidence/serving/rows/measured_machines.cc
//
// The parts of a measured point, by name, and their resolution.

#include "sn/evidence/serving/rows/measured_machines.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
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

Node map_of(std::initializer_list<std::pair<const char*, std::string_view>> members) {
  Node out = Node::map();
  for (const auto& [key, text] : members) out.set(key, Node::scalar(std::string(text)));
  return out;
}

Node parts_of(const ServingPoint& p, std::string_view rack, std::int64_t count) {
  Node out = map_of({{"model", p.model}});
  out.set("cluster", map_of({{"rack", rack},
                             {"racks", std::to_string(count)},
                             {"scale_out", "ib-ndr400"},
                             {"dcn", "ethernet-100g"}}));
  out.set("precision", map_of({{"weights", to_string(p.precision.weights)},
                               {"activations", to_string(p.precision.activations)},
                               {"kv", to_string(p.precision.kv)}}));
  out.set("software", map_of({{"framework", p.framework}}));
  return out;
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

Result<const twin::Machine*> MeasuredMachines::of(const ServingPoint& point) {
  const std::string rack = rack_of(point.system);
  if (rack.empty()) {
    return fail(Error{.code = ErrorCode::unknown_name,
                      .message = fmt::format("no rack of chip '{}'", point.system),
                      .where = {.file = point.file, .line = point.line},
                      .hint = "known racks: supernode catalog racks"});
  }
  const std::int64_t count = (point.gpus() + gpus_of(rack) - 1) / gpus_of(rack);
  const llm::Precision& precision = point.precision;
  const Key key{rack,
                count,
                point.model,
                point.framework,
                {precision.weights, precision.activations, precision.kv}};
  auto known = machines_.find(key);
  if (known == machines_.end()) {
    Errors warnings;  // of files, and there are none
    known = machines_
                .emplace(key, twin::resolve_machine(parts_of(point, rack, count), *catalog_,
                                                    no_files, ".", warnings))
                .first;
  }
  if (!known->second) return fail(known->second.error());
  return &*known->second;
}

void MeasuredMachines::set_framework(const std::string& name, const llm::Framework& framework) {
  for (auto& [key, machine] : machines_) {
    if (machine && machine->framework.name == name) machine->framework = framework;
  }
}

}  // namespace sn::evidence
