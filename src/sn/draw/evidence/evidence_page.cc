// sn/draw/evidence/evidence_page.cc
//
// See the header.

#include "sn/draw/evidence/evidence_page.h"

#include <fmt/format.h>

#include "sn/base/report/report_json.h"
#include "sn/draw/evidence/collective_text.h"
#include "sn/draw/evidence/serving_views.h"
#include "sn/draw/evidence/validation_views.h"
#include "sn/draw/kit/html_page.h"
#include "sn/draw/kit/sheet.h"

namespace sn::draw {

std::string evidence_html(const Evidence& e) {
  std::string out =
      "<nav><a href=\"#kernels\">Kernels</a> &middot; <a href=\"#collectives\">Collectives</a> "
      "&middot; "
      "<a href=\"#serving\">Serving</a></nav>\n";
  if (e.kernels != nullptr) out += validation_section(*e.kernels);
  out += e.collectives != nullptr
             ? collectives_section(*e.collectives)
             : fmt::format("<section id=\"collectives\"><h1>Collectives</h1><p>{}</p></section>\n",
                           escaped_xml(no_collectives));
  if (e.serving != nullptr) out += serving_validation_section(*e.serving);
  return html_page("Supernode: predicted against measured", out);
}

void describe(ReportVisitor& v, const Evidence& e) {
  v.type("Evidence", "All that was measured, predicted.");
  v.document("supernode-evidence");
  const auto part = [&](std::string_view name, const auto* report, const auto& none) {
    if (v.maybe(name, "", report != nullptr)) {
      v.object(name, "", report != nullptr ? *report : none);
    }
  };
  const evidence::Validation none;
  part("kernels", e.kernels, none);
  part("collectives", e.collectives != nullptr ? &e.collectives->validation : nullptr, none);
  part("serving", e.serving, evidence::ServingValidation{});
}

std::string evidence_json(const Evidence& e) { return report_json(e); }

}  // namespace sn::draw
