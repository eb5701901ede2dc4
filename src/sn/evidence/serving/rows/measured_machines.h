// sn/evidence/serving/rows/measured_machines.h
//
// Machines of measured deployments: the same resolution as a scenario's, so that a prediction of a
// measured point uses the values that a plan of the same machine uses. The load is the point's own.
//
// A system is the catalog's rack of its chip; as many racks as the deployment needs, joined by
// 400 Gbit/s InfiniBand. Machines are kept: many points share one machine, model and engine.

#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/evidence/serving/rows/serving_points.h"
#include "sn/twin/world.h"

namespace sn::evidence {

class MeasuredMachines {
 public:
  /// `catalog` must outlive this object.
  explicit MeasuredMachines(const catalog::Catalog& catalog) : catalog_(&catalog) {}

  /// The machine of a point that is not skipped; valid as long as this object. Errors: a system
  /// without a rack, a model or engine that the catalog does not have.
  [[nodiscard]] Result<const twin::Machine*> of(const ServingPoint& point);

  /// Replaces the engine entry of all machines given out from now on; for fits.
  void set_framework(const std::string& name, const llm::Framework& framework);

 private:
  /// Rack, racks, model, framework; formats of weights, activations and KV.
  using Key = std::tuple<std::string, std::int64_t, std::string, std::string,
                         std::array<kernel::DataType, 3>>;

  const catalog::Catalog* catalog_;
  std::map<Key, Result<twin::Machine>> machines_;  // what did not resolve, too
};

/// The catalog's rack of a chip, as a server or machine that one buys; empty: none.
[[nodiscard]] std::string rack_of(std::string_view chip);

}  // namespace sn::evidence
