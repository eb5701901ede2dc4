// sn/api/rack/facility.h
//
// The rack of a question and the plant around it: by a rack's name, or as a scenario has them under
// `cluster.rack` and `facility`.
//
//   facility:
//     plant: {base: al128, host: {cpu: {count: 1}}}    # left out: the plant of the rack's name
//     prices: {base: default, gpu: {b200: 30 k$}}
//     site: se-stockholm
//     failures: {base: default, repair: {replace: 3 d}}

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sn/api/open.h"
#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/facility/plant.h"
#include "sn/hw/machine.h"

namespace sn::api {

struct FacilityRequest {
  std::string subject;  // a rack of the catalog, or a scenario: a file, or a shipped one's name
  std::vector<twin::FieldValue> fields = {};  // "cluster.rack...", "facility.plant..."
  std::optional<Node> scenario = {};  // in place of what `subject` names; paths are beside that
};

/// A module as it is called.
struct ModuleName {
  std::string name;
  std::string title;

  friend bool operator==(const ModuleName&, const ModuleName&) = default;
};

struct Facility {
  std::string name;   // of the rack, "(modified)" where it is
  std::string title;  // of the rack
  std::string entry;  // of the plant
  hw::Rack rack;
  facility::Plant plant;  // complete
  std::array<ModuleName, facility::places> modules;
  catalog::Params params;  // "rack...." and "plant...."
  Node scenario;           // with every change: what else is asked for is under `facility`
  bool is_scenario = false;
  Location where;
};

/// Errors: no such rack or scenario, no plant of the rack's name, mistakes in either, counts that
/// do not fit each other.
[[nodiscard]] Result<Facility> open_facility(const FacilityRequest& request,
                                             const catalog::Catalog& catalog);

/// The number at `path` ("plant.compute.cpu.max"), or nothing.
[[nodiscard]] const catalog::Param* find_param(const catalog::Params& params,
                                               const std::string& path);

}  // namespace sn::api
