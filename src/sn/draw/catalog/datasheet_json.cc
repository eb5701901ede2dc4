// sn/draw/catalog/datasheet_json.cc
//
// Datasheets and lists of the catalog as JSON (see datasheet.h).

#include "sn/base/report/report_json.h"
#include "sn/draw/catalog/datasheet.h"

namespace sn::draw {

std::string datasheet_json(const api::Datasheet& sheet) { return report_json(sheet); }

std::string listing_json(const std::vector<api::CatalogListing>& kinds) {
  return report_json(api::CatalogListings{kinds});
}

}  // namespace sn::draw
