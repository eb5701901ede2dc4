// sn/api/workload.cc
//
// Reads and summarises a trace (see workload.h).

#include "sn/api/workload.h"

#include <string_view>
#include <utility>

#include "sn/base/files.h"
#include "sn/base/json_writer.h"
#include "sn/base/units.h"
#include "sn/serving/load/workload_file.h"

namespace sn::api {

namespace {

std::string file_part(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

/// `text` as a YAML scalar: plain where no character of it could mean anything, else quoted.
std::string yaml_text(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,.()/+_-";
  const bool simple = text.find_first_not_of(plain) == std::string::npos && text.size() > 5 &&
                      ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
  if (simple && text.back() != ' ') return text;
  JsonWriter w;
  w.value(text);
  std::string out = std::move(w).str();
  out.pop_back();  // the line feed
  return out;
}

}  // namespace

Result<WorkloadReport> workload(const WorkloadRequest& request, const Run& run) {
  const std::string& called = request.name.empty() ? request.file : request.name;
  const Result<TextOpener> text = FileLoader::disk().open(request.file);
  if (!text) return fail(text.error());
  run.tell({.doing = "reading " + called});
  Result<serving::TraceScan> scan = serving::scan_trace(called, *text);
  if (!scan) return fail(scan.error());
  if (run.stopped()) return fail(interrupted("the summary"));
  Result<serving::TraceLengths> lengths = serving::lengths_of(*scan->file);
  if (!lengths) return fail(lengths.error());
  const std::string name = file_part(called);
  const std::string origin =
      name + ", " + format_number(static_cast<double>(scan->file->requests), 12) + " requests";
  Result<serving::Workload> summary = std::move(scan->summary).finish(name, origin);
  if (!summary) return fail(summary.error());
  return WorkloadReport{scan->file->facts, *std::move(lengths), *std::move(summary)};
}

std::string workload_preset(const WorkloadReport& report, const std::string& title) {
  return serving::write_workload(report.workload, yaml_text(title),
                                 yaml_text(report.workload.origin));
}

}  // namespace sn::api
