// apps/python/module.cc
//
// The module supernode._supernode: the questions of sn/api. The package around it (supernode/) has
// the documented functions; here are requests in, values out.

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <map>
#include <memory>
#include <string>

#include "asking.h"
#include "report_object.h"
#include "sn/api/collective.h"
#include "sn/api/evidence.h"
#include "sn/api/open.h"
#include "sn/api/plan.h"
#include "sn/api/rack/rack.h"
#include "sn/api/simulate.h"

namespace sn::python {

namespace py = pybind11;

namespace {

using Fields = std::map<std::string, std::string>;

std::vector<twin::FieldValue> fields_of(const Fields& fields) {
  std::vector<twin::FieldValue> out;
  for (const auto& [path, value] : fields) out.push_back({path, value});
  return out;
}

/// A scenario that was opened, with the catalog that it came from.
struct World {
  twin::World world;
};

std::shared_ptr<const catalog::Catalog> catalog_at(const std::string& folder) {
  static std::shared_ptr<const catalog::Catalog> shipped;  // under the interpreter's lock
  if (folder.empty() && shipped) return shipped;
  Result<catalog::Catalog> opened = api::open_catalog(folder);
  if (!opened) raise(opened.error());
  auto out = std::make_shared<const catalog::Catalog>(*std::move(opened));
  if (folder.empty()) shipped = out;
  return out;
}

World open(const std::string& file, const std::optional<std::string>& text, const Fields& fields,
           const std::map<std::string, std::string>& overrides, const std::string& folder,
           int threads) {
  api::OpenRequest request{.file = file, .fields = fields_of(fields)};
  if (text) {
    request.text = *text;
    request.name = "scenario.json";
  }
  const std::map<std::string, std::string twin::Overrides::*> known = {
      {"rack", &twin::Overrides::rack},   {"gpus", &twin::Overrides::gpus},
      {"model", &twin::Overrides::model}, {"framework", &twin::Overrides::framework},
      {"isl", &twin::Overrides::input},   {"osl", &twin::Overrides::output},
      {"trace", &twin::Overrides::trace}, {"rate", &twin::Overrides::rate},
      {"ttft", &twin::Overrides::ttft},   {"tpot", &twin::Overrides::tpot},
      {"e2e", &twin::Overrides::e2e}};
  for (const auto& [name, value] : overrides) request.overrides.*known.at(name) = value;
  const auto catalog = catalog_at(folder);
  api::Opened opened =
      ask(threads, [&](const Run& run) { return api::open(request, *catalog, run); });
  if (!opened.world) {
    raise({{.code = ErrorCode::syntax,
            .message = "the scenario has tenants",
            .where = {.file = file},
            .hint = "open a scenario of the tenant alone"}});
  }
  return {*std::move(opened.world)};
}

py::object plan(const World& world, int top, bool screen, bool explain,
                const std::vector<std::string>& filters, const std::string& pair, int threads) {
  const api::PlanRequest request{
      .top = top, .screen = screen, .explain = explain, .filters = filters, .pair = pair};
  return report_object(
      ask(threads, [&](const Run& run) { return api::plan(world.world, request, run); }));
}

using Simulated = std::shared_ptr<const twin::SimulationResult>;

struct Simulation {
  Simulated result;
};

Simulation simulate(const World& world, int rank, std::int64_t requests, double warm_up,
                    std::size_t windows, int threads) {
  api::SimulateRequest request{.rank = rank};
  request.options.drawn = requests;
  request.options.warm_up = warm_up;
  request.options.windows = windows;
  return {std::make_shared<const twin::SimulationResult>(
      ask(threads, [&](const Run& run) { return api::simulate(world.world, request, run); }))};
}

/// A column of the series, where it lies; it keeps the simulation alive.
template <class T>
py::array column(const Simulated& simulated, T twin::SeriesPoint::* field) {
  static_assert(sizeof(T) == sizeof(double) && std::is_standard_layout_v<T>);
  const std::vector<twin::SeriesPoint>& series = simulated->report.series;
  auto* owner = new Simulated(simulated);
  const py::capsule base(owner, [](void* p) { delete static_cast<Simulated*>(p); });
  const auto* first = series.empty() ? nullptr : &(series.front().*field);
  py::array out(py::dtype::of<double>(), {series.size()}, {sizeof(twin::SeriesPoint)}, first, base);
  py::detail::array_proxy(out.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  return out;
}

py::dict series(const Simulation& s) {
  using P = twin::SeriesPoint;
  py::dict out;
  out["begin_s"] = column(s.result, &P::begin);
  out["arrivals_per_s"] = column(s.result, &P::arrivals);
  out["finished_per_s"] = column(s.result, &P::finished);
  out["output_tokens_per_s"] = column(s.result, &P::output);
  out["input_tokens_per_s"] = column(s.result, &P::input);
  out["waiting"] = column(s.result, &P::waiting);
  out["decoding"] = column(s.result, &P::decoding);
  out["kv_held"] = column(s.result, &P::held);
  out["kv_cached"] = column(s.result, &P::cached);
  out["hit_rate"] = column(s.result, &P::hit_rate);
  out["ttft_s"] = column(s.result, &P::ttft);
  return out;
}

py::object collective(const std::string& rack, std::int64_t gpus, const std::string& op,
                      const std::string& algorithm, const std::string& first,
                      const std::string& last, std::int64_t factor, const std::string& fidelity,
                      const Fields& fields, const std::string& folder, int threads) {
  const api::CollectiveRequest request{.rack = rack,
                                       .gpus = gpus,
                                       .op = op,
                                       .algorithm = algorithm,
                                       .first = first,
                                       .last = last,
                                       .factor = factor,
                                       .fidelity = fidelity,
                                       .fields = fields_of(fields)};
  const auto catalog = catalog_at(folder);
  return report_object(
      ask(threads, [&](const Run& run) { return api::collective_table(request, *catalog, run); }));
}

py::object rack(const std::string& subject, const std::string& load, const Fields& fields,
                const std::string& site, std::int64_t years, const std::string& folder,
                int threads) {
  api::RackRequest request;
  request.facility = {.subject = subject, .fields = fields_of(fields)};
  request.load = load;
  request.cost.site = site;
  request.reliability.years = years;
  const auto catalog = catalog_at(folder);
  return report_object(
      ask(threads, [&](const Run& run) { return api::rack_report(request, *catalog, run); }));
}

py::dict validate(const std::string& data, bool kernels, bool collectives, bool serving,
                  const std::string& folder, int threads) {
  const api::ValidateRequest request{
      .data = data, .kernels = kernels, .collectives = collectives, .serving = serving};
  const auto catalog = catalog_at(folder);
  const api::ValidateReport report =
      ask(threads, [&](const Run& run) { return api::validate(request, *catalog, run); });
  py::dict out;
  if (report.kernels) out["kernels"] = report_object(*report.kernels);
  if (report.collectives) out["collectives"] = report_object(report.collectives->validation);
  if (report.serving) out["serving"] = report_object(*report.serving);
  return out;
}

PyObject* error_type = nullptr;

}  // namespace

void raise(const Errors& errors) {
  py::list all;
  for (const Error& e : errors) {
    py::dict one;
    one["message"] = e.message;
    one["hint"] = e.hint;
    one["file"] = e.where.file;
    one["line"] = e.where.line;
    one["column"] = e.where.column;
    all.append(std::move(one));
  }
  const py::object error = py::handle(error_type)(render(errors), all);
  PyErr_SetObject(error_type, error.ptr());
  throw py::error_already_set();
}

}  // namespace sn::python

PYBIND11_MODULE(_supernode, m) {
  namespace py = pybind11;
  using namespace sn::python;  // NOLINT(google-build-using-namespace)
  m.attr("__version__") = SN_VERSION;
  m.def("set_error_type", [](const py::object& type) { error_type = type.inc_ref().ptr(); });
  py::class_<World>(m, "World")
      .def_property_readonly("name", [](const World& w) { return w.world.name; })
      .def_property_readonly("model", [](const World& w) { return w.world.machine.model.name; })
      .def_property_readonly("gpus", [](const World& w) { return w.world.machine.gpus(); })
      .def_property_readonly("warnings", [](const World& w) { return render(w.world.warnings); });
  py::class_<Simulation>(m, "Simulation")
      .def_property_readonly("report",
                             [](const Simulation& s) { return report_object(s.result->report); })
      .def_property_readonly("series", &series);
  m.def("open", &open);
  m.def("plan", &plan);
  m.def("simulate", &simulate);
  m.def("collective", &collective);
  m.def("rack", &rack);
  m.def("validate", &validate);
}
