// sn/evidence/collectives/collective_entries.cc
//
// A calibration of collectives as catalog entries: every value with source, error and rows.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sn/evidence/collectives/calibrate_collectives.h"
#include "sn/evidence/common/param_slots.h"

namespace sn::evidence {

namespace {

/// Values that no table tells, with what they rest on.
struct Unfitted {
  std::string_view path;
  std::string_view source;
  std::string_view note;
};

constexpr std::array<Unfitted, 2> unfitted = {{
    {"library.tree_step", "family-default",
     "all-reduce of 1 KiB on 2, 4, 8 ranks (6, 10, 16 us on Hopper) per doubling and direction; "
     "trees themselves are not measured"},
    {"custom.limit", "aiconfigurator-data",
     "TensorRT-LLM's AUTO strategy: 16 MiB is its own kernel, 64 MiB is NCCL's, at 2 to 8 ranks"},
}};

std::string value_text(const ParamSlot& s) {
  const double v = s.get();
  if (s.dimension == Dimension{}) return fmt::format("{:.4g}", v);
  if (s.dimension == Bytes::dimension) return fmt::format("{:.4g} MB", v * 1e-6);
  if (s.dimension == Bandwidth::dimension) return fmt::format("{:.4g} GB/s", v * 1e-9);
  return fmt::format("{:.4g} us", v * 1e6);
}

std::string leaf_text(const CollectiveCalibration& c, const std::string& entry,
                      const ParamSlot& s) {
  for (const CollectiveFit& f : c.fits) {
    if (f.entry != entry) continue;
    for (const FittedParameter& p : f.fit.parameters) {
      if (p.name != s.path) continue;
      const std::string sure = p.determined ? fmt::format("standard error {:.1f} %, {} rows",
                                                          100.0 * p.standard_error, f.rows)
                                            : fmt::format("not determined by {} rows", f.rows);
      return fmt::format("{{value: {}, source: collective-fit, confidence: {}, note: \"{}\"}}",
                         value_text(s), p.determined ? "medium" : "low", sure);
    }
  }
  for (const Unfitted& u : unfitted) {
    if (s.path != u.path) continue;
    return fmt::format("{{value: {}, source: {}, confidence: low, note: \"{}\"}}", value_text(s),
                       u.source, u.note);
  }
  return fmt::format(
      "{{value: {}, source: family-default, confidence: low, note: \"not measured on these "
      "machines: as where it was\"}}",
      value_text(s));
}

/// The maps that lead to `path`, and how many of them `open` holds already.
std::string opened(const std::string& path, std::vector<std::string>& open) {
  std::vector<std::string> maps;
  for (std::size_t from = 0, dot = path.find('.'); dot != std::string::npos;
       from = dot + 1, dot = path.find('.', from)) {
    maps.push_back(path.substr(from, dot - from));
  }
  const std::size_t same = static_cast<std::size_t>(
      std::mismatch(maps.begin(), maps.end(), open.begin(), open.end()).first - maps.begin());
  std::string out;
  for (std::size_t i = same; i < maps.size(); ++i) {
    out += std::string(2 * i, ' ') + maps[i] + ":\n";
  }
  open = std::move(maps);
  return out + std::string(2 * open.size(), ' ') + path.substr(path.find_last_of('.') + 1) + ": ";
}

}  // namespace

std::vector<CollectiveEntry> collective_entries(const CollectiveCalibration& c,
                                                const std::string& date) {
  std::vector<CollectiveEntry> out;
  for (const auto& [entry, params] : c.params) {
    std::string rows;
    for (const CollectiveFit& f : c.fits) {
      if (f.entry != entry || f.fit.parameters.empty()) continue;
      rows += fmt::format("{}{} {} rows, median {:.1f} %", rows.empty() ? "" : "; ", f.family,
                          f.rows, 100.0 * f.median);
    }
    if (rows.empty()) continue;
    std::string text = fmt::format(
        "title: Communication kernels, {}\nnote: >-\n  Written by supernode calibrate collectives "
        "on {}. Shares are of what the link sustains point\n  to point. Fitted on: {}.\n",
        entry == collective::wide_entry ? "wide domains (GB200 and GB300 NVL72)" : entry, date,
        rows);
    collective::CollectiveParams copy = params;
    std::vector<std::string> open;
    for (const ParamSlot& s : slots_of(copy)) {
      text += opened(s.path, open) + leaf_text(c, entry, s) + "\n";
    }
    out.push_back({"collectives/" + entry + ".yaml", std::move(text)});
  }
  return out;
}

}  // namespace sn::evidence
