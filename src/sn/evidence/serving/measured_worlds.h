// sn/evidence/serving/measured_worlds.h
//
// Measured deployments as Worlds: the same resolution as a scenario's, so that a prediction of a
// measured point uses the values that a plan of the same machine uses.
//
// A system is the catalog's rack of its chip; as many racks as the deployment needs, joined by
// 400 Gbit/s InfiniBand. Worlds are kept: many points share one machine, model and engine.

#pragma once

#include <map>
#include <string>

#include "sn/base/result.h"
#include "sn/catalog/catalog.h"
#include "sn/evidence/serving/serving_points.h"
#include "sn/twin/world.h"

namespace sn::evidence {

class MeasuredWorlds {
 public:
  /// `catalog` must outlive this object.
  explicit MeasuredWorlds(const catalog::Catalog& catalog) : catalog_(&catalog) {}

  /// The World of a point that is not skipped; valid as long as this object. Errors: a system
  /// without a rack, a model or engine that the catalog does not have.
  [[nodiscard]] Result<const twin::World*> of(const ServingPoint& point);

  /// Replaces the engine entry of all Worlds given out from now on; for fits.
  void set_framework(const std::string& name, const llm::Framework& framework);

 private:
  const catalog::Catalog* catalog_;
  std::map<std::string, twin::World> worlds_;
  std::map<std::string, Errors> failed_;
};

/// The catalog's rack of a chip, as a server or machine that one buys; empty: none.
[[nodiscard]] std::string rack_of(std::string_view chip);

}  // namespace sn::evidence
