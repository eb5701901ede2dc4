// apps/cli/validate_parts.cc
//
// See the header.

#include "apps/cli/validate_parts.h"

#include "apps/cli/cli.h"
#include "apps/cli/open_collectives.h"
#include "sn/draw/evidence/collective_text.h"
#include "sn/draw/evidence/evidence_page.h"
#include "sn/draw/evidence/serving_views.h"
#include "sn/draw/evidence/validation_views.h"
#include "sn/evidence/kernels/parameter_groups.h"
#include "sn/evidence/kernels/published_figures.h"
#include "sn/evidence/kernels/validate_kernels.h"

namespace sn::cli {

namespace {

/// Reports everything that went wrong; whether anything did.
bool faulty(const evidence::Validation& v) {
  report(v.errors);
  bool any = !v.errors.empty();
  for (const evidence::FileReport& f : v.files) {
    report(f.faults);
    any = any || !f.faults.empty();
  }
  return any;
}

bool faulty(const evidence::ServingValidation& v) {
  report(v.errors);
  report(v.cases.errors);
  report(v.replays.errors);
  bool any = !v.errors.empty() || !v.cases.errors.empty() || !v.replays.errors.empty();
  for (const evidence::ServingFileReport& f : v.files) {
    report(f.faults);
    any = any || !f.faults.empty();
  }
  return any;
}

Result<evidence::Validation> judge_kernels(const ValidateOptions& o,
                                           const catalog::Catalog& catalog) {
  catalog::Params params;
  const Result<evidence::KernelSet> kernels = evidence::read_kernel_set(catalog, params);
  if (!kernels) return fail(kernels.error());
  evidence::Validation v =
      o.data.empty()
          ? evidence::validate_published(catalog, *kernels)
          : evidence::validate_kernels(o.data, *kernels, {.threads = o.threads, .worst = o.worst});
  evidence::list_parameters(params, v);
  return v;
}

Result<evidence::CollectiveValidation> judge_collectives(const ValidateOptions& o,
                                                         const catalog::Catalog& catalog) {
  catalog::Params params;
  const Result<evidence::CollectiveSet> set =
      open_collectives(std::string(validate_verb) + " " + o.what, catalog, o.rack, params);
  if (!set) return fail(set.error());
  return evidence::validate_collectives(o.data, *set, params, {.worst = o.worst, .rack = o.rack});
}

evidence::ServingValidation judge_serving(const ValidateOptions& o,
                                          const catalog::Catalog& catalog) {
  return evidence::validate_serving(o.data, catalog, {.threads = o.threads, .worst = o.worst});
}

std::string kernels_text(const ValidateOptions& o, const evidence::Validation& v) {
  return draw::validation_text(v, text_style(o.data),
                               {.worst = o.worst, .tables = o.tables, .parameters = o.parameters});
}

/// Files first, then standard output. `html`, `json` and `text` make a view each.
template <class Html, class Json, class Text>
int deliver(const ValidateOptions& o, bool any_fault, const Html& html, const Json& json,
            const Text& text) {
  if (!o.html.empty()) {
    if (const int code = write_output(o.html, html())) return code;
  }
  const int code = any_fault ? exit_fault : exit_done;
  if (o.json == "-") return print(json(), code);
  if (!o.json.empty()) {
    if (const int failed = write_output(o.json, json())) return failed;
  }
  return print(text(), code);
}

}  // namespace

int validate_kernels(const ValidateOptions& o, const catalog::Catalog& catalog) {
  const Result<evidence::Validation> v = judge_kernels(o, catalog);
  if (!v) return refuse(v.error());
  return deliver(
      o, faulty(*v), [&] { return draw::validation_html(*v); },
      [&] { return draw::validation_json(*v); }, [&] { return kernels_text(o, *v); });
}

int validate_collectives(const ValidateOptions& o, const catalog::Catalog& catalog) {
  const Result<evidence::CollectiveValidation> v = judge_collectives(o, catalog);
  if (!v) return refuse(v.error());
  return deliver(
      o, faulty(v->validation), [&] { return draw::collectives_html(*v); },
      [&] { return draw::validation_json(v->validation); },
      [&] { return draw::collectives_text(*v, text_style(o.data), o.worst); });
}

int validate_serving(const ValidateOptions& o, const catalog::Catalog& catalog) {
  const evidence::ServingValidation v = judge_serving(o, catalog);
  return deliver(
      o, faulty(v), [&] { return draw::serving_validation_html(v); },
      [&] { return draw::serving_validation_json(v); },
      [&] { return draw::serving_validation_text(v, text_style(o.data)); });
}

int validate_all(const ValidateOptions& o, const catalog::Catalog& catalog) {
  const Result<evidence::Validation> kernels = judge_kernels(o, catalog);
  if (!kernels) return refuse(kernels.error());
  std::optional<evidence::CollectiveValidation> collectives;
  if (!o.data.empty()) {
    Result<evidence::CollectiveValidation> judged = judge_collectives(o, catalog);
    if (!judged) return refuse(judged.error());
    collectives = *std::move(judged);
  }
  const evidence::ServingValidation serving = judge_serving(o, catalog);
  bool any_fault = faulty(*kernels);
  any_fault = (collectives && faulty(collectives->validation)) || any_fault;
  any_fault = faulty(serving) || any_fault;
  const draw::Evidence all{.kernels = &*kernels,
                           .collectives = collectives ? &*collectives : nullptr,
                           .serving = &serving};
  return deliver(
      o, any_fault, [&] { return draw::evidence_html(all); },
      [&] { return draw::evidence_json(all); },
      [&] {
        const draw::TextStyle style = text_style(o.data);
        return kernels_text(o, *kernels) + "\n" +
               (collectives ? draw::collectives_text(*collectives, style, o.worst)
                            : "Collectives: " + std::string(draw::no_collectives) + "\n") +
               "\n" + draw::serving_validation_text(serving, style);
      });
}

}  // namespace sn::cli
