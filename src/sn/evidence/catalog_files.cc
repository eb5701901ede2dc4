// sn/evidence/catalog_files.cc
//
// A calibration as catalog entries: every value with its source, confidence and standard error.

#include <fmt/format.h>

#include "sn/evidence/calibrate_kernels.h"
#include "sn/evidence/param_slots.h"

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

const FittedParameter* fitted(const Calibration& c, const std::string& path,
                              const FamilyFit** family) {
  for (const FamilyFit& f : c.families) {
    for (const FittedParameter& p : f.fit.parameters) {
      if (p.name != path) continue;
      *family = &f;
      return &p;
    }
  }
  return nullptr;
}

std::string leaf_text(const Calibration& c, const ParamSlot& s, const std::string& path) {
  const FamilyFit* family = nullptr;
  const FittedParameter* p = fitted(c, path, &family);
  if (p == nullptr) {
    return fmt::format(
        "{{value: {}, source: family-default, confidence: low, "
        "note: \"not in the measured tables\"}}",
        value_text(s));
  }
  const std::string sure = p->determined
                               ? fmt::format("standard error {:.1f} %", 100.0 * p->standard_error)
                               : std::string("the data does not determine it");
  return fmt::format("{{value: {}, source: kernel-fit, confidence: {}, note: \"{}\"}}",
                     value_text(s), p->determined ? "medium" : "low", sure);
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

std::vector<CatalogFile> catalog_files(const Calibration& calibration, const std::string& date) {
  std::vector<CatalogFile> out;
  const std::string note =
      fmt::format("note: >-\n  Written by supernode calibrate kernels on {}. Fitted on: {}.\n",
                  date, summary_of(calibration));
  for (const auto& [name, params] : calibration.kernels.generations) {
    kernel::KernelParams copy = params;
    YamlTree tree;
    bool any = false;
    for (const ParamSlot& s : slots_of(copy)) {
      const FamilyFit* family = nullptr;
      any = any || fitted(calibration, name + "." + s.path, &family) != nullptr;
      tree.leaf(s.path, leaf_text(calibration, s, name + "." + s.path));
    }
    if (!any) continue;
    out.push_back({"kernels/" + name + ".yaml",
                   fmt::format("title: Kernels, generation {}\n{}{}", name, note, tree.text())});
  }
  kernel::SoftwareParams software = calibration.kernels.software;
  YamlTree tree;
  for (const ParamSlot& s : slots_of(software)) {
    tree.leaf(s.path, leaf_text(calibration, s, s.path));
  }
  out.push_back({"kernel_software/default.yaml",
                 fmt::format("title: Arithmetics and kernel libraries, relative to bf16 and to the "
                             "reference library\n{}{}",
                             note, tree.text())});
  return out;
}

}  // namespace sn::evidence
