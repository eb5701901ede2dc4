// apps/cli/validate_serving.cc
//
// See the header.

#include "apps/cli/validate_serving.h"

#include "apps/cli/cli.h"
#include "apps/cli/open_catalog.h"
#include "sn/draw/serving_views.h"
#include "sn/evidence/validate_serving.h"

namespace sn::cli {

int validate_serving(const ValidateServing& flags) {
  const Result<hw::Catalog> catalog = open_catalog(flags.catalog);
  if (!catalog) return refuse(catalog.error());
  const evidence::ServingValidation v = evidence::validate_serving(
      flags.data, *catalog, {.threads = flags.threads, .worst = flags.worst});
  report(v.errors);
  report(v.cases.errors);
  report(v.replays.errors);
  bool faulty = !v.errors.empty() || !v.cases.errors.empty() || !v.replays.errors.empty();
  for (const evidence::ServingFileReport& f : v.files) {
    report(f.faults);
    faulty = faulty || !f.faults.empty();
  }
  const int code = faulty ? exit_fault : exit_done;
  if (flags.json.empty()) {
    return print(draw::serving_validation_text(v, text_style(flags.data)), code);
  }
  const std::string json = draw::serving_validation_json(v);
  if (flags.json == "-") return print(json, code);
  if (const int failed = write_output(flags.json, json)) return failed;
  return print(draw::serving_validation_text(v, text_style(flags.data)), code);
}

}  // namespace sn::cli
