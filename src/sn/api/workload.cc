// sn/api/workload.cc
//
// Reads and summarises a trace (see workload.h).

#include "sn/api/workload.h"

#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "sn/base/files/files.h"
#include "sn/base/text/json_writer.h"
#include "sn/base/units/units.h"
#include "sn/serving/load/trace/trace_reader.h"
#include "sn/serving/load/workload_file.h"

namespace sn::api {

namespace {

/// Tokens per request of a trace.
struct LengthSummary {
  double mean = 0.0;
  double p50 = 0.0;
  double p90 = 0.0;
  double p99 = 0.0;
  double max = 0.0;
};

LengthSummary summary_of(const Histogram& h) {
  return {.mean = h.mean(),
          .p50 = h.quantile(0.5),
          .p90 = h.quantile(0.9),
          .p99 = h.quantile(0.99),
          .max = h.max()};
}

void describe(ReportVisitor& v, const LengthSummary& s) {
  v.type("Lengths", "Tokens per request.");
  v.number("mean", "", s.mean);
  v.number("p50", "", s.p50);
  v.number("p90", "", s.p90);
  v.number("p99", "", s.p99);
  v.number("max", "", s.max);
}

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

/// Why a file is no trace, as far as its first request: a gigabyte of something else need not be
/// read to say so. Pipes can be read once, and are not looked at.
Errors first_faults(const std::string& file, const std::string& called,
                    const serving::TraceLimits& limits) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return {};
  const Result<TextOpener> open = FileLoader::disk().open(file);
  if (!open) return open.error();
  Result<std::unique_ptr<TextReader>> text = (*open)();
  if (!text) return text.error();
  serving::TraceReader reader(called, *std::move(text), limits);
  serving::Request first;
  return reader.next(first) ? Errors{} : reader.faults();
}

}  // namespace

void describe(ReportVisitor& v, const WorkloadReport& r) {
  v.type("WorkloadReport", "What is known of a trace.");
  v.document("supernode-workload");
  v.text("trace_format", "", r.trace.format);
  v.count("malformed_lines", "left out", r.trace.malformed);
  v.count("out_of_order", "requests, sorted", r.trace.out_of_order);
  serving::describe_fields(v, r.workload);
  v.object("input_tokens", "", summary_of(r.lengths.input));
  v.object("output_tokens", "", summary_of(r.lengths.output));
}

Result<WorkloadReport> workload(const WorkloadRequest& request, const Run& run) {
  const std::string& called = request.name.empty() ? request.file : request.name;
  const serving::TraceLimits limits{.malformed_share = request.malformed};
  if (Errors no_trace = first_faults(request.file, called, limits); !no_trace.empty()) {
    return fail(std::move(no_trace));
  }
  const Result<TextOpener> text = FileLoader::disk().open(request.file);
  if (!text) return fail(text.error());
  run.tell({.doing = "reading " + called});
  Result<serving::TraceScan> scan = serving::scan_trace(called, *text, limits);
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
