// sn/evidence/kernels/catalog_files.cc
//
// A calibration as catalog entries: every value with its source, confidence and standard error.

#include <fmt/format.h>

#include "sn/evidence/common/param_slots.h"
#include "sn/evidence/kernels/calibrate_kernels.h"

namespace sn::evidence {

namespace {

/// Nested YAML maps from dotted paths that come in order.
class YamlTree {
 public:
  void leaf(const std::string& path, const std::string& value) {
    std::vector<std::string> parts;
    for (std::size_t from = 0;;) {
      const auto dot = path.find('.', from);
      parts.push_back(path.substr(from, dot - from));
      if (dot == std::string::npos) break;
      from = dot + 1;
    }
    std::size_t same = 0;
    while (same + 1 < parts.size() && same < open_.size() && open_[same] == parts[same]) ++same;
    open_.resize(same);
    for (; same + 1 < parts.size(); ++same) {
      text_ += std::string(2 * same, ' ') + parts[same] + ":\n";
      open_.push_back(parts[same]);
    }
    text_ += std::string(2 * same, ' ') + parts.back() + ": " + value + "\n";
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::vector<std::string> open_;
  std::string text_;
};

std::string value_text(const ParamSlot& s) {
  const double v = s.get();
  if (s.dimension == Dimension{}) return fmt::format("{:.4g}", v);
  return fmt::format("{:.4g} us", v * 1e6);  // all dimensioned parameters are times
}

/// What is known of a fitted number.
struct Fitted {
  const FittedParameter* parameter = nullptr;
  const FitSupport* support = nullptr;
};

Fitted find(const Calibration& c, const std::string& path) {
  const std::string group = path.substr(0, path.find_last_of('.'));
  Fitted out;
  for (const FamilyFit& f : c.families) {
    for (const FittedParameter& p : f.fit.parameters) {
      if (p.name == path) out.parameter = &p;
    }
    for (const FitSupport& s : f.support) {
      if (s.group == group) out.support = &s;
    }
  }
  return out;
}

std::string leaf_text(const Calibration& c, const ParamSlot& s, const std::string& path,
                      const std::string& date) {
  const Fitted f = find(c, path);
  if (f.parameter == nullptr) {
    return fmt::format(
        "{{value: {}, source: family-default, confidence: low, note: \"{}\"}}", value_text(s),
        f.support != nullptr ? "not fitted: the reference" : "not in the measured tables");
  }
  const std::string sure =
      f.parameter->determined
          ? fmt::format("standard error {:.1f} %", 100.0 * f.parameter->standard_error)
          : std::string("the data does not determine it");
  const std::string on =
      f.support == nullptr ? std::string()
                           : fmt::format("; {} rows of {} tables, error {:.1f} %", f.support->rows,
                                         f.support->tables, 100.0 * f.support->mape);
  return fmt::format("{{value: {}, source: kernel-fit, confidence: {}, note: \"{}{}; {}\"}}",
                     value_text(s), f.parameter->determined ? "medium" : "low", sure, on, date);
}

std::string summary_of(const Calibration& c) {
  std::string out;
  for (const FamilyFit& f : c.families) {
    out += fmt::format("{}{} {} rows of {} tables, mean error {:.1f} %", out.empty() ? "" : "; ",
                       to_string(f.family), f.rows, f.tables, 100.0 * f.mape);
  }
  return out;
}

}  // namespace

std::vector<CatalogFile> catalog_files(const Calibration& calibration, const std::string& date,
                                       Extent extent) {
  std::vector<CatalogFile> out;
  const std::string note =
      fmt::format("note: >-\n  Written by supernode calibrate kernels on {}. Fitted on: {}.\n",
                  date, summary_of(calibration));
  /// One entry, when anything in it was fitted.
  const auto add = [&](const std::string& path, const std::string& title,
                       const std::vector<ParamSlot>& slots, const std::string& prefix) {
    YamlTree tree;
    bool any = false;
    for (const ParamSlot& s : slots) {
      const bool known = find(calibration, prefix + s.path).parameter != nullptr;
      any = any || known;
      if (!known && extent == Extent::fitted) continue;
      tree.leaf(s.path, leaf_text(calibration, s, prefix + s.path, date));
    }
    if (!any) return;
    out.push_back({path, "title: " + title + "\n" + note + tree.text()});
  };
  for (const auto& [name, params] : calibration.kernels.generations) {
    kernel::KernelParams copy = params;
    add("kernels/" + name + ".yaml", "Kernels, generation " + name, slots_of(copy), name + ".");
  }
  kernel::SoftwareParams software = calibration.kernels.software;
  add("kernel_software/default.yaml",
      "Arithmetics and kernel libraries, relative to bf16 and to the reference library",
      slots_of(software), "");
  return out;
}

}  // namespace sn::evidence
