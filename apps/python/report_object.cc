// apps/python/report_object.cc
//
// Values of a report for Python (see report_object.h).

#include "report_object.h"

#include <cmath>

namespace sn::python {

namespace py = pybind11;

namespace {

py::str text_of(std::string_view text) {
  // As in JSON: bytes that are no UTF-8 are replaced.
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

}  // namespace

void ObjectReport::put(Name name, py::object value) {
  if (levels_.empty()) {
    root_ = std::move(value);
  } else if (py::isinstance<py::dict>(levels_.back())) {
    levels_.back()[text_of(name)] = std::move(value);
  } else {
    py::reinterpret_borrow<py::list>(levels_.back()).append(std::move(value));
  }
}

void ObjectReport::number(Name name, Doc, double value) {
  // As in JSON: what is not finite is nothing.
  put(name, std::isfinite(value) ? py::object(py::float_(value)) : py::none());
}
void ObjectReport::text(Name name, Doc, std::string_view value) { put(name, text_of(value)); }
void ObjectReport::flag(Name name, Doc, bool value) { put(name, py::bool_(value)); }
void ObjectReport::choice(Name name, Doc, std::string_view value,
                          std::span<const std::string_view>) {
  put(name, text_of(value));
}
void ObjectReport::whole(Name name, Doc, std::int64_t value, bool) { put(name, py::int_(value)); }
void ObjectReport::constant(Name name, Doc, std::string_view value) { put(name, text_of(value)); }
void ObjectReport::constant(Name name, Doc, std::int64_t value) { put(name, py::int_(value)); }
void ObjectReport::null(Name name, Doc) { put(name, py::none()); }

void ObjectReport::begin_object(Name name, Doc) {
  py::dict made;
  put(name, made);
  levels_.push_back(std::move(made));
}
void ObjectReport::begin_list(Name name, Doc) {
  py::list made;
  put(name, made);
  levels_.push_back(std::move(made));
}

}  // namespace sn::python
