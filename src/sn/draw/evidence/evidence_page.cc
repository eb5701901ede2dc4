// sn/draw/evidence/evidence_page.cc
//
// See the header.

#include "sn/draw/evidence/evidence_page.h"

#include <fmt/format.h>

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

std::string evidence_json(const Evidence& e) {
  const auto part = [](bool there, const auto& write) -> std::string {
    return there ? write() : std::string("null");
  };
  return fmt::format(
      "{{\"kernels\": {},\n\"collectives\": {},\n\"serving\": {}}}\n",
      part(e.kernels != nullptr, [&] { return validation_json(*e.kernels); }),
      part(e.collectives != nullptr, [&] { return validation_json(e.collectives->validation); }),
      part(e.serving != nullptr, [&] { return serving_validation_json(*e.serving); }));
}

}  // namespace sn::draw
