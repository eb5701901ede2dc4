// sn/api/evidence.cc
//
// Opens what an evaluation needs of the catalog, checks names, and asks (see evidence.h).

#include "sn/api/evidence.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sn/api/request_error.h"
#include "sn/evidence/collectives/collective_cases.h"
#include "sn/evidence/kernels/parameter_groups.h"
#include "sn/evidence/kernels/published_figures.h"

namespace sn::api {

namespace {

void append(Errors more, Errors& all) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

Error no_data(const char* hint) {
  return request_error("data", "is missing", hint, ErrorCode::missing);
}

/// All racks of the catalog; checks the machine of logs that do not name their GPUs.
Result<evidence::CollectiveSet> open_collectives(const catalog::Catalog& catalog,
                                                 const std::string& rack, catalog::Params& params) {
  Result<evidence::CollectiveSet> set = evidence::read_collective_set(catalog, params);
  if (!set || rack.empty() || set->machines.contains(rack)) return set;
  std::vector<std::string> names;
  for (const auto& [name, machine] : set->machines) names.push_back(name);
  return fail(request_error("rack", "unknown rack '" + shown(rack) + "'",
                            nearest_hint(rack, names, "known racks: supernode catalog racks")));
}

Result<evidence::Validation> judge_kernels(const ValidateRequest& r,
                                           const catalog::Catalog& catalog, const Run& run) {
  catalog::Params params;
  const Result<evidence::KernelSet> kernels = evidence::read_kernel_set(catalog, params);
  if (!kernels) return fail(kernels.error());
  evidence::Validation v =
      r.data.empty() ? evidence::validate_published(catalog, *kernels)
                     : evidence::validate_kernels(r.data, *kernels, {.worst = r.worst}, run);
  evidence::list_parameters(params, v);
  return v;
}

Result<evidence::CollectiveValidation> judge_collectives(const ValidateRequest& r,
                                                         const catalog::Catalog& catalog,
                                                         const Run& run) {
  catalog::Params params;
  const Result<evidence::CollectiveSet> set = open_collectives(catalog, r.rack, params);
  if (!set) return fail(set.error());
  return evidence::validate_collectives(r.data, *set, params, {.worst = r.worst, .rack = r.rack},
                                        run);
}

Errors faults_of(const evidence::Validation& v) {
  Errors out = v.errors;
  for (const evidence::FileReport& f : v.files) append(f.faults, out);
  return out;
}

Errors faults_of(const evidence::ServingValidation& v) {
  Errors out = v.errors;
  append(v.cases.errors, out);
  append(v.replays.errors, out);
  for (const evidence::ServingFileReport& f : v.files) append(f.faults, out);
  return out;
}

/// Families of operators that there are not.
void check_families(const std::vector<std::string>& families, Errors& errors) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < kernel::family_count; ++i) {
    known.emplace_back(to_string(static_cast<kernel::Family>(i)));
  }
  for (const std::string& name : families) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    errors.push_back(request_error("families", "unknown family '" + shown(name) + "'",
                                   nearest_hint(name, known, "gemm, moe, prefill, decode, ...")));
  }
}

Result<evidence::KernelSet> kernels_of(bool fresh, const catalog::Catalog& catalog) {
  catalog::Params params;
  return fresh ? evidence::read_chips(catalog) : evidence::read_kernel_set(catalog, params);
}

}  // namespace

Result<ValidateReport> validate(const ValidateRequest& request, const catalog::Catalog& catalog,
                                const Run& run) {
  ValidateReport out;
  if (request.collectives && request.data.empty() && !request.kernels && !request.serving) {
    return fail(no_data("the catalog holds no published collectives"));
  }
  if (request.training && request.data.empty()) {
    return fail(no_data("supernode validate training --data DIR"));
  }
  if (request.training) {
    out.training = evidence::validate_training(request.data, catalog, run.within("training"));
  }
  if (request.kernels) {
    Result<evidence::Validation> v = judge_kernels(request, catalog, run.within("kernels"));
    if (!v) return fail(v.error());
    out.kernels = *std::move(v);
  }
  if (request.collectives && !request.data.empty()) {
    Result<evidence::CollectiveValidation> v =
        judge_collectives(request, catalog, run.within("collectives"));
    if (!v) return fail(v.error());
    out.collectives = *std::move(v);
  }
  if (request.serving) {
    out.serving = evidence::validate_serving(request.data, catalog, {.worst = request.worst},
                                             run.within("serving"));
  }
  return out;
}

