// sn/evidence/serving/evidence_widths.cc
//
// See the header.

#include "sn/evidence/serving/evidence_widths.h"

#include <cmath>
#include <limits>

#include "sn/llm/uncertainty.h"
#include "sn/measured/metrics.h"

namespace sn::evidence {

namespace {

/// Deviations from the middle to the end of an 80 % interval.
double reach() { return std::log(llm::interval80(1.0, 1.0).high); }

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

EvidenceWidth width_of(const std::vector<JudgedFigure>& figures) {
  EvidenceWidth out;
  std::vector<double> spread;  // |ln(measured / predicted)| of fitted points
  std::vector<double> widths;
  for (const JudgedFigure& f : figures) {
    if (f.fitted) {
      spread.push_back(std::abs(std::log(f.measured / f.predicted)));
      continue;
    }
    const llm::Interval in = llm::interval80(f.predicted, f.sigma);
    widths.push_back(0.5 * (in.high - in.low) / f.predicted);
    out.error += std::abs(f.predicted / f.measured - 1.0);
    out.covered += in.holds(f.measured) ? 1.0 : 0.0;
  }
  out.fitted = spread.size();
  out.others = widths.size();
  const double n = static_cast<double>(widths.size());
  out.needed = spread.empty() ? nothing : measured::nearest_rank(spread, 0.8) / reach();
  out.error = widths.empty() ? nothing : out.error / n;
  out.covered = widths.empty() ? nothing : out.covered / n;
  out.half_width = widths.empty() ? nothing : measured::nearest_rank(widths, 0.5);
  return out;
}

}  // namespace

void EvidenceWidths::add(const JudgedFigure& figure) {
  figures_[{figure.evidence, figure.disaggregated, figure.metric}].push_back(figure);
}

std::vector<EvidenceWidth> EvidenceWidths::report() const {
  std::vector<EvidenceWidth> out;
  for (const auto& [key, figures] : figures_) {
    EvidenceWidth w = width_of(figures);
    std::tie(w.evidence, w.disaggregated, w.metric) = key;
    out.push_back(std::move(w));
  }
  return out;
}

}  // namespace sn::evidence
