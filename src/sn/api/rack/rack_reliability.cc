// sn/api/rack/rack_reliability.cc
//
// From an entry of failures and a rack to its availability (see rack_reliability.h).

#include "sn/api/rack/rack_reliability.h"

#include <fmt/format.h>

#include <algorithm>

#include "sn/api/request_error.h"
#include "sn/facility/running.h"

namespace sn::api {

namespace {

double d(std::int64_t n) { return static_cast<double>(n); }

/// GPUs that policies keep in service, most first.
std::vector<std::int64_t> services(const ReliabilityRequest& request, const hw::Rack& rack) {
  if (request.spares >= 0) return {rack.gpus - request.spares};
  std::vector<std::int64_t> out;
  for (std::int64_t spare = 0; spare <= 2 && spare * rack.gpus_per_os < rack.gpus; ++spare) {
    out.push_back(rack.gpus - spare * rack.gpus_per_os);
  }
  return out;
}

void add_checks(const facility::Failures& f, ReliabilityReport& out) {
  const facility::HeldAgainst& h = f.held_against;
  const auto node = [&](const facility::PublishedMean& p, std::string note) {
    const double nodes = d(p.gpus) / d(h.gpus_per_node);
    out.checks.push_back({"node rate of Meta RSC-1", p.gpus,
                          Time::from_si(1.0 / (h.per_node.si() * nodes)), p.mean, std::move(note)});
  };
  node(h.small,
       "measured, unfitted; our reading: causes that come once a job, and a few bad nodes, end "
       "small "
       "jobs sooner than a rate per node says, so the mean does not grow as 1/N");
  node(h.middle, "projected by the authors from the same rate");
  node(h.large, "projected by the authors from the same rate");
  const facility::Fleet& fleet = f.fleet;
  const Rate chip = fleet.rate(facility::Scope::chip);
  out.checks.push_back({"GPU, adapter and cable rate of the fleet", h.other.gpus,
                        Time::from_si(1.0 / (chip.si() * d(h.other.gpus))), h.other.mean,
                        "504 B200, ten failures: 72 to 275 h (95 %)"});
}

void add_policies(const ReliabilityRequest& request, const Facility& f,
                  const facility::UnitModel& model, ReliabilityReport& out, const Run& run) {
  std::vector<std::int64_t> needed;
  const std::vector<std::int64_t> gpus = services(request, f.rack);
  for (const std::int64_t n : gpus) {
    needed.push_back((n + f.rack.gpus_per_os - 1) / f.rack.gpus_per_os);
  }
  const facility::AvailabilityTable exact = facility::availability(model, needed);
  facility::AvailabilityTable played;
  if (request.years > 0) {
    played = facility::monte_carlo(model, needed, request.years, run.seed().value_or(1), run);
    out.pooled_error = played.mean_units_error * d(f.rack.gpus_per_os);
  }
  out.years = played.years;
  out.events = played.events;
  out.interrupted = played.interrupted;
  out.pooled = exact.mean_units * d(f.rack.gpus_per_os) * model.rack_up();
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    SparePolicy p{.gpus = gpus[i],
                  .spares = f.rack.gpus - gpus[i],
                  .exact = exact.policies[i],
                  .played = {},
                  .between = {},
                  .expected = exact.policies[i].up * d(gpus[i])};
    if (i < played.policies.size()) p.played = played.policies[i];
    const Rate lost = p.exact.losses;
    if (lost > Rate{}) p.between = Time::from_si(1.0 / lost.si());
    out.policies.push_back(p);
  }
}

}  // namespace

Result<ReliabilityReport> rack_reliability(const ReliabilityRequest& request, const Facility& f,
                                           const catalog::Catalog& catalog, Errors& warnings,
                                           const Run& run) {
  Errors errors;
  const std::int64_t image = f.rack.gpus_per_os;
  if (request.spares >= f.rack.gpus) {
    errors.push_back(request_error(
        "spares",
        fmt::format("{} of {} GPUs are spare: none is left to serve", request.spares, f.rack.gpus),
        fmt::format("at most {}", f.rack.gpus - 1), ErrorCode::range));
  } else if (request.spares > 0 && request.spares % image != 0) {
    warnings.push_back(
        {.code = ErrorCode::range,
         .message = fmt::format("{} spare GPUs are no whole OS images of {}: {} of "
                                "them stand in for a failed image",
                                request.spares, image, request.spares / image * image),
         .where = f.where,
         .hint = "a multiple of gpus_per_os"});
  }
  facility::Failures failures;
  const Node* reference = f.scenario.find("facility.failures");
  SN_ASSERT(reference != nullptr);  // open_facility has a default
  const Node& from = *reference;
  const catalog::CatalogKind& kind = *catalog::find_kind("failure");
  const Result<Node> tree = catalog.resolve(kind, from);
  if (!tree) {
    errors.insert(errors.end(), tree.error().begin(), tree.error().end());
    return fail(std::move(errors));
  }
  catalog::Params params;
  catalog::read_entry(catalog, *tree, "failures", failures, params, errors);
  if (!errors.empty()) return fail(std::move(errors));

  ReliabilityReport out;
  const Node* name = tree->find("name");
  out.failures = name == nullptr ? "" : name->text();
  out.classes = facility::fault_classes(failures, f.rack, f.plant, from.where(), errors);
  if (!errors.empty()) return fail(std::move(errors));
  out.images = f.rack.gpus / image;
  out.gpus_per_image = image;
  out.crews = request.crews;
  facility::UnitModel model = facility::unit_model(out.classes, out.images);
  model.crews = request.crews;
  out.image_every = Time::from_si(1.0 / model.rate().si());
  out.image_repair = model.repair();
  out.job_every =
      Time::from_si(1.0 / facility::interruptions(out.classes, failures, f.rack.gpus).si());
  out.fleet = facility::mean_time(failures.fleet, f.rack.gpus);
  add_policies(request, f, model, out, run);
  add_checks(failures, out);
  return out;
}

}  // namespace sn::api