Errors faults_of(const ValidateReport& report) {
  Errors out;
  if (report.kernels) append(faults_of(*report.kernels), out);
  if (report.collectives) append(faults_of(report.collectives->validation), out);
  if (report.serving) append(faults_of(*report.serving), out);
  if (report.training) append(report.training->errors, out);
  return out;
}

Result<KernelCalibration> calibrate_kernels(const CalibrateKernelsRequest& request,
                                            const catalog::Catalog& catalog, const Run& run) {
  Errors errors;
  if (request.data.empty()) errors.push_back(no_data("a folder of measured tables"));
  check_families(request.options.families, errors);
  if (!errors.empty()) return fail(std::move(errors));
  Result<evidence::KernelSet> kernels = kernels_of(request.fresh, catalog);
  if (!kernels) return fail(kernels.error());
  KernelCalibration out{.calibration = evidence::calibrate_kernels(
                            request.data, *std::move(kernels), request.options, run),
                        .entries = {}};
  out.entries = catalog_files(out.calibration, request.date,
                              request.fresh ? evidence::Extent::whole : evidence::Extent::fitted);
  return out;
}

Result<std::vector<evidence::LeftOut>> leave_out(const CalibrateKernelsRequest& request,
                                                 const std::vector<std::vector<std::string>>& chips,
                                                 const catalog::Catalog& catalog, const Run& run) {
  Errors errors;
  if (request.data.empty()) errors.push_back(no_data("a folder of measured tables"));
  check_families(request.options.families, errors);
  const Result<evidence::KernelSet> kernels = kernels_of(true, catalog);
  if (!kernels) append(kernels.error(), errors);
  for (const std::vector<std::string>& set : chips) {
    for (const std::string& chip : set) {
      if (!kernels || kernels->chips.contains(chip)) continue;
      errors.push_back(request_error("chips", "unknown chip '" + shown(chip) + "'",
                                     "known chips: supernode catalog chips"));
    }
  }
  if (!errors.empty()) return fail(std::move(errors));
  std::vector<evidence::LeftOut> out;
  for (const std::vector<std::string>& set : chips) {
    if (run.stopped()) break;
    evidence::CalibrateOptions options = request.options;
    options.without = set;
    out.push_back(evidence::leave_out(request.data, *kernels, options, run.within(set.front())));
  }
  return out;
}

Result<CollectiveCalibration> calibrate_collectives(const CalibrateCollectivesRequest& request,
                                                    const catalog::Catalog& catalog,
                                                    const Run& run) {
  Errors errors;
  if (request.data.empty()) errors.push_back(no_data("a folder of measured collectives"));
  const std::vector<std::string> known = evidence::collective_families();
  for (const std::string& f : request.options.families) {
    const bool found = std::any_of(known.begin(), known.end(),
                                   [&](const std::string& k) { return k.starts_with(f); });
    if (found) continue;
    errors.push_back(
        request_error("families", "unknown family '" + shown(f) + "'",
                      nearest_hint(f, known, "library, custom, moe, in_switch, network")));
  }
  if (!errors.empty()) return fail(std::move(errors));
  catalog::Params params;
  const Result<evidence::CollectiveSet> set =
      open_collectives(catalog, request.options.rack, params);
  if (!set) return fail(set.error());
  CollectiveCalibration out{
      .calibration = evidence::calibrate_collectives(request.data, *set, request.options, run),
      .entries = {}};
  for (evidence::CollectiveEntry& e : evidence::collective_entries(out.calibration, request.date)) {
    out.entries.push_back({std::move(e.path), std::move(e.text)});
  }
  return out;
}

Result<ServingCalibration> calibrate_serving(const CalibrateServingRequest& request,
                                             const catalog::Catalog& catalog, const Run& run) {
  if (request.data.empty()) return fail(no_data("a folder of measured points"));
  ServingCalibration out{
      .calibration = evidence::calibrate_serving(request.data, catalog, request.options, run),
      .entries = {}};
  out.entries = catalog_files(out.calibration, request.date);
  return out;
}

}  // namespace sn::api
